import { describe, expect, test } from "vitest";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { hpa } from "../../host/core/address.ts";
import { Harness, RAM_BASE } from "./harness.ts";
import { IQE, outcome } from "./queue-unit.ts";

let h: Harness;

describe("VT-d §6.5.2 work is bounded", () => {
  const ROUND = 32768;

  /** A queue of 512 KiB, full but for one place, of `low` and at its end a wait that writes 7 to `status`. */
  const fill = (low: bigint, status: number): void => {
    const base = RAM_BASE + 0x100_0000;
    const bytes = new Uint8Array(ROUND * 16);
    const words = new BigUint64Array(bytes.buffer);
    for (let n = 0; n < ROUND - 2; n++) words[2 * n] = low;
    words[2 * (ROUND - 2)] = 5n | (1n << 5n) | (7n << 32n);
    words[2 * (ROUND - 2) + 1] = BigInt(status);
    h.map.writeBytes(hpa(base), bytes);
    h.set64(IQA_REG, BigInt(base) | 7n);
  };
  const END = (ROUND - 1) * 16;

  test("a full queue of the cheapest descriptors is done when the tail was written", async () => {
    h = await Harness.create({}, 0x200_0000);
    const status = h.page();
    fill(5n, status);
    h.command(GCMD_QIE_LO);
    h.set32(IQT_REG, END);
    expect(h.map.read(hpa(status), 4)).toBe(7);
  });

  test.each([
    ["IQH_REG", IQH_REG],
    ["FSTS_REG", FSTS_REG],
  ])("one of costly ones goes on as software polls %s, in order, to its end", async (_name, register) => {
    h = await Harness.create({}, 0x200_0000);
    const status = h.page();
    fill(1n | (2n << 4n) | (5n << 16n), status);
    h.command(GCMD_QIE_LO);
    h.set32(IQT_REG, END);
    const places = [h.get32(IQH_REG)];
    expect(places[0]).toBeLessThan(END / 100);
    expect(h.map.read(hpa(status), 4)).toBe(0);
    let polls = 0;
    while (h.map.read(hpa(status), 4) === 0 && polls++ < 5000) {
      const seen = h.get32(register);
      if (register === IQH_REG) places.push(seen);
    }
    expect(polls).toBeGreaterThan(100);
    expect(h.map.read(hpa(status), 4)).toBe(7);
    expect(h.get32(IQH_REG)).toBe(END);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test("time alone lets it go on, and says when it is done", async () => {
    h = await Harness.create({}, 0x200_0000);
    const status = h.page();
    fill(1n | (2n << 4n) | (5n << 16n), status);
    h.command(GCMD_QIE_LO);
    h.set32(IQT_REG, END);
    let rounds = 0;
    while (h.unit.work()) rounds++;
    expect(rounds).toBeGreaterThan(100);
    expect(h.map.read(hpa(status), 4)).toBe(7);
  });

  test("a queue that stopped midway stays stopped", async () => {
    h = await Harness.create({}, 0x200_0000);
    fill(1n | (2n << 4n) | (5n << 16n), h.page());
    h.write64(RAM_BASE + 0x100_0000 + 20_000 * 16, 0n);
    h.command(GCMD_QIE_LO);
    h.set32(IQT_REG, END);
    while (h.unit.work());
    expect(outcome(h)).toEqual([IQE, 3, 20_000 * 16]);
    expect(h.unit.work()).toBe(false);
  });
});
