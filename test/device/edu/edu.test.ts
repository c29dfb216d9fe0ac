import { describe, expect, test } from "vitest";
import { Edu } from "../../../host/device/edu/edu.ts";
import { SmallBench } from "../small-endpoint.ts";

const create = (mask = {}): Promise<SmallBench<Edu>> =>
  SmallBench.create((ports) => new Edu({ name: "edu", ...mask }, ports));
const MS = 1_000_000;

describe("registers", () => {
  test("ID reads 010000edh, liveness the inverse of what was written, addresses without a register all-ones", async () => {
    const bench = await create();
    expect(bench.read(0x00)).toBe(0x0100_00ed);
    bench.write([0x04, 0x1234_5678]);
    expect(bench.read(0x04)).toBe(0xedcb_a987);
    expect([bench.read(0x0c), bench.read(0xa0), bench.read(0x60)]).toEqual([0xffff_ffff, 0xffff_ffff, 0xffff_ffff]);
    expect(bench.machine.map.read(0xe000_0000 as never, 2)).toBe(0xffff);
  });

  test.each([
    [0, 1],
    [5, 120],
    [13, 1_932_053_504],
    [33, 0x8000_0000],
    [34, 0],
    [0xffff_ffff, 0],
  ])("%d! is %d modulo 2^32, after a turn in which STATUS says that it computes", async (n, product) => {
    const bench = await create();
    bench.write([0x08, n], [0x08, 3]);
    expect(bench.read(0x20)).toBe(1);
    bench.machine.run(0);
    expect([bench.read(0x20), bench.read(0x08)]).toEqual([0, product]);
  });
});

describe("interrupts", () => {
  test("an MSI with the factorial's end when STATUS asks for it, with each write to RAISE, cleared by ACKNOWLEDGE", async () => {
    const bench = await create();
    const vectors: number[] = [];
    bench.machine.interrupts.fabric.connect(3, ({ vector }) => vectors.push(vector));
    bench.fn.configWrite(0x44, 4, 0xfee0_3000);
    bench.fn.configWrite(0x4c, 2, 0x51);
    bench.fn.configWrite(0x42, 2, 0x0001);
    bench.write([0x08, 4]);
    bench.machine.run(0);
    expect([vectors, bench.read(0x24)]).toEqual([[], 0]);
    bench.write([0x20, 0x80], [0x08, 4]);
    bench.machine.run(0);
    bench.machine.run(0);
    expect([vectors, bench.read(0x24), bench.read(0x20)]).toEqual([[0x51], 0x001, 0x80]);
    bench.write([0x60, 0x8000_0010]);
    bench.machine.run(0);
    expect([vectors, bench.read(0x24)]).toEqual([[0x51, 0x51], 0x8000_0011]);
    bench.write([0x64, 0x8000_0001]);
    expect(bench.read(0x24)).toBe(0x10);
  });
});

describe("DMA", () => {
  /** A transfer of `count` bytes; a dword written to a low half clears the high one. */
  const start = (bench: SmallBench<Edu>, source: number, destination: number, count: number, command: number): void =>
    bench.write([0x80, source], [0x88, destination], [0x90, count], [0x98, command]);

  test("to the buffer and out of it, 100 ms each, with an interrupt where the command has bit 2", async () => {
    const bench = await create();
    bench.fill(0x1001, 7, 8, 9);
    start(bench, 0x1001, 0x4_0ffd, 3, 1);
    bench.machine.run(100 * MS - 1);
    expect(bench.read(0x98)).toBe(1);
    expect(bench.machine.nextDeadlineNs).toBe(100 * MS);
    bench.machine.run(1);
    expect([bench.read(0x98), bench.read(0x24)]).toEqual([0, 0]);
    start(bench, 0x4_0ffe, 0x2000, 2, 7);
    bench.machine.run(100 * MS);
    expect(bench.memory(0x2000, 3)).toEqual([8, 9, 0]);
    expect([bench.read(0x98), bench.read(0x24)]).toEqual([6, 0x100]);
  });

  test("while it runs its registers keep their values", async () => {
    const bench = await create();
    bench.fill(0x1000, 1, 2, 3, 4);
    start(bench, 0x1000, 0x4_0000, 4, 1);
    start(bench, 0x4_0000, 0x3000, 1, 3);
    expect([0x80, 0x88, 0x90, 0x98].map((offset) => bench.read(offset))).toEqual([0x1000, 0x4_0000, 4, 1]);
    bench.machine.run(100 * MS);
    start(bench, 0x4_0000, 0x2000, 4, 3);
    bench.machine.run(100 * MS);
    expect(bench.memory(0x2000, 4)).toEqual([1, 2, 3, 4]);
  });

  test("the mask cuts addresses, 28 bits of them by default", async () => {
    for (const [mask, address] of [
      [{}, 0x1000_2000],
      [{ maskLo: 0xffff, maskHi: 0 }, 0x2000],
    ] as const) {
      const bench = await create(mask);
      bench.fill(0x2000, 0x5a);
      start(bench, address + 0xf000_0000 - (address & 0xf000_0000), 0x4_0000, 1, 1);
      bench.machine.run(100 * MS);
      start(bench, 0x4_0000, 0x3000, 1, 3);
      bench.machine.run(100 * MS);
      expect(bench.memory(0x3000, 1)).toEqual([0x5a]);
    }
  });

  test.each([
    ["begins before the buffer", 0x3_ffff, 1],
    ["ends behind it", 0x4_0fff, 2],
    ["is longer than 2^31", 0x4_0000, 0xffff_ffff],
    ["is empty", 0x4_0000, 0],
  ])("one that %s changes no memory and ends", async (_, place, count) => {
    const bench = await create();
    bench.fill(0x2000, 1, 2, 3);
    start(bench, place, 0x2000, count, 3);
    bench.machine.run(100 * MS);
    expect([bench.memory(0x2000, 3), bench.read(0x98)]).toEqual([[1, 2, 3], 2]);
  });

  test("PCIe 6.0 §7.5.1.1.3: without Bus Master Enable nothing is written", async () => {
    const bench = await create();
    bench.fill(0x2000, 1);
    bench.fn.configWrite(0x04, 2, 0x2);
    start(bench, 0x4_0000, 0x2000, 1, 3);
    bench.machine.run(100 * MS);
    expect(bench.memory(0x2000, 1)).toEqual([1]);
  });
});

test("what was saved goes on where it was, and a state of something else is refused", async () => {
  const bench = await create();
  bench.fill(0x1000, 0xa5);
  bench.write([0x04, 5], [0x80, 0x1000], [0x88, 0x4_0001], [0x90, 1], [0x98, 1]);
  bench.machine.run(40 * MS);
  const state = bench.machine.save();
  bench.machine.run(100 * MS);
  bench.write([0x04, 6]);
  bench.machine.restore(state);
  expect([bench.read(0x04), bench.machine.nextDeadlineNs, bench.machine.clock.nowNs]).toEqual([
    0xffff_fffa,
    100 * MS,
    40 * MS,
  ]);
  const broken = structuredClone(state) as unknown as { endpoints: { buffer: Uint8Array }[] };
  (broken.endpoints[0] as { buffer: Uint8Array }).buffer = new Uint8Array(3);
  expect(() => bench.machine.restore(broken as never)).toThrow("3 bytes do not fit");
  expect(bench.machine.nextDeadlineNs).toBe(100 * MS);
});
