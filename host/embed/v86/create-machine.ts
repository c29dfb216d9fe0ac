// Builds a machine whose root ports lie where a v86 emulator leaves slots free.
import { checkOptions } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import { Machine, type MachineOptions } from "../../machine/machine.ts";
import { EmulatorConfig } from "./config.ts";
import { cpuOf, type V86Emulator } from "./cpu.ts";

export type GuestMachineOptions = Pick<MachineOptions, "engine" | "cards" | "devices" | "iommu">;

/** As on a server's chipset: root ports from 1c on, then the others downwards. */
const FIRST_SLOT = 0x1c;

/**
 * A machine for `attach`: cards and devices as in other machines, each behind a root port, but no RAM: the guest's is
 * the emulator's. Default: one I350 with one port. Throws ArgumentError for an emulator that is none or not loaded, for
 * options that no machine could have, and when the emulator has not slots enough.
 */
export async function createMachine(emulator: V86Emulator, options: GuestMachineOptions = {}): Promise<Machine> {
  checkOptions("options", options, ["engine", "cards", "devices", "iommu"]);
  const cpu = cpuOf(emulator);
  const free = new EmulatorConfig(cpu.io).freeDevices();
  const slots = [...free.filter((slot) => slot >= FIRST_SLOT), ...free.filter((slot) => slot < FIRST_SLOT).reverse()];
  const { cards = [{}], devices = [] } = options;
  const wanted = (Array.isArray(cards) ? cards.length : 0) + (Array.isArray(devices) ? devices.length : 0);
  if (wanted > slots.length)
    throw new ArgumentError("cards", wanted, `are more than v86 has free slots (${slots.length})`);
  return Machine.create({ ...options, cards, board: { hostBridge: null, slots: slots.slice(0, wanted) } });
}
