// Lists of transfers from and to memory outside (spec/abi/memory-map), put together in scratch memory, and what a place
// in such memory is called.

import { hostTransfer } from "../core/env";
import { Region } from "../core/memory-map";
import {
  REGION_KIND_EXTERNAL,
  REGION_KIND_RAM,
  TRANSFER_LENGTH,
  TRANSFER_OWNER,
  TRANSFER_POINTER,
  TRANSFER_SIZE,
  TRANSFER_SOURCE,
  TRANSFER_SOURCE_REGION,
  TRANSFER_TARGET,
  TRANSFER_TARGET_REGION,
} from "../spec/abi/memory-map";
import { SCRATCH_LIST } from "../spec/abi/port";
import { Port } from "./state";

export class Transfers {
  /** The list's first entry. */
  @inline static list(port: Port): usize {
    return port.scratch + SCRATCH_LIST;
  }

  /** Puts a transfer from a place outside to a pointer at `entry`. */
  @inline static put(entry: usize, source: u64, from: u32, pointer: usize, length: u32, owner: u32): void {
    Transfers.between(entry, source, from, <u64>pointer, TRANSFER_POINTER, length, owner);
  }

  /** As `put`, from a pointer to a place outside. */
  @inline static write(entry: usize, pointer: usize, target: u64, to: u32, length: u32, owner: u32): void {
    Transfers.between(entry, <u64>pointer, TRANSFER_POINTER, target, to, length, owner);
  }

  @inline private static between(
    entry: usize,
    source: u64,
    from: u32,
    target: u64,
    to: u32,
    length: u32,
    owner: u32,
  ): void {
    store<u64>(entry, source, TRANSFER_SOURCE);
    store<u64>(entry, target, TRANSFER_TARGET);
    store<u32>(entry, length, TRANSFER_LENGTH);
    store<u32>(entry, from, TRANSFER_SOURCE_REGION);
    store<u32>(entry, to, TRANSFER_TARGET_REGION);
    store<u32>(entry, owner, TRANSFER_OWNER);
  }

  /** Performs the transfers from `list` to `end`. False when one was refused. */
  static run(port: Port, list: usize, end: usize): bool {
    const count = <u32>(end - list) / TRANSFER_SIZE;
    return count == 0 || hostTransfer(port.map.mapId, list, count) == count;
  }

  /** Whether the region is memory. */
  @inline static reaches(region: Region): bool {
    return region.kind == REGION_KIND_RAM || region.kind == REGION_KIND_EXTERNAL;
  }

  /** The place of an HPA in its region: an offset, or a pointer for RAM in this memory. */
  @inline static place(region: Region, hpa: u64): u64 {
    return region.kind == REGION_KIND_RAM ? <u64>region.pointer(hpa) : hpa - region.base;
  }

  /** What a transfer calls the region. */
  @inline static name(region: Region, number: u32): u32 {
    return region.kind == REGION_KIND_RAM ? TRANSFER_POINTER : number;
  }
}
