// Several Linux guests on one machine: each a VM of one hypervisor, with a VF of the card, whose PFs the host drives.
import { Guest } from "../embed/in-process/guest.ts";
import { IgbPfDriver, type IgbPfOptions, type IgbPfState, isIgbPf } from "../embed/in-process/pf-driver.ts";
import type { FoundFunction } from "../embed/in-process/probe.ts";
import {
  type Attachment,
  type AttachmentState,
  attach,
  createVm,
  type GuestVm,
  restoreVms,
} from "../embed/v86/index.ts";
import { Hypervisor, type HypervisorState } from "../hypervisor/hypervisor.ts";
import { type CardOptions, Machine } from "../machine/machine.ts";
import { GuestError } from "./guests/failure.ts";
import { CONSOLE_SHELL, ENVIRONMENT } from "./guests/init.ts";
import type { GuestFiles } from "./guests/store.ts";
import { checkVersion, type Emulator, findEmulator } from "./linux-emulator.ts";
import { vmVariables } from "./linux-exec.ts";
import { LinuxGuest } from "./linux-guest.ts";
import { bootedState, createPc } from "./linux-pc.ts";
import type { Snapshots } from "./linux-snapshots.ts";

/** VFs of one port beside which the PF keeps a queue of its own. */
export const VFS_PER_PORT = 7;
const PLUG_SECONDS = 300;

export interface VmsOptions {
  /** MiB of RAM of each guest; a power of two. */
  memory: number;
  card: CardOptions;
  /** Guests; guest n has a VF of port n modulo the number of ports. */
  vms: number;
  /** What the ports are joined to, before the guests run. */
  wire?: (machine: Machine) => void;
}

/** One of the guests. */
export interface VmGuest {
  readonly vm: GuestVm;
  readonly guest: LinuxGuest;
  readonly attachment: Attachment;
}

/** Everything: the machine with its hypervisor, the PFs' drivers, the emulators. For `encodeSnapshot`. */
export interface VmsState {
  /** v86's. */
  version: string;
  hypervisor: HypervisorState;
  drivers: readonly { device: FoundFunction; vfs: number; state: IgbPfState }[];
  guests: readonly { name: string; emulator: Uint8Array; attachment: AttachmentState }[];
}

/** The address of VF `vf` of port `port`: locally administered, unicast. */
function macOf(port: number, vf: number): Uint8Array {
  return Uint8Array.of(0x02, 0x10, 0xf7, port, 1, vf);
}

export class LinuxVms {
  readonly hypervisor: Hypervisor;
  /** The PFs' drivers in the host. */
  readonly drivers: readonly IgbPfDriver[];
  readonly guests: readonly VmGuest[];

  private constructor(hypervisor: Hypervisor, drivers: readonly IgbPfDriver[], guests: readonly VmGuest[]) {
    this.hypervisor = hypervisor;
    this.drivers = drivers;
    this.guests = guests;
  }

  /**
   * Starts the guests from one snapshot, which is made when there is none; without `snapshots` it is not kept. Each has
   * found its VF when this is done. Throws GuestError when one does not come up.
   */
  static async start(files: GuestFiles, options: VmsOptions, snapshots?: Snapshots): Promise<LinuxVms> {
    const state = await bootedState(files, { memory: options.memory }, snapshots);
    const machine = await Machine.create({ cards: [options.card] });
    const hypervisor = new Hypervisor(machine);
    const guests: VmGuest[] = [];
    const emulators: Emulator[] = [];
    try {
      options.wire?.(machine);
      const drivers = driveCard(hypervisor, options.vms);
      const vfs = Array.from({ length: options.vms }, (_, place) => {
        const driver = drivers[place % drivers.length] as IgbPfDriver;
        return driver.vfs[Math.floor(place / drivers.length)]?.requesterId;
      });
      for (const vf of vfs) {
        if (vf === undefined) throw new GuestError(`the card has fewer VFs than ${options.vms}`);
        const emulator = await createPc(files, { memory: options.memory }, false);
        emulators.push(emulator);
        const guest = new LinuxGuest(emulator);
        const vm = createVm(emulator, hypervisor);
        vm.assign(vf);
        const attachment = attach(emulator, vm, { measure: () => performance.now() });
        guests.push({ vm, guest, attachment });
        await emulator.restore_state(new Uint8Array(state).buffer);
      }
      const made = new LinuxVms(hypervisor, drivers, guests);
      await made.run();
      await Promise.all(guests.map(({ guest }, place) => guest.collect(plugScript(place, options.vms), PLUG_SECONDS)));
      return made;
    } catch (error) {
      await stopAll(guests, emulators, machine);
      throw error;
    }
  }

  /**
   * Starts the guests where `save` stopped them, in this process or another one, with the options of then. Throws
   * ArgumentError or FormatError for a state of other ones, GuestError for one of another v86.
   */
  static async restore(files: GuestFiles, options: VmsOptions, state: VmsState): Promise<LinuxVms> {
    checkVersion(state);
    const machine = await Machine.create({ cards: [options.card] });
    const guests: VmGuest[] = [];
    const emulators: Record<string, Emulator> = {};
    try {
      options.wire?.(machine);
      const hypervisor = new Hypervisor(machine);
      for (const { name, emulator } of state.guests) {
        const made = await createPc(files, { memory: options.memory }, false);
        emulators[name] = made;
        await made.restore_state(new Uint8Array(emulator).buffer);
      }
      for (const vm of restoreVms(hypervisor, state.hypervisor, emulators)) {
        const emulator = emulators[vm.name] as Emulator;
        const guest = new LinuxGuest(emulator);
        guests.push({ vm, guest, attachment: attach(emulator, vm, { measure: () => performance.now() }) });
      }
      for (const [place, { attachment }] of guests.entries()) {
        attachment.restore((state.guests[place] as VmsState["guests"][number]).attachment);
      }
      const administrator = new Guest(hypervisor.administrator.platform);
      const drivers = state.drivers.map((saved, port) => {
        const driver = new IgbPfDriver(administrator, saved.device, driverOptions(port, saved.vfs));
        driver.restore(saved.state);
        return driver;
      });
      const made = new LinuxVms(hypervisor, drivers, guests);
      await made.run();
      return made;
    } catch (error) {
      await stopAll(guests, Object.values(emulators), machine);
      throw error;
    }
  }

  /** Stops the guests where they are. The state of everything; `run` lets them go on. */
  async save(): Promise<VmsState> {
    for (const { guest } of this.guests) await guest.emulator.stop();
    const guests: VmsState["guests"][number][] = [];
    for (const { vm, guest, attachment } of this.guests) {
      const emulator = new Uint8Array(await guest.emulator.save_state());
      guests.push({ name: vm.name, emulator, attachment: attachment.save() });
    }
    const drivers = this.drivers.map((driver) => ({
      device: driver.device,
      vfs: driver.vfs.length,
      state: driver.save(),
    }));
    return { version: findEmulator().version, hypervisor: this.hypervisor.save(), drivers, guests };
  }

  /** Lets the guests run. */
  async run(): Promise<void> {
    for (const { guest } of this.guests) await guest.emulator.run();
  }

  async stop(): Promise<void> {
    await stopAll(this.guests, [], this.hypervisor.machine);
  }
}

/** Brings the PFs up with the VFs that `vms` guests need. */
function driveCard(hypervisor: Hypervisor, vms: number): IgbPfDriver[] {
  const administrator = new Guest(hypervisor.administrator.platform);
  const ports = hypervisor.machine.ports.length;
  return administrator
    .probe()
    .filter(isIgbPf)
    .map((found, port) => {
      const count = Math.ceil((vms - port) / ports);
      const driver = new IgbPfDriver(administrator, found, driverOptions(port, count));
      if (!driver.up()) throw new GuestError(`port ${port} does not come up`);
      return driver;
    });
}

function driverOptions(port: number, vfs: number): IgbPfOptions {
  return { vfs, vfMac: (vf) => macOf(port, vf) };
}

/** The guest finds its VF, and is told which it is: the console's shell by another one in its place. */
function plugScript(place: number, vms: number): string {
  return `
    hostname vm${place + 1}
    echo 'export ${vmVariables(place + 1, vms)}' >${ENVIRONMENT}
    shell=$(cat ${CONSOLE_SHELL})
    kill -HUP $shell
    until [ "$(cat ${CONSOLE_SHELL})" != $shell ]; do sleep 0.01; done
    echo 1 >/sys/bus/pci/rescan`;
}

/** Ends what was made: guests, the `emulators` that are no guest's yet, the machine. */
async function stopAll(guests: readonly VmGuest[], emulators: readonly Emulator[], machine: Machine): Promise<void> {
  for (const { guest, attachment } of guests) {
    await guest.stop();
    attachment.detach();
  }
  for (const emulator of emulators) {
    if (guests.every(({ guest }) => guest.emulator !== emulator)) await emulator.destroy();
  }
  machine.dispose();
}
