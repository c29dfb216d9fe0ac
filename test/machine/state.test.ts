// Snapshots that were tampered with: refused with a typed error, or harmless.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, FormatError } from "../../host/core/errors.ts";
import { encodeSnapshot } from "../../host/core/snapshot.ts";
import type { Machine, MachineState } from "../../host/machine/machine.ts";
import { boot, build, MIB } from "../hypervisor/fixture.ts";

type Path = readonly string[];

/** The places of a state, down to its numbers, strings and byte arrays. */
function places(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))];
}

/** The state with something else in one place. */
function tampered(state: MachineState, path: Path, value: unknown): MachineState {
  const copy = structuredClone(state);
  let parent = copy as unknown as Record<string, never>;
  for (const key of path.slice(0, -1)) parent = parent[key] as never;
  parent[path.at(-1) as string] = value as never;
  return copy;
}

const GARBAGE = [
  null,
  undefined,
  -1,
  Number.NaN,
  1.5,
  2 ** 40,
  2 ** 53,
  0xffff_ffff,
  true,
  "x",
  {},
  { length: 9 },
  [],
  [null],
  [[1]],
  new Uint8Array(3),
];

describe("tampered states of a machine", () => {
  let machine: Machine;
  let good: MachineState;
  let all: Path[];
  beforeAll(async () => {
    const { hypervisor, vfs } = await build(1);
    machine = hypervisor.machine;
    const vm = hypervisor.createVm({ ram: MIB });
    for (const vf of vfs) hypervisor.assign(vm, vf);
    boot(vm);
    good = machine.save();
    all = places(good).filter((path) => path.length > 0);
  });

  it("are refused with a typed error and nothing changed, or run like any other", () => {
    const before = encodeSnapshot(good);
    fc.assert(
      fc.property(fc.nat(all.length - 1), fc.constantFrom(...GARBAGE), (place, value) => {
        let accepted = true;
        try {
          machine.restore(tampered(good, all[place] as Path, value));
        } catch (error) {
          expect(error instanceof ArgumentError || error instanceof FormatError, String(error)).toBe(true);
          accepted = false;
        }
        if (accepted) {
          machine.run(1000);
          machine.restore(good);
        }
        expect(Buffer.compare(encodeSnapshot(machine.save()), before)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("a number in place of a name, a word or a flag is refused wherever it stands in the topology", () => {
    const [root] = Object.keys(good.pci.functions);
    if (root === undefined) throw new Error("no function");
    const fields: [Path, unknown][] = [
      [["pci", "configAddress"], 2 ** 40],
      [["pci", "configAddress"], 1.5],
      ...Object.keys(good.pci.functions).map((path): [Path, unknown] => [
        ["pci", "functions", path, "requesterId"],
        0x1_0000,
      ]),
      [["map", "generation"], 2 ** 40],
      [["clock"], -1],
    ];
    for (const [path, value] of fields) {
      expect(() => machine.restore(tampered(good, path, value)), path.join(".")).toThrow(FormatError);
    }
    expect(Buffer.compare(encodeSnapshot(machine.save()), encodeSnapshot(good))).toBe(0);
  });
});
