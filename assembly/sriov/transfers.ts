// Lists of transfers from and to memory outside (spec/abi/memory-map), put together in scratch memory. Each entry
// has an owner: the queue that stops when the transfer is refused, as its bit in PORT_STOPS.

import { hostTransfer } from "../core/env";
import { Region } from "../core/memory-map";
import {
  REGION_KIND_EXTERNAL,
  REGION_KIND_RAM,
  TRANSFER_ALIKE,
  TRANSFER_LENGTH,
  TRANSFER_OWNER,
  TRANSFER_POINTER,
  TRANSFER_REFUSED,
  TRANSFER_SIZE,
  TRANSFER_SOURCE,
  TRANSFER_SOURCE_REGION,
  TRANSFER_TARGET,
  TRANSFER_TARGET_REGION,
} from "../spec/abi/memory-map";
import { CAUSE_TX, SCRATCH_LIST, STOP_BUFFER } from "../spec/abi/port";
import { Port } from "./state";

export class Transfers {
  /** The list's first entry. */
  @inline static list(port: Port): usize {
    return port.scratch + SCRATCH_LIST;
  }

  /** Puts a transfer at `entry`. Regions are numbers, or TRANSFER_POINTER. */
  @inline static put(entry: usize, source: u64, from: u32, target: u64, to: u32, length: u32, owner: u32): void {
    store<u64>(entry, source, TRANSFER_SOURCE);
    store<u64>(entry, target, TRANSFER_TARGET);
    store<u32>(entry, length, TRANSFER_LENGTH);
    store<u32>(entry, from, TRANSFER_SOURCE_REGION);
    // TRANSFER_ALIKE follows: 0.
    store<u64>(entry, <u64>to, TRANSFER_TARGET_REGION);
    store<u32>(entry, owner, TRANSFER_OWNER);
  }

  /** What keeps a transfer from being like others: 0 for an aligned one below 4 GiB. */
  @inline static odd(source: u64, target: u64, length: u32): u32 {
    const places = source | target;
    return <u32>(places >> 32) | ((<u32>places | length) & 3);
  }

  /** Says that the entries from `list` to `end`, if any, are alike. */
  @inline static alike(list: usize, end: usize): void {
    if (list != end) store<u32>(list, <u32>(end - list) / TRANSFER_SIZE, TRANSFER_ALIKE);
  }

  /** Performs the transfers from `list` to `end`. False when one was refused. */
  static run(port: Port, list: usize, end: usize): bool {
    const count = <u32>(end - list) / TRANSFER_SIZE;
    return count == 0 || hostTransfer(port.map.mapId, list, count) == count;
  }

  /** Performs the transfers from `list` to `end` and stops the owners of those that were refused. */
  static settle(port: Port, list: usize, end: usize): void {
    if (Transfers.run(port, list, end)) return;
    for (let entry = list; entry < end; entry += TRANSFER_SIZE) {
      const owner = load<u32>(entry, TRANSFER_OWNER);
      if ((owner & TRANSFER_REFUSED) == 0) continue;
      const cause = owner & ~TRANSFER_REFUSED;
      const queue = cause < CAUSE_TX ? port.rx(cause) : port.tx(cause - CAUSE_TX);
      if (!queue.stopped) port.stop(queue, cause, STOP_BUFFER);
    }
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
