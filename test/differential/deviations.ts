// Where QEMU 11.1 leaves VT-d 5.10: what it does instead, and exactly when that explains a difference.

import { RTADDR_TTM_HI, RTADDR_TTM_LO } from "../../assembly/spec/vtd/root-table-address.ts";
import { TESTDEV_RESULT_MISMATCH, TESTDEV_RESULT_WRITE_FAILED } from "../../assembly/spec/testdev/iommu-testdev.ts";
import * as ccmd from "../../assembly/spec/vtd/context-command.ts";
import * as context from "../../assembly/spec/vtd/context-entry.ts";
import { GRANULARITY_DOMAIN, GRANULARITY_GLOBAL } from "../../assembly/spec/vtd/descriptors.ts";
import { TYPE_DEVICE_TLB } from "../../assembly/spec/vtd/device-tlb-descriptors.ts";
import * as reason from "../../assembly/spec/vtd/fault-reason.ts";
import { FSTS_IQE_HI, FSTS_IQE_LO } from "../../assembly/spec/vtd/fault-status.ts";
import { IRTA_EIME_HI, IRTA_EIME_LO } from "../../assembly/spec/vtd/interrupt-table-address.ts";
import * as iotlb from "../../assembly/spec/vtd/iotlb-registers.ts";
import { GCMD_QIE_LO, GSTS_CFIS_HI, GSTS_CFIS_LO } from "../../assembly/spec/vtd/global.ts";
import { isInterruptFault } from "../../host/machine/fault.ts";
import { type FaultOutcome, type Hex, hex, type InterruptOutcome, type Outcome, type RegisterName, type Step } from "./case.ts";
import { decide } from "./interrupt-rules.ts";
import type { Pair } from "./compare.ts";
import { whole } from "./generate/choice.ts";
import { isEmptyWait, typeOf } from "./generate/registers.ts";
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
type Registers = Outcome & { kind: "registers" };
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

/** A rule about interrupt requests: it shows in the fault after a message, and in what became of the message. */
function interruptRule(rule: string): (pair: Pair) => Outcome | undefined {
  return (pair) => {
    const { test, qemu, ours } = pair;
    if (qemu?.kind === "interrupts" && ours?.kind === "interrupts") {
      if (qemu.messages.length !== ours.messages.length) return undefined;
      const steps = [...test.steps.entries()].filter(([, { op }]) => op === "message");
      const messages = qemu.messages.map((message, place) => {
        const [index, step] = steps[place] as [number, Step & { op: "message" }];
        const decision = decide(test, index, step);
        const right = ours.messages[place] as InterruptOutcome | null;
        if (decision?.rule !== rule || (decision.qemu === undefined) !== (message !== null)) return message;
        return (decision.specification === undefined) === (right !== null) ? right : message;
      });
      return { ...qemu, messages };
    }
    return afterAccess((look) => {
      if (look.access.op !== "message") return undefined;
      const decision = decide(test, look.accessIndex, look.access);
      if (decision?.rule !== rule) return undefined;
      const shown = (reason: number | undefined): number | undefined => (decision.suppressed ? undefined : reason);
      if (look.qemu.record?.reason !== shown(decision.qemu)) return undefined;
      return look.ours.record?.reason === shown(decision.specification) ? look.ours : undefined;
    })(pair);
  };
}

interface RegisterLook {
  name: string;
  left: bigint;
  right: bigint;
  /** Bits of an address of the host. */
  width: number;
  /** Whether the queue was on at a command that invalidates by this register. */
  beside: boolean;
  /** RTADDR_REG.TTM as written last. */
  mode: bigint;
  /** ECAP_REG.EIM. */
  extended: boolean;
}

/** For deviations that show in single registers: `explain` says what QEMU's would hold. */
function register(names: readonly RegisterName[], explain: (look: RegisterLook) => bigint | undefined): (pair: Pair) => Outcome | undefined {
  return ({ test, part, index, qemu, ours }) => {
    if (qemu?.kind !== "registers" || ours?.kind !== "registers") return undefined;
    const width = Number(PLATFORMS[test.platform]?.["aw-bits"] ?? "48");
    const extended = PLATFORMS[test.platform]?.eim === "on";
    const values = { ...qemu.values };
    for (const name of names) {
      const [left, right] = [qemu.values[name], ours.values[name]];
      if (left === undefined || right === undefined || left === right) continue;
      const steps = test.steps.slice(0, part === "step" ? index : undefined);
      const beside = commandBesideQueue(steps, name);
      const mode = get(new MemoryBefore(test, steps.length).register("RTADDR"), RTADDR_TTM_HI, RTADDR_TTM_LO);
      const without = explain({ name, left: BigInt(left), right: BigInt(right), width, beside, mode, extended });
      if (without !== undefined) values[name] = hex(without);
    }
    return { ...qemu, values };
  };
}

/** Whether a register was told to invalidate while the queue was on. */
function commandBesideQueue(steps: readonly Step[], name: RegisterName): boolean {
  let on = false;
  for (const step of steps) {
    if (step.op !== "register") continue;
    if (step.name === "GCMD") on = ((BigInt(step.value) >> BigInt(GCMD_QIE_LO)) & 1n) === 1n;
    if (step.name === name && on && BigInt(step.value) >> 63n === 1n) return true;
  }
  return false;
}

function granularityBits(name: string): bigint {
  return name === "CCMD" ? whole(ccmd.CCMD_CAIG_HI, ccmd.CCMD_CAIG_LO) : whole(iotlb.IOTLB_IAIG_HI, iotlb.IOTLB_IAIG_LO);
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
      if (qemu.record === undefined || isInterruptFault(qemu.record.reason)) return undefined;
      if (BigInt(qemu.record.information) >> BigInt(width) === 0n) return undefined;
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
    name: "upper message addresses",
    clause: "VT-d 5.10 §11.4.7.5 FEUADDR_REG, §11.4.9.8 IEUADDR_REG",
    qemu: "has no upper message address registers although it reports EIM",
    without: register(["FEUADDR", "IEUADDR"], ({ left, right }) => (left === 0n ? right : undefined)),
  },
  {
    name: "invalidation event data",
    clause: "VT-d 5.10 §11.4.9.6 IEDATA_REG",
    qemu: "keeps bits 31:16, which are reserved",
    without: register(["IEDATA"], ({ left, right }) => (get(left, 15, 0) === right ? right : undefined)),
  },
  {
    name: "EIME without EIM",
    clause: "VT-d 5.10 §11.4.10 IRTA_REG.EIME",
    qemu: "keeps the bit, which is reserved without ECAP_REG.EIM",
    without: register(["IRTA"], ({ left, extended }) => (extended ? undefined : left & ~whole(IRTA_EIME_HI, IRTA_EIME_LO))),
  },
  {
    name: "table addresses beyond the host",
    clause: "VT-d 5.10 §11.4.5 RTADDR_REG.RTA, §11.4.10 IRTA_REG.IRTA, §11.4.9.3 IQA_REG.IQA",
    qemu: "keeps address bits beyond the host address width (allowed)",
    without: register(["RTADDR", "IRTA", "IQA"], ({ left, right, width }) => {
      return (left & whole(width - 1, 0)) === right ? right : undefined;
    }),
  },
  {
    name: "compatibility format interrupts",
    clause: "VT-d 5.10 §11.4.4.1 GCMD_REG.CFI",
    qemu: "ignores the command; GSTS_REG.CFIS stays clear",
    without: register(["GSTS"], ({ left, right }) => {
      const bit = whole(GSTS_CFIS_HI, GSTS_CFIS_LO);
      return (left & bit) === 0n && (right & bit) !== 0n ? left | bit : undefined;
    }),
  },
  {
    name: "register invalidation beside the queue",
    clause: "VT-d 5.10 §6.5.1 (software must not use both)",
    qemu: "leaves the command pending for ever while the queue is on",
    without: register(["CCMD", "IOTLB"], ({ name, left, right, beside }) => {
      const others = (left ^ right) & ~granularityBits(name) & whole(62, 0);
      return beside && others === 0n ? right : undefined;
    }),
  },
  {
    name: "register invalidation outside legacy mode",
    clause: "VT-d 5.10 §11.4.6.1 CCMD_REG, §11.4.6.3 IOTLB_REG",
    qemu: "invalidates whatever RTADDR_REG.TTM says; ours reports granularity 0, nothing done",
    without: register(["CCMD", "IOTLB"], ({ name, left, right, mode }) => {
      const bits = granularityBits(name);
      return mode !== 0n && (right & bits) === 0n && ((left ^ right) & ~bits) === 0n ? right : undefined;
    }),
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
  {
    name: "compatibility format",
    clause: "VT-d 5.10 §5.1.4 (25h)",
    qemu: "delivers a message in compatibility format although remapping is on and GSTS_REG.CFIS is clear",
    without: interruptRule("compatibility"),
  },
  {
    name: "bus range",
    clause: "VT-d 5.10 §9.9 IRTE.SVT (10b)",
    qemu: "takes the first and the last bus of SID in exchanged places",
    without: interruptRule("bus range"),
  },
  {
    name: "reserved before requester",
    clause: "VT-d 5.10 §5.1.4",
    qemu: "reports reserved bits of an entry (24h) before it checks the requester (26h)",
    without: interruptRule("order"),
  },
  {
    name: "reserved encodings of an entry",
    clause: "VT-d 5.10 §9.9 IRTE.DST, DLM, IM, SVT (24h)",
    qemu: "ignores DST bits reserved without EIME, DLM 3 and 6 and IM=1 without posting; calls SVT=11b a wrong requester",
    without: interruptRule("reserved fields"),
  },
  {
    name: "queue goes on later",
    clause: "VT-d 5.10 §6.5.2.11",
    qemu: "fetches no descriptor when software clears FSTS_REG.IQE, only at the next write of IQT_REG",
    without({ test, part, index, qemu, ours }) {
      if (part !== "step" || qemu?.kind !== "registers" || ours?.kind !== "registers") return undefined;
      const cleared = test.steps[index - 1];
      if (cleared?.op !== "register" || cleared.name !== "FSTS") return undefined;
      const error = (value: string | undefined): bigint => get(BigInt(value ?? 0), FSTS_IQE_HI, FSTS_IQE_LO);
      const lags = qemu.values.IQH !== ours.values.IQH;
      return error(qemu.values.FSTS) === 0n && (lags || error(ours.values.FSTS) === 1n) ? replaceQueue(qemu, ours) : undefined;
    },
  },
  {
    name: "empty wait",
    clause: "VT-d 5.10 §6.5.2.9 inv_wait_dsc",
    qemu: "stops at a wait descriptor with IF, SW and FN clear, which asks for nothing and is not invalid",
    without: atLastDescriptor("QEMU", isEmptyWait),
  },
  {
    name: "device-TLB invalidation without device TLBs",
    clause: "VT-d 5.10 §6.5.2.11, §11.4.9.9 IQERCD_REG.IQEI",
    qemu: "takes the descriptor for valid although ECAP_REG.DT is clear",
    without: atLastDescriptor("iovirt", (low) => typeOf(low) === TYPE_DEVICE_TLB),
  },
];

/** Where one side stops at a descriptor of some kind and the other goes on. */
function atLastDescriptor(stops: "QEMU" | "iovirt", kind: (low: bigint) => boolean): (pair: Pair) => Outcome | undefined {
  return ({ test, part, index, qemu, ours, seen }) => {
    const left = part === "faults" ? seen.qemu.registers : qemu;
    const right = part === "faults" ? seen.ours.registers : ours;
    if (left?.kind !== "registers" || right?.kind !== "registers" || left.values.IQH === right.values.IQH) return undefined;
    const { values } = stops === "QEMU" ? left : right;
    const memory = new MemoryBefore(test, part === "step" ? index : test.steps.length);
    const low = memory.word((memory.register("IQA") & ~0xfffn) + BigInt(values.IQH ?? 0));
    const stopped = get(BigInt(values.FSTS ?? 0), FSTS_IQE_HI, FSTS_IQE_LO) === 1n;
    if (!kind(low) || !stopped) return undefined;
    if (qemu?.kind === "registers" && ours?.kind === "registers") return replaceQueue(qemu, ours);
    return qemu?.kind === "faults" && ours?.kind === "faults" ? { ...qemu, status: ours.status } : undefined;
  };
}

/** QEMU's registers with those that a stopped queue shows in taken from ours. */
function replaceQueue(qemu: Registers, ours: Registers): Registers {
  const values = { ...qemu.values };
  for (const name of ["IQH", "FSTS", "FECTL", "ICS", "IECTL"]) if (name in values) values[name] = ours.values[name] as Hex;
  return { ...qemu, values };
}

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
