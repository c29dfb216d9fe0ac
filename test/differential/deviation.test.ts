// The table of deviations explains what it names and no more: outcomes made up for both sides.
import { describe, expect, test } from "vitest";
import { FAULT_WRITE_DENIED } from "../../assembly/spec/vtd/fault-reason.ts";
import { GCMD_SRTP_LO, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { type Case, type FaultOutcome, type Hex, hex, type Outcome, type Step } from "./case.ts";
import { compare } from "./compare.ts";
import { EDU_FUNCTIONS, requesterId, TARGETS_BASE } from "./machine.ts";
import type { Seen } from "./run.ts";

const [ROOT, CONTEXTS, TABLES] = [0x20_0000, 0x20_1000, 0x20_2000];
const REQUESTER = requesterId(EDU_FUNCTIONS[0]);
const DOMAIN = 0x12;
const IOVA = 0x5008;
const LOOK: Step = { op: "faults", clear: true };

const words = (at: number, ...values: number[]): Step => ({
  op: "words",
  at: hex(at),
  words: values.map((value) => hex(value)),
});
const register = (name: "RTADDR" | "GCMD" | "IVA" | "IOTLB", value: bigint | number): Step => ({
  op: "register",
  name,
  value: hex(value),
});

/** Legacy mode, one page at 0x5000, read-only. */
function start(rights = 1): Step[] {
  return [
    words(ROOT, CONTEXTS | 1, 0),
    words(CONTEXTS + REQUESTER * 16, TABLES | 1, 2 | (DOMAIN << 8)),
    ...[0, 1, 2].map((level) => words(TABLES + level * 0x1000, (TABLES + (level + 1) * 0x1000) | 3)),
    words(TABLES + 0x3000 + 5 * 8, TARGETS_BASE | rights),
    register("RTADDR", ROOT),
    register("GCMD", 2 ** GCMD_SRTP_LO),
    register("GCMD", 2 ** GCMD_TE_LO),
  ];
}

const dma = (direction: "read" | "write", iova = IOVA, slot = 0): Step => ({
  op: "dma",
  direction,
  device: 0,
  iova: hex(iova),
  length: 8,
  slot,
});

function seen(steps: Outcome[], buffers: Outcome[] = []): Seen {
  const nothing = { registers: undefined, faults: undefined, tables: [], landed: undefined, interrupts: undefined };
  return { steps, buffers, ...nothing };
}

const caseOf = (steps: Step[]): Case => ({ kind: "legacy", platform: "legacy", steps });
const noFault: Outcome = { kind: "faults", status: 0, record: undefined };
function fault(reason: number, type: number, iova = IOVA): Outcome & { kind: "faults" } {
  const information: Hex = hex(iova & ~0xfff);
  const record: FaultOutcome = { reason, sourceId: REQUESTER, information, type, pasidPresent: false, pasid: 0 };
  return { kind: "faults", status: 2, record };
}

describe("no fault from a cached translation", () => {
  /** What is left unexplained when only ours reports the write that follows `between`. */
  function unexplained(between: Step[], first: Step = dma("read"), rights = 1): number {
    const steps = [...start(rights), first, LOOK, ...between, dma("write", IOVA, 1), LOOK];
    const left: Outcome[] = steps.map((step) => (step.op === "faults" ? noFault : undefined));
    const right = [...left.slice(0, -1), fault(FAULT_WRITE_DENIED, 0)];
    return compare(caseOf(steps), seen(left), seen(right)).unexplained.length;
  }
  const command = (granularity: bigint, domain: number): bigint =>
    (1n << 63n) | (granularity << 60n) | (BigInt(domain) << 32n);

  test.each<[string, number, Step[]]>([
    ["an earlier read left the page there", 0, []],
    ["pages beside it were invalidated", 0, [register("IVA", 0x6000), register("IOTLB", command(3n, DOMAIN))]],
    ["another domain was invalidated", 0, [register("IOTLB", command(2n, DOMAIN + 1))]],
    ["the page was invalidated", 1, [register("IVA", 0x4000 | 1), register("IOTLB", command(3n, DOMAIN))]],
    ["the domain was invalidated", 1, [register("IOTLB", command(2n, DOMAIN))]],
    ["everything was invalidated", 1, [register("IOTLB", command(1n, 0))]],
    ["the root table was set anew", 1, [register("GCMD", 2 ** GCMD_TE_LO + 2 ** GCMD_SRTP_LO)]],
  ])("%s: unexplained %i", (_, count, between) => {
    expect(unexplained(between)).toBe(count);
  });

  test("a read that was refused itself leaves nothing", () => {
    expect(unexplained([], dma("read"), 2)).toBe(1);
  });

  test("a read of another page neither", () => {
    expect(unexplained([], dma("read", IOVA + 0x1000))).toBe(1);
  });
});

describe("data of a refused read", () => {
  const zeros = "00".repeat(8);
  const ones = "ff".repeat(8);
  function unexplained(steps: Step[], look: Outcome, left = zeros, right = ones): number {
    const looks = steps.map((step) => (step.op === "faults" ? look : undefined));
    const buffer = (slot: string): Outcome => ({ kind: "buffer", device: 0, slots: { 0: slot } });
    return compare(caseOf(steps), seen(looks, [buffer(left)]), seen(looks, [buffer(right)])).unexplained.length;
  }

  test("zeros and ones where both report the read", () => {
    expect(unexplained([...start(2), dma("read"), LOOK], fault(6, 2))).toBe(0);
  });

  test("zeros and ones where the tables lead to no memory", () => {
    const away = words(TABLES + 0x3000 + 5 * 8, 0x8000_0001);
    expect(unexplained([...start(), away, dma("read"), LOOK], noFault)).toBe(0);
  });

  test("zeros and ones of a read that was to reach memory are unexplained", () => {
    expect(unexplained([...start(), dma("read"), LOOK], noFault)).toBe(1);
  });

  test("what came before the refused page has to agree", () => {
    const crossing = dma("read", 0x5ffc);
    const half = `${"00".repeat(4)}${"ff".repeat(4)}`;
    expect(unexplained([...start(), crossing, LOOK], fault(6, 2, 0x6000), zeros, half)).toBe(0);
    expect(unexplained([...start(), crossing, LOOK], fault(6, 2, 0x6000))).toBe(1);
  });

  test("other bytes are unexplained", () => {
    expect(unexplained([...start(2), dma("read"), LOOK], fault(6, 2), "01".repeat(8))).toBe(1);
  });
});
