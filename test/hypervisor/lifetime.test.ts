// VMs, functions and requester IDs come and go; what is taken away stays away.
import { describe, expect, it } from "vitest";
import { DEVCTL, DEVCTL_INITIATE_FLR_LO } from "../../assembly/spec/pci/express.ts";
import { CAP_EXPRESS, EXT_CAP_SRIOV } from "../../assembly/spec/pci/ids.ts";
import {
  SRIOV_CTL,
  SRIOV_CTL_ARI_CAPABLE_LO,
  SRIOV_CTL_VF_ENABLE_LO,
  SRIOV_CTL_VF_MSE_LO,
  SRIOV_VF_BAR0,
} from "../../assembly/spec/pci/sriov.ts";
import { FAULT_CONTEXT_NOT_PRESENT } from "../../assembly/spec/vtd/fault-reason.ts";
import { type Gpa, gpa, type RequesterId } from "../../host/core/address.ts";
import { ArgumentError, RegionError } from "../../host/core/errors.ts";
import { decodeSnapshot } from "../../host/core/snapshot.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../host/embed/in-process/pf-driver.ts";
import { Hypervisor } from "../../host/hypervisor/hypervisor.ts";
import type { IommuCapabilities } from "../../host/machine/iommu-capabilities.ts";
import { Machine } from "../../host/machine/machine.ts";
import { findCapability, findExtendedCapability } from "../../host/pci/capability.ts";
import { boot, build, MIB } from "./fixture.ts";

const VF_ENABLE = 1 << SRIOV_CTL_VF_ENABLE_LO;
const VF_MSE = 1 << SRIOV_CTL_VF_MSE_LO;
const ARI = 1 << SRIOV_CTL_ARI_CAPABLE_LO;

describe("functions that move or vanish", () => {
  it("a VF whose requester ID changes is nobody's: the old ID reaches no RAM, neither then nor when it is given anew", async () => {
    const { hypervisor, machine, vfs, pf } = await build(2);
    const first = hypervisor.createVm({ ram: 2 * MIB });
    hypervisor.assign(first, vfs[0] as RequesterId);
    boot(first);
    const control = (findExtendedCapability(machine.ports[0]?.pf.config as never, EXT_CAP_SRIOV) as number) + SRIOV_CTL;
    const write = (value: number) => machine.root.configWrite(pf.device.requesterId, control, 2, value);
    write(0);
    expect(first.assigned).toEqual([]);
    expect(new Guest(first.platform).probe()).toHaveLength(1);
    write(ARI);
    write(ARI | VF_ENABLE | VF_MSE);
    expect(machine.ports[0]?.sriov.vfs[0]?.requesterId).not.toBe(vfs[0]);
    hypervisor.destroyVm(first);
    hypervisor.createVm({ ram: 2 * MIB });
    const bytes = new Uint8Array(16);
    expect(machine.iommu.dma.read(vfs[0] as RequesterId, 0x1000, 0, bytes)).toBe(false);
    expect(hypervisor.faults()).toMatchObject([{ requesterId: vfs[0], reason: FAULT_CONTEXT_NOT_PRESENT }]);
  });

  it("PCIe 6.0 §9.2.2.3: an FLR of the PF takes its VFs from their VMs, and the machine can still be saved", async () => {
    const { hypervisor, machine, vfs, pf } = await build(2);
    const vm = hypervisor.createVm({ ram: 2 * MIB });
    const assigned = hypervisor.assign(vm, vfs[1] as RequesterId);
    const express = findCapability(machine.ports[0]?.pf.config as never, CAP_EXPRESS) as number;
    machine.root.configWrite(pf.device.requesterId, express + DEVCTL, 2, 1 << DEVCTL_INITIATE_FLR_LO);
    expect(vm.assigned).toEqual([]);
    expect(() => hypervisor.revoke(assigned)).toThrow(/"02:10.4" is not assigned/);
    const twin = new Hypervisor(await Machine.create({ ram: 8 * MIB }), { administratorRam: 2 * MIB });
    twin.restore(hypervisor.save());
    expect(twin.vms.map((one) => one.name)).toEqual(["vm1"]);
  });

  it("VF BARs that the administrator moves: the VM's registers are the same VF's, at their new place", async () => {
    const { hypervisor, machine, vfs, pf } = await build(2);
    const vms = vfs.map((vf) => {
      const vm = hypervisor.createVm({ ram: 2 * MIB });
      hypervisor.assign(vm, vf);
      return { vm, ...boot(vm) };
    });
    const bar = (findExtendedCapability(machine.ports[0]?.pf.config as never, EXT_CAP_SRIOV) as number) + SRIOV_VF_BAR0;
    const low = machine.root.configRead(pf.device.requesterId, bar, 4) & ~15;
    machine.root.configWrite(pf.device.requesterId, bar, 4, low + 0x4000);
    // One VF further on: the second VM's registers lie where nothing of the first VM is.
    const tail = vms.map(({ vm, driver }) => {
      const base = driver.device.bars[0]?.address as number;
      vm.platform.mmioWrite((base + 0x3818) as Gpa, 4, 7 + vms.findIndex((one) => one.vm === vm));
      return base;
    });
    const read = vms.map(({ vm }, place) => vm.platform.mmioRead(((tail[place] as number) + 0x3818) as Gpa, 4));
    expect(read).toEqual([7, 8]);
  });
});

describe("assigning a PF", () => {
  it("is refused while its VFs exist, and nothing happens to them", async () => {
    const { hypervisor, machine, pf } = await build(2);
    const vm = hypervisor.createVm({ ram: 4 * MIB });
    expect(() => hypervisor.assign(vm, pf.device.requesterId)).toThrow(/requesterId "01:00.0" has VFs/);
    expect(machine.ports[0]?.sriov.vfs).toHaveLength(2);
    expect(machine.ports[0]?.pf.memorySpaceEnabled).toBe(true);
  });

  it("ties its DMA to the VM, and gives it back to the administrator afterwards", async () => {
    const { hypervisor, machine } = await build(0);
    const id = machine.ports[0]?.pf.requesterId as RequesterId;
    const bytes = new Uint8Array(4);
    expect(machine.iommu.dma.read(id, 0x40, 0, bytes)).toBe(true);
    const vm = hypervisor.createVm({ ram: 8 * MIB });
    vm.platform.ram.write32(gpa(0x40), 0x0bad_cafe);
    const assigned = hypervisor.assign(vm, id);
    expect(machine.iommu.dma.read(id, 0x40, 0, bytes)).toBe(true);
    expect(new DataView(bytes.buffer).getUint32(0, true)).toBe(0x0bad_cafe);
    const guest = new Guest(vm.platform);
    const found = guest.probe().find(isIgbPf);
    expect(found).toMatchObject({ vendorId: 0x8086, deviceId: 0x1521 });
    expect(found?.capabilities.some((one) => one.extended && one.id === EXT_CAP_SRIOV)).toBe(false);
    expect(new IgbPfDriver(guest, found as never).up()).toBe(true);
    hypervisor.revoke(assigned);
    hypervisor.administrator.platform.ram.write32(gpa(0x40), 0x600d_beef);
    expect(machine.iommu.dma.read(id, 0x40, 0, bytes)).toBe(true);
    expect(new DataView(bytes.buffer).getUint32(0, true)).toBe(0x600d_beef);
  });
});

describe("VMs that come and go", () => {
  it("leave nothing behind: their numbers, pages and addresses serve again, any number of times", async () => {
    const { hypervisor, machine, vfs } = await build(1);
    const regions = machine.map.regions().length;
    let pages: unknown;
    for (let cycle = 0; cycle < 260; cycle++) {
      const vm = hypervisor.createVm({ ram: 64 * 1024 });
      hypervisor.assign(vm, vfs[0] as RequesterId);
      hypervisor.destroyVm(vm);
      const { domains } = hypervisor.save();
      pages ??= domains;
      if (cycle % 80 === 79) expect(domains).toEqual(pages);
    }
    expect(machine.map.regions()).toHaveLength(regions);
  });

  it("a VM that cannot be created leaves nothing behind", async () => {
    const hypervisor = new Hypervisor(await Machine.create({ ram: 256 * 1024 }), { administratorRam: MIB });
    const before = JSON.stringify(hypervisor.save().domains);
    const regions = hypervisor.machine.map.regions().length;
    let made = 0;
    expect(() => {
      for (;;) {
        hypervisor.createVm({ ram: 4096 });
        made++;
      }
    }).toThrow(/bytes 0x1000 .*does not fit: 0 pages/);
    expect(made).toBeGreaterThan(5);
    for (const vm of hypervisor.vms) hypervisor.destroyVm(vm);
    expect(JSON.stringify(hypervisor.save().domains)).toBe(before);
    expect(hypervisor.machine.map.regions()).toHaveLength(regions);
    expect(() => hypervisor.createVm({ ram: 3 * 2 ** 40 })).toThrow(ArgumentError);
    expect(hypervisor.machine.map.regions()).toHaveLength(regions);
  });

  it.each([
    undefined,
    {},
    { ram: null },
    { ram: "1" },
    { ram: 0 },
    { ram: { size: 4095, buffer: new ArrayBuffer(1) } },
  ])("createVm(%j) is an ArgumentError", async (options) => {
    const { hypervisor } = await build(0);
    expect(() => hypervisor.createVm(options as never)).toThrow(ArgumentError);
    expect(hypervisor.vms).toEqual([]);
  });

  it("RAM of the embedder is asked for again when a snapshot is restored, in its size", async () => {
    const { hypervisor } = await build(1);
    hypervisor.createVm({ name: "outside", ram: { size: 2 * MIB, buffer: new ArrayBuffer(2 * MIB) } });
    const state = hypervisor.save();
    const twin = new Hypervisor(await Machine.create({ ram: 8 * MIB }), { administratorRam: 2 * MIB });
    expect(() => twin.restore(state)).toThrow(/external "outside" is missing/);
    const small = { size: 4096, buffer: new ArrayBuffer(4096) };
    expect(() => twin.restore(state, { outside: small })).toThrow(/external 0x1000 .*is not the size/);
    expect(twin.vms).toEqual([]);
    twin.restore(state, { outside: { size: 2 * MIB, buffer: new ArrayBuffer(2 * MIB) } });
    expect(twin.vms.map((vm) => vm.name)).toEqual(["outside"]);
  });
});

describe("an embedder's mistakes", () => {
  it("a second hypervisor on a machine is refused, and the first one goes on", async () => {
    const { hypervisor, machine } = await build(0);
    expect(() => new Hypervisor(machine)).toThrow(/has a hypervisor already/);
    expect(() => new Hypervisor({} as never)).toThrow(ArgumentError);
    expect(hypervisor.createVm({ ram: 4096 }).name).toBe("vm1");
  });

  it.each([0, 3, 8, -1, Number.POSITIVE_INFINITY, 1.5])("an access of width %d is an ArgumentError", async (width) => {
    const { hypervisor, administrator } = await build(0);
    for (const platform of [hypervisor.createVm({ ram: 4096 }).platform, administrator.platform]) {
      expect(() => platform.configRead(0 as RequesterId, 0, width as never)).toThrow(/^width /);
      expect(() => platform.configWrite(0 as RequesterId, 4, width as never, 0)).toThrow(/^width /);
      expect(() => platform.mmioRead(0xc000_0000 as Gpa, width as never)).toThrow(/^width /);
      expect(() => platform.mmioWrite(0xc000_0000 as Gpa, width as never, 0)).toThrow(/^width /);
    }
  });

  it("what is no VM, no assigned function and no snapshot is an ArgumentError", async () => {
    const { hypervisor, vfs } = await build(1);
    expect(() => hypervisor.assign({} as never, vfs[0] as RequesterId)).toThrow(/^vm .*is no Vm/);
    expect(() => hypervisor.destroyVm(undefined as never)).toThrow(/^vm undefined is no Vm/);
    expect(() => hypervisor.revoke({} as never)).toThrow(/^assigned .*is no AssignedFunction/);
    expect(() => decodeSnapshot("x" as never)).toThrow(/^bytes "x" is no Uint8Array/);
  });

  it("drain without a function is an ArgumentError, and no frame is lost", async () => {
    const { machine, pf } = await build(1);
    expect(pf.send([new Uint8Array(60).fill(0xff, 0, 6)])).toBe(1);
    machine.run(10_000);
    const uplink = machine.ports[0]?.uplink;
    expect(() => uplink?.drain(undefined as never)).toThrow(/^receive undefined is not a function/);
    expect(uplink?.drain(() => undefined)).toBe(1);
  });

  it("an address for a VF that is none is an ArgumentError", async () => {
    const { pf } = await build(1);
    expect(() => pf.server?.setMac(0, Uint8Array.of(2, 4))).toThrow(/^mac 2 bytes are no MAC address/);
    expect(() => pf.server?.setMac(0, "02:00" as never)).toThrow(ArgumentError);
  });

  it.each([0, 15, 255, 300, -1, 16.5])("vector %d is an ArgumentError", async (vector) => {
    const { platform } = (await build(0)).administrator;
    expect(() => platform.messageFor(vector, 8 as RequesterId)).toThrow(/^vector /);
    expect(() => platform.onInterrupt(vector, () => undefined)).toThrow(/^vector /);
  });
});

describe("RAM in a WebAssembly memory of the embedder", () => {
  it("is followed when that memory grows; an ArrayBuffer that is detached is a typed error", async () => {
    const { hypervisor, vfs } = await build(2);
    const memory = new WebAssembly.Memory({ initial: 40, maximum: 80 });
    const vm = hypervisor.createVm({ name: "grows", ram: { size: 2 * MIB, buffer: memory, byteOffset: 65536 } });
    hypervisor.assign(vm, vfs[0] as RequesterId);
    const { driver } = boot(vm);
    memory.grow(1);
    vm.platform.ram.write32(gpa(0x40), 0x2468_ace0);
    expect(new DataView(memory.buffer).getUint32(65536 + 0x40, true)).toBe(0x2468_ace0);
    const left: number[] = [];
    const frame = new Uint8Array(60).fill(0xff, 0, 6);
    frame.set(driver.mac, 6);
    expect(driver.send([frame])).toBe(1);
    hypervisor.run(100_000);
    hypervisor.machine.ports[0]?.uplink.drain((frame) => left.push(frame.length));
    expect(left).toEqual([60]);

    const bare = new WebAssembly.Memory({ initial: 32, maximum: 64 });
    const other = hypervisor.createVm({ name: "breaks", ram: { size: 2 * MIB, buffer: bare.buffer } });
    bare.grow(1);
    expect(() => other.platform.ram.read32(gpa(0))).toThrow(/buffer 0 bytes are left: it was detached/);
  });
});

describe("the IOMMU's capabilities", () => {
  const works: [string, Partial<IommuCapabilities>][] = [
    ["three levels only", { addressWidths: [39] }],
    ["five levels only", { addressWidths: [57] }],
    ["4 KiB pages only", { largestPage: "4K" }],
    ["2 MiB pages at most", { largestPage: "2M" }],
    ["32-bit host addresses", { hostAddressWidth: 32, guestAddressWidth: 39, addressWidths: [39] }],
    ["caching mode", { cachingMode: true }],
    ["8-bit domain-ids", { domainIdWidth: 8 }],
  ];
  it.each(works)(
    "are heeded: with %s a VM's function works, and a stray DMA before that changes nothing",
    async (_, iommu) => {
      const { hypervisor, machine, vfs } = await build(2, { iommu });
      expect(machine.iommu.dma.read(vfs[0] as RequesterId, 0x2000, 0, new Uint8Array(4))).toBe(false);
      const vm = hypervisor.createVm({ ram: 2 * MIB });
      hypervisor.assign(vm, vfs[0] as RequesterId);
      expect(boot(vm).driver.linkUp).toBe(true);
      vm.platform.ram.write32(gpa(0x2000), 0x1357_9bdf);
      const bytes = new Uint8Array(4);
      expect(machine.iommu.dma.read(vfs[0] as RequesterId, 0x2000, 0, bytes)).toBe(true);
      expect([...bytes]).toEqual([0xdf, 0x9b, 0x57, 0x13]);
      expect(machine.iommu.dma.read(vfs[0] as RequesterId, 2 * MIB, 0, bytes)).toBe(false);
    },
  );

  it("VT-d §11.4.2 ND: no more VMs than domain-ids", async () => {
    const { hypervisor } = await build(0, { iommu: { domainIdWidth: 4 } });
    for (let count = 0; count < 14; count++) hypervisor.createVm({ ram: 4096 });
    expect(() => hypervisor.createVm({ ram: 4096 })).toThrow(/vms .*are more than the machine has domains for/);
  });

  it.each([
    [
      { iommu: { queuedInvalidation: false, interruptRemapping: false, extendedInterruptMode: false } },
      {},
      /queuedInvalidation/,
    ],
    [{ iommu: { interruptRemapping: false, extendedInterruptMode: false } }, {}, /interruptRemapping/],
    [{}, { levels: 6 }, /levels 6/],
    [{}, { levels: 2 }, /levels 2/],
    [{ iommu: { addressWidths: [39] as const } }, { levels: 4 }, /levels 4/],
  ])("refuses %j with %j", async (machine, options, message) => {
    const made = await Machine.create({ ram: MIB, ...(machine as object) });
    expect(() => new Hypervisor(made, options as never)).toThrow(message);
  });
});

describe("RAM that fails while a device uses it", () => {
  it("a buffer that was detached is refused to the device, and named when the machine has run", async () => {
    const { hypervisor, vfs } = await build(2);
    const bare = new WebAssembly.Memory({ initial: 32, maximum: 64 });
    const victim = hypervisor.createVm({ name: "victim", ram: { size: 2 * MIB, buffer: bare.buffer } });
    const sender = hypervisor.createVm({ name: "sender", ram: 2 * MIB });
    hypervisor.assign(victim, vfs[0] as RequesterId);
    hypervisor.assign(sender, vfs[1] as RequesterId);
    const receiver = boot(victim);
    const { driver } = boot(sender);
    bare.grow(1);
    const frame = new Uint8Array(60);
    frame.set(receiver.driver.mac, 0);
    frame.set(driver.mac, 6);
    driver.send([frame, frame]);
    expect(() => hypervisor.machine.run(100_000)).toThrow(RegionError);
    expect(() => hypervisor.machine.run(100_000)).not.toThrow();
  });
});
