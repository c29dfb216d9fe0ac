// The PF's BAR0 as data: offsets, masks and reset values of I350 and 82576. What registers do is in port-hooks.ts,
// peripherals.ts and pf-interrupts.ts.
import { PORT_QDE, PORT_RCTL, PORT_RLPML, PORT_TCTL } from "../../../assembly/spec/abi/port.ts";
import * as interrupt from "../../../assembly/spec/igb/interrupt.ts";
import * as rx from "../../../assembly/spec/igb/receive.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import * as virt from "../../../assembly/spec/igb/virtualization.ts";
import type { IgbRow } from "./register-file.ts";
import { I350_DEVICE, I82576_DEVICE } from "./registers-device.ts";
import { offloadRows } from "./registers-offload.ts";
import { rxQueueRows, txQueueRows } from "./registers-queue.ts";
import { virtualizationRows } from "./registers-virtualization.ts";

const ALL = 0xffff_ffff;

/** What differs between the two cards' register files. */
export interface CardRegisters {
  queues: number;
  receiveAddresses: number;
  ivars: number;
  switchControl: number;
  /** DVMOLR exists, and the other registers of pools that are the I350's; without it those that are the 82576's. */
  dmaOffload: boolean;
  /** Fields that a tuple filter compares: 2 or 5. */
  tuples: 2 | 5;
  /** Bits of RAH, and of RDLEN and TDLEN, that software writes. */
  addressHigh: number;
  lengthMask: number;
  /** Device control, link, power, interrupts. */
  device: readonly IgbRow[];
}

export const I350_REGISTERS: CardRegisters = {
  queues: 8,
  receiveAddresses: virt.RAR_ENTRIES_I350,
  ivars: 4,
  switchControl: virt.TXSWC,
  dmaOffload: true,
  tuples: 2,
  addressHigh: virt.RAH_MASK_I350,
  lengthMask: rx.RDLEN_MASK,
  device: I350_DEVICE,
};

export const I82576_REGISTERS: CardRegisters = {
  queues: 16,
  receiveAddresses: virt.RAR_ENTRIES_82576,
  ivars: interrupt.IVAR_COUNT,
  switchControl: virt.DTXSWC,
  dmaOffload: false,
  tuples: 5,
  addressHigh: virt.RAH_MASK,
  lengthMask: rx.RDLEN_MASK_82576,
  device: I82576_DEVICE,
};

const TRAFFIC: readonly IgbRow[] = [
  { offset: rx.RCTL, rw: ALL, port: PORT_RCTL, filter: true },
  { offset: rx.RLPML, rw: rx.RLPML_MASK, reset: rx.RLPML_RESET, port: PORT_RLPML },
  { offset: rx.QDE, rw: rx.QDE_MASK, port: PORT_QDE },
  { offset: tx.TCTL, rw: ALL, port: PORT_TCTL },
];

/** All plain registers of a PF. */
export function pfRows(card: CardRegisters): IgbRow[] {
  const { queues, lengthMask } = card;
  return [
    ...card.device,
    ...TRAFFIC,
    { offset: interrupt.IVAR, count: card.ivars, rw: interrupt.IVAR_MASK },
    ...virtualizationRows(card),
    ...offloadRows(card.tuples),
    ...txQueueRows({ offset: tx.TX_QUEUE_BASE, stride: tx.TX_QUEUE_STRIDE, count: queues, first: 0, lengthMask }),
    ...txQueueRows({
      offset: tx.TX_QUEUE_ALIAS_BASE,
      stride: tx.TX_QUEUE_ALIAS_STRIDE,
      count: tx.TX_QUEUE_ALIASES,
      first: 0,
      lengthMask,
    }),
    ...rxQueueRows({ offset: rx.RX_QUEUE_BASE, stride: rx.RX_QUEUE_STRIDE, count: queues, first: 0, lengthMask }),
    ...rxQueueRows({
      offset: rx.RX_QUEUE_ALIAS_BASE,
      stride: rx.RX_QUEUE_ALIAS_STRIDE,
      count: rx.RX_QUEUE_ALIASES,
      first: 0,
      lengthMask,
    }),
  ];
}
