// What a port has besides queues, mailboxes and counters: link, thermal sensor, its own time, timers, wake-up, NVM access.
import * as device from "../../../assembly/spec/igb/device.ts";
import { mask } from "../../core/bits.ts";
import type { PciFunction } from "../../pci/index.ts";
import { DmaCoalescing, type DmaCoalescingState } from "./dma-coalescing.ts";
import { eraseFlash, hookFlash } from "./flash.ts";
import { FlowControl, type FlowControlState } from "./flow-control.ts";
import { hookGeneral, hookI2cPins } from "./general-registers.ts";
import { type Led, Leds, type LedsState } from "./leds.ts";
import { apmInNvm, macInNvm } from "./nvm.ts";
import { hookNvm } from "./nvm-registers.ts";
import { setAddress } from "./port-device.ts";
import { PortLink, type PortLinkState } from "./port-link.ts";
import type { IgbPortOptions } from "./port-options.ts";
import type { PortState } from "./port-state.ts";
import { ringDoorbells } from "./queues.ts";
import type { RegisterFile } from "./register-file.ts";
import { TcpTimer, type TcpTimerState } from "./tcp-timer.ts";
import { ThermalSensor } from "./thermal.ts";
import { TimeSync, type TimeSyncState } from "./time-sync.ts";
import { WakeUp } from "./wake.ts";

export interface PeripheralsState {
  link: PortLinkState;
  time: TimeSyncState;
  timer: TcpTimerState;
  leds: LedsState;
  flow: FlowControlState;
  coalescing: DmaCoalescingState;
}

/** What they tell the port. */
export interface PeripheralsListener {
  linkChanged(): void;
  timeSync(): void;
  tcpTimer(): void;
  /** An access through MDIC is done. */
  accessDone(): void;
  status(): number;
  /** CTRL.RST, and CTRL.DEV_RST of some port. */
  reset(): void;
  resetDevice(): void;
  /** CTRL_EXT.PFRSTD. */
  resetDone(): void;
}

const NS_PER_US = 1000;

export class Peripherals {
  readonly link: PortLink;
  readonly #port: IgbPortOptions;
  readonly #registers: RegisterFile;
  readonly #state: PortState;
  readonly #pf: PciFunction;
  readonly #sensor: ThermalSensor;
  readonly #time: TimeSync;
  readonly #timer: TcpTimer;
  readonly #flow: FlowControl;
  readonly #coalescing: DmaCoalescing;
  readonly #wake: WakeUp;
  readonly #leds: Leds;

  constructor(
    port: IgbPortOptions,
    parts: { registers: RegisterFile; state: PortState; pf: PciFunction },
    listener: PeripheralsListener,
  ) {
    const { registers, state, pf } = parts;
    const { profile, clock, shared, number } = port;
    this.#port = port;
    this.#registers = registers;
    this.#state = state;
    this.#pf = pf;
    this.#sensor = new ThermalSensor(registers, shared);
    this.link = new PortLink({
      phy: profile.phy,
      registers,
      state,
      overheated: () => this.#sensor.effect,
      changed: () => {
        listener.linkChanged();
        if (pf.powerState !== 0) this.#wake.linkChanged();
      },
    });
    this.#time = new TimeSync({
      units: profile.time,
      interrupts: profile.extras,
      clock,
      registers,
      state,
      interrupt: () => listener.timeSync(),
    });
    this.#timer = new TcpTimer(registers, clock, () => listener.tcpTimer());
    this.#flow = new FlowControl({
      registers,
      state,
      clock,
      speed: () => this.link.link?.speed ?? 1000,
      released: () => ringDoorbells(state, mask(profile.registers.queues - 1, 0)),
    });
    this.#coalescing = new DmaCoalescing(registers, state, clock);
    this.#leds = new Leds({
      registers,
      state,
      clock,
      link: () => this.link.link,
      paused: () => this.#flow.held,
    });
    this.#wake = new WakeUp({
      registers,
      apm: () => apmInNvm(shared.eeprom.words, number),
      pmeStatus: () => pf.power?.eventNoted === true,
      clearPme: () => pf.power?.clearEvent(),
      wake: () => pf.power?.signalEvent(),
    });
    shared.add(
      {
        get powerState() {
          return pf.powerState;
        },
        get active() {
          return pf.memorySpaceEnabled || pf.busMasterEnabled;
        },
      },
      { reset: () => listener.resetDevice(), temperature: () => this.#heated() },
    );
    this.#hook(listener);
  }

  /** Free-running timer in microseconds. */
  get timerUs(): number {
    return Math.floor(this.#port.clock.nowNs / NS_PER_US) % 2 ** 32;
  }

  /** The bits of STATUS that they decide. */
  get status(): number {
    return this.link.status | (this.#flow.held ? device.STATUS_TXOFF : 0);
  }

  get leds(): Led[] {
    return this.#leds.shown;
  }

  /** When one of them has something to do without anybody's doing. */
  get deadlineNs(): number {
    const [time, timer, flow] = [this.#time.deadlineNs, this.#timer.deadlineNs, this.#flow.deadlineNs];
    return Math.min(time, timer, flow, this.#coalescing.deadlineNs);
  }

  /** At the beginning of a turn. */
  begin(): void {
    this.#flow.tick();
  }

  /** Whether the frames and doorbells that there are wait. In D1 to D3 they do not. */
  get holds(): boolean {
    return this.#coalescing.enabled && this.#pf.powerState === 0 && this.#coalescing.holds();
  }

  /** Before frames move. In D1 to D3 those from the wire can only wake. */
  before(): void {
    this.#time.show();
    const { ingress } = this.#state;
    if (ingress.empty || this.#pf.powerState === 0) return;
    for (let frame = ingress.shift(); frame !== undefined; frame = ingress.shift()) this.#wake.receive(frame);
  }

  /** After frames moved: what the data path left, and in PHY loopback what would leave. Returns how many came back. */
  after(budget: number): number {
    let moved = 0;
    const { egress, ingress } = this.#state;
    if (!egress.empty && this.link.phy.loopback) {
      for (let frame = egress.shift(); frame !== undefined; frame = egress.shift()) ingress.push(frame);
      if (!ingress.empty) moved = this.#state.service(budget);
    }
    this.#leds.watch();
    this.#time.collect();
    this.#flow.collect();
    if (this.#coalescing.enabled) this.#coalescing.active();
    return moved;
  }

  /** At the end of a turn. */
  end(): void {
    this.#time.tick();
    this.#timer.tick();
  }

  /** As a reset of the port leaves them, after its registers were reset. The PHY is not among them. */
  reset(): void {
    const { shared, number } = this.#port;
    shared.flash.release(number);
    this.#sensor.sense();
    this.link.refresh(false);
    this.#time.reset();
    this.#timer.reset();
    this.#flow.reset();
    this.#coalescing.refresh();
    this.#leds.reset();
    setAddress(this.#registers, macInNvm(shared.eeprom.words, number));
  }

  save(): PeripheralsState {
    return {
      link: this.link.save(),
      time: this.#time.save(),
      timer: this.#timer.save(),
      leds: this.#leds.save(),
      flow: this.#flow.save(),
      coalescing: this.#coalescing.save(),
    };
  }

  /** To be called after the registers and the port's state were restored. */
  restore(state: PeripheralsState): void {
    this.link.restore(state.link);
    this.#time.restore(state.time);
    this.#timer.restore(state.timer);
    this.#leds.restore(state.leds);
    this.#flow.restore(state.flow);
    this.#coalescing.restore(state.coalescing);
  }

  #heated(): void {
    this.#sensor.sense();
    this.link.refresh(false);
  }

  #hook(listener: PeripheralsListener): void {
    const { shared, number, profile } = this.#port;
    const registers = this.#registers;
    this.#time.hook();
    this.#timer.hook();
    if (profile.extras) this.#coalescing.hook();
    this.#wake.hook();
    hookNvm(registers, shared.eeprom, !profile.extras, () => eraseFlash(registers, shared.flash));
    hookFlash(registers, shared.flash, number);
    if (profile.extras) {
      hookI2cPins(registers);
      this.#sensor.hook();
    }
    hookGeneral(registers, {
      shared,
      link: this.link,
      number,
      deviceReset: profile.extras,
      status: () => listener.status(),
      timer: () => this.timerUs,
      reset: () => listener.reset(),
      resetDone: () => listener.resetDone(),
      accessDone: () => listener.accessDone(),
    });
  }
}
