// What a hostile guest can do with the VF that it was given, and only that: every register and every descriptor of it is
// the guest's to write, so it can aim the card's DMA and interrupts at anything. The card will not stop it; the IOMMU must.
import {
  RDBAH,
  RDBAL,
  RDH,
  RDLEN,
  RDT,
  RX_QUEUE_ALIAS_BASE,
  RXDCTL,
  RXDCTL_ENABLE,
} from "../../../assembly/spec/igb/receive.ts";
import {
  TDBAH,
  TDBAL,
  TDH,
  TDLEN,
  TDT,
  TDWBAH,
  TDWBAL,
  TDWBAL_HEAD_WB_EN,
  TX_QUEUE_ALIAS_BASE,
  TXDCTL,
  TXDCTL_ENABLE,
} from "../../../assembly/spec/igb/transmit.ts";
import {
  TX_DESCRIPTOR_SIZE,
  TXD_DCMD_DEXT,
  TXD_DCMD_EOP,
  TXD_DCMD_IFCS,
  TXD_DCMD_RS,
  TXD_DTYP_DATA,
  TXD_PAYLEN_LO,
} from "../../../assembly/spec/igb/tx-descriptor.ts";
import { VF_BAR0_SIZE } from "../../../assembly/spec/igb/vf.ts";
import { type Gpa, hi32, lo32 } from "../../core/address.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { AccessWidth } from "../../core/ports.ts";
import { MIN_FRAME } from "./frame.ts";
import { checkGuest, type Guest, type Registers } from "./guest.ts";
import { IgbVfDriver } from "./vf-driver.ts";

const DESCRIPTORS = 256;
const RING_BYTES = DESCRIPTORS * TX_DESCRIPTOR_SIZE;
const COMMAND = TXD_DTYP_DATA | TXD_DCMD_DEXT | TXD_DCMD_IFCS | TXD_DCMD_EOP | TXD_DCMD_RS;
const WIDTHS: readonly AccessWidth[] = [1, 2, 4];

/** The length field of a data descriptor has 16 bits. */
const MOST_LENGTH = 0xffff;

/**
 * A toolbox of attacks with one VF. Each takes the queue it needs away from the driver; `behave` gives it back.
 * An address that a register could not hold exactly (whole, 0–2^53-1) is an ArgumentError, and nothing is touched.
 */
export class HostileVf {
  readonly #guest: Guest;
  readonly #driver: IgbVfDriver;
  readonly #registers: Registers;
  readonly #ring: Gpa;
  readonly #frame: Gpa;

  /** Throws ArgumentError when `guest` is no guest or `driver` no driver of a VF. */
  constructor(guest: Guest, driver: IgbVfDriver) {
    checkGuest(guest);
    if (!(driver instanceof IgbVfDriver)) throw new ArgumentError("driver", driver, "is no IgbVfDriver");
    this.#guest = guest;
    this.#driver = driver;
    this.#registers = driver.registers;
    this.#ring = guest.allocate(RING_BYTES);
    this.#frame = guest.allocate(RING_BYTES);
  }

  /** Lets the card read a frame of `length` bytes at `address`, whoever's memory that is, and send it. */
  readFrom(address: number, length: number = MIN_FRAME): void {
    checkAddress(address);
    if (!Number.isInteger(length) || length < 0 || length > MOST_LENGTH) {
      throw new ArgumentError("length", length, `is not in 0–${MOST_LENGTH}`);
    }
    this.#descriptor(0, address, length);
    this.#transmit(this.#ring, 0, 1);
  }

  /** Lets the card write the next frame that it receives to `address`. */
  writeTo(address: number): void {
    checkAddress(address);
    const words = new Uint32Array(RING_BYTES / 4);
    for (let slot = 0; slot < DESCRIPTORS; slot++) {
      words[slot * 4] = lo32(address);
      words[slot * 4 + 1] = hi32(address);
    }
    this.#guest.platform.ram.writeBytes(this.#ring, new Uint8Array(words.buffer));
    this.#receive(this.#ring);
  }

  /** Lets the card fetch its transmit descriptors from `address`. */
  transmitRingAt(address: number): void {
    checkAddress(address);
    this.#transmit(address, 0, 1);
  }

  /** Lets the card fetch and write back its receive descriptors at `address`. */
  receiveRingAt(address: number): void {
    checkAddress(address);
    this.#receive(address);
  }

  /**
   * Makes the card itself write 4 bytes to `address`: the transmit head, written back after one frame. At FEEx_xxxxh
   * that is a forged interrupt with `data` as its message data.
   * @param data 1 to 255.
   */
  writeDword(address: number, data: number): void {
    checkAddress(address);
    if (!Number.isInteger(data) || data < 1 || data >= DESCRIPTORS) {
      throw new ArgumentError("data", data, `is not in 1–${DESCRIPTORS - 1}`);
    }
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TXDCTL, 0);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDWBAH, hi32(address));
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDWBAL, lo32(address) | TDWBAL_HEAD_WB_EN);
    this.#guest.platform.ram.writeBytes(this.#frame, new Uint8Array(MIN_FRAME).fill(0xff, 0, 6));
    this.#guest.platform.ram.writeBytes((this.#frame + 6) as Gpa, this.#driver.mac);
    this.#descriptor(data - 1, this.#frame, MIN_FRAME);
    this.#transmit(this.#ring, data - 1, data);
  }

  /** Puts any message into an MSI-X entry, as if it came from `messageFor`. */
  routeTo(entry: number, addressLo: number, addressHi: number, data: number): void {
    this.#driver.msix.write(entry, addressLo, addressHi, data);
  }

  /** A ring whose length, head and tail contradict one another. */
  nonsenseRing(length: number, head: number, tail: number): void {
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TXDCTL, 0);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDBAL, lo32(this.#ring));
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDBAH, hi32(this.#ring));
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDLEN, length);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDH, head);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TXDCTL, TXDCTL_ENABLE);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDT, tail);
  }

  /** `count` accesses of any width anywhere in BAR 0. `random` gives numbers in [0, 1). */
  scramble(random: () => number, count: number): void {
    const { platform } = this.#guest;
    const base = this.#registers.base;
    for (let index = 0; index < count; index++) {
      const width = WIDTHS[Math.floor(random() * WIDTHS.length)] as AccessWidth;
      const address = (base + Math.floor(random() * (VF_BAR0_SIZE - width + 1))) as Gpa;
      if (random() < 0.3) platform.mmioRead(address, width);
      else platform.mmioWrite(address, width, Math.floor(random() * 2 ** (8 * width)));
    }
  }

  /** Resets the VF and gives its queues back to the driver. False when the PF does not answer. */
  behave(): boolean {
    return this.#driver.up();
  }

  #descriptor(slot: number, address: number, length: number): void {
    const words = Uint32Array.of(lo32(address), hi32(address), COMMAND | length, length << TXD_PAYLEN_LO);
    const at = (this.#ring + slot * TX_DESCRIPTOR_SIZE) as Gpa;
    this.#guest.platform.ram.writeBytes(at, new Uint8Array(words.buffer));
  }

  #transmit(ring: number, head: number, tail: number): void {
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TXDCTL, 0);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDBAL, lo32(ring));
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDBAH, hi32(ring));
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDLEN, RING_BYTES);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDH, head);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDT, head);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TXDCTL, TXDCTL_ENABLE);
    this.#registers.write(TX_QUEUE_ALIAS_BASE + TDT, tail);
  }

  #receive(ring: number): void {
    this.#registers.write(RX_QUEUE_ALIAS_BASE + RXDCTL, 0);
    this.#registers.write(RX_QUEUE_ALIAS_BASE + RDBAL, lo32(ring));
    this.#registers.write(RX_QUEUE_ALIAS_BASE + RDBAH, hi32(ring));
    this.#registers.write(RX_QUEUE_ALIAS_BASE + RDLEN, RING_BYTES);
    this.#registers.write(RX_QUEUE_ALIAS_BASE + RDH, 0);
    this.#registers.write(RX_QUEUE_ALIAS_BASE + RDT, 0);
    this.#registers.write(RX_QUEUE_ALIAS_BASE + RXDCTL, RXDCTL_ENABLE);
    this.#registers.write(RX_QUEUE_ALIAS_BASE + RDT, DESCRIPTORS - 1);
  }
}

function checkAddress(address: number): void {
  if (!Number.isSafeInteger(address) || address < 0) {
    throw new ArgumentError("address", address, "is no whole number from 0 to 2^53-1");
  }
}
