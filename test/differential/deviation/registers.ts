// Deviations that show in what registers read.
import * as ccmd from "../../../assembly/spec/vtd/context-command.ts";
import { GRANULARITY_DOMAIN, GRANULARITY_GLOBAL } from "../../../assembly/spec/vtd/descriptors.ts";
import { GCMD_QIE_LO, GSTS_CFIS_HI, GSTS_CFIS_LO } from "../../../assembly/spec/vtd/global.ts";
import { IRTA_EIME_HI, IRTA_EIME_LO } from "../../../assembly/spec/vtd/interrupt-table-address.ts";
import * as iqa from "../../../assembly/spec/vtd/invalidation-queue.ts";
import * as iotlb from "../../../assembly/spec/vtd/iotlb-registers.ts";
import { RTADDR_TTM_HI, RTADDR_TTM_LO } from "../../../assembly/spec/vtd/root-table-address.ts";
import { hex, type Outcome, type RegisterName, type Step } from "../case.ts";
import type { Pair } from "../compare.ts";
import { whole } from "../generate/choice.ts";
import { PLATFORMS, QUEUE_BASE } from "../machine.ts";
import { get, MemoryBefore } from "../memory.ts";
import type { Deviation } from "./deviation.ts";

const IQA_FIELDS: bigint =
  whole(iqa.IQA_IQA_HI, iqa.IQA_IQA_LO) | whole(iqa.IQA_DW_HI, iqa.IQA_DW_LO) | whole(iqa.IQA_QS_HI, iqa.IQA_QS_LO);

interface RegisterLook {
  name: string;
  left: bigint;
  right: bigint;
  /** What the case wrote last; 0 before. */
  written: bigint;
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
function register(
  names: readonly RegisterName[],
  explain: (look: RegisterLook) => bigint | undefined,
): (pair: Pair) => Outcome | undefined {
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
      const before = new MemoryBefore(test, steps.length);
      const mode = get(before.register("RTADDR"), RTADDR_TTM_HI, RTADDR_TTM_LO);
      const written = before.register(name);
      const look = { name, left: BigInt(left), right: BigInt(right), written, width, beside, mode, extended };
      const without = explain(look);
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
  return name === "CCMD"
    ? whole(ccmd.CCMD_CAIG_HI, ccmd.CCMD_CAIG_LO)
    : whole(iotlb.IOTLB_IAIG_HI, iotlb.IOTLB_IAIG_LO);
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

export const REGISTER_DEVIATIONS: readonly Deviation[] = [
  {
    name: "write-only fields",
    clause: "VT-d 5.10 §11.4.6.1 CCMD_REG.SID, FM",
    qemu: "reads the fields that are only written as 0; ours as they were written (the value is undefined)",
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
    without: register(["FEUADDR", "IEUADDR"], ({ left, right, written }) =>
      left === 0n && right === get(written, 31, 0) ? right : undefined,
    ),
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
    without: register(["IRTA"], ({ left, extended }) =>
      extended ? undefined : left & ~whole(IRTA_EIME_HI, IRTA_EIME_LO),
    ),
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
      const width = Number(PLATFORMS[test.platform]?.["aw-bits"] ?? "48");
      const written = new MemoryBefore(test, before).register("IQA") & IQA_FIELDS & whole(width - 1, 0);
      return BigInt(left) >> 12n === used >> 12n && BigInt(right) === written
        ? { ...qemu, values: { ...qemu.values, IQA: right } }
        : undefined;
    },
  },
];
