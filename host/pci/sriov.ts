// The SR-IOV capability of a PF: when its VFs exist, which requester IDs they have, where their BARs lie
// (PCIe 6.0 §9). Capability registers are data of whoever built the PF; VF BARs are laid out here from the VFs' own.
import * as header from "../../assembly/spec/pci/header.ts";
import * as spec from "../../assembly/spec/pci/sriov.ts";
import { type RequesterId, requesterIdAbove } from "../core/address.ts";
import { ArgumentError } from "../core/errors.ts";
import { barBase, barRows } from "./bar.ts";
import { bit, flag } from "./bits.ts";
import type { PciFunction } from "./function.ts";
import type { VirtualFunctions } from "./virtual-functions.ts";

export interface SriovOptions {
  /** First VF Offset and VF Stride while ARI Capable Hierarchy is set; default: the same as without. */
  ari?: { offset: number; stride: number };
  /** The lowest-numbered PF of the device, which holds ARI Capable Hierarchy for all of them (§9.3.3.3.5). */
  leader?: Sriov;
}

const PAGE = 4096;

export class Sriov implements VirtualFunctions {
  readonly pf: PciFunction;
  readonly totalVfs: number;
  /** All VFs that can exist, present or not. */
  readonly allVfs: readonly PciFunction[];
  readonly #offset: number;
  readonly #placement: { offset: number; stride: number };
  readonly #options: SriovOptions;
  readonly #followers: Sriov[] = [];
  readonly #listeners: (() => void)[] = [];
  #present = 0;

  /**
   * @param capabilityOffset of the SR-IOV capability in the PF's config space.
   * @param createVf makes VF `index` (0 is the specification's VF 1), with its BARs, all VFs alike.
   * Throws ArgumentError when a VF is not one, or its BARs differ from those of VF 0.
   */
  constructor(
    pf: PciFunction,
    capabilityOffset: number,
    createVf: (index: number) => PciFunction,
    options: SriovOptions = {},
  ) {
    const { config } = pf;
    this.pf = pf;
    this.#offset = capabilityOffset;
    this.#options = options;
    this.totalVfs = config.get(capabilityOffset + spec.SRIOV_TOTAL_VFS, 2);
    this.#placement = {
      offset: config.get(capabilityOffset + spec.SRIOV_VF_OFFSET, 2),
      stride: config.get(capabilityOffset + spec.SRIOV_VF_STRIDE, 2),
    };
    const vfs: PciFunction[] = [];
    for (let index = 0; index < this.totalVfs; index++) vfs.push(this.#adopt(createVf(index), index, vfs[0]));
    this.allVfs = vfs;
    this.#layOutBars();
    const watch = (register: number, width: number, observer: (previous: number) => void): void =>
      config.onWrite(capabilityOffset + register, width, observer);
    watch(spec.SRIOV_CTL, 2, (previous) => this.#controlWritten(previous));
    watch(spec.SRIOV_NUM_VFS, 2, (previous) => {
      if (this.numVfs > this.totalVfs || this.enabled) config.set(capabilityOffset + spec.SRIOV_NUM_VFS, 2, previous);
    });
    watch(spec.SRIOV_SYSTEM_PAGE, 4, (previous) => this.#pageSizeWritten(previous));
    for (let index = 0; index < spec.SRIOV_VF_BAR_COUNT; index++) {
      watch(spec.SRIOV_VF_BAR0 + index * header.BAR_SIZE, 4, () => pf.upstream?.routesChanged());
    }
    if (options.leader !== undefined) options.leader.#followers.push(this);
    pf.attachVirtualFunctions(this);
    pf.onReset(() => {
      this.#place();
      for (const follower of this.#followers) if (!follower.enabled) follower.#place();
      this.#layOutBars();
      this.#update();
    });
    pf.onEnableChange(() => this.#tellVfs());
  }

  /** VF Enable. */
  get enabled(): boolean {
    return this.#control(spec.SRIOV_CTL_VF_ENABLE_LO);
  }

  /** VF MSE, which stands for COMMAND.Memory Space Enable of every VF. */
  get memorySpaceEnabled(): boolean {
    return this.#control(spec.SRIOV_CTL_VF_MSE_LO);
  }

  get numVfs(): number {
    return this.pf.config.get(this.#offset + spec.SRIOV_NUM_VFS, 2);
  }

  get firstVfOffset(): number {
    return this.pf.config.get(this.#offset + spec.SRIOV_VF_OFFSET, 2);
  }

  get vfStride(): number {
    return this.pf.config.get(this.#offset + spec.SRIOV_VF_STRIDE, 2);
  }

  /** The VFs that exist now: NumVFs of them while VF Enable is set. */
  get vfs(): readonly PciFunction[] {
    return this.allVfs.slice(0, this.#present);
  }

  /** How many VFs are present. */
  get count(): number {
    return this.#present;
  }

  /** §9.2.1.2: PF + First VF Offset + index × VF Stride, modulo 2^16. */
  requesterIdOf(index: number): RequesterId {
    return requesterIdAbove(this.pf.requesterId, this.firstVfOffset + index * this.vfStride);
  }

  /** The present VF with this requester ID. */
  find(requesterId: number): PciFunction | undefined {
    const distance = requesterIdAbove(requesterId, -this.pf.requesterId - this.firstVfOffset);
    const index = this.vfStride === 0 ? distance : distance / this.vfStride;
    return Number.isInteger(index) && index < this.#present ? this.allVfs[index] : undefined;
  }

  /** Called after VFs appeared or vanished. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Bytes of one VF's part of a VF BAR that is `size` bytes wide: at least a system page (§9.2.1.1.1). */
  apertureOf(size: number): number {
    return Math.max(size, this.systemPageSize);
  }

  get systemPageSize(): number {
    const value = this.pf.config.get(this.#offset + spec.SRIOV_SYSTEM_PAGE, 4);
    return value === 0 ? PAGE : 2 ** Math.floor(Math.log2(value)) * PAGE;
  }

  /** The PF took another requester ID: so did its VFs. */
  captured(): void {
    for (let index = 0; index < this.#present; index++) this.allVfs[index]?.capture(this.requesterIdOf(index));
  }

  /** Nothing but the PF's registers decides which VFs exist. */
  restored(): void {
    this.#layOutBars();
    this.#present = this.enabled ? Math.min(this.numVfs, this.totalVfs) : 0;
    this.captured();
  }

  #adopt(vf: PciFunction, index: number, first: PciFunction | undefined): PciFunction {
    if (!vf.virtual) throw new ArgumentError("createVf", vf.name, "is not a virtual function");
    const shape = (fn: PciFunction): string =>
      fn.bars.map((bar) => `${bar.index} ${bar.kind} ${bar.prefetchable === true} ${bar.size}`).join();
    if (first !== undefined && shape(vf) !== shape(first)) {
      throw new ArgumentError("createVf", vf.name, "has other BARs than the first VF");
    }
    const sriov = this;
    vf.config.shareVersion(this.pf.config);
    vf.decoder = {
      get memorySpaceEnabled(): boolean {
        return index < sriov.#present && sriov.memorySpaceEnabled && sriov.pf.powerState === 0;
      },
      get present(): boolean {
        return index < sriov.#present && sriov.pf.powerState === 0;
      },
      pf: this.pf,
      barBase: (bar) => sriov.#vfBarBase(index, bar),
    };
    return vf;
  }

  #vfBarBase(vfIndex: number, barIndex: number): number | undefined {
    const bar = this.allVfs[vfIndex]?.bars.find((candidate) => candidate.index === barIndex);
    if (bar === undefined) return undefined;
    const base = barBase(this.pf.config, this.#offset + spec.SRIOV_VF_BAR0 + barIndex * header.BAR_SIZE, bar.kind);
    return base === undefined ? undefined : base + vfIndex * this.apertureOf(bar.size);
  }

  #layOutBars(): void {
    const { config } = this.pf;
    for (const bar of this.allVfs[0]?.bars ?? []) {
      const at = this.#offset + spec.SRIOV_VF_BAR0 + bar.index * header.BAR_SIZE;
      for (const row of barRows({ ...bar, size: this.apertureOf(bar.size) }, at)) {
        const value = config.get(row.offset, 4);
        config.define([row]);
        config.set(row.offset, 4, (row.reset ?? 0) | (value & (row.rw ?? 0)));
      }
    }
  }

  #controlWritten(previous: number): void {
    const { config } = this.pf;
    const at = this.#offset + spec.SRIOV_CTL;
    const ari = flag(spec.SRIOV_CTL_ARI_CAPABLE_LO);
    const wasEnabled = bit(previous, spec.SRIOV_CTL_VF_ENABLE_LO);
    // §9.3.3.3.5: read-only while VFs of the device exist; only the lowest-numbered PF has it.
    const fixed =
      wasEnabled || this.#options.leader !== undefined || this.#followers.some((follower) => follower.enabled);
    if (fixed) config.set(at, 2, (config.get(at, 2) & ~ari) | (previous & ari));
    if (((config.get(at, 2) ^ previous) & ari) !== 0) {
      this.#place();
      for (const follower of this.#followers) follower.#place();
    }
    this.#update();
    this.pf.upstream?.routesChanged();
    this.#tellVfs();
  }

  #pageSizeWritten(previous: number): void {
    const { config } = this.pf;
    const at = this.#offset + spec.SRIOV_SYSTEM_PAGE;
    const value = config.get(at, 4);
    const supported = config.get(this.#offset + spec.SRIOV_SUPPORTED_PAGES, 4);
    const single = value !== 0 && (value & (value - 1)) === 0;
    if (this.enabled || !single || (value & supported) === 0) config.set(at, 4, previous);
    else this.#layOutBars();
    this.pf.upstream?.routesChanged();
  }

  /** First VF Offset and VF Stride as ARI Capable Hierarchy wants them. */
  #place(): void {
    const leader = this.#options.leader ?? this;
    const placement = leader.#control(spec.SRIOV_CTL_ARI_CAPABLE_LO)
      ? (this.#options.ari ?? this.#placement)
      : this.#placement;
    this.pf.config.set(this.#offset + spec.SRIOV_VF_OFFSET, 2, placement.offset);
    this.pf.config.set(this.#offset + spec.SRIOV_VF_STRIDE, 2, placement.stride);
  }

  /** Makes the VFs that exist those that the registers ask for. A VF that goes loses its state. */
  #update(): void {
    const wanted = this.enabled ? Math.min(this.numVfs, this.totalVfs) : 0;
    const before = this.#present;
    if (wanted === before) return;
    this.#present = wanted;
    for (let index = wanted; index < before; index++) this.allVfs[index]?.reset("cold");
    this.captured();
    this.pf.upstream?.routesChanged();
    for (const listener of this.#listeners) listener();
  }

  #tellVfs(): void {
    for (let index = 0; index < this.#present; index++) this.allVfs[index]?.enablesChanged();
  }

  #control(bitNumber: number): boolean {
    return bit(this.pf.config.get(this.#offset + spec.SRIOV_CTL, 2), bitNumber);
  }
}
