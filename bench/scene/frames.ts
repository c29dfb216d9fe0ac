// The machine of the frame cases: a card's VFs, each with a domain of its own, rings and buffers in its guest's RAM;
// and what the guests' drivers do with them. Frames go from each VF to the next one of its port, in a ring.
import { RX_DESCRIPTOR_SIZE } from "../../assembly/spec/igb/rx-descriptor.ts";
import {
  TX_DESCRIPTOR_SIZE,
  TXD_DCMD_DEXT,
  TXD_DCMD_EOP,
  TXD_DCMD_IFCS,
  TXD_DCMD_RS,
  TXD_DTYP_DATA,
  TXD_PAYLEN_LO,
} from "../../assembly/spec/igb/tx-descriptor.ts";
import { DIGEST_SEED, digest, type MachineImage, xorshift } from "./machine.ts";
import { TableBuilder } from "./tables.ts";

const PAGE = 4096;
const MIB = 2 ** 20;

/** Descriptors of each ring. */
export const RING = 64;
/** A burst: the frames that a driver posts before it rings the doorbell, and the card works. */
export const POSTED = 32;
export const BUFFER = 2048;
/** Where a guest's rings and buffers lie, in its own addresses. */
export const TX_RING = 0;
export const RX_RING: number = PAGE;
export const TX_BUFFERS: number = 2 * PAGE;
export const RX_BUFFERS: number = TX_BUFFERS + RING * BUFFER;
const AREA: number = RX_BUFFERS + RING * BUFFER;
/** Translation tables lie below, guests from here on, an odd number of pages apart. */
export const GUEST_BASE: number = 4 * MIB;
const GUEST_STRIDE: number = AREA + PAGE;
/** VFs of one port and ports of one card. */
export const VFS_PER_PORT = 8;
export const PORTS = 4;
export const VFS: number = VFS_PER_PORT * PORTS;
/** IEEE 802 local experimental EtherType 1: a payload that no card looks into. */
const ETHERTYPE = 0x88b5;
/** Where a frame tells which one it is. */
export const SEQUENCE = 16;

export function guestBase(vf: number): number {
  return GUEST_BASE + vf * GUEST_STRIDE;
}

export const GUESTS_END: number = Math.ceil(guestBase(VFS) / MIB) * MIB;

/** The address of VF `vf` as it lies in memory: two halves, low first. */
export function macOf(vf: number): [number, number] {
  return [0x3c2b_1a02, 0x504d + (vf << 8)];
}

/** Who gets the frames of `vf` while `vfs` take part. */
export function peerOf(vf: number, vfs: number): number {
  const group = Math.min(vfs, VFS_PER_PORT);
  return vf - (vf % group) + ((vf + 1) % group);
}

/** An image with tables for `requesters`, one domain each, and frames in every transmit buffer. */
export function framesImage(requesters: readonly number[]): MachineImage {
  const ram = new ArrayBuffer(GUESTS_END);
  const tables = new TableBuilder(ram, PAGE, GUEST_BASE);
  const bytes = new Uint8Array(ram);
  let state = 0x1d2c_3b4a;
  for (const [vf, requesterId] of requesters.entries()) {
    const top = tables.attach(requesterId, vf + 1);
    for (let at = 0; at < AREA; at += PAGE) tables.map(top, at, guestBase(vf) + at);
    const [lo, hi] = macOf(vf);
    for (let index = 0; index < RING; index++) {
      const frame = guestBase(vf) + TX_BUFFERS + index * BUFFER;
      for (let at = frame; at < frame + BUFFER; at++) {
        if (index === 0) state = xorshift(state);
        bytes[at] = index === 0 ? state : (bytes[at - BUFFER] as number);
      }
      const view = new DataView(ram, frame);
      view.setUint32(6, lo, true);
      view.setUint16(10, hi, true);
      view.setUint16(12, ETHERTYPE);
    }
  }
  return { ram, external: { base: 64 * 2 ** 30, size: PAGE }, rootTable: tables.rootTable, interruptTable: 0 };
}

/**
 * Writes the descriptors of one turn, from ring index `first` on, as a driver does before it rings the doorbell. Where
 * `sequence` is another place, the complement follows what a frame tells there, which leaves checksums as they are.
 */
export function post(
  words: Uint32Array,
  base: number,
  first: number,
  vf: number,
  peer: number,
  length: number,
  sequence: number = SEQUENCE,
): void {
  const [lo, hi] = macOf(peer);
  for (let number = 0; number < POSTED; number++) {
    const index = (first + number) & (RING - 1);
    const rx = (base + RX_RING + index * RX_DESCRIPTOR_SIZE) >>> 2;
    words[rx] = RX_BUFFERS + index * BUFFER;
    words[rx + 1] = 0;
    words[rx + 2] = 0;
    words[rx + 3] = 0;
    const tx = (base + TX_RING + index * TX_DESCRIPTOR_SIZE) >>> 2;
    words[tx] = TX_BUFFERS + index * BUFFER;
    words[tx + 1] = 0;
    words[tx + 2] = (TXD_DTYP_DATA | TXD_DCMD_DEXT | TXD_DCMD_EOP | TXD_DCMD_IFCS | TXD_DCMD_RS | length) >>> 0;
    words[tx + 3] = (length << TXD_PAYLEN_LO) >>> 0;
    const frame = (base + TX_BUFFERS + index * BUFFER) >>> 2;
    words[frame] = lo;
    words[frame + 1] = ((words[frame + 1] as number) & 0xffff_0000) | hi;
    const told = (vf << 16) | number;
    words[frame + (sequence >>> 2)] = told;
    if (sequence !== SEQUENCE) words[frame + (sequence >>> 2) + 1] = ~told >>> 0;
  }
}

/**
 * Digests what a guest got in the turn that began at ring index `first`: descriptors and frames, in order. Where in
 * the ring they are does not count: partners may have made different numbers of turns.
 */
export function delivered(words: Uint32Array, base: number, first: number, length: number, seed: number): number {
  let sum = seed;
  for (let number = 0; number < POSTED; number++) {
    const index = (first + number) & (RING - 1);
    const rx = (base + RX_RING + index * RX_DESCRIPTOR_SIZE) >>> 2;
    sum = digest(sum, words.subarray(rx, rx + 4));
    const frame = (base + RX_BUFFERS + index * BUFFER) >>> 2;
    sum = digest(sum, words.subarray(frame, frame + (length >>> 2)));
    const tx = (base + TX_RING + index * TX_DESCRIPTOR_SIZE) >>> 2;
    sum = digest(sum, words.subarray(tx + 2, tx + 4));
  }
  return sum;
}

export { DIGEST_SEED };

/** The registers of a port and what the switch made of them, for partners that have no register file. */
export interface PortSetup {
  readonly rctl: number;
  readonly tctl: number;
  readonly vet: number;
  readonly txswc: number;
  readonly vfre: number;
  readonly vfte: number;
  /** Pools whose frames need no more than the MAC table, as senders and as receivers. */
  readonly plain: number;
  readonly direct: number;
  readonly virtual: number;
  /** Of each pool: requester ID, ring registers as written. */
  readonly queues: readonly QueueSetup[];
}

export interface QueueSetup {
  readonly requesterId: number;
  readonly txControl: number;
  readonly rxControl: number;
  readonly srrctl: number;
}
