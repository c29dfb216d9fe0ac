// Reads a unit's fault recording registers and frees them, as a driver's fault handler does (VT-d 5.10 §7.3).
import * as cap from "../../assembly/spec/vtd/capability.ts";
import { FRCD_F_HI, FRCD_SIZE } from "../../assembly/spec/vtd/fault-recording.ts";
import { FSTS_FRI_HI, FSTS_FRI_LO, FSTS_PFO_HI, FSTS_PFO_LO, FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import type { Hpa } from "../core/address.ts";
import { bits, extract, mask } from "../core/bits.ts";
import type { AddressMap } from "../machine/address-map.ts";
import { decodeFault, type FaultRecord } from "../machine/fault.ts";

const RECORD_WORDS = FRCD_SIZE / 4;

export class FaultReader {
  /** Times that faults were lost because no register was free. */
  overflows = 0;
  readonly #map: AddressMap;
  readonly #unit: Hpa;
  readonly #first: number;
  readonly #count: number;

  constructor(map: AddressMap, unit: Hpa) {
    this.#map = map;
    this.#unit = unit;
    const words = Uint32Array.of(this.#read(cap.CAP_REG), this.#read(cap.CAP_REG + 4));
    this.#first = extract(words, cap.CAP_FRO_HI, cap.CAP_FRO_LO) * FRCD_SIZE;
    this.#count = extract(words, cap.CAP_NFR_HI, cap.CAP_NFR_LO) + 1;
  }

  /** The faults that are recorded, oldest first; their registers are free again. */
  take(): FaultRecord[] {
    const status = this.#read(FSTS_REG);
    const oldest = bits(status, FSTS_FRI_HI, FSTS_FRI_LO);
    const records: FaultRecord[] = [];
    for (let place = 0; place < this.#count; place++) {
      const register = this.#first + ((oldest + place) % this.#count) * FRCD_SIZE;
      const words = Array.from({ length: RECORD_WORDS }, (_, word) => this.#read(register + word * 4));
      const record = decodeFault(words);
      if (record === undefined) continue;
      records.push(record);
      this.#write(register + FRCD_SIZE - 4, mask(FRCD_F_HI & 31, FRCD_F_HI & 31));
    }
    const overflow = mask(FSTS_PFO_HI, FSTS_PFO_LO);
    if ((status & overflow) !== 0) {
      this.overflows++;
      this.#write(FSTS_REG, overflow);
    }
    return records;
  }

  #read(register: number): number {
    return this.#map.read((this.#unit + register) as Hpa, 4);
  }

  #write(register: number, value: number): void {
    this.#map.write((this.#unit + register) as Hpa, 4, value);
  }
}
