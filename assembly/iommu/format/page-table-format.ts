// What the walker asks of a page-table format. A format is a view of masks that configure.ts composed from the
// unit's capabilities; the walker is compiled once per format, so nothing of this is called at run time.

@unmanaged
export abstract class PageTableFormat {
  /** ACCESS_ bits that an entry grants; the bits above are anything. */
  abstract permissions(entry: u64): u64;
  /** Not 0 when an entry lacks a permission of `access` or has a reserved bit; `mask` is `access` and these bits. */
  abstract wrong(entry: u64, access: u64, mask: u64): u64;
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
}
