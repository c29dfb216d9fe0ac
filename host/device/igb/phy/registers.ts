// The registers of the two PHYs as data: number (in pages: page and register), what software writes, reset value.
import * as spec from "../../../../assembly/spec/igb/phy.ts";

export interface PhyRow {
  register: number;
  rw?: number;
  reset?: number;
}

export interface PhyProfile {
  rows: readonly PhyRow[];
  /** Registers from 16 on are in pages, which register 31 selects. */
  paged: boolean;
}

const ALL = spec.PHY_REGISTER_MASK;

function common(id1: number, id2: number): PhyRow[] {
  return [
    { register: spec.PHY_CONTROL, rw: spec.PHY_CONTROL_MASK, reset: spec.PHY_CONTROL_RESET_VALUE },
    { register: spec.PHY_STATUS },
    { register: spec.PHY_ID1, reset: id1 },
    { register: spec.PHY_ID2, reset: id2 },
    { register: spec.PHY_ADVERTISEMENT, rw: spec.PHY_ADVERTISEMENT_MASK, reset: spec.PHY_ADVERTISEMENT_RESET },
    { register: spec.PHY_1000T_CONTROL, rw: spec.PHY_1000T_CONTROL_MASK, reset: spec.PHY_1000T_CONTROL_RESET },
    { register: spec.PHY_MMD_CONTROL, rw: spec.PHY_MMD_CONTROL_MASK },
    { register: spec.PHY_EXTENDED_STATUS, reset: spec.PHY_EXTENDED_STATUS_VALUE },
  ];
}

export const I350_PHY: PhyProfile = {
  paged: false,
  rows: [
    ...common(spec.PHY_ID1_I350, spec.PHY_ID2_I350),
    { register: spec.PHY_EMI_ADDRESS, rw: ALL },
    { register: spec.PHY_CONTROL_2, rw: ALL, reset: spec.PHY_CONTROL_2_RESET },
    { register: spec.PHY_LOOPBACK_CONTROL, rw: ALL },
    { register: spec.PHY_CONFIGURATION, rw: ALL },
    { register: spec.PHY_DOWNSHIFT, rw: ALL },
  ],
};

/** Registers of its pages that are not here are trimmed by software and have no effect: they are kept as written. */
export const I82576_PHY: PhyProfile = {
  paged: true,
  rows: [
    ...common(spec.PHY_ID1_82576, spec.PHY_ID2_82576),
    { register: spec.PHY_PORT_STATUS },
    { register: spec.PHY_POWER_MANAGEMENT, rw: ALL, reset: spec.PHY_POWER_MANAGEMENT_RESET },
    ...[spec.PHY_GAIN_A, spec.PHY_GAIN_B, spec.PHY_GAIN_C, spec.PHY_GAIN_D].map((register) => ({
      register,
      reset: spec.PHY_GAIN_VALUE,
    })),
  ],
};
