// What was decided for one requester, or for one address space of it: the first 16 bytes of a line of the context
// cache or the PASID cache (VT-d 5.10 §6.2.2, §6.2.3).
//
//   tag   63 VALID  62 IDENTITY  61 SPACE  15:0 domain-id, or with SPACE a line of the PASID cache; or-ed with an
//         address it is an IOTLB tag
//   info  63:52 generation  51:12 table  3 FPD  2:0 levels, or 7 for a cached refusal, 6 for a line elsewhere
//         of a refusal 11:4 its reason; of a line elsewhere 27:12 its number
//         of others 9:4 address width, 10 for walks that need care, 11 for scalable mode

import { Bits } from "../core/bits";
import {
  CONTEXT_CACHE_ENTRIES,
  CONTEXT_CACHE_ENTRY_SIZE,
  CONTEXT_ELSEWHERE,
  CONTEXT_GENERATION_LO,
  CONTEXT_REFUSED,
  IOTLB_TAG_IDENTITY,
  IOTLB_TAG_SPACE,
  IOTLB_VALID_LO,
  PASID_CACHE_KEY,
  PASID_CACHE_KEY_PRIVILEGED,
  PASID_PRESENT,
  UNIT_CONTEXT_CACHE,
  UNIT_PASID_CACHE,
} from "../spec/abi/iommu";
import { Unit } from "./unit";

/** Every valid tag has it. */
export const TAG_VALID: u64 = 0x8000_0000_0000_0000;
/** The address goes through unchanged: pass-through, or translation is disabled. */
export const TAG_IDENTITY: u64 = 0x4000_0000_0000_0000;
/** In place of a domain-id there is the number of a line of the PASID cache. */
export const TAG_SPACE: u64 = 0x2000_0000_0000_0000;
/** The domain-id's bits in a tag, or the line's. */
export const TAG_DOMAIN: u64 = 0xffff;
/** Page addresses in tags are moved up to make room for the domain-id. */
export const TAG_SHIFT: u64 = 4;
/** Address bits that a tag can hold; an address beyond never hits. */
export const TAG_ADDRESS_WIDTH: u64 = 57;

/** Bits 51:12 of an address or a table entry. */
export const PAGE_ADDRESS: u64 = 0x000f_ffff_ffff_f000;
/** Address bits within a 4 KiB page. */
export const PAGE_OFFSET: u64 = 0xfff;
/** Place of an entry within its table: 9 bits of an address, times 8 bytes (VT-d 5.10 §3.6, §3.7). */
export const INDEX_MASK: u64 = 0xff8;

export const INFO_LEVELS: u64 = 7;
/** In place of a number of levels: a cached refusal (Caching Mode). */
export const INFO_REFUSED: u64 = 7;
/** In place of a number of levels: the decision is in a line of the PASID cache. */
export const INFO_ELSEWHERE: u64 = 6;
export const INFO_LINE_HI: u32 = 27;
export const INFO_LINE_LO: u32 = 12;
export const INFO_FPD: u64 = 8;
export const INFO_REASON_HI: u32 = 11;
export const INFO_REASON_LO: u32 = 4;
/** Of a context that translates: bits of the addresses that it does. */
export const INFO_WIDTH_HI: u32 = 9;
export const INFO_WIDTH_LO: u32 = 4;
/** Of a context that translates: its misses take the general path, because refusals are cached too. */
export const INFO_CAREFUL: u64 = 0x400;
/** Of a context that translates: faults have the reasons of scalable mode. */
export const INFO_SCALABLE: u64 = 0x800;
export const INFO_GENERATION_LO: u64 = 52;

/** What a line of the PASID cache is for: requester, PASID_PRESENT, privilege, PASID. Not 0 in one that is in use. */
export const KEY_OFFSET: usize = 32;
export const KEY_USED: u64 = 0x8000_0000_0000_0000;
export const KEY_REQUESTER_HI: u32 = 47;
export const KEY_REQUESTER_LO: u32 = 32;
export const KEY_PRIVILEGED: u32 = 0x4000_0000;

/** A requester's context for one burst of requests. The null pointer is a refusal. */
@unmanaged
export class Context {
  tag: u64;
  info: u64;

  @inline get levels(): u32 {
    return <u32>(this.info & INFO_LEVELS);
  }

  @inline get table(): u64 {
    return this.info & PAGE_ADDRESS;
  }

  /** Bits of the addresses that this context translates: the smaller of MGAW and AGAW. */
  @inline get width(): u64 {
    return Bits.of64(this.info, INFO_WIDTH_HI, INFO_WIDTH_LO);
  }

  @inline get identity(): bool {
    return (this.tag & TAG_IDENTITY) != 0;
  }

  @inline get suppressed(): bool {
    return (this.info & INFO_FPD) != 0;
  }

  @inline get refusal(): u32 {
    return <u32>Bits.of64(this.info, INFO_REASON_HI, INFO_REASON_LO);
  }

  /** The line of a requester; whether it is valid is in its generation. */
  @inline static line(unit: Unit, requesterId: u32): Context {
    const offset = UNIT_CONTEXT_CACHE + (requesterId & (CONTEXT_CACHE_ENTRIES - 1)) * CONTEXT_CACHE_ENTRY_SIZE;
    return changetype<Context>(unit.base + <usize>offset);
  }

  @inline static whenDisabled(unit: Unit): Context {
    return changetype<Context>(unit.base + offsetof<Unit>("identityTag"));
  }

  @inline get scalable(): bool {
    return (this.info & INFO_SCALABLE) != 0;
  }

  /** Whose line this is; meaningless for the context of disabled translation, which refuses nothing. */
  requesterId(unit: Unit): u32 {
    const offset = <u32>(changetype<usize>(this) - unit.base);
    if (offset >= UNIT_PASID_CACHE) return <u32>Bits.of64(this.key, KEY_REQUESTER_HI, KEY_REQUESTER_LO);
    return (offset - UNIT_CONTEXT_CACHE) / CONTEXT_CACHE_ENTRY_SIZE;
  }

  /** The PASID of requests with PASID that this line is for, with PASID_PRESENT; otherwise 0. */
  pasid(unit: Unit): u32 {
    if (<u32>(changetype<usize>(this) - unit.base) < UNIT_PASID_CACHE) return 0;
    const pasid = <u32>this.key & ~KEY_PRIVILEGED;
    return pasid & PASID_PRESENT ? pasid : 0;
  }

  /** Of a line of the PASID cache: what it is for. */
  @inline private get key(): u64 {
    return load<u64>(changetype<usize>(this), KEY_OFFSET);
  }

  @inline valid(unit: Unit): bool {
    return <u32>(this.info >> INFO_GENERATION_LO) == unit.contextGeneration;
  }
}

if (TAG_VALID != u64(1) << IOTLB_VALID_LO) ERROR("IOTLB_VALID_LO");
if (TAG_IDENTITY != u64(1) << IOTLB_TAG_IDENTITY) ERROR("IOTLB_TAG_IDENTITY");
if (TAG_SPACE != u64(1) << IOTLB_TAG_SPACE) ERROR("IOTLB_TAG_SPACE");
if (INFO_GENERATION_LO != CONTEXT_GENERATION_LO) ERROR("CONTEXT_GENERATION_LO");
if (INFO_REFUSED != CONTEXT_REFUSED) ERROR("CONTEXT_REFUSED");
if (INFO_ELSEWHERE != CONTEXT_ELSEWHERE) ERROR("CONTEXT_ELSEWHERE");
if (KEY_OFFSET != PASID_CACHE_KEY) ERROR("PASID_CACHE_KEY");
if (KEY_PRIVILEGED != PASID_CACHE_KEY_PRIVILEGED) ERROR("PASID_CACHE_KEY_PRIVILEGED");
