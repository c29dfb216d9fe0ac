import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RequesterId } from "../../../host/core/address.ts";
import { ArgumentError } from "../../../host/core/errors.ts";
import type { MmioHandler } from "../../../host/core/ports.ts";
import { decodeSnapshot, encodeSnapshot } from "../../../host/core/snapshot.ts";
import { Guest } from "../../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../../host/embed/in-process/pf-driver.ts";
import type { FoundFunction } from "../../../host/embed/in-process/probe.ts";
import { IgbVfDriver, isIgbVf } from "../../../host/embed/in-process/vf-driver.ts";
import { attach } from "../../../host/embed/v86/attach.ts";
import { createVm, type GuestVm, restoreVms } from "../../../host/embed/v86/guest-vm.ts";
import { Hypervisor, type HypervisorState } from "../../../host/hypervisor/hypervisor.ts";
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

/** A card whose PF is the administrator's, with VFs. */
async function host(vfs = 2): Promise<{ hypervisor: Hypervisor; ids: RequesterId[] }> {
  const hypervisor = new Hypervisor(await Machine.create());
  const administrator = new Guest(hypervisor.administrator.platform);
  const [found] = administrator.probe().filter(isIgbPf);
  const driver = new IgbPfDriver(administrator, found as never, { vfs });
  expect(driver.up()).toBe(true);
  return { hypervisor, ids: driver.vfs.map(({ requesterId }) => requesterId) };
}

function configRead({ cpu }: TestEmulator, device: number, offset: number): number {
  cpu.io.port_write32(0xcf8, 0x8000_0000 | (device << 11) | offset | 0);
  return cpu.io.port_read32(0xcfc) >>> 0;
}

/** VF registers, as the I350's data sheet has them. */
const TDBAL = 0x3800;
const TDT = 0x3818;

describe("emulators' guests as VMs of one hypervisor", () => {
  let one: TestEmulator;
  let other: TestEmulator;
  let hypervisor: Hypervisor;
  let ids: RequesterId[];
  beforeEach(async () => {
    one = await emulated();
    other = await emulated();
    ({ hypervisor, ids } = await host());
  });
  afterEach(() => hypervisor.machine.dispose());

  test("each finds its VF, as an I350 VF, in a slot that the emulator leaves free, and the emulator's own devices", () => {
    const guests = [one, other].map(({ emulator }) => createVm(emulator, hypervisor));
    expect(guests.map(({ name }) => name)).toEqual(["vm1", "vm2"]);
    const devices = guests.map((guest, place) => guest.assign(ids[place] as RequesterId).device);
    for (const [place, emulator] of [one, other].entries()) {
      attach(emulator.emulator, guests[place] as (typeof guests)[0]);
      expect(configRead(emulator, 0, 0)).toBe(0x1237_8086);
      expect(configRead(emulator, devices[place] as number, 0)).toBe(0x1520_8086);
    }
  });

  test("rings lie in the guest's RAM; an address beyond it faults with the requester ID, and the other's RAM is as it was", () => {
    const [first, second] = [one, other].map(({ emulator }) => createVm(emulator, hypervisor)) as [GuestVm, GuestVm];
    for (const [place, guest] of [first, second].entries()) guest.assign(ids[place] as RequesterId);
    const software = new Guest(first.vm.platform);
    const device = software.probe().find(isIgbVf) as FoundFunction;
    const driver = new IgbVfDriver(software, device, { mac: Uint8Array.of(2, 0, 0, 0, 0, 0x57) });
    expect(driver.up()).toBe(true);
    hypervisor.faults();
    const registers = first.vm.assigned[0]?.virtual.bars[0]?.handler as MmioHandler;
    const ring = registers.read(TDBAL, 4);
    const tail = registers.read(TDT, 4);
    const ram = new DataView(one.cpu.mem8.buffer, one.cpu.mem8.byteOffset, first.ram.size);
    const send = (slot: number, address: number): void => {
      const at = ring + slot * 16;
      ram.setUint32(at, address, true);
      ram.setUint32(at + 4, 0, true);
      // Advanced data descriptor, end of packet, insert FCS: 60 bytes.
      ram.setUint32(at + 8, 0x2330_0000 | 60, true);
      ram.setUint32(at + 12, 60 << 14, true);
      registers.write(TDT, 4, slot + 1);
      hypervisor.run(1000);
    };
    const frame = new Uint8Array(60).fill(0xff, 0, 6);
    frame.set(driver.mac, 6);
    one.cpu.mem8.set(frame, 0x10_0000);
    send(tail, 0x10_0000);
    expect(hypervisor.faults()).toEqual([]);
    expect(hypervisor.machine.ports[0]?.uplink.take()).toEqual(frame);
    // The RAM is 8 MiB: what lies behind it on the machine is the other guest's.
    expect(second.vm.domain.region.base - first.vm.domain.region.base).toBe(first.ram.size);
    send(tail + 1, first.ram.size);
    expect(hypervisor.faults().map(({ requesterId, addressLo }) => [requesterId, addressLo])).toEqual([
      [ids[0], first.ram.size],
    ]);
    expect(hypervisor.machine.ports[0]?.uplink.take()).toBeUndefined();
    expect(second.ram).toMatchObject({ bytesWritten: 0 });
  });

  test("an interrupt of a function reaches its guest's APIC by the hypervisor's tables, and wakes nobody else", () => {
    const guests = [one, other].map(({ emulator }) => createVm(emulator, hypervisor));
    guests.map((guest, place) => guest.assign(ids[place] as RequesterId));
    const [first, second] = guests as [(typeof guests)[0], (typeof guests)[0]];
    const got: [number, number][] = [];
    for (const [place, guest] of guests.entries()) {
      guest.board((place === 0 ? one : other).cpu).connect(({ vector }) => got.push([place, vector]));
    }
    const { virtual } = second.vm.assigned[0] as (typeof second.vm.assigned)[0];
    const table = 0xe100_0000;
    virtual.configWrite(0x1c, 4, table);
    virtual.configWrite(0x04, 2, 0x0006);
    const [capability] = [0x70].filter((at) => virtual.configRead(at, 1) === 0x11);
    expect(capability).toBe(0x70);
    second.vm.root.memoryWrite(table as never, 4, 0xfee0_0000);
    second.vm.root.memoryWrite((table + 4) as never, 4, 0);
    second.vm.root.memoryWrite((table + 8) as never, 4, 0x45);
    second.vm.root.memoryWrite((table + 12) as never, 4, 0);
    virtual.configWrite(0x72, 2, 0x8000);
    const { physical } = second.vm.assigned[0] as (typeof second.vm.assigned)[0];
    const [handle] = (second.vm.assigned[0] as (typeof second.vm.assigned)[0]).interruptHandles as [number];
    const { addressLo, addressHi, data } = hypervisor.remapping.message(handle);
    physical.sendMessage(addressLo, addressHi, data);
    hypervisor.run(1000);
    expect(got).toEqual([[1, 0x45]]);
    // The neighbour's function must not use that entry.
    first.vm.assigned[0]?.virtual.configWrite(0x04, 2, 0x0006);
    (first.vm.assigned[0] as (typeof first.vm.assigned)[0]).physical.sendMessage(addressLo, addressHi, data);
    hypervisor.run(1000);
    expect(got).toHaveLength(1);
    expect(hypervisor.faults()).toHaveLength(1);
  });

  test("a VM is attached once, to its own emulator", () => {
    const guest = createVm(one.emulator, hypervisor, { name: "west" });
    guest.assign(ids[0] as RequesterId);
    expect(() => attach(other.emulator, guest)).toThrow(/^vm "west" was made for another emulator/);
    const attachment = attach(one.emulator, guest);
    expect(() => attach(one.emulator, guest)).toThrow(ArgumentError);
    attachment.detach();
    attach(one.emulator, guest);
    expect(() => createVm(one.emulator, {} as never)).toThrow(/^hypervisor /);
    expect(() => hypervisor.assign(guest.vm, ids[1] as RequesterId, { device: 32 })).toThrow(
      /^device 0x20 \(32\) is no/,
    );
  });

  test("an emulator is one VM's; what is none of what is asked for is refused by name", () => {
    const guest = createVm(one.emulator, hypervisor, { name: "west" });
    expect(() => createVm(one.emulator, hypervisor)).toThrow(/^emulator "west" is the VM that its guest is already/);
    for (const options of [5, null, { foo: 1 }, { name: "" }]) {
      expect(() => createVm(other.emulator, hypervisor, options as never)).toThrow(ArgumentError);
    }
    for (const none of ["x", undefined, -1, 0x1_0000]) {
      expect(() => guest.assign(none as never)).toThrow(`requesterId ${none === "x" ? '"x"' : ""}`);
      expect(() => guest.assign(none as never)).toThrow(/is not a number of 16 bits/);
    }
    expect(hypervisor.vms).toHaveLength(1);
    hypervisor.destroyVm(guest.vm);
    const state = hypervisor.save();
    for (const emulators of [null, 5, { west: null }]) {
      expect(() => restoreVms(hypervisor, state, emulators as never)).toThrow(ArgumentError);
    }
    expect(createVm(one.emulator, hypervisor).name).toBe("vm1");
    createVm(other.emulator, hypervisor);
  });

  test("all have one time: what they stood still together passes once, and who alone stood still is with the others again", () => {
    for (const { emulator } of [one, other]) attach(emulator, createVm(emulator, hypervisor));
    const { clock } = hypervisor.machine;
    const start = clock.nowNs;
    // As the emulators' loops call it, with the time of their clocks in milliseconds. Gives the machine's.
    const look = ({ cpu }: TestEmulator, now: number): number => {
      cpu.run_hardware_timers(1, now);
      return (clock.nowNs - start) / 1e6;
    };
    expect([look(one, 1000), look(other, 1001)]).toEqual([0, 0]);
    expect([look(one, 1002), look(other, 1004)]).toEqual([2, 3]);
    // Both for 9000 s, of which a second counts.
    expect([look(one, 9_001_002), look(other, 9_001_004)]).toEqual([1002, 1003]);
    expect([look(one, 9_001_007), look(other, 9_001_008)]).toEqual([1007, 1007]);
    // One of them for 5 s, while the other one goes on.
    for (let now = 9_001_500; now <= 9_006_000; now += 500) look(other, now);
    const going = (clock.nowNs - start) / 1e6;
    expect([look(one, 9_006_001), look(one, 9_006_003), look(other, 9_006_005)]).toEqual([going, going + 2, going + 5]);
  });

  test("a restored hypervisor's VMs have the emulators' RAM again, and the same slots", async () => {
    const guests = [one, other].map(({ emulator }) => createVm(emulator, hypervisor));
    const devices = guests.map((guest, place) => guest.assign(ids[place] as RequesterId).device);
    const state = decodeSnapshot<HypervisorState>(encodeSnapshot(hypervisor.save()));
    const twin = new Hypervisor(await Machine.create());
    expect(() => restoreVms(twin, state, { vm1: one.emulator })).toThrow(/vm2/);
    const again = restoreVms(twin, state, { vm1: one.emulator, vm2: other.emulator });
    expect(again.map(({ name }) => name)).toEqual(["vm1", "vm2"]);
    expect(again.flatMap(({ vm }) => vm.assigned.map(({ device }) => device))).toEqual(devices);
    attach(other.emulator, again[1] as (typeof again)[0]);
    expect(configRead(other, devices[1] as number, 0)).toBe(0x1520_8086);
    twin.machine.dispose();
  });
});
