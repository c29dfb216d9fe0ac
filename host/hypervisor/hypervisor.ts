// The hypervisor: software on the machine that finds its functions, gives them to VMs and takes them back.
// It works as such software does: configuration cycles, the IOMMU's registers, tables and queue in host RAM.
import type { Hpa, RequesterId } from "../core/address.ts";
import { formatBdf, PAGE_SIZE } from "../core/address.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";
import { applyOrUndo } from "../core/snapshot.ts";
import type { Region } from "../machine/address-map.ts";
import type { RamFunctions } from "../machine/backing.ts";
import type { FaultRecord } from "../machine/fault.ts";
import * as layout from "../machine/layout.ts";
import type { Machine, MachineState } from "../machine/machine.ts";
import { enumerate } from "../pci/enumerate.ts";
import type { PciFunction } from "../pci/function.ts";
import type { FoundFunction } from "../pci/probe.ts";
import { Administrator, type AdministratorState } from "./administrator.ts";
import { AssignedFunction } from "./assigned-function.ts";
import { Domain, type DomainState } from "./domain.ts";
import { functionLevelReset } from "./function-level-reset.ts";
import { PageAllocator, type PageAllocatorState } from "./page-allocator.ts";
import { RemappingDriver, type RemappingDriverState } from "./remapping-driver.ts";
import { SecondStage } from "./second-stage.ts";
import { shownIdentity } from "./shown-identity.ts";
import { Vm, type VmState } from "./vm.ts";

export interface HypervisorOptions {
  /** Bytes of RAM for the administrator's software; default 4 MiB. */
  administratorRam?: number;
  /** Levels of the second-stage tables; default 4. */
  levels?: 3 | 4 | 5;
  /** Let firmware use ARI where port and card can: VFs then lie closer to their PF. Default false. */
  ari?: boolean;
}

export interface VmOptions {
  /** Default "vm1", "vm2", … */
  name?: string;
  /** Bytes of RAM inside the WebAssembly memory, or RAM that the embedder keeps. */
  ram: number | ({ size: number } & ({ buffer: ArrayBufferLike; byteOffset?: number } | RamFunctions));
}

export interface HypervisorState {
  machine: MachineState;
  pages: PageAllocatorState;
  space: PageAllocatorState;
  remapping: RemappingDriverState;
  administrator: AdministratorState;
  vms: readonly VmState[];
  nextDomainId: number;
}

const DEFAULT_ADMINISTRATOR_RAM = 4 * 2 ** 20;
/** The administrator's domain; VMs have the following ones. */
const ADMINISTRATOR_ID = 1;
/** APIC IDs: the administrator's processor is 0, a VM's is its domain-id minus 1. */
const MAX_DOMAIN_ID = 0xff;
/** Interrupts that are handled before time moves on: more than any guest needs, fewer than a storm. */
const MAX_DISPATCH_ROUNDS = 64;

export class Hypervisor implements Snapshotable<HypervisorState> {
  readonly machine: Machine;
  /** What firmware found on the machine's buses, and where it put it. */
  readonly functions: readonly FoundFunction[];
  readonly remapping: RemappingDriver;
  readonly administrator: Administrator;
  readonly #levels: 3 | 4 | 5;
  readonly #pages: PageAllocator;
  readonly #space = new PageAllocator(layout.VM_RAM_BASE, layout.VM_RAM_SIZE);
  readonly #vms = new Map<number, Vm>();
  #nextDomainId = ADMINISTRATOR_ID + 1;

  /** Takes a machine over: assigns its buses and windows, and turns remapping on with everything blocked. */
  constructor(machine: Machine, options: HypervisorOptions = {}) {
    this.machine = machine;
    this.#levels = options.levels ?? 4;
    const host = machine.map.regions()[0] as Region;
    // Page 0 stays free, so that no table has the address 0.
    this.#pages = new PageAllocator((host.base + PAGE_SIZE) as Hpa, host.size - PAGE_SIZE);
    this.functions = enumerate(
      machine.root,
      {
        memory: { base: layout.MMIO32_BASE, size: layout.MMIO32_SIZE },
        prefetchable: { base: layout.MMIO64_BASE, size: layout.MMIO64_SIZE },
        io: { base: layout.IO_BASE, size: layout.IO_SIZE },
      },
      { ari: options.ari ?? false },
    );
    this.remapping = new RemappingDriver(machine.map, this.#pages, layout.IOMMU_BASE);
    const domain = this.#newDomain(
      "administrator",
      ADMINISTRATOR_ID,
      options.administratorRam ?? DEFAULT_ADMINISTRATOR_RAM,
    );
    this.administrator = new Administrator(machine, this.remapping, domain, (ns) => this.run(ns));
    for (const port of machine.ports) this.remapping.attach(port.pf.requesterId, domain.domainId, domain.stage);
  }

  get vms(): Vm[] {
    return [...this.#vms.values()];
  }

  /** Creates a VM with RAM and nothing else. Throws ArgumentError, with nothing left behind, when it cannot. */
  createVm(options: VmOptions): Vm {
    const domainId = this.#nextDomainId;
    if (domainId > MAX_DOMAIN_ID)
      throw new ArgumentError("vms", domainId - 1, "are more than the machine has processors");
    const name = options.name ?? `vm${domainId - ADMINISTRATOR_ID}`;
    if (this.vms.some((vm) => vm.name === name)) throw new ArgumentError("name", name, "is another VM's");
    const vm = this.#newVm(name, domainId, options.ram);
    this.#nextDomainId++;
    return vm;
  }

  /** Takes a VM's functions away, and then its RAM. */
  destroyVm(vm: Vm): void {
    this.#check(vm);
    for (const assigned of [...vm.assigned]) this.revoke(assigned);
    const { region, stage } = vm.domain;
    stage.release();
    this.#discard(vm);
    this.#space.release(region.base, region.size);
  }

  /**
   * Gives the function at `requesterId` of the machine to `vm`: its DMA reaches the VM's RAM only, its interrupts the
   * VM's processor only. The VM finds it on its own bus. Throws ArgumentError when it is absent, a bridge or taken.
   */
  assign(vm: Vm, requesterId: RequesterId): AssignedFunction {
    this.#check(vm);
    const physical = this.#physical(requesterId);
    const owner = this.vms.find((one) => one.assigned.some((assigned) => assigned.requesterId === requesterId));
    if (owner !== undefined) {
      throw new ArgumentError("requesterId", formatBdf(requesterId), `is assigned to ${owner.name}`);
    }
    functionLevelReset(this.machine.root, physical);
    const assigned = this.#newAssigned(vm, physical, vm.freeDevice());
    this.remapping.attach(requesterId, vm.domain.domainId, vm.domain.stage);
    vm.plug(assigned);
    this.machine.trace.listener?.({ kind: "assign", vm: vm.name, requesterId });
    return assigned;
  }

  /**
   * Takes a function away from its VM: the VM no longer sees it, and neither its DMA nor its interrupts pass any more.
   * Then the function is reset, unless `reset` is "never": a function that does not stop by itself stays harmless.
   */
  revoke(assigned: AssignedFunction, options: { reset?: "after" | "never" } = {}): void {
    const vm = this.#vms.get(assigned.domain.domainId);
    if (vm === undefined || !vm.assigned.includes(assigned)) {
      throw new ArgumentError("assigned", formatBdf(assigned.requesterId), "is not assigned");
    }
    vm.unplug(assigned);
    assigned.release();
    this.remapping.detach(assigned.requesterId, assigned.domain.domainId);
    if (options.reset !== "never") assigned.resetPhysical();
    this.machine.trace.listener?.({ kind: "revoke", vm: vm.name, requesterId: assigned.requesterId });
  }

  /**
   * Lets `ns` nanoseconds pass, and the guests handle their interrupts. Work is bounded: guests that keep interrupting
   * each other go on in the next call. Returns the frames moved.
   */
  run(ns = 0): number {
    let moved = this.machine.run(ns);
    for (let round = 0; round < MAX_DISPATCH_ROUNDS && this.#dispatch(); round++) moved += this.machine.run();
    return moved;
  }

  /** The faults that the unit recorded since the last call, oldest first. */
  faults(): FaultRecord[] {
    return this.remapping.takeFaults();
  }

  save(): HypervisorState {
    return {
      machine: this.machine.save(),
      pages: this.#pages.save(),
      space: this.#space.save(),
      remapping: this.remapping.save(),
      administrator: this.administrator.save(),
      vms: this.vms.map((vm) => vm.save()),
      nextDomainId: this.#nextDomainId,
    };
  }

  /**
   * Puts back what `save` gave, on a hypervisor without VMs whose machine was built with the same options.
   * RAM outside the WebAssembly memory is not in a state: `external` gives it again, by the VM's name.
   * Throws ArgumentError or FormatError, with nothing changed, for a state that does not fit.
   */
  restore(state: HypervisorState, external: Record<string, Exclude<VmOptions["ram"], number>> = {}): void {
    if (this.#vms.size > 0) throw new ArgumentError("vms", this.#vms.size, "exist; restore before any is created");
    const before = this.save();
    applyOrUndo(
      () => this.#apply(state, external),
      () => {
        for (const vm of this.vms) this.#discard(vm);
        this.#apply(before, {});
      },
    );
  }

  #apply(state: HypervisorState, external: Record<string, Exclude<VmOptions["ram"], number>>): void {
    const { ramSize } = state.administrator.domain;
    if (ramSize !== this.administrator.domain.region.size) {
      throw new ArgumentError("state", ramSize, "bytes of administrator's RAM are another hypervisor's");
    }
    for (const { domain } of state.vms) {
      this.#newVm(domain.name, domain.domainId, external[domain.name] ?? domain.ramSize, domain);
    }
    this.machine.restore(state.machine);
    this.#pages.restore(state.pages);
    this.#space.restore(state.space);
    this.remapping.restore(state.remapping);
    this.administrator.restore(state.administrator);
    for (const [place, vm] of this.vms.entries()) {
      const saved = state.vms[place] as VmState;
      for (const { physical, device } of saved.assigned) {
        vm.plug(this.#newAssigned(vm, this.#physical(physical as RequesterId), device));
      }
      vm.restore(saved);
    }
    this.#nextDomainId = state.nextDomainId;
  }

  /** Forgets a VM whose functions are gone; its pages are the caller's to give back. */
  #discard({ domain }: Vm): void {
    this.machine.interrupts.fabric.disconnect(domain.apicId);
    this.machine.map.remove(domain.region);
    this.#vms.delete(domain.domainId);
  }

  #dispatch(): boolean {
    let any = this.administrator.domain.processor.dispatch();
    for (const vm of this.#vms.values()) any = vm.domain.processor.dispatch() || any;
    return any;
  }

  #check(vm: Vm): void {
    if (this.#vms.get(vm.domain.domainId) !== vm) throw new ArgumentError("vm", vm.name, "is not of this hypervisor");
  }

  #physical(requesterId: RequesterId): PciFunction {
    const found = this.machine.root.functions().find((one) => one.requesterId === requesterId);
    if (found === undefined) throw new ArgumentError("requesterId", formatBdf(requesterId), "is not on this machine");
    if (found.headerLayout !== 0) throw new ArgumentError("requesterId", formatBdf(requesterId), "is a bridge");
    return found;
  }

  #newAssigned(vm: Vm, physical: PciFunction, device: number): AssignedFunction {
    const port = this.machine.ports.find((one) => one.sriov.vfs.includes(physical));
    const shown = shownIdentity(physical, port?.pf);
    return new AssignedFunction(this.machine, this.remapping, vm.domain, physical, shown, device);
  }

  #newVm(name: string, domainId: number, ram: VmOptions["ram"], saved?: DomainState): Vm {
    const vm = new Vm(this.#newDomain(name, domainId, ram, saved), this.machine.trace, (ns) => this.run(ns));
    this.#vms.set(domainId, vm);
    return vm;
  }

  /** A domain with its RAM in the map and in its tables, or, of a saved one, with RAM where it was and no tables yet. */
  #newDomain(name: string, domainId: number, ram: VmOptions["ram"], saved?: DomainState): Domain {
    const size = typeof ram === "number" ? ram : ram.size;
    if (!Number.isInteger(size) || size <= 0 || size % PAGE_SIZE !== 0) {
      throw new ArgumentError("ram", size, "is not a multiple of 4 KiB");
    }
    const { map, interrupts } = this.machine;
    const alignment = size >= 2 ** 21 ? 2 ** 21 : PAGE_SIZE;
    const base = (saved?.ramBase as Hpa | undefined) ?? this.#space.allocate(size, alignment);
    try {
      const region = typeof ram === "number" ? map.addRam({ base, size }) : map.addExternalRam({ base, ...ram });
      const stage = new SecondStage(map, this.#pages, this.#levels);
      const domain = new Domain(map, { name, domainId, apicId: domainId - ADMINISTRATOR_ID, region, stage });
      if (saved === undefined) domain.mapRam();
      interrupts.fabric.connect(domain.apicId, domain.processor.take);
      return domain;
    } catch (error) {
      if (saved === undefined) this.#space.release(base, size);
      throw error;
    }
  }
}
