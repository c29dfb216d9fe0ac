// A program at the pins of FLA, as flash programmers are: a command a request, bytes out, bytes in. Numbers are the data
// sheets', not the model's.
import type { Clock } from "../../../host/core/clock.ts";
import type { MmioHandler } from "../../../host/core/ports.ts";
import type { PciFunction } from "../../../host/pci/index.ts";
import { Bench, handlerOf } from "./bench.ts";

const FLA = 0x001c;
const [SCK, CE, SI, SO, REQ, GNT] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20];

export class FlashPins {
  readonly #registers: MmioHandler;
  readonly #clock: Clock;
  /** The clock idles high (SPI mode 3), and bits are taken while it is high; otherwise mode 0, taken while it is low. */
  readonly #idleHigh: boolean;

  constructor(registers: MmioHandler, clock: Clock, idleHigh = false) {
    this.#registers = registers;
    this.#clock = clock;
    this.#idleHigh = idleHigh;
  }

  /** Sends `out`, then takes `count` bytes. `stray` more bits go out before the chip is deselected. */
  command(out: readonly number[], count = 0, stray = 0): number[] {
    const idle = this.#idleHigh ? SCK : 0;
    this.#write(REQ | CE | idle);
    if ((this.#read() & GNT) === 0) throw new Error("the pins are not granted");
    this.#write(REQ | idle);
    for (const byte of out) this.#send(byte, 8);
    const got: number[] = [];
    for (let left = count; left > 0; left--) got.push(this.#take());
    this.#send(0, stray);
    this.#write(REQ | idle);
    this.#write(REQ | CE | idle);
    this.#write(CE | idle);
    return got;
  }

  get status(): number {
    return this.command([0x05], 1)[0] as number;
  }

  /** Write Enable and a command, and the time until it is done, in microseconds, to the next of `step`. */
  change(out: readonly number[], step = 1): number {
    this.command([0x06]);
    this.command(out);
    return this.wait(step);
  }

  wait(step: number): number {
    let passed = 0;
    while ((this.status & 1) !== 0) {
      this.#clock.advance(step * 1000);
      passed += step;
    }
    return passed;
  }

  read(address: number, count: number): number[] {
    return this.command([0x03, ...bytes(address)], count);
  }

  unprotect(): void {
    this.change([0x01, 0x00]);
  }

  #send(byte: number, count: number): void {
    for (let bit = 7; bit > 7 - count; bit--) {
      const data = ((byte >>> bit) & 1) !== 0 ? SI : 0;
      this.#write(REQ | data);
      this.#write(REQ | data | SCK);
    }
  }

  #take(): number {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) {
      this.#write(REQ);
      const early = this.#read();
      this.#write(REQ | SCK);
      byte = (byte << 1) | (((this.#idleHigh ? this.#read() : early) & SO) !== 0 ? 1 : 0);
    }
    return byte;
  }

  #read(): number {
    return this.#registers.read(FLA, 4);
  }

  #write(value: number): void {
    this.#registers.write(FLA, 4, value);
  }
}

/** An address as commands have it: three bytes, the highest first. */
export function bytes(address: number): number[] {
  return [address >>> 16, (address >>> 8) & 0xff, address & 0xff];
}

export const MIB = 2 ** 20;
/** An option ROM's first bytes, and something further on. */
export const IMAGE = Uint8Array.from(
  { length: 0x2_0345 },
  (_, at) => (at < 2 ? [0x55, 0xaa][at] : (at * 7 + (at >> 8)) & 0xff) as number,
);

/** A card of one port, a program at its pins, and its window. */
export async function world(profile: "i350" | "82576", flash: Uint8Array | boolean = IMAGE) {
  const bench = await Bench.create(profile, 1, flash);
  return { bench, pins: new FlashPins(bench.pf, bench.clock), window: windowOf(profile, bench.port.pf) };
}

/** The flash through the BAR in which it is. */
export function windowOf(profile: "i350" | "82576", pf: PciFunction): MmioHandler {
  const bar = handlerOf(pf, profile === "82576" ? 1 : 0);
  const base = profile === "82576" ? 0 : 0x2_0000;
  return {
    read: (offset, width) => bar.read(base + offset, width),
    write: (offset, width, value) => bar.write(base + offset, width, value),
  };
}

export function romOf(pf: PciFunction): { size: number; handler: MmioHandler } | undefined {
  pf.configWrite(0x30, 4, 0x9000_0001);
  return pf.decodedRanges().find(({ base }) => base === 0x9000_0000);
}
