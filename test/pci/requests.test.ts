import { describe, expect, test } from "vitest";
import type { Hpa, RequesterId } from "../../host/core/address.ts";
import { enumerate, type PciFunction } from "../../host/pci/index.ts";
import { AER, EXPRESS, Memory, PM, SRIOV } from "./support/device.ts";
import { Machine, WINDOWS } from "./support/machine.ts";

const BRIDGE_CONTROL = 0x3e;
const SECONDARY_STATUS = 0x1e;

describe("memory and I/O requests", () => {
  test("PCIe §7.5.1.3 a request passes where each bridge's window is open and its space enabled", () => {
    const machine = Machine.running();
    const { memory, pf } = machine.left[0] as (typeof machine.left)[0];
    const base = pf.decodedRanges()[0]?.base as number;
    memory.bytes.set([0x11, 0x22, 0x33, 0x44], 0x1_2344);
    expect(machine.memory(base + 0x1_2344)).toBe(0x4433_2211);
    machine.write(0x00e0, 4, 2, 0x5);
    expect(machine.memory(base + 0x1_2344)).toBe(0xffff_ffff);
    machine.write(0x00e0, 4, 2, 0x7);
    machine.write(0x00e0, 0x20, 4, 0xc000_fff0);
    expect(machine.memory(base + 0x1_2344)).toBe(0xffff_ffff);
  });

  test("unaligned accesses arrive in naturally aligned pieces; what crosses the end is all-ones there", () => {
    const machine = Machine.running();
    const { memory, pf } = machine.left[0] as (typeof machine.left)[0];
    const base = pf.decodedRanges()[0]?.base as number;
    memory.log.length = 0;
    machine.root.memoryWrite((base + 0x101) as Hpa, 4, 0xaabb_ccdd);
    expect(memory.log).toEqual(["w1@101", "w1@102", "w1@103", "w1@104"]);
    expect([...memory.bytes.subarray(0x100, 0x106)]).toEqual([0, 0xdd, 0xcc, 0xbb, 0xaa, 0]);
    machine.root.memoryWrite((base + 0x202) as Hpa, 4, 0x1234_5678);
    expect(memory.log.slice(4)).toEqual(["w2@202", "w2@204"]);
    const tail = machine.tail0.decodedRanges()[0]?.base as number;
    expect(machine.memory(tail + 0xffe) >>> 16).toBe(0xffff);
  });

  test("PCIe §7.5.1.2.1 I/O BARs through I/O windows, moved while decoding", () => {
    const machine = Machine.running();
    const base = machine.tail3.decodedRanges().find((range) => range.space === "io")?.base as number;
    machine.root.ioWrite(base + 6, 2, 0xbeef);
    expect(machine.tailIo.bytes[7]).toBe(0xbe);
    machine.write(machine.tail3.requesterId, 0x10, 4, base + 0x40);
    expect(machine.root.ioRead(base + 0x46, 2)).toBe(0xbeef);
    expect(machine.root.ioRead(base + 6, 2)).toBe(0xffff);
  });

  test("PCIe §7.5.1.2.1 a bridge's own BAR moves too, and answers outside its windows", () => {
    const machine = new Machine();
    const registers = new Memory(0x1000);
    registers.bytes[4] = 0x77;
    machine.portA.addBar({ index: 0, kind: "memory32", size: 0x1000, handler: registers });
    enumerate(machine.root, WINDOWS);
    const base = machine.portA.decodedRanges()[0]?.base as number;
    expect(machine.memory(base + 4)).toBe(0x77);
    machine.write(machine.portA.requesterId, 0x10, 4, 0xcf00_0000);
    expect(machine.memory(0xcf00_0004)).toBe(0x77);
    expect(machine.memory(base + 4)).toBe(0xffff_ffff);
  });

  test("PCIe §7.5.1.3.13 ISA Enable: below 64 KiB only the first 256 bytes of each KiB go down", () => {
    const machine = Machine.running();
    const id = machine.tail3.requesterId;
    const { base } = machine.down2.ioWindows()[0] as { base: number };
    machine.write(id, 0x10, 4, base + 0x400);
    machine.root.ioWrite(base + 0x400, 4, 0x1357_9bdf);
    machine.write(machine.down2.requesterId, BRIDGE_CONTROL, 2, 4);
    expect(machine.root.ioRead(base + 0x400, 4)).toBe(0x1357_9bdf);
    machine.write(id, 0x10, 4, base + 0x500);
    expect(machine.root.ioRead(base + 0x500, 4)).toBe(0xffff_ffff);
    machine.write(machine.down2.requesterId, BRIDGE_CONTROL, 2, 0);
    expect(machine.root.ioRead(base + 0x500, 4)).toBe(0x1357_9bdf);
  });

  test("PCIe §2.3.1 an unclaimed request: every function of the device below the link logs Unsupported Request", () => {
    const machine = Machine.running();
    const { memory } = { memory: machine.down2.memoryWindows()[0] as { base: number; end: number } };
    const hole = memory.end - 4;
    machine.write(machine.tail0.requesterId, EXPRESS + 8, 2, 0x280f);
    machine.root.memoryWrite((hole + 2) as Hpa, 2, 0xdead);
    for (const fn of [machine.tail0, machine.tail3]) {
      expect(fn.configRead(EXPRESS + 10, 2)).toBe(0x000a);
      expect(fn.configRead(AER + 4, 4)).toBe(0x0010_0000);
      expect([0, 4, 8, 12].map((i) => fn.configRead(AER + 28 + i, 4))).toEqual([0x4000_0001, 0xc, hole, 0]);
    }
    expect(machine.memory(hole)).toBe(0xffff_ffff);
    expect(machine.portB.configRead(SECONDARY_STATUS, 2) & 0x2000).toBe(0x2000);
    expect(machine.left[0]?.pf.configRead(AER + 4, 4)).toBe(0);
    machine.memory(0xf000_0000);
    expect(machine.read(0, 6, 2) & 0x2000).toBe(0x2000);
  });

  test("PCIe §6.2.4.1 the error message reaches the root port through the switch, if SERR# forwarding is on", () => {
    const machine = Machine.running();
    const hole = (machine.down2.memoryWindows()[0] as { end: number }).end - 4;
    machine.write(machine.tail3.requesterId, EXPRESS + 8, 2, 0x280f);
    machine.root.memoryWrite(hole as Hpa, 4, 1);
    expect(machine.portB.configRead(AER + 0x30, 4) & 0x7f).toBe(0);
    for (const bridge of [machine.portB, machine.upstream, machine.down2]) {
      machine.write(bridge.requesterId, BRIDGE_CONTROL, 2, 2);
    }
    machine.write(machine.tail3.requesterId, AER + 4, 4, 0xffff_ffff);
    machine.root.memoryWrite(hole as Hpa, 4, 1);
    expect(machine.portB.configRead(AER + 0x30, 4) & 0x7f).toBe(0x24);
    expect(machine.portB.configRead(AER + 0x34, 4) >>> 16).toBe(machine.tail3.requesterId);
  });
});

describe("what goes up", () => {
  test("PCIe §7.5.1.1.3 bus mastering of every bridge above gates DMA and interrupts", () => {
    const machine = Machine.running();
    const fn = machine.tail0;
    machine.write(fn.requesterId, 4, 2, 6);
    expect(fn.requestsReachRoot()).toBe(true);
    for (const bridge of [machine.portB, machine.upstream, machine.down2]) {
      machine.write(bridge.requesterId, 4, 2, 3);
      expect(fn.sendMessage(0xfee0_0000, 0, 7), bridge.name).toBe(false);
      machine.write(bridge.requesterId, 4, 2, 7);
    }
    expect(fn.sendMessage(0xfee0_0000, 3, 7)).toBe(true);
    expect(machine.messages).toEqual([{ requesterId: fn.requesterId, addressLo: 0xfee0_0000, addressHi: 3, data: 7 }]);
  });

  test("PCIe §6.12.1.1 ACS Source Validation: a requester that is not below the port is an ACS violation", () => {
    const machine = Machine.running();
    const fn = machine.left[0]?.pf as PciFunction;
    machine.write(fn.requesterId, 4, 2, 6);
    machine.write(machine.portA.requesterId, 0x150 + 6, 2, 1);
    expect(fn.requestsReachRoot()).toBe(true);
    fn.capture(0x7700 as RequesterId);
    expect(fn.requestsReachRoot()).toBe(false);
    expect(machine.portA.configRead(AER + 4, 4)).toBe(0x0020_0000);
    machine.write(machine.portA.requesterId, 0x150 + 6, 2, 0);
    expect(fn.requestsReachRoot()).toBe(true);
  });
});

describe("virtual functions behind ports", () => {
  test("PCIe §9.2.1.2 with ARI on the PF's bus, without it on the next bus, which the port covers", () => {
    for (const ari of [true, false]) {
      const machine = Machine.running(ari);
      for (const { pf, sriov } of machine.left) {
        machine.enableVfs(pf);
        const first = (pf.requesterId + (ari ? 128 : 384)) & 0xffff;
        expect(sriov.vfs[0]?.requesterId).toBe(first);
        const last = sriov.vfs[7] as PciFunction;
        expect(last.requesterId >>> 8).toBe(ari ? 1 : 2);
        expect(machine.read(last.requesterId, 0)).toBe(0xffff_ffff);
        expect(machine.read(last.requesterId, 8)).toBe(0x0200_0001);
        machine.write(last.requesterId, 4, 2, 4);
        expect(last.busMasterEnabled).toBe(true);
        const base = last.decodedRanges()[0]?.base as number;
        expect(base).toBeGreaterThanOrEqual(0x40_0000_0000);
        expect(machine.memory(base, 1)).toBe(7);
      }
      machine.write(machine.left[0]?.pf.requesterId as number, SRIOV + 8, 2, 0);
      expect(machine.read(0x0200 | 0x80, 8)).toBe(0xffff_ffff);
    }
  });

  test("PCIe §9.6 a PF in D3hot takes its VFs' memory and DMA with it", () => {
    const machine = Machine.running();
    const { pf, sriov } = machine.plain;
    machine.enableVfs(pf, 3);
    const vf = sriov.vfs[2] as PciFunction;
    machine.write(vf.requesterId, 4, 2, 4);
    expect(vf.requestsReachRoot()).toBe(true);
    machine.write(pf.requesterId, PM + 4, 2, 3);
    expect(vf.requestsReachRoot()).toBe(false);
    expect(vf.decodedRanges()).toEqual([]);
  });
});
