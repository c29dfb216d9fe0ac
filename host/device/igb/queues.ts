// What queue registers do besides keeping bits: doorbells, and leaving the stopped state.
import {
  PORT_PENDING,
  QUEUE_CONTROL,
  QUEUE_FLAG_DMA,
  QUEUE_FLAG_STOPPED,
  QUEUE_FLAGS,
} from "../../../assembly/spec/abi/port.ts";
import * as rx from "../../../assembly/spec/igb/receive.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import { VFTE } from "../../../assembly/spec/igb/virtualization.ts";
import { mask } from "../../core/bits.ts";
import type { Direction, PortState } from "./port-state.ts";
import type { RegisterFile } from "./register-file.ts";

/** Queues behind a BAR: `first`, `first + step`, …; in the blocks of the data sheet's main or alias addresses. */
export interface QueueRange {
  first: number;
  count: number;
  step: number;
  alias: boolean;
}

/** Marks the transmit queues in `mask` as having something to do. */
export function ringDoorbells(state: PortState, mask: number): void {
  state.set(PORT_PENDING, (state.get(PORT_PENDING) | mask) >>> 0);
}

/** Installs doorbells and control registers of the queues in `range`. */
export function hookQueues(file: RegisterFile, state: PortState, range: QueueRange): void {
  const { alias } = range;
  const txBase = alias ? tx.TX_QUEUE_ALIAS_BASE : tx.TX_QUEUE_BASE;
  const rxBase = alias ? rx.RX_QUEUE_ALIAS_BASE : rx.RX_QUEUE_BASE;
  const txStride = alias ? tx.TX_QUEUE_ALIAS_STRIDE : tx.TX_QUEUE_STRIDE;
  const rxStride = alias ? rx.RX_QUEUE_ALIAS_STRIDE : rx.RX_QUEUE_STRIDE;
  for (let at = 0; at < range.count; at++) {
    const queue = range.first + at * range.step;
    const tdt = txBase + at * txStride + tx.TDT;
    file.hook(tdt, {
      write: (value) => {
        file.store(tdt, value);
        ringDoorbells(state, 1 << queue);
      },
    });
    hookControl(file, state, txBase + at * txStride + tx.TXDCTL, "tx", queue, tx.TXDCTL_ENABLE);
    hookControl(file, state, rxBase + at * rxStride + rx.RXDCTL, "rx", queue, rx.RXDCTL_ENABLE);
  }
}

/**
 * TCTL and VFTE: what they enable may have something to do. `freed` hears of pools that may send and could not before:
 * malicious driver protection lets their queues go (I350 §7.8.3.8.3).
 */
export function hookTransmitEnables(
  file: RegisterFile,
  state: PortState,
  queues: number,
  freed: (pools: number) => void,
): void {
  for (const offset of [tx.TCTL, VFTE]) {
    file.hook(offset, {
      write: (value) => {
        const before = file.get(offset);
        file.store(offset, value);
        if (offset === VFTE) freed(file.get(VFTE) & ~before);
        ringDoorbells(state, mask(queues - 1, 0));
      },
    });
  }
}

/** TXDCTL and RXDCTL: a stopped queue reads as disabled, and a write puts it back into service or out of it. */
function hookControl(
  file: RegisterFile,
  state: PortState,
  offset: number,
  direction: Direction,
  queue: number,
  enable: number,
): void {
  const row = state.queue(direction, queue);
  file.hook(offset, {
    read: () => {
      const value = state.get(row + QUEUE_CONTROL);
      return (state.get(row + QUEUE_FLAGS) & QUEUE_FLAG_STOPPED) === 0 ? value : value & ~enable;
    },
    write: (value) => {
      file.store(offset, value);
      state.set(row + QUEUE_FLAGS, state.get(row + QUEUE_FLAGS) & QUEUE_FLAG_DMA);
      if (direction === "tx") ringDoorbells(state, 1 << queue);
    },
  });
}
