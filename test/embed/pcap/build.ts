// Builds pcapng files block by block, in either byte order: what no tool at hand writes.

export type Order = "little" | "big";

export function u16(order: Order, value: number): number[] {
  const bytes = [value & 0xff, (value >>> 8) & 0xff];
  return order === "little" ? bytes : bytes.reverse();
}

export function u32(order: Order, value: number): number[] {
  const bytes = [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
  return order === "little" ? bytes : bytes.reverse();
}

export function padded(bytes: readonly number[]): number[] {
  return [...bytes, ...new Array<number>(-bytes.length & 3).fill(0)];
}

export function block(order: Order, type: number, body: readonly number[]): number[] {
  const length = 12 + padded(body).length;
  return [...u32(order, type), ...u32(order, length), ...padded(body), ...u32(order, length)];
}

export function option(order: Order, code: number, value: readonly number[]): number[] {
  return [...u16(order, code), ...u16(order, value.length), ...padded(value)];
}

export function section(order: Order): number[] {
  const version = [...u16(order, 1), ...u16(order, 0)];
  const unknownLength = new Array<number>(8).fill(0xff);
  return block(order, 0x0a0d0d0a, [...u32(order, 0x1a2b3c4d), ...version, ...unknownLength]);
}

export function description(
  order: Order,
  linkType: number,
  snapLength: number,
  options: readonly number[] = [],
): number[] {
  return block(order, 1, [...u16(order, linkType), ...u16(order, 0), ...u32(order, snapLength), ...options]);
}

export interface PacketFields {
  interface: number;
  hi: number;
  lo: number;
  data: readonly number[];
  original?: number;
}

export function enhanced(order: Order, packet: PacketFields): number[] {
  return block(order, 6, [...u32(order, packet.interface), ...packetRest(order, packet)]);
}

export function obsolete(order: Order, packet: PacketFields): number[] {
  const drops = 0x1234;
  return block(order, 2, [...u16(order, packet.interface), ...u16(order, drops), ...packetRest(order, packet)]);
}

export function simple(order: Order, original: number, data: readonly number[]): number[] {
  return block(order, 3, [...u32(order, original), ...data]);
}

/** A pcap file with the given magic, one record a frame: seconds 5, 6, …, fraction 7. */
export function pcap(order: Order, magic: number, frames: readonly (readonly number[])[], linkType = 1): Uint8Array {
  const header = [...u32(order, magic), ...u16(order, 2), ...u16(order, 4), ...u32(order, 0), ...u32(order, 0)];
  const records = frames.flatMap((frame, index) => [
    ...u32(order, 5 + index),
    ...u32(order, 7),
    ...u32(order, frame.length),
    ...u32(order, frame.length),
    ...frame,
  ]);
  return Uint8Array.from([...header, ...u32(order, 65535), ...u32(order, linkType), ...records]);
}

function packetRest(order: Order, packet: PacketFields): number[] {
  const original = packet.original ?? packet.data.length;
  return [
    ...[packet.hi, packet.lo, packet.data.length, original].flatMap((value) => u32(order, value)),
    ...padded(packet.data),
  ];
}
