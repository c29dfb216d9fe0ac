// A guest that does whatever comes to its mind, and what it is most likely to do harm with.
import { CTRL_RST } from "../../assembly/spec/igb/device.ts";
import * as rx from "../../assembly/spec/igb/receive.ts";
import * as tx from "../../assembly/spec/igb/transmit.ts";
import { TX_DESCRIPTOR_SIZE, TXD_PAYLEN_LO } from "../../assembly/spec/igb/tx-descriptor.ts";
import {
  COMMAND,
  COMMAND_BUS_MASTER_ENABLE_LO,
  COMMAND_MEMORY_SPACE_ENABLE_LO,
} from "../../assembly/spec/pci/header.ts";
import { type Gpa, gpa, type RequesterId } from "../../host/core/address.ts";
import type { AccessWidth, GuestPlatform } from "../../host/core/ports.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbVfDriver, isIgbVf } from "../../host/embed/in-process/vf-driver.ts";

/** Bytes of every VM's RAM. */
export const VM_RAM = 0x4_0000;
const WIDTHS: readonly AccessWidth[] = [1, 2, 4];

/** A generator of 32-bit words that a seed repeats. */
export function words(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** Addresses that tempt: own RAM, the end of it, other VMs' RAM as the host sees it, tables, registers, interrupts. */
function temptation(next: () => number, foreign: readonly number[]): number {
  const pick = next() % 8;
  const low = next() % 0x2000;
  if (pick < 3) return next() % VM_RAM;
  if (pick === 3) return VM_RAM - 0x100 + low;
  if (pick === 4) return (foreign[next() % foreign.length] as number) + low;
  if (pick === 5) return 0xfee0_0000 + (next() % 0x10_0000);
  if (pick === 6) return 0xc000_0000 + low;
  return next() * 0x10_0000 + next();
}

/** One data descriptor without offloads that ends its frame and wants to be reported. */
const PLAIN = 0x2b30_0000;
/** TSE, and both checksums. */
const SEGMENT = 0x8000_0000;
const CHECKSUMS = 0x300;
const CONTEXT = 0x2020_0000;
/** SRRCTL: one buffer of 2 or 1 KiB, legacy descriptors, headers apart. */
const RECEIVERS = [0x8200_0002, 0x8200_0002, 0x8200_0001, 0x8000_0002, 0x8a00_0202];
const ENABLES = (1 << COMMAND_MEMORY_SPACE_ENABLE_LO) | (1 << COMMAND_BUS_MASTER_ENABLE_LO);
const OVERLAY = 0x3_0000;
const OVERLAY_RING = 64;
const SLOT = 0x800;

/** From the type field on: a payload no card looks into, UDP over IPv4, a fragment of TCP, UDP over IPv6. */
function beginning(kind: number, length: number): number[] {
  const ipv4 = [0x08, 0x00, 0x45, 0, 0, (length - 14) & 0xff, 0, 0];
  if (kind === 0) return [0x88, 0xb5];
  if (kind === 1) return [...ipv4, 0, 0, 64, 17];
  if (kind === 2) return [...ipv4, 0x20, 0, 64, 6];
  return [0x86, 0xdd, 0x60, 0, 0, 0, 0, (length - 54) & 0xff, 17];
}

export class Vandal {
  readonly #platform: GuestPlatform;
  readonly #next: () => number;
  readonly #foreign: readonly number[];
  readonly #bars: readonly { function: RequesterId; base: number; size: number; place: number }[];
  readonly #functions: readonly RequesterId[];
  readonly #drivers: readonly IgbVfDriver[];
  readonly #addresses: readonly Uint8Array[];

  /** @param addresses whom it sends frames to. */
  constructor(
    platform: GuestPlatform,
    next: () => number,
    foreign: readonly number[],
    addresses: readonly Uint8Array[],
  ) {
    this.#platform = platform;
    this.#next = next;
    this.#foreign = foreign;
    this.#addresses = addresses;
    const guest = new Guest(platform, { ramBase: 0x1000 });
    const found = guest.probe();
    this.#drivers = found.filter(isIgbVf).map((one) => new IgbVfDriver(guest, one, { descriptors: 8 }));
    this.#functions = found.map((one) => one.requesterId);
    this.#bars = found.flatMap((one) =>
      one.bars.map((bar) => ({
        function: one.requesterId,
        base: bar.address,
        size: bar.size,
        place: 0x10 + 4 * bar.index,
      })),
    );
  }

  /** Brings the VFs up as their driver does. Returns how many came. */
  behave(): number {
    for (const bar of this.#bars) this.#platform.configWrite(bar.function, bar.place, 4, bar.base);
    return this.#drivers.filter((driver) => driver.up()).length;
  }

  /** One operation. True when it set a trap, which the card should come upon before the next one disturbs it. */
  operate(): boolean {
    const next = this.#next;
    const platform = this.#platform;
    const width = WIDTHS[next() % 3] as AccessWidth;
    switch (next() % 11) {
      case 0: {
        const id = (
          next() % 4 === 0 ? next() & 0xffff : this.#functions[next() % this.#functions.length]
        ) as RequesterId;
        const offset = next() % (next() % 2 === 0 ? 0x100 : 0x1002);
        // COMMAND keeps bus mastering on most of the time, so that DMA goes on.
        if (offset < 0x40 && next() % 16 !== 0) platform.configRead(id, offset, width);
        else platform.configWrite(id, offset, width, next());
        return false;
      }
      case 1:
        platform.configRead((next() & 0xffff) as RequesterId, next() % 0x1002, width);
        return false;
      case 2:
        platform.mmioWrite(this.#place(), width, next());
        return false;
      case 3:
        platform.mmioRead(this.#place(), width);
        return false;
      case 4:
        platform.mmioWrite((next() * (next() % 16)) as Gpa, width, next());
        return false;
      case 5:
        this.#ring(rx.RX_QUEUE_ALIAS_BASE);
        return false;
      case 6:
        this.#ring(tx.TX_QUEUE_ALIAS_BASE);
        return false;
      case 7:
        this.#register((next() % 2 === 0 ? tx.TX_QUEUE_ALIAS_BASE : rx.RX_QUEUE_ALIAS_BASE) + tx.TDT, next() % 300);
        return false;
      case 8:
        this.#scribble();
        return false;
      case 9:
        if (next() % 8 !== 0) return false;
        this.#overlay();
        return true;
      default:
        if (next() % 512 === 0) this.#register(0, CTRL_RST);
        else platform.mmioWrite(this.#place(), 4, next() % 2 === 0 ? 0 : next());
        return false;
    }
  }

  /** Descriptors whose addresses tempt, or noise. */
  #scribble(): void {
    const next = this.#next;
    const row = new Uint32Array(4);
    const address = temptation(next, this.#foreign);
    row[0] = address >>> 0;
    row[1] = Math.floor(address / 2 ** 32);
    row[2] = next() % 3 === 0 ? next() : 0x2b30_0000 | (next() % 2000);
    row[3] = next() % 3 === 0 ? next() : (next() % 2000) << 14;
    this.#platform.ram.writeBytes(gpa((next() % (VM_RAM - 16)) & ~15), new Uint8Array(row.buffer));
  }

  #ring(block: number): void {
    const next = this.#next;
    const address = temptation(next, this.#foreign);
    const registers = (this.#drivers[next() % this.#drivers.length]?.device.bars[0]?.address ?? 0) + block;
    const write = (offset: number, value: number): void =>
      this.#platform.mmioWrite((registers + offset) as Gpa, 4, value >>> 0);
    write(tx.TXDCTL, 0);
    write(tx.TDBAL, address);
    write(tx.TDBAH, Math.floor(address / 2 ** 32));
    write(tx.TDLEN, next() % 4 === 0 ? next() : 128 * (next() % 40));
    write(tx.TDH, next() % 8 === 0 ? next() : 0);
    write(tx.TXDCTL, tx.TXDCTL_ENABLE | (next() & 0x1f1f1f));
    write(tx.TDT, next() % 4 === 0 ? next() : next() % 300);
  }

  /** Frames from one VF to the other, whose buffer lies over the rest of the burst: its descriptors or its frames. */
  #overlay(): void {
    const next = this.#next;
    const { ram } = this.#platform;
    const sender = this.#drivers[next() % this.#drivers.length] as IgbVfDriver;
    const taker = this.#drivers[next() % this.#drivers.length] as IgbVfDriver;
    const txRing = OVERLAY;
    const rxRing = OVERLAY + OVERLAY_RING * TX_DESCRIPTOR_SIZE;
    const buffers = OVERLAY + 0x1000;
    const receiver = RECEIVERS[next() % RECEIVERS.length] as number;
    for (const bar of this.#bars) {
      this.#platform.configWrite(bar.function, bar.place, 4, bar.base);
      this.#platform.configWrite(bar.function, COMMAND, 2, ENABLES);
    }
    const lay = (driver: IgbVfDriver, block: number, base: number, tail: number): void => {
      const registers = driver.device.bars[0]?.address ?? 0;
      const rows = [
        [tx.TXDCTL, 0],
        [tx.TDBAL, base],
        [tx.TDBAH, 0],
        [tx.TDLEN, OVERLAY_RING * TX_DESCRIPTOR_SIZE],
        [tx.TDH, 0],
        ...(block === rx.RX_QUEUE_ALIAS_BASE ? [[rx.SRRCTL, receiver]] : [[tx.TDWBAL, 0]]),
        [tx.TXDCTL, tx.TXDCTL_ENABLE],
        [tx.TDT, tail],
      ] as const;
      for (const [offset, value] of rows) this.#platform.mmioWrite((registers + block + offset) as Gpa, 4, value);
    };
    const target =
      next() % 2 === 0 ? txRing + TX_DESCRIPTOR_SIZE * (next() % 4) : buffers + SLOT * (next() % 4) + (next() % 64);
    const rows = new Uint32Array(OVERLAY_RING * 4);
    for (let at = 0; at < OVERLAY_RING; at++) rows[at * 4] = at === 0 ? target : OVERLAY + 0x4000 + SLOT * (at % 16);
    ram.writeBytes(gpa(rxRing), new Uint8Array(rows.buffer));
    lay(taker, rx.RX_QUEUE_ALIAS_BASE, rxRing, next() % 3 === 0 ? next() % OVERLAY_RING : OVERLAY_RING - 1);
    rows.fill(0);
    const count = 2 + (next() % 20);
    for (let at = 0; at < count; at++) {
      const length = 60 + (next() % 200);
      const place = at === count - 1 && next() % 2 === 0 ? VM_RAM - length : buffers + at * SLOT;
      const bytes = new Uint8Array((length + 15) & ~15);
      const forged = new Uint32Array(bytes.buffer);
      for (let word = 4; word + 4 <= forged.length; word += 4) {
        forged.set([VM_RAM - 64, 0, PLAIN | 1500, 1500 << TXD_PAYLEN_LO], word);
      }
      const address = next() % 2 === 0 ? taker.mac : this.#addresses[next() % this.#addresses.length];
      bytes.set(address as Uint8Array);
      bytes.set(sender.mac, 6);
      bytes.set(beginning(next() % 4, length), 12);
      ram.writeBytes(gpa(place), bytes.subarray(0, length));
      const usual = next() % 8 === 0 ? PLAIN | SEGMENT : PLAIN;
      const command = next() % 6 === 0 ? next() & 0x7fff_0000 : usual;
      const offloads = next() % 3 === 0 ? CHECKSUMS : 0;
      rows.set([place, 0, (command | length) >>> 0, (length << TXD_PAYLEN_LO) | offloads], at * 4);
      if (next() % 5 === 0) {
        const lengths = (14 << 9) | 20;
        rows.set([lengths, 0, CONTEXT | (next() % 0x2000), ((next() % 200) << 16) | (20 << 8)], at * 4);
      }
    }
    ram.writeBytes(gpa(txRing), new Uint8Array(rows.buffer));
    lay(sender, tx.TX_QUEUE_ALIAS_BASE, txRing, count);
  }

  #register(offset: number, value: number): void {
    const registers = this.#drivers[this.#next() % this.#drivers.length]?.device.bars[0]?.address ?? 0;
    this.#platform.mmioWrite((registers + offset) as Gpa, 4, value >>> 0);
  }

  #place(): Gpa {
    const bar = this.#bars[this.#next() % this.#bars.length];
    return ((bar?.base ?? 0) + (this.#next() % ((bar?.size ?? 0) + 8))) as Gpa;
  }
}
