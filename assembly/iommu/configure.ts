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
  CAP_FS1GP_HI,
  CAP_FS1GP_LO,
  CAP_FS5LP_HI,
  CAP_FS5LP_LO,
  CAP_MGAW_HI,
  CAP_MGAW_LO,
  CAP_ND_HI,
  CAP_ND_LO,
  CAP_REG,
  CAP_SAGAW_HI,
  CAP_SAGAW_LO,
  CAP_SSLPS_LO,
  VER_MAX_HI,
  VER_MAX_LO,
  VER_REG,
} from "../spec/vtd/capability";
import {
  ECAP_ADMS_HI,
  ECAP_ADMS_LO,
  ECAP_DT_HI,
  ECAP_DT_LO,
  ECAP_EAFS_HI,
  ECAP_EAFS_LO,
  ECAP_ERS_HI,
  ECAP_ERS_LO,
  ECAP_FSTS_HI,
  ECAP_FSTS_LO,
  ECAP_NEST_HI,
  ECAP_NEST_LO,
  ECAP_PASID_HI,
  ECAP_PASID_LO,
  ECAP_PRS_HI,
  ECAP_PRS_LO,
  ECAP_PSS_HI,
  ECAP_PSS_LO,
  ECAP_PT_HI,
  ECAP_PT_LO,
  ECAP_PTRS_HI,
  ECAP_PTRS_LO,
  ECAP_REG,
  ECAP_RPRIVS_HI,
  ECAP_RPRIVS_LO,
  ECAP_RPS_HI,
  ECAP_RPS_LO,
  ECAP_SC_HI,
  ECAP_SC_LO,
  ECAP_SMPWCS_HI,
  ECAP_SMPWCS_LO,
  ECAP_SMTS_HI,
  ECAP_SMTS_LO,
  ECAP_SRS_HI,
  ECAP_SRS_LO,
  ECAP_SSADS_HI,
  ECAP_SSADS_LO,
  ECAP_SSTS_HI,
  ECAP_SSTS_LO,
} from "../spec/vtd/extended-capability";
import {
  FSPM_4_LEVELS,
  FSPM_5_LEVELS,
  PASID_ENTRY_AW_HI,
  PASID_ENTRY_AW_LO,
  PASID_ENTRY_CD_LO,
  PASID_ENTRY_EAFE_HI,
  PASID_ENTRY_EAFE_LO,
  PASID_ENTRY_FSPM_LO,
  PASID_ENTRY_FSPTPTR_HI,
  PASID_ENTRY_FSPTPTR_LO,
  PASID_ENTRY_PAT_HI,
  PASID_ENTRY_PGSNP_HI,
  PASID_ENTRY_PGSNP_LO,
  PASID_ENTRY_PWSNP_HI,
  PASID_ENTRY_PWSNP_LO,
  PASID_ENTRY_RESERVED_5_HI,
  PASID_ENTRY_RESERVED_5_LO,
  PASID_ENTRY_RESERVED_10_HI,
  PASID_ENTRY_RESERVED_10_LO,
  PASID_ENTRY_RESERVED_80_HI,
  PASID_ENTRY_RESERVED_80_LO,
  PASID_ENTRY_RESERVED_129_HI,
  PASID_ENTRY_RESERVED_129_LO,
  PASID_ENTRY_RESERVED_136_HI,
  PASID_ENTRY_RESERVED_136_LO,
  PASID_ENTRY_SRE_HI,
  PASID_ENTRY_SRE_LO,
  PASID_ENTRY_SSADE_HI,
  PASID_ENTRY_SSADE_LO,
  PASID_ENTRY_SSPTPTR_HI,
  PASID_ENTRY_SSPTPTR_LO,
  PASID_ENTRY_WPE_HI,
  PGTT_FIRST_STAGE,
  PGTT_NESTED,
  PGTT_PASS_THROUGH,
  PGTT_SECOND_STAGE,
} from "../spec/vtd/pasid-table-entry";
import { RTADDR_TTM_ABORT, RTADDR_TTM_LEGACY, RTADDR_TTM_SCALABLE } from "../spec/vtd/root-table-address";
import {
  SM_CONTEXT_DTE_HI,
  SM_CONTEXT_DTE_LO,
  SM_CONTEXT_EPTR_HI,
  SM_CONTEXT_EPTR_LO,
  SM_CONTEXT_HPTE_HI,
  SM_CONTEXT_HPTE_LO,
  SM_CONTEXT_PASIDE_HI,
  SM_CONTEXT_PASIDE_LO,
  SM_CONTEXT_PRE_HI,
  SM_CONTEXT_PRE_LO,
  SM_CONTEXT_RESERVED_HIGH_LO,
  SM_CONTEXT_RESERVED_LOW_HI,
  SM_CONTEXT_RESERVED_LOW_LO,
  SM_CONTEXT_RID_PASID_HI,
  SM_CONTEXT_RID_PASID_LO,
  SM_CONTEXT_RID_PRIV_HI,
  SM_CONTEXT_RID_PRIV_LO,
} from "../spec/vtd/scalable-context-entry";
import { TAG_IDENTITY, TAG_VALID } from "./context";
import { FirstStage } from "./format/first-stage";
import { SecondStage } from "./format/second-stage";
import { Unit } from "./unit";

const DOMAIN_WIDTH: u32 = 16;
const LEAST_DOMAIN_WIDTH: u32 = 4;
const ADDRESS_TOP: u32 = 63;
const UPPER: u32 = 64;
const THIRD: u32 = 128;
/** From this version on requests to execute are refused (§7.1.3 RTA.5). */
const FIRST_VERSION_WITHOUT_EXECUTE: u32 = 8;

export class Configuration {
  /** State after power-on: registers at their reset values, caches empty, counters zero. */
  static reset(unit: Unit): void {
    const base = unit.base;
    memory.fill(base + offsetof<Unit>("translations"), 0, UNIT_REGISTERS - offsetof<Unit>("translations"));
    memory.copy(base + <usize>UNIT_REGISTERS, base + <usize>UNIT_RESET_VALUES, UNIT_REGISTER_BYTES);
    memory.fill(base + <usize>UNIT_INTERRUPT_CACHE, 0, UNIT_SIZE - UNIT_INTERRUPT_CACHE);
    unit.contextGeneration = 1;
    unit.scalableGeneration = 1;
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
    FirstStage.of(unit).configure(unit.reservedAddress, Bits.of64(cap, CAP_FS1GP_HI, CAP_FS1GP_LO) != 0);
    Configuration.deriveScalable(unit, cap, ecap);
  }

  /** What scalable mode has, and the bits of its entries that are reserved for want of a capability (§9.4, §9.6). */
  static deriveScalable(unit: Unit, cap: u64, ecap: u64): void {
    const scalable = <u32>Bits.of64(ecap, ECAP_SMTS_HI, ECAP_SMTS_LO);
    const abort = <u32>Bits.of64(ecap, ECAP_ADMS_HI, ECAP_ADMS_LO);
    const first = Bits.of64(ecap, ECAP_FSTS_HI, ECAP_FSTS_LO);
    const second = Bits.of64(ecap, ECAP_SSTS_HI, ECAP_SSTS_LO);
    const five = <u32>Bits.of64(cap, CAP_FS5LP_HI, CAP_FS5LP_LO);
    unit.tableModes = (1 << RTADDR_TTM_LEGACY) | (scalable << RTADDR_TTM_SCALABLE) | (abort << RTADDR_TTM_ABORT);
    unit.pagingModes = (1 << FSPM_4_LEVELS) | (five << FSPM_5_LEVELS);
    const nested = <u32>(first & second & Bits.of64(ecap, ECAP_NEST_HI, ECAP_NEST_LO));
    unit.translationTypes = ((<u32>first) << PGTT_FIRST_STAGE) | (nested << PGTT_NESTED);
    unit.translationTypes |= ((<u32>second) << PGTT_SECOND_STAGE) | (unit.passThrough << PGTT_PASS_THROUGH);
    const pasids = Bits.of64(ecap, ECAP_PASID_HI, ECAP_PASID_LO);
    unit.pasidWidth = pasids ? <u32>Bits.of64(ecap, ECAP_PSS_HI, ECAP_PSS_LO) + 1 : 0;
    unit.executeRequests = <u32>Bits.of64(ecap, ECAP_ERS_HI, ECAP_ERS_LO);
    const version = Bits.of32(unit.register(VER_REG), VER_MAX_HI, VER_MAX_LO);
    unit.executeRefused = u32(version >= FIRST_VERSION_WITHOUT_EXECUTE);

    let low = unit.reservedAddress | Bits.mask64(SM_CONTEXT_RESERVED_LOW_HI, SM_CONTEXT_RESERVED_LOW_LO);
    low |= Bits.mask64(SM_CONTEXT_HPTE_HI, SM_CONTEXT_HPTE_LO);
    if (!Bits.of64(ecap, ECAP_PTRS_HI, ECAP_PTRS_LO)) low |= Bits.mask64(SM_CONTEXT_EPTR_HI, SM_CONTEXT_EPTR_LO);
    if (!Bits.of64(ecap, ECAP_PRS_HI, ECAP_PRS_LO)) low |= Bits.mask64(SM_CONTEXT_PRE_HI, SM_CONTEXT_PRE_LO);
    if (!pasids) low |= Bits.mask64(SM_CONTEXT_PASIDE_HI, SM_CONTEXT_PASIDE_LO);
    if (!unit.deviceTlb) low |= Bits.mask64(SM_CONTEXT_DTE_HI, SM_CONTEXT_DTE_LO);
    let high = Bits.mask64(ADDRESS_TOP, SM_CONTEXT_RESERVED_HIGH_LO - UPPER);
    const privileges = Bits.of64(ecap, ECAP_RPRIVS_HI, ECAP_RPRIVS_LO);
    if (!privileges) high |= Bits.mask64(SM_CONTEXT_RID_PRIV_HI - UPPER, SM_CONTEXT_RID_PRIV_LO - UPPER);
    const requesters = Bits.of64(ecap, ECAP_RPS_HI, ECAP_RPS_LO);
    if (!requesters) high |= Bits.mask64(SM_CONTEXT_RID_PASID_HI - UPPER, SM_CONTEXT_RID_PASID_LO - UPPER);
    unit.reservedContext0 = low;
    unit.reservedContext1 = high;

    low = unit.reservedAddress | Bits.mask64(PASID_ENTRY_RESERVED_10_HI, PASID_ENTRY_RESERVED_10_LO);
    low |= Bits.mask64(PASID_ENTRY_RESERVED_5_HI, PASID_ENTRY_RESERVED_5_LO);
    if (!second) low |= Bits.mask64(PASID_ENTRY_SSPTPTR_HI, PASID_ENTRY_SSPTPTR_LO);
    if (!second) low |= Bits.mask64(PASID_ENTRY_AW_HI, PASID_ENTRY_AW_LO);
    const flags = second & Bits.of64(ecap, ECAP_SSADS_HI, ECAP_SSADS_LO);
    if (!flags) low |= Bits.mask64(PASID_ENTRY_SSADE_HI, PASID_ENTRY_SSADE_LO);
    unit.reservedPasid0 = low;

    high = unit.reservedDomain | Bits.mask64(PASID_ENTRY_RESERVED_80_HI - UPPER, PASID_ENTRY_RESERVED_80_LO - UPPER);
    high |= Bits.mask64(PASID_ENTRY_PAT_HI - UPPER, PASID_ENTRY_CD_LO - UPPER);
    const snoops = Bits.of64(ecap, ECAP_SC_HI, ECAP_SC_LO);
    if (!snoops) high |= Bits.mask64(PASID_ENTRY_PGSNP_HI - UPPER, PASID_ENTRY_PGSNP_LO - UPPER);
    const coherent = Bits.of64(ecap, ECAP_SMPWCS_HI, ECAP_SMPWCS_LO);
    if (!coherent) high |= Bits.mask64(PASID_ENTRY_PWSNP_HI - UPPER, PASID_ENTRY_PWSNP_LO - UPPER);
    unit.reservedPasid1 = high;

    let third =
      unit.reservedAddress | Bits.mask64(PASID_ENTRY_RESERVED_136_HI - THIRD, PASID_ENTRY_RESERVED_136_LO - THIRD);
    third |= Bits.mask64(PASID_ENTRY_RESERVED_129_HI - THIRD, PASID_ENTRY_RESERVED_129_LO - THIRD);
    const supervisors = Bits.of64(ecap, ECAP_SRS_HI, ECAP_SRS_LO);
    if (!supervisors) third |= Bits.mask64(PASID_ENTRY_SRE_HI - THIRD, PASID_ENTRY_SRE_LO - THIRD);
    const extended = Bits.of64(ecap, ECAP_EAFS_HI, ECAP_EAFS_LO);
    if (!extended) third |= Bits.mask64(PASID_ENTRY_EAFE_HI - THIRD, PASID_ENTRY_EAFE_LO - THIRD);
    if (!first) {
      third |= Bits.mask64(PASID_ENTRY_FSPTPTR_HI - THIRD, PASID_ENTRY_FSPTPTR_LO - THIRD);
      third |= Bits.mask64(PASID_ENTRY_WPE_HI - THIRD, PASID_ENTRY_FSPM_LO - THIRD);
    }
    unit.reservedPasid2 = third;
  }
}
