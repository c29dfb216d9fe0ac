// The hypervisor: software on the machine that finds its functions, gives them to VMs and takes them back.
// It works as such software does: configuration cycles, the IOMMU's registers, tables and queue in host RAM.
import { formatBdf, type Hpa, PAGE_SIZE, type RequesterId } from "../core/address.ts";
import { checkFlag, checkText, checkUnsigned } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";
import { applyOrUndo, checkKind } from "../core/snapshot.ts";
import type { IgbPort } from "../device/igb/port.ts";
import type { FaultRecord } from "../machine/fault.ts";
import * as layout from "../machine/layout.ts";
import { Machine, type MachineState } from "../machine/machine.ts";
import { enumerate } from "../pci/enumerate.ts";
import type { PciFunction } from "../pci/function.ts";
import type { FoundFunction } from "../pci/probe.ts";
import { Administrator, type AdministratorState } from "./administrator.ts";
import { AssignedFunction, barAddress, msixTable } from "./assigned-function.ts";
import type { Domain } from "./domain.ts";
import { ADMINISTRATOR_ID, Domains, type DomainsState, type ExternalRam } from "./domains.ts";
import { functionLevelReset, hasFunctionLevelReset } from "./function-level-reset.ts";
import { type AssignOptions, checkAssign, type HypervisorOptions, type VmOptions } from "./options.ts";
import { PageAllocator } from "./page-allocator.ts";
import { RemappingDriver, type RemappingDriverState } from "./remapping-driver.ts";
import { Scheduler } from "./scheduler.ts";
import { shownIdentity } from "./shown-identity.ts";
import { UnitCapabilities } from "./unit-capabilities.ts";
import { Vm, type VmState } from "./vm.ts";

export interface HypervisorState {
  machine: MachineState;
  domains: DomainsState;
  remapping: RemappingDriverState;
  administrator: AdministratorState;
  /** Requester IDs of the PFs in the administrator's hands. */
  administered: readonly number[];
  vms: readonly VmState[];
}

const REQUESTER_ID_BITS = 16;
const ADMINISTRATOR = "administrator";
/** Default RAM of the administrator's software, and the same again for each port: room for its driver's rings. */
const ADMINISTRATOR_RAM_SHARE = 2 * 2 ** 20;

export class Hypervisor implements Snapshotable<HypervisorState> {
  readonly machine: Machine;
  /** What firmware found on the machine's buses, and where it put it. */
  readonly functions: readonly FoundFunction[];
  readonly remapping: RemappingDriver;
  readonly administrator: Administrator;
  readonly #domains: Domains;
  readonly #scheduler: Scheduler;
  readonly #vms = new Map<number, Vm>();
  /** PFs in the administrator's hands, by the requester ID that their DMA is tied to. */
  readonly #administered = new Map<PciFunction, RequesterId>();

  /**
   * Takes a machine over: assigns its buses and windows, and turns remapping on with everything blocked.
   * Throws ArgumentError for options that the machine's IOMMU cannot honour.
   */
  constructor(machine: Machine, options: HypervisorOptions = {}) {
    if (!(machine instanceof Machine)) throw new ArgumentError("machine", machine, "is no Machine");
    this.machine = machine;
    this.#scheduler = new Scheduler(machine, {
      administrator: () => this.administrator.domain.processor,
      vms: () => this.#vms.values(),
    });
    const capabilities = new UnitCapabilities(machine.map, layout.IOMMU_BASE);
    const [host] = machine.map.wasmRam();
    // Page 0 stays free, so that no table has the address 0.
    const pages = new PageAllocator(PAGE_SIZE as Hpa, (host?.size ?? 0) - PAGE_SIZE);
    this.#domains = new Domains(machine, pages, capabilities, options.levels);
    this.functions = enumerate(
      machine.root,
      {
        memory: { base: layout.MMIO32_BASE, size: layout.MMIO32_SIZE },
        prefetchable: { base: layout.MMIO64_BASE, size: layout.MMIO64_SIZE },
        io: { base: layout.IO_BASE, size: layout.IO_SIZE },
      },
      { ari: options.ari ?? false },
    );
    this.remapping = new RemappingDriver(machine.map, pages, layout.IOMMU_BASE, capabilities);
    const ram = options.administratorRam ?? (1 + machine.ports.length) * ADMINISTRATOR_RAM_SHARE;
    const domain = this.#domains.create(ADMINISTRATOR, ADMINISTRATOR_ID, ram);
    this.administrator = new Administrator(machine, this.remapping, domain, (ns) => this.run(ns));
    for (const { pf, sriov } of machine.ports) {
      this.#administer(pf);
      for (const fn of [pf, ...sriov.allVfs]) fn.onRequesterIdChange(() => this.#reconcile());
      sriov.onChange(() => this.#reconcile());
    }
  }

  get vms(): Vm[] {
    return [...this.#vms.values()];
  }

  /** Creates a VM with RAM and nothing else. Throws ArgumentError, with nothing left behind, when it cannot. */
  createVm(options: VmOptions): Vm {
    const domainId = this.#domains.freeId();
    const taken = new Set(this.vms.map((vm) => vm.name));
    let number = domainId - ADMINISTRATOR_ID;
    while (taken.has(`vm${number}`)) number++;
    const name = options?.name ?? `vm${number}`;
    checkText("name", name);
    if (name === ADMINISTRATOR) throw new ArgumentError("name", name, "is the administrator's");
    if (taken.has(name)) throw new ArgumentError("name", name, "is another VM's");
    const { hostBridge = true } = options ?? {};
    checkFlag("hostBridge", hostBridge);
    const domain = this.#domains.create(name, domainId, options?.ram);
    const vm = this.#newVm(domain, hostBridge);
    this.#vms.set(domainId, vm);
    return vm;
  }

  /** Takes a VM's functions away, and then its RAM. */
  destroyVm(vm: Vm): void {
    this.#check(vm);
    for (const assigned of vm.assigned) this.revoke(assigned);
    this.#vms.delete(vm.domain.domainId);
    this.#domains.destroy(vm.domain);
  }

  /**
   * Gives the function at `requesterId` of the machine to `vm`: its DMA reaches the VM's RAM only, its interrupts the
   * VM's processor only. The VM finds it on its own bus; a function that vanishes later, as a VF does when its PF is
   * reset, vanishes there too. Throws ArgumentError, with nothing changed, when the function is absent, a bridge,
   * another VM's, without FLR or addresses, or a PF whose VFs exist.
   */
  assign(vm: Vm, requesterId: RequesterId, options: AssignOptions = {}): AssignedFunction {
    this.#check(vm);
    const urgent = checkAssign(options);
    const physical = this.#physical(requesterId);
    const refuse = (reason: string): ArgumentError => new ArgumentError("requesterId", formatBdf(requesterId), reason);
    const owner = this.vms.find((one) => one.assigned.some((assigned) => assigned.physical === physical));
    if (owner !== undefined) throw refuse(`is assigned to ${owner.name}`);
    if (this.#portOf(physical)?.sriov.enabled === true && !physical.virtual) throw refuse("has VFs");
    if (!hasFunctionLevelReset(physical)) throw refuse("cannot be reset by itself");
    if (physical.bars.some((bar) => barAddress(physical, bar.index) === undefined)) throw refuse("has no addresses");
    if (msixTable(physical.config) === undefined) throw refuse("has no MSI-X whose table and pending bits share a BAR");
    const device = options.device ?? vm.freeDevice();
    if (!vm.isFree(device)) throw new ArgumentError("device", device, `is no free slot of ${vm.name}`);
    functionLevelReset(this.machine.root, physical);
    const assigned = this.#newAssigned(vm, physical, { device, urgent });
    this.#administered.delete(physical);
    this.remapping.attach(requesterId, vm.domain.domainId, vm.domain.stage);
    vm.plug(assigned);
    this.machine.trace.listener?.({ kind: "assign", vm: vm.name, requesterId });
    return assigned;
  }

  /**
   * Takes a function away from its VM: the VM no longer sees it, and neither its DMA nor its interrupts pass any more.
   * Then the function is reset, unless `reset` is "never": a function that does not stop by itself stays harmless.
   * A PF goes back to the administrator.
   */
  revoke(assigned: AssignedFunction, options: { reset?: "after" | "never" } = {}): void {
    this.#withdraw(assigned);
    if (options.reset === "never") return;
    assigned.resetPhysical();
    if (!assigned.physical.virtual) this.#administer(assigned.physical);
  }

  /**
   * Takes a VM off its processor: its software handles no interrupts, and where the IOMMU posts them nobody is notified,
   * except of urgent ones, which end this.
   */
  preempt(vm: Vm): void {
    this.#check(vm);
    vm.vcpu.preempt();
  }

  /** Lets a VM that was preempted go on, with what was posted meanwhile. */
  resume(vm: Vm): void {
    this.#check(vm);
    vm.vcpu.resume();
  }

  /**
   * Lets `ns` nanoseconds pass, and the guests handle their interrupts. Work is bounded: guests that keep interrupting
   * each other go on in the next call. Returns the frames moved.
   */
  run(ns = 0): number {
    return this.#scheduler.run(ns);
  }

  /** The faults that the unit recorded since the last call, oldest first. */
  faults(): FaultRecord[] {
    return this.remapping.takeFaults();
  }

  save(): HypervisorState {
    return {
      machine: this.machine.save(),
      domains: this.#domains.save(),
      remapping: this.remapping.save(),
      administrator: this.administrator.save(),
      administered: [...this.#administered.values()],
      vms: this.vms.map((vm) => vm.save()),
    };
  }

  /**
   * Puts back what `save` gave, on a hypervisor without VMs whose machine was built with the same options.
   * RAM outside the WebAssembly memory is not in a state: `external` gives it again, by the VM's name.
   * Throws ArgumentError or FormatError, with nothing changed, for a state that does not fit.
   */
  restore(state: HypervisorState, external: Record<string, ExternalRam> = {}): void {
    if (this.#vms.size > 0) throw new ArgumentError("vms", this.#vms.size, "exist; restore before any is created");
    if (typeof external !== "object" || external === null) {
      throw new ArgumentError("external", external, "is no object of RAM by the names of the VMs");
    }
    const before = this.save();
    applyOrUndo(
      () => this.#apply(state, external),
      () => {
        for (const vm of this.vms) {
          this.#vms.delete(vm.domain.domainId);
          this.#domains.forget(vm.domain);
        }
        this.#apply(before, {});
      },
    );
  }

  #apply(state: HypervisorState, external: Record<string, ExternalRam>): void {
    checkKind("hypervisor", state, "administrator");
    const { ramSize } = state.administrator.domain;
    if (ramSize !== this.administrator.domain.region.size) {
      throw new ArgumentError("state", ramSize, "bytes of administrator's RAM are another hypervisor's");
    }
    for (const { domain, hostBridge } of state.vms) {
      const made = this.#domains.recreate(domain, external[domain.name]);
      this.#vms.set(domain.domainId, this.#newVm(made, hostBridge));
    }
    // Nothing is to follow the functions while they take their saved places.
    this.#administered.clear();
    this.machine.restore(state.machine);
    this.#domains.restore(state.domains);
    this.remapping.restore(state.remapping);
    this.administrator.restore(state.administrator);
    for (const id of state.administered as readonly RequesterId[]) this.#administered.set(this.#physical(id), id);
    for (const [place, vm] of this.vms.entries()) {
      const saved = state.vms[place] as VmState;
      for (const { physical, device, urgent } of saved.assigned) {
        vm.plug(this.#newAssigned(vm, this.#physical(physical as RequesterId), { device, urgent: urgent === true }));
      }
      vm.restore(saved);
    }
  }

  #newVm(domain: Domain, hostBridge: boolean): Vm {
    const time = {
      run: (ns: number) => this.run(ns),
      halt: (ns: number) => this.#scheduler.halt(vm.vcpu, ns),
    };
    const vm: Vm = new Vm(domain, this.machine.trace, time, hostBridge);
    return vm;
  }

  /** Follows what configuration writes did to functions: one that is gone or has moved is nobody's any more. */
  #reconcile(): void {
    for (const vm of this.vms) {
      for (const assigned of vm.assigned) {
        const { physical, requesterId } = assigned;
        const present = !physical.virtual || this.#portOf(physical)?.sriov.vfs.includes(physical) === true;
        if (!present || physical.requesterId !== requesterId) this.#withdraw(assigned);
      }
    }
    for (const [pf, requesterId] of [...this.#administered]) {
      if (pf.requesterId === requesterId) continue;
      this.remapping.detach(requesterId);
      this.#administer(pf);
    }
  }

  #withdraw(assigned: AssignedFunction): void {
    if (!(assigned instanceof AssignedFunction))
      throw new ArgumentError("assigned", assigned, "is no AssignedFunction");
    const { requesterId } = assigned;
    const vm = this.#vms.get(assigned.domain.domainId);
    if (vm === undefined || !vm.assigned.includes(assigned)) {
      throw new ArgumentError("assigned", formatBdf(requesterId), "is not assigned");
    }
    vm.unplug(assigned);
    assigned.release();
    this.remapping.detach(requesterId);
    this.machine.trace.listener?.({ kind: "revoke", vm: vm.name, requesterId });
  }

  /** Lets a PF's DMA reach the administrator's RAM. */
  #administer(pf: PciFunction): void {
    const { domain } = this.administrator;
    this.remapping.attach(pf.requesterId, domain.domainId, domain.stage);
    this.#administered.set(pf, pf.requesterId);
  }

  #check(vm: Vm): void {
    if (!(vm instanceof Vm)) throw new ArgumentError("vm", vm, "is no Vm");
    if (this.#vms.get(vm.domain.domainId) !== vm) throw new ArgumentError("vm", vm.name, "is not of this hypervisor");
  }

  #physical(requesterId: RequesterId): PciFunction {
    checkUnsigned("requesterId", requesterId, REQUESTER_ID_BITS);
    const found = this.machine.root.functions().find((one) => one.requesterId === requesterId);
    if (found === undefined) throw new ArgumentError("requesterId", formatBdf(requesterId), "is not on this machine");
    if (found.headerLayout !== 0) throw new ArgumentError("requesterId", formatBdf(requesterId), "is a bridge");
    return found;
  }

  #portOf(fn: PciFunction): IgbPort | undefined {
    return this.machine.ports.find(({ pf, sriov }) => pf === fn || sriov.allVfs.includes(fn));
  }

  #newAssigned(vm: Vm, physical: PciFunction, place: { device: number; urgent: boolean }): AssignedFunction {
    const pf = physical.virtual ? this.#portOf(physical)?.pf : undefined;
    const shown = shownIdentity(physical, pf);
    return new AssignedFunction(this.machine, this.remapping, vm.domain, physical, shown, place);
  }
}
