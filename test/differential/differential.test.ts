// VT-d 5.10 as QEMU 11.1 has it, against ours: the same random cases on both, and proof that a wrong rule would show.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, type TestContext, test } from "vitest";
import { FAULT_INTERRUPT_SOURCE } from "../../assembly/spec/vtd/fault-reason.ts";
import { FRCD_T1_LO } from "../../assembly/spec/vtd/fault-recording.ts";
import { run } from "./campaign.ts";
import type { Case, Step } from "./case.ts";
import { IovirtTransport } from "./iovirt.ts";
import { KINDS, makeCase } from "./kinds.ts";
import { PairOfPartners } from "./pair.ts";
import { printReport } from "./report.ts";
import { shrink } from "./shrink.ts";
import type { Transport } from "./transport.ts";

const script = join(import.meta.dirname, "../qemu/get-qemu.sh");
const CASES = 2400;
const SEED = 0x5eed;

let program: string | undefined;
let reason = "";
beforeAll(() => {
  const { status, stdout, stderr } = spawnSync("bash", [script, "--offline"], { encoding: "utf8" });
  if (status === 0) program = stdout.trim();
  else reason = stderr.trim();
});

/** The path of QEMU; skips (in CI: fails) where it is not. */
function needQemu(context: TestContext): string {
  if (program !== undefined) return program;
  if (process.env.CI) throw new Error(`${reason}: test/qemu/get-qemu.sh gets it`);
  context.skip(`${reason}: test/qemu/get-qemu.sh gets it`);
  throw new Error(reason);
}

test("VT-d §3, §5, §6, §7, §9, §11: QEMU 11.1 and we agree, or the table of deviations says why not", async (context) => {
  const result = await run({ program: needQemu(context), cases: CASES, seed: SEED });
  expect(result.unexplained.length, printReport(result)).toBe(0);
  // The cases are broad: faults of every mode, and both ways of most decisions.
  const reached = [...result.reasons].filter(([, { ours }]) => ours > 0).length;
  expect(reached).toBeGreaterThan(35);
  const common = [...result.reasons].filter(([, { qemu, ours }]) => ours > 0 && qemu > 0).length;
  expect(common).toBeGreaterThan(22);
  expect(result.accesses).toBeGreaterThan(3 * CASES);
});

/** Ours, with one rule of it broken on the way in or out. */
class Broken implements Transport {
  readonly name = "broken";
  readonly #inner: IovirtTransport;
  readonly #lines: (line: string) => string;
  readonly #answers: (line: string, answer: string) => string;
  constructor(
    inner: IovirtTransport,
    lines: (line: string) => string,
    answers: (line: string, answer: string) => string,
  ) {
    this.#inner = inner;
    this.#lines = lines;
    this.#answers = answers;
  }
  async exchange(lines: readonly string[]): Promise<string[]> {
    const answers = await this.#inner.exchange(lines.map(this.#lines));
    return answers.map((answer, index) => this.#answers(lines[index] as string, answer));
  }
  passed(): ReturnType<Transport["passed"]> {
    return this.#inner.passed();
  }
  close(): Promise<void> {
    return this.#inner.close();
  }
}

const keep = (line: string): string => line;
const frcd = 0xfed9_022c;

/** A rule of the unit, turned round: how ours is built, and the kind and unit of the cases that notice. */
const SABOTAGE: Record<string, { kind: string; platform: string; ours: (platform: string) => Promise<Transport> }> = {
  "§9.8 SNP: taken although ECAP.SC is clear": {
    kind: "legacy",
    platform: "legacy",
    ours: () => IovirtTransport.create("legacy-snoop"),
  },
  "§9.3 AW: four levels where SAGAW has three": {
    kind: "legacy",
    platform: "legacy-39",
    ours: () => IovirtTransport.create("legacy"),
  },
  "§9.9 IRTE.SID: not checked": {
    kind: "interrupts",
    platform: "legacy",
    ours: (platform) =>
      IovirtTransport.create(platform, ({ machine: { iommu } }) => {
        const remap = iommu.remap.bind(iommu);
        iommu.remap = (...request) => {
          const result = remap(...request);
          if (result.kind === "refused" && result.reason === FAULT_INTERRUPT_SOURCE) return { kind: "unchanged" };
          return result;
        };
      }),
  },
  "§11.4.7.6 FRCD.T1: reads and writes exchanged": {
    kind: "legacy",
    platform: "legacy",
    ours: async (platform) => {
      const flip = (line: string, answer: string): string =>
        line === `readl 0x${frcd.toString(16)}`
          ? `0x${((Number(answer) ^ (2 ** (FRCD_T1_LO - 96))) >>> 0).toString(16)}`
          : answer;
      return new Broken(await IovirtTransport.create(platform), keep, flip);
    },
  },
  "§9.7 first stage: D is not set": {
    kind: "scalable",
    platform: "first-stage-coherent",
    ours: async (platform) => {
      const clear = (line: string, answer: string): string =>
        /^read 0x2[0-3]\w{4} 8$/.test(line) && answer.length === 18
          ? `0x${(Number.parseInt(answer.slice(2, 4), 16) & ~0x40).toString(16).padStart(2, "0")}${answer.slice(4)}`
          : answer;
      return new Broken(await IovirtTransport.create(platform), keep, clear);
    },
  },
  "§6.5.2.3 IOTLB invalidation: not done": {
    kind: "legacy",
    platform: "legacy",
    ours: async (platform) => {
      const drop = (line: string): string => (/^writeq 0xfed900f8 0xb/.test(line) ? "endianness" : line);
      return new Broken(await IovirtTransport.create(platform), drop, (_, answer) => answer);
    },
  },
};

describe("a broken rule is found", () => {
  for (const [name, { kind, platform, ours }] of Object.entries(SABOTAGE)) {
    test(name, async (context) => {
      const pair = new PairOfPartners(needQemu(context), platform, ours);
      const made = KINDS.find((one) => one.name === kind && one.platform === platform);
      let found: Case | undefined;
      for (let index = 0; index < 400 && found === undefined; index++) {
        const one = makeCase(SEED, made as (typeof KINDS)[number], index);
        if ((await pair.run(one)).unexplained.length > 0) found = one;
      }
      await pair.close();
      expect(found, "no case of 400 differs").toBeDefined();
    });
  }
});

test("a case that differs is made smaller, and keeps what it shows", async () => {
  const word = (value: number): Step => ({ op: "words", at: "0x200000", words: [`0x${value.toString(16)}`] });
  const steps = [1, 2, 3, 0xabc0_0000_00ff, 5].map(word);
  const needed: Step = { op: "register", name: "IOTLB", value: "0x9000000000000000", needed: true };
  const differs = (test: Case): Promise<boolean> =>
    Promise.resolve(test.steps.some((step) => step.op === "words" && BigInt(step.words[0] as string) % 256n === 0xffn));
  const smaller = await shrink({ kind: "legacy", platform: "legacy", steps: [...steps, needed] }, differs);
  expect(smaller.steps).toHaveLength(2);
  expect(smaller.steps).toContainEqual(needed);
});
