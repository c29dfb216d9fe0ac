// The frames that one burst delivers to or from memory outside, as a list of transfers; see outside.ts. Of each frame
// come the bytes that were looked at, from its note, and what is behind them, from where the frame lies:
//
//   list ── room for one transfer │ ... heads grow down │ middle │ rests grow up ... │ what else the burst writes

import { TRANSFER_POINTER, TRANSFER_SIZE } from "../spec/abi/memory-map";
import { SCRATCH_DELIVERIES, SCRATCH_NOTES } from "../spec/abi/port";
import { Copy } from "./copy";
import { BURST, Port } from "./state";
import { Transfers } from "./transfers";

const NOTE_SIZE: u32 = 256;
const NOTE_DATA: u32 = 32;

/** What a burst keeps of one frame, and behind it the bytes that it fetched. */
@unmanaged
export class Note {
  /** Where the frame lies: a place in `region`. */
  source: u64;
  region: u32;
  length: u32;
  /** Bytes at `data`: the frame's first. */
  kept: u32;

  @inline static of(port: Port, index: u32): Note {
    return changetype<Note>(port.scratch + SCRATCH_NOTES + <usize>(index * NOTE_SIZE));
  }

  @inline get data(): usize {
    return changetype<usize>(this) + NOTE_DATA;
  }
}

@unmanaged
export class Deliveries {
  /** The first of the heads, and the end of the rests. */
  heads: usize;
  end: usize;
  /** Of the first frame: from which region to which, and how long. */
  from: u32;
  to: u32;
  length: u32;
  /** Not 0 when some frame is not like the first. */
  odd: u32;

  /** The burst's deliveries, none yet. */
  static begin(port: Port): Deliveries {
    const deliveries = changetype<Deliveries>(port.scratch + SCRATCH_DELIVERIES);
    deliveries.heads = Deliveries.middle(port);
    deliveries.end = deliveries.heads;
    deliveries.odd = 0;
    return deliveries;
  }

  /** Room for one transfer at the list's start, then for the heads. */
  @inline private static middle(port: Port): usize {
    return Transfers.list(port) + <usize>((1 + BURST) * TRANSFER_SIZE);
  }

  /** Delivers a frame to `place` in the region `name`, at once when that can be done here. `owner`: see Transfers. */
  @inline add(port: Port, note: Note, place: u64, name: u32, owner: u32): void {
    const length = note.length;
    const kept = note.kept;
    const rest = length - kept;
    const from = note.region;
    if (name == TRANSFER_POINTER && (from == TRANSFER_POINTER || rest == 0)) {
      if (rest != 0) memory.copy(<usize>place + kept, <usize>note.source + kept, rest);
      Copy.bytes(<usize>place, note.data, kept);
      return;
    }
    if (this.heads == Deliveries.middle(port)) {
      this.from = from;
      this.to = name;
      this.length = length;
    }
    this.odd |= (from ^ this.from) | (name ^ this.to) | (length ^ this.length);
    this.odd |= Transfers.odd(note.source, place, length);
    this.heads -= TRANSFER_SIZE;
    Transfers.put(this.heads, <u64>note.data, TRANSFER_POINTER, place, name, kept, owner);
    if (rest == 0) return;
    Transfers.put(this.end, note.source + kept, from, place + kept, name, rest, owner);
    this.end += TRANSFER_SIZE;
  }

  /** No frame comes any more: tells the list how far its transfers are alike. */
  @inline close(port: Port): void {
    if (this.odd != 0) return;
    const middle = Deliveries.middle(port);
    Transfers.alike(this.heads, middle);
    Transfers.alike(middle, this.end);
  }
}

if (offsetof<Note>() > <usize>NOTE_DATA) ERROR("NOTE_DATA");
