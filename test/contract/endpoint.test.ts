// What every function of every device owes to software, whatever it is: one suite, run for each of them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  COMMAND,
  COMMAND_BUS_MASTER_ENABLE_LO,
  COMMAND_MEMORY_SPACE_ENABLE_LO,
  VENDOR_ID,
} from "../../assembly/spec/pci/header.ts";
import type { RequesterId } from "../../host/core/address.ts";
import type { AccessWidth } from "../../host/core/ports.ts";
import { Edu } from "../../host/device/edu/edu.ts";
import type { EndpointPorts } from "../../host/device/endpoint.ts";
import { IommuTestdev } from "../../host/device/iommu-testdev/iommu-testdev.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../host/embed/in-process/pf-driver.ts";
import { Hypervisor } from "../../host/hypervisor/hypervisor.ts";
import { Machine } from "../../host/machine/machine.ts";
import { capabilities } from "../../host/pci/capability.ts";
import type { PciFunction } from "../../host/pci/function.ts";

const MSE = 1 << COMMAND_MEMORY_SPACE_ENABLE_LO;
const BME = 1 << COMMAND_BUS_MASTER_ENABLE_LO;
const BAR_REGISTERS = { first: 0x10, end: 0x28 };

/** A machine with every kind of function: cards with VFs, small devices, ports, a switch, and functions shown to a VM. */
async function build() {
  const machine = await Machine.create({
    ram: 4 * 2 ** 20,
    cards: [{ profile: "i350", slot: "switch" }, { profile: "82576" }],
    devices: [{ kind: "copy-engine" }],
  });
  const ports: EndpointPorts = {
    clock: machine.clock,
    dma: machine.iommu.dma,
    readMemory: (address, target) => machine.map.readBytes(address, target),
  };
  machine.plug(new Edu({ name: "edu" }, ports), { device: 20 });
  machine.plug(new IommuTestdev("iommu-testdev", ports), { device: 21 });
  const hypervisor = new Hypervisor(machine);
  const administrator = new Guest(hypervisor.administrator.platform);
  for (const device of administrator.probe().filter(isIgbPf)) {
    new IgbPfDriver(administrator, device, { vfs: 1, descriptors: 8 }).up();
  }
  const vm = hypervisor.createVm({ ram: 0x10_0000 });
  for (const { sriov } of machine.ports) hypervisor.assign(vm, sriov.vfs[0]?.requesterId as RequesterId);
  const shown = vm.assigned.map((assigned) => assigned.virtual);
  return { machine, functions: [...machine.root.functions(), ...shown] };
}

const names = (await build()).functions.map((fn) => fn.name);
const access = fc.record({
  offset: fc.oneof(fc.nat(0xff), fc.nat(0x1003)),
  width: fc.constantFrom<AccessWidth>(1, 2, 4),
  value: fc.integer({ min: 0, max: 0xffff_ffff }),
});

describe.each(names)("%s", (name) => {
  const find = async (): Promise<{ machine: Machine; fn: PciFunction }> => {
    const { machine, functions } = await build();
    return { machine, fn: functions.find((one) => one.name === name) as PciFunction };
  };

  it("PCIe 6.0 §7.5.1.1.11, §7.6.3: both capability lists end, and no capability lies in another", async () => {
    const { fn } = await find();
    const found = capabilities(fn.config);
    expect(new Set(found.map((one) => one.offset)).size).toBe(found.length);
    for (const { offset, extended } of found) {
      expect(offset % 4).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(extended ? 0x100 : 0x40);
    }
  });

  it("PCIe 6.0 §7.2: a read of any width gives the bytes of the aligned dwords that it touches", async () => {
    const { fn } = await find();
    const byte = (at: number): number =>
      at < fn.config.size ? (fn.configRead(at & ~3, 4) >>> (8 * (at & 3))) & 0xff : 0xff;
    fc.assert(
      fc.property(access, ({ offset, width }) => {
        let expected = 0;
        for (let at = width - 1; at >= 0; at--) expected = expected * 256 + byte(offset + at);
        expect(fn.configRead(offset, width)).toBe(expected);
      }),
    );
  });

  it("writes change no read-only bit, and a cold reset undoes them", async () => {
    const { machine, fn } = await find();
    machine.root.reset("cold");
    fn.reset("cold");
    const fresh = fn.config.bytes();
    const fixed = Uint8Array.from(fresh, (_, at) => ~fn.config.writableMask(at, 1) & 0xff);
    const identity = fn.config.get(VENDOR_ID, 4);
    fc.assert(
      fc.property(fc.array(access, { maxLength: 50 }), (accesses) => {
        for (const { offset, width, value } of accesses) {
          // Resets and link retraining are the subject elsewhere; here they would only hide what a write did.
          fn.configWrite(offset, width, value);
        }
        expect(fn.config.get(VENDOR_ID, 4)).toBe(identity);
        for (let at = 0; at < BAR_REGISTERS.end; at++) {
          if (at >= BAR_REGISTERS.first || at < COMMAND) {
            const kept = fixed[at] as number;
            expect((fn.config.get(at, 1) & kept) ^ ((fresh[at] as number) & kept), `byte ${at}`).toBe(0);
          }
        }
        fn.reset("cold");
        expect(Buffer.compare(fn.config.bytes(), fresh)).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it("PCIe 6.0 §7.5.1.1.3: without Memory Space Enable no memory is decoded, without Bus Master Enable nothing is sent", async () => {
    const { fn } = await find();
    const command = fn.config.get(COMMAND, 2);
    fn.configWrite(COMMAND, 2, command & ~(MSE | BME));
    if (!fn.virtual) expect(fn.decodedRanges().filter((range) => range.space === "memory")).toEqual([]);
    expect(fn.requestsReachRoot()).toBe(false);
    expect(fn.sendMessage(0xfee0_0000, 0, 0x41)).toBe(false);
  });

  it("is the same after save and restore, whatever was written between", async () => {
    const { fn } = await find();
    fc.assert(
      fc.property(fc.array(access, { maxLength: 20 }), (accesses) => {
        const state = fn.save();
        const before = fn.config.bytes();
        for (const { offset, width, value } of accesses) fn.configWrite(offset, width, value);
        fn.restore(state);
        expect(Buffer.compare(fn.config.bytes(), before)).toBe(0);
        expect(fn.save()).toEqual(state);
      }),
      { numRuns: 20 },
    );
  });
});
