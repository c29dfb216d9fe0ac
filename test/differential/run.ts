// One case on one partner, from a unit that does nothing to a unit that does nothing.

import { TYPE_CONTEXT, TYPE_INTERRUPT_ENTRY, TYPE_IOTLB, TYPE_WAIT } from "../../assembly/spec/vtd/descriptors.ts";
import { GSTS_QIES_LO } from "../../assembly/spec/vtd/global.ts";
import { type Case, type EduNumber, type Hex, hex, type Outcome, type RegisterName, type Step } from "./case.ts";
import * as machine from "./machine.ts";
import type { Partner } from "./partner.ts";

/** What every case ends with: the registers that its steps may have changed. */
export const LAST_REGISTERS: readonly RegisterName[] = [
  "GSTS",
  "RTADDR",
  "FSTS",
  "FECTL",
  "FEDATA",
  "FEADDR",
  "FEUADDR",
  "IQH",
  "IQT",
  "IQA",
  "ICS",
  "IECTL",
  "IEDATA",
  "IEADDR",
  "IEUADDR",
  "IRTA",
  "CCMD",
  "IOTLB",
];
const QIE = 0x0400_0000;
const SET_POINTERS = 0x4100_0000;
const MASKED = "0x80000000";
const GLOBAL = 0x10;
const STATUS_WRITE = 0x20;
/** Interrupt tables that tell one case's end from another's: beyond all RAM. */
const FIRST_MARK = 0x10_0000_0000n;

/** What was seen: the steps' outcomes, then what the case left behind, in a fixed order. */
export interface Seen {
  steps: Outcome[];
  registers: Outcome;
  faults: Outcome;
  tables: Outcome[];
  landed: Outcome;
  buffers: Outcome[];
  interrupts: Outcome;
}

export class Runner {
  readonly partner: Partner;
  #mark = FIRST_MARK;
  #filled = new Set<EduNumber>();

  constructor(partner: Partner) {
    this.partner = partner;
  }

  async start(): Promise<void> {
    await this.partner.start();
    const targets = Buffer.from(machine.patternBytes(machine.TARGETS_SIZE / 8)).toString("base64");
    await this.partner.transport.exchange([`b64write ${hex(machine.TARGETS_BASE)} ${machine.TARGETS_SIZE} ${targets}`]);
    const global = (type: number): Hex[] => [hex(type | GLOBAL), "0x0"];
    const wait: Hex[] = [hex(TYPE_WAIT | STATUS_WRITE), hex(machine.QUEUE_BASE + 0x800)];
    const iec: Hex[] = [hex(TYPE_INTERRUPT_ENTRY), "0x0"];
    await this.partner.run([
      {
        op: "words",
        at: hex(machine.QUEUE_BASE),
        words: [...global(TYPE_CONTEXT), ...global(TYPE_IOTLB), ...iec, ...wait],
      },
    ]);
    await this.#still();
  }

  /** Performs a case; `stuck` says that the partner has to be started anew before the next. */
  async run(test: Case): Promise<{ seen: Seen; stuck: boolean }> {
    const { partner } = this;
    const reads = new Map<EduNumber, { slot: number; length: number }[]>();
    const fills: string[] = [];
    for (const step of test.steps) {
      if (step.op !== "dma") continue;
      if (!this.#filled.has(step.device)) fills.push(...partner.fill(step.device));
      this.#filled.add(step.device);
      if (step.direction === "read") reads.set(step.device, [...(reads.get(step.device) ?? []), step]);
    }
    await partner.transport.exchange(fills);
    const tables = writtenTables(test.steps);
    const last: Step[] = [{ op: "read", names: [...LAST_REGISTERS] }, { op: "faults", clear: false }, ...tables];
    const outcomes = await partner.run([...test.steps, ...last]);
    const count = test.steps.length;
    const stuck = !(await this.#settle());
    const buffers: Outcome[] = [];
    for (const [device, slots] of reads) {
      buffers.push(await partner.drain(device, slots));
      this.#filled.delete(device);
    }
    const landed = await this.#landed();
    const passed = await partner.transport.passed(this.#mark);
    return {
      seen: {
        steps: outcomes.slice(0, count),
        registers: outcomes[count],
        faults: outcomes[count + 1],
        tables: outcomes.slice(count + 2),
        landed,
        buffers,
        interrupts: { kind: "interrupts", ...passed },
      },
      stuck,
    };
  }

  /** Translation, remapping and the queue off, every register as after reset, no cached entry, no fault, no table. */
  async #settle(): Promise<boolean> {
    const { partner } = this;
    const register = (name: RegisterName): string => hex(partner.register(name));
    const [status, head, base] = (
      await partner.transport.exchange([
        `readl ${register("GSTS")}`,
        `readl ${register("IQH")}`,
        `readq ${register("IQA")}`,
      ])
    ).map(Number) as [number, number, number];
    const lines: string[] = [];
    if (((status >>> GSTS_QIES_LO) & 1) === 1) {
      // QEMU lets go of a queue only behind a wait descriptor.
      const size = 4096 * 2 ** (base & 7);
      const bytes = (base & 0x800) !== 0 ? 32 : 16;
      const wait = Buffer.alloc(bytes);
      wait.writeUInt32LE(TYPE_WAIT | STATUS_WRITE, 0);
      wait.writeUInt32LE(machine.QUEUE_BASE + 0x800, 8);
      const queue = base - (base % 4096);
      lines.push(`writel ${register("GCMD")} ${hex(QIE)}`);
      lines.push(`writeq ${register("IQT")} ${hex(head)}`, `writel ${register("FSTS")} 0x7f`);
      lines.push(`write ${hex(queue + head)} ${bytes} 0x${wait.toString("hex")}`);
      lines.push(`writeq ${register("IQT")} ${hex((head + bytes) % size)}`);
    }
    lines.push(`writel ${register("GCMD")} 0x0`, `readl ${register("GSTS")}`);
    const answers = await partner.transport.exchange(lines);
    await this.#still();
    return ((Number(answers.at(-1)) >>> GSTS_QIES_LO) & 1) === 0;
  }

  /** For a unit whose queue is off. */
  async #still(): Promise<void> {
    const { partner } = this;
    this.#mark += 4096n;
    const register = (name: RegisterName): string => hex(partner.register(name));
    const put = (name: RegisterName, value: string, width: "l" | "q" = "l"): string =>
      `write${width} ${register(name)} ${value}`;
    await partner.transport.exchange([
      put("GCMD", "0x0"),
      put("RTADDR", "0x0", "q"),
      put("IRTA", hex(this.#mark), "q"),
      put("GCMD", hex(SET_POINTERS)),
      put("IQA", hex(machine.QUEUE_BASE), "q"),
      put("IQT", "0x0", "q"),
      put("FSTS", "0x7f"),
      put("GCMD", hex(QIE)),
      put("IQT", "0x40", "q"),
      put("GCMD", "0x0"),
      put("IQT", "0x0", "q"),
      put("IQA", "0x0", "q"),
      put("IRTA", "0x0", "q"),
      put("FECTL", MASKED),
      put("IECTL", MASKED),
      ...(["FEDATA", "FEADDR", "FEUADDR", "IEDATA", "IEADDR", "IEUADDR"] as const).map((name) => put(name, "0x0")),
      put("ICS", "0x1"),
      // CAIG and IAIG tell of the last invalidation: everything, on both sides.
      put("IVA", "0x0", "q"),
      put("CCMD", "0xa000000000000000", "q"),
      put("IOTLB", "0x9000000000000000", "q"),
      ...partner.clearFaults(),
      `memset ${hex(machine.TABLES_BASE)} ${machine.TABLES_SIZE} 0`,
    ]);
  }

  /** What changed in the target window; puts back what was there. */
  async #landed(): Promise<Outcome> {
    const { transport } = this.partner;
    const [text] = await transport.exchange([`b64read ${hex(machine.TARGETS_BASE)} ${machine.TARGETS_SIZE}`]);
    const bytes = Buffer.from(text as string, "base64");
    const words: Record<Hex, Hex> = {};
    const restore: string[] = [];
    if (!bytes.equals(PATTERN)) {
      for (let at = 0; at < bytes.length; at += 8) {
        const word = bytes.readBigUInt64LE(at);
        const before = PATTERN.readBigUInt64LE(at);
        if (word === before) continue;
        words[hex(machine.TARGETS_BASE + at)] = hex(word);
        restore.push(`writeq ${hex(machine.TARGETS_BASE + at)} ${hex(before)}`);
      }
    }
    await transport.exchange(restore);
    return { kind: "landed", words };
  }
}

const PATTERN: Buffer = Buffer.from(machine.patternBytes(machine.TARGETS_SIZE / 8));

/** Every stretch that the steps wrote, to be read back: walks may have set bits in it. */
export function writtenTables(steps: readonly Step[]): (Step & { op: "memory" })[] {
  const lengths = new Map<Hex, number>();
  for (const step of steps) {
    if (step.op === "words") lengths.set(step.at, Math.max(lengths.get(step.at) ?? 0, step.words.length * 8));
  }
  const inRam = ([at]: [Hex, number]): boolean => Number(at) < machine.HOLE_BASE;
  return [...lengths].filter(inRam).map(([at, length]) => ({ op: "memory", at, length }));
}
