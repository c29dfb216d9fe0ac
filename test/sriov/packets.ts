// Frames with IP packets in them, and what a card says of them, worked out a byte at a time from the RFCs: an outside
// view of what assembly/sriov does with words and registers.
import { macOf } from "./ports.ts";

export function be16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** The complement of the one's complement sum of all 16-bit words; a byte left over is the upper one of its word. */
export function internetChecksum(...parts: readonly (readonly number[] | Uint8Array)[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 2) sum += (part[at] as number) * 256 + (part[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  return 0xffff - sum;
}

/** CRC-32 with a reflected polynomial, as four bytes, lowest first. */
export function crc32(bytes: Uint8Array, polynomial: number): number[] {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const out = (crc ^ (byte >>> bit)) & 1;
      crc = (crc >>> 1) ^ (out === 1 ? polynomial : 0);
    }
  }
  const value = ~crc >>> 0;
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}

export const ETHERNET = 0xedb8_8320;
export const CASTAGNOLI = 0x82f6_3b78;

/** The Toeplitz hash as Microsoft defines it: for each bit of the input the 32 bits of the key from there on. */
export function toeplitz(key: Uint8Array, input: readonly number[]): number {
  const bit = (bytes: ArrayLike<number>, at: number): number => ((bytes[at >>> 3] as number) >>> (7 - (at & 7))) & 1;
  let hash = 0;
  for (let at = 0; at < input.length * 8; at++) {
    if (bit(input, at) === 0) continue;
    let window = 0;
    for (let next = 0; next < 32; next++) window = window * 2 + bit(key, at + next);
    hash = (hash ^ window) >>> 0;
  }
  return hash;
}

export interface Transport {
  protocol: number;
  bytes: number[];
}

const ports = (from: number, to: number): number[] => [from >>> 8, from & 0xff, to >>> 8, to & 0xff];

/** TCP with `options` words of options, UDP, SCTP, without their checksums. */
export function tcp(from: number, to: number, payload: readonly number[], flags = 0x10, options = 0): Transport {
  const words = Array.from({ length: options }, () => [1, 1, 1, 1]).flat();
  const head = [...ports(from, to), 1, 2, 3, 4, 5, 6, 7, 8, (5 + options) << 4, flags, 0x20, 0, 0, 0, 0, 0];
  return { protocol: 6, bytes: [...head, ...words, ...payload] };
}

export function udp(from: number, to: number, payload: readonly number[]): Transport {
  const length = 8 + payload.length;
  return { protocol: 17, bytes: [...ports(from, to), length >>> 8, length & 0xff, 0, 0, ...payload] };
}

export function sctp(from: number, to: number, payload: readonly number[]): Transport {
  return { protocol: 132, bytes: [...ports(from, to), 9, 8, 7, 6, 0, 0, 0, 0, ...payload] };
}

const CHECKSUM_AT: Record<number, number> = { 6: 16, 17: 6 };

/** The transport header with its checksum over the pseudo header. */
function checked({ protocol, bytes }: Transport, source: number[], destination: number[]): number[] {
  if (protocol === 132) {
    const crc = crc32(Uint8Array.from(bytes), CASTAGNOLI);
    return [...bytes.slice(0, 8), ...crc, ...bytes.slice(12)];
  }
  const at = CHECKSUM_AT[protocol];
  if (at === undefined) return bytes;
  const pseudo = [...source, ...destination, 0, protocol, bytes.length >>> 8, bytes.length & 0xff];
  const computed = internetChecksum(pseudo, bytes);
  const sum = computed === 0 && protocol === 17 ? 0xffff : computed;
  return [...bytes.slice(0, at), sum >>> 8, sum & 0xff, ...bytes.slice(at + 2)];
}

export const IPV4_FROM = [192, 0, 2, 17];
export const IPV4_TO = [198, 51, 100, 201];

export interface Ipv4Options {
  /** Words of options. */
  options?: number;
  /** Flags and fragment offset. */
  fragment?: number;
  id?: number;
  from?: number[];
  to?: number[];
}

/** An IPv4 packet. */
export function ipv4(
  transport: Transport,
  { options = 0, fragment = 0x4000, id = 0xbeef, from, to }: Ipv4Options = {},
): number[] {
  const source = from ?? IPV4_FROM;
  const destination = to ?? IPV4_TO;
  const body = (fragment & 0x3fff) === 0 ? checked(transport, source, destination) : transport.bytes;
  const total = 20 + 4 * options + body.length;
  const words = Array.from({ length: options }, () => [1, 1, 1, 1]).flat();
  const head = [0x45 + options, 0, total >>> 8, total & 0xff, id >>> 8, id & 0xff, fragment >>> 8, fragment & 0xff, 61];
  const rest = [transport.protocol, 0, 0, ...source, ...destination, ...words];
  const sum = internetChecksum([...head, ...rest]);
  rest[1] = sum >>> 8;
  rest[2] = sum & 0xff;
  return [...head, ...rest, ...body];
}

export const IPV6_FROM = Array.from({ length: 16 }, (_, at) => (at * 17 + 0x20) & 0xff);
export const IPV6_TO = Array.from({ length: 16 }, (_, at) => (at * 29 + 0x31) & 0xff);

/** An extension header: its number, and its bytes without the next header. */
export interface Extension {
  protocol: number;
  bytes: number[];
}

/** An IPv6 packet with extension headers. */
export function ipv6(transport: Transport, extensions: readonly Extension[] = []): number[] {
  const numbers = [...extensions.map(({ protocol }) => protocol), transport.protocol];
  const fragmented = numbers.includes(44);
  const body = fragmented ? transport.bytes : checked(transport, IPV6_FROM, IPV6_TO);
  const headers = extensions.flatMap(({ bytes }, at) => [numbers[at + 1] as number, ...bytes]);
  const length = headers.length + body.length;
  const head = [0x60, 0x12, 0x34, 0x56, length >>> 8, length & 0xff, numbers[0] as number, 59];
  return [...head, ...IPV6_FROM, ...IPV6_TO, ...headers, ...body];
}

export interface FrameOptions {
  to?: Uint8Array;
  from?: Uint8Array;
  tag?: number;
  /** LLC and SNAP instead of a type. */
  snap?: boolean;
  /** Bytes behind the packet. */
  padding?: number;
}

/** A frame with a packet of EtherType `type` in it. */
export function frameWith(type: number, packet: readonly number[], options: FrameOptions = {}): Uint8Array {
  const { to = macOf(0), from = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55), tag, snap, padding } = options;
  const ethertype = [type >>> 8, type & 0xff];
  const tags = tag === undefined ? [] : [0x81, 0x00, tag >>> 8, tag & 0xff];
  const length = packet.length + 8;
  const middle = snap === true ? [length >>> 8, length & 0xff, 0xaa, 0xaa, 3, 0, 0, 0, ...ethertype] : ethertype;
  const bytes = [...to, ...from, ...tags, ...middle, ...packet];
  const fill = Math.max(0, 60 - bytes.length, padding ?? 0);
  return Uint8Array.from([...bytes, ...Array.from({ length: fill }, (_, at) => (at * 3 + 0x5a) & 0xff)]);
}

export const payloadOf = (length: number, seed = 1): number[] =>
  Array.from({ length }, (_, at) => (at * 11 + seed * 7) & 0xff);

/** Routing header with `left` segments left, destination options, hop-by-hop options, fragment, authentication. */
export const routing = (left: number, type = 0): Extension => ({
  protocol: 43,
  bytes: [2, type, left, 0, 0, 0, 0, ...payloadOf(16, 9)],
});
export const HOP: Extension = { protocol: 0, bytes: [0, 1, 4, 0, 0, 0, 0] };
export const DESTINATION: Extension = { protocol: 60, bytes: [0, 1, 4, 0, 0, 0, 0] };
export const HOME: Extension = { protocol: 60, bytes: [2, 1, 2, 0, 0, 201, 16, ...payloadOf(16, 5)] };
export const FRAGMENT: Extension = { protocol: 44, bytes: [0, 0, 1, 0, 0, 0, 7] };
export const AUTHENTICATION: Extension = { protocol: 51, bytes: [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2] };
