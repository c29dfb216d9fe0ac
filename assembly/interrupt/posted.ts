// Interrupt posting (VT-d 5.10 §5.2.3, §9.10, §9.11): from an entry in posted format to the bit in the descriptor
// that it names, and to the notification, if one is due.
//
// In linear memory the descriptor is read, checked and updated without anything between: nobody else runs meanwhile. In
// an embedder's RAM others may: there each of its two dwords that change is changed in one step, the request before ON,
// so that whoever clears ON and then takes the requests misses none.

import { Bits } from "../core/bits";
import { MemoryMap } from "../core/memory-map";
import { Tables } from "../iommu/tables";
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
  PID_ON_LO,
  PID_RESERVED_258_HI,
  PID_RESERVED_258_LO,
  PID_RESERVED_280_HI,
  PID_RESERVED_280_LO,
  PID_RESERVED_320_LO,
  PID_SIZE,
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
/** Byte offset of the reserved rest of a descriptor, 24 bytes. */
const REST: u32 = PID_RESERVED_320_LO / BYTE;
/** In the dword at PID_CONTROL. */
const ON: u32 = 1 << (PID_ON_LO - PID_CONTROL_LO);
const SN: u32 = 1 << (PID_SN_LO - PID_CONTROL_LO);
/** Times that others may change a dword between reading and writing it, before the access counts as failed. */
const ATTEMPTS: u32 = 1024;

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
    const hpa = Posted.descriptor(low, high);
    Tables.refresh(unit);
    if (hpa - unit.windowBase < unit.windowSpan) {
      return Posted.inside(<usize>(<u32>hpa + unit.windowDelta), hpa, low, extended, out);
    }
    const memory = unit.memory;
    const index = memory.find(hpa);
    const region = memory.region(index);
    if (region.kind == REGION_KIND_NONE || region.kind == REGION_KIND_MMIO) return FAULT_INTERRUPT_DESCRIPTOR_ACCESS;
    if (region.kind == REGION_KIND_RAM) return Posted.inside(region.pointer(hpa), hpa, low, extended, out);
    return Posted.outside(memory, index, hpa, low, extended, out);
  }

  /** Posts to the descriptor at `at` of linear memory. */
  static inside(at: usize, hpa: u64, low: u64, extended: bool, out: usize): u32 {
    const control = load<u64>(at, PID_CONTROL);
    if (Posted.malformed(at, control, extended)) return FAULT_INTERRUPT_DESCRIPTOR_RESERVED;
    const vector = <u32>Bits.of64(low, POSTED_VV_HI, POSTED_VV_LO);
    const urgent = Bits.of64(low, POSTED_URG_HI, POSTED_URG_LO) != 0;
    const word = at + (vector >> DWORD_SHIFT) * DWORD_BYTES;
    store<u32>(word, load<u32>(word) | (1 << (vector & DWORD_BITS)));
    if (Posted.notifies(<u32>control, urgent)) store<u32>(at, <u32>control | ON, PID_CONTROL);
    return Posted.finish(hpa, vector, control, urgent, extended, out);
  }

  /** Posts to a descriptor in an embedder's RAM, by a copy of it. */
  static outside(memory: MemoryMap, region: u32, hpa: u64, low: u64, extended: bool, out: usize): u32 {
    const at = memory.scratch;
    if (!memory.read(region, hpa, at, PID_SIZE)) return FAULT_INTERRUPT_DESCRIPTOR_ACCESS;
    const control = load<u64>(at, PID_CONTROL);
    if (Posted.malformed(at, control, extended)) return FAULT_INTERRUPT_DESCRIPTOR_RESERVED;
    const vector = <u32>Bits.of64(low, POSTED_VV_HI, POSTED_VV_LO);
    const urgent = Bits.of64(low, POSTED_URG_HI, POSTED_URG_LO) != 0;
    const word = (vector >> DWORD_SHIFT) * DWORD_BYTES;
    if (!Posted.request(memory, region, hpa + <u64>word, load<u32>(at + word), 1 << (vector & DWORD_BITS))) {
      return FAULT_INTERRUPT_DESCRIPTOR_ACCESS;
    }
    const decided = Posted.decide(memory, region, hpa + <u64>PID_CONTROL, <u32>control, urgent);
    if (decided < 0) return FAULT_INTERRUPT_DESCRIPTOR_ACCESS;
    const destination = (control >> HIGH_HALF) << HIGH_HALF;
    return Posted.finish(hpa, vector, destination | <u64>decided, urgent, extended, out);
  }

  /** Leaves at `out` what was done; `control` is what the notification was decided by. */
  static finish(hpa: u64, vector: u32, control: u64, urgent: bool, extended: bool, out: usize): u32 {
    const notifies = Posted.notifies(<u32>control, urgent);
    const unsent = (<u32>control & ON) != 0 ? NOTIFICATION_OUTSTANDING : NOTIFICATION_SUPPRESSED;
    store<u64>(out, hpa, REMAP_DESCRIPTOR);
    store<u32>(out, vector, REMAP_POSTED_VECTOR);
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
    wrong |= load<u64>(at, REST) | load<u64>(at, REST + BYTE) | load<u64>(at, REST + 2 * BYTE);
    return wrong != 0;
  }

  @inline static field(control: u64, hi: u32, lo: u32): u32 {
    return <u32>Bits.of64(control, hi - PID_CONTROL_LO, lo - PID_CONTROL_LO);
  }

  @inline static mask(hi: u32, lo: u32): u64 {
    return Bits.mask64(hi - PID_CONTROL_LO, lo - PID_CONTROL_LO);
  }

  /** X of §5.2.3, from the dword with ON and SN. */
  @inline static notifies(control: u32, urgent: bool): bool {
    return (control & ON) == 0 && (urgent || (control & SN) == 0);
  }

  /** Sets `bits` in the dword at `hpa`, last seen as `seen`, outside linear memory. False when it is refused. */
  static request(memory: MemoryMap, region: u32, hpa: u64, seen: u32, bits: u32): bool {
    for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
      const found = memory.exchange(region, hpa, seen, seen | bits);
      if (found < 0) return false;
      if (<u32>found == seen) return true;
      seen = <u32>found;
    }
    return false;
  }

  /** Sets ON if a notification is due. The dword with ON and SN by which that was decided, or less than 0. */
  static decide(memory: MemoryMap, region: u32, hpa: u64, seen: u32, urgent: bool): f64 {
    for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
      const found = memory.exchange(region, hpa, seen, Posted.notifies(seen, urgent) ? seen | ON : seen);
      if (found < 0 || <u32>found == seen) return found;
      seen = <u32>found;
    }
    return -1;
  }
}
