// DMA of any length through a unit, in parts that a piece of linear memory holds.

import type { RequesterId } from "../core/address.ts";
import { checkBytes } from "../core/arguments.ts";
import type { Engine } from "../core/engine.ts";
import type { DmaPort, PasidPrefix } from "../core/ports.ts";
import { pasidArgument } from "./pasid-argument.ts";
import { checkRequest } from "./request-argument.ts";

const STAGING_SIZE = 65536;
const ALL_ONES = 0xff;

export interface UnitDmaOptions {
  engine: Engine;
  /** The unit in linear memory. */
  unit: number;
  /** Called when the module has worked on the unit. */
  worked: () => void;
}

export class UnitDma implements DmaPort {
  readonly #options: UnitDmaOptions;
  readonly #staging: number;

  constructor(options: UnitDmaOptions) {
    this.#options = options;
    this.#staging = options.engine.allocate(STAGING_SIZE, 64);
  }

  read(requesterId: RequesterId, lo: number, hi: number, target: Uint8Array, prefix?: PasidPrefix): boolean {
    checkRequest(requesterId, lo, hi);
    checkBytes("target", target);
    const { engine, unit, worked } = this.#options;
    const pasid = pasidArgument(prefix);
    let done = 0;
    do {
      const length = Math.min(target.length - done, STAGING_SIZE);
      engine.u8.fill(ALL_ONES, this.#staging, this.#staging + length);
      const [partLo, partHi] = split(lo, hi, done);
      const whole = engine.wasm.iommuDmaRead(unit, requesterId, pasid, partLo, partHi, this.#staging, length) !== 0;
      target.set(engine.u8.subarray(this.#staging, this.#staging + length), done);
      done += length;
      if (!whole) {
        target.fill(ALL_ONES, done);
        worked();
        return false;
      }
    } while (done < target.length);
    worked();
    return true;
  }

  write(requesterId: RequesterId, lo: number, hi: number, source: Uint8Array, prefix?: PasidPrefix): boolean {
    checkRequest(requesterId, lo, hi);
    checkBytes("source", source);
    const { engine, unit, worked } = this.#options;
    const pasid = pasidArgument(prefix);
    let whole = true;
    for (let done = 0; whole && done < source.length; done += STAGING_SIZE) {
      const part = source.subarray(done, done + STAGING_SIZE);
      engine.u8.set(part, this.#staging);
      const [partLo, partHi] = split(lo, hi, done);
      whole = engine.wasm.iommuDmaWrite(unit, requesterId, pasid, partLo, partHi, this.#staging, part.length) !== 0;
    }
    worked();
    return whole;
  }
}

/** The halves of an address `ahead` bytes further on, modulo 2^64. */
function split(lo: number, hi: number, ahead: number): [number, number] {
  const low = (lo >>> 0) + ahead;
  return [low >>> 0, (hi + Math.floor(low / 2 ** 32)) >>> 0];
}
