// Writes captures: pcap with nanoseconds, little-endian, Ethernet, as tcpdump and Wireshark read it.
import { ArgumentError } from "../../core/errors.ts";
import {
  LINKTYPE_ETHERNET,
  MAX_PACKET,
  PCAP_HEADER_SIZE,
  PCAP_MAGIC_NS,
  PCAP_OFFSET_LINK_TYPE,
  PCAP_OFFSET_MAJOR,
  PCAP_OFFSET_MINOR,
  PCAP_OFFSET_SNAP_LENGTH,
  PCAP_RECORD_SIZE,
  PCAP_VERSION_MAJOR,
  PCAP_VERSION_MINOR,
} from "./format.ts";

/** The first bytes of a capture file. */
export function captureHeader(): Uint8Array {
  const header = new DataView(new ArrayBuffer(PCAP_HEADER_SIZE));
  header.setUint32(0, PCAP_MAGIC_NS, true);
  header.setUint16(PCAP_OFFSET_MAJOR, PCAP_VERSION_MAJOR, true);
  header.setUint16(PCAP_OFFSET_MINOR, PCAP_VERSION_MINOR, true);
  header.setUint32(PCAP_OFFSET_SNAP_LENGTH, MAX_PACKET, true);
  header.setUint32(PCAP_OFFSET_LINK_TYPE, LINKTYPE_ETHERNET, true);
  return new Uint8Array(header.buffer);
}

/**
 * The bytes that one frame (without check sequence) adds to a capture file. `timeNs` counts from 1970 or from the
 * machine's start. Throws ArgumentError for a frame beyond 262,144 bytes or a time that 32-bit seconds cannot hold.
 */
export function captureRecord(bytes: Uint8Array, timeNs: number): Uint8Array {
  if (bytes.length > MAX_PACKET) throw new ArgumentError("frame length", bytes.length, `is more than ${MAX_PACKET}`);
  const seconds = Math.floor(timeNs / 1e9);
  if (!(seconds >= 0 && seconds < 2 ** 32)) throw new ArgumentError("timeNs", timeNs, "is not a time of a capture");
  const record = new Uint8Array(PCAP_RECORD_SIZE + bytes.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, seconds, true);
  view.setUint32(4, Math.floor(timeNs % 1e9), true);
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, bytes.length, true);
  record.set(bytes, PCAP_RECORD_SIZE);
  return record;
}
