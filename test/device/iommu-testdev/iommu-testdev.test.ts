import { expect, test } from "vitest";
import { IommuTestdev } from "../../../host/device/iommu-testdev/iommu-testdev.ts";
import { RAM, SmallBench } from "../small-endpoint.ts";

const create = (): Promise<SmallBench<IommuTestdev>> =>
  SmallBench.create((ports) => new IommuTestdev("iommu-testdev", ports));

/** Arms a transfer, triggers it, and returns the result. */
function transfer(bench: SmallBench<IommuTestdev>, iova: number, gpa: number, length: number, attributes = 2): number {
  bench.write([0x04, iova], [0x08, 0], [0x1c, gpa], [0x20, 0], [0x0c, length], [0x18, attributes], [0x14, 1]);
  expect(bench.read(0x10)).toBe(0xffff_fffe);
  expect(bench.read(0x00)).toBe(0);
  return bench.read(0x10);
}

test("a transfer writes 12345678h again and again, little-endian, and reads it back", async () => {
  const bench = await create();
  expect(transfer(bench, 0x3001, 0x3001, 6)).toBe(0);
  expect(bench.memory(0x3000, 8)).toEqual([0, 0x78, 0x56, 0x34, 0x12, 0x78, 0x56, 0]);
});

test.each([
  ["nothing", 0x1000, 0x1000, 0, 2, 0xdead_0001],
  ["more than 1 MiB", 0x1000, 0x1000, 0x10_0001, 2, 0xdead_0001],
  ["to where no memory is", RAM, 0x1000, 4, 2, 0xdead_0002],
  ["over the end of memory", RAM - 2, 0x1000, 4, 2, 0xdead_0002],
  ["read back from where nothing answers", 0x1000, RAM, 4, 2, 0xdead_0003],
  ["read back from elsewhere", 0x1000, 0x2000, 4, 2, 0xdead_0004],
  ["not secure in the secure space", 0x1000, 0x1000, 4, 0b1000, 0xdead_0006],
  ["secure in the other one", 0x1000, 0x1000, 4, 0b1011, 0xdead_0006],
  ["secure in the secure space", 0x1000, 0x1000, 4, 0b1001, 0],
])("%s: result %#", async (_, iova, gpa, length, attributes, result) => {
  expect(transfer(await create(), iova, gpa, length, attributes)).toBe(result);
});

test("only an armed one happens, once; the doorbell disarms too", async () => {
  const bench = await create();
  expect(bench.read(0x10)).toBe(0xffff_ffff);
  bench.read(0x00);
  expect(bench.read(0x10)).toBe(0xdead_0005);
  expect(transfer(bench, 0x1000, 0x1000, 4)).toBe(0);
  bench.fill(0x1000, 1, 2, 3, 4);
  bench.read(0x00);
  expect([bench.read(0x10), bench.memory(0x1000, 4)]).toEqual([0xdead_0005, [1, 2, 3, 4]]);
  bench.write([0x14, 1], [0x14, 2]);
  expect(bench.read(0x10)).toBe(0xffff_ffff);
});

test("PCIe 6.0 §7.5.1.1.3: without Bus Master Enable nothing is written", async () => {
  const bench = await create();
  bench.fn.configWrite(0x04, 2, 0x2);
  expect(transfer(bench, 0x1000, 0x1000, 4)).toBe(0xdead_0002);
  expect(bench.memory(0x1000, 4)).toEqual([0, 0, 0, 0]);
});

test("what the IOMMU refuses fails, and the fault names the device and the address", async () => {
  const bench = await create();
  const { machine } = bench;
  const registers = machine.iommu.mmio;
  registers.write(0x20, 4, 0x8000);
  registers.write(0x18, 4, 0x4000_0000);
  registers.write(0x18, 4, 0x8000_0000);
  expect(transfer(bench, 0x5678, 0x5678, 4)).toBe(0xdead_0002);
  expect(machine.iommu.faults()).toMatchObject([{ requesterId: 0x20, reason: 1 }]);
});

test("registers and an armed transfer survive save and restore; a reset forgets them", async () => {
  const bench = await create();
  bench.write([0x04, 0x1000], [0x1c, 0x1000], [0x0c, 4], [0x14, 1]);
  const state = bench.machine.save();
  bench.read(0x00);
  bench.fill(0x1000, 0, 0, 0, 0);
  bench.machine.restore(state);
  expect(bench.read(0x10)).toBe(0xffff_fffe);
  bench.read(0x00);
  expect(bench.read(0x10)).toBe(0);
  bench.machine.reset();
  bench.fn.configWrite(0x10, 4, 0xe000_0000);
  bench.fn.configWrite(0x04, 2, 0x6);
  expect([0x04, 0x0c, 0x10, 0x18].map((offset) => bench.read(offset))).toEqual([0, 0, 0xffff_ffff, 2]);
});
