// One port of a card: the PF, its VFs, their registers, and the turns in which frames move (I350, 82576).
import * as abi from "../../../assembly/spec/abi/port.ts";
import * as device from "../../../assembly/spec/igb/device.ts";
import * as interrupt from "../../../assembly/spec/igb/interrupt.ts";
import * as spec from "../../../assembly/spec/igb/vf.ts";
import { POOLS } from "../../../assembly/spec/igb/virtualization.ts";
import { applyOrUndo, checkShape } from "../../core/snapshot.ts";
import { type PciFunction, type ResetKind, Sriov } from "../../pci/index.ts";
import type { FunctionProfile } from "../../pci/profile.ts";
import * as common from "./config-common.ts";
import { portStatus, VF_STATUS } from "./general-registers.ts";
import type { Led } from "./leds.ts";
import { Mailboxes } from "./mailbox.ts";
import { freeQueues } from "./misbehaviour.ts";
import { Peripherals } from "./peripherals.ts";
import { PfInterrupts } from "./pf-interrupts.ts";
import { checkPartner, type Link, type LinkPartner } from "./phy/link.ts";
import { createPf, createVf } from "./port-functions.ts";
import { hookPort } from "./port-hooks.ts";
import type { ShownListener } from "./port-link.ts";
import type { IgbPortOptions, IgbPortState } from "./port-options.ts";
import { PortState } from "./port-state.ts";
import { QueueOwners } from "./queue-owners.ts";
import { setTime } from "./rate-limits.ts";
import { RegisterFile } from "./register-file.ts";
import { pfRows } from "./registers-pf.ts";
import { Signals } from "./signals.ts";
import { type PortStatistics, Statistics } from "./statistics.ts";
import { createUplink, type Uplink } from "./uplink.ts";
import { VfLinks } from "./vf-links.ts";
import { VirtualFunction } from "./virtual-function.ts";

/** Of a port's state: what checks itself, and lists without a length of their own. */
const VARIABLE: ReadonlySet<string> = new Set(["pf", "fn", "statistics", "lengths", "bytes", "phy"]);

export class IgbPort {
  readonly pf: PciFunction;
  readonly sriov: Sriov;
  readonly uplink: Uplink;
  /** The PF's BAR0 as the device sees it. */
  readonly registers: RegisterFile;
  readonly state: PortState;
  /** The links of the VFs, apart from the port's. */
  readonly vfLinks: VfLinks;
  readonly #options: IgbPortOptions;
  readonly #interrupts: PfInterrupts;
  readonly #mailboxes: Mailboxes;
  readonly #peripherals: Peripherals;
  readonly #statistics: Statistics;
  readonly #vfs: VirtualFunction[] = [];
  readonly #owners: QueueOwners;
  readonly #signals: Signals;

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
    this.vfLinks = new VfLinks(this.state, (vf) => this.#vfs[vf]?.mailboxCause());
    this.#owners = new QueueOwners(this.state, profile.registers.queues, {
      owner: (pool) => this.#ownerOf(pool),
      pf: (fn) => fn === this.pf,
    });
    this.registers = new RegisterFile(this.state, spec.PF_BAR0_SIZE, pfRows(profile.registers));
    const { pf, msix } = createPf(options, this.registers);
    this.pf = pf;
    this.#interrupts = new PfInterrupts({
      registers: this.registers,
      clock,
      columnMajor: profile.columnMajor,
      queues: profile.registers.queues,
      vfs: () => this.#vfs.map((vf) => vf.interrupts),
      vectors: common.PF_VECTORS,
      raise: (vector) => msix.raise(vector),
      raiseSingle: () => this.pf.raiseInterrupt(0),
      showPin: (asserted) => this.pf.setInterruptPending(asserted),
      onWait: () => this.#signals.throttle(),
    });
    this.#mailboxes = new Mailboxes({
      notifyVf: (vf) => this.#vfs[vf]?.mailboxCause(),
      notifyPf: () => this.#interrupts.set(interrupt.ICR_VMMB),
    });
    this.#statistics = new Statistics(this.state);
    this.#signals = new Signals({
      state: this.state,
      registers: this.registers,
      interrupts: this.#interrupts,
      vfs: this.#vfs,
      present: () => this.sriov.count,
      requesterOf: (queue) => this.#ownerOf(queue).requesterId,
      trace: options.trace,
    });
    const vfConfig = profile.vfConfig();
    this.sriov = new Sriov(this.pf, common.SRIOV_OFFSET, (index) => this.#createVf(index, vfConfig), {
      ari: profile.ari,
      ...(options.leader === undefined ? {} : { leader: options.leader }),
    });
    this.pf.onReset((kind) => this.#resetFunction(kind));
    const { state, registers } = this;
    this.#peripherals = new Peripherals(
      options,
      { registers, state, pf },
      {
        linkChanged: () => this.#interrupts.set(interrupt.ICR_LSC),
        timeSync: () => this.#interrupts.set(interrupt.ICR_TIME_SYNC),
        tcpTimer: () => this.#interrupts.timerCause(),
        accessDone: () => this.#interrupts.set(interrupt.ICR_MDAC),
        status: () => this.#status(),
        reset: () => this.#reset(),
        resetDevice: () => this.#resetDevice(),
        resetDone: () => this.#mailboxes.pfResetDone(),
      },
    );
    this.uplink = createUplink({
      state: this.state,
      linked: () => this.#peripherals.link.up && !this.#peripherals.link.phy.loopback,
      tell: (direction, length) =>
        options.trace?.listener?.({ kind: "frame", requesterId: this.pf.requesterId, direction, length }),
    });
    hookPort({
      profile,
      registers,
      state,
      interrupts: this.#interrupts,
      statistics: this.#statistics,
      mailboxes: this.#mailboxes,
      vfs: this.#vfs,
      present: () => this.sriov.count,
      resetVf: (index) => this.#resetVf(index, true),
    });
    this.#reset();
  }

  /** Whether the wire is plugged in. A change of the link interrupts the PF (ICR.LSC). */
  get linkUp(): boolean {
    return this.#peripherals.link.plugged;
  }

  set linkUp(up: boolean) {
    this.#peripherals.link.plugged = up;
  }

  /** The link as it was agreed on with the partner; undefined while it is down. */
  get link(): Link | undefined {
    return this.#peripherals.link.link;
  }

  /**
   * What is at the other end of the wire: at first a partner that can everything; undefined while nobody sends there.
   * Throws ArgumentError for what is no partner.
   */
  set partner(partner: LinkPartner | undefined) {
    this.meet(partner, false);
  }

  /** As `partner`; `again`: the partner negotiates anew, if only to show the same, and so does this end. */
  meet(partner: LinkPartner | undefined, again: boolean): void {
    checkPartner("partner", partner);
    this.#peripherals.link.meet(partner, again);
  }

  /** What this end shows to its partner; undefined while it sends nothing, as a port that is powered down. */
  get shown(): LinkPartner | undefined {
    return this.#peripherals.link.shown;
  }

  /** Calls `listener` whenever `shown` has changed, or (`again`) was shown anew. */
  onShown(listener: ShownListener): void {
    this.#peripherals.link.onShown(listener);
  }

  /** For whoever has restored it, and everything around it: `onShown`'s listeners hear of what it shows now. */
  announce(): void {
    this.#peripherals.link.announce();
  }

  /** What its four LEDs show, LED 0 first (LEDCTL). */
  get leds(): Led[] {
    return this.#peripherals.leds;
  }

  get statistics(): PortStatistics {
    return this.#statistics.totals();
  }

  /** When it has something to do without anybody's doing, in the machine's nanoseconds; infinity when never. */
  get nextDeadlineNs(): number {
    return Math.min(this.state.deadlineNs, this.#peripherals.deadlineNs, this.#signals.deadlineNs);
  }

  /**
   * Moves at most `budget` frames, sends the interrupts that they cause and those whose throttling is over. Returns
   * how many frames moved: segments count, and those of the last frame are all sent, 4095 more than the budget at most.
   * The only place where rings are read and written.
   */
  service(budget: number): number {
    this.#options.engine.refuseReentry("service");
    let moved = 0;
    this.#peripherals.begin();
    // A quiet port costs a look at its doorbells and causes; only a function that may not make requests has to be asked again.
    if ((this.#owners.refused || this.state.due) && !this.#peripherals.holds) {
      const master = (this.state.get(abi.PORT_CTRL) & device.CTRL_GIO_MASTER_DISABLE) === 0;
      this.#owners.renew(this.pf.requestsVersion(), master);
      if (this.state.limited) setTime(this.state, this.#options.clock.nowNs);
      this.#peripherals.before();
      moved = this.state.service(budget);
      moved += this.#peripherals.after(budget - moved);
      this.#signals.collect();
    }
    this.#peripherals.end();
    if (this.#signals.throttled) this.#signals.tick();
    return moved;
  }

  /** A port that rested is brought to the same time as one that did not: the same state gives the same bytes. */
  save(): IgbPortState {
    setTime(this.state, this.#options.clock.nowNs);
    return {
      pf: this.pf.save(),
      registers: this.registers.save(),
      interrupts: this.#interrupts.save(),
      mailboxes: this.#mailboxes.save(),
      statistics: this.#statistics.save(),
      peripherals: this.#peripherals.save(),
      vfLinks: this.vfLinks.save(),
      missed: this.#signals.missed,
      vfs: this.#vfs.map((vf) => ({ fn: vf.fn.save(), device: vf.save() })),
      port: this.state.save(),
    };
  }

  /** Puts back what `save` gave. Throws FormatError, with nothing changed, for the state of another kind of port. */
  restore(state: IgbPortState): void {
    const before = this.save();
    checkShape("port state", state, before, VARIABLE);
    applyOrUndo(
      () => this.#apply(state),
      () => this.#apply(before),
    );
  }

  #apply(state: IgbPortState): void {
    this.pf.restore(state.pf);
    for (const [index, vf] of this.#vfs.entries()) {
      const saved = state.vfs[index] as (typeof state.vfs)[number];
      vf.fn.restore(saved.fn);
      vf.restore(saved.device);
    }
    this.registers.restore(state.registers);
    this.#interrupts.restore(state.interrupts);
    this.#mailboxes.restore(state.mailboxes);
    this.#statistics.restore(state.statistics);
    this.#signals.missed = state.missed;
    this.vfLinks.restore(state.vfLinks);
    this.state.restore(state.port);
    this.vfLinks.apply();
    this.#peripherals.restore(state.peripherals);
    this.#owners.forgetAll();
  }

  /** The function that owns a queue. */
  #ownerOf(queue: number): PciFunction {
    const pool = queue & (POOLS - 1);
    return (pool < this.sriov.count ? this.#vfs[pool]?.fn : undefined) ?? this.pf;
  }

  #createVf(index: number, config: FunctionProfile): PciFunction {
    const { profile, clock, name } = this.#options;
    const { fn, msix, connect } = createVf(config, `${name}-vf${index}`);
    const vf = new VirtualFunction({
      index,
      queues: profile.registers.queues,
      fn,
      msix,
      clock,
      state: this.state,
      mailboxes: this.#mailboxes,
      status: () => this.vfLinks.show(index, this.#status()) & VF_STATUS,
      timer: () => this.#peripherals.timerUs,
      autoMask: () => this.#interrupts.autoMask,
      creditInterval: () => this.#interrupts.creditInterval,
      onReset: () => this.#resetVf(index, true),
      onWait: () => this.#signals.throttle(),
    });
    this.#vfs.push(vf);
    connect(vf.registers);
    fn.onReset((kind: ResetKind) => this.#resetVf(index, kind === "flr"));
    return fn;
  }

  /** Resets a VF; after its own or a function level reset the PF is told (VFLRE). */
  #resetVf(index: number, tell: boolean): void {
    this.#owners.reset(index);
    this.#vfs[index]?.reset();
    const bit = 1 << index;
    this.state.set(abi.PORT_VFRE, this.state.get(abi.PORT_VFRE) & ~bit);
    this.state.set(abi.PORT_VFTE, this.state.get(abi.PORT_VFTE) & ~bit);
    freeQueues(this.state, bit);
    this.state.update();
    if (tell) this.#mailboxes.vfReset(index);
    else this.#mailboxes.forget(index);
  }

  /** A reset of the PF from outside resets the PHY too; one of the whole card ends what its drivers had agreed on. */
  #resetFunction(kind: ResetKind): void {
    if (kind === "cold" || kind === "hot") this.#options.shared.release();
    if (kind === "cold") this.#options.shared.flash.powerUp();
    this.#peripherals.link.phy.reset();
    this.#reset();
  }

  /** CTRL.DEV_RST of some port (I350 §4.3.1). */
  #resetDevice(): void {
    this.#reset();
    this.registers.set(device.STATUS, (this.registers.get(device.STATUS) | device.STATUS_DEV_RST_SET) >>> 0);
    this.#interrupts.set(interrupt.ICR_DRSTA);
  }

  /** Resets the port: everything but the configuration space (I350 §4.3, CTRL.RST and reset of the PF). */
  #reset(): void {
    this.state.reset();
    this.#owners.forgetAll();
    for (const vf of this.#vfs) vf.reset();
    this.registers.reset();
    // Queue 0, which that has enabled, is VF 0's where there is one.
    if (this.sriov.count > 0) this.#vfs[0]?.reset();
    this.#peripherals.reset();
    this.#interrupts.reset();
    this.#mailboxes.pfReset();
    this.#statistics.reset();
    this.vfLinks.apply();
    this.#signals.missed = 0;
    this.state.update();
  }

  #status(): number {
    return portStatus({
      control: this.registers.get(device.CTRL),
      link: this.#peripherals.status,
      number: this.#options.number,
      vfs: this.sriov.numVfs,
      virtual: this.sriov.enabled,
    });
  }
}
