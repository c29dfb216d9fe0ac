// An emulator's guest as a VM of a hypervisor: several of them on one machine, each with functions of its cards.
//
//   guest's driver ── trapped register access ──► AssignedFunction ──► card
//   guest's RAM ◄── second-stage tables ◄── DMA with the function's requester ID
//   guest's APIC ◄── vector ◄── VM's processor ◄── remapped or posted interrupt
import { DELIVERY_FIXED } from "../../../assembly/spec/pc/local-apic.ts";
import type { RequesterId } from "../../core/address.ts";
import { checkOptions } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { AssignedFunction } from "../../hypervisor/assigned-function.ts";
import { Hypervisor, type HypervisorState } from "../../hypervisor/hypervisor.ts";
import type { AssignOptions } from "../../hypervisor/options.ts";
import type { Vm } from "../../hypervisor/vm.ts";
import type { Board } from "./board.ts";
import { EmulatorConfig } from "./config.ts";
import { cpuOf, type V86Cpu, type V86Emulator } from "./cpu.ts";
import { GuestRam } from "./guest-ram.ts";

export interface GuestVmOptions {
  /** Default "vm1", "vm2", …: the first that no VM has. */
  name?: string;
}

/** Which VM an emulator's guest is. */
const GIVEN: unique symbol = Symbol("given");
type GivenCpu = V86Cpu & { [GIVEN]?: { hypervisor: Hypervisor; vm: Vm } };

export class GuestVm {
  readonly hypervisor: Hypervisor;
  readonly vm: Vm;
  /** The VM's RAM, which is the guest's. */
  readonly ram: GuestRam;
  readonly #cpu: V86Cpu;

  /** For `createVm` and `restoreVms`. */
  constructor(cpu: V86Cpu, hypervisor: Hypervisor, vm: Vm, ram: GuestRam) {
    this.#cpu = cpu;
    this.hypervisor = hypervisor;
    this.vm = vm;
    this.ram = ram;
  }

  get name(): string {
    return this.vm.name;
  }

  /**
   * Gives the function at `requesterId` of the hypervisor's machine to the guest, in a slot that the emulator leaves
   * free: a guest that runs finds it when it scans its buses again. Throws ArgumentError as `Hypervisor.assign` does,
   * and when no slot is free.
   */
  assign(requesterId: RequesterId, options: AssignOptions = {}): AssignedFunction {
    const taken = this.vm.assigned.map(({ device }) => device);
    const device = new EmulatorConfig(this.#cpu.io).freeDevices().find((free) => !taken.includes(free));
    if (device === undefined) throw new ArgumentError("vm", this.name, "has no free slot");
    return this.hypervisor.assign(this.vm, requesterId, { device, ...options });
  }

  /** For `attach`. Throws ArgumentError for another emulator than the VM was made for. */
  board(cpu: V86Cpu): Board {
    const { hypervisor, vm, ram, name } = this;
    if (cpu !== this.#cpu) throw new ArgumentError("vm", name, "was made for another emulator");
    const { machine } = hypervisor;
    const { processor } = vm.vcpu;
    return {
      kind: "vm",
      root: vm.root,
      unit: undefined,
      ram,
      place: () => {
        if (processor.forward !== undefined) throw new ArgumentError("vm", name, "is attached already");
        return () => {};
      },
      connect: (sink) => {
        processor.forward = (vector) => sink({ vector, deliveryMode: DELIVERY_FIXED });
        return () => {
          processor.forward = undefined;
        };
      },
      get disposed() {
        return machine.engine.closed;
      },
      get nowNs() {
        return machine.clock.nowNs;
      },
      get nextDeadlineNs() {
        return machine.nextDeadlineNs;
      },
      run: (ns) => hypervisor.run(ns),
      reset: () => vm.root.reset("cold"),
      save: () => ({ vm: name }),
      restore: (state) => {
        const saved = (state as { vm?: unknown }).vm;
        if (saved !== name) throw new ArgumentError("state", saved, `is not of ${name}`);
      },
    };
  }
}

/**
 * A VM whose RAM is that of the guest of an emulator that said `emulator-loaded`. Throws ArgumentError for an emulator
 * that is none or whose guest is a VM already, and as `Hypervisor.createVm` does.
 */
export function createVm(emulator: V86Emulator, hypervisor: Hypervisor, options: GuestVmOptions = {}): GuestVm {
  const cpu: GivenCpu = cpuOf(emulator);
  checkHypervisor(hypervisor);
  checkOptions("options", options, ["name"]);
  const given = cpu[GIVEN];
  if (given?.hypervisor.vms.includes(given.vm) && !given.hypervisor.machine.engine.closed) {
    throw new ArgumentError("emulator", given.vm.name, "is the VM that its guest is already");
  }
  const ram = new GuestRam(cpu);
  const vm = hypervisor.createVm({ ...options, ram: ram.backing, hostBridge: false });
  cpu[GIVEN] = { hypervisor, vm };
  return new GuestVm(cpu, hypervisor, vm, ram);
}

/**
 * Puts back what the hypervisor's `save` gave, on one without VMs, with the emulators of the VMs by name: their guests'
 * RAM is in the emulators' own states. Gives the VMs, to be attached again. Throws ArgumentError for what are no
 * emulators, and as `Hypervisor.restore` does.
 */
export function restoreVms(
  hypervisor: Hypervisor,
  state: HypervisorState,
  emulators: Readonly<Record<string, V86Emulator>>,
): GuestVm[] {
  checkHypervisor(hypervisor);
  if (typeof emulators !== "object" || emulators === null || Array.isArray(emulators)) {
    throw new ArgumentError("emulators", emulators, "is no object of emulators by the names of their VMs");
  }
  const guests = new Map(
    Object.entries(emulators).map(([name, emulator]) => {
      const cpu: GivenCpu = cpuOf(emulator);
      return [name, { cpu, ram: new GuestRam(cpu) }] as const;
    }),
  );
  const external = [...guests].map(([name, { ram }]) => [name, ram.backing] as const);
  hypervisor.restore(state, Object.fromEntries(external));
  return hypervisor.vms.flatMap((vm) => {
    const guest = guests.get(vm.name);
    if (guest === undefined) return [];
    guest.cpu[GIVEN] = { hypervisor, vm };
    return [new GuestVm(guest.cpu, hypervisor, vm, guest.ram)];
  });
}

function checkHypervisor(hypervisor: Hypervisor): void {
  if (!(hypervisor instanceof Hypervisor)) throw new ArgumentError("hypervisor", hypervisor, "is no Hypervisor");
}
