// Writes pcapng captures: one little-endian section, times in nanoseconds, Ethernet, interfaces with their names.
import { checkBytes } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import {
  BLOCK_BODY,
  BLOCK_INTERFACE,
  BLOCK_OVERHEAD,
  BLOCK_PACKET_ENHANCED,
  BLOCK_SECTION_HEADER,
  BYTE_ORDER_MAGIC,
  LINKTYPE_ETHERNET,
  MAX_PACKET,
  OPTION_END,
  OPTION_INTERFACE_NAME,
  OPTION_PACKET_FLAGS,
  OPTION_TIME_RESOLUTION,
  PACKET_INBOUND,
  PACKET_OUTBOUND,
  PCAPNG_VERSION_MAJOR,
  SECTION_LENGTH_UNKNOWN,
  TIME_RESOLUTION_NANOSECONDS,
} from "./format.ts";

const TWO_32 = 2 ** 32;
const OPTION_HEADER = 4;

/** The beginning of a pcapng file with one Ethernet interface for each name. Throws ArgumentError for no names. */
export function pcapngHeader(interfaces: readonly string[]): Uint8Array {
  if (!Array.isArray(interfaces) || interfaces.some((name) => typeof name !== "string")) {
    throw new ArgumentError("interfaces", interfaces, "are no names");
  }
  const section = block(BLOCK_SECTION_HEADER, 16, (view, at) => {
    view.setUint32(at, BYTE_ORDER_MAGIC, true);
    view.setUint16(at + 4, PCAPNG_VERSION_MAJOR, true);
    view.setUint32(at + 8, SECTION_LENGTH_UNKNOWN, true);
    view.setUint32(at + 12, SECTION_LENGTH_UNKNOWN, true);
  });
  return join([section, ...interfaces.map(interfaceBlock)]);
}

/**
 * The bytes that one frame (without check sequence) adds. `timeNs` counts from 1970 or from the machine's start;
 * `direction` is as the interface sees it. Throws ArgumentError for a frame beyond 262,144 bytes, or no time.
 */
export function pcapngPacket(
  interfaceNumber: number,
  frame: Uint8Array,
  timeNs: number,
  direction?: "in" | "out",
): Uint8Array {
  checkBytes("frame", frame);
  if (frame.length > MAX_PACKET) throw new ArgumentError("frame length", frame.length, `is more than ${MAX_PACKET}`);
  if (!Number.isSafeInteger(timeNs) || timeNs < 0)
    throw new ArgumentError("timeNs", timeNs, "is not a time of a capture");
  const options =
    direction === undefined ? [] : [word(OPTION_PACKET_FLAGS, direction === "in" ? PACKET_INBOUND : PACKET_OUTBOUND)];
  const tail = optionBytes(options);
  const data = aligned(frame.length);
  return block(BLOCK_PACKET_ENHANCED, 20 + data + tail.length, (view, at, bytes) => {
    view.setUint32(at, interfaceNumber, true);
    view.setUint32(at + 4, Math.floor(timeNs / TWO_32), true);
    view.setUint32(at + 8, timeNs % TWO_32, true);
    view.setUint32(at + 12, frame.length, true);
    view.setUint32(at + 16, frame.length, true);
    bytes.set(frame, at + 20);
    bytes.set(tail, at + 20 + data);
  });
}

function interfaceBlock(name: string): Uint8Array {
  const resolution = { code: OPTION_TIME_RESOLUTION, value: Uint8Array.of(TIME_RESOLUTION_NANOSECONDS) };
  const tail = optionBytes([{ code: OPTION_INTERFACE_NAME, value: new TextEncoder().encode(name) }, resolution]);
  return block(BLOCK_INTERFACE, 8 + tail.length, (view, at, bytes) => {
    view.setUint16(at, LINKTYPE_ETHERNET, true);
    view.setUint32(at + 4, MAX_PACKET, true);
    bytes.set(tail, at + 8);
  });
}

interface Option {
  code: number;
  value: Uint8Array;
}

function word(code: number, number: number): Option {
  const value = new Uint8Array(4);
  new DataView(value.buffer).setUint32(0, number, true);
  return { code, value };
}

/** The options, and the end of them; nothing without any. */
function optionBytes(options: readonly Option[]): Uint8Array {
  if (options.length === 0) return new Uint8Array(0);
  return join(
    [...options, { code: OPTION_END, value: new Uint8Array(0) }].map(({ code, value }) => {
      const bytes = new Uint8Array(OPTION_HEADER + aligned(value.length));
      const view = new DataView(bytes.buffer);
      view.setUint16(0, code, true);
      view.setUint16(2, value.length, true);
      bytes.set(value, OPTION_HEADER);
      return bytes;
    }),
  );
}

/** A block with a body of `length` bytes, a multiple of 4, that `fill` writes from the given place on. */
function block(
  type: number,
  length: number,
  fill: (view: DataView, at: number, bytes: Uint8Array) => void,
): Uint8Array {
  const bytes = new Uint8Array(BLOCK_OVERHEAD + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  view.setUint32(bytes.length - 4, bytes.length, true);
  fill(view, BLOCK_BODY, bytes);
  return bytes;
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
