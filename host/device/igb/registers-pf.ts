// The PF's BAR0 as data: offsets, masks and reset values of I350 and 82576. What registers do is in port.ts and
// port-registers.ts.
import {
  POOL_DVMOLR,
  POOL_SIZE,
  POOL_VMOLR,
  POOL_VMVIR,
  PORT_CTRL,
  PORT_MRQC,
  PORT_MTA,
  PORT_POOLS,
  PORT_QDE,
  PORT_RAR,
  PORT_RCTL,
  PORT_RLPML,
  PORT_RPLOLR,
  PORT_TCTL,
  PORT_TXSWC,
  PORT_UTA,
  PORT_VFRE,
  PORT_VFTA,
  PORT_VFTE,
  PORT_VLVF,
  PORT_VT_CTL,
  PORT_WVBR,
} from "../../../assembly/spec/abi/port.ts";
import * as device from "../../../assembly/spec/igb/device.ts";
import * as interrupt from "../../../assembly/spec/igb/interrupt.ts";
import * as rx from "../../../assembly/spec/igb/receive.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import * as virt from "../../../assembly/spec/igb/virtualization.ts";
import type { IgbRow } from "./register-file.ts";
import { offloadRows } from "./registers-offload.ts";
import { rxQueueRows, txQueueRows } from "./registers-queue.ts";

const ALL = 0xffff_ffff;
/** Bytes of a receive address: RAL and RAH. */
const RA_STRIDE = 8;

/** What differs between the two cards' register files. */
export interface CardRegisters {
  queues: number;
  receiveAddresses: number;
  ivars: number;
  switchControl: number;
  /** DVMOLR exists. */
  dmaOffload: boolean;
  /** Fields that a tuple filter compares: 2 or 5. */
  tuples: 2 | 5;
}

export const I350_REGISTERS: CardRegisters = {
  queues: 8,
  receiveAddresses: virt.RAR_ENTRIES_I350,
  ivars: 4,
  switchControl: virt.TXSWC,
  dmaOffload: true,
  tuples: 2,
};

export const I82576_REGISTERS: CardRegisters = {
  queues: 16,
  receiveAddresses: virt.RAR_ENTRIES_82576,
  ivars: interrupt.IVAR_COUNT,
  switchControl: virt.DTXSWC,
  dmaOffload: false,
  tuples: 5,
};

/** Registers that keep what the driver writes, and do nothing in this model beyond that. */
const KEPT: readonly number[] = [
  device.FCAL,
  device.FCAH,
  device.FCT,
  device.FCTTV,
  device.PBA,
  device.LEDCTL,
  device.MDICNFG,
  device.PHPM,
  device.EEER,
  device.IPCNFG,
  device.FCRTL,
  device.FCRTH,
  device.FCRTV,
  device.WUC,
  device.WUFC,
  device.MANC,
  device.IPAV,
  device.GCR,
  device.SW_FW_SYNC,
  tx.TCTL_EXT,
  tx.TIPG,
  tx.TXPBS,
  tx.DTXCTL,
  rx.RXPBS,
  virt.IOVCTL,
  interrupt.PBACL,
];

const GENERAL: readonly IgbRow[] = [
  ...KEPT.map((offset) => ({ offset, rw: ALL })),
  {
    offset: device.CTRL,
    rw: ALL & ~(device.CTRL_RST | device.CTRL_DEV_RST),
    reset: device.CTRL_FD | device.CTRL_SLU,
    port: PORT_CTRL,
  },
  { offset: device.STATUS },
  { offset: device.EECD, rw: device.EECD_EE_REQ },
  { offset: device.EERD },
  { offset: device.MDIC },
  { offset: device.WUS, w1c: ALL },
  { offset: device.EEMNGCTL },
  { offset: device.FACTPS },
  { offset: device.SWSM },
  { offset: device.FWSM },
  { offset: rx.RCTL, rw: ALL, port: PORT_RCTL, filter: true },
  { offset: rx.RLPML, rw: rx.RLPML_MASK, reset: rx.RLPML_RESET, port: PORT_RLPML },
  { offset: rx.QDE, rw: 0xffff, port: PORT_QDE },
  { offset: tx.TCTL, rw: ALL, port: PORT_TCTL },
];

const INTERRUPTS: readonly IgbRow[] = [
  { offset: interrupt.ICR },
  { offset: interrupt.ICS, writeOnly: true },
  { offset: interrupt.IMS },
  { offset: interrupt.IMC, writeOnly: true },
  { offset: interrupt.IAM, rw: ALL },
  { offset: interrupt.GPIE, rw: ALL },
  { offset: interrupt.IVAR_MISC, rw: interrupt.IVAR_MISC_MASK },
];

const VIRTUALIZATION: readonly IgbRow[] = [
  { offset: virt.MTA, count: virt.MTA_WORDS, rw: ALL, port: PORT_MTA },
  { offset: virt.UTA, count: virt.UTA_WORDS, rw: ALL, port: PORT_UTA, writeOnly: true },
  { offset: virt.VFTA, count: virt.VFTA_WORDS, rw: ALL, port: PORT_VFTA },
  { offset: virt.MRQC, rw: ALL, port: PORT_MRQC, filter: true },
  { offset: virt.VT_CTL, rw: ALL, port: PORT_VT_CTL, filter: true },
  {
    offset: virt.VMOLR,
    count: virt.POOLS,
    rw: virt.VMOLR_MASK,
    reset: virt.VMOLR_RESET,
    port: PORT_POOLS + POOL_VMOLR,
    portStride: POOL_SIZE,
    filter: true,
  },
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
];

function receiveAddresses(offset: number, first: number, count: number): IgbRow[] {
  const shared = { count, stride: RA_STRIDE, portStride: RA_STRIDE, filter: true };
  const port = PORT_RAR + first * RA_STRIDE;
  return [
    { ...shared, offset, rw: ALL, port },
    { ...shared, offset: offset + 4, rw: virt.RAH_MASK, port: port + 4 },
  ];
}

/** All plain registers of a PF. */
export function pfRows(card: CardRegisters): IgbRow[] {
  const { queues } = card;
  const dvmolr: IgbRow = {
    offset: virt.DVMOLR,
    count: virt.POOLS,
    stride: virt.DVMOLR_STRIDE,
    rw: virt.DVMOLR_MASK,
    reset: virt.DVMOLR_STRCRC,
    port: PORT_POOLS + POOL_DVMOLR,
    portStride: POOL_SIZE,
    filter: true,
  };
  return [
    ...GENERAL,
    ...INTERRUPTS,
    { offset: interrupt.IVAR, count: card.ivars, rw: interrupt.IVAR_MASK },
    ...VIRTUALIZATION,
    ...offloadRows(card.tuples),
    { offset: card.switchControl, rw: virt.TXSWC_MASK, port: PORT_TXSWC, filter: true },
    ...(card.dmaOffload ? [dvmolr] : []),
    ...receiveAddresses(virt.RA, 0, virt.RA_ENTRIES),
    ...receiveAddresses(virt.RA2, virt.RA_ENTRIES, card.receiveAddresses - virt.RA_ENTRIES),
    ...txQueueRows({ offset: tx.TX_QUEUE_BASE, stride: tx.TX_QUEUE_STRIDE, count: queues, first: 0 }),
    ...txQueueRows({
      offset: tx.TX_QUEUE_ALIAS_BASE,
      stride: tx.TX_QUEUE_ALIAS_STRIDE,
      count: tx.TX_QUEUE_ALIASES,
      first: 0,
    }),
    ...rxQueueRows({ offset: rx.RX_QUEUE_BASE, stride: rx.RX_QUEUE_STRIDE, count: queues, first: 0 }),
    ...rxQueueRows({
      offset: rx.RX_QUEUE_ALIAS_BASE,
      stride: rx.RX_QUEUE_ALIAS_STRIDE,
      count: rx.RX_QUEUE_ALIASES,
      first: 0,
    }),
  ];
}
