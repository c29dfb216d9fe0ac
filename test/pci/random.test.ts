// Random programs of a guest: any configuration, memory and port access, at any place, of any width.
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hpa, RequesterId } from "../../host/core/address.ts";
import { enumerate, functionsByPath } from "../../host/pci/index.ts";
import { Machine, WINDOWS } from "./support/machine.ts";

/** A small generator of the test's own, so that a history is replayed from its seed. */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 1;
  }
  next(): number {
    this.#state = Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b_3c6d);
    this.#state = (this.#state + 0x9e37_79b9) | 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0_aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a_2d97);
    return (x ^ (x >>> 15)) >>> 0;
  }
  below(end: number): number {
    return this.next() % end;
  }
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

/** Registers with side effects, hit more often than by chance: command, bars, windows, PM, Express, AER, SR-IOV. */
const HOT = [
  0x04, 0x10, 0x18, 0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x3c, 0x3e, 0x44, 0x52, 0x60, 0x72, 0x94, 0x98, 0xa8,
];
const HOT_FAR = [0xb0, 0xc8, 0xe4, 0x104, 0x108, 0x130, 0x156, 0x168, 0x170, 0x180, 0x184, 0x190, 0xfb8];
const OFFSETS = [...HOT, ...HOT_FAR];

/** Performs `count` operations; what was read, folded into one number, and how many reads reached something. */
function program(
  machine: Machine,
  seed: number,
  count: number,
  after: (step: number) => void = () => {},
): { fold: number; answered: number } {
  const random = new Random(seed);
  const { root } = machine;
  let fold = 0;
  let answered = 0;
  const bases = [0xc000_0000, 0xc010_0000, 0xc020_0000, 0xc030_0000, 0x40_0000_0000, 0x40_0010_0000, 0x1_0000_0000, 0];
  for (let i = 0; i < count; i++) {
    // What random writes tore apart, software puts together again.
    if (i % 500 === 0) {
      enumerate(root, WINDOWS, { ari: random.below(2) === 0 });
      for (const { pf } of [...machine.left, machine.plain]) machine.enableVfs(pf, 1 + random.below(8));
    }
    const width = random.pick([1, 2, 4] as const);
    const write = random.below(2) === 0;
    const value = random.pick([random.next(), 0xffff_ffff, 0, random.below(256), 1 << random.below(32)]) >>> 0;
    let read = 0xffff_ffff >>> (32 - 8 * width);
    const nothing = read;
    switch (random.below(8)) {
      case 0: {
        const address = (random.pick(bases) + random.below(0x20_0000)) as Hpa;
        if (write) root.memoryWrite(address, width, value);
        else read = root.memoryRead(address, width);
        break;
      }
      case 1: {
        const port = random.pick([0xcf8, 0xcfc, 0xcfd, 0xcff, 0x2000 + random.below(0x4000), random.below(0x1_0004)]);
        const selected = port === 0xcf8 ? (0x8000_0000 | random.below(0x8_0000)) >>> 0 : value;
        if (write) root.ioWrite(port, width, selected);
        else read = root.ioRead(port, width);
        break;
      }
      case 2: {
        const offset = random.below(0x90_0000);
        if (write) root.ecam.write(offset, width, value);
        else read = root.ecam.read(offset, width);
        break;
      }
      default: {
        const known = random.pick([0xe0, 0xe8, 0x100, 0x101, 0x181, 0x200, 0x300, 0x308, 0x400, 0x580, 0x600, 0x603]);
        const target = (random.below(8) === 0 ? random.below(0x1_0000) : known) as RequesterId;
        const offset = random.below(2) === 0 ? random.pick(OFFSETS) + random.below(4) : random.below(4104) - 4;
        if (write) root.configWrite(target, offset, width, value);
        else read = root.configRead(target, offset, width);
      }
    }
    fold = (Math.imul(fold, 31) + read) | 0;
    if (read !== nothing) answered++;
    after(i);
  }
  return { fold, answered };
}

/** Read-only registers that the device itself updates, as [offset, bytes] from a capability's start. */
const DEVICE_UPDATED: Record<string, readonly [number, number][]> = {
  "5": [[0x0c, 0x0c]],
  "16": [[0x12, 2]],
  ext1: [
    [0x18, 0x14],
    [0x34, 4],
  ],
  ext16: [
    [0x14, 4],
    [0x24, 24],
  ],
};

/** By path, the bits of every byte that nothing may change, and their values. */
function readOnlyBits(machine: Machine): Map<string, { masks: Uint8Array; values: Uint8Array }> {
  const found = new Map<string, { masks: Uint8Array; values: Uint8Array }>();
  for (const [path, { fn }] of functionsByPath(machine.root.bus)) {
    const values = fn.config.bytes();
    const masks = values.map((_, at) => ~fn.config.writableMask(at, 1));
    for (const { id, at } of capabilityOffsets(values)) {
      for (const [from, length] of DEVICE_UPDATED[id] ?? []) masks.fill(0, at + from, at + from + length);
    }
    found.set(path, { masks, values: values.map((value, at) => value & (masks[at] as number)) });
  }
  return found;
}

/** The lists as an outside reader walks them. */
function capabilityOffsets(bytes: Uint8Array): { id: string; at: number }[] {
  const found: { id: string; at: number }[] = [];
  const byte = (at: number): number => bytes[at] as number;
  if ((byte(6) & 0x10) !== 0) {
    for (let at = byte(0x34); at !== 0; at = byte(at + 1)) found.push({ id: `${byte(at)}`, at });
  }
  for (let at = 0x100; at !== 0 && byte(at) !== 0; at = (byte(at + 2) >>> 4) | (byte(at + 3) << 4)) {
    found.push({ id: `ext${byte(at)}`, at });
  }
  return found;
}

test("400,000 random accesses: no exception, and no read-only bit ever changes", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const machine = new Machine();
      const before = readOnlyBits(machine);
      expect(program(machine, seed, 50_000).answered).toBeGreaterThan(2_500);
      const changed: string[] = [];
      for (const [path, { fn }] of functionsByPath(machine.root.bus)) {
        const { masks, values } = before.get(path) as { masks: Uint8Array; values: Uint8Array };
        for (const [at, value] of fn.config.bytes().entries()) {
          if ((value & (masks[at] as number)) !== values[at]) changed.push(`${path} at ${at.toString(16)}`);
        }
      }
      expect(changed).toEqual([]);
    }),
    { numRuns: 8 },
  );
});

test("a restored topology goes on exactly as the one that was saved", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (first, second) => {
      const machine = new Machine();
      program(machine, first, 4_000);
      const copy = new Machine();
      copy.root.restore(structuredClone(machine.root.save()));
      machine.messages.length = 0;
      expect(program(copy, second, 4_000)).toEqual(program(machine, second, 4_000));
      expect(copy.messages).toEqual(machine.messages);
      expect(isDeepStrictEqual(copy.root.save(), machine.root.save())).toBe(true);
    }),
    { numRuns: 10 },
  );
});

test("who may make requests, and as whom, changes with its version only", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const machine = new Machine();
      const cards = [machine.plain, ...machine.left];
      const known = new Map<string, { version: number; answer: string }>();
      let held = 0;
      let changed = 0;
      const look = (): void => {
        for (const { pf, sriov } of cards) {
          for (const fn of [pf, ...sriov.allVfs]) {
            const version = pf.requestsVersion();
            const answer = `${fn.requestsReachRoot()} ${fn.requesterId}`;
            const before = known.get(fn.name);
            if (before !== undefined && before.version === version) {
              if (answer !== before.answer) expect(answer, fn.name).toBe(before.answer);
              held++;
            } else if (before !== undefined && before.answer !== answer) changed++;
            known.set(fn.name, { version: pf.requestsVersion(), answer });
          }
        }
      };
      program(machine, seed, 4000, (step) => {
        if (step % 97 === 13) machine.down1.linkDown();
        if (step % 97 === 51) machine.down1.linkTrained();
        if (step % 3 === 0) look();
      });
      expect(held).toBeGreaterThan(0);
      expect(changed).toBeGreaterThan(0);
    }),
    { numRuns: 5 },
  );
});
