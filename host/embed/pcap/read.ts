// Reads a capture file of either kind into Ethernet frames.

import { checkBytes, checkText } from "../../core/arguments.ts";
import { FormatError } from "../../core/errors.ts";
import { CaptureBytes } from "./bytes.ts";
import {
  BLOCK_SECTION_HEADER,
  FOREIGN,
  PCAP_FCS_GIVEN,
  PCAP_FCS_WORDS_SHIFT,
  PCAP_HEADER_SIZE,
  PCAP_LINK_TYPE_MASK,
  PCAP_MAGIC_NS,
  PCAP_MAGIC_US,
  PCAP_OFFSET_LINK_TYPE,
  PCAP_OFFSET_MAJOR,
  PCAP_OFFSET_MINOR,
  PCAP_RECORD_SIZE,
  PCAP_VERSION_MAJOR,
  PCAP_VERSION_MINOR,
} from "./format.ts";
import { type CapturedFrame, frame, requireEthernet, requireLength } from "./frame.ts";
import { readPcapng } from "./read-pcapng.ts";

/**
 * The frames of a pcap or pcapng file, in the file's order. Byte order and kind are recognised by the first word.
 * Throws FormatError, which names `source` (the file's name; default "capture"), offset and value, when the file is truncated,
 * damaged, of another kind, or holds packets of another link type than Ethernet; ArgumentError for what is no bytes.
 */
export function readCapture(file: Uint8Array, source = "capture"): CapturedFrame[] {
  checkBytes("file", file);
  checkText("source", source);
  const bytes = new CaptureBytes(file, source);
  bytes.littleEndian = false;
  if (bytes.length < 4) throw new FormatError(source, `${bytes.length} bytes are not a capture`);
  const magic = bytes.u32(0);
  if (magic === BLOCK_SECTION_HEADER) return readPcapng(bytes);
  for (const foreign of FOREIGN) {
    if (magic >>> (32 - 8 * foreign.bytes) === foreign.magic) throw bytes.error(0, `${foreign.name} is not supported`);
  }
  for (const littleEndian of [false, true]) {
    bytes.littleEndian = littleEndian;
    const ordered = bytes.u32(0);
    if (ordered === PCAP_MAGIC_US) return readPcap(bytes, 1000);
    if (ordered === PCAP_MAGIC_NS) return readPcap(bytes, 1);
  }
  throw bytes.error(0, `0x${magic.toString(16).padStart(8, "0")} begins neither a pcap nor a pcapng file`);
}

function readPcap(bytes: CaptureBytes, nsPerUnit: number): CapturedFrame[] {
  const major = bytes.u16(PCAP_OFFSET_MAJOR);
  const minor = bytes.u16(PCAP_OFFSET_MINOR);
  if (major !== PCAP_VERSION_MAJOR || minor !== PCAP_VERSION_MINOR) {
    throw bytes.error(PCAP_OFFSET_MAJOR, `pcap version ${major}.${minor} is not supported, only 2.4`);
  }
  const link = bytes.u32(PCAP_OFFSET_LINK_TYPE);
  requireEthernet(bytes, PCAP_OFFSET_LINK_TYPE, link & PCAP_LINK_TYPE_MASK);
  const fcs = (link & PCAP_FCS_GIVEN) !== 0 ? (link >>> PCAP_FCS_WORDS_SHIFT) * 2 : 0;
  const frames: CapturedFrame[] = [];
  let at = PCAP_HEADER_SIZE;
  while (at < bytes.length) {
    const nanoseconds = bytes.u32(at + 4) * nsPerUnit;
    const time = { seconds: bytes.u32(at) + Math.floor(nanoseconds / 1e9), nanoseconds: nanoseconds % 1e9 };
    const captured = bytes.u32(at + 8);
    const original = bytes.u32(at + 12);
    requireLength(bytes, at + 8, captured);
    frames.push(frame(bytes.slice(at + PCAP_RECORD_SIZE, captured), original, fcs, time));
    at += PCAP_RECORD_SIZE + captured;
  }
  return frames;
}
