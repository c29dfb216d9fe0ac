// What an explanation needs to know of a unit besides its tables: what software has latched, and what the unit can do.
// Read from the unit's registers in linear memory, which no register access touches.
import * as abi from "../../../assembly/spec/abi/iommu.ts";
import * as cap from "../../../assembly/spec/vtd/capability.ts";
import * as ecap from "../../../assembly/spec/vtd/extended-capability.ts";
import * as gsts from "../../../assembly/spec/vtd/global.ts";
import * as protect from "../../../assembly/spec/vtd/protected-memory.ts";
import { join32 } from "../../core/address.ts";
import { extract } from "../../core/bits.ts";
import type { Engine } from "../../core/engine.ts";
import type { Halves } from "./types.ts";

const LEAST_DOMAIN_WIDTH = 4;

/** Registers and capabilities as they are now. */
export interface UnitView {
  /** GSTS_REG.TES. */
  readonly translating: boolean;
  /** GSTS_REG.IRES, */
  readonly remapping: boolean;
  /** .CFIS. */
  readonly compatibility: boolean;
  /** RTADDR_REG as the last SRTP latched it, */
  readonly rootTable: Halves;
  /** IRTA_REG as the last SIRTP did. */
  readonly interruptTable: Halves;
  /** VER_REG.MAX. */
  readonly majorVersion: number;
  readonly capability: ArrayLike<number>;
  readonly extended: ArrayLike<number>;
  /** HAW: no register tells it. */
  readonly hostAddressWidth: number;
  /** HPAs that no DMA may reach, first and last: while PMEN_REG.PRS is set. */
  readonly protectedRanges: readonly (readonly [first: number, last: number])[];
}

/** The view of the unit at `pointer`. */
export function viewUnit(engine: Engine, pointer: number, hostAddressWidth: number): UnitView {
  return viewRegisters((offset) => engine.u32[(pointer + offset) >>> 2] as number, hostAddressWidth);
}

/** The view of a unit whose word at an offset `word` tells; see assembly/spec/abi/iommu.ts. */
export function viewRegisters(word: (offset: number) => number, hostAddressWidth: number): UnitView {
  const register = (offset: number): number => word(abi.UNIT_REGISTERS + offset);
  const halves = (offset: number): Halves => ({ lo: word(offset), hi: word(offset + 4) });
  const status = [register(gsts.GSTS_REG)];
  return {
    translating: extract(status, gsts.GSTS_TES_HI, gsts.GSTS_TES_LO) === 1,
    remapping: extract(status, gsts.GSTS_IRES_HI, gsts.GSTS_IRES_LO) === 1,
    compatibility: extract(status, gsts.GSTS_CFIS_HI, gsts.GSTS_CFIS_LO) === 1,
    rootTable: halves(abi.UNIT_ROOT_TABLE),
    interruptTable: halves(abi.UNIT_INTERRUPT_TABLE),
    majorVersion: extract([register(cap.VER_REG)], cap.VER_MAX_HI, cap.VER_MAX_LO),
    capability: [register(cap.CAP_REG), register(cap.CAP_REG + 4)],
    extended: [register(ecap.ECAP_REG), register(ecap.ECAP_REG + 4)],
    hostAddressWidth,
    protectedRanges: protectedRanges(register),
  };
}

/** What PMEN_REG protects (§11.4.8): bits that the limits lack are 1. */
function protectedRanges(register: (offset: number) => number): [number, number][] {
  const capability = [register(cap.CAP_REG), register(cap.CAP_REG + 4)];
  if (extract([register(protect.PMEN_REG)], protect.PMEN_PRS_HI, protect.PMEN_PRS_LO) === 0) return [];
  const ranges: [number, number][] = [];
  if (extract(capability, cap.CAP_PLMR_HI, cap.CAP_PLMR_LO) === 1) {
    ranges.push([register(protect.PLMBASE_REG) >>> 0, register(protect.PLMLIMIT_REG) >>> 0]);
  }
  if (extract(capability, cap.CAP_PHMR_HI, cap.CAP_PHMR_LO) === 1) {
    const wide = (offset: number): number => join32(register(offset), register(offset + 4));
    ranges.push([wide(protect.PHMBASE_REG), wide(protect.PHMLIMIT_REG)]);
  }
  const within = 2 ** protect.PHMLIMIT_PHML_LO - 1;
  return ranges.map(([first, last]) => [first, last + within]);
}

/** Bits of a domain-id (CAP_REG.ND). */
export function domainIdWidth(unit: UnitView): number {
  return LEAST_DOMAIN_WIDTH + 2 * extract(unit.capability, cap.CAP_ND_HI, cap.CAP_ND_LO);
}

/** MGAW in bits. */
export function guestAddressWidth(unit: UnitView): number {
  return extract(unit.capability, cap.CAP_MGAW_HI, cap.CAP_MGAW_LO) + 1;
}

/** Whether SAGAW has the width that the AW encoding `aw` stands for. */
export function supportsWidth(unit: UnitView, aw: number): boolean {
  return aw >= 1 && aw <= 3 && ((extract(unit.capability, cap.CAP_SAGAW_HI, cap.CAP_SAGAW_LO) >>> aw) & 1) === 1;
}

/** Whether SSLPS has pages of `level`: 1 for 2 MiB, 2 for 1 GiB. */
export function supportsLargePage(unit: UnitView, level: number): boolean {
  const sizes = extract(unit.capability, cap.CAP_SSLPS_HI, cap.CAP_SSLPS_LO);
  return level >= 1 && level <= 2 && ((sizes >>> (level - 1)) & 1) === 1;
}

/** Bit `lo` of ECAP_REG. */
export function extendedHas(unit: UnitView, lo: number): boolean {
  return extract(unit.extended, lo, lo) === 1;
}

/** Bit `lo` of CAP_REG. */
export function capabilityHas(unit: UnitView, lo: number): boolean {
  return extract(unit.capability, lo, lo) === 1;
}
