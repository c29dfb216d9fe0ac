// A driver for the PF of the I350 or 82576 that works as Linux's igb does: reset, MSI-X, one queue pair of its own, and
// with VFs the pools, the transmit switch and the mailboxes.
import { CTRL_EXT, CTRL_EXT_PFRSTD, STATUS, STATUS_LU } from "../../../assembly/spec/igb/device.ts";
import { EIMC, EIMS, ICR, ICR_DOUTSYNC, ICR_LSC, ICR_VMMB, IMC } from "../../../assembly/spec/igb/interrupt.ts";
import { RCTL, RX_QUEUE_BASE, RX_QUEUE_STRIDE } from "../../../assembly/spec/igb/receive.ts";
import { TCTL, TX_QUEUE_BASE, TX_QUEUE_STRIDE } from "../../../assembly/spec/igb/transmit.ts";
import { POOL_MASK, POOLS, RA, WVBR } from "../../../assembly/spec/igb/virtualization.ts";
import {
  COMMAND,
  COMMAND_BUS_MASTER_ENABLE_LO,
  COMMAND_MEMORY_SPACE_ENABLE_LO,
} from "../../../assembly/spec/pci/header.ts";
import { DEVICE_82576, DEVICE_I350, VENDOR_INTEL } from "../../../assembly/spec/pci/ids.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Snapshotable } from "../../core/ports.ts";
import { checkGuest, type Guest, Registers } from "./guest.ts";
import { MAC_LENGTH, multicastHash, unpackMac } from "./mac.ts";
import { Msix } from "./msix.ts";
import { type CardKind, PoolFilters } from "./pf-filters.ts";
import {
  configureInterrupts,
  configurePort,
  enableInterrupts,
  MAX_FRAME,
  OTHER_BIT,
  QUEUE_BIT,
  resetPort,
} from "./pf-setup.ts";
import { type FoundFunction, registersOf } from "./probe.ts";
import { type ReceiveHandler, RxRing, type RxRingState } from "./rx-ring.ts";
import { VirtualFunctions } from "./sriov.ts";
import { checkFrames, TxRing, type TxRingState } from "./tx-ring.ts";
import { VfServer, type VfServerState } from "./vf-server.ts";

const ALL_ONES = 0xffff_ffff;
const ENABLES = (1 << COMMAND_MEMORY_SPACE_ENABLE_LO) | (1 << COMMAND_BUS_MASTER_ENABLE_LO);

export interface IgbPfOptions {
  /** VFs to enable; default 0. With as many as the card has pools the PF has no queue of its own. */
  vfs?: number;
  /** The addresses that the administrator gives the VFs; one that is undefined may be chosen by its VF. */
  vfMac?: (vf: number) => Uint8Array | undefined;
  /** Descriptors of each ring; default 256. */
  descriptors?: number;
  onFrame?: ReceiveHandler;
  /** Refuse frames of VFs with an address or VLAN that is not theirs; default true. */
  antiSpoof?: boolean;
  /** Least time between two interrupts of the queue in microseconds; default 0. */
  interruptInterval?: number;
}

/** True when this driver knows the function. */
export function isIgbPf(device: FoundFunction): boolean {
  return device.vendorId === VENDOR_INTEL && [DEVICE_I350, DEVICE_82576].some((id) => id === device.deviceId);
}

export interface IgbPfState {
  mac: Uint8Array;
  linkUp: boolean;
  interrupts: { other: number; queue: number };
  spoofed: readonly number[];
  vfs: readonly FoundFunction[];
  groups: readonly number[];
  vlans: readonly number[];
  filters: readonly number[];
  server: VfServerState | null;
  tx: TxRingState | null;
  rx: RxRingState | null;
}

export class IgbPfDriver implements Snapshotable<IgbPfState> {
  readonly device: FoundFunction;
  readonly kind: CardKind;
  readonly registers: Registers;
  readonly msix: Msix;
  readonly filters: PoolFilters;
  /** The VFs and their mailboxes; undefined without VFs. */
  readonly server: VfServer | undefined;
  readonly tx: TxRing | undefined;
  readonly rx: RxRing | undefined;
  readonly mac: Uint8Array = new Uint8Array(MAC_LENGTH);
  linkUp = false;
  readonly interrupts = { other: 0, queue: 0 };
  /** Frames dropped as forged, as WVBR reported them: times that each pool's bit was seen. */
  spoofed: number[] = new Array<number>(POOLS).fill(0);
  /** The VFs as the buses show them; filled by `up`. */
  vfs: readonly FoundFunction[] = [];
  readonly #guest: Guest;
  readonly #options: IgbPfOptions;
  readonly #pool: number | undefined;
  readonly #vectors: readonly number[];
  #groups: readonly number[] = [];
  #vlans = new Set<number>([0]);

  /** Throws ArgumentError when the function is no PF of these cards, or the guest's RAM cannot hold the rings. */
  constructor(guest: Guest, device: FoundFunction, options: IgbPfOptions = {}) {
    checkGuest(guest);
    const base = registersOf(device, isIgbPf, "I350 or 82576 PF");
    const vfs = options.vfs ?? 0;
    if (!Number.isInteger(vfs) || vfs < 0 || vfs > POOLS) throw new ArgumentError("vfs", vfs, `is not in 0–${POOLS}`);
    this.#guest = guest;
    this.#options = options;
    this.device = device;
    this.kind = device.deviceId === DEVICE_I350 ? "i350" : "82576";
    this.registers = new Registers(guest.platform, base);
    this.msix = new Msix(guest.platform, device);
    this.filters = new PoolFilters(this.registers, this.kind);
    this.filters.pooled = vfs > 0;
    this.#pool = vfs < POOLS ? vfs : undefined;
    if (vfs > 0) this.server = new VfServer(this.registers, this.filters, vfs, () => this.#groups);
    if (this.#pool !== undefined) {
      const { descriptors } = options;
      const queue = this.#pool;
      this.tx = new TxRing(guest, this.registers, TX_QUEUE_BASE + queue * TX_QUEUE_STRIDE, descriptors);
      this.rx = new RxRing(guest, this.registers, RX_QUEUE_BASE + queue * RX_QUEUE_STRIDE, {
        ...(descriptors === undefined ? {} : { descriptors }),
        swappedLoopbackVlan: this.kind === "i350",
      });
    }
    this.#vectors = [guest.allocateVector(() => this.#onOther()), guest.allocateVector(() => this.#onQueue())];
  }

  /** This guest's interrupt vectors for "other" and the queue pair. */
  get vectors(): readonly number[] {
    return this.#vectors;
  }

  /** Brings the card up, with its VFs. False when it does not come out of reset or a ring does not start. */
  up(): boolean {
    const { platform } = this.#guest;
    const id = this.device.requesterId;
    platform.configWrite(id, COMMAND, 2, platform.configRead(id, COMMAND, 2) | ENABLES);
    if (!resetPort(this.#guest, this.registers)) return false;
    unpackMac([0, this.registers.read(RA), this.registers.read(RA + 4)], this.mac);
    const count = this.#options.vfs ?? 0;
    if (count > 0) this.vfs = new VirtualFunctions(this.#guest, this.device).enable(count);
    this.msix.enable(true);
    for (const [entry, vector] of this.#vectors.entries()) this.msix.route(entry, vector);
    for (let vf = 0; vf < count; vf++) {
      const mac = this.#options.vfMac?.(vf);
      if (mac !== undefined) this.server?.setMac(vf, mac);
    }
    return this.reset();
  }

  /** A reset in flight: VFs are told, the card starts anew, and what was configured is configured again. */
  reset(): boolean {
    this.server?.forget();
    if (!resetPort(this.#guest, this.registers)) return false;
    const setup = { kind: this.kind, pool: this.#pool, virtual: this.server !== undefined };
    this.filters.clear();
    configurePort(this.registers, setup);
    if (setup.virtual) {
      const trusted = this.#pool === undefined ? 0 : 1 << this.#pool;
      this.filters.setTransmitSwitch((this.#options.antiSpoof ?? true) ? trusted : POOL_MASK);
    }
    this.#configurePool();
    configureInterrupts(this.registers, setup, this.#options.interruptInterval ?? 0);
    this.server?.reprogram();
    const rings = (this.tx?.start() ?? true) && (this.rx?.start() ?? true);
    enableInterrupts(this.registers, setup);
    if (setup.virtual) this.registers.set(CTRL_EXT, CTRL_EXT_PFRSTD);
    this.linkUp = this.#guest.poll(() => (this.registers.read(STATUS) & STATUS_LU) !== 0, 100, 1000);
    return rings && this.linkUp;
  }

  /** Takes the VFs away and leaves the card quiet. */
  down(): void {
    this.registers.write(EIMC, ALL_ONES);
    this.registers.write(IMC, ALL_ONES);
    if (this.vfs.length > 0) new VirtualFunctions(this.#guest, this.device).disable();
    this.vfs = [];
    this.registers.write(RCTL, 0);
    this.registers.write(TCTL, 0);
    this.linkUp = false;
  }

  /** Sends frames from the PF's own queue; see `TxRing.send`. */
  send(frames: readonly Uint8Array[], from = 0, to: number = frames.length, vlan?: number): number {
    if (this.tx !== undefined) return this.tx.send(frames, from, to, vlan);
    checkFrames(frames, from, to);
    return 0;
  }

  /** Collects frames without waiting for the interrupt. */
  poll(budget?: number): number {
    return this.rx?.poll(this.#receive, budget) ?? 0;
  }

  /** The multicast groups that the PF itself listens to. */
  setMulticast(groups: readonly Uint8Array[]): void {
    this.#groups = groups.map(multicastHash);
    if (this.#pool !== undefined) this.filters.setPoolMulticast(this.#pool, groups.length > 0 ? "table" : "none");
    if (this.server === undefined) this.filters.setMulticast(this.#groups);
    else this.server.refreshMulticast();
  }

  /** Lets the PF's own queue into a VLAN or out of it. */
  setVlan(vlan: number, on: boolean): boolean {
    if (this.#pool === undefined || !this.filters.setVlan(vlan, this.#pool, on)) return false;
    if (on) this.#vlans.add(vlan);
    else this.#vlans.delete(vlan);
    return true;
  }

  /** What the driver knows. Its rings are in the guest's RAM, the rest in the card. */
  save(): IgbPfState {
    return {
      mac: this.mac.slice(),
      linkUp: this.linkUp,
      interrupts: { ...this.interrupts },
      spoofed: [...this.spoofed],
      vfs: this.vfs,
      groups: this.#groups,
      vlans: [...this.#vlans],
      filters: this.filters.save(),
      server: this.server?.save() ?? null,
      tx: this.tx?.save() ?? null,
      rx: this.rx?.save() ?? null,
    };
  }

  /** Goes on where `save` was called, without touching the card. For a driver built in the same order of allocations. */
  restore(state: IgbPfState): void {
    if (state.server !== null) this.server?.restore(state.server);
    if (state.tx !== null) this.tx?.restore(state.tx);
    if (state.rx !== null) this.rx?.restore(state.rx);
    this.filters.restore(state.filters);
    this.mac.set(state.mac);
    this.linkUp = state.linkUp;
    Object.assign(this.interrupts, state.interrupts);
    this.spoofed = [...state.spoofed];
    this.vfs = state.vfs;
    this.#groups = state.groups;
    this.#vlans = new Set(state.vlans);
  }

  readonly #receive: ReceiveHandler = (frame, vlan, status) => this.#options.onFrame?.(frame, vlan, status);

  /** The PF's own address, pool and groups. */
  #configurePool(): void {
    const pool = this.#pool;
    if (pool === undefined) return;
    this.filters.setAddress(0, this.mac, pool);
    this.filters.openPool(pool, true);
    this.filters.setMaxFrame(pool, MAX_FRAME);
    for (const vlan of this.#vlans) this.filters.setVlan(vlan, pool, true);
    this.filters.setPoolMulticast(pool, this.#groups.length > 0 ? "table" : "none");
    this.filters.setMulticast(this.#groups);
  }

  #onOther(): void {
    this.interrupts.other++;
    const causes = this.registers.read(ICR);
    if ((causes & ICR_DOUTSYNC) !== 0) this.#countSpoofs();
    if ((causes & ICR_VMMB) !== 0) this.server?.service();
    if ((causes & ICR_LSC) !== 0) {
      const up = (this.registers.read(STATUS) & STATUS_LU) !== 0;
      if (up !== this.linkUp) this.server?.ping();
      this.linkUp = up;
    }
    this.registers.write(EIMS, OTHER_BIT);
  }

  #onQueue(): void {
    this.interrupts.queue++;
    this.tx?.reclaim();
    this.poll();
    this.registers.write(EIMS, QUEUE_BIT);
  }

  #countSpoofs(): void {
    const forged = this.registers.read(WVBR);
    for (let pool = 0; pool < POOLS; pool++) {
      if ((forged & (1 << pool)) !== 0) this.spoofed[pool] = (this.spoofed[pool] as number) + 1;
    }
  }
}
