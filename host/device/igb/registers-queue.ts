// The registers of descriptor queues, which PF and VFs share: values live in the port's state.
import {
  PORT_RX_QUEUES,
  PORT_TX_QUEUES,
  QUEUE_BASE,
  QUEUE_CONTROL,
  QUEUE_DROPS,
  QUEUE_HEAD,
  QUEUE_LENGTH,
  QUEUE_SIZE,
  QUEUE_SRRCTL,
  QUEUE_TAIL,
  QUEUE_WRITEBACK,
} from "../../../assembly/spec/abi/port.ts";
import * as rx from "../../../assembly/spec/igb/receive.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import type { IgbRow } from "./register-file.ts";

/** Where `count` queues' blocks lie in a BAR, and which queue the first of them is. */
export interface QueueBlocks {
  offset: number;
  stride: number;
  count: number;
  first: number;
  /** From one block's queue to the next; default 1. */
  step?: number;
  /** The blocks of a VF. */
  virtual?: boolean;
  /** Bits of RDLEN and TDLEN that software writes, where they are not the I350's. */
  lengthMask?: number;
}

interface QueueRegister extends Omit<IgbRow, "port" | "portStride" | "count" | "stride"> {
  /** Offset in the queue's row of the port's state. */
  place?: number;
}

const ADDRESS_HIGH = 0xffff_ffff;

const TX: readonly QueueRegister[] = [
  { offset: tx.TDBAL, rw: tx.TDBAL_MASK, place: QUEUE_BASE },
  { offset: tx.TDBAH, rw: ADDRESS_HIGH, place: QUEUE_BASE + 4 },
  { offset: tx.TDLEN, rw: tx.TDLEN_MASK, place: QUEUE_LENGTH },
  { offset: tx.TDH, rw: tx.TDH_MASK, place: QUEUE_HEAD },
  { offset: tx.TXCTL, rw: tx.TXCTL_MASK, reset: tx.TXCTL_RESET },
  { offset: tx.TDT, rw: tx.TDT_MASK, place: QUEUE_TAIL },
  { offset: tx.TXDCTL, rw: tx.TXDCTL_MASK, resetFirst: tx.TXDCTL_ENABLE, place: QUEUE_CONTROL },
  { offset: tx.TDWBAL, rw: tx.TDWBAL_ADDRESS_MASK | tx.TDWBAL_HEAD_WB_EN, place: QUEUE_WRITEBACK },
  { offset: tx.TDWBAH, rw: ADDRESS_HIGH, place: QUEUE_WRITEBACK + 4 },
];

const RX: readonly QueueRegister[] = [
  { offset: rx.RDBAL, rw: rx.RDBAL_MASK, place: QUEUE_BASE },
  { offset: rx.RDBAH, rw: ADDRESS_HIGH, place: QUEUE_BASE + 4 },
  { offset: rx.RDLEN, rw: rx.RDLEN_MASK, place: QUEUE_LENGTH },
  { offset: rx.SRRCTL, rw: rx.SRRCTL_MASK, reset: rx.SRRCTL_RESET, place: QUEUE_SRRCTL },
  { offset: rx.RDH, rw: rx.RDH_MASK, place: QUEUE_HEAD },
  { offset: rx.RXCTL, rw: rx.RXCTL_MASK, reset: rx.RXCTL_RESET },
  { offset: rx.RDT, rw: rx.RDT_MASK, place: QUEUE_TAIL },
  { offset: rx.RXDCTL, rw: rx.RXDCTL_MASK, resetFirst: rx.RXDCTL_ENABLE, place: QUEUE_CONTROL },
  { offset: rx.RQDPC, rc: true, place: QUEUE_DROPS },
];

function rows(registers: readonly QueueRegister[], base: number, blocks: QueueBlocks): IgbRow[] {
  const { offset, stride, count, first, step = 1 } = blocks;
  return registers.map(({ place, resetFirst, ...register }) => ({
    ...register,
    ...(place === QUEUE_LENGTH && blocks.lengthMask !== undefined ? { rw: blocks.lengthMask } : {}),
    // I350 §8.10.9 and §8.12.15 ENABLE: queue 0 is enabled by default, the others are not; a VF's never are.
    ...(blocks.virtual === true || resetFirst === undefined ? {} : { resetFirst }),
    offset: offset + register.offset,
    count,
    stride,
    ...(place === undefined ? {} : { port: base + first * QUEUE_SIZE + place, portStride: step * QUEUE_SIZE }),
  }));
}

/** Transmit queues' registers in the given blocks. */
export function txQueueRows(blocks: QueueBlocks): IgbRow[] {
  return rows(TX, PORT_TX_QUEUES, blocks);
}

/** Receive queues' registers in the given blocks. */
export function rxQueueRows(blocks: QueueBlocks): IgbRow[] {
  return rows(RX, PORT_RX_QUEUES, blocks);
}
