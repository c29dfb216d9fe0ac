// Who takes part in the demonstration: a machine with cards, an administrator who drives the PFs, VMs with a VF each.
import { DEVICE_ID, VENDOR_ID } from "../../assembly/spec/pci/header.ts";
import { busOf, formatBdf, hex } from "../core/address.ts";
import { Guest } from "../embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../embed/in-process/pf-driver.ts";
import { IgbVfDriver, isIgbVf } from "../embed/in-process/vf-driver.ts";
import type { AssignedFunction } from "../hypervisor/assigned-function.ts";
import { Hypervisor } from "../hypervisor/hypervisor.ts";
import type { Vm } from "../hypervisor/vm.ts";
import { Machine, type MachineOptions } from "../machine/machine.ts";
import { Bridge } from "../pci/bridge.ts";
import type { PciFunction } from "../pci/function.ts";

/** VMs when nobody says how many. */
export const DEFAULT_VMS = 8;
/** VFs of one port: the I350 has 8 queues for 8 VMs. */
export const VFS_PER_PORT = 8;
const PORTS_PER_CARD = 4;
const VM_RAM = 2 ** 21;
const ADMINISTRATOR_RAM_PER_PORT = 2 ** 21;
/** Descriptors of each ring of a VM. */
const DESCRIPTORS = 256;

/** One VM with its guest, its driver and its function. */
export interface Player {
  readonly index: number;
  readonly vm: Vm;
  readonly guest: Guest;
  readonly driver: IgbVfDriver;
  assigned: AssignedFunction;
  /** Which port's VF it has, counted over all cards. */
  readonly port: number;
}

export interface Cast {
  readonly machineOptions: MachineOptions;
  readonly administratorRam: number;
  readonly hypervisor: Hypervisor;
  readonly administrator: Guest;
  readonly drivers: readonly IgbPfDriver[];
  readonly players: readonly Player[];
}

export type OnFrame = (player: number, frame: Uint8Array) => void;

/** The address that the administrator gives to VM `index`: locally administered, unicast. */
export function macOf(index: number): Uint8Array {
  return Uint8Array.of(0x02, 0x10, 0xf7, 0, 1, index);
}

/** How many cards, and of how many ports, `vms` VMs need. */
function machineOptionsFor(vms: number): MachineOptions {
  let ports = Math.ceil(vms / VFS_PER_PORT);
  const cards: { ports: number }[] = [];
  for (; ports > 0; ports -= PORTS_PER_CARD) {
    // The card is made with one, two or four ports.
    cards.push({ ports: ports >= 3 ? PORTS_PER_CARD : ports });
  }
  return { cards };
}

/** Builds it all and brings it up: VFs enabled, VMs created, functions assigned, drivers running. */
export async function assemble(vms: number, onFrame: OnFrame, progress: (done: number) => void): Promise<Cast> {
  const machineOptions = machineOptionsFor(vms);
  const machine = await Machine.create(machineOptions);
  const administratorRam = ADMINISTRATOR_RAM_PER_PORT * machine.ports.length;
  const hypervisor = new Hypervisor(machine, { administratorRam });
  const administrator = new Guest(hypervisor.administrator.platform);
  const drivers = administrator
    .probe()
    .filter(isIgbPf)
    .map((found, port) => {
      const count = Math.max(0, Math.min(VFS_PER_PORT, vms - port * VFS_PER_PORT));
      return new IgbPfDriver(administrator, found, { vfs: count, vfMac: (vf) => macOf(port * VFS_PER_PORT + vf) });
    });
  const players: Player[] = [];
  for (const [port, driver] of drivers.entries()) {
    if (!driver.up()) throw new Error(`${formatBdf(driver.device.requesterId)} does not come up`);
    for (const vf of driver.vfs) {
      const index = players.length;
      const vm = hypervisor.createVm({ ram: VM_RAM });
      const assigned = hypervisor.assign(vm, vf.requesterId);
      players.push(bringUp(vm, assigned, index, port, onFrame));
      progress(index + 1);
    }
  }
  return { machineOptions, administratorRam, hypervisor, administrator, drivers, players };
}

function bringUp(vm: Vm, assigned: AssignedFunction, index: number, port: number, onFrame: OnFrame): Player {
  const guest = new Guest(vm.platform);
  const device = guest.probe().find(isIgbVf);
  if (device === undefined) throw new Error(`${vm.name} finds no VF on its bus`);
  const driver = new IgbVfDriver(guest, device, {
    descriptors: DESCRIPTORS,
    onFrame: (frame) => onFrame(index, frame),
  });
  if (!driver.up()) throw new Error(`${vm.name}: the VF does not come up`);
  driver.watchdog();
  // Every other guest sleeps when it has nothing to do; the others wait in a loop.
  if (index % 2 === 1) guest.haltWhenIdle();
  return { index, vm, guest, driver, assigned, port };
}

/** The machine as a tree: every function, and who has it. */
export function topologyText(cast: Cast): string {
  const { machine, administrator } = cast.hypervisor;
  const domains = new Map(cast.players.map(({ assigned, vm }) => [assigned.requesterId as number, vm.domain]));
  for (const { device } of cast.drivers) domains.set(device.requesterId, administrator.domain);
  const shown = new Map(cast.players.map(({ assigned }) => [assigned.physical, assigned.virtual]));
  const ids = (fn: PciFunction): string => {
    const { config } = shown.get(fn) ?? fn;
    return [VENDOR_ID, DEVICE_ID].map((id) => config.get(id, 2).toString(16).padStart(4, "0")).join(":");
  };
  const line = (fn: PciFunction): string => {
    const domain = domains.get(fn.requesterId);
    const owner = domain === undefined ? "" : ` ── ${domain.name}, RAM at ${hex(domain.ram.base)}`;
    return `${formatBdf(fn.requesterId)} ${ids(fn)} ${fn.name}${owner}`;
  };
  const lines = ["machine"];
  const draw = (functions: readonly PciFunction[], indent: string): void => {
    for (const [place, fn] of functions.entries()) {
      const last = place === functions.length - 1;
      lines.push(`${indent}${last ? "└─ " : "├─ "}${line(fn)}`);
      if (fn instanceof Bridge) draw(below(fn), indent + (last ? "   " : "│  "));
    }
  };
  const all = machine.root.functions();
  const below = (bridge: Bridge): PciFunction[] =>
    all.filter((fn) => fn.upstream === bridge || (fn.virtual && bridge.covers(busOf(fn.requesterId))));
  draw(
    all.filter((fn) => busOf(fn.requesterId) === 0),
    "",
  );
  return `${lines.join("\n")}\n`;
}
