import { afterEach, describe, expect, test } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import { attach } from "../../../host/embed/v86/attach.ts";
import { createMachine } from "../../../host/embed/v86/create-machine.ts";
import { Machine } from "../../../host/machine/machine.ts";
import { type TestEmulator, testEmulator } from "./emulator.ts";

const open: TestEmulator[] = [];
const emulated = async (options?: Parameters<typeof testEmulator>[0]): Promise<TestEmulator> => {
  const made = await testEmulator(options);
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const one of open.splice(0)) await one.destroy();
});

/** A configuration read as the guest's code makes it, by ports. */
function configRead({ cpu }: TestEmulator, bus: number, device: number, fn: number, offset: number): number {
  cpu.io.port_write32(0xcf8, 0x8000_0000 | (bus << 16) | (device << 11) | (fn << 8) | (offset & 0xfc) | 0);
  return cpu.io.port_read32(0xcfc) >>> 0;
}

function configWrite({ cpu }: TestEmulator, device: number, offset: number, value: number): void {
  cpu.io.port_write32(0xcf8, 0x8000_0000 | (device << 11) | offset | 0);
  cpu.io.port_write32(0xcfc, value | 0);
}

const ecamRead = ({ cpu }: TestEmulator, address: number): number =>
  (cpu.memory_map_read32[address >>> 17] as (address: number) => number)(address | 0) >>> 0;

describe("PCI Local Bus 3.0 §3.2.2.3.2, PCIe 6.0 §7.2.2: configuration space", () => {
  test("the emulator's devices answer as before, our root port in a slot that it leaves free, the card behind it", async () => {
    const guest = await emulated();
    const before = [0, 1, 5, 7, 0x12, 0x1e].map((device) => configRead(guest, 0, device, 0, 0));
    expect(configRead(guest, 0, 0x1c, 0, 0)).toBe(0xffff_ffff);
    const machine = await createMachine(guest.emulator, { cards: [{ ports: 2 }] });
    attach(guest.emulator, machine);
    expect([0, 1, 5, 7, 0x12, 0x1e].map((device) => configRead(guest, 0, device, 0, 0))).toEqual(before);
    expect(before[0]).toBe(0x1237_8086);
    expect(configRead(guest, 0, 0x1c, 0, 0)).toBe(0x340a_8086);
    expect(configRead(guest, 1, 0, 0, 0)).toBe(0xffff_ffff);
    configWrite(guest, 0x1c, 0x18, 0x0003_0300);
    expect(configRead(guest, 3, 0, 0, 0)).toBe(0x1521_8086);
    expect(configRead(guest, 3, 0, 1, 0)).toBe(0x1521_8086);
    expect(configRead(guest, 3, 0, 2, 0)).toBe(0xffff_ffff);
    machine.dispose();
  });

  test("in memory there are 4096 bytes of ours, 256 of the emulator's, and nothing beyond the last bus", async () => {
    const guest = await emulated();
    const machine = await createMachine(guest.emulator);
    attach(guest.emulator, machine, { ecam: { base: 0xa000_0000, buses: 4 } });
    configWrite(guest, 0x1c, 0x18, 0x0003_0300);
    expect(ecamRead(guest, 0xa000_0000)).toBe(0x1237_8086);
    expect(ecamRead(guest, 0xa000_0100)).toBe(0xffff_ffff);
    expect(ecamRead(guest, 0xa000_0000 + (0x1c << 15))).toBe(0x340a_8086);
    // AER of the I350's port at 100h, SR-IOV at 160h.
    expect(ecamRead(guest, 0xa030_0100) & 0xffff).toBe(0x0001);
    expect(ecamRead(guest, 0xa030_0160) & 0xffff).toBe(0x0010);
    expect(ecamRead(guest, 0xa040_0000)).toBe(0xffff_ffff);
    machine.dispose();
  });
});

describe("detach", () => {
  test("gives back every access, handler and file", async () => {
    const guest = await emulated();
    const { cpu } = guest;
    const accesses = (): unknown[] => [
      cpu.io.port_read8,
      cpu.io.port_write32,
      cpu.main_loop,
      cpu.run_hardware_timers,
      cpu.reboot_internal,
      ...cpu.memory_map_read8,
      ...cpu.memory_map_write32,
      ...cpu.option_roms,
    ];
    const before = accesses();
    const machine = await createMachine(guest.emulator);
    const attachment = attach(guest.emulator, machine, { iommu: true });
    expect(cpu.option_roms.map(({ name }) => name)).toEqual([
      "acpi/iovirt-mcfg",
      "acpi/iovirt-ecam",
      "acpi/iovirt-dmar",
    ]);
    attachment.detach();
    attachment.detach();
    const after = accesses();
    expect(after.length).toBe(before.length);
    expect(after.findIndex((one, place) => one !== before[place])).toBe(-1);
    expect(machine.map.regions()).toEqual([]);
    attach(guest.emulator, machine).detach();
    machine.dispose();
  });
});

describe("what cannot be attached is refused by name, and leaves the emulator as it was", () => {
  test("no emulator, one that is not loaded, one without ACPI, one that lacks something", async () => {
    await expect(createMachine({} as never)).rejects.toThrow(/emulator "is_running" is missing/);
    const half = { is_running: () => false, v86: {} };
    await expect(createMachine(half)).rejects.toThrow('emulator "v86.cpu" is missing: wait for emulator-loaded');
    const { emulator } = await emulated({ acpi: false });
    await expect(createMachine(emulator)).rejects.toThrow(/emulator "acpi" is off/);
    const { emulator: other, cpu } = await emulated();
    const machine = await createMachine(other);
    (cpu as { stop_idling: unknown }).stop_idling = 1;
    expect(() => attach(other, machine)).toThrow(/emulator "v86.cpu.stop_idling" is missing; v86 0\.5\.\d+ has it/);
    machine.dispose();
  });

  test("a root port where the emulator has a device; a machine with an address map; windows in RAM", async () => {
    const guest = await emulated({ network: "ne2k" });
    const { emulator, cpu } = guest;
    const taken = await Machine.create({ cards: [{}], board: { hostBridge: null, slots: [5] } });
    const timers = cpu.run_hardware_timers;
    expect(() => attach(emulator, taken)).toThrow('machine "00:05.0" is a slot where the emulator has a device');
    const whole = await Machine.create({});
    expect(() => attach(emulator, whole)).toThrow(ArgumentError);
    const machine = await createMachine(emulator);
    expect(() => attach(emulator, machine, { ecam: { base: 0x40_0000 } })).toThrow(/^base 0x400000 .* is no place/);
    expect(() => attach(emulator, machine, { ecam: { buses: 1 } })).toThrow("buses 1 is not in 2–256");
    expect(() => attach(emulator, machine, { ecma: {} } as never)).toThrow('options "ecma" is not an option');
    expect(cpu.run_hardware_timers).toBe(timers);
    expect(machine.map.regions()).toEqual([]);
    for (const one of [taken, whole, machine]) one.dispose();
  });

  test("an emulator or a machine that is attached already, a flag that is none, arguments in the wrong order", async () => {
    const [{ emulator }, other] = [await emulated(), await emulated()];
    const machine = await createMachine(emulator);
    expect(() => attach(emulator, machine, { iommu: "x" } as never)).toThrow('iommu "x" is neither true nor false');
    expect(() => attach(machine as never, emulator as never)).toThrow('emulator "is_running" is missing');
    const attachment = attach(emulator, machine);
    expect(() => attach(emulator, machine)).toThrow('emulator "v86.cpu" has an attachment already');
    expect(() => attach(other.emulator, machine)).toThrow(/in its address map already: it is attached/);
    attachment.detach();
    attach(other.emulator, machine).detach();
    attach(emulator, machine).detach();
    machine.dispose();
  });

  test("an emulator that was destroyed, attached or not", async () => {
    const { emulator } = await emulated();
    const machine = await createMachine(emulator);
    const attachment = attach(emulator, machine);
    await emulator.destroy();
    attachment.detach();
    expect(() => attach(emulator, machine)).toThrow(ArgumentError);
    expect(() => attach(emulator, machine)).toThrow('emulator "destroy" was called: make another one');
    await expect(createMachine(emulator)).rejects.toThrow('emulator "destroy" was called: make another one');
    expect(machine.map.regions()).toEqual([]);
    const { emulator: other } = await emulated();
    attach(other, machine).detach();
    machine.dispose();
  });

  test("states that are none, and anything once it is detached", async () => {
    const { emulator } = await emulated();
    const machine = await createMachine(emulator);
    const attachment = attach(emulator, machine);
    const state = attachment.save();
    for (const none of [{}, machine.save()]) {
      expect(() => attachment.restore(none as never)).toThrow("state Object is none that an attachment saved");
    }
    attachment.restore(state);
    attachment.detach();
    expect(() => attachment.save()).toThrow(/^attachment .* is detached$/);
    expect(() => attachment.restore(state)).toThrow(/^attachment .* is detached$/);
    attachment.wake();
    machine.dispose();
  });
});

describe("dispose", () => {
  test("of the machine while it is attached: the guest runs on without it", async () => {
    const guest = await emulated();
    const { emulator, cpu } = guest;
    const { main_loop, run_hardware_timers } = cpu;
    const machine = await createMachine(emulator);
    const attachment = attach(emulator, machine);
    machine.dispose();
    expect(cpu.main_loop()).toBeGreaterThanOrEqual(0);
    expect([cpu.main_loop, cpu.run_hardware_timers]).toEqual([main_loop, run_hardware_timers]);
    expect(configRead(guest, 0, 0x1c, 0, 0)).toBe(0xffff_ffff);
    expect(attachment.counters.turns).toBe(0);
    attachment.detach();
  });
});
