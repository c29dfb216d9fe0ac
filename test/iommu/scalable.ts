// A machine in scalable mode: tables written as a driver would, numbers as VT-d 5.10 §9.2–9.8 prints them.
import { RTADDR_TTM_LO, RTADDR_TTM_SCALABLE } from "../../assembly/spec/vtd/root-table-address.ts";
import type { RequesterId } from "../../host/core/address.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, READ } from "./harness.ts";

export const FIRST = 1;
export const SECOND = 2;
export const NESTED = 3;
export const PASS = 4;

/** Everything that scalable mode has. */
const EVERYTHING: IommuOptions = {
  scalableMode: true,
  coherentScalableTables: true,
  secondStage: true,
  firstStage: true,
  firstStage1G: true,
  firstStage5Level: true,
  nested: true,
  secondStageAccessDirty: true,
  extendedAccessed: true,
  pasidWidth: 20,
  ridPasid: true,
  ridPrivilege: true,
  supervisorRequests: true,
  executeRequests: true,
  abortDma: true,
};

export interface ContextFields {
  directory: number;
  ridPasid?: number;
  ridPriv?: boolean;
  pdts?: number;
  paside?: boolean;
  dte?: boolean;
  pre?: boolean;
  fpd?: boolean;
}

export interface PasidFields {
  type: number;
  second?: number;
  /** AW: 1, 2, 3 for 39, 48, 57 bits. */
  width?: number;
  first?: number;
  fiveLevels?: boolean;
  domainId?: number;
  ssade?: boolean;
  eafe?: boolean;
  wpe?: boolean;
  sre?: boolean;
  snoop?: boolean;
  fpd?: boolean;
}

const flag = (on: boolean | undefined, bit: number): bigint => (on ? 1n << BigInt(bit) : 0n);

export class Scalable {
  readonly h: Harness;
  readonly root: number;

  private constructor(h: Harness) {
    this.h = h;
    this.root = h.page();
  }

  static async create(options: IommuOptions = {}, ramBytes?: number): Promise<Scalable> {
    return new Scalable(await Harness.create({ ...EVERYTHING, ...options }, ramBytes));
  }

  enable(mode = RTADDR_TTM_SCALABLE): void {
    this.h.enable(BigInt(this.root) | BigInt(mode << RTADDR_TTM_LO));
  }

  /** The context-entry's place, its root-entry and context table made as needed. */
  contextAt(requesterId: number): number {
    const upper = (requesterId & 0x80) !== 0;
    const rootAt = this.root + (requesterId >>> 8) * 16 + (upper ? 8 : 0);
    if (this.h.read64(rootAt) === 0n) this.h.write64(rootAt, BigInt(this.h.page()) | 1n);
    return Number(this.h.read64(rootAt) & ~0xfffn) + (requesterId & 0x7f) * 32;
  }

  context(requesterId: number, fields: ContextFields): number {
    const at = this.contextAt(requesterId);
    const { directory, ridPasid = 0, pdts = 0, paside = true, dte, pre, fpd, ridPriv } = fields;
    const low = BigInt(directory) | (BigInt(pdts) << 9n) | flag(pre, 4) | flag(paside, 3) | flag(dte, 2);
    this.h.write64(at + 8, BigInt(ridPasid) | flag(ridPriv, 20));
    this.h.write64(at, low | flag(fpd, 1) | 1n);
    return at;
  }

  directoryAt(directory: number, pasid: number): number {
    return directory + (pasid >>> 6) * 8;
  }

  /** The PASID-table entry's place, its table made as needed. */
  pasidAt(directory: number, pasid: number): number {
    const at = this.directoryAt(directory, pasid);
    if (this.h.read64(at) === 0n) this.h.write64(at, BigInt(this.h.page()) | 1n);
    return Number(this.h.read64(at) & ~0xfffn) + (pasid & 63) * 64;
  }

  pasid(directory: number, pasid: number, fields: PasidFields): number {
    const at = this.pasidAt(directory, pasid);
    const { type, second = 0, width = second === 0 ? 0 : 2, first = 0, domainId = 7, snoop = true } = fields;
    const low = BigInt(second) | flag(fields.ssade, 9) | (BigInt(type) << 6n) | (BigInt(width) << 2n);
    const high = BigInt(first) | flag(fields.eafe, 7) | flag(fields.wpe, 4) | flag(fields.fiveLevels, 2);
    this.h.write64(at + 8, BigInt(domainId) | flag(snoop, 23));
    this.h.write64(at + 16, high | flag(fields.sre, 0));
    this.h.write64(at, low | flag(fields.fpd, 1) | 1n);
    return at;
  }

  /** The place of the first-stage entry for `iova` at `level`, the tables above made with U/S, R/W and P. */
  firstAt(table: number, levels: number, iova: bigint, level = 0, where = (page: number): number => page): number {
    let at = table;
    for (let above = levels - 1; above > level; above--) {
      const entry = at + Number((iova >> BigInt(12 + 9 * above)) & 511n) * 8;
      if (this.h.read64(entry) === 0n) this.h.write64(entry, BigInt(where(this.h.page())) | 7n);
      at = Number(this.h.read64(entry) & 0xf_ffff_ffff_f000n);
    }
    return at + Number((iova >> BigInt(12 + 9 * level)) & 511n) * 8;
  }

  /** Maps a first-stage page of `level` with the given low bits; P, R/W, U/S by default. */
  mapFirst(table: number, levels: number, iova: bigint | number, target: bigint | number, bits = 7, level = 0): number {
    const at = this.firstAt(table, levels, BigInt(iova), level);
    this.h.write64(at, BigInt(target) | BigInt(bits) | (level > 0 ? 0x80n : 0n));
    return at;
  }

  /** The HPA, or minus the reason. */
  translate(requesterId: number, iova: bigint | number, access = READ, pasid?: number): number {
    const address = BigInt.asUintN(64, BigInt(iova));
    const lo = Number(address & 0xffff_ffffn);
    const hi = Number(address >> 32n);
    const result = this.h.unit.translate(requesterId as RequesterId, lo, hi, access, pasid);
    return "hpa" in result ? result.hpa : -result.reason;
  }
}
