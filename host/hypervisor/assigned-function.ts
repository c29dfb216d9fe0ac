// A function in a VM's hands: the VM sees an ordinary function; its register writes trap and are then really done.
import * as header from "../../assembly/spec/pci/header.ts";
import {
  CAP_MSI,
  CAP_MSIX,
  EXT_CAP_ACS,
  EXT_CAP_ARI,
  EXT_CAP_ATS,
  EXT_CAP_PASID,
  EXT_CAP_PRI,
  EXT_CAP_SRIOV,
} from "../../assembly/spec/pci/ids.ts";
import {
  MSIX_CONTROL,
  MSIX_CONTROL_TABLE_SIZE_HI,
  MSIX_CONTROL_TABLE_SIZE_LO,
  MSIX_PBA,
  MSIX_PBA_BIR_HI,
  MSIX_PBA_BIR_LO,
  MSIX_TABLE,
  MSIX_TABLE_BIR_HI,
  MSIX_TABLE_BIR_LO,
  MSIX_TABLE_OFFSET_HI,
  MSIX_TABLE_OFFSET_LO,
} from "../../assembly/spec/pci/msix.ts";
import type { Hpa, RequesterId } from "../core/address.ts";
import { bits, mask } from "../core/bits.ts";
import type { AccessWidth, MmioHandler } from "../core/ports.ts";
import type { Machine } from "../machine/machine.ts";
import { barBase } from "../pci/bar.ts";
import { allOnes } from "../pci/bits.ts";
import { findCapability, hideCapability } from "../pci/capability.ts";
import type { ConfigSpace } from "../pci/config-space.ts";
import { PciFunction } from "../pci/function.ts";
import { type Identity, type0Header } from "../pci/header.ts";
import { type MsixOptions, MsixTable } from "../pci/msix.ts";
import type { Domain } from "./domain.ts";
import { functionLevelReset } from "./function-level-reset.ts";
import { MsixRemapper, type MsixRemapperState } from "./msix-remapper.ts";
import type { RemappingDriver } from "./remapping-driver.ts";

/** Capabilities that would let a guest reach beyond its function, or that the hypervisor does not emulate. */
const HIDDEN = [CAP_MSI];
const HIDDEN_EXTENDED = [EXT_CAP_SRIOV, EXT_CAP_ARI, EXT_CAP_ACS, EXT_CAP_ATS, EXT_CAP_PRI, EXT_CAP_PASID];

/** The virtual function itself is saved with its VM's topology. */
export interface AssignedFunctionState {
  physical: number;
  device: number;
  urgent: boolean;
  msix: MsixRemapperState | null;
}

/** Identity that a guest is shown: a VF's own IDs read FFFFh (PCIe 6.0 §9.3.4.1.1). */
export type ShownIdentity = Pick<Identity, "vendorId" | "deviceId" | "subsystemVendorId" | "subsystemId">;

export class AssignedFunction {
  readonly domain: Domain;
  readonly physical: PciFunction;
  /** The requester ID that the function had when it was assigned, to which its DMA and interrupts are tied. */
  readonly requesterId: RequesterId;
  /** What the VM's bus shows. */
  readonly virtual: PciFunction;
  /** Device number on the VM's bus. */
  readonly device: number;
  /** Whether its interrupts end a preemption of the VM. */
  readonly urgent: boolean;
  readonly #machine: Machine;
  readonly #msix: MsixRemapper | undefined;

  constructor(
    machine: Machine,
    remapping: RemappingDriver,
    domain: Domain,
    physical: PciFunction,
    shown: ShownIdentity,
    place: { device: number; urgent: boolean },
  ) {
    this.#machine = machine;
    this.domain = domain;
    this.physical = physical;
    this.requesterId = physical.requesterId;
    this.device = place.device;
    this.urgent = place.urgent;
    const config = shownConfig(physical.config, shown);
    this.virtual = new PciFunction(`${domain.name}/${physical.name}`, config);
    const table = msixTable(config);
    if (table !== undefined) {
      const shadow = new MsixTable(this.virtual, table);
      this.#msix = new MsixRemapper(remapping, domain, this, shadow, {
        write: this.#through(table.bar).write,
        tableOffset: table.tableOffset,
        capability: table.capabilityOffset,
      });
      config.onWrite(table.capabilityOffset + MSIX_CONTROL, 2, () => this.#msix?.synchronize());
    }
    for (const bar of physical.bars) {
      const through = this.#through(bar.index);
      const handler = table?.bar === bar.index ? this.#withTable(through, table.tableOffset) : through;
      this.virtual.addBar({ ...bar, handler });
    }
    this.virtual.onEnableChange(() => this.#mirrorEnables());
    this.virtual.onReset(() => {
      this.#msix?.release();
      this.resetPhysical();
    });
  }

  /** Interrupt-remapping handles that belong to the function. */
  get interruptHandles(): number[] {
    return this.#msix?.handles ?? [];
  }

  /** Resets the real function: everything that the VM set up in it is gone. */
  resetPhysical(): void {
    functionLevelReset(this.#machine.root, this.physical);
  }

  /** Ends the VM's hold on the real function's interrupts. */
  release(): void {
    this.#msix?.release();
  }

  /** A configuration write of the host's software to the real function. */
  hostConfigWrite(offset: number, width: AccessWidth, value: number): void {
    this.#machine.root.configWrite(this.requesterId, offset, width, value);
  }

  save(): AssignedFunctionState {
    return {
      physical: this.physical.requesterId,
      device: this.device,
      urgent: this.urgent,
      msix: this.#msix?.save() ?? null,
    };
  }

  /** Puts back what `save` gave. */
  restore(state: AssignedFunctionState): void {
    if (state.msix !== null) this.#msix?.restore(state.msix);
  }

  #mirrorEnables(): void {
    const bme = mask(header.COMMAND_BUS_MASTER_ENABLE_HI, header.COMMAND_BUS_MASTER_ENABLE_LO);
    const command = this.physical.config.get(header.COMMAND, 2);
    const mayMaster = this.virtual.busMasterEnabled && this.virtual.powerState === 0;
    const next = mayMaster ? command | bme : command & ~bme;
    if (next !== command) this.hostConfigWrite(header.COMMAND, 2, next);
  }

  /** The real registers behind BAR `index`, wherever that lies now; nothing answers while it is out of reach. */
  #through(index: number): MmioHandler {
    const { root } = this.#machine;
    return {
      read: (offset, width) => {
        const base = barAddress(this.physical, index);
        return base === undefined ? allOnes(width) : root.memoryRead((base + offset) as Hpa, width);
      },
      write: (offset, width, value) => {
        const base = barAddress(this.physical, index);
        if (base !== undefined) root.memoryWrite((base + offset) as Hpa, width, value);
      },
    };
  }

  /** As `through`, but the MSI-X table is the guest's shadow. */
  #withTable(through: MmioHandler, tableOffset: number): MmioHandler {
    const msix = this.#msix as MsixRemapper;
    const shadowed = (offset: number): boolean => offset >= tableOffset && offset < tableOffset + msix.tableSize;
    return {
      read: (offset, width) => (shadowed(offset) ? msix.read(offset, width) : through.read(offset, width)),
      write: (offset, width, value) =>
        shadowed(offset) ? msix.write(offset, width, value) : through.write(offset, width, value),
    };
  }
}

/** The configuration space that a guest is shown: the real one's, with IDs of its own and nothing that reaches further. */
function shownConfig(physical: ConfigSpace, shown: ShownIdentity): ConfigSpace {
  const config = physical.copy();
  config.define(
    type0Header({
      ...shown,
      revision: physical.get(header.REVISION_ID, 1),
      classCode: physical.get(header.CLASS_CODE, 1) | (physical.get(header.CLASS_CODE + 1, 2) << 8),
    }),
  );
  config.setInitial(header.STATUS, 2, physical.get(header.STATUS, 2));
  for (const id of HIDDEN) hideCapability(config, id, false);
  for (const id of HIDDEN_EXTENDED) hideCapability(config, id, true);
  return config;
}

/** Where a function has its MSI-X table and pending bits; undefined without MSI-X or with the two in different BARs. */
export function msixTable(config: ConfigSpace): (MsixOptions & { bar: number }) | undefined {
  const capabilityOffset = findCapability(config, CAP_MSIX);
  if (capabilityOffset === undefined) return undefined;
  const where = config.get(capabilityOffset + MSIX_TABLE, 4);
  const pending = config.get(capabilityOffset + MSIX_PBA, 4);
  const control = config.get(capabilityOffset + MSIX_CONTROL, 2);
  const bar = bits(where, MSIX_TABLE_BIR_HI, MSIX_TABLE_BIR_LO);
  if (bits(pending, MSIX_PBA_BIR_HI, MSIX_PBA_BIR_LO) !== bar) return undefined;
  const offset = mask(MSIX_TABLE_OFFSET_HI, MSIX_TABLE_OFFSET_LO);
  return {
    capabilityOffset,
    bar,
    vectors: bits(control, MSIX_CONTROL_TABLE_SIZE_HI, MSIX_CONTROL_TABLE_SIZE_LO) + 1,
    tableOffset: (where & offset) >>> 0,
    pbaOffset: (pending & offset) >>> 0,
  };
}

/** Where BAR `index` of a function lies in the machine's memory space; undefined when it is out of reach. */
export function barAddress(fn: PciFunction, index: number): number | undefined {
  if (fn.virtual) return fn.decoder?.barBase(index);
  const kind = fn.bars.find((bar) => bar.index === index)?.kind;
  return kind === undefined ? undefined : barBase(fn.config, header.BAR0 + index * header.BAR_SIZE, kind);
}
