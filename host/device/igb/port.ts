// One port of a card: the PF, its VFs, their registers, and the turns in which frames move (I350, 82576).
import * as abi from "../../../assembly/spec/abi/port.ts";
import * as device from "../../../assembly/spec/igb/device.ts";
import * as interrupt from "../../../assembly/spec/igb/interrupt.ts";
import { MAILBOX_WORDS } from "../../../assembly/spec/igb/mailbox.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import * as spec from "../../../assembly/spec/igb/vf.ts";
import * as virt from "../../../assembly/spec/igb/virtualization.ts";
import { mask, place } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import type { Engine } from "../../core/engine.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { MmioHandler } from "../../core/ports.ts";
import type { Trace } from "../../core/trace.ts";
import { MsixTable, PciFunction, type PciFunctionState, type ResetKind, Sriov } from "../../pci/index.ts";
import { profileConfig } from "../../pci/profile.ts";
import type { CardProfile } from "./card.ts";
import * as common from "./config-common.ts";
import { Mailboxes, type MailboxState } from "./mailbox.ts";
import { type PfInterruptState, PfInterrupts } from "./pf-interrupts.ts";
import { Phy } from "./phy.ts";
import { hookPfDevice } from "./port-device.ts";
import { PortState, type PortStateSnapshot } from "./port-state.ts";
import { hookQueues, ringDoorbells } from "./queues.ts";
import { RegisterFile, type RegisterFileState } from "./register-file.ts";
import { pfRows } from "./registers-pf.ts";
import { type PortStatistics, Statistics } from "./statistics.ts";
import { VirtualFunction, type VirtualFunctionState } from "./virtual-function.ts";

export interface IgbPortState {
  pf: PciFunctionState;
  registers: RegisterFileState;
  interrupts: PfInterruptState;
  mailboxes: MailboxState;
  phy: number[];
  statistics: [number, number][];
  linkUp: boolean;
  missed: number;
  vfs: { fn: PciFunctionState; device: VirtualFunctionState }[];
  port: PortStateSnapshot;
}

export interface IgbPortOptions {
  engine: Engine;
  map: number;
  unit: number;
  clock: Clock;
  profile: CardProfile;
  /** Which port of how many. */
  number: number;
  ports: number;
  /** MAC addresses of the card's port 0 and of this port. */
  cardMac: Uint8Array;
  mac: Uint8Array;
  nvm: Uint16Array;
  scratch: number;
  uplinkBytes: number;
  trace: Trace | undefined;
  /** SR-IOV of the card's first port. */
  leader: Sriov | undefined;
  name: string;
}

/** Longest frame that the wire carries, without CRC: 9.5 KiB and a tag. */
export const FRAME_MAX: number = tx.TX_FRAME_MAX + 4;
/** The shortest: a header. */
export const FRAME_MIN: number = 14;
const NO_IO: MmioHandler = { read: () => 0, write: () => {} };
const NS_PER_US = 1000;
/** In place of an owner; no requester ID and no complement of one. */
const NOBODY = 0x7fff_ffff;

/** The wire of a port. */
export interface Uplink {
  /** A frame from the wire, without CRC. False when the port has no room. Throws ArgumentError for no frame at all. */
  inject(frame: Uint8Array): boolean;
  /** Hands over every frame that left for the wire. Returns how many. */
  drain(receive: (frame: Uint8Array) => void): number;
}

export class IgbPort {
  readonly pf: PciFunction;
  readonly sriov: Sriov;
  readonly uplink: Uplink;
  /** The PF's BAR0 as the device sees it. */
  readonly registers: RegisterFile;
  readonly state: PortState;
  readonly #options: IgbPortOptions;
  readonly #interrupts: PfInterrupts;
  readonly #mailboxes: Mailboxes;
  readonly #phy: Phy;
  readonly #statistics: Statistics;
  readonly #vfs: VirtualFunction[] = [];
  /** Whom each pool's queues belong to as the data path knows it: a requester ID, its complement while DMA is refused. */
  readonly #owners = new Int32Array(virt.POOLS).fill(NOBODY);
  /** Some function may not make requests, as far as was asked last. */
  #refused = true;
  #linkUp = true;
  #missed = 0;

  constructor(options: IgbPortOptions) {
    const { engine, profile, clock } = options;
    this.#options = options;
    this.state = new PortState(engine, {
      map: options.map,
      unit: options.unit,
      scratch: options.scratch,
      profile: profile.code,
      queues: profile.registers.queues,
      uplinkBytes: options.uplinkBytes,
    });
    this.registers = new RegisterFile(this.state, spec.PF_BAR0_SIZE, pfRows(profile.registers));
    const pfProfile = profile.pfConfig({
      functionNumber: options.number,
      ports: options.ports,
      mac: options.cardMac,
    });
    this.pf = new PciFunction(options.name, profileConfig(pfProfile));
    const msix = new MsixTable(this.pf, {
      capabilityOffset: common.MSIX_OFFSET,
      vectors: common.PF_VECTORS,
      tableOffset: common.MSIX_TABLE_OFFSET,
      pbaOffset: common.MSIX_PBA_OFFSET,
    });
    const handlers = new Map<number, MmioHandler>([
      [0, this.registers],
      [common.MSIX_BAR, msix.handler],
    ]);
    for (const bar of pfProfile.bars) this.pf.addBar({ ...bar, handler: handlers.get(bar.index) ?? NO_IO });
    if (pfProfile.romSize > 0) this.pf.addRom(pfProfile.romSize, NO_IO);
    this.#interrupts = new PfInterrupts({
      registers: this.registers,
      clock,
      columnMajor: profile.columnMajor,
      vectors: common.PF_VECTORS,
      raise: (vector) => msix.raise(vector),
      raiseSingle: () => this.pf.raiseInterrupt(0),
    });
    this.#mailboxes = new Mailboxes({
      notifyVf: (vf) => this.#vfs[vf]?.mailboxCause(),
      notifyPf: () => this.#interrupts.set(interrupt.ICR_VMMB),
    });
    this.#phy = new Phy(profile.phyId1, profile.phyId2, () => this.#linkUp);
    this.#statistics = new Statistics(this.state);
    this.sriov = new Sriov(this.pf, common.SRIOV_OFFSET, (index) => this.#createVf(index), {
      ari: profile.ari,
      ...(options.leader === undefined ? {} : { leader: options.leader }),
    });
    this.pf.onReset(() => this.#reset());
    this.uplink = {
      inject: (frame) => {
        if (frame.length < FRAME_MIN || frame.length > FRAME_MAX) {
          throw new ArgumentError("frame", frame.length, `is not ${FRAME_MIN} to ${FRAME_MAX} bytes long`);
        }
        const taken = this.#linkUp && this.state.ingress.push(frame);
        if (taken) this.#tell("in", frame.length);
        return taken;
      },
      drain: (receive) => {
        let count = 0;
        for (let frame = this.state.egress.shift(); frame !== undefined; frame = this.state.egress.shift()) {
          this.#tell("out", frame.length);
          receive(frame);
          count++;
        }
        return count;
      },
    };
    this.#hook();
    this.#reset();
  }

  #tell(direction: "in" | "out", length: number): void {
    this.#options.trace?.listener?.({ kind: "frame", requesterId: this.pf.requesterId, direction, length });
  }

  /** Whether the wire is plugged in. A change interrupts the PF (ICR.LSC). */
  get linkUp(): boolean {
    return this.#linkUp;
  }

  set linkUp(up: boolean) {
    if (up === this.#linkUp) return;
    this.#linkUp = up;
    this.state.set(abi.PORT_LINK, up ? 1 : 0);
    this.#interrupts.set(interrupt.ICR_LSC);
  }

  get statistics(): PortStatistics {
    return this.#statistics.totals();
  }

  /** When a throttled interrupt is due, in the machine's nanoseconds; infinity when none waits. */
  get nextDeadlineNs(): number {
    return Math.min(this.#interrupts.block.deadlineNs, ...this.#vfs.map((vf) => vf.interrupts.deadlineNs));
  }

  /**
   * Moves at most `budget` frames, sends the interrupts that they cause and those whose throttling is over. Returns
   * how many frames moved: segments count, and those of the last frame are all sent, 4095 more than the budget at most.
   * The only place where rings are read and written.
   */
  service(budget: number): number {
    this.#options.engine.refuseReentry("service");
    let moved = 0;
    // A quiet port costs a look at its doorbells and causes; only a function that may not make requests has to be asked again.
    const due = this.state.get(abi.PORT_PENDING) | this.state.get(abi.PORT_CAUSES) | this.state.get(abi.PORT_STOPS);
    if (this.#refused || due !== 0 || !this.state.ingress.empty) {
      this.#own();
      moved = this.state.service(budget);
      this.#signal();
    }
    this.#interrupts.block.tick();
    for (const vf of this.#vfs) vf.interrupts.tick();
    return moved;
  }

  save(): IgbPortState {
    return {
      pf: this.pf.save(),
      registers: this.registers.save(),
      interrupts: this.#interrupts.save(),
      mailboxes: this.#mailboxes.save(),
      phy: this.#phy.save(),
      statistics: this.#statistics.save(),
      linkUp: this.#linkUp,
      missed: this.#missed,
      vfs: this.#vfs.map((vf) => ({ fn: vf.fn.save(), device: vf.save() })),
      port: this.state.save(),
    };
  }

  restore(state: IgbPortState): void {
    this.pf.restore(state.pf);
    for (const [index, vf] of this.#vfs.entries()) {
      const saved = state.vfs[index];
      if (saved === undefined) continue;
      vf.fn.restore(saved.fn);
      vf.restore(saved.device);
    }
    this.registers.restore(state.registers);
    this.#interrupts.restore(state.interrupts);
    this.#mailboxes.restore(state.mailboxes);
    this.#phy.restore(state.phy);
    this.#statistics.restore(state.statistics);
    this.#linkUp = state.linkUp;
    this.#missed = state.missed;
    this.state.restore(state.port);
    this.state.set(abi.PORT_LINK, state.linkUp ? 1 : 0);
    for (let pool = 0; pool < virt.POOLS; pool++) this.#disown(pool);
  }

  /** Tells the data path who owns each queue and whether it may make DMA requests now. */
  #own(): void {
    const present = this.sriov.vfs.length;
    const master = (this.registers.get(device.CTRL) & device.CTRL_GIO_MASTER_DISABLE) === 0;
    this.#refused = false;
    for (let pool = 0; pool < virt.POOLS; pool++) {
      const vf = pool < present ? this.#vfs[pool] : undefined;
      const fn = vf?.fn ?? this.pf;
      const allowed = fn.requestsReachRoot() && (vf !== undefined || master);
      if (!allowed) this.#refused = true;
      const owner = allowed ? fn.requesterId : ~fn.requesterId;
      if (this.#owners[pool] === owner) continue;
      this.#owners[pool] = owner;
      this.#hand(pool, fn.requesterId, allowed);
    }
  }

  /** Gives the queues of a pool to a requester. Doorbells that rang while it might not make requests ring again. */
  #hand(pool: number, requesterId: number, allowed: boolean): void {
    const { queues } = this.#options.profile.registers;
    for (let queue = pool; queue < queues; queue += virt.POOLS) {
      for (const direction of ["tx", "rx"] as const) {
        const row = this.state.queue(direction, queue);
        const flags = this.state.get(row + abi.QUEUE_FLAGS);
        if (allowed && (flags & abi.QUEUE_FLAG_DMA) === 0) ringDoorbells(this.state, 1 << queue);
        const others = flags & ~abi.QUEUE_FLAG_DMA;
        this.state.set(row + abi.QUEUE_FLAGS, others | (allowed ? abi.QUEUE_FLAG_DMA : 0));
        this.state.set(row + abi.QUEUE_REQUESTER, requesterId);
      }
    }
  }

  /** The rows of a pool's queues no longer say whose they are. */
  #disown(pool: number): void {
    this.#owners[pool] = NOBODY;
    this.#refused = true;
  }

  /** Turns what the data path left into interrupts. */
  #signal(): void {
    const causes = this.state.get(abi.PORT_CAUSES);
    this.state.set(abi.PORT_CAUSES, 0);
    const present = this.sriov.vfs.length;
    for (let left = causes; left !== 0; left = (left & (left - 1)) >>> 0) {
      const bit = 31 - Math.clz32(left & -left);
      const queue = bit & (abi.QUEUES_MAX - 1);
      const transmit = bit >= abi.QUEUES_MAX;
      const pool = queue & (virt.POOLS - 1);
      if (pool < present) this.#vfs[pool]?.queueCause(Math.floor(queue / virt.POOLS), transmit);
      else this.#interrupts.queueCause(queue, transmit);
    }
    let events = 0;
    if (this.state.get(abi.PORT_STOPS) !== 0) events |= interrupt.ICR_DOUTSYNC;
    this.state.set(abi.PORT_STOPS, 0);
    const spoofInterrupt = (this.registers.get(tx.DTXCTL) & tx.DTXCTL_SPOOF_INT) !== 0;
    if (spoofInterrupt && this.state.get(abi.PORT_WVBR) !== 0) events |= interrupt.ICR_DOUTSYNC;
    const missed = this.state.get(abi.COUNT_MISSED);
    if (missed !== this.#missed) events |= interrupt.ICR_RX_MISS;
    this.#missed = missed;
    if (events !== 0) this.#interrupts.set(events);
  }

  #createVf(index: number): PciFunction {
    const { profile, clock, name } = this.#options;
    const vfProfile = profile.vfConfig();
    const fn = new PciFunction(`${name}-vf${index}`, profileConfig(vfProfile), { virtual: true });
    const msix = new MsixTable(fn, {
      capabilityOffset: common.MSIX_OFFSET,
      vectors: common.VF_VECTORS,
      tableOffset: common.MSIX_TABLE_OFFSET,
      pbaOffset: common.MSIX_PBA_OFFSET,
    });
    const vf = new VirtualFunction({
      index,
      queues: profile.registers.queues,
      fn,
      msix,
      clock,
      state: this.state,
      mailboxes: this.#mailboxes,
      status: () => this.#status() & VF_STATUS,
      timer: () => this.#timer(),
      autoMask: () => this.#interrupts.autoMask,
      onReset: () => this.#resetVf(index, true),
    });
    this.#vfs.push(vf);
    const handlers = new Map<number, MmioHandler>([
      [0, vf.registers],
      [common.MSIX_BAR, msix.handler],
    ]);
    for (const bar of vfProfile.bars) fn.addBar({ ...bar, handler: handlers.get(bar.index) ?? NO_IO });
    fn.onReset((kind: ResetKind) => this.#resetVf(index, kind === "flr"));
    return fn;
  }

  /** Resets a VF; after its own or a function level reset the PF is told (VFLRE). */
  #resetVf(index: number, tell: boolean): void {
    const { queues } = this.#options.profile.registers;
    for (let queue = index; queue < queues; queue += virt.POOLS) {
      for (const direction of ["tx", "rx"] as const)
        this.state.clear(this.state.queue(direction, queue), abi.QUEUE_SIZE);
    }
    this.#disown(index);
    this.#vfs[index]?.reset();
    const bit = 1 << index;
    this.state.set(abi.PORT_VFRE, this.state.get(abi.PORT_VFRE) & ~bit);
    this.state.set(abi.PORT_VFTE, this.state.get(abi.PORT_VFTE) & ~bit);
    this.state.update();
    if (tell) this.#mailboxes.vfReset(index);
  }

  /** Resets the port: everything but the configuration space (I350 §4.3, CTRL.RST and reset of the PF). */
  #reset(): void {
    this.state.clear(abi.PORT_TX_QUEUES, abi.PORT_RAR - abi.PORT_TX_QUEUES);
    for (let pool = 0; pool < virt.POOLS; pool++) this.#disown(pool);
    this.state.clear(abi.PORT_POOLS, abi.PORT_TX_QUEUES - abi.PORT_POOLS);
    for (const offset of [abi.PORT_PENDING, abi.PORT_CAUSES, abi.PORT_STOPS]) this.state.set(offset, 0);
    for (const vf of this.#vfs) vf.reset();
    this.registers.reset();
    this.#interrupts.reset();
    this.#mailboxes.pfReset();
    this.#statistics.reset();
    this.#phy.reset();
    this.#missed = 0;
    const { mac } = this.#options;
    const view = new DataView(mac.buffer, mac.byteOffset, mac.length);
    this.registers.set(virt.RA, view.getUint32(0, true));
    this.registers.set(virt.RA + 4, (view.getUint16(4, true) | virt.RAH_AV) >>> 0);
    this.state.update();
  }

  #status(): number {
    const control = this.registers.get(device.CTRL);
    const present = this.sriov.enabled;
    return (
      (device.STATUS_FD |
        (this.#linkUp ? device.STATUS_LU : 0) |
        place(device.STATUS_SPEED_1000, device.STATUS_SPEED_HI, device.STATUS_SPEED_LO) |
        place(this.#options.number, device.STATUS_LAN_ID_HI, device.STATUS_LAN_ID_LO) |
        place(this.sriov.numVfs, device.STATUS_NUM_VFS_HI, device.STATUS_NUM_VFS_LO) |
        (present ? device.STATUS_IOV_MODE : 0) |
        ((control & device.CTRL_GIO_MASTER_DISABLE) === 0 ? device.STATUS_GIO_MASTER_ENABLE : 0)) >>>
      0
    );
  }

  #timer(): number {
    return Math.floor(this.#options.clock.nowNs / NS_PER_US) % 2 ** 32;
  }

  #hook(): void {
    const { registers, state } = this;
    const { queues } = this.#options.profile.registers;
    const range = { first: 0, step: 1 };
    hookQueues(registers, state, { ...range, count: queues, alias: false });
    hookQueues(registers, state, { ...range, count: tx.TX_QUEUE_ALIASES, alias: true });
    this.#statistics.hookPf(registers);
    for (const [index, vf] of this.#vfs.entries()) {
      this.#statistics.hookVf(index, vf.registers, registers);
      vf.mirror(registers, () => this.#resetVf(index, true));
    }
    for (const offset of [tx.TCTL, virt.VFTE]) {
      registers.hook(offset, {
        write: (value) => {
          registers.store(offset, value);
          ringDoorbells(state, mask(queues - 1, 0));
        },
      });
    }
    this.#hookMailboxes();
    hookPfDevice(registers, {
      phy: this.#phy,
      nvm: this.#options.nvm,
      number: this.#options.number,
      status: () => this.#status(),
      timer: () => this.#timer(),
      reset: () => this.#reset(),
      resetDone: () => this.#mailboxes.pfResetDone(),
    });
  }

  #hookMailboxes(): void {
    const mailboxes = this.#mailboxes;
    const { registers } = this;
    registers.hook(
      virt.VMBMEM,
      {
        read: (at) => mailboxes.readWord(Math.floor(at / MAILBOX_WORDS), at % MAILBOX_WORDS),
        write: (value, at) => mailboxes.writeWord(Math.floor(at / MAILBOX_WORDS), at % MAILBOX_WORDS, value),
      },
      virt.POOLS * MAILBOX_WORDS,
    );
    registers.hook(
      virt.P2VMAILBOX,
      { read: (vf) => mailboxes.readPf(vf), write: (value, vf) => mailboxes.writePf(vf, value) },
      virt.POOLS,
    );
    registers.hook(virt.MBVFICR, { read: () => mailboxes.causes, write: (value) => mailboxes.clearCauses(value) });
    registers.hook(virt.MBVFIMR, { read: () => mailboxes.mask, write: (value) => mailboxes.setMask(value) });
    registers.hook(virt.VFLRE, { read: () => mailboxes.resets, write: (value) => mailboxes.clearResets(value) });
  }
}

/** What of STATUS a VF sees: duplex, link, speed. */
const VF_STATUS = device.STATUS_FD | device.STATUS_LU | mask(device.STATUS_SPEED_HI, device.STATUS_SPEED_LO);
