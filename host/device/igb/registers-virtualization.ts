// Filters, pools, switch, mirror rules and rate limits in the PF's BAR0 as data (I350 §8.10, §8.14; 82576 §8.10, §8.14).
import {
  POOL_DVMOLR,
  POOL_SIZE,
  POOL_VMOLR,
  POOL_VMVIR,
  PORT_MRQC,
  PORT_MTA,
  PORT_POOLS,
  PORT_RAR,
  PORT_RPLOLR,
  PORT_TXSWC,
  PORT_UTA,
  PORT_VFRE,
  PORT_VFTA,
  PORT_VFTE,
  PORT_VLVF,
  PORT_VT_CTL,
  PORT_WVBR,
} from "../../../assembly/spec/abi/port.ts";
import {
  MIRROR_CONTROL,
  MIRROR_POOLS,
  MIRROR_SIZE,
  MIRROR_VLANS,
  PORT_DTXCTL,
  PORT_MIRRORS,
  PORT_WINDOW,
} from "../../../assembly/spec/abi/port-policy.ts";
import * as mirror from "../../../assembly/spec/igb/mirror.ts";
import * as misbehaviour from "../../../assembly/spec/igb/misbehaviour.ts";
import * as rate from "../../../assembly/spec/igb/rate.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import * as virt from "../../../assembly/spec/igb/virtualization.ts";
import { mask } from "../../core/bits.ts";
import type { IgbRow } from "./register-file.ts";
import type { CardRegisters } from "./registers-pf.ts";

const ALL = 0xffff_ffff;
/** Bytes of a receive address: RAL and RAH. */
const RA_STRIDE = 8;

const COMMON: readonly IgbRow[] = [
  { offset: virt.MTA, count: virt.MTA_WORDS, rw: ALL, port: PORT_MTA },
  { offset: virt.UTA, count: virt.UTA_WORDS, rw: ALL, port: PORT_UTA, writeOnly: true },
  { offset: virt.VFTA, count: virt.VFTA_WORDS, rw: ALL, port: PORT_VFTA },
  { offset: virt.MRQC, rw: ALL, port: PORT_MRQC, filter: true },
  { offset: virt.VT_CTL, rw: ALL, port: PORT_VT_CTL, filter: true },
  { offset: virt.RPLOLR, rw: virt.RPLOLR_STRVLAN | virt.RPLOLR_STRCRC, reset: virt.RPLOLR_STRCRC, port: PORT_RPLOLR },
  { offset: virt.VLVF, count: virt.VLVF_ENTRIES, rw: virt.VLVF_MASK, port: PORT_VLVF, filter: true },
  {
    offset: virt.VMVIR,
    count: virt.POOLS,
    rw: ALL,
    port: PORT_POOLS + POOL_VMVIR,
    portStride: POOL_SIZE,
    filter: true,
  },
  { offset: virt.WVBR, rc: true, port: PORT_WVBR },
  { offset: virt.VFRE, rw: virt.POOL_MASK, reset: virt.POOL_MASK, port: PORT_VFRE, filter: true },
  { offset: virt.VFTE, rw: virt.POOL_MASK, reset: virt.POOL_MASK, port: PORT_VFTE, filter: true },
  { offset: virt.IOVCTL, rw: ALL },
  // Deviation: SPOOF_INT is set after a reset. Linux's igb waits for the interrupt and never sets it.
  { offset: tx.DTXCTL, rw: ALL, reset: tx.DTXCTL_SPOOF_INT, port: PORT_DTXCTL },
  { offset: misbehaviour.LVMMC },
];

const I350: readonly IgbRow[] = [
  {
    offset: virt.DVMOLR,
    count: virt.POOLS,
    stride: virt.DVMOLR_STRIDE,
    rw: virt.DVMOLR_MASK,
    reset: virt.DVMOLR_STRCRC,
    port: PORT_POOLS + POOL_DVMOLR,
    portStride: POOL_SIZE,
    filter: true,
  },
  { offset: misbehaviour.MDFB },
];

const I82576: readonly IgbRow[] = [
  { offset: rate.RTTDQSEL, rw: mask(rate.RTTDQSEL_TXDQ_IDX_HI, rate.RTTDQSEL_TXDQ_IDX_LO) },
  { offset: rate.RTTBCNRC },
  { offset: rate.RTTBCNRM, rw: mask(rate.RTTBCNRM_MMW_SIZE_HI, rate.RTTBCNRM_MMW_SIZE_LO), port: PORT_WINDOW },
];

function receiveAddresses(offset: number, first: number, count: number, high: number): IgbRow[] {
  const shared = { count, stride: RA_STRIDE, portStride: RA_STRIDE, filter: true };
  const port = PORT_RAR + first * RA_STRIDE;
  return [
    { ...shared, offset, rw: ALL, port },
    { ...shared, offset: offset + 4, rw: high, port: port + 4 },
  ];
}

function mirrorRules(): IgbRow[] {
  const shared = { count: mirror.MIRROR_RULES, portStride: MIRROR_SIZE, filter: true };
  return [
    { ...shared, offset: mirror.VMRCTL, rw: mirror.VMRCTL_MASK, port: PORT_MIRRORS + MIRROR_CONTROL },
    { ...shared, offset: mirror.VMRVLAN, rw: ALL, port: PORT_MIRRORS + MIRROR_VLANS },
    { ...shared, offset: mirror.VMRVM, rw: virt.POOL_MASK, port: PORT_MIRRORS + MIRROR_POOLS },
  ];
}

/** The plain registers of a PF that have to do with addresses, VLANs and pools. */
export function virtualizationRows(card: CardRegisters): IgbRow[] {
  return [
    ...COMMON,
    ...(card.dmaOffload ? I350 : I82576),
    {
      offset: virt.VMOLR,
      count: virt.POOLS,
      rw: card.dmaOffload ? virt.VMOLR_MASK_I350 : virt.VMOLR_MASK_82576,
      reset: virt.VMOLR_RESET,
      port: PORT_POOLS + POOL_VMOLR,
      portStride: POOL_SIZE,
      filter: true,
    },
    { offset: card.switchControl, rw: virt.TXSWC_MASK, port: PORT_TXSWC, filter: true },
    ...mirrorRules(),
    ...receiveAddresses(virt.RA, 0, virt.RA_ENTRIES, card.addressHigh),
    ...receiveAddresses(virt.RA2, virt.RA_ENTRIES, card.receiveAddresses - virt.RA_ENTRIES, card.addressHigh),
  ];
}
