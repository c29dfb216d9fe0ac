// The IOTLB (VT-d 5.10 §6.2.4): 8192 hashed entries of 4 KiB each, larger pages in pieces (§6.5.3.2).
//
//   tag    address and context tag, see context.ts
//   value  62:52 region  51:12 HPA  11:4 reason and 3:2 access of a cached refusal  1 W  0 R

import { HASH_MULTIPLIER } from "../core/bits";
import { IOTLB_ENTRIES, IOTLB_ENTRY_SIZE, IOTLB_INDEX_WIDTH, UNIT_IOTLB } from "../spec/abi/iommu";
import { PAGE_OFFSET, TAG_ADDRESS_WIDTH, TAG_DOMAIN, TAG_IDENTITY, TAG_SHIFT, TAG_SPACE, TAG_VALID } from "./context";
import { ALL_TYPES, ANY_PASID, PasidLine, WITH_FIRST_STAGE, WITHOUT_FIRST_STAGE } from "./pasid-line";
import { Unit } from "./unit";

/** Up to 2^6 pages are looked up one by one, more by a pass over all entries. */
export const PROBE_MASK_LIMIT: u32 = 6;
const PAGE_WIDTH: u32 = 12;

@unmanaged
export class TlbEntry {
  tag: u64;
  value: u64;

  @inline static of(unit: Unit, tag: u64): TlbEntry {
    const index = (tag * HASH_MULTIPLIER) >> <u64>(64 - IOTLB_INDEX_WIDTH);
    return changetype<TlbEntry>(unit.base + <usize>UNIT_IOTLB + <usize>index * IOTLB_ENTRY_SIZE);
  }

  @inline clear(): void {
    this.tag = 0;
    this.value = 0;
  }
}

export class Iotlb {
  static flush(unit: Unit): void {
    if (!unit.iotlbUsed) return;
    unit.iotlbUsed = 0;
    memory.fill(unit.base + <usize>UNIT_IOTLB, 0, IOTLB_ENTRIES * IOTLB_ENTRY_SIZE);
  }

  @inline static fill(unit: Unit, entry: TlbEntry, tag: u64, value: u64): void {
    unit.iotlbUsed = 1;
    entry.tag = tag;
    entry.value = value;
  }

  static flushDomain(unit: Unit, domainId: u32): void {
    Iotlb.drop(unit, TAG_SPACE | TAG_DOMAIN, <u64>domainId);
    Iotlb.dropSpaces(unit, domainId, ANY_PASID, ALL_TYPES, 0, 0);
  }

  /** Drops the translations of a PASID in a domain; those that are tagged with the domain alone may be its own. */
  static flushPasid(unit: Unit, domainId: u32, pasid: u32): void {
    Iotlb.drop(unit, TAG_SPACE | TAG_DOMAIN, <u64>domainId);
    Iotlb.dropSpaces(unit, domainId, pasid, ALL_TYPES, 0, 0);
  }

  /** Drops first-stage and nested translations of 2^addressMask pages of a PASID in a domain. */
  static flushPasidPages(unit: Unit, domainId: u32, pasid: u32, address: u64, addressMask: u32): void {
    const mask = Iotlb.addressesAbove(addressMask);
    Iotlb.dropSpaces(unit, domainId, pasid, WITH_FIRST_STAGE, mask << TAG_SHIFT, (address & mask) << TAG_SHIFT);
  }

  /** The address bits of a tag that are the same throughout a range of 2^addressMask pages. */
  @inline static addressesAbove(addressMask: u32): u64 {
    const width = <u64>(PAGE_WIDTH + addressMask);
    return width < TAG_ADDRESS_WIDTH ? ((u64(1) << TAG_ADDRESS_WIDTH) - 1) & ~((u64(1) << width) - 1) : 0;
  }

  /**
   * Drops 2^addressMask pages of a domain; `iova` is in the first or any other of them. Translations that a first
   * stage took part in go whatever their address.
   */
  static flushPages(unit: Unit, domainId: u32, iova: u64, addressMask: u32): void {
    if (unit.pasidsUsed) {
      const mask = Iotlb.addressesAbove(addressMask);
      Iotlb.dropSpaces(unit, domainId, ANY_PASID, WITH_FIRST_STAGE, 0, 0);
      Iotlb.dropSpaces(unit, domainId, ANY_PASID, WITHOUT_FIRST_STAGE, mask << TAG_SHIFT, (iova & mask) << TAG_SHIFT);
    }
    const inside = (u64(1) << u64(PAGE_WIDTH + addressMask)) - 1;
    const first = iova & ~inside;
    if (first >> TAG_ADDRESS_WIDTH) return;
    if (addressMask > PROBE_MASK_LIMIT) {
      const address = ((u64(1) << TAG_ADDRESS_WIDTH) - 1) & ~inside;
      Iotlb.drop(unit, (address << TAG_SHIFT) | TAG_SPACE | TAG_DOMAIN, (first << TAG_SHIFT) | <u64>domainId);
      return;
    }
    for (let page = first; page <= (first | inside); page += PAGE_OFFSET + 1) {
      const tag = (page << TAG_SHIFT) | TAG_VALID | <u64>domainId;
      Iotlb.dropOne(unit, tag);
      Iotlb.dropOne(unit, tag | TAG_IDENTITY);
    }
  }

  @inline static dropOne(unit: Unit, tag: u64): void {
    const entry = TlbEntry.of(unit, tag);
    // In strict mode tags have no TAG_VALID.
    if (((entry.tag ^ tag) & ~TAG_VALID) == 0) entry.clear();
  }

  /** Drops what is tagged with a line of the PASID cache: `wanted` is its TAG_SPACE and number. */
  static dropSpace(unit: Unit, wanted: u64): void {
    Iotlb.drop(unit, TAG_SPACE | TAG_DOMAIN, wanted);
  }

  /**
   * Drops the entries of spaces in a domain, of one PASID or ANY_PASID, that are translated by one of `types` (a bit for
   * each PGTT) and whose tag, as far as `mask` selects, equals `wanted`.
   */
  static dropSpaces(unit: Unit, domainId: u32, pasid: u32, types: u32, mask: u64, wanted: u64): void {
    if (!unit.iotlbUsed || !unit.pasidsUsed) return;
    let at = unit.base + <usize>UNIT_IOTLB;
    const end = at + <usize>(IOTLB_ENTRIES * IOTLB_ENTRY_SIZE);
    for (; at < end; at += IOTLB_ENTRY_SIZE) {
      const tag = load<u64>(at);
      if (tag & TAG_SPACE && (tag & mask) == wanted && PasidLine.ofTag(unit, tag).isOf(domainId, pasid, types)) {
        changetype<TlbEntry>(at).clear();
      }
    }
  }

  /** Drops the entries whose tag, as far as `mask` selects, equals `wanted`. */
  static drop(unit: Unit, mask: u64, wanted: u64): void {
    if (!unit.iotlbUsed) return;
    let at = unit.base + <usize>UNIT_IOTLB;
    const end = at + <usize>(IOTLB_ENTRIES * IOTLB_ENTRY_SIZE);
    for (; at < end; at += IOTLB_ENTRY_SIZE) {
      if ((load<u64>(at) & mask) == wanted) changetype<TlbEntry>(at).clear();
    }
  }
}
