import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ConfigAccess, enumerate, flatten, functionsByPath } from "../../host/pci/index.ts";
import { Machine, WINDOWS } from "./support/machine.ts";

describe("enumerate", () => {
  test("finds every function once, where the topology has it", () => {
    const machine = new Machine();
    const found = flatten(enumerate(machine.root, WINDOWS));
    expect(found.map((fn) => fn.requesterId)).toEqual([
      0, 0xe0, 0x100, 0x101, 0xe8, 0x200, 0x300, 0x400, 0x308, 0x600, 0x603,
    ]);
    const attached = machine.root.functions();
    expect(new Set(attached.map((fn) => fn.requesterId))).toEqual(new Set(found.map((fn) => fn.requesterId)));
  });

  test("PCIe §9.2.1.2 reserves the buses on which TotalVFs VFs would be", () => {
    const machine = new Machine();
    enumerate(machine.root, WINDOWS, { ari: false });
    expect([machine.portA.secondaryBus, machine.portA.subordinateBus]).toEqual([1, 2]);
    expect([machine.portB.secondaryBus, machine.portB.subordinateBus]).toEqual([3, 7]);
    expect([machine.down1.secondaryBus, machine.down1.subordinateBus]).toEqual([5, 6]);
    const ari = new Machine();
    enumerate(ari.root, WINDOWS);
    expect([ari.portA.secondaryBus, ari.portA.subordinateBus]).toEqual([1, 1]);
  });

  test.each([true, false])("every BAR and VF BAR is routed to its own handler, nothing overlaps (ARI %s)", (ari) => {
    const machine = new Machine();
    enumerate(machine.root, WINDOWS, { ari });
    for (const { pf } of [...machine.left, machine.plain]) machine.enableVfs(pf);
    for (const space of ["memory", "io"] as const) {
      const expected = [...functionsByPath(machine.root.bus).values()]
        .flatMap(({ fn }) => (fn.headerLayout === 1 ? [] : fn.decodedRanges()))
        .filter((range) => range.space === space)
        .sort((a, b) => a.base - b.base);
      expect(expected.length).toBeGreaterThan(space === "io" ? 3 : 50);
      for (let i = 1; i < expected.length; i++) {
        const before = expected[i - 1] as { base: number; size: number };
        expect(before.base + before.size).toBeLessThanOrEqual(expected[i]?.base as number);
      }
      const routed = machine.root.ranges(space);
      expect(routed.map(({ base, size }) => [base, size])).toEqual(expected.map(({ base, size }) => [base, size]));
      for (const [i, range] of routed.entries()) expect(range.handler).toBe(expected[i]?.handler);
    }
  });

  test("bridges' windows enclose what is below, siblings' do not overlap, all lie in the machine's", () => {
    const machine = new Machine();
    enumerate(machine.root, WINDOWS);
    const memory = (bridge: Machine["portA"]) => bridge.memoryWindows();
    const inside = (inner: { base: number; end: number }, outer: readonly { base: number; end: number }[]) =>
      outer.some((one) => one.base <= inner.base && inner.end <= one.end);
    const machineWindows = [WINDOWS.memory, WINDOWS.prefetchable].map(({ base, size }) => ({ base, end: base + size }));
    for (const bridge of [machine.portA, machine.portB]) {
      for (const one of memory(bridge)) expect(inside(one, machineWindows)).toBe(true);
    }
    for (const bridge of [machine.down1, machine.down2]) {
      for (const one of memory(bridge)) expect(inside(one, memory(machine.upstream))).toBe(true);
    }
    const [a, b] = [memory(machine.portA), memory(machine.portB)];
    for (const one of a) for (const two of b) expect(one.end <= two.base || two.end <= one.base).toBe(true);
    expect(machine.portA.configRead(0x24, 2) & 0xf).toBe(1);
  });

  test("what does not fit stays without an address, and its function's decoding stays off", () => {
    const machine = new Machine();
    const windows = { ...WINDOWS, memory: { base: 0xc000_0000, size: 0x20_0000 } };
    const found = flatten(enumerate(machine.root, windows));
    const without = found.filter((fn) => fn.bars.some((bar) => bar.kind !== "io" && bar.address === undefined));
    expect(without.length).toBeGreaterThan(0);
    for (const fn of without) expect(machine.read(fn.requesterId, 4, 2) & 2).toBe(0);
  });

  test("leaves no error of its own probing behind", () => {
    const machine = new Machine();
    enumerate(machine.root, WINDOWS);
    for (const bridge of [machine.portA, machine.portB, machine.down1, machine.down2]) {
      expect(bridge.configRead(0x1e, 2), bridge.name).toBe(0);
    }
  });

  test("twice gives the same", () => {
    const machine = new Machine();
    enumerate(machine.root, WINDOWS);
    const state = machine.root.save();
    enumerate(machine.root, WINDOWS);
    expect(isDeepStrictEqual(machine.root.save(), state)).toBe(true);
  });

  test("ends without an exception on any configuration space, and gives each bus number once", () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 1, 2, 3), (seed, kind) => {
        const access = nonsense(seed, kind);
        const found = flatten(enumerate(access, WINDOWS, { lastBus: 12 }));
        const buses = found.flatMap((fn) => (fn.bridge?.secondaryBus ? [fn.bridge.secondaryBus] : []));
        expect(new Set(buses).size).toBe(buses.length);
        expect(Math.max(0, ...buses)).toBeLessThanOrEqual(12);
      }),
      { numRuns: 40 },
    );
  });
});

/** Registers that hold noise, forget writes or answer with something else each time. */
function nonsense(seed: number, kind: number): ConfigAccess {
  const written = new Map<number, number>();
  let counter = seed;
  const noise = (value: number): number => {
    let x = Math.imul(value ^ (value >>> 16), 0x45d9f3b) ^ seed;
    x = Math.imul(x ^ (x >>> 13), 0x119de1f3);
    return (x ^ (x >>> 16)) >>> 0;
  };
  return {
    configRead: (requesterId, offset, width) => {
      const at = requesterId * 4096 + offset;
      let value = kind === 1 ? noise(counter++) : noise(at);
      if (kind === 2) value = written.get(at) ?? value;
      if (kind === 3 && offset === 0x0e) value = 0x81;
      return width === 4 ? value : value & (2 ** (8 * width) - 1);
    },
    configWrite: (requesterId, offset, _width, value) => {
      if (kind === 2) written.set(requesterId * 4096 + offset, value);
    },
  };
}
