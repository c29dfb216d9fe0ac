import { describe, expect, it } from "vitest";
import { hpa, type RequesterId } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { DisposedError } from "../../host/core/errors.ts";
import { encodeSnapshot } from "../../host/core/snapshot.ts";
import { Hypervisor } from "../../host/hypervisor/hypervisor.ts";
import { Machine } from "../../host/machine/machine.ts";

const SMALL = { ram: 0x4_0000 };

describe("Machine.dispose", () => {
  it("a thousand machines with VMs come and go on one engine, which does not grow", async () => {
    const engine = await Engine.create();
    let bytes = 0;
    for (let count = 0; count < 1000; count++) {
      const machine = await Machine.create({ engine, ...SMALL, cards: count % 8 === 0 ? [{ ports: 2 }] : [] });
      if (count % 8 === 0) {
        const hypervisor = new Hypervisor(machine, { administratorRam: 0x1_0000 });
        hypervisor.createVm({ ram: 0x1_0000 });
        hypervisor.createVm({ ram: { size: 4096, buffer: new ArrayBuffer(4096) } });
        hypervisor.run(1000);
      }
      machine.dispose();
      if (count === 0) bytes = engine.memory.buffer.byteLength;
      expect(engine.memory.buffer.byteLength).toBe(bytes);
    }
  });

  it("leaves another machine on the engine as it is, in what it has and in what it may get", async () => {
    const engine = await Engine.create();
    const doomed = await Machine.create({ engine, ...SMALL });
    const other = await Machine.create({ engine, ...SMALL });
    other.map.write(hpa(0x3000), 4, 0x1357_9bdf);
    const before = encodeSnapshot(other.save());
    doomed.dispose();
    const third = await Machine.create({ engine, ...SMALL });
    third.map.write(hpa(0x3000), 4, 0x2468_ace0);
    third.dispose();
    expect(Buffer.compare(encodeSnapshot(other.save()), before)).toBe(0);
    expect(other.map.read(hpa(0x3000), 4)).toBe(0x1357_9bdf);
    const fresh = await Machine.create({ engine, ...SMALL });
    expect(fresh.map.read(hpa(0x3000), 4)).toBe(0);
    other.run(1000);
  });

  it("keeps a caller's memory: RAM that it allocated itself stays", async () => {
    const engine = await Engine.create();
    const pointer = engine.allocate(8192, 4096);
    const machine = await Machine.create({ engine, ...SMALL });
    machine.map.addRam({ base: hpa(0x10_0000), size: 8192, pointer });
    machine.map.write(hpa(0x10_1000), 4, 0x1122_3344);
    machine.dispose();
    expect(engine.u32[(pointer + 0x1000) >>> 2]).toBe(0x1122_3344);
    engine.release(pointer, 8192);
  });

  it("afterwards everything that would reach the module or its memory throws DisposedError and says what it was", async () => {
    const machine = await Machine.create(SMALL);
    const hypervisor = new Hypervisor(machine, { administratorRam: 0x1_0000 });
    const vm = hypervisor.createVm({ ram: 0x1_0000 });
    const state = machine.save();
    machine.trace.listener = () => undefined;
    machine.dispose();
    machine.dispose();
    expect(machine.trace.listener).toBeUndefined();
    const bytes = new Uint8Array(8);
    const uses: [string, () => unknown][] = [
      ["run", () => machine.run(10)],
      ["save", () => machine.save()],
      ["restore", () => machine.restore(state)],
      ["a hypervisor's run", () => hypervisor.run()],
      ["a VM", () => hypervisor.createVm({ ram: 4096 })],
      ["a VM's RAM", () => vm.platform.ram.readBytes(0 as never, bytes)],
      ["the map", () => machine.map.read(hpa(0x1000), 4)],
      ["a region", () => machine.map.addRam({ base: hpa(0x10_0000), size: 4096 })],
      ["DMA", () => machine.iommu.dma.read(0x0208 as RequesterId, 0, 0, bytes)],
      ["a register", () => machine.iommu.mmio.read(0x1c, 4)],
      ["an interrupt", () => machine.interrupts.message(0x0208 as RequesterId, 0xfee0_0000, 0, 0x41)],
      ["the uplink", () => machine.ports[0]?.uplink.inject(new Uint8Array(60))],
    ];
    for (const [what, use] of uses) expect(use, what).toThrow(DisposedError);
    expect(() => machine.run()).toThrow("run: the machine is disposed");
    await expect(Machine.create({ engine: machine.engine })).rejects.toThrow(DisposedError);
  });
});
