// What a run of frames writes to memory outside, kept until there is much of it: an import costs as much as several
// frames. No read overtakes a write (PCIe 6.0 §2.4.1, posted requests). Data are written in their order, receive
// descriptors behind all of them.

import { Bits } from "../core/bits";
import {
  TRANSFER_LENGTH,
  TRANSFER_OWNER,
  TRANSFER_OWNER_CAUSE_HI,
  TRANSFER_OWNER_CAUSE_LO,
  TRANSFER_REFUSED,
  TRANSFER_SIZE,
  TRANSFER_SOURCE,
  TRANSFER_TARGET,
  TRANSFER_TARGET_REGION,
} from "../spec/abi/memory-map";
import {
  CAUSE_TX,
  PORT_SCRATCH_SIZE,
  SCRATCH_BATCH,
  SCRATCH_BATCH_DATA,
  SCRATCH_BATCH_LIST,
  SCRATCH_BATCH_REPORTS,
  SCRATCH_DELIVERIES,
  SCRATCH_RINGS,
  SCRATCH_STAGE_FRAMES,
} from "../spec/abi/port";
import { RX_DESCRIPTOR_SIZE } from "../spec/igb/rx-descriptor";
import { Copy } from "./copy";
import { PAGE, Port } from "./state";
import { Transfers } from "./transfers";

const WRITES: u32 = 256;
const REPORTS: u32 = 192;
const DATA_SIZE: u32 = SCRATCH_BATCH_REPORTS - SCRATCH_BATCH_DATA;
/** In an owner, above the cause of its queue: why the queue stops when the write is refused. */
const OWNER_REASON_LO: u32 = 8;

@unmanaged
export class Batch {
  /** Whether writes are kept. */
  opened: bool;
  /** Set when data are kept; for whoever has cleared it. */
  kept: bool;
  /** Writes of data and of descriptors that are kept, and bytes that are kept for them. */
  count: u32;
  reports: u32;
  used: u32;
  /** Queues, by their causes, one of whose writes was refused: of them nothing more is written. */
  refused: u32;
  /** Receive queues whose cursors are on copies. */
  cursors: u32;

  @inline static of(port: Port): Batch {
    return changetype<Batch>(port.scratch + SCRATCH_BATCH);
  }

  open(): void {
    this.opened = true;
    this.count = 0;
    this.reports = 0;
    this.used = 0;
    this.refused = 0;
    this.cursors = 0;
  }

  /** Makes the writes that are left. Cursors on copies start anew. */
  close(port: Port): void {
    this.flush(port);
    this.opened = false;
    for (let left = this.cursors; left != 0; left &= left - 1) port.cursor(ctz(left)).left = 0;
  }

  /** Who a write is for: the queue of `cause`, which stops for `reason` when it is refused. */
  @inline static owner(cause: u32, reason: u32): u32 {
    return cause | (reason << OWNER_REASON_LO);
  }

  @inline private static cause(owner: u32): u32 {
    return Bits.of32(owner, TRANSFER_OWNER_CAUSE_HI, TRANSFER_OWNER_CAUSE_LO);
  }

  /** Keeps a write of at most a page of data to `place` in `region`. */
  write(port: Port, region: u32, place: u64, pointer: usize, length: u32, owner: u32): void {
    // Frames that were fetched ahead stay where they are.
    const stays = pointer - port.scratch - SCRATCH_STAGE_FRAMES < PORT_SCRATCH_SIZE - SCRATCH_STAGE_FRAMES;
    const size = stays ? 0 : (length + 3) & ~3;
    if (this.count == WRITES || this.used + size > DATA_SIZE) this.flush(port);
    if (this.hasRefused(owner)) return;
    let source = pointer;
    if (!stays) {
      source = port.scratch + SCRATCH_BATCH_DATA + this.used;
      Copy.bytes(source, pointer, length);
      this.used += size;
    }
    const entry = port.scratch + SCRATCH_BATCH_LIST + <usize>(this.count * TRANSFER_SIZE);
    Transfers.write(entry, source, place, region, length, owner);
    this.count++;
    this.kept = true;
  }

  /**
   * As `write` for a receive descriptor, which stays at `pointer`. Descriptors are written behind the data of all frames,
   * as a card does that writes several at a time (RXDCTL.WTHRESH).
   */
  describe(port: Port, region: u32, place: u64, pointer: usize, owner: u32): void {
    if (this.reports == REPORTS) this.flush(port);
    if (this.hasRefused(owner)) return;
    const entry = port.scratch + SCRATCH_BATCH_REPORTS + <usize>(this.reports * TRANSFER_SIZE);
    if (this.reports != 0) {
      const last = entry - TRANSFER_SIZE;
      const length = load<u32>(last, TRANSFER_LENGTH);
      const behind = load<u64>(last, TRANSFER_SOURCE) + length == <u64>pointer;
      const next = behind && load<u64>(last, TRANSFER_TARGET) + length == place;
      if (next && load<u32>(last, TRANSFER_TARGET_REGION) == region && load<u32>(last, TRANSFER_OWNER) == owner) {
        store<u32>(last, length + RX_DESCRIPTOR_SIZE, TRANSFER_LENGTH);
        return;
      }
    }
    Transfers.write(entry, pointer, place, region, RX_DESCRIPTOR_SIZE, owner);
    this.reports++;
  }

  /** Whether a write for the queue of `owner` was refused. */
  @inline private hasRefused(owner: u32): bool {
    return ((this.refused >> Batch.cause(owner)) & 1) != 0;
  }

  /** Makes the writes. Queues whose writes are refused stop. */
  flush(port: Port): void {
    if (this.count + this.reports == 0) return;
    const list = port.scratch + SCRATCH_BATCH_LIST;
    const behind = list + <usize>(this.count * TRANSFER_SIZE);
    const reports = <usize>(this.reports * TRANSFER_SIZE);
    memory.copy(behind, port.scratch + SCRATCH_BATCH_REPORTS, reports);
    this.count = 0;
    this.reports = 0;
    this.used = 0;
    const end = behind + reports;
    if (Transfers.run(port, list, end)) return;
    for (let entry = list; entry < end; entry += TRANSFER_SIZE) {
      const owner = load<u32>(entry, TRANSFER_OWNER);
      if ((owner & TRANSFER_REFUSED) != 0) this.refuse(port, owner & ~TRANSFER_REFUSED);
    }
  }

  private refuse(port: Port, owner: u32): void {
    const cause = Batch.cause(owner);
    this.refused |= 1 << cause;
    const queue = cause < CAUSE_TX ? port.rx(cause) : port.tx(cause - CAUSE_TX);
    if (!queue.stopped) port.stop(queue, cause, owner >> OWNER_REASON_LO);
    if (cause < CAUSE_TX) port.cursor(cause).left = 0;
  }
}

if (SCRATCH_BATCH + offsetof<Batch>() > SCRATCH_BATCH_LIST) ERROR("SCRATCH_BATCH_LIST");
if (SCRATCH_BATCH_LIST + (WRITES + REPORTS) * TRANSFER_SIZE > SCRATCH_DELIVERIES) ERROR("WRITES");
if (SCRATCH_BATCH_REPORTS + REPORTS * TRANSFER_SIZE > SCRATCH_RINGS) ERROR("REPORTS");
if (DATA_SIZE < PAGE) ERROR("DATA_SIZE");
