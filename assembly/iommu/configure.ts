// What the capabilities that the host gave a unit mean for its checks, and its state after reset.

import { Bits } from "../core/bits";
import {
  UNIT_INTERRUPT_CACHE,
  UNIT_REGISTER_BYTES,
  UNIT_REGISTERS,
  UNIT_RESET_VALUES,
  UNIT_SIZE,
} from "../spec/abi/iommu";
import {
  CAP_CM_HI,
  CAP_CM_LO,
  CAP_MGAW_HI,
  CAP_MGAW_LO,
  CAP_ND_HI,
  CAP_ND_LO,
  CAP_REG,
  CAP_SAGAW_HI,
  CAP_SAGAW_LO,
  CAP_SSLPS_LO,
} from "../spec/vtd/capability";
import {
  ECAP_DT_HI,
  ECAP_DT_LO,
  ECAP_PT_HI,
  ECAP_PT_LO,
  ECAP_REG,
  ECAP_SC_HI,
  ECAP_SC_LO,
} from "../spec/vtd/extended-capability";
import { TAG_IDENTITY, TAG_VALID } from "./context";
import { SecondStage } from "./format/second-stage";
import { Unit } from "./unit";

const DOMAIN_WIDTH: u32 = 16;
const LEAST_DOMAIN_WIDTH: u32 = 4;
const ADDRESS_TOP: u32 = 63;

export class Configuration {
  /** State after power-on: registers at their reset values, caches empty, counters zero. */
  static reset(unit: Unit): void {
    const base = unit.base;
    memory.fill(base + offsetof<Unit>("translations"), 0, UNIT_REGISTERS - offsetof<Unit>("translations"));
    memory.copy(base + <usize>UNIT_REGISTERS, base + <usize>UNIT_RESET_VALUES, UNIT_REGISTER_BYTES);
    memory.fill(base + <usize>UNIT_INTERRUPT_CACHE, 0, UNIT_SIZE - UNIT_INTERRUPT_CACHE);
    unit.contextGeneration = 1;
    unit.identityTag = TAG_VALID | TAG_IDENTITY;
  }

  /** Derives what the checks need from CAP_REG, ECAP_REG and the host address width in bits. */
  static derive(unit: Unit, hostAddressWidth: u32): void {
    const cap = unit.register64(CAP_REG);
    const ecap = unit.register64(ECAP_REG);
    unit.hostAddressWidth = hostAddressWidth;
    unit.guestAddressWidth = <u32>Bits.of64(cap, CAP_MGAW_HI, CAP_MGAW_LO) + 1;
    unit.supportedWidths = <u32>Bits.of64(cap, CAP_SAGAW_HI, CAP_SAGAW_LO);
    unit.cachingMode = <u32>Bits.of64(cap, CAP_CM_HI, CAP_CM_LO);
    unit.passThrough = <u32>Bits.of64(ecap, ECAP_PT_HI, ECAP_PT_LO);
    unit.deviceTlb = <u32>Bits.of64(ecap, ECAP_DT_HI, ECAP_DT_LO);
    const domainWidth = LEAST_DOMAIN_WIDTH + 2 * <u32>Bits.of64(cap, CAP_ND_HI, CAP_ND_LO);
    unit.reservedDomain = domainWidth < DOMAIN_WIDTH ? Bits.mask64(DOMAIN_WIDTH - 1, domainWidth) : 0;
    unit.reservedAddress = Bits.mask64(ADDRESS_TOP, hostAddressWidth);
    const has2M = Bits.of64(cap, CAP_SSLPS_LO, CAP_SSLPS_LO) != 0;
    const has1G = Bits.of64(cap, CAP_SSLPS_LO + 1, CAP_SSLPS_LO + 1) != 0;
    const snoop = Bits.of64(ecap, ECAP_SC_HI, ECAP_SC_LO) != 0;
    SecondStage.of(unit).configure(unit.reservedAddress, has2M, has1G, snoop);
  }
}
