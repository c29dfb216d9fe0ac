import { describe, expect, it } from "vitest";
import { COMMAND, VENDOR_ID } from "../../assembly/spec/pci/header.ts";
import { EXT_CAP_ARI, EXT_CAP_SRIOV } from "../../assembly/spec/pci/ids.ts";
import { FAULT_ROOT_NOT_PRESENT } from "../../assembly/spec/vtd/fault-reason.ts";
import { type Gpa, gpa, type Hpa, type RequesterId } from "../../host/core/address.ts";
import { TaggedFrame } from "../../host/embed/in-process/frame.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../host/embed/in-process/pf-driver.ts";
import { Hypervisor } from "../../host/hypervisor/hypervisor.ts";
import { Machine } from "../../host/machine/machine.ts";
import { boot, build, MIB, macOf } from "./fixture.ts";

const VF_COMMAND = (1 << 8) | 0;

describe("assigning a function to a VM", () => {
  it("PCIe 6.0 §9.3.4.1.1: a VF whose IDs read FFFFh is shown as 8086:1520, without what reaches beyond it", async () => {
    const { hypervisor, machine, vfs } = await build(2);
    const vm = hypervisor.createVm({ ram: 2 * MIB });
    hypervisor.assign(vm, vfs[1] as RequesterId);
    expect(machine.root.configRead(vfs[1] as RequesterId, VENDOR_ID, 4)).toBe(0xffff_ffff);
    const [bridge, vf, ...more] = new Guest(vm.platform).probe();
    expect(more).toEqual([]);
    expect(bridge).toMatchObject({ requesterId: 0, classCode: 0x06_0000 });
    expect(vf).toMatchObject({ vendorId: 0x8086, deviceId: 0x1520, classCode: 0x02_0000, requesterId: 0x0008 });
    const extended = vf?.capabilities.filter((one) => one.extended).map((one) => one.id) ?? [];
    expect(extended).not.toContain(EXT_CAP_SRIOV);
    expect(extended).not.toContain(EXT_CAP_ARI);
    expect(vf?.bars.map((bar) => [bar.index, bar.size])).toEqual([
      [0, 0x4000],
      [3, 0x4000],
    ]);
  });

  it("the VM's register writes are really done: bus mastering of the real VF follows the VM's", async () => {
    const { hypervisor, machine, vfs } = await build(1);
    const vm = hypervisor.createVm({ ram: 2 * MIB });
    const { physical, device } = hypervisor.assign(vm, vfs[0] as RequesterId);
    expect(physical.busMasterEnabled).toBe(false);
    vm.platform.configWrite((device << 3) as RequesterId, COMMAND, 2, 0x0006);
    expect(physical.busMasterEnabled).toBe(true);
    vm.platform.configWrite((device << 3) as RequesterId, COMMAND, 2, 0x0002);
    expect(physical.busMasterEnabled).toBe(false);
    expect(machine.root.configRead((VF_COMMAND | 0) as RequesterId, COMMAND, 2) & 4).toBe(4);
  });

  it("BARs that the guest moves still lead to the real registers, and no longer from where they were", async () => {
    const { hypervisor, vfs } = await build(1);
    const vm = hypervisor.createVm({ ram: 2 * MIB });
    hypervisor.assign(vm, vfs[0] as RequesterId);
    const { driver } = boot(vm);
    const bar = driver.device.bars[0]?.address as number;
    const status = vm.platform.mmioRead((bar + 8) as Gpa, 4);
    vm.platform.configWrite(driver.device.requesterId, 0x10, 4, 0xd123_4000);
    expect(vm.platform.mmioRead(0xd123_4008 as Gpa, 4)).toBe(status);
    expect(vm.platform.mmioRead((bar + 8) as Gpa, 4)).toBe(0xffff_ffff);
  });

  it("PCIe 6.0 §6.6.2: a guest's FLR resets the real VF and takes its interrupts back", async () => {
    const { hypervisor, vfs } = await build(1);
    const vm = hypervisor.createVm({ ram: 2 * MIB });
    const assigned = hypervisor.assign(vm, vfs[0] as RequesterId);
    const { driver } = boot(vm);
    expect(assigned.interruptHandles).toHaveLength(3);
    const express = driver.device.capabilities.find((one) => !one.extended && one.id === 0x10)?.offset as number;
    vm.platform.configWrite(driver.device.requesterId, express + 8, 2, 0x8000);
    expect(assigned.interruptHandles).toEqual([]);
    expect(assigned.physical.busMasterEnabled).toBe(false);
    // Firmware's BAR is gone with the reset; the guest restores its configuration space, as Linux does.
    for (const { index, address } of driver.device.bars) {
      vm.platform.configWrite(driver.device.requesterId, 0x10 + 4 * index, 4, address);
    }
    expect(driver.up()).toBe(true);
  });

  it("names what it was given instead of a hypervisor's state", async () => {
    const { hypervisor, machine } = await build(2);
    expect(() => hypervisor.restore(machine.save() as never)).toThrow(
      /^snapshot: is no hypervisor's: a state with shape/,
    );
  });

  it("refuses what is absent, a bridge, or another VM's, and names it; nothing stays half assigned", async () => {
    const { hypervisor, vfs } = await build(2);
    const one = hypervisor.createVm({ name: "one", ram: 2 * MIB });
    const two = hypervisor.createVm({ name: "two", ram: 2 * MIB });
    hypervisor.assign(one, vfs[0] as RequesterId);
    expect(() => hypervisor.assign(two, vfs[0] as RequesterId)).toThrow(/"02:10.0" is assigned to one/);
    expect(() => hypervisor.assign(two, 0x4321 as RequesterId)).toThrow(/"43:04.1" is not on this machine/);
    expect(() => hypervisor.assign(two, 0x0008 as RequesterId)).toThrow(/"00:01.0" is a bridge/);
    expect(() => hypervisor.createVm({ name: "two", ram: MIB })).toThrow(/name "two" is another VM's/);
    expect(() => hypervisor.createVm({ name: "administrator", ram: MIB })).toThrow(/is the administrator's/);
    expect(() => hypervisor.createVm({ ram: 5000 })).toThrow(/ram 0x1388 \(5000\) is not a multiple of 4 KiB/);
    expect(two.assigned).toEqual([]);
    expect(new Guest(two.platform).probe()).toHaveLength(1);
  });
});

describe("the administrator", () => {
  it.each([[1], [4], [4, 4]])("has RAM enough for a driver of each port of cards with %j", async (...ports) => {
    const cards = ports.map((count) => ({ ports: count }));
    const hypervisor = new Hypervisor(await Machine.create({ ram: 8 * MIB, cards }));
    const administrator = new Guest(hypervisor.administrator.platform);
    const drivers = administrator.probe().filter(isIgbPf);
    expect(drivers).toHaveLength(hypervisor.machine.ports.length);
    for (const found of drivers) expect(new IgbPfDriver(administrator, found, { vfs: 7 }).up()).toBe(true);
  });
});

describe("keeping VMs apart", () => {
  it("a frame crosses between RAM inside the wasm, an ArrayBuffer and an embedder's functions, unchanged", async () => {
    const { hypervisor, vfs } = await build(3);
    const kept = new Uint8Array(2 * MIB);
    const rams = [
      2 * MIB,
      { size: 2 * MIB, buffer: new ArrayBuffer(2 * MIB + 4096), byteOffset: 4096 },
      {
        size: 2 * MIB,
        read: (offset: number, target: Uint8Array) => target.set(kept.subarray(offset, offset + target.length)),
        write: (offset: number, source: Uint8Array) => kept.set(source, offset),
      },
    ];
    const arrived: { at: number; frame: Uint8Array }[] = [];
    const guests = rams.map((ram, at) => {
      const vm = hypervisor.createVm({ ram });
      hypervisor.assign(vm, vfs[at] as RequesterId);
      return boot(vm, (frame) => arrived.push({ at, frame: frame.slice() }));
    });
    const sent: { at: number; frame: Uint8Array }[] = [];
    for (const [from, { driver }] of guests.entries()) {
      for (let to = 0; to < guests.length; to++) {
        if (to === from) continue;
        for (const length of [60, 61, 1514]) {
          const options = { destination: macOf(to), source: macOf(from), from, to, length };
          const frame = new TaggedFrame(options).stamp(from * 7 + to).slice();
          expect(driver.send([frame])).toBe(1);
          sent.push({ at: to, frame });
        }
      }
    }
    hypervisor.run(100_000);
    const key = ({ at, frame }: { at: number; frame: Uint8Array }): string =>
      `${at} ${Buffer.from(frame).toString("hex")}`;
    expect(arrived.map(key).sort()).toEqual(sent.map(key).sort());
    expect(kept.some((byte) => byte !== 0)).toBe(true);
  });

  it("after a VM is destroyed its RAM is gone from the map, and another VM may have its place and its function", async () => {
    const { hypervisor, machine, vfs } = await build(1);
    const first = hypervisor.createVm({ ram: 2 * MIB });
    hypervisor.assign(first, vfs[0] as RequesterId);
    boot(first);
    const { base } = first.domain.ram;
    first.platform.ram.write32(gpa(0x100), 0x1234_5678);
    hypervisor.destroyVm(first);
    expect(machine.map.read((base + 0x100) as Hpa, 4)).toBe(0xffff_ffff);
    expect(() => hypervisor.destroyVm(first)).toThrow(/vm "vm1" is not of this hypervisor/);
    const second = hypervisor.createVm({ ram: 2 * MIB });
    expect(second.domain.ram.base).toBe(base);
    expect(second.platform.ram.read32(gpa(0x100))).toBe(0);
    hypervisor.assign(second, vfs[0] as RequesterId);
    expect(boot(second).driver.linkUp).toBe(true);
  });

  it("VT-d §7.3: the hypervisor reads each fault once, oldest first, and frees its register", async () => {
    const { hypervisor, machine, vfs } = await build(2);
    const bytes = new Uint8Array(4);
    for (const requester of [0x0a21, vfs[0] as number]) {
      expect(machine.iommu.dma.read(requester as RequesterId, 0x5000, 0, bytes)).toBe(false);
    }
    const faults = hypervisor.faults();
    expect(faults.map((fault) => fault.requesterId)).toEqual([0x0a21, vfs[0]]);
    expect(faults[1]).toMatchObject({ reason: FAULT_ROOT_NOT_PRESENT, access: "read", addressLo: 0x5000 });
    expect(hypervisor.faults()).toEqual([]);
  });
});
