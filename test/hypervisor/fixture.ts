// A small machine with its hypervisor and an administrator who drives the first PF, for tests.
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../host/embed/in-process/pf-driver.ts";
import { IgbVfDriver, isIgbVf } from "../../host/embed/in-process/vf-driver.ts";
import { Hypervisor } from "../../host/hypervisor/hypervisor.ts";
import type { Vm } from "../../host/hypervisor/vm.ts";
import { Machine, type MachineOptions } from "../../host/machine/machine.ts";

export const MIB = 2 ** 20;

/** Locally administered address of VF `index`. */
export const macOf = (index: number): Uint8Array<ArrayBuffer> => Uint8Array.of(2, 0, 0x5e, 0, 3, index);

export async function build(vfs: number, options: MachineOptions = {}) {
  const hypervisor = new Hypervisor(await Machine.create({ ram: 8 * MIB, ...options }), { administratorRam: 2 * MIB });
  const administrator = new Guest(hypervisor.administrator.platform);
  const device = administrator.probe().find(isIgbPf);
  if (device === undefined) throw new Error("the administrator finds no PF");
  const pf = new IgbPfDriver(administrator, device, { vfs, vfMac: macOf });
  if (!pf.up()) throw new Error("the PF does not come up");
  return { hypervisor, machine: hypervisor.machine, administrator, pf, vfs: pf.vfs.map((vf) => vf.requesterId) };
}

/** Boots the VM's software: it probes, and brings up the VF that it finds. */
export function boot(vm: Vm, onFrame: (frame: Uint8Array) => void = () => undefined) {
  const guest = new Guest(vm.platform);
  const found = guest.probe().find(isIgbVf);
  if (found === undefined) throw new Error(`${vm.name} finds no VF`);
  const driver = new IgbVfDriver(guest, found, { descriptors: 64, onFrame });
  if (!driver.up()) throw new Error(`${vm.name}: the VF does not come up`);
  driver.watchdog();
  return { guest, driver };
}
