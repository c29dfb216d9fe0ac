// Interrupt posting (VT-d 5.10 §5.2.3, §9.10, §9.11): from an entry in posted format to the bit in the descriptor
// that it names, and to the notification, if one is due.
//
// The descriptor is read, checked and updated without anything between: nobody else runs on this memory meanwhile.
// Only the two words that change are written, the request before the notification bit.

import { Bits } from "../core/bits";
import { MemoryMap } from "../core/memory-map";
import { Unit } from "../iommu/unit";
import {
  NOTIFICATION_OUTSTANDING,
  NOTIFICATION_SENT,
  NOTIFICATION_SUPPRESSED,
  REMAP_DELIVERY_MODE,
  REMAP_DESCRIPTOR,
  REMAP_DESTINATION,
  REMAP_DESTINATION_MODE,
  REMAP_NOTIFICATION,
  REMAP_POSTED_VECTOR,
  REMAP_REDIRECTION_HINT,
  REMAP_TRIGGER_MODE,
  REMAP_VECTOR,
  REMAP_WIDE,
} from "../spec/abi/iommu";
import { REGION_KIND_MMIO, REGION_KIND_NONE, REGION_KIND_RAM } from "../spec/abi/memory-map";
import { FAULT_INTERRUPT_DESCRIPTOR_ACCESS, FAULT_INTERRUPT_DESCRIPTOR_RESERVED } from "../spec/vtd/fault-reason";
import { DLM_FIXED } from "../spec/vtd/irte";
import {
  PID_CONTROL,
  PID_CONTROL_LO,
  PID_NDST_HI,
  PID_NDST_LO,
  PID_NDST_XAPIC_HI,
  PID_NDST_XAPIC_LO,
  PID_NV_HI,
  PID_NV_LO,
  PID_ON_HI,
  PID_ON_LO,
  PID_RESERVED_258_HI,
  PID_RESERVED_258_LO,
  PID_RESERVED_280_HI,
  PID_RESERVED_280_LO,
  PID_RESERVED_320_LO,
  PID_SIZE,
  PID_SN_HI,
  PID_SN_LO,
} from "../spec/vtd/posted-descriptor";
import {
  POSTED_ADDRESS_LO,
  POSTED_PDAH_HI,
  POSTED_PDAH_LO,
  POSTED_PDAL_HI,
  POSTED_PDAL_LO,
  POSTED_RESERVED_2_HI,
  POSTED_RESERVED_2_LO,
  POSTED_RESERVED_12_HI,
  POSTED_RESERVED_12_LO,
  POSTED_RESERVED_24_HI,
  POSTED_RESERVED_24_LO,
  POSTED_RESERVED_84_HI,
  POSTED_RESERVED_84_LO,
  POSTED_URG_HI,
  POSTED_URG_LO,
  POSTED_VV_HI,
  POSTED_VV_LO,
} from "../spec/vtd/posted-irte";

const UPPER: u32 = 64;
const HIGH_HALF: u64 = 32;
const BYTE: u32 = 8;
const DWORD_BYTES: u32 = 4;
const DWORD_SHIFT: u32 = 5;
const DWORD_BITS: u32 = 31;
/** Byte offset of the reserved rest of a descriptor. */
const REST: u32 = PID_RESERVED_320_LO / BYTE;

export class Posted {
  /** Where the entry's descriptor lies. */
  @inline static descriptor(low: u64, high: u64): u64 {
    const upper = Bits.of64(high, POSTED_PDAH_HI - UPPER, POSTED_PDAH_LO - UPPER) << HIGH_HALF;
    return upper | (Bits.of64(low, POSTED_PDAL_HI, POSTED_PDAL_LO) << (<u64>POSTED_ADDRESS_LO));
  }

  /** What in a present entry of this format is reserved; 0 for nothing. SVT is the caller's to check. */
  static invalid(unit: Unit, low: u64, high: u64): u64 {
    let wrong = low & Bits.mask64(POSTED_RESERVED_2_HI, POSTED_RESERVED_2_LO);
    wrong |= low & Bits.mask64(POSTED_RESERVED_12_HI, POSTED_RESERVED_12_LO);
    wrong |= low & Bits.mask64(POSTED_RESERVED_24_HI, POSTED_RESERVED_24_LO);
    wrong |= high & Bits.mask64(POSTED_RESERVED_84_HI - UPPER, POSTED_RESERVED_84_LO - UPPER);
    return wrong | (Posted.descriptor(low, high) & unit.reservedAddress);
  }

  /**
   * Posts through a checked entry: 0 with the outcome at `out`, the notification included when there is one, or the
   * fault reason with the descriptor untouched.
   */
  static post(unit: Unit, low: u64, high: u64, extended: bool, out: usize): u32 {
    const memory = unit.memory;
    const hpa = Posted.descriptor(low, high);
    const region = memory.find(hpa);
    const kind = memory.region(region).kind;
    if (kind == REGION_KIND_NONE || kind == REGION_KIND_MMIO) return FAULT_INTERRUPT_DESCRIPTOR_ACCESS;
    const inside = kind == REGION_KIND_RAM;
    const at = inside ? memory.region(region).pointer(hpa) : memory.scratch;
    if (!inside && !memory.read(region, hpa, at, PID_SIZE)) return FAULT_INTERRUPT_DESCRIPTOR_ACCESS;

    const control = load<u64>(at, PID_CONTROL);
    if (Posted.malformed(at, control, extended)) return FAULT_INTERRUPT_DESCRIPTOR_RESERVED;
    const outstanding = Posted.field(control, PID_ON_HI, PID_ON_LO) != 0;
    const urgent = Bits.of64(low, POSTED_URG_HI, POSTED_URG_LO) != 0;
    const suppressed = !urgent && Posted.field(control, PID_SN_HI, PID_SN_LO) != 0;
    const notifies = !outstanding && !suppressed;

    const vector = <u32>Bits.of64(low, POSTED_VV_HI, POSTED_VV_LO);
    const request = (vector >> DWORD_SHIFT) * DWORD_BYTES;
    store<u32>(at + request, load<u32>(at + request) | (1 << (vector & DWORD_BITS)));
    if (notifies) store<u64>(at, control | Posted.mask(PID_ON_HI, PID_ON_LO), PID_CONTROL);
    if (!inside) {
      if (!Posted.write(memory, region, hpa, at, request)) return FAULT_INTERRUPT_DESCRIPTOR_ACCESS;
      if (notifies && !Posted.write(memory, region, hpa, at, PID_CONTROL)) return FAULT_INTERRUPT_DESCRIPTOR_ACCESS;
    }

    store<u64>(out, hpa, REMAP_DESCRIPTOR);
    store<u32>(out, vector, REMAP_POSTED_VECTOR);
    const unsent = outstanding ? NOTIFICATION_OUTSTANDING : NOTIFICATION_SUPPRESSED;
    store<u32>(out, notifies ? NOTIFICATION_SENT : unsent, REMAP_NOTIFICATION);
    if (notifies) Posted.notify(control, extended, out);
    return 0;
  }

  /** The notification's attributes: physical, fixed, edge, no redirection. */
  static notify(control: u64, extended: bool, out: usize): void {
    const narrow = Posted.field(control, PID_NDST_XAPIC_HI, PID_NDST_XAPIC_LO);
    store<u32>(out, extended ? Posted.field(control, PID_NDST_HI, PID_NDST_LO) : narrow, REMAP_DESTINATION);
    store<u32>(out, Posted.field(control, PID_NV_HI, PID_NV_LO), REMAP_VECTOR);
    store<u32>(out, DLM_FIXED, REMAP_DELIVERY_MODE);
    store<u32>(out, 0, REMAP_TRIGGER_MODE);
    store<u32>(out, 0, REMAP_DESTINATION_MODE);
    store<u32>(out, 0, REMAP_REDIRECTION_HINT);
    store<u32>(out, u32(extended), REMAP_WIDE);
  }

  /** Whether a descriptor of which a copy lies at `at` has reserved bits set. */
  static malformed(at: usize, control: u64, extended: bool): bool {
    let wrong = control & Posted.mask(PID_RESERVED_258_HI, PID_RESERVED_258_LO);
    wrong |= control & Posted.mask(PID_RESERVED_280_HI, PID_RESERVED_280_LO);
    if (!extended) {
      wrong |= control & Posted.mask(PID_NDST_HI, PID_NDST_LO) & ~Posted.mask(PID_NDST_XAPIC_HI, PID_NDST_XAPIC_LO);
    }
    for (let rest = REST; rest < PID_SIZE; rest += BYTE) wrong |= load<u64>(at + rest);
    return wrong != 0;
  }

  @inline static field(control: u64, hi: u32, lo: u32): u32 {
    return <u32>Bits.of64(control, hi - PID_CONTROL_LO, lo - PID_CONTROL_LO);
  }

  @inline static mask(hi: u32, lo: u32): u64 {
    return Bits.mask64(hi - PID_CONTROL_LO, lo - PID_CONTROL_LO);
  }

  /** Writes the dword at `offset` of the copy at `at` back to a descriptor outside linear memory. */
  static write(memory: MemoryMap, region: u32, hpa: u64, at: usize, offset: u32): bool {
    return memory.write(region, hpa + <u64>offset, at + offset, DWORD_BYTES);
  }
}
