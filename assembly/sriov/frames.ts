// The uplink's frame rings: what the port sends to the wire (egress) and gets from it (ingress). One writer, one
// reader; records never wrap.

import { FRAMES_CAPACITY, FRAMES_DATA, FRAMES_HEAD, FRAMES_RECORD, FRAMES_SKIP, FRAMES_TAIL } from "../spec/abi/port";
import { Copy } from "./copy";

@unmanaged
export class Frames {
  head: u32;
  tail: u32;
  capacity: u32;

  /** Bytes that frames and what is around them take. */
  @inline get used(): u32 {
    return this.tail >= this.head ? this.tail - this.head : this.capacity - this.head + this.tail;
  }

  /** Room for a frame of `length` bytes at the tail, 0 when there is none. `commit` it when it is written. */
  reserve(length: u32): usize {
    const need = FRAMES_RECORD + ((length + 7) & ~7);
    const data = changetype<usize>(this) + FRAMES_DATA;
    const head = this.head;
    let tail = this.tail;
    if (tail >= head) {
      // A full ring would look empty: one record header stays free.
      if (this.capacity - tail < need + (head == 0 ? FRAMES_RECORD : 0)) {
        if (head <= need) return 0;
        if (tail < this.capacity) store<u32>(data + tail, FRAMES_SKIP);
        tail = 0;
        this.tail = 0;
      }
    } else if (head - tail <= need) return 0;
    store<u64>(data + tail, <u64>length);
    return data + tail + FRAMES_RECORD;
  }

  @inline commit(length: u32): void {
    const next = this.tail + FRAMES_RECORD + ((length + 7) & ~7);
    this.tail = next == this.capacity ? 0 : next;
  }

  /** Appends a frame. False when there is no room. */
  append(frame: usize, length: u32): bool {
    const place = this.reserve(length);
    if (place == 0) return false;
    Copy.bytes(place, frame, length);
    this.commit(length);
    return true;
  }

  /** The record at the head, 0 when there is none: its length, then the frame at +8. */
  peek(): usize {
    const data = changetype<usize>(this) + FRAMES_DATA;
    if (this.head == this.tail) return 0;
    if (load<u32>(data + this.head) == FRAMES_SKIP) this.head = 0;
    return this.head == this.tail ? 0 : data + this.head;
  }

  @inline drop(length: u32): void {
    const next = this.head + FRAMES_RECORD + ((length + 7) & ~7);
    this.head = next == this.capacity ? 0 : next;
  }
}

if (offsetof<Frames>("head") != FRAMES_HEAD) ERROR("FRAMES_HEAD");
if (offsetof<Frames>("tail") != FRAMES_TAIL) ERROR("FRAMES_TAIL");
if (offsetof<Frames>("capacity") != FRAMES_CAPACITY) ERROR("FRAMES_CAPACITY");
