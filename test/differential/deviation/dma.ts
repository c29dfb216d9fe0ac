// Deviations that show after DMA in legacy mode, and those of any DMA.
import { TESTDEV_RESULT_MISMATCH, TESTDEV_RESULT_WRITE_FAILED } from "../../../assembly/spec/testdev/iommu-testdev.ts";
import * as context from "../../../assembly/spec/vtd/context-entry.ts";
import * as reason from "../../../assembly/spec/vtd/fault-reason.ts";
import { isInterruptFault } from "../../../host/machine/fault.ts";
import { type FaultOutcome, hex } from "../case.ts";
import { whole } from "../generate/choice.ts";
import { get, isWrite, requesterOf } from "../memory.ts";
import { cachedForTheOther } from "./cached.ts";
import { afterAccess, type Deviation, type Faults, judgedAs } from "./deviation.ts";
import { refusedFrom } from "./refused-read.ts";

/** The look without a record on QEMU's side, where the record was to be suppressed. */
const NO_FAULT: Faults = { kind: "faults", status: 0, record: undefined };

function only(left: FaultOutcome | undefined, wanted: number): boolean {
  return left !== undefined && left.reason === wanted;
}

export const DMA_DEVIATIONS: readonly Deviation[] = [
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
    without: afterAccess((look) => {
      const { qemu, ours, memory, access, width } = look;
      if (access.op === "message" || qemu.record !== undefined || !only(ours.record, reason.FAULT_ADDRESS_BEYOND_WIDTH))
        return undefined;
      const [low] = memory.context(requesterOf(access));
      const passed = get(low, context.CONTEXT_TT_HI, context.CONTEXT_TT_LO) === BigInt(context.CONTEXT_TT_PASS_THROUGH);
      return passed && BigInt(access.iova) >> BigInt(width) !== 0n ? judgedAs(look) : undefined;
    }),
  },
  {
    name: "pass-through entry's table pointer",
    clause: "VT-d 5.10 §9.3 SSPTPTR",
    qemu: "refuses bits beyond the host address width in SSPTPTR, which is ignored for TT=10b",
    without: afterAccess((look) => {
      const { qemu, memory, access, width } = look;
      const [low, high] = memory.context(requesterOf(access));
      const ignored = whole(context.CONTEXT_SSPTPTR_HI, width);
      const reserved = whole(context.CONTEXT_RESERVED_LOW_HI, context.CONTEXT_RESERVED_LOW_LO) & low;
      const upper = high & ~whole(context.CONTEXT_DID_HI - 64, context.CONTEXT_AW_LO - 64);
      const passed = get(low, context.CONTEXT_TT_HI, context.CONTEXT_TT_LO) === BigInt(context.CONTEXT_TT_PASS_THROUGH);
      if (!passed || (low & ignored) === 0n || reserved !== 0n || upper !== 0n) return undefined;
      return only(qemu.record, reason.FAULT_CONTEXT_RESERVED) ? judgedAs(look) : undefined;
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
      const wanted = isWrite(access)
        ? [reason.FAULT_WRITE_DENIED, reason.FAULT_SM_WRITE_DENIED]
        : [reason.FAULT_READ_DENIED, reason.FAULT_SM_READ_DENIED];
      const denied = ours.record !== undefined && wanted.includes(ours.record.reason);
      return qemu.record === undefined && denied && cachedForTheOther(look) ? judgedAs(look) : undefined;
    }),
  },
  {
    name: "data of a refused read",
    clause: "VT-d 5.10 §7.1.1",
    qemu: "completes a refused read, and one where nothing answers, with zeros; ours with ones (either is allowed)",
    without({ test, seen, qemu, ours }) {
      if (qemu?.kind !== "buffer" || ours?.kind !== "buffer") return undefined;
      const slots = { ...qemu.slots };
      for (const [slot, left] of Object.entries(qemu.slots)) {
        const right = ours.slots[Number(slot)] as string;
        if (left === right) continue;
        const from = refusedFrom(test, seen.ours, qemu.device, Number(slot)) ?? left.length;
        const bytes = left.match(/../g) ?? [];
        const refused = bytes.every((byte, at) => {
          const other = right.slice(at * 2, at * 2 + 2);
          return byte === other || (at >= from && byte === "00" && other === "ff");
        });
        if (refused) slots[Number(slot)] = right;
      }
      return { ...qemu, slots };
    },
  },
];
