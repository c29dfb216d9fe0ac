// Deviations of the invalidation queue.
import { TYPE_DEVICE_TLB, TYPE_PAGE_GROUP_RESPONSE } from "../../../assembly/spec/vtd/device-tlb-descriptors.ts";
import { FSTS_IQE_HI, FSTS_IQE_LO } from "../../../assembly/spec/vtd/fault-status.ts";
import type { Hex, Outcome } from "../case.ts";
import type { Pair } from "../compare.ts";
import { isEmptyWait, typeOf } from "../generate/registers.ts";
import { get, MemoryBefore } from "../memory.ts";
import type { Deviation, Registers } from "./deviation.ts";

/** Where one side stops at a descriptor of some kind and the other goes on. */
function atLastDescriptor(
  stops: "QEMU" | "iovirt",
  kind: (low: bigint) => boolean,
): (pair: Pair) => Outcome | undefined {
  return ({ test, part, index, qemu, ours, seen }) => {
    const left = part === "faults" ? seen.qemu.registers : qemu;
    const right = part === "faults" ? seen.ours.registers : ours;
    if (left?.kind !== "registers" || right?.kind !== "registers" || left.values.IQH === right.values.IQH)
      return undefined;
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
  for (const name of ["IQH", "FSTS", "FECTL", "ICS", "IECTL"])
    if (name in values) values[name] = ours.values[name] as Hex;
  return { ...qemu, values };
}

export const QUEUE_DEVIATIONS: readonly Deviation[] = [
  {
    name: "queue goes on later",
    clause: "VT-d 5.10 §6.5.2.11",
    qemu: "fetches no descriptor when software clears FSTS_REG.IQE, only at the next write of IQT_REG",
    without({ test, part, index, qemu, ours, seen }) {
      if (part !== "step" || qemu?.kind !== "registers" || ours?.kind !== "registers") return undefined;
      const [cleared, moved] = [test.steps[index - 1], test.steps[index + 1]];
      if (cleared?.op !== "register" || cleared.name !== "FSTS") return undefined;
      if (moved?.op !== "register" || moved.name !== "IQT") return undefined;
      // Ours is where QEMU comes to once it goes on, and stopped or not alike.
      const later = seen.qemu.steps[index + 2];
      if (later?.kind !== "registers" || later.values.IQH !== ours.values.IQH) return undefined;
      const error = (value: string | undefined): bigint => get(BigInt(value ?? 0), FSTS_IQE_HI, FSTS_IQE_LO);
      if (error(later.values.FSTS) !== error(ours.values.FSTS)) return undefined;
      const lags = qemu.values.IQH !== ours.values.IQH;
      return error(qemu.values.FSTS) === 0n && (lags || error(ours.values.FSTS) === 1n)
        ? replaceQueue(qemu, ours)
        : undefined;
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
  {
    name: "page group response in a legacy queue",
    clause: "VT-d 5.10 §6.5.2.11 table 26",
    qemu: "takes the descriptor, which scalable mode has, for valid in a queue of 128-bit descriptors",
    without: atLastDescriptor("iovirt", (low) => typeOf(low) === TYPE_PAGE_GROUP_RESPONSE),
  },
];
