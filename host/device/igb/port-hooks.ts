// What a port's registers do beside keeping bits, part by part; those of its peripherals hook themselves.
import { TX_QUEUE_ALIASES } from "../../../assembly/spec/igb/transmit.ts";
import type { CardProfile } from "./card.ts";
import { hookPfMailboxes, type Mailboxes } from "./mailbox.ts";
import { freeQueues, hookMisbehaviour } from "./misbehaviour.ts";
import type { PfInterrupts } from "./pf-interrupts.ts";
import type { PortState } from "./port-state.ts";
import { hookQueues, hookTransmitEnables } from "./queues.ts";
import { hookRateLimits } from "./rate-limits.ts";
import type { RegisterFile } from "./register-file.ts";
import type { Statistics } from "./statistics.ts";
import { hookSharedVectors } from "./vf-vectors.ts";
import type { VirtualFunction } from "./virtual-function.ts";

export interface PortParts {
  profile: CardProfile;
  registers: RegisterFile;
  state: PortState;
  interrupts: PfInterrupts;
  statistics: Statistics;
  mailboxes: Mailboxes;
  /** Every VF that there may be, and how many there are now. */
  vfs: readonly VirtualFunction[];
  present(): number;
  /** The PF's software resets a VF. */
  resetVf(index: number): void;
}

export function hookPort(parts: PortParts): void {
  const { registers, state, interrupts, statistics, vfs, present } = parts;
  const { queues, dmaOffload } = parts.profile.registers;
  const range = { first: 0, step: 1 };
  hookQueues(registers, state, { ...range, count: queues, alias: false });
  hookQueues(registers, state, { ...range, count: TX_QUEUE_ALIASES, alias: true });
  statistics.hookPf(registers, () => interrupts.signalled);
  for (const [index, vf] of vfs.entries()) {
    statistics.hookVf(index, vf.registers, registers);
    vf.mirror(registers, () => parts.resetVf(index));
  }
  hookTransmitEnables(registers, state, queues, (pools) => freeQueues(state, pools));
  hookSharedVectors(registers, interrupts, () => vfs.slice(0, present()).map((vf) => vf.interrupts));
  hookMisbehaviour(registers, state, dmaOffload, present);
  if (!dmaOffload) hookRateLimits(registers, state);
  hookPfMailboxes(registers, parts.mailboxes);
}
