// A program at the pins of FLA, as flash programmers are: a command a request, bytes out, bytes in. Numbers are the data
// sheets', not the model's.
import type { Clock } from "../../../host/core/clock.ts";
import type { MmioHandler } from "../../../host/core/ports.ts";

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
