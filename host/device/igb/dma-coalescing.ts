// DMA coalescing (I350 §5.9): a card that had nothing to do for a while lets frames from the wire and doorbells wait, so
// that the platform may rest, until enough of them wait, or the first one has waited long enough.
// Deviations: interrupts that no DMA causes do not wait; nothing waits while filters ask for immediate interrupts, or
// while time stamps are taken; an XOFF that is due ends it; the rate of traffic is not measured (UTRESH).
import { PORT_CAUSES, PORT_CTRL, PORT_PENDING, PORT_STOPS } from "../../../assembly/spec/abi/port.ts";
import {
  PORT_FCRTH,
  PORT_IMMEDIATES,
  PORT_TSYNCRXCTL,
  PORT_XOFF,
  XOFF_AGAIN,
} from "../../../assembly/spec/abi/port-offload.ts";
import { CTRL_TFCE, FCRTH_MASK } from "../../../assembly/spec/igb/device.ts";
import * as spec from "../../../assembly/spec/igb/dma-coalescing.ts";
import { TSYNCRXCTL_EN } from "../../../assembly/spec/igb/time-sync.ts";
import { bits, mask } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import type { PortState } from "./port-state.ts";
import type { RegisterFile } from "./register-file.ts";

export interface DmaCoalescingState {
  /** When DMA ended last, in the machine's nanoseconds. */
  idleNs: number;
  /** Since when something waits; −1 when nothing does. */
  sinceNs: number;
}

const NS_PER_US = 1000;
const NOTHING = -1;
const NEVER = Number.POSITIVE_INFINITY;

export class DmaCoalescing {
  readonly #registers: RegisterFile;
  readonly #state: PortState;
  readonly #clock: Clock;
  #enabled = false;
  #idleNs = 0;
  #sinceNs = NOTHING;

  constructor(registers: RegisterFile, state: PortState, clock: Clock) {
    this.#registers = registers;
    this.#state = state;
    this.#clock = clock;
  }

  /** DMACR.DMAC_EN. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** When what waits has waited long enough. */
  get deadlineNs(): number {
    const waits = this.#enabled && this.#sinceNs !== NOTHING && this.#state.due;
    return waits ? this.#sinceNs + this.#watchdogNs : NEVER;
  }

  /** Whether what is to be done waits. Only while it is enabled. */
  holds(): boolean {
    if (!this.#state.due) return false;
    const { nowNs } = this.#clock;
    const rests = this.#sinceNs !== NOTHING || nowNs >= this.#idleNs + this.#timeToRestNs;
    if (!rests || this.#ends) return false;
    if (this.#sinceNs === NOTHING) this.#sinceNs = nowNs;
    return nowNs < this.deadlineNs;
  }

  /** There was DMA in this turn. */
  active(): void {
    this.#idleNs = this.#clock.nowNs;
    this.#sinceNs = NOTHING;
  }

  /** After the registers were reset, or restored. */
  refresh(): void {
    this.#enabled = (this.#registers.get(spec.DMACR) & spec.DMACR_DMAC_EN) !== 0;
    if (!this.#enabled) this.active();
  }

  hook(): void {
    this.#registers.hook(spec.DMACR, {
      write: (value) => {
        this.#registers.store(spec.DMACR, value);
        if ((value & spec.DMACR_EXIT_DC) !== 0) this.active();
        this.refresh();
      },
    });
  }

  save(): DmaCoalescingState {
    return { idleNs: this.#idleNs, sinceNs: this.#sinceNs };
  }

  /** Throws FormatError for what are no moments. */
  restore(state: DmaCoalescingState): void {
    checkStateNumber("DMA coalescing", state.idleNs, Number.MAX_SAFE_INTEGER);
    checkStateNumber("DMA coalescing", state.sinceNs - NOTHING, Number.MAX_SAFE_INTEGER);
    this.#idleNs = state.idleNs;
    this.#sinceNs = state.sinceNs;
    this.#enabled = (this.#registers.get(spec.DMACR) & spec.DMACR_DMAC_EN) !== 0;
  }

  /** Something does not wait (I350 §5.9.3). */
  get #ends(): boolean {
    const state = this.#state;
    if ((state.get(PORT_CAUSES) | state.get(PORT_STOPS) | state.get(PORT_IMMEDIATES)) !== 0) return true;
    if ((state.get(PORT_TSYNCRXCTL) & TSYNCRXCTL_EN) !== 0) return true;
    if (state.get(PORT_PENDING) !== 0 && this.#transmitEnds) return true;
    const { used } = state.ingress;
    const threshold = this.#field(spec.DMACR, spec.DMACR_DMACTHR_HI, spec.DMACR_DMACTHR_LO) * spec.DMACTHR_UNIT;
    if (threshold !== 0 && used > threshold) return true;
    if ((state.get(PORT_CTRL) & CTRL_TFCE) === 0) return false;
    const meanwhile = this.#registers.get(spec.FCRTC) & mask(spec.FCRTC_RTH_COAL_HI, spec.FCRTC_RTH_COAL_LO);
    const high = state.get(PORT_FCRTH) & FCRTH_MASK;
    return state.get(PORT_XOFF) === XOFF_AGAIN || (meanwhile !== 0 && used >= meanwhile) || (high !== 0 && used > high);
  }

  /** The transmit packet buffer, which is empty, has more room than the threshold. */
  get #transmitEnds(): boolean {
    const threshold = this.#field(spec.DMCTXTH, spec.DMCTXTH_DMCTTHR_HI, spec.DMCTXTH_DMCTTHR_LO) * spec.DMCTTHR_UNIT;
    return threshold !== 0 && threshold < spec.TX_PACKET_BUFFER;
  }

  get #watchdogNs(): number {
    const units = this.#field(spec.DMACR, spec.DMACR_DMACWT_HI, spec.DMACR_DMACWT_LO);
    return units * spec.DMACWT_UNIT * NS_PER_US;
  }

  get #timeToRestNs(): number {
    return this.#field(spec.DMCTLX, spec.DMCTLX_TTLX_HI, spec.DMCTLX_TTLX_LO) * NS_PER_US;
  }

  #field(register: number, hi: number, lo: number): number {
    return bits(this.#registers.get(register), hi, lo);
  }
}
