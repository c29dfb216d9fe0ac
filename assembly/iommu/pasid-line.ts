// A line of the PASID cache (VT-d 5.10 §6.2.3): what the PASID table decided for one address space, which is a
// requester with a PASID, or without, and one privilege. The line's number tags what the IOTLB and the
// paging-structure caches hold for the space; it lasts longer than the decision, which a PASID-cache invalidation drops.
//
//   +0 Context: first stage │ +16 Context: second stage │ +32 key │ +40 force ─ +48 accessed │ +56 turn ─ +60 attributes

import { Bits } from "../core/bits";
import {
  PASID_CACHE_ENTRIES,
  PASID_CACHE_ENTRY_SIZE,
  PASID_HI,
  PASID_LO,
  PASID_PRESENT,
  UNIT_PASID_CACHE,
} from "../spec/abi/iommu";
import { PGTT_FIRST_STAGE, PGTT_NESTED, PGTT_PASS_THROUGH, PGTT_SECOND_STAGE } from "../spec/vtd/pasid-table-entry";
import { Context, KEY_OFFSET, KEY_PRIVILEGED, KEY_REQUESTER_LO, KEY_USED, TAG_DOMAIN } from "./context";
import { Unit } from "./unit";

const ATTRIBUTE_TYPE_HI: u32 = 2;
const ATTRIBUTE_TYPE_LO: u32 = 0;
/** SSADE. */
export const ATTRIBUTE_FLAGS: u32 = 0x0000_0008;
/** PWSNP: accessed and dirty bits can be set. */
export const ATTRIBUTE_SNOOPED: u32 = 0x0000_0010;
/** PGSNP: accesses to pages must snoop. */
export const ATTRIBUTE_FORCES_SNOOP: u32 = 0x0000_0040;
/** FPD of the directory entry or the table entry. */
export const ATTRIBUTE_SUPPRESSED: u32 = 0x0000_0020;
/** In place of a PASID: whichever. */
export const ANY_PASID: u32 = 0xffff_ffff;
/** Sets of PGTT values, one bit each. */
export const WITH_FIRST_STAGE: u32 = 0x0a;
export const WITHOUT_FIRST_STAGE: u32 = 0x14;
export const ALL_TYPES: u32 = 0xff;

/** The decision is valid. */
export const ATTRIBUTE_DECIDED: u32 = 0x8000_0000;

@unmanaged
export class PasidLine {
  tag: u64;
  info: u64;
  secondTag: u64;
  secondInfo: u64;
  key: u64;
  /** Of the first stage: bits that an entry seems to have for requests of this privilege, */
  force: u64;
  /** and bits that the use of an entry sets. */
  accessed: u64;
  /** The number of the last use of this line. */
  turn: u32;
  attributes: u32;

  /** The domain-id; 0 of a refusal. */
  @inline get domainId(): u32 {
    return <u32>(this.secondTag & TAG_DOMAIN);
  }

  /** What requests of this space are translated by. */
  @inline get context(): Context {
    return changetype<Context>(this);
  }

  /** The second stage of this space, with the tag of its domain. */
  @inline get second(): Context {
    return changetype<Context>(changetype<usize>(this) + offsetof<PasidLine>("secondTag"));
  }

  /** The line that a second stage belongs to. */
  @inline static ofSecond(second: Context): PasidLine {
    return changetype<PasidLine>(changetype<usize>(second) - offsetof<PasidLine>("secondTag"));
  }

  /** PGTT. */
  @inline get type(): u32 {
    return Bits.of32(this.attributes, ATTRIBUTE_TYPE_HI, ATTRIBUTE_TYPE_LO);
  }

  @inline get decided(): bool {
    return (this.attributes & ATTRIBUTE_DECIDED) != 0;
  }

  /** SSADE. */
  @inline get flags(): bool {
    return (this.attributes & ATTRIBUTE_FLAGS) != 0;
  }

  /** Whether requests without PASID are translated as a legacy-mode context would: by their domain alone. */
  @inline get plain(): bool {
    return this.type == PGTT_PASS_THROUGH || (this.type == PGTT_SECOND_STAGE && !this.flags);
  }

  @inline get snooped(): bool {
    return (this.attributes & ATTRIBUTE_SNOOPED) != 0;
  }

  /** PGSNP. */
  @inline get forcesSnoop(): bool {
    return (this.attributes & ATTRIBUTE_FORCES_SNOOP) != 0;
  }

  @inline get pasid(): u32 {
    return Bits.of32(<u32>this.key, PASID_HI, PASID_LO);
  }

  /** Whether this space is one of requests with PASID. */
  @inline get withPasid(): bool {
    return (<u32>this.key & PASID_PRESENT) != 0;
  }

  @inline get privileged(): bool {
    return (<u32>this.key & KEY_PRIVILEGED) != 0;
  }

  /** Notes a use of this line. */
  @inline use(unit: Unit): void {
    this.turn = ++unit.pasidTurn;
  }

  @inline static at(unit: Unit, index: u32): PasidLine {
    return changetype<PasidLine>(unit.base + UNIT_PASID_CACHE + <usize>(index * PASID_CACHE_ENTRY_SIZE));
  }

  /** Whether this is a space of a domain, of a PASID or ANY_PASID, translated by one of `types`. */
  @inline isOf(domainId: u32, pasid: u32, types: u32): bool {
    const type = this.type;
    return (
      this.domainId == domainId && (pasid == ANY_PASID || this.pasid == pasid) && Bits.of32(types, type, type) != 0
    );
  }

  /** The line that a tag with TAG_SPACE names. */
  @inline static ofTag(unit: Unit, tag: u64): PasidLine {
    return PasidLine.at(unit, <u32>(tag & TAG_DOMAIN) % PASID_CACHE_ENTRIES);
  }

  @inline indexIn(unit: Unit): u32 {
    return (<u32>(changetype<usize>(this) - unit.base) - UNIT_PASID_CACHE) / PASID_CACHE_ENTRY_SIZE;
  }

  /** The key of a space; `present` is PASID_PRESENT for requests with PASID, otherwise 0. */
  @inline static keyOf(requesterId: u32, present: u32, pasid: u32, privileged: bool): u64 {
    const low = present | (privileged ? KEY_PRIVILEGED : 0) | Bits.of32(pasid, PASID_HI, PASID_LO);
    return KEY_USED | ((<u64>requesterId) << KEY_REQUESTER_LO) | <u64>low;
  }
}

if (WITH_FIRST_STAGE != (1 << PGTT_FIRST_STAGE) + (1 << PGTT_NESTED)) ERROR("WITH_FIRST_STAGE");
if (WITHOUT_FIRST_STAGE != (1 << PGTT_SECOND_STAGE) + (1 << PGTT_PASS_THROUGH)) ERROR("WITHOUT_FIRST_STAGE");
if (offsetof<PasidLine>("key") != KEY_OFFSET) ERROR("KEY_OFFSET");
if (offsetof<PasidLine>() != PASID_CACHE_ENTRY_SIZE) ERROR("PASID_CACHE_ENTRY_SIZE");
