// The port's PHY behind MDIC: identity, a link partner at 1000 Mb/s full duplex, the rest keeps what is written.
import * as device from "../../../assembly/spec/igb/device.ts";
import * as spec from "../../../assembly/spec/igb/phy.ts";
import { bits, place } from "../../core/bits.ts";

export class Phy {
  readonly #id1: number;
  readonly #id2: number;
  readonly #registers: number[];
  readonly #linkUp: () => boolean;

  constructor(id1: number, id2: number, linkUp: () => boolean) {
    this.#id1 = id1;
    this.#id2 = id2;
    this.#linkUp = linkUp;
    this.#registers = new Array<number>(spec.PHY_REGISTERS).fill(0);
    this.reset();
  }

  reset(): void {
    this.#registers.fill(0);
    this.#registers[spec.PHY_CONTROL] = spec.PHY_CONTROL_RESET_VALUE;
    this.#registers[spec.PHY_ID1] = this.#id1;
    this.#registers[spec.PHY_ID2] = this.#id2;
    this.#registers[spec.PHY_ADVERTISEMENT] = spec.PHY_ADVERTISEMENT_RESET;
    this.#registers[spec.PHY_1000T_CONTROL] = spec.PHY_1000T_CONTROL_RESET;
    this.#registers[spec.PHY_EXTENDED_STATUS] = spec.PHY_EXTENDED_STATUS_VALUE;
  }

  /** A write of MDIC (I350 §8.2.4): the result is what MDIC then reads. */
  access(value: number): number {
    const kept = value & ~(device.MDIC_READY | device.MDIC_ERROR);
    const phy = bits(value, device.MDIC_PHYADD_HI, device.MDIC_PHYADD_LO);
    const register = bits(value, device.MDIC_REGADD_HI, device.MDIC_REGADD_LO);
    const operation = bits(value, device.MDIC_OP_HI, device.MDIC_OP_LO);
    // The I350 takes the PHY's address from MDICNFG, so that drivers may leave PHYADD at 0.
    if (phy > spec.PHY_ADDRESS) return (kept | device.MDIC_READY | device.MDIC_ERROR) >>> 0;
    if (operation === device.MDIC_OP_READ) {
      const data = place(this.#read(register), device.MDIC_DATA_HI, device.MDIC_DATA_LO);
      return ((kept & ~0xffff) | data | device.MDIC_READY) >>> 0;
    }
    if (operation !== device.MDIC_OP_WRITE) return (kept | device.MDIC_READY | device.MDIC_ERROR) >>> 0;
    this.#write(register, bits(value, device.MDIC_DATA_HI, device.MDIC_DATA_LO));
    return (kept | device.MDIC_READY) >>> 0;
  }

  save(): number[] {
    return [...this.#registers];
  }

  restore(state: number[]): void {
    for (let at = 0; at < this.#registers.length; at++) this.#registers[at] = state[at] ?? 0;
  }

  #read(register: number): number {
    const link = this.#linkUp();
    if (register === spec.PHY_STATUS) {
      return spec.PHY_STATUS_ABILITIES | (link ? spec.PHY_STATUS_LINK | spec.PHY_STATUS_NEGOTIATED : 0);
    }
    if (register === spec.PHY_PARTNER) return link ? spec.PHY_PARTNER_VALUE : 0;
    if (register === spec.PHY_1000T_STATUS) return link ? spec.PHY_1000T_STATUS_VALUE : 0;
    return this.#registers[register] as number;
  }

  #write(register: number, value: number): void {
    const fixed: number[] = [spec.PHY_ID1, spec.PHY_ID2, spec.PHY_EXTENDED_STATUS];
    if (fixed.includes(register)) return;
    if (register === spec.PHY_CONTROL && (value & spec.PHY_CONTROL_RESET) !== 0) this.reset();
    else if (register === spec.PHY_CONTROL) this.#registers[register] = value & ~spec.PHY_CONTROL_RESTART;
    else this.#registers[register] = value;
  }
}
