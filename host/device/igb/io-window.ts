// Registers and flash by ports: software puts an address into IOADDR, and IODATA is what is there.
import * as spec from "../../../assembly/spec/igb/io-window.ts";
import type { AccessWidth, MmioHandler, Snapshotable } from "../../core/ports.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import type { PciFunction } from "../../pci/index.ts";

export class IoWindow implements MmioHandler, Snapshotable<number> {
  readonly #registers: MmioHandler;
  readonly #flash: MmioHandler;
  #address = 0;

  /** @param registers behind BAR 0. */
  constructor(pf: PciFunction, registers: MmioHandler, flash: MmioHandler) {
    this.#registers = registers;
    this.#flash = flash;
    pf.addPart("io-window", this);
    pf.onReset(() => {
      this.#address = 0;
    });
  }

  /** Narrow reads, and those of neither register nor flash, are 0. */
  read(offset: number, width: AccessWidth): number {
    if (width !== 4) return 0;
    if (offset === spec.IOADDR) return this.#address;
    if (offset !== spec.IODATA) return 0;
    if (this.#inFlash) return this.#flash.read(this.#address - spec.IOADDR_FLASH, 4);
    return this.#inside ? this.#registers.read(this.#address, 4) : 0;
  }

  /** Narrow writes, and those to no register, change nothing: the flash takes bytes only. */
  write(offset: number, width: AccessWidth, value: number): void {
    if (width !== 4) return;
    if (offset === spec.IOADDR) this.#address = value >>> 0;
    else if (offset === spec.IODATA && this.#inside) this.#registers.write(this.#address, 4, value);
  }

  save(): number {
    return this.#address;
  }

  restore(state: number): void {
    checkStateNumber("IOADDR", state);
    this.#address = state;
  }

  get #inFlash(): boolean {
    return this.#address >= spec.IOADDR_FLASH && this.#address < spec.IOADDR_FLASH_END && this.#address % 4 === 0;
  }

  get #inside(): boolean {
    return this.#address < spec.IOADDR_REGISTERS_END && this.#address % 4 === 0;
  }
}
