// Ethernet frames that say who sent them, to whom and as which of how many, so that a receiver can prove
// what it got: nothing lost, nothing twice, nothing meant for somebody else, no byte changed.
//
//   0 destination ─ 6 source ─ [12 8100h ─ 14 VLAN tag] ─ 12/16 88B5h ─ payload
//   payload: +0 magic u16 ─ +2 from u16 ─ +4 to u16 ─ +6 bytes u16 ─ +8 sequence u32 ─ +12 checksum u32 ─ +16 data
import {
  ETHERNET_FRAME_MIN,
  ETHERNET_HEADER,
  ETHERNET_TYPE,
  ETHERTYPE_VLAN,
  VLAN_TAG_SIZE,
} from "../../../assembly/spec/net/ethernet.ts";
import { ArgumentError } from "../../core/errors.ts";
import { MAC_LENGTH } from "./mac.ts";

/** Shortest frame a driver hands to a card, CRC not counted (IEEE 802.3 §3.2.8). */
export const MIN_FRAME: number = ETHERNET_FRAME_MIN;
/** Longest frame without a VLAN tag, CRC not counted. */
export const MAX_FRAME = 1514;
/** IEEE 802 Local Experimental Ethertype 1. */
const ETHERTYPE_TAGGED_FRAME = 0x88b5;

const MAGIC = 0x10f7;
const FROM = 2;
const TO = 4;
const BYTES = 6;
const SEQUENCE = 8;
const CHECKSUM = 12;
const DATA = 16;
const SEED = 0x811c_9dc5;
const PRIME = 0x0100_0193;
const SPREAD = 0x9e37_79b1;

/** A hash of everything in the payload but the sequence number and the checksum. */
function digest(view: DataView, payload: number, end: number): number {
  let hash = Math.imul(SEED ^ view.getUint32(payload + FROM), PRIME) ^ view.getUint16(payload + BYTES);
  let offset = payload + DATA;
  for (; offset + 4 <= end; offset += 4) hash = Math.imul(hash, PRIME) ^ view.getUint32(offset);
  for (; offset < end; offset++) hash = Math.imul(hash, PRIME) ^ view.getUint8(offset);
  return hash;
}

function checksum(hash: number, sequence: number): number {
  return (Math.imul(hash ^ Math.imul(sequence + 1, SPREAD), PRIME) ^ (hash >>> 15)) >>> 0;
}

export interface TaggedFrameOptions {
  destination: Uint8Array;
  source: Uint8Array;
  /** Who sends and who is meant to receive, as the test numbers them: u16 each. */
  from: number;
  to: number;
  /** Bytes of the frame without CRC, VLAN tag included; default 60. */
  length?: number;
  /** VLAN tag (priority, DEI, ID) to put into the frame itself; default none. */
  vlan?: number;
}

/** A frame that is built once and stamped with a new sequence number each time it is sent. */
export class TaggedFrame {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #payload: number;
  readonly #hash: number;

  /** Throws ArgumentError when `length` cannot hold the tag or is longer than a frame. */
  constructor(options: TaggedFrameOptions) {
    const length = options.length ?? MIN_FRAME;
    const tag = options.vlan === undefined ? 0 : VLAN_TAG_SIZE;
    if (!Number.isInteger(length) || length < MIN_FRAME || length > MAX_FRAME + tag) {
      throw new ArgumentError("length", length, `is not in ${MIN_FRAME}–${MAX_FRAME + tag}`);
    }
    this.bytes = new Uint8Array(length);
    this.bytes.set(options.destination.subarray(0, MAC_LENGTH), 0);
    this.bytes.set(options.source.subarray(0, MAC_LENGTH), MAC_LENGTH);
    this.#view = new DataView(this.bytes.buffer);
    this.#payload = ETHERNET_HEADER + tag;
    if (options.vlan !== undefined) {
      this.#view.setUint16(ETHERNET_TYPE, ETHERTYPE_VLAN);
      this.#view.setUint16(ETHERNET_TYPE + 2, options.vlan);
    }
    this.#view.setUint16(this.#payload - 2, ETHERTYPE_TAGGED_FRAME);
    this.#view.setUint16(this.#payload, MAGIC);
    this.#view.setUint16(this.#payload + FROM, options.from);
    this.#view.setUint16(this.#payload + TO, options.to);
    this.#view.setUint16(this.#payload + BYTES, length - this.#payload);
    let pattern = Math.imul(options.from + 1, SPREAD) ^ options.to;
    for (let offset = this.#payload + DATA; offset < length; offset++) {
      pattern = Math.imul(pattern, PRIME) + offset;
      this.bytes[offset] = pattern >>> 24;
    }
    this.#hash = digest(this.#view, this.#payload, length);
    this.stamp(0);
  }

  /** Puts the sequence number (u32) and the checksum that goes with it into the frame. */
  stamp(sequence: number): Uint8Array {
    this.#view.setUint32(this.#payload + SEQUENCE, sequence);
    this.#view.setUint32(this.#payload + CHECKSUM, checksum(this.#hash, sequence));
    return this.bytes;
  }
}

/** Reads tagged frames; one reader serves any number of frames without allocating. */
export class FrameReader {
  from = 0;
  to = 0;
  sequence = 0;
  /** The tag in the frame itself, −1 when there is none. */
  vlan = -1;
  #buffer: ArrayBufferLike | undefined;
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));

  /** Takes a frame apart. False when it is no tagged frame or when a byte of its payload changed. */
  read(frame: Uint8Array): boolean {
    if (frame.length < ETHERNET_HEADER + DATA) return false;
    if (this.#buffer !== frame.buffer) {
      this.#buffer = frame.buffer;
      this.#view = new DataView(frame.buffer);
    }
    const view = this.#view;
    const base = frame.byteOffset;
    let payload = base + ETHERNET_HEADER;
    this.vlan = -1;
    if (view.getUint16(base + ETHERNET_TYPE) === ETHERTYPE_VLAN) {
      this.vlan = view.getUint16(base + ETHERNET_TYPE + 2);
      payload += VLAN_TAG_SIZE;
      if (base + frame.length < payload + DATA) return false;
    }
    if (view.getUint16(payload - 2) !== ETHERTYPE_TAGGED_FRAME || view.getUint16(payload) !== MAGIC) return false;
    const end = payload + view.getUint16(payload + BYTES);
    if (end < payload + DATA || end > base + frame.length) return false;
    this.from = view.getUint16(payload + FROM);
    this.to = view.getUint16(payload + TO);
    this.sequence = view.getUint32(payload + SEQUENCE);
    return view.getUint32(payload + CHECKSUM) === checksum(digest(view, payload, end), this.sequence);
  }
}
