// What becomes of an interrupt request: by VT-d 5.10, and as QEMU 11.1 decides it. Both from the table entry alone.
import {
  FAULT_INTERRUPT_COMPATIBILITY,
  FAULT_INTERRUPT_ENTRY_RESERVED,
  FAULT_INTERRUPT_NOT_PRESENT,
  FAULT_INTERRUPT_SOURCE,
} from "../../assembly/spec/vtd/fault-reason.ts";
import { GCMD_IRE_LO } from "../../assembly/spec/vtd/global.ts";
import * as request from "../../assembly/spec/vtd/interrupt-request.ts";
import * as table from "../../assembly/spec/vtd/interrupt-table-address.ts";
import * as irte from "../../assembly/spec/vtd/irte.ts";
import type { Case, Step } from "./case.ts";
import { whole } from "./generate/choice.ts";
import { get, MemoryBefore, requesterOf } from "./memory.ts";

type Message = Step & { op: "message" };
type Rule = "compatibility" | "bus range" | "order" | "reserved fields";

export interface Decision {
  /** Fault reasons, undefined for an interrupt that passes. */
  specification: number | undefined;
  qemu: number | undefined;
  /** The entry suppresses faults. */
  suppressed: boolean;
  /** The rule that makes them differ. */
  rule: Rule | undefined;
}

/** How a message is decided before step `index`; undefined where no entry decides. */
export function decide(test: Case, index: number, message: Message): Decision | undefined {
  const memory = new MemoryBefore(test, index);
  if (((memory.register("GCMD") >> BigInt(GCMD_IRE_LO)) & 1n) === 0n) return undefined;
  const address = BigInt(message.address);
  if (get(address, request.REQUEST_ADDRESS_FORMAT_HI, request.REQUEST_ADDRESS_FORMAT_LO) === 0n) {
    return { specification: FAULT_INTERRUPT_COMPATIBILITY, qemu: undefined, suppressed: false, rule: "compatibility" };
  }
  let handle = get(address, request.REQUEST_ADDRESS_HANDLE_LOW_HI, request.REQUEST_ADDRESS_HANDLE_LOW_LO);
  const upper = get(address, request.REQUEST_ADDRESS_HANDLE_HIGH_HI, request.REQUEST_ADDRESS_HANDLE_HIGH_LO);
  handle |= upper << BigInt(request.REQUEST_HANDLE_LOW_WIDTH);
  if (get(address, request.REQUEST_ADDRESS_SHV_HI, request.REQUEST_ADDRESS_SHV_LO) === 1n)
    handle += BigInt(message.data);
  const base = memory.register("IRTA");
  if (handle >= 2n << get(base, table.IRTA_S_HI, table.IRTA_S_LO)) return undefined;
  const at = (base & ~0xfffn) + handle * BigInt(irte.IRTE_SIZE);
  const extended = get(base, table.IRTA_EIME_HI, table.IRTA_EIME_LO) === 1n;
  return byEntry(memory.word(at), memory.word(at + 8n), requesterOf(message), extended);
}

function byEntry(low: bigint, high: bigint, requester: number, extended: boolean): Decision {
  const suppressed = get(low, irte.IRTE_FPD_HI, irte.IRTE_FPD_LO) === 1n;
  if (get(low, irte.IRTE_P_HI, irte.IRTE_P_LO) === 0n) {
    const reason = FAULT_INTERRUPT_NOT_PRESENT;
    return { specification: reason, qemu: reason, suppressed, rule: undefined };
  }
  const both =
    (low &
      (whole(irte.IRTE_RESERVED_12_HI, irte.IRTE_RESERVED_12_LO) |
        whole(irte.IRTE_RESERVED_24_HI, irte.IRTE_RESERVED_24_LO))) |
    (high & whole(irte.IRTE_RESERVED_84_HI - 64, irte.IRTE_RESERVED_84_LO - 64));
  const type = Number(get(high, irte.IRTE_SVT_HI - 64, irte.IRTE_SVT_LO - 64));
  const mode = Number(get(low, irte.IRTE_DLM_HI, irte.IRTE_DLM_LO));
  const narrow =
    low & whole(irte.IRTE_DST_HI, irte.IRTE_DST_LO) & ~whole(irte.IRTE_DST_XAPIC_HI, irte.IRTE_DST_XAPIC_LO);
  const unchecked =
    get(low, irte.IRTE_IM_HI, irte.IRTE_IM_LO) === 1n ||
    mode === irte.DLM_RESERVED_3 ||
    mode === irte.DLM_RESERVED_6 ||
    type === irte.SVT_RESERVED ||
    (!extended && narrow !== 0n);
  const sid = Number(get(high, irte.IRTE_SID_HI - 64, irte.IRTE_SID_LO - 64));
  const quality = Number(get(high, irte.IRTE_SQ_HI - 64, irte.IRTE_SQ_LO - 64));
  const ignored = [0, 0b100, 0b110, 0b111][quality] as number;
  const matches = ((sid ^ requester) & ~ignored) === 0;
  const [first, last, bus] = [sid >> 8, sid & 0xff, requester >> 8];
  const admits = [true, matches, bus >= first && bus <= last, true][type] as boolean;
  const admitsSwapped = [true, matches, bus >= last && bus <= first, false][type] as boolean;
  const specification = !admits
    ? FAULT_INTERRUPT_SOURCE
    : both !== 0n || unchecked
      ? FAULT_INTERRUPT_ENTRY_RESERVED
      : undefined;
  const qemu = both !== 0n ? FAULT_INTERRUPT_ENTRY_RESERVED : admitsSwapped ? undefined : FAULT_INTERRUPT_SOURCE;
  const rule =
    specification === qemu
      ? undefined
      : both !== 0n
        ? "order"
        : admits !== admitsSwapped && type === irte.SVT_BUS_RANGE
          ? "bus range"
          : "reserved fields";
  return { specification, qemu, suppressed, rule };
}
