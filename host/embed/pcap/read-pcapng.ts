// The blocks of a pcapng file: sections in either byte order, their interfaces, the three kinds of packets.
import type { CaptureBytes } from "./bytes.ts";
import {
  BLOCK_BODY,
  BLOCK_INTERFACE,
  BLOCK_OVERHEAD,
  BLOCK_PACKET_ENHANCED,
  BLOCK_PACKET_OBSOLETE,
  BLOCK_PACKET_SIMPLE,
  BLOCK_SECTION_HEADER,
  BYTE_ORDER_MAGIC,
  OPTION_END,
  OPTION_FCS_LENGTH,
  OPTION_TIME_OFFSET,
  OPTION_TIME_RESOLUTION,
  PCAPNG_VERSION_MAJOR,
  TIME_RESOLUTION_BINARY,
  TIME_RESOLUTION_DEFAULT,
} from "./format.ts";
import { type CapturedFrame, frame, requireEthernet, requireLength } from "./frame.ts";
import { captureTime } from "./time.ts";

interface Interface {
  linkType: number;
  /** Bytes kept of each packet; 0 = all. */
  snapLength: number;
  base: 2 | 10;
  exponent: number;
  /** Seconds to add to every timestamp. */
  offset: number;
  /** Bytes of the frame check sequence at each packet's end. */
  fcs: number;
}

/** The frames of a pcapng file. Throws FormatError as `readCapture` does. */
export function readPcapng(bytes: CaptureBytes): CapturedFrame[] {
  const frames: CapturedFrame[] = [];
  let interfaces: Interface[] = [];
  let at = 0;
  while (at < bytes.length) {
    const isSection = bytes.u32(at) === BLOCK_SECTION_HEADER; // a palindrome: the same in both byte orders
    if (isSection) setByteOrder(bytes, at + BLOCK_BODY);
    const end = at + blockLength(bytes, at);
    const body = at + BLOCK_BODY;
    const bodyEnd = end - 4;
    switch (bytes.u32(at)) {
      case BLOCK_SECTION_HEADER: {
        const major = bytes.u16(body + 4);
        if (major !== PCAPNG_VERSION_MAJOR)
          throw bytes.error(body + 4, `pcapng version ${major} is not supported, only 1`);
        interfaces = [];
        break;
      }
      case BLOCK_INTERFACE:
        interfaces.push(readInterface(bytes, body, bodyEnd));
        break;
      case BLOCK_PACKET_ENHANCED:
        frames.push(readPacket(bytes, body, bodyEnd, interfaceAt(bytes, body, interfaces, bytes.u32(body))));
        break;
      case BLOCK_PACKET_OBSOLETE:
        // Only the interface's number is narrower: 16 bits, and 16 bits of drop count.
        frames.push(readPacket(bytes, body, bodyEnd, interfaceAt(bytes, body, interfaces, bytes.u16(body))));
        break;
      case BLOCK_PACKET_SIMPLE:
        frames.push(readSimple(bytes, body, bodyEnd, interfaceAt(bytes, body, interfaces, 0)));
        break;
    }
    at = end;
  }
  return frames;
}

function setByteOrder(bytes: CaptureBytes, offset: number): void {
  for (const littleEndian of [true, false]) {
    bytes.littleEndian = littleEndian;
    if (bytes.u32(offset) === BYTE_ORDER_MAGIC) return;
  }
  throw bytes.error(offset, `0x${bytes.u32(offset).toString(16)} is no byte-order magic`);
}

/** The checked total length of the block at `at`. */
function blockLength(bytes: CaptureBytes, at: number): number {
  const length = bytes.u32(at + 4);
  if (length < BLOCK_OVERHEAD || length % 4 !== 0) throw bytes.error(at + 4, `a block of ${length} bytes`);
  if (at + length > bytes.length) {
    throw bytes.error(at + 4, `truncated: a block of ${length} bytes, ${bytes.length - at} left`);
  }
  const trailing = bytes.u32(at + length - 4);
  if (trailing !== length) throw bytes.error(at + length - 4, `block length ${trailing} at its end, ${length} before`);
  return length;
}

function readInterface(bytes: CaptureBytes, body: number, end: number): Interface {
  requireBody(bytes, body, end, 8);
  const made: Interface = {
    linkType: bytes.u16(body),
    snapLength: bytes.u32(body + 4),
    base: 10,
    exponent: TIME_RESOLUTION_DEFAULT,
    offset: 0,
    fcs: 0,
  };
  let at = body + 8;
  while (at < end) {
    const code = bytes.u16(at);
    const length = bytes.u16(at + 2);
    const value = at + 4;
    const next = value + Math.ceil(length / 4) * 4;
    if (code === OPTION_END) break;
    if (next > end) throw bytes.error(at, `option ${code} of ${length} bytes runs out of its block`);
    if (code === OPTION_TIME_RESOLUTION && length === 1) {
      const resolution = bytes.u8(value);
      made.base = (resolution & TIME_RESOLUTION_BINARY) !== 0 ? 2 : 10;
      made.exponent = resolution & ~TIME_RESOLUTION_BINARY;
    } else if (code === OPTION_FCS_LENGTH && length === 1) {
      // The drafts count bits, writers count bytes: 4 and 32 are the same check sequence.
      const fcs = bytes.u8(value);
      made.fcs = fcs === 32 ? 4 : fcs;
    } else if (code === OPTION_TIME_OFFSET && length === 8) {
      const [hi, lo] = bytes.littleEndian ? [value + 4, value] : [value, value + 4];
      made.offset = bytes.i32(hi) * 2 ** 32 + bytes.u32(lo);
    }
    at = next;
  }
  return made;
}

function interfaceAt(bytes: CaptureBytes, offset: number, interfaces: readonly Interface[], index: number): Interface {
  const found = interfaces[index];
  if (found === undefined) throw bytes.error(offset, `interface ${index} was not described before its packet`);
  requireEthernet(bytes, offset, found.linkType);
  return found;
}

function readPacket(bytes: CaptureBytes, body: number, end: number, from: Interface): CapturedFrame {
  requireBody(bytes, body, end, 20);
  const time = captureTime(bytes.u32(body + 4), bytes.u32(body + 8), from.base, from.exponent);
  const captured = bytes.u32(body + 12);
  requireLength(bytes, body + 12, captured);
  requireBody(bytes, body, end, 20 + captured);
  const data = bytes.slice(body + 20, captured);
  return frame(data, bytes.u32(body + 16), from.fcs, { ...time, seconds: time.seconds + from.offset });
}

function readSimple(bytes: CaptureBytes, body: number, end: number, from: Interface): CapturedFrame {
  requireBody(bytes, body, end, 4);
  const original = bytes.u32(body);
  const captured = from.snapLength === 0 ? original : Math.min(original, from.snapLength);
  requireLength(bytes, body, captured);
  requireBody(bytes, body, end, 4 + captured);
  return frame(bytes.slice(body + 4, captured), original, from.fcs, undefined);
}

function requireBody(bytes: CaptureBytes, body: number, end: number, length: number): void {
  if (body + length > end) throw bytes.error(body, `a block body of ${end - body} bytes, ${length} needed`);
}
