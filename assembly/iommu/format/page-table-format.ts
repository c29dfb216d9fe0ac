// What the walkers ask of a page-table format. A format is a view of masks that configure.ts composed from the unit's
// capabilities; the walkers are compiled once per format, so nothing of this is called at run time.
//
// An entry is looked at with the bits of `force` set: so a format can let requests of some privilege pass.

import { Context } from "../context";
import { Unit } from "../unit";

@unmanaged
export abstract class PageTableFormat {
  /** Bits that entries seem to have for the requests of a context, */
  abstract force(context: Context): u64;
  /** bits that an entry must have for `access`, */
  abstract required(access: u64): u64;
  /** bits that the use of an entry sets; 0 without accessed bits, */
  abstract accessed(context: Context): u64;
  /** and the bit that a write sets in the entry that maps the page; 0 without dirty bits. */
  abstract get dirty(): u64;
  /** ACCESS_ bits that an entry grants; the bits above are anything. */
  abstract permissions(entry: u64): u64;
  /** Of the ACCESS_ bits granted, those that may be cached for a page: no write until the dirty bit is set. */
  abstract cacheable(entry: u64, granted: u64): u64;
  /** Not 0 when an entry lacks one of the `required` bits or has another one of `mask`. */
  abstract wrong(entry: u64, required: u64, mask: u64): u64;
  /** Whether an entry of level 1 maps a 2 MiB page. */
  abstract maps2M(entry: u64): bool;
  /** Whether an entry of level 2 maps a 1 GiB page. */
  abstract maps1G(entry: u64): bool;
  /** Bits that must be clear in an entry that references a table, */
  abstract get reservedInTable(): u64;
  /** in one that maps a 4 KiB, */
  abstract get reservedIn4K(): u64;
  /** 2 MiB */
  abstract get reservedIn2M(): u64;
  /** and 1 GiB page. */
  abstract get reservedIn1G(): u64;
  /** Whether the addresses of tables and pages go through a second stage. */
  abstract get nested(): bool;
  /** Where the table at an entry's address lies: host-physical, or WALK_AGAIN; */
  abstract tableAt(unit: Unit, context: Context, address: u64): u64;
  /** host-physical, or WALK_REFUSED and why. `top`: it is the first table of the walk. */
  abstract carefulTableAt(unit: Unit, context: Context, address: u64, top: bool): u64;
  /** 0 when bits may be set in the table at an entry's address, otherwise WALK_REFUSED and why. */
  abstract refuseUpdate(unit: Unit, context: Context, address: u64): u64;
  /** Whether the upper levels are cached too. */
  abstract get deep(): bool;
  /** Whether accessed and dirty bits can be set at all. */
  abstract snooped(context: Context): bool;
  /** Fault reasons: accessed or dirty bits that cannot be set, */
  abstract get notSnooped(): u32;
  /** that could not be set, */
  abstract get notUpdated(): u32;
  /** a table that could not be read, the top one or one below. */
  abstract unreadable(context: Context, top: bool): u32;
  /** Why `entry`, or a cached entry above it, does not serve a request: reason and WALK_ bits. */
  abstract refuse(context: Context, entry: u64, granted: u64, access: u64): u64;
}
