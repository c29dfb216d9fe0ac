// An interrupt request through the interrupt-remapping table (VT-d 5.10 §5.1.4, §5.2.3).
import { CAP_PI_LO } from "../../../assembly/spec/vtd/capability.ts";
import { ECAP_EIMER_LO, ECAP_IRREQ_LO } from "../../../assembly/spec/vtd/extended-capability.ts";
import * as request from "../../../assembly/spec/vtd/interrupt-request.ts";
import * as irta from "../../../assembly/spec/vtd/interrupt-table-address.ts";
import * as irte from "../../../assembly/spec/vtd/irte.ts";
import * as pid from "../../../assembly/spec/vtd/posted-descriptor.ts";
import * as posted from "../../../assembly/spec/vtd/posted-irte.ts";
import { busOf, formatBdf, hex } from "../../core/address.ts";
import { bits, extract } from "../../core/bits.ts";
import { POSTED_DESCRIPTOR, POSTED_ENTRY, REMAPPED_ENTRY } from "./structures.ts";
import type { Entry, Trail } from "./trail.ts";
import type { ExplainInterruptRequest, Verdict } from "./types.ts";
import { capabilityHas, extendedHas } from "./unit-view.ts";

const PLACE = { kind: "interrupt", domainId: 0 } as const;
const DESCRIPTOR_PLACE = { kind: "descriptor", domainId: 0 } as const;
const OPERATION = "VT-d 5.10 §5.1.4";
const POSTING = "VT-d 5.10 §5.2.3";

/** What becomes of an interrupt request whose address lies in the interrupt address range. */
export function remapInterrupt(trail: Trail, { requesterId, addressLo, data }: ExplainInterruptRequest): Verdict {
  const { unit } = trail;
  if (!unit.remapping) {
    if (extendedHas(unit, ECAP_IRREQ_LO)) trail.block("2Bh");
    return { kind: "unchanged", why: "interrupt remapping is disabled (GSTS_REG.IRES)", clause: OPERATION };
  }
  const table = [unit.interruptTable.lo, unit.interruptTable.hi];
  const extended = extract(table, irta.IRTA_EIME_HI, irta.IRTA_EIME_LO) === 1;
  const count = 2 ** (extract(table, irta.IRTA_S_HI, irta.IRTA_S_LO) + 1);
  trail.register(
    "IRTA_REG",
    "VT-d 5.10 §11.4.10",
    table,
    [
      ["IRTA", irta.IRTA_IRTA_HI, irta.IRTA_IRTA_LO],
      ["EIME", irta.IRTA_EIME_HI, irta.IRTA_EIME_LO],
      ["S", irta.IRTA_S_HI, irta.IRTA_S_LO],
    ],
    `${count} entries, ${extended ? "32" : "8"}-bit destinations`,
  );
  if (!extended && extendedHas(unit, ECAP_EIMER_LO)) trail.block("2Ah");
  if (bits(addressLo, request.REQUEST_ADDRESS_FORMAT_HI, request.REQUEST_ADDRESS_FORMAT_LO) === 0) {
    if (extended || !unit.compatibility) trail.block("25h");
    return { kind: "unchanged", why: "compatibility format, which GSTS_REG.CFIS lets through", clause: OPERATION };
  }
  const index = interruptIndex(trail, addressLo, data);
  if (index >= count) trail.block("21h");
  const base = extract(table, 31, 12) * 2 ** 12 + extract(table, 63, 32) * 2 ** 32;
  if (base + index * irte.IRTE_SIZE >= 2 ** unit.hostAddressWidth) trail.block("21h");
  const entry = readEntry(trail, base, index);
  trail.suppressing = entry.is(irte.IRTE_FPD_LO);
  if (!entry.is(irte.IRTE_P_LO)) trail.block("22h");
  verifySource(trail, entry, requesterId);
  return entry.is(irte.IRTE_IM_LO) ? post(trail, entry, extended) : remap(trail, entry, extended);
}

/** Handle and subhandle (§5.1.3). */
function interruptIndex(trail: Trail, address: number, data: number): number {
  const low = bits(address, request.REQUEST_ADDRESS_HANDLE_LOW_HI, request.REQUEST_ADDRESS_HANDLE_LOW_LO);
  const high = bits(address, request.REQUEST_ADDRESS_HANDLE_HIGH_HI, request.REQUEST_ADDRESS_HANDLE_HIGH_LO);
  const handle = high * 2 ** request.REQUEST_HANDLE_LOW_WIDTH + low;
  if (bits(address, request.REQUEST_ADDRESS_SHV_HI, request.REQUEST_ADDRESS_SHV_LO) === 0) return handle;
  if (bits(data, request.REQUEST_DATA_RESERVED_HI, request.REQUEST_DATA_RESERVED_LO) !== 0) trail.block("20h");
  return handle + bits(data, request.REQUEST_DATA_SUBHANDLE_HI, request.REQUEST_DATA_SUBHANDLE_LO);
}

/** The entry, shown in the format that its IM asks for. */
function readEntry(trail: Trail, base: number, index: number): Entry {
  const entry = trail.entry(
    (words) => (extract(words, irte.IRTE_IM_HI, irte.IRTE_IM_LO) === 1 ? POSTED_ENTRY : REMAPPED_ENTRY),
    base,
    index,
    PLACE,
  );
  if (entry === undefined) trail.block("23h");
  return entry;
}

/** SVT, SQ and SID (§9.9); SVT 11b is a reserved encoding. */
function verifySource(trail: Trail, entry: Entry, requesterId: number): void {
  const type = entry.get(irte.IRTE_SVT_HI, irte.IRTE_SVT_LO);
  const sid = entry.get(irte.IRTE_SID_HI, irte.IRTE_SID_LO);
  if (type === irte.SVT_REQUESTER) {
    // SQ 01b ignores bit 2, 10b bits 2:1, 11b bits 2:0.
    const ignored = [0, 4, 6, 7][entry.get(irte.IRTE_SQ_HI, irte.IRTE_SQ_LO)] as number;
    if (((sid ^ requesterId) & ~ignored) === 0) return;
    trail.note(`for ${formatBdf(sid)} only, and this is ${formatBdf(requesterId)}`);
    trail.block("26h");
  }
  if (type !== irte.SVT_BUS_RANGE) return;
  const first = entry.get(irte.IRTE_SID_FIRST_BUS_HI, irte.IRTE_SID_FIRST_BUS_LO);
  const last = entry.get(irte.IRTE_SID_LAST_BUS_HI, irte.IRTE_SID_LAST_BUS_LO);
  if (busOf(requesterId) >= first && busOf(requesterId) <= last) return;
  trail.note(`for buses ${hex(first)} to ${hex(last)} only`);
  trail.block("26h");
}

function remap(trail: Trail, entry: Entry, extended: boolean): Verdict {
  const deliveryMode = entry.get(irte.IRTE_DLM_HI, irte.IRTE_DLM_LO);
  const outsideXapic =
    entry.any(irte.IRTE_DST_HI, irte.IRTE_DST_XAPIC_HI + 1) || entry.any(irte.IRTE_DST_XAPIC_LO - 1, irte.IRTE_DST_LO);
  const reserved =
    entry.get(irte.IRTE_SVT_HI, irte.IRTE_SVT_LO) === irte.SVT_RESERVED ||
    entry.any(irte.IRTE_RESERVED_84_HI, irte.IRTE_RESERVED_84_LO) ||
    entry.any(irte.IRTE_RESERVED_24_HI, irte.IRTE_RESERVED_24_LO) ||
    entry.any(irte.IRTE_RESERVED_12_HI, irte.IRTE_RESERVED_12_LO) ||
    (!extended && outsideXapic) ||
    deliveryMode === irte.DLM_RESERVED_3 ||
    deliveryMode === irte.DLM_RESERVED_6;
  if (reserved) trail.block("24h");
  const destination = extended
    ? entry.get(irte.IRTE_DST_HI, irte.IRTE_DST_LO)
    : entry.get(irte.IRTE_DST_XAPIC_HI, irte.IRTE_DST_XAPIC_LO);
  const vector = entry.get(irte.IRTE_V_HI, irte.IRTE_V_LO);
  return {
    kind: "remapped",
    interrupt: {
      destination,
      vector,
      deliveryMode,
      level: entry.is(irte.IRTE_TM_LO),
      logical: entry.is(irte.IRTE_DM_LO),
      redirectionHint: entry.is(irte.IRTE_RH_LO),
      wide: extended,
    },
    why: `vector ${hex(vector)} to destination ${hex(destination)}`,
    clause: OPERATION,
  };
}

function post(trail: Trail, entry: Entry, extended: boolean): Verdict {
  const { unit } = trail;
  const address =
    entry.get(posted.POSTED_PDAH_HI, posted.POSTED_PDAH_LO) * 2 ** 32 +
    entry.get(posted.POSTED_PDAL_HI, posted.POSTED_PDAL_LO) * 2 ** posted.POSTED_ADDRESS_LO;
  const reserved =
    !capabilityHas(unit, CAP_PI_LO) ||
    entry.get(posted.POSTED_SVT_HI, posted.POSTED_SVT_LO) === irte.SVT_RESERVED ||
    entry.any(posted.POSTED_RESERVED_84_HI, posted.POSTED_RESERVED_84_LO) ||
    entry.any(posted.POSTED_RESERVED_24_HI, posted.POSTED_RESERVED_24_LO) ||
    entry.any(posted.POSTED_RESERVED_12_HI, posted.POSTED_RESERVED_12_LO) ||
    entry.any(posted.POSTED_RESERVED_2_HI, posted.POSTED_RESERVED_2_LO) ||
    address >= 2 ** unit.hostAddressWidth;
  if (reserved) trail.block("24h");
  const descriptor = trail.entry(POSTED_DESCRIPTOR, address, 0, DESCRIPTOR_PLACE);
  if (descriptor === undefined) trail.block("27h");
  const outsideXapic =
    descriptor.any(pid.PID_NDST_HI, pid.PID_NDST_XAPIC_HI + 1) ||
    descriptor.any(pid.PID_NDST_XAPIC_LO - 1, pid.PID_NDST_LO);
  const malformed =
    descriptor.any(pid.PID_RESERVED_320_HI, pid.PID_RESERVED_320_LO) ||
    descriptor.any(pid.PID_RESERVED_280_HI, pid.PID_RESERVED_280_LO) ||
    descriptor.any(pid.PID_RESERVED_258_HI, pid.PID_RESERVED_258_LO) ||
    (!extended && outsideXapic);
  if (malformed) trail.block("28h");
  const urgent = entry.is(posted.POSTED_URG_LO);
  const outstanding = descriptor.is(pid.PID_ON_LO);
  const suppressed = descriptor.is(pid.PID_SN_LO) && !urgent;
  const vector = entry.get(posted.POSTED_VV_HI, posted.POSTED_VV_LO);
  const reason = outstanding ? "ON: one is outstanding" : suppressed ? "SN, and not urgent" : "ON clear";
  return {
    kind: "posted",
    descriptor: address,
    vector,
    urgent,
    notifies: !outstanding && !suppressed,
    notification: {
      destination: extended
        ? descriptor.get(pid.PID_NDST_HI, pid.PID_NDST_LO)
        : descriptor.get(pid.PID_NDST_XAPIC_HI, pid.PID_NDST_XAPIC_LO),
      vector: descriptor.get(pid.PID_NV_HI, pid.PID_NV_LO),
    },
    why: `virtual vector ${hex(vector)} posted, ${outstanding || suppressed ? "no notification" : "notification"} (${reason})`,
    clause: POSTING,
  };
}
