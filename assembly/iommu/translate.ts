// DMA through the unit: from a requester's address to a host-physical one, and transfers by it.

import { Bits } from "../core/bits";
import { hostMessage } from "../core/env";
import {
  ACCESS_EXECUTE,
  ACCESS_PRIVILEGED,
  ACCESS_READ,
  ACCESS_WRITE,
  PASID_EXECUTE,
  PASID_PRIVILEGED,
} from "../spec/abi/iommu";
import { TRACE_ACCESS_LO, TRACE_FAULT } from "../spec/abi/trace";
import {
  FAULT_ADDRESS_BEYOND_WIDTH,
  FAULT_INTERRUPT_MALFORMED,
  FAULT_INTERRUPT_RANGE,
  FAULT_PASID_IN_LEGACY_MODE,
  FAULT_SM_BEYOND_HOST_WIDTH,
  FAULT_SM_BEYOND_WIDTH,
  FAULT_SM_INTERRUPT_RANGE,
} from "../spec/vtd/fault-reason";
import { CarefulWalk } from "./careful-walk";
import {
  Context,
  INFO_CAREFUL,
  INFO_REASON_HI,
  INFO_REASON_LO,
  PAGE_ADDRESS,
  PAGE_OFFSET,
  TAG_ADDRESS_WIDTH,
  TAG_IDENTITY,
  TAG_SHIFT,
  TAG_SPACE,
} from "./context";
import { ContextCache } from "./context-cache";
import { Faults } from "./fault";
import { SecondStage } from "./format/second-stage";
import { Iotlb, TlbEntry } from "./iotlb";
import {
  BOTH,
  FAULT,
  HPA_MASK,
  HPA_WIDTH,
  REFUSED_HI,
  REFUSED_LO,
  REGION_MASK,
  WALK_AGAIN,
  WALK_NOTHING,
  WALK_REASON,
  WALK_REFUSED,
} from "./result";
import { Space } from "./space";
import { SpaceWalk } from "./space-walk";
import { Strict } from "./strict";
import { Tables } from "./tables";
import { Unit } from "./unit";
import { Walk } from "./walk";

export { Context } from "./context";
export { FAULT } from "./result";
export { Unit } from "./unit";

const MESSAGE_LENGTH: u32 = 4;

export class Dma {
  /**
   * The context of a requester for one burst; null when the request at `iova` is refused, with the fault recorded.
   * Valid until control returns to the host.
   */
  @inline static open(unit: Unit, requesterId: u32, iova: u64, access: u32): Context {
    const generation = unit.memory.generation;
    if (unit.mapGeneration != generation || unit.windowGeneration != generation) Dma.mapChanged(unit);
    if (!unit.translating) return Context.whenDisabled(unit);
    const line = Context.line(unit, requesterId);
    if (line.valid(unit) && !ContextCache.defers(line)) return line;
    return ContextCache.fill(unit, requesterId, iova, access);
  }

  /** As `open` for a context that the cache holds; null, with nothing recorded, for any other. */
  static held(unit: Unit, requesterId: u32): Context {
    const generation = unit.memory.generation;
    if (unit.mapGeneration != generation || unit.windowGeneration != generation) return changetype<Context>(0);
    if (!unit.translating) return Context.whenDisabled(unit);
    const line = Context.line(unit, requesterId);
    return line.valid(unit) && !ContextCache.defers(line) ? line : changetype<Context>(0);
  }

  /**
   * As `open`, for requests with a PASID (PASID_PRESENT set) or without (0); `access` has ACCESS_EXECUTE and
   * ACCESS_PRIVILEGED as every request of the burst has them. Without translation PASIDs are ignored (§3.1).
   */
  static openPasid(unit: Unit, requesterId: u32, pasid: u32, iova: u64, access: u32): Context {
    if (pasid == 0 || !unit.translating) return Dma.open(unit, requesterId, iova, access & <u32>BOTH);
    if (ContextCache.isLegacy(unit)) {
      ContextCache.refuse(unit, requesterId, pasid, iova, access, FAULT_PASID_IN_LEGACY_MODE, false);
      return changetype<Context>(0);
    }
    const generation = unit.memory.generation;
    if (unit.mapGeneration != generation || unit.windowGeneration != generation) Dma.mapChanged(unit);
    return Space.openPasid(unit, requesterId, pasid, iova, access);
  }

  /**
   * The place of `iova`: see `hpa` and `region`; or FAULT. Holds to the end of the 4 KiB page. In the interrupt
   * range, and where nothing answers, the region is 0: `write` decides what that means.
   */
  @inline static translate(unit: Unit, context: Context, iova: u64, access: u32): u64 {
    unit.translations++;
    return Dma.lookup(unit, context, iova, access);
  }

  /** As `translate`, for a caller that adds to `unit.translations` itself, many at a time. */
  @inline static lookup(unit: Unit, context: Context, iova: u64, access: u32): u64 {
    const tag = ((iova & ~PAGE_OFFSET) << TAG_SHIFT) | context.tag;
    const entry = TlbEntry.of(unit, tag);
    const value = entry.value;
    if (((entry.tag ^ tag) | (iova >> TAG_ADDRESS_WIDTH) | (<u64>access & ~value)) == 0) {
      return (value & ~PAGE_OFFSET) | (iova & PAGE_OFFSET);
    }
    return Dma.miss(unit, context, entry, tag, iova, access);
  }

  /** As `lookup` for what the IOTLB holds; FAULT, with nothing recorded, for everything else. */
  @inline static peek(unit: Unit, context: Context, iova: u64, access: u32): u64 {
    const tag = ((iova & ~PAGE_OFFSET) << TAG_SHIFT) | context.tag;
    const entry = TlbEntry.of(unit, tag);
    const value = entry.value;
    const other = (entry.tag ^ tag) | (iova >> TAG_ADDRESS_WIDTH) | (<u64>access & ~value);
    return other == 0 ? (value & ~PAGE_OFFSET) | (iova & PAGE_OFFSET) : FAULT;
  }

  /** Where one access of a context leads, an HPA, or minus the reason of its refusal. */
  @inline static placeOf(unit: Unit, context: Context, iova: u64, access: u32): f64 {
    if (changetype<usize>(context) == 0) return -(<f64>unit.lastReason);
    const result = Dma.translate(unit, context, iova, access);
    return result & FAULT ? -(<f64>unit.lastReason) : <f64>Dma.hpa(result);
  }

  /** The host-physical address of a result, 52 bits. */
  @inline static hpa(result: u64): u64 {
    return result & HPA_MASK;
  }

  /** The number of the region at the HPA of a result; 0 where nothing answers. */
  @inline static region(result: u64): u32 {
    return <u32>((result >> HPA_WIDTH) & REGION_MASK);
  }

  /** Region numbers are only as good as the map that gave them. */
  static mapChanged(unit: Unit): void {
    Tables.refresh(unit);
    if (unit.mapGeneration == unit.memory.generation) return;
    unit.mapGeneration = unit.memory.generation;
    Iotlb.flush(unit);
  }

  /**
   * Walks for a request that the IOTLB did not answer: the common case, without a call, when tables and page lie in
   * RAM that was met before.
   */
  static miss(unit: Unit, context: Context, entry: TlbEntry, tag: u64, iova: u64, access: u32): u64 {
    if (unit.strict) return Strict.lookup(unit, context, entry, tag, iova, access);
    unit.misses++;
    return Dma.walk(unit, context, entry, tag, iova, access);
  }

  @inline static walk(unit: Unit, context: Context, entry: TlbEntry, tag: u64, iova: u64, access: u32): u64 {
    const info = context.info;
    const careful = (tag & TAG_IDENTITY) | (info & INFO_CAREFUL) | (iova >> context.width);
    if (careful == 0 && !Tables.inInterruptRange(iova)) {
      const value = Walk.fast<SecondStage>(SecondStage.of(unit), unit, context, iova, <u64>access);
      const page = value & PAGE_ADDRESS;
      if (value != WALK_AGAIN && page - unit.lastBase < unit.lastSpan && !Tables.inInterruptRange(page)) {
        const place = ((<u64>unit.lastRegion) << HPA_WIDTH) | page;
        Iotlb.fill(unit, entry, tag, place | (value & BOTH));
        return place | (iova & PAGE_OFFSET);
      }
    }
    return Dma.missElsewhere(unit, context, entry, tag, iova, access);
  }

  /** As `miss`, whatever the request meets. */
  static missElsewhere(unit: Unit, context: Context, entry: TlbEntry, tag: u64, iova: u64, access: u32): u64 {
    if (context.tag & TAG_SPACE) return SpaceWalk.miss(unit, context, entry, tag, iova, access);
    unit.unwalked++;
    if (Tables.inInterruptRange(iova)) return iova;
    let value = (iova & PAGE_ADDRESS) | BOTH;
    if (!context.identity) {
      if (iova >> context.width) {
        const reason = context.scalable ? FAULT_SM_BEYOND_WIDTH : FAULT_ADDRESS_BEYOND_WIDTH;
        return Dma.refuse(unit, context, iova, access, reason);
      }
      if (unit.cachingMode && entry.tag == tag && <u32>Bits.of64(entry.value, REFUSED_HI, REFUSED_LO) == access) {
        const reason = <u32>Bits.of64(entry.value, INFO_REASON_HI, INFO_REASON_LO);
        return Dma.refuse(unit, context, iova, access, reason);
      }
      unit.unwalked--;
      value = CarefulWalk.walk<SecondStage>(SecondStage.of(unit), unit, context, iova, <u64>access, true);
      if (value & WALK_REFUSED) {
        if (unit.cachingMode && value & WALK_NOTHING) {
          const refusal = ((value & WALK_REASON) << INFO_REASON_LO) | ((<u64>access) << REFUSED_LO);
          Iotlb.fill(unit, entry, tag, refusal);
        }
        return Dma.refuse(unit, context, iova, access, <u32>(value & WALK_REASON));
      }
      if (Tables.inInterruptRange(value & PAGE_ADDRESS)) {
        const reason = context.scalable ? FAULT_SM_INTERRUPT_RANGE : FAULT_INTERRUPT_RANGE;
        return Dma.refuse(unit, context, iova, access, reason);
      }
    } else if (context == Context.whenDisabled(unit)) {
      if (iova >> HPA_WIDTH) return iova & HPA_MASK;
    } else if (iova >> <u64>unit.hostAddressWidth) {
      const reason = context.scalable ? FAULT_SM_BEYOND_HOST_WIDTH : FAULT_ADDRESS_BEYOND_WIDTH;
      return Dma.refuse(unit, context, iova, access, reason);
    }
    const region = Tables.regionOf(unit, value & PAGE_ADDRESS);
    const place = ((<u64>region) << HPA_WIDTH) | (value & PAGE_ADDRESS);
    if (region != 0) Iotlb.fill(unit, entry, tag, place | (value & BOTH));
    return place | (iova & PAGE_OFFSET);
  }

  /**
   * What the tables in memory say of `iova`, past all caches and without a fault: HPA 51:12 and ACCESS_ bits, or
   * WALK_REFUSED and the reason. For a context that translates addresses of `width` bits.
   */
  @inline static inspect(unit: Unit, context: Context, width: u64, iova: u64, access: u32): u64 {
    if (iova >> width) return WALK_REFUSED | <u64>FAULT_ADDRESS_BEYOND_WIDTH;
    return Walk.uncached<SecondStage>(SecondStage.of(unit), unit, context, iova, <u64>access);
  }

  @inline static refuse(unit: Unit, context: Context, iova: u64, access: u32, reason: u32): u64 {
    return Space.refuseAt(unit, context, iova, access, reason);
  }

  /** A request in the interrupt range that is no interrupt (§5.1.4.1 29h), reported while remapping is enabled. */
  static refuseInRange(unit: Unit, requesterId: u32, iova: u64, access: u32): bool {
    unit.faults++;
    unit.trace(TRACE_FAULT, requesterId, iova, (access << TRACE_ACCESS_LO) | FAULT_INTERRUPT_MALFORMED);
    unit.lastReason = FAULT_INTERRUPT_MALFORMED;
    if (unit.remapping) Faults.record(unit, requesterId, 0, 0, FAULT_INTERRUPT_MALFORMED, 0);
    return false;
  }

  /**
   * Reads `length` bytes at `iova` to `pointer`, over pages and regions. False when any of it was refused or
   * nothing answers; what came before has been read. Registers may be among it, this unit's too: every page has a
   * context of its own.
   */
  static read(unit: Unit, requesterId: u32, pasid: u32, iova: u64, pointer: usize, length: u32): bool {
    const access = ACCESS_READ | Dma.attributes(pasid);
    if (Tables.isInterrupt(unit, pasid, iova)) return Dma.refuseInRange(unit, requesterId, iova, ACCESS_READ);
    do {
      const context = Dma.openPasid(unit, requesterId, pasid, iova, access);
      if (changetype<usize>(context) == 0) return false;
      const part = Dma.part(iova, length);
      const result = Dma.translate(unit, context, iova, access);
      if (result & FAULT) return false;
      if (length == 0) return true;
      if (Dma.region(result) == 0) return false;
      if (!unit.memory.read(Dma.region(result), Dma.hpa(result), pointer, part)) return false;
      iova += <u64>part;
      pointer += part;
      length -= part;
    } while (length > 0);
    return true;
  }

  /**
   * Writes `length` bytes at `pointer` to `iova`. An aligned dword in the interrupt range is an interrupt
   * request (VT-d 5.10 §3.15), which no translation concerns; other writes there are dropped.
   */
  static write(unit: Unit, requesterId: u32, pasid: u32, iova: u64, pointer: usize, length: u32): bool {
    const access = ACCESS_WRITE | Dma.attributes(pasid);
    if (Tables.isInterrupt(unit, pasid, iova)) {
      if (length != MESSAGE_LENGTH || iova & (MESSAGE_LENGTH - 1)) {
        return Dma.refuseInRange(unit, requesterId, iova, ACCESS_WRITE);
      }
      hostMessage(unit.memory.mapId, requesterId, <u32>iova, 0, load<u32>(pointer));
      return true;
    }
    do {
      const context = Dma.openPasid(unit, requesterId, pasid, iova, access);
      if (changetype<usize>(context) == 0) return false;
      if (length == 0) return true;
      const part = Dma.part(iova, length);
      const result = Dma.translate(unit, context, iova, access);
      if (result & FAULT || Dma.region(result) == 0) return false;
      if (!unit.memory.write(Dma.region(result), Dma.hpa(result), pointer, part)) return false;
      iova += <u64>part;
      pointer += part;
      length -= part;
    } while (length > 0);
    return true;
  }

  /** The ACCESS_ bits that a PASID argument carries. */
  @inline static attributes(pasid: u32): u32 {
    return (pasid & PASID_EXECUTE ? ACCESS_EXECUTE : 0) | (pasid & PASID_PRIVILEGED ? ACCESS_PRIVILEGED : 0);
  }

  /** How many of `length` bytes lie in the page of `iova`. */
  @inline static part(iova: u64, length: u32): u32 {
    return min(length, <u32>(PAGE_OFFSET + 1 - (iova & PAGE_OFFSET)));
  }
}
