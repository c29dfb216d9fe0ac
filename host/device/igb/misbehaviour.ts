// Drivers that misbehave, as the PF's driver and whoever watches learn of them: LVMMC, MDFB, DOUTSYNC, trace events
// (I350 §7.8.3.8, §8.14.10, §8.14.11; 82576 §7.10.3).
import {
  CAUSE_TX,
  PORT_STOPS,
  QUEUE_FLAGS,
  QUEUE_REASON_HI,
  QUEUE_REASON_LO,
  STOP_BUFFER,
  STOP_DESCRIPTOR,
  STOP_FORGED,
  STOP_INDEX,
  STOP_LENGTH,
  STOP_OFFLOAD,
  STOP_RING,
  STOP_SIZE,
  STOP_UNENDED,
} from "../../../assembly/spec/abi/port.ts";
import { PORT_FORGED, PORT_LVMMC, PORT_MDFB } from "../../../assembly/spec/abi/port-policy.ts";
import { ICR_DOUTSYNC } from "../../../assembly/spec/igb/interrupt.ts";
import * as spec from "../../../assembly/spec/igb/misbehaviour.ts";
import { DTXCTL, DTXCTL_SPOOF_INT } from "../../../assembly/spec/igb/transmit.ts";
import { POOL_MASK } from "../../../assembly/spec/igb/virtualization.ts";
import { bits, lowestBit } from "../../core/bits.ts";
import type { StopReason, TraceListener } from "../../core/trace.ts";
import type { PortState } from "./port-state.ts";
import { ringDoorbells } from "./queues.ts";
import type { RegisterFile } from "./register-file.ts";

const REASONS: Readonly<Record<number, StopReason>> = {
  [STOP_LENGTH]: "length",
  [STOP_INDEX]: "index",
  [STOP_RING]: "ring",
  [STOP_BUFFER]: "buffer",
  [STOP_DESCRIPTOR]: "descriptor",
  [STOP_FORGED]: "forged",
  [STOP_SIZE]: "size",
  [STOP_UNENDED]: "unended",
  [STOP_OFFLOAD]: "offload",
};

/** Answers LVMMC and, on the I350, MDFB. `vfs` is how many pools are VFs'. */
export function hookMisbehaviour(registers: RegisterFile, state: PortState, i350: boolean, vfs: () => number): void {
  registers.hook(spec.LVMMC, {
    read: () => {
      const value = state.get(PORT_LVMMC);
      state.set(PORT_LVMMC, 0);
      if (!i350 || value === 0) return value;
      const ofPf = bits(value, spec.LVMMC_LAST_Q_HI, spec.LVMMC_LAST_Q_LO) >= vfs();
      return ofPf ? value | spec.LVMMC_MAL_PF : value;
    },
    write: () => {},
  });
  if (!i350) return;
  registers.hook(spec.MDFB, {
    read: () => state.get(PORT_MDFB),
    write: (value) => freeQueues(state, value & POOL_MASK),
  });
}

/** The transmit queues of the pools in `pools` are no longer blocked. */
export function freeQueues(state: PortState, pools: number): void {
  const freed = state.get(PORT_MDFB) & pools;
  if (freed === 0) return;
  state.set(PORT_MDFB, state.get(PORT_MDFB) & ~freed);
  ringDoorbells(state, freed);
}

/** Takes what the data path left of stopped queues and forged frames. Returns the causes that this sets in ICR. */
export function takeMisbehaviour(
  registers: RegisterFile,
  state: PortState,
  listener: TraceListener | undefined,
  requesterOf: (pool: number) => number,
): number {
  const stops = state.get(PORT_STOPS);
  const forged = state.get(PORT_FORGED);
  if ((stops | forged) === 0) return 0;
  state.set(PORT_STOPS, 0);
  state.set(PORT_FORGED, 0);
  if (listener !== undefined) {
    for (const bit of bitsOf(stops)) {
      const direction = bit < CAUSE_TX ? "receive" : "transmit";
      const queue = bit & (CAUSE_TX - 1);
      const flags = state.get(state.queue(bit < CAUSE_TX ? "rx" : "tx", queue) + QUEUE_FLAGS);
      const reason = REASONS[bits(flags, QUEUE_REASON_HI, QUEUE_REASON_LO)] ?? "descriptor";
      listener({ kind: "queue-stopped", requesterId: requesterOf(queue), direction, queue, reason });
    }
    for (const queue of bitsOf(forged)) listener({ kind: "forged", requesterId: requesterOf(queue), queue });
  }
  const told = (registers.get(DTXCTL) & DTXCTL_SPOOF_INT) !== 0;
  return stops !== 0 || (told && forged !== 0) ? ICR_DOUTSYNC : 0;
}

function* bitsOf(word: number): Generator<number> {
  for (let left = word >>> 0; left !== 0; left = (left & (left - 1)) >>> 0) yield lowestBit(left);
}
