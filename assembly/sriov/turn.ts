// A transmit queue's turn: whether it may send, and what is due when it has.

import { Dma } from "../iommu/translate";
import { ACCESS_READ } from "../spec/abi/iommu";
import { CAUSE_TX, QUEUE_FLAG_DMA, QUEUE_FLAG_STOPPED, STOP_INDEX, STOP_LENGTH, STOP_RING } from "../spec/abi/port";
import { TCTL_EN, TDWBAL_ADDRESS_MASK, TDWBAL_HEAD_WB_EN, TXDCTL_ENABLE } from "../spec/igb/transmit";
import { TX_DESCRIPTOR_SIZE } from "../spec/igb/tx-descriptor";
import { POOLS } from "../spec/igb/virtualization";
import { Rates } from "./rates";
import { ReceiveState } from "./receive-state";
import { BURST, Control, Port, Queue } from "./state";
import { Transmit } from "./transmit";

export class Turn {
  /**
   * Sends at most `budget` frames of queue `index`, and of the last one all segments. Returns how many. Clears its
   * doorbell when nothing is left to do.
   */
  static burst(port: Port, index: u32, budget: u32): u32 {
    const state = port.state;
    const queue = port.tx(index);
    const doorbell: u32 = 1 << index;
    if (!Turn.ready(port, state, queue, index)) {
      // Without leave to make requests the doorbell stays: the leave may come.
      if (queue.flags & QUEUE_FLAG_DMA) state.pending &= ~doorbell;
      return 0;
    }
    const context = Dma.open(port.unit, queue.requester, queue.base, ACCESS_READ);
    if (changetype<usize>(context) == 0) {
      port.stop(queue, CAUSE_TX + index, STOP_RING);
      state.pending &= ~doorbell;
      return 0;
    }
    const policy = port.policy;
    const limited = ((policy.limited >> index) & 1) != 0;
    if (limited && !Rates.allows(policy, index)) return 0;
    port.burst++;
    port.sender = index;
    const before = queue.head;
    const octets = state.txOctets;
    const frames = Transmit.run(port, state, queue, index, context, limited ? 1 : min(budget, BURST));
    if (limited) Rates.charge(policy, index, state.txOctets - octets);
    if (queue.head != before && (<u32>queue.writeback & TDWBAL_HEAD_WB_EN) != 0) Turn.writeHead(port, queue, index);
    if (queue.stopped || queue.head == queue.tail || queue.head == before) state.pending &= ~doorbell;
    return frames;
  }

  /** Whether the queue is in service and has something to do. */
  private static enabled(port: Port, state: Control, queue: Queue, index: u32): bool {
    if ((state.tctl & TCTL_EN) == 0 || (queue.control & TXDCTL_ENABLE) == 0) return false;
    const pool = index & (POOLS - 1);
    const closed = port.policy.mdfb | port.policy.linkless | (state.virtual != 0 ? ~state.vfte : 0);
    if ((closed >> pool) & 1 || ReceiveState.of(port).held != 0) return false;
    return (queue.flags & (QUEUE_FLAG_DMA | QUEUE_FLAG_STOPPED)) == QUEUE_FLAG_DMA && queue.head != queue.tail;
  }

  /** When the first queue that waits for nothing but its rate limit may send, in nanoseconds; infinity when none does. */
  static deadline(port: Port): f64 {
    const state = port.state;
    const policy = port.policy;
    let first: f64 = Infinity;
    for (let left = state.pending & policy.limited; left != 0; left &= left - 1) {
      const index = ctz(left);
      const next = policy.rate(index).next;
      if (next <= policy.now || !Turn.enabled(port, state, port.tx(index), index)) continue;
      first = min(first, <f64>next);
    }
    return first;
  }

  private static ready(port: Port, state: Control, queue: Queue, index: u32): bool {
    if (!Turn.enabled(port, state, queue, index)) return false;
    const count = queue.length / TX_DESCRIPTOR_SIZE;
    if (count != 0 && queue.head < count && queue.tail < count) return true;
    port.stop(queue, CAUSE_TX + index, count == 0 ? STOP_LENGTH : STOP_INDEX);
    return false;
  }

  /** Head write-back (I350 §7.2.3): the queue's head goes to memory as one dword. */
  private static writeHead(port: Port, queue: Queue, index: u32): void {
    const address = queue.writeback & (0xffff_ffff_0000_0000 | <u64>TDWBAL_ADDRESS_MASK);
    store<u32>(port.scratch, queue.head);
    if (!Dma.write(port.unit, queue.requester, 0, address, port.scratch, 4)) {
      port.stop(queue, CAUSE_TX + index, STOP_RING);
    }
  }
}
