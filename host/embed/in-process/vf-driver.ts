// A driver for a VF of the I350 or 82576 that works as Linux's igbvf does: MSI-X with three vectors, one queue pair,
// everything else asked of the PF through the mailbox.
import { STATUS_LU } from "../../../assembly/spec/igb/device.ts";
import { MESSAGE_ACK, MESSAGE_CTS, MESSAGE_NACK, VF_RESET } from "../../../assembly/spec/igb/mailbox.ts";
import { RX_QUEUE_ALIAS_BASE } from "../../../assembly/spec/igb/receive.ts";
import { TX_QUEUE_ALIAS_BASE } from "../../../assembly/spec/igb/transmit.ts";
import { VTCTRL, VTCTRL_RST, VTSTATUS } from "../../../assembly/spec/igb/vf.ts";
import {
  COMMAND,
  COMMAND_BUS_MASTER_ENABLE_LO,
  COMMAND_MEMORY_SPACE_ENABLE_LO,
} from "../../../assembly/spec/pci/header.ts";
import { DEVICE_82576_VF, DEVICE_I350_VF, VENDOR_INTEL } from "../../../assembly/spec/pci/ids.ts";
import { ArgumentError } from "../../core/errors.ts";
import { isStation } from "../../core/mac.ts";
import type { Snapshotable } from "../../core/ports.ts";
import { checkGuest, type Guest, Registers } from "./guest.ts";
import { MAC_LENGTH, unpackMac } from "./mac.ts";
import { Msix } from "./msix.ts";
import { type FoundFunction, registersOf } from "./probe.ts";
import { type ReceiveHandler, RxRing, type RxRingState } from "./rx-ring.ts";
import { checkFrames, TxRing, type TxRingState } from "./tx-ring.ts";
import { VfInterrupts } from "./vf-interrupts.ts";
import { VfMailbox, type VfMailboxState } from "./vf-mailbox.ts";
import { VfRequests, type VfRequestsState } from "./vf-requests.ts";
import { VfStatistics, type VfStatisticsState } from "./vf-statistics.ts";

/** A reset of the PF is waited out 200 times 5 µs. */
const RESET_TRIES = 200;
const RESET_MICROSECONDS = 5;
const ANSWER_MILLISECONDS = 10;
/** What every register reads where nothing answers. */
const ALL_ONES = 0xffff_ffff;
const RING_ENABLES = (1 << COMMAND_MEMORY_SPACE_ENABLE_LO) | (1 << COMMAND_BUS_MASTER_ENABLE_LO);

export interface IgbVfOptions {
  /** Descriptors of each ring; default 256. */
  descriptors?: number;
  /** The address to ask for when the PF's administrator gave none: a station's, 6 bytes. Nobody else makes one up. */
  mac?: Uint8Array;
  /** Takes received frames, in the interrupt handler or in `poll`. */
  onFrame?: ReceiveHandler;
  /** Least time between two interrupts of one ring in microseconds; default 0. */
  interruptInterval?: number;
}

/** True when this driver knows the function. */
export function isIgbVf(device: FoundFunction): boolean {
  return device.vendorId === VENDOR_INTEL && [DEVICE_I350_VF, DEVICE_82576_VF].some((id) => id === device.deviceId);
}

export interface IgbVfState {
  given: Uint8Array;
  linkUp: boolean;
  checkLink: boolean;
  lost: boolean;
  running: boolean;
  interrupts: { tx: number; rx: number; other: number };
  resets: number;
  requests: VfRequestsState;
  statistics: VfStatisticsState;
  tx: TxRingState;
  rx: RxRingState;
  mailbox: VfMailboxState;
}

export class IgbVfDriver implements Snapshotable<IgbVfState> {
  readonly device: FoundFunction;
  readonly registers: Registers;
  readonly msix: Msix;
  readonly tx: TxRing;
  readonly rx: RxRing;
  readonly mailbox: VfMailbox;
  /** What the VF asks of the PF. */
  readonly requests: VfRequests;
  /** What the card counted. */
  readonly statistics: VfStatistics;
  linkUp = false;
  /** Times the VF was initialized. */
  resets = 0;
  readonly #guest: Guest;
  readonly #options: IgbVfOptions;
  readonly #interrupts: VfInterrupts;
  /** The address in the answer to VF_RESET, all zero when the PF's administrator gave none. */
  readonly #given = new Uint8Array(MAC_LENGTH);
  #checkLink = true;
  #lost = false;
  #running = false;
  /** The PF answered, and there was no address to ask it for. */
  #nameless = false;

  /** Throws ArgumentError when the function is no VF of these cards, or the guest's RAM cannot hold the rings. */
  constructor(guest: Guest, device: FoundFunction, options: IgbVfOptions = {}) {
    checkGuest(guest);
    const base = registersOf(device, isIgbVf, "I350 or 82576 VF");
    const { mac } = options;
    if (mac !== undefined && !(mac instanceof Uint8Array && mac.length === MAC_LENGTH && isStation(mac))) {
      throw new ArgumentError("mac", mac, "is not the 6 bytes of one station's address");
    }
    this.#guest = guest;
    this.#options = options;
    this.device = device;
    this.registers = new Registers(guest.platform, base);
    this.msix = new Msix(guest.platform, device);
    this.mailbox = new VfMailbox(guest, this.registers);
    this.requests = new VfRequests(this.mailbox);
    this.statistics = new VfStatistics(this.registers);
    this.tx = new TxRing(guest, this.registers, TX_QUEUE_ALIAS_BASE, options.descriptors);
    this.rx = new RxRing(guest, this.registers, RX_QUEUE_ALIAS_BASE, {
      ...(options.descriptors === undefined ? {} : { descriptors: options.descriptors }),
      swappedLoopbackVlan: device.deviceId === DEVICE_I350_VF,
    });
    this.#interrupts = new VfInterrupts(guest, this.registers, {
      tx: () => this.tx.reclaim(),
      rx: () => this.poll(),
      other: () => {
        this.#checkLink = true;
      },
    });
  }

  /** The address that the PF confirmed; all zero until then. */
  get mac(): Uint8Array {
    return this.requests.mac;
  }

  /** This guest's interrupt vectors for Tx, Rx and mailbox. */
  get vectors(): readonly number[] {
    return this.#interrupts.vectors;
  }

  /** Interrupts taken, by vector. */
  get interrupts(): { tx: number; rx: number; other: number } {
    return this.#interrupts.counts;
  }

  /**
   * Brings the interface up: bus mastering, MSI-X, reset, rings, interrupts. False when the PF does not answer or
   * refuses the address. Throws ArgumentError when there is no address to ask for: the PF's administrator gave none
   * (`vfMac` of the PF's driver), nor do the options (`mac`); a driver that made one up would differ from run to run.
   */
  up(): boolean {
    const { platform } = this.#guest;
    const id = this.device.requesterId;
    platform.configWrite(id, COMMAND, 2, platform.configRead(id, COMMAND, 2) | RING_ENABLES);
    this.msix.enable(true);
    this.linkUp = false;
    if (!this.present) return false;
    for (const [entry, vector] of this.vectors.entries()) this.msix.route(entry, vector);
    const started = this.#start();
    if (this.#nameless) {
      this.down();
      throw new ArgumentError("mac", this.#options.mac, "is no address, and the PF's administrator gave none either");
    }
    return started;
  }

  /** False when the function does not answer any more: taken away, or its PF was reset. */
  get present(): boolean {
    return this.registers.read(VTSTATUS) !== ALL_ONES;
  }

  /** Stops rings and interrupts. */
  down(): void {
    this.#running = false;
    this.linkUp = false;
    this.#interrupts.disable();
    this.rx.stop();
    this.tx.stop();
  }

  /** Sends frames; see `TxRing.send`. None is taken while the link is down. */
  send(frames: readonly Uint8Array[], from = 0, to: number = frames.length, vlan?: number): number {
    if (this.linkUp) return this.tx.send(frames, from, to, vlan);
    checkFrames(frames, from, to);
    return 0;
  }

  /** Collects received frames without waiting for the interrupt. */
  poll(budget?: number): number {
    return this.rx.poll(this.#receive, budget);
  }

  /** True when a mailbox interrupt asks for the watchdog. */
  get attention(): boolean {
    return this.#running && this.#checkLink;
  }

  /** What the driver does every two seconds and after a mailbox interrupt: link state, and recovery from a PF reset. */
  watchdog(): void {
    if (!this.#running) return;
    if (!this.present) {
      this.#checkLink = true;
      this.linkUp = false;
      return;
    }
    if (!this.#linkCheck()) this.#lost = true;
    this.linkUp = !this.#checkLink;
    if (this.#lost) {
      this.down();
      this.#start();
    }
  }

  /** What the driver knows. Its rings are in the guest's RAM, the rest in the card. */
  save(): IgbVfState {
    return {
      given: this.#given.slice(),
      linkUp: this.linkUp,
      checkLink: this.#checkLink,
      lost: this.#lost,
      running: this.#running,
      interrupts: { ...this.interrupts },
      resets: this.resets,
      requests: this.requests.save(),
      statistics: this.statistics.save(),
      tx: this.tx.save(),
      rx: this.rx.save(),
      mailbox: this.mailbox.save(),
    };
  }

  /** Goes on where `save` was called, without touching the card. For a driver built in the same order of allocations. */
  restore(state: IgbVfState): void {
    this.tx.restore(state.tx);
    this.rx.restore(state.rx);
    this.mailbox.restore(state.mailbox);
    this.requests.restore(state.requests);
    this.statistics.restore(state.statistics);
    this.#given.set(state.given);
    this.linkUp = state.linkUp;
    this.#checkLink = state.checkLink;
    this.#lost = state.lost;
    this.#running = state.running;
    Object.assign(this.interrupts, state.interrupts);
    this.resets = state.resets;
  }

  readonly #receive: ReceiveHandler = (frame, vlan, status) => this.#options.onFrame?.(frame, vlan, status);

  #start(): boolean {
    this.#lost = false;
    this.#nameless = false;
    this.linkUp = false;
    this.#checkLink = true;
    this.resets++;
    const answered = this.#reset() && this.#claimMac();
    if (answered) this.requests.replay();
    this.#interrupts.configure(this.#options.interruptInterval ?? 0);
    const rings = this.tx.start() && this.rx.start();
    this.#running = true;
    this.statistics.rebase();
    this.#interrupts.enable();
    if (answered) {
      this.#linkCheck();
      this.linkUp = !this.#checkLink;
    }
    return answered && rings;
  }

  /** CTRL.RST, then the handshake: the answer carries the address that the PF's administrator gave, if any. */
  #reset(): boolean {
    const { registers, mailbox } = this;
    registers.write(VTCTRL, registers.read(VTCTRL) | VTCTRL_RST);
    mailbox.alive = false;
    if (!this.#guest.poll(() => !mailbox.sawReset(), RESET_TRIES, RESET_MICROSECONDS)) return false;
    mailbox.alive = true;
    if (!mailbox.post([VF_RESET])) return false;
    this.#guest.delay(ANSWER_MILLISECONDS * 1000);
    if (!mailbox.receive(3)) return false;
    const answer = mailbox.message[0] as number;
    this.#given.fill(0);
    if (answer === (VF_RESET | MESSAGE_NACK) >>> 0) return true;
    if (answer !== (VF_RESET | MESSAGE_ACK) >>> 0) return false;
    unpackMac(mailbox.message, this.#given);
    return true;
  }

  /** Asks for the address given, else for the wish, else for the one used last. False when there is none. */
  #claimMac(): boolean {
    const wish = this.#given.some((byte) => byte !== 0) ? this.#given : (this.#options.mac ?? this.mac);
    this.#nameless = !isStation(wish);
    this.mac.set(this.#given);
    if (!this.requests.setMac(wish.slice())) this.mac.set(this.#given);
    return this.mac.some((byte) => byte !== 0);
  }

  /** False when the PF has forgotten this VF and the handshake must be made again. */
  #linkCheck(): boolean {
    const { mailbox } = this;
    if (mailbox.sawReset() || !mailbox.alive) this.#checkLink = true;
    if (!this.#checkLink) return true;
    if ((this.registers.read(VTSTATUS) & STATUS_LU) === 0) return true;
    if (!mailbox.read(1)) return true;
    const word = mailbox.message[0] as number;
    if ((word & MESSAGE_CTS) === 0) return (word & MESSAGE_NACK) === 0;
    if (!mailbox.alive) return false;
    this.#checkLink = false;
    return true;
  }
}
