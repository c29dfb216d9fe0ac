// The exports of iommu/.
import { UNIT_SIZE } from "../spec/abi/iommu";
import { Ats } from "./ats";
import { AtsState } from "./ats-state";
import { Configuration } from "./configure";
import { Context } from "./context";
import { ContextCache } from "./context-cache";
import { DeviceTlb } from "./device-tlb";
import { PageRequests } from "./page-request";
import { Queue } from "./queue";
import { Registers } from "./registers";
import { BOTH, WALK_REFUSED } from "./result";
import { Tables } from "./tables";
import { Dma, FAULT } from "./translate";
import { Unit } from "./unit";

/** Bytes of a unit; align it to 64. */
export function iommuSize(): u32 {
  return UNIT_SIZE;
}

/**
 * Makes a unit of zeroed memory in which the host has laid out masks and reset values (spec/abi/iommu.ts).
 * `hostAddressWidth` in bits.
 */
export function iommuInit(unit: usize, map: usize, hostAddressWidth: u32): void {
  const self = changetype<Unit>(unit);
  self.map = map;
  Configuration.reset(self);
  Configuration.derive(self, hostAddressWidth);
}

/** Back to the state after power-on. */
export function iommuReset(unit: usize): void {
  const self = changetype<Unit>(unit);
  const width = self.hostAddressWidth;
  Configuration.reset(self);
  Configuration.derive(self, width);
}

/** The dword at `offset` of the register block. */
export function iommuRead32(unit: usize, offset: u32): u32 {
  return Registers.read(changetype<Unit>(unit), offset);
}

/** Writes those bytes of the dword at `offset` whose bits in `mask` are set. */
export function iommuWrite32(unit: usize, offset: u32, value: u32, mask: u32): void {
  Registers.write(changetype<Unit>(unit), offset, value, mask);
}

/** Lets the invalidation queue go on, bounded as an access of software's is. Returns 1 when some of it is left. */
export function iommuWork(unit: usize): u32 {
  const self = changetype<Unit>(unit);
  Queue.allow(self);
  Queue.run(self);
  return u32(Queue.due(self));
}

/**
 * The HPA of one access, or minus the reason of its refusal. `pasid` is 0 for a request without one. Requests without
 * PASID in the interrupt range are not translated.
 */
export function iommuTranslate(unit: usize, requesterId: u32, pasid: u32, iovaLo: u32, iovaHi: u32, access: u32): f64 {
  const self = changetype<Unit>(unit);
  const iova = ((<u64>iovaHi) << 32) | <u64>iovaLo;
  if (pasid != 0) return Dma.placeOf(self, Dma.openPasid(self, requesterId, pasid, iova, access), iova, access);
  if (Tables.inInterruptRange(iova)) return <f64>iova;
  const wanted = access & <u32>BOTH;
  return Dma.placeOf(self, Dma.open(self, requesterId, iova, wanted), iova, wanted);
}

/**
 * Translates `count` addresses (u64 each) from `list` to `out`, each as Dma.translate gives it.
 * Returns how many were not refused.
 */
export function iommuTranslateBatch(
  unit: usize,
  requesterId: u32,
  access: u32,
  list: usize,
  out: usize,
  count: u32,
): u32 {
  const self = changetype<Unit>(unit);
  const end = list + ((<usize>count) << 3);
  if (list == end) return 0;
  const context = Dma.open(self, requesterId, load<u64>(list), access);
  if (changetype<usize>(context) == 0) {
    for (; list < end; list += 8, out += 8) store<u64>(out, FAULT);
    return 0;
  }
  return batch(self, context, access, list, out, end);
}

function batch(unit: Unit, context: Context, access: u32, list: usize, out: usize, end: usize): u32 {
  let done: u32 = 0;
  unit.translations += <u64>((end - list) >> 3);
  for (; list < end; list += 8, out += 8) {
    const result = Dma.lookup(unit, context, load<u64>(list), access);
    store<u64>(out, result);
    done += u32((result & FAULT) == 0);
  }
  return done;
}

/**
 * Walks the tables for `count` addresses (u64 each) from `list`, past all caches and recording nothing: to `out` the
 * page's HPA 51:12 with the ACCESS_ bits that it grants, or bit 63 with the reason. Returns how many were mapped;
 * 0 with `out` untouched when the requester's context is not one that translates.
 */
export function iommuWalkBatch(unit: usize, requesterId: u32, access: u32, list: usize, out: usize, count: u32): u32 {
  const self = changetype<Unit>(unit);
  const context = Context.line(self, requesterId);
  if (!context.valid(self) || context.identity || ContextCache.defers(context)) return 0;
  Tables.refresh(self);
  const width = context.width;
  let done: u32 = 0;
  for (const end = list + ((<usize>count) << 3); list < end; list += 8, out += 8) {
    const result = Dma.inspect(self, context, width, load<u64>(list), access);
    store<u64>(out, result);
    done += u32((result & WALK_REFUSED) == 0);
  }
  return done;
}

/**
 * Reads by DMA to `pointer`. Returns 1, or 0 when any of it was refused. `pasid` is 0 for a request without one, and
 * may have PASID_EXECUTE and PASID_PRIVILEGED.
 */
export function iommuDmaRead(
  unit: usize,
  requesterId: u32,
  pasid: u32,
  iovaLo: u32,
  iovaHi: u32,
  pointer: usize,
  length: u32,
): u32 {
  const iova = ((<u64>iovaHi) << 32) | <u64>iovaLo;
  return u32(Dma.read(changetype<Unit>(unit), requesterId, pasid, iova, pointer, length));
}

/** Writes by DMA from `pointer`. Returns 1, or 0 when any of it was refused. */
export function iommuDmaWrite(
  unit: usize,
  requesterId: u32,
  pasid: u32,
  iovaLo: u32,
  iovaHi: u32,
  pointer: usize,
  length: u32,
): u32 {
  const iova = ((<u64>iovaHi) << 32) | <u64>iovaLo;
  return u32(Dma.write(changetype<Unit>(unit), requesterId, pasid, iova, pointer, length));
}

/**
 * A translation request (AT 01b); `readOnly` is 1 for NW. Leaves the completion's 8 bytes at `out` and returns its
 * status.
 */
export function iommuTranslationRequest(
  unit: usize,
  requesterId: u32,
  pasid: u32,
  iovaLo: u32,
  iovaHi: u32,
  readOnly: u32,
  out: usize,
): u32 {
  const iova = ((<u64>iovaHi) << 32) | <u64>iovaLo;
  return Ats.translate(changetype<Unit>(unit), requesterId, pasid, iova, readOnly != 0, out);
}

/** A translated read (AT 10b) to `pointer`. Returns 1, or 0 when any of it was refused. */
export function iommuTranslatedRead(
  unit: usize,
  requesterId: u32,
  hpaLo: u32,
  hpaHi: u32,
  pointer: usize,
  length: u32,
): u32 {
  const hpa = ((<u64>hpaHi) << 32) | <u64>hpaLo;
  return u32(Ats.read(changetype<Unit>(unit), requesterId, hpa, pointer, length));
}

/** A translated write from `pointer`. Returns 1, or 0 when any of it was refused. */
export function iommuTranslatedWrite(
  unit: usize,
  requesterId: u32,
  hpaLo: u32,
  hpaHi: u32,
  pointer: usize,
  length: u32,
): u32 {
  const hpa = ((<u64>hpaHi) << 32) | <u64>hpaLo;
  return u32(Ats.write(changetype<Unit>(unit), requesterId, hpa, pointer, length));
}

/** An Invalidate Completion message: ITag vector and completion count. */
export function iommuInvalidationCompletion(unit: usize, requesterId: u32, tags: u32, count: u32): void {
  DeviceTlb.complete(changetype<Unit>(unit), requesterId, tags, count);
  Queue.run(changetype<Unit>(unit));
}

/** Takes up to `count` messages off the ring, which the host has sent; the queue goes on. */
export function iommuMessagesSent(unit: usize, count: u32): void {
  AtsState.of(changetype<Unit>(unit)).drop(count);
  Queue.run(changetype<Unit>(unit));
}

/** Frees the ITags whose time is up at `nowNs`. */
export function iommuExpireInvalidations(unit: usize, nowNs: f64): void {
  DeviceTlb.expire(changetype<Unit>(unit), nowNs);
}

/**
 * A Page Request message of `body`. Returns the code of a response that is to be sent, or RESPONSE_NONE.
 */
export function iommuPageRequest(unit: usize, requesterId: u32, pasid: u32, bodyLo: u32, bodyHi: u32): u32 {
  const body = ((<u64>bodyHi) << 32) | <u64>bodyLo;
  return PageRequests.receive(changetype<Unit>(unit), requesterId, pasid, body);
}
