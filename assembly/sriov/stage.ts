// Transmit descriptors and their frames, fetched ahead from memory outside in two imports. What is looked at is what goes
// on: a guest that changes a frame meanwhile changes nothing.

import { Bits } from "../core/bits";
import { Context, Dma, FAULT } from "../iommu/translate";
import { ACCESS_READ } from "../spec/abi/iommu";
import { REGION_KIND_EXTERNAL, REGION_KIND_RAM, TRANSFER_SIZE } from "../spec/abi/memory-map";
import {
  CAUSE_TX,
  PORT_SCRATCH_SIZE,
  SCRATCH_BATCH_DATA,
  SCRATCH_LIST,
  SCRATCH_STAGE,
  SCRATCH_STAGE_FRAMES,
} from "../spec/abi/port";
import {
  TX_DESCRIPTOR_SIZE,
  TXD_COMMAND,
  TXD_DCMD_DEXT,
  TXD_DCMD_EOP,
  TXD_DTALEN_HI,
  TXD_DTALEN_LO,
  TXD_DTYP_CONTEXT,
  TXD_DTYP_DATA,
  TXD_DTYP_MASK,
} from "../spec/igb/tx-descriptor";
import { Sender } from "./outside-sender";
import { BURST, PAGE, Port, Queue } from "./state";
import { Transfers } from "./transfers";

/** Where the places of the frames' pieces are, four bytes for each descriptor, and the copies of the descriptors. */
const PLACES: u32 = 0x40;
const DESCRIPTORS: u32 = 0x400;
/** Behind a frame: what padding and a tag may add, and what makes the next place even. */
const ROOM: u32 = 80;
const EVEN: u32 = 16;
const FRAMES_SIZE: u32 = PORT_SCRATCH_SIZE - SCRATCH_STAGE_FRAMES;
/** A frame often has a context descriptor, and its data in two pieces. */
const DESCRIPTORS_PER_FRAME: u32 = 3;

@unmanaged
export class Stage {
  /** The first descriptor that is left, and how many are left, all of them of whole frames. */
  first: u32;
  left: u32;

  @inline static of(port: Port): Stage {
    return changetype<Stage>(port.scratch + SCRATCH_STAGE);
  }

  /** The copy of descriptor `number` of those that are left. */
  @inline descriptor(number: u32): usize {
    return changetype<usize>(this) + DESCRIPTORS + <usize>((this.first + number) * TX_DESCRIPTOR_SIZE);
  }

  /** Where the data of descriptor `number` lie, behind those of its frame's descriptor before. */
  @inline data(number: u32): usize {
    return <usize>load<u32>(changetype<usize>(this) + PLACES + ((<usize>(this.first + number)) << 2));
  }

  @inline drop(descriptors: u32): void {
    this.first += descriptors;
    this.left -= descriptors;
  }

  /** Fetches descriptors from the queue's head on, and the frames that they are of: at most `frames`. */
  fill(port: Port, queue: Queue, index: u32, context: Context, frames: u32): void {
    this.first = 0;
    this.left = 0;
    const copies = this.descriptor(0);
    const wanted = min(frames * DESCRIPTORS_PER_FRAME, BURST);
    const fetched = Sender.of(port).fetch(port, queue, index, context, copies, wanted);
    const list = Transfers.list(port);
    const limit = port.scratch + PORT_SCRATCH_SIZE - ROOM;
    let entry = list;
    let place = port.scratch + SCRATCH_STAGE_FRAMES;
    let whole: u32 = 0;
    let taken: u32 = 0;
    let begun = false;
    for (let number: u32 = 0; number < fetched && taken < frames; number++) {
      const descriptor = copies + <usize>(number * TX_DESCRIPTOR_SIZE);
      const command = load<u32>(descriptor, TXD_COMMAND);
      if ((command & TXD_DCMD_DEXT) != 0) {
        const type = command & TXD_DTYP_MASK;
        if (type == TXD_DTYP_CONTEXT) {
          if (!begun) whole = number + 1;
          continue;
        }
        if (type != TXD_DTYP_DATA) break;
      }
      const length = Bits.of32(command, TXD_DTALEN_HI, TXD_DTALEN_LO);
      if (place + length > limit) break;
      const end = Stage.list(port, context, index, load<u64>(descriptor), place, length, entry);
      if (end == 0) break;
      entry = end;
      store<u32>(changetype<usize>(this) + PLACES + ((<usize>number) << 2), <u32>place);
      place += length;
      begun = (command & TXD_DCMD_EOP) == 0;
      if (begun) continue;
      whole = number + 1;
      taken++;
      place = (place + ROOM) & ~(EVEN - 1);
    }
    if (Transfers.run(port, list, entry)) this.left = whole;
  }

  /**
   * Lists the transfers that fetch `length` bytes to `place`. Returns where they end; 0 when some are in no memory, or
   * where they are is not cached.
   */
  private static list(
    port: Port,
    context: Context,
    index: u32,
    iova: u64,
    place: usize,
    length: u32,
    entry: usize,
  ): usize {
    let done: u32 = 0;
    while (done < length) {
      const at = iova + <u64>done;
      const part = min(length - done, PAGE - (<u32>at & (PAGE - 1)));
      // A fault is the frame's own, when its turn comes.
      const result = Dma.peek(port.unit, context, at, ACCESS_READ);
      if (result & FAULT) return 0;
      const number = Dma.region(result);
      const region = port.map.region(number);
      const hpa = Dma.hpa(result);
      if (!region.holds(hpa, part)) return 0;
      if (region.kind == REGION_KIND_RAM) memory.copy(place + done, region.pointer(hpa), part);
      else if (region.kind == REGION_KIND_EXTERNAL) {
        Transfers.put(entry, hpa - region.base, number, place + done, part, CAUSE_TX + index);
        entry += TRANSFER_SIZE;
      } else return 0;
      done += part;
    }
    return entry;
  }
}

if (SCRATCH_STAGE + PLACES + BURST * 4 > SCRATCH_STAGE + DESCRIPTORS) ERROR("PLACES");
if (SCRATCH_STAGE + DESCRIPTORS + BURST * TX_DESCRIPTOR_SIZE > SCRATCH_STAGE_FRAMES) ERROR("DESCRIPTORS");
// Each descriptor's data begin and end in a page that they share, and take whole pages between.
if (SCRATCH_LIST + (2 * BURST + FRAMES_SIZE / PAGE) * TRANSFER_SIZE > SCRATCH_BATCH_DATA) ERROR("SCRATCH_LIST");
