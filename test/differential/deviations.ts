// Where QEMU 11.1 leaves VT-d 5.10: what it does instead, and exactly when that explains a difference.

import { TESTDEV_RESULT_MISMATCH, TESTDEV_RESULT_WRITE_FAILED } from "../../assembly/spec/testdev/iommu-testdev.ts";
import * as ccmd from "../../assembly/spec/vtd/context-command.ts";
import * as context from "../../assembly/spec/vtd/context-entry.ts";
import { GRANULARITY_DOMAIN, GRANULARITY_GLOBAL } from "../../assembly/spec/vtd/descriptors.ts";
import * as reason from "../../assembly/spec/vtd/fault-reason.ts";
import { GCMD_QIE_LO } from "../../assembly/spec/vtd/global.ts";
import { type FaultOutcome, hex, type Outcome, type Step } from "./case.ts";
import type { Pair } from "./compare.ts";
import { whole } from "./generate/choice.ts";
import { PLATFORMS, QUEUE_BASE } from "./machine.ts";
import { accessBefore, get, isWrite, MemoryBefore, requesterOf } from "./memory.ts";

export interface Deviation {
  name: string;
  /** The clause that decides. */
  clause: string;
  /** What QEMU does. */
  qemu: string;
  /** QEMU's outcome as it would be without this deviation; undefined where it does not apply. */
  without(pair: Pair): Outcome | undefined;
}

type Access = Step & { op: "dma" | "probe" | "message" };
type Faults = Outcome & { kind: "faults" };
interface Look {
  pair: Pair;
  access: Access;
  accessIndex: number;
  qemu: Faults;
  ours: Faults;
  memory: MemoryBefore;
  /** Bits of an address that the unit translates at most. */
  width: number;
}

/** For deviations that show in what a look at the faults finds after an access. */
function afterAccess(explain: (look: Look) => Outcome | undefined): (pair: Pair) => Outcome | undefined {
  return (pair) => {
    const { test, index, qemu, ours, part } = pair;
    if (part !== "step" || qemu?.kind !== "faults" || ours?.kind !== "faults") return undefined;
    const access = accessBefore(test, index);
    if (access === undefined) return undefined;
    const memory = new MemoryBefore(test, access.index);
    const width = Number(PLATFORMS[test.platform]?.["aw-bits"] ?? "48");
    return explain({ pair, access: access.step, accessIndex: access.index, qemu, ours, memory, width });
  };
}

/** The look without a record on QEMU's side, where the record was to be suppressed. */
const NO_FAULT: Faults = { kind: "faults", status: 0, record: undefined };

function only(left: FaultOutcome | undefined, wanted: number): boolean {
  return left !== undefined && left.reason === wanted;
}

export const DEVIATIONS: readonly Deviation[] = [
  {
    name: "reserved context entry is not qualified",
    clause: "VT-d 5.10 §7.1.3 LCT.3 (Bh)",
    qemu: "records reserved bits of a context entry although its FPD is set",
    without: afterAccess(({ qemu, ours, memory, access }) => {
      const [low] = memory.context(requesterOf(access));
      const suppressed = get(low, context.CONTEXT_FPD_HI, context.CONTEXT_FPD_LO) === 1n;
      return only(qemu.record, reason.FAULT_CONTEXT_RESERVED) && suppressed && ours.record === undefined
        ? NO_FAULT
        : undefined;
    }),
  },
  {
    name: "fault information beyond MGAW",
    clause: "VT-d 5.10 §11.4.7.6 FRCD_REG.FI",
    qemu: "keeps the address bits above MGAW in FI, which hardware treats as reserved",
    without: afterAccess(({ qemu, width }) => {
      if (qemu.record === undefined || BigInt(qemu.record.information) >> BigInt(width) === 0n) return undefined;
      const information = hex(BigInt(qemu.record.information) & whole(width - 1, 0));
      return { ...qemu, record: { ...qemu.record, information } };
    }),
  },
  {
    name: "pass-through of any address",
    clause: "VT-d 5.10 §7.1.3 LGN.1.3 (4h)",
    qemu: "lets a pass-through request above the host address width pass",
    without: afterAccess(({ qemu, ours, memory, access, width }) => {
      if (access.op === "message" || qemu.record !== undefined || !only(ours.record, reason.FAULT_ADDRESS_BEYOND_WIDTH))
        return undefined;
      const [low] = memory.context(requesterOf(access));
      const passed = get(low, context.CONTEXT_TT_HI, context.CONTEXT_TT_LO) === BigInt(context.CONTEXT_TT_PASS_THROUGH);
      return passed && BigInt(access.iova) >> BigInt(width) !== 0n ? ours : undefined;
    }),
  },
  {
    name: "pass-through entry's table pointer",
    clause: "VT-d 5.10 §9.3 SSPTPTR",
    qemu: "refuses bits beyond the host address width in SSPTPTR, which is ignored for TT=10b",
    without: afterAccess(({ qemu, ours, memory, access, width }) => {
      const [low, high] = memory.context(requesterOf(access));
      const ignored = whole(context.CONTEXT_SSPTPTR_HI, width);
      const reserved = whole(context.CONTEXT_RESERVED_LOW_HI, context.CONTEXT_RESERVED_LOW_LO) & low;
      const upper = high & ~whole(context.CONTEXT_DID_HI - 64, context.CONTEXT_AW_LO - 64);
      const passed = get(low, context.CONTEXT_TT_HI, context.CONTEXT_TT_LO) === BigInt(context.CONTEXT_TT_PASS_THROUGH);
      if (!passed || (low & ignored) === 0n || reserved !== 0n || upper !== 0n) return undefined;
      return only(qemu.record, reason.FAULT_CONTEXT_RESERVED) ? ours : undefined;
    }),
  },
  {
    name: "coarser context invalidation",
    clause: "VT-d 5.10 §11.4.6.1 CCMD_REG.CAIG",
    qemu: "does a domain-selective invalidation of the context cache globally, and says so in CAIG (allowed)",
    without({ qemu, ours }) {
      if (qemu?.kind !== "registers" || ours?.kind !== "registers") return undefined;
      const [left, right] = [qemu.values.CCMD, ours.values.CCMD];
      if (left === undefined || right === undefined) return undefined;
      const granularity = (word: string): number => Number(get(BigInt(word), ccmd.CCMD_CAIG_HI, ccmd.CCMD_CAIG_LO));
      const others = (BigInt(left) ^ BigInt(right)) & ~whole(ccmd.CCMD_CAIG_HI, ccmd.CCMD_CAIG_LO);
      if (others !== 0n || granularity(left) !== GRANULARITY_GLOBAL || granularity(right) !== GRANULARITY_DOMAIN)
        return undefined;
      return { ...qemu, values: { ...qemu.values, CCMD: right } };
    },
  },
  {
    name: "write-only fields",
    clause: "VT-d 5.10 §11.4.6.1 CCMD_REG.SID, FM",
    qemu: "reads the fields that are only written as 0; ours as they were written (either is allowed)",
    without({ qemu, ours }) {
      if (qemu?.kind !== "registers" || ours?.kind !== "registers") return undefined;
      const [left, right] = [qemu.values.CCMD, ours.values.CCMD];
      if (left === undefined || right === undefined) return undefined;
      const written = whole(ccmd.CCMD_FM_HI, ccmd.CCMD_SID_LO);
      if ((BigInt(left) & written) !== 0n) return undefined;
      return { ...qemu, values: { ...qemu.values, CCMD: hex(BigInt(left) | (BigInt(right) & written)) } };
    },
  },
  {
    name: "write where nothing answers",
    clause: "PCIe 6.0 §2.4.1 (posted requests): not VT-d's",
    qemu: "tells iommu-testdev that a translated write reached no memory; ours finds out when it looks for the data",
    without({ qemu, ours }) {
      if (qemu?.kind !== "probe" || ours?.kind !== "probe") return undefined;
      const told = qemu.result === TESTDEV_RESULT_WRITE_FAILED && ours.result === TESTDEV_RESULT_MISMATCH;
      return told ? ours : undefined;
    },
  },
  {
    name: "no fault from a cached translation",
    clause: "VT-d 5.10 §7.1.3 LGN.2, LGN.3 (5h, 6h)",
    qemu: "drops an access that the IOTLB entry of an earlier one does not allow, without a fault",
    without: afterAccess((look) => {
      const { qemu, ours, access } = look;
      const wanted = isWrite(access) ? reason.FAULT_WRITE_DENIED : reason.FAULT_READ_DENIED;
      return qemu.record === undefined && only(ours.record, wanted) && cachedForTheOther(look) ? ours : undefined;
    }),
  },
  {
    name: "data of a refused read",
    clause: "VT-d 5.10 §7.1.1",
    qemu: "completes a refused read, and one where nothing answers, with zeros; ours with ones (either is allowed)",
    without({ qemu, ours }) {
      if (qemu?.kind !== "buffer" || ours?.kind !== "buffer") return undefined;
      const slots = { ...qemu.slots };
      for (const [slot, left] of Object.entries(qemu.slots)) {
        const right = ours.slots[Number(slot)] as string;
        const bytes = left.match(/../g) ?? [];
        const refused = bytes.every((byte, at) => {
          const other = right.slice(at * 2, at * 2 + 2);
          return byte === other || (byte === "00" && other === "ff");
        });
        if (refused) slots[Number(slot)] = right;
      }
      return { ...qemu, slots };
    },
  },
  {
    name: "IQA shows the queue in use",
    clause: "VT-d 5.10 §11.4.9.3 IQA_REG.IQA",
    qemu: "reads the base as it was when the queue was last enabled, not as it was written last",
    without({ test, part, index, qemu, ours }) {
      if (qemu?.kind !== "registers" || ours?.kind !== "registers") return undefined;
      const before = part === "step" ? index : test.steps.length;
      const left = qemu.values.IQA;
      const right = ours.values.IQA;
      if (left === undefined || right === undefined) return undefined;
      const used = queueInUse(test.steps.slice(0, before));
      return BigInt(left) >> 12n === used >> 12n ? { ...qemu, values: { ...qemu.values, IQA: right } } : undefined;
    },
  },
];

/** IQA_REG as it was when the queue was enabled last; between cases that is the runner's. */
function queueInUse(steps: readonly Step[]): bigint {
  let written = 0n;
  let used = BigInt(QUEUE_BASE);
  let enabled = false;
  for (const step of steps) {
    if (step.op !== "register") continue;
    if (step.name === "IQA") written = BigInt(step.value);
    if (step.name !== "GCMD") continue;
    const on = ((BigInt(step.value) >> BigInt(GCMD_QIE_LO)) & 1n) === 1n;
    if (on && !enabled) used = written;
    enabled = on;
  }
  return used;
}

/** Whether an earlier access of the other direction, by the same requester, went through the same page. */
function cachedForTheOther({ pair, access, accessIndex, memory }: Look): boolean {
  if (access.op === "message") return false;
  const requester = requesterOf(access);
  const [low, high] = memory.context(requester);
  const top = low & whole(context.CONTEXT_SSPTPTR_HI, context.CONTEXT_SSPTPTR_LO);
  const levels = Number(get(high, context.CONTEXT_AW_HI - 64, context.CONTEXT_AW_LO - 64)) + 2;
  const iova = BigInt(access.iova);
  const shift = memory.secondStagePage(top, levels, iova);
  if (shift === undefined) return false;
  return pair.test.steps.slice(0, accessIndex).some((step) => {
    if (step.op !== "dma" && step.op !== "probe") return false;
    if (requesterOf(step) !== requester || isWrite(step) === isWrite(access)) return false;
    return BigInt(step.iova) >> BigInt(shift) === iova >> BigInt(shift);
  });
}
