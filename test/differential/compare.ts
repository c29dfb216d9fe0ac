// What two partners showed, held against each other; what a known deviation explains is counted and set aside.
import type { Case, Outcome } from "./case.ts";
import type { Deviation } from "./deviation/deviation.ts";
import { DEVIATIONS } from "./deviations.ts";
import type { Seen } from "./run.ts";

export type Part = "step" | "registers" | "faults" | "table" | "landed" | "buffer" | "interrupts";

/** One outcome on both sides. */
export interface Pair {
  test: Case;
  part: Part;
  /** Of the step, or the position among its kind. */
  index: number;
  qemu: Outcome;
  ours: Outcome;
  seen: { qemu: Seen; ours: Seen };
}

export interface Comparison {
  unexplained: Pair[];
  /** Names of the deviations that explained something. */
  explained: Set<string>;
}

export function compare(test: Case, qemu: Seen, ours: Seen, deviations: readonly Deviation[] = DEVIATIONS): Comparison {
  const seen = { qemu, ours };
  const pairs: Pair[] = [];
  const pair = (part: Part, index: number, left: Outcome, right: Outcome): void => {
    pairs.push({ test, part, index, qemu: left, ours: right, seen });
  };
  for (const [index, outcome] of qemu.steps.entries()) pair("step", index, outcome, ours.steps[index]);
  pair("registers", 0, qemu.registers, ours.registers);
  pair("faults", 0, qemu.faults, ours.faults);
  for (const [index, outcome] of qemu.tables.entries()) pair("table", index, outcome, ours.tables[index]);
  pair("landed", 0, qemu.landed, ours.landed);
  for (const [index, outcome] of qemu.buffers.entries()) pair("buffer", index, outcome, ours.buffers[index]);
  pair("interrupts", 0, qemu.interrupts, ours.interrupts);

  const result: Comparison = { unexplained: [], explained: new Set() };
  for (const one of pairs) {
    if (same(one.qemu, one.ours)) continue;
    let left = one.qemu;
    const names: string[] = [];
    for (const deviation of deviations) {
      const without = deviation.without({ ...one, qemu: left });
      if (without === undefined || same(without, left)) continue;
      left = without;
      names.push(deviation.name);
      if (same(left, one.ours)) break;
    }
    if (same(left, one.ours)) for (const name of names) result.explained.add(name);
    else result.unexplained.push(one);
  }
  return result;
}

export function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** What a difference is about, so that a shrunk case can be told to show the same one. */
export function signature({ part, qemu, ours }: Pair): string {
  const tell = (outcome: Outcome): string => {
    if (outcome?.kind === "faults") return `${outcome.record?.reason ?? "none"}/${outcome.status}`;
    if (outcome?.kind === "registers") return Object.keys(outcome.values).join();
    return outcome?.kind ?? "nothing";
  };
  if (qemu?.kind === "registers" && ours?.kind === "registers") {
    const names = Object.keys(qemu.values).filter((name) => qemu.values[name] !== ours.values[name]);
    return `${part} ${names.join()}`;
  }
  return `${part} ${tell(qemu)} ${tell(ours)}`;
}

/** A difference as text: what is the same on both sides is left out. */
export function describe({ part, index, test, qemu, ours }: Pair): string {
  const step = part === "step" ? ` ${index} ${JSON.stringify(test.steps[index])}` : ` ${index}`;
  if (qemu?.kind === "registers" && ours?.kind === "registers") {
    const names = Object.keys(qemu.values).filter((name) => qemu.values[name] !== ours.values[name]);
    return `${part}${step}: ${names.map((name) => `${name} QEMU ${qemu.values[name]}, iovirt ${ours.values[name]}`).join("; ")}`;
  }
  return `${part}${step}:\n    QEMU   ${JSON.stringify(qemu)}\n    iovirt ${JSON.stringify(ours)}`;
}
