import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import type { Hpa, RequesterId } from "../../host/core/address.ts";
import { ArgumentError } from "../../host/core/errors.ts";
import { enumerate, PciFunction } from "../../host/pci/index.ts";
import { AER, device, EXPRESS, Memory, PM, SRIOV } from "./support/device.ts";
import { Machine, WINDOWS } from "./support/machine.ts";

const BRIDGE_CONTROL = 0x3e;
const SECONDARY_STATUS = 0x1e;

function running(ari = true): Machine {
  const machine = new Machine();
  enumerate(machine.root, WINDOWS, { ari });
  return machine;
}

describe("attaching", () => {
  test("places that are none or taken are refused, naming the value", () => {
    const machine = new Machine();
    const fn = device();
    expect(() => machine.root.attach(fn, 32, 0)).toThrow(/device 0x20/);
    expect(() => machine.root.attach(fn, 0, 0)).toThrow(/taken/);
    expect(() => machine.root.attach(fn, 1, 8)).toThrow(/functionNumber 8/);
    expect(() => machine.portA.attach(fn, 1, 0)).toThrow(/only device of a link/);
    expect(() => machine.portA.attach(device({ virtual: true }), 0, 9)).toThrow(/virtual/);
    expect(() => machine.portA.attach(machine.tail0, 0, 9)).toThrow(/attached already/);
    expect(() => machine.portA.detach(fn)).toThrow(ArgumentError);
    machine.portA.attach(fn, 0, 0x2b);
    expect([...machine.portA.bus.functions.keys()]).toEqual([0, 1, 0x2b]);
  });
});

describe("configuration requests", () => {
  test("PCIe §7.3.3 a request goes where bus numbers lead, all-ones and Received Master Abort elsewhere", () => {
    const machine = new Machine();
    expect(machine.read(0x0100, 0)).toBe(0xffff_ffff);
    machine.write(0x00e0, 0x18, 4, 0x0009_0700);
    expect(machine.read(0x0700, 0)).toBe(0x1521_8086);
    expect(machine.read(0x0701, 2, 2)).toBe(0x1521);
    expect(machine.read(0x00e0, SECONDARY_STATUS, 2) & 0x2000).toBe(0);
    expect(machine.read(0x0702, 0, 1)).toBe(0xff);
    expect(machine.read(0x00e0, SECONDARY_STATUS, 2) & 0x2000).toBe(0x2000);
    machine.write(0x00e0, SECONDARY_STATUS, 2, 0x2000);
    expect(machine.read(0x0800, 0)).toBe(0xffff_ffff);
    expect(machine.read(0x00e0, SECONDARY_STATUS, 2) & 0x2000).toBe(0x2000);
  });

  test("PCIe §6.13 functions above 7 answer only with ARI Forwarding Enable", () => {
    const machine = new Machine();
    machine.portA.attach(device({ name: "high" }), 0, 0x2b);
    machine.write(0x00e0, 0x18, 4, 0x0003_0300);
    expect(machine.read(0x032b, 0)).toBe(0xffff_ffff);
    const express = 0x90;
    machine.write(0x00e0, express + 0x28, 2, 0x20);
    expect(machine.read(0x032b, 0)).toBe(0x1521_8086);
  });

  test("PCIe §2.2.6.2 a function captures its bus number from configuration writes", () => {
    const machine = new Machine();
    machine.write(0x00e0, 0x18, 4, 0x0003_0300);
    machine.read(0x0301, 0);
    expect(machine.left[1]?.pf.requesterId).toBe(0x0001);
    machine.write(0x0301, 0x3c, 1, 0);
    expect(machine.left[1]?.pf.requesterId).toBe(0x0301);
  });

  test("PCIe §5.3.1.4 a bridge in D3hot answers itself and forwards nothing", () => {
    const machine = running();
    const bar = machine.left[0]?.pf.decodedRanges()[0]?.base as number;
    machine.write(0x00e0, 0xe0 + 4, 2, 3);
    expect(machine.read(0x00e0, 0)).not.toBe(0xffff_ffff);
    expect(machine.read(0x0100, 0)).toBe(0xffff_ffff);
    expect(machine.memory(bar)).toBe(0xffff_ffff);
    machine.write(0x00e0, 0xe0 + 4, 2, 0);
    expect(machine.read(0x0100, 0)).toBe(0x1521_8086);
  });

  test("PCI 3.0 §3.2.2.3.2 ports CF8h and CFCh: enable bit, bytes and words, other widths of CF8h are I/O", () => {
    const { root } = running();
    root.ioWrite(0xcf8, 4, 0x8000_e003 | 0x18);
    expect(root.ioRead(0xcf8, 4)).toBe(0x8000_e018);
    expect(root.ioRead(0xcfc, 4) & 0xff_ffff).toBe(0x01_0100);
    expect(root.ioRead(0xcfd, 1)).toBe(0x01);
    root.ioWrite(0xcf8, 4, 0x8000_e004);
    root.ioWrite(0xcfe, 2, 0xffff);
    root.ioWrite(0xcfc, 1, 0x00);
    expect(root.configRead(0x00e0 as RequesterId, 4, 1)).toBe(0);
    root.ioWrite(0xcf8, 1, 0x00);
    expect(root.ioRead(0xcf8, 1)).toBe(0xff);
    expect(root.ioRead(0xcf8, 4)).toBe(0x8000_e004);
    root.ioWrite(0xcf8, 4, 0x0000_e000);
    expect(root.ioRead(0xcfc, 4)).toBe(0xffff_ffff);
    expect(root.configPorts.read(0xcfc, 4)).toBeUndefined();
  });

  test("PCIe §7.5.3.7 Link Disable takes what is below away, Retrain Link reads 0", () => {
    const machine = running();
    const control = 0x90 + 0x10;
    machine.write(0xe0, control, 2, 0x0030);
    expect(machine.read(0xe0, control, 2) & 0x20).toBe(0);
    expect(machine.read(0x0100, 0)).toBe(0xffff_ffff);
    machine.write(0xe0, control, 2, 0);
    expect(machine.read(0x0100, 0)).toBe(0x1521_8086);
  });

  test("PCIe §7.2.2 ECAM: bus 27:20, device 19:15, function 14:12, register 11:0", () => {
    const { root } = running();
    expect(root.ecam.read(0x000e_0000, 4)).toBe(root.configRead(0x00e0 as RequesterId, 0, 4));
    expect(root.ecam.read((0x01 << 20) | (1 << 12) | 0x100, 4)).toBe(root.configRead(0x0101 as RequesterId, 0x100, 4));
    root.ecam.write((0x01 << 20) | 0x3c, 1, 0x5a);
    expect(root.configRead(0x0100 as RequesterId, 0x3c, 2)).toBe(0x005a);
    expect(root.ecam.read(0x1000_0000, 2)).toBe(0xffff);
  });
});

describe("memory and I/O requests", () => {
  test("PCIe §7.5.1.3 a request passes where each bridge's window is open and its space enabled", () => {
    const machine = running();
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
    const machine = running();
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
    const machine = running();
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
    const machine = running();
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
    const machine = running();
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
    const machine = running();
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
    const machine = running();
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
    const machine = running();
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

describe("resets and removal", () => {
  test("PCIe §7.5.1.3.13 Secondary Bus Reset resets what is below and holds it away", () => {
    const machine = running();
    const kinds: string[] = [];
    machine.plain.pf.onReset((kind) => kinds.push(kind));
    machine.enableVfs(machine.plain.pf);
    machine.write(machine.portB.requesterId, BRIDGE_CONTROL, 2, 0x40);
    machine.write(machine.portB.requesterId, BRIDGE_CONTROL, 2, 0x40);
    expect(kinds).toEqual(["hot"]);
    expect(machine.plain.sriov.vfs).toEqual([]);
    expect(machine.upstream.secondaryBus).toBe(0);
    const bus = machine.portB.secondaryBus << 8;
    expect(machine.read(bus, 0)).toBe(0xffff_ffff);
    machine.write(machine.portB.requesterId, BRIDGE_CONTROL, 2, 0);
    expect(machine.read(bus, 0, 2)).toBe(0x10b5);
    expect(machine.plain.pf.requesterId).toBe(0);
  });

  test("PCIe §6.7.2.2 surprise removal: all-ones, nothing goes up, the port logs Surprise Down and shows it", () => {
    const machine = running();
    const fn = machine.tail0;
    const base = fn.decodedRanges()[0]?.base as number;
    machine.write(fn.requesterId, 4, 2, 6);
    machine.down2.linkDown();
    expect(machine.read(fn.requesterId, 0)).toBe(0xffff_ffff);
    expect(machine.memory(base)).toBe(0xffff_ffff);
    expect(fn.requestsReachRoot()).toBe(false);
    expect(machine.down2.configRead(0xfb4 + 4, 4)).toBe(0x0010_0020);
    expect(machine.down2.configRead(0x68 + 0x12, 2) & 0x2000).toBe(0);
    expect(machine.down2.configRead(0x68 + 0x1a, 2) & 0x48).toBe(0x08);
    machine.down2.linkTrained();
    expect(machine.read(machine.down2.secondaryBus << 8, 0)).toBe(0x1521_8086);
    expect(machine.tail0.busMasterEnabled).toBe(false);
  });

  test("a detached function answers nothing and sends nothing", () => {
    const machine = running();
    const fn = machine.tail3;
    machine.down2.detach(fn);
    expect(machine.read(fn.requesterId, 0)).toBe(0xffff_ffff);
    expect(machine.root.functions()).not.toContain(fn);
    expect(fn.requestsReachRoot()).toBe(false);
  });
});

describe("virtual functions behind ports", () => {
  test("PCIe §9.2.1.2 with ARI on the PF's bus, without it on the next bus, which the port covers", () => {
    for (const ari of [true, false]) {
      const machine = running(ari);
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
    const machine = running();
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

describe("save and restore", () => {
  test("a restored topology routes and answers as the saved one, whatever came between", () => {
    const machine = running();
    machine.enableVfs(machine.plain.pf, 5);
    const vf = machine.plain.sriov.vfs[4] as PciFunction;
    machine.write(vf.requesterId, 4, 2, 4);
    const base = vf.decodedRanges()[0]?.base as number;
    machine.root.ioWrite(0xcf8, 4, 0x8001_2344);
    const state = structuredClone(machine.root.save());
    const other = new Machine();
    for (const target of [machine, other]) {
      target.root.reset("cold");
      expect(target.memory(base, 1)).toBe(0xff);
      target.root.restore(state);
      expect(isDeepStrictEqual(target.root.save(), state)).toBe(true);
      expect(target.plain.sriov.vfs).toHaveLength(5);
      expect(target.memory(base, 1)).toBe(4);
      expect(target.plain.sriov.vfs[4]?.requestsReachRoot()).toBe(true);
      expect(target.root.ioRead(0xcf8, 4)).toBe(0x8001_2344);
    }
  });

  test("a snapshot of another topology is refused and changes nothing", () => {
    const machine = running();
    const before = machine.root.save();
    const other = new Machine();
    other.root.attach(new PciFunction("more", device().config), 5, 0);
    expect(() => machine.root.restore(other.root.save())).toThrow(/05\.0/);
    const wrong = structuredClone(new Machine().root.save());
    (wrong.functions["1d.0/00.0/01.0/00.3"] as { config: { bytes: Uint8Array } }).config.bytes = new Uint8Array(256);
    expect(() => machine.root.restore(wrong)).toThrow(ArgumentError);
    expect(isDeepStrictEqual(machine.root.save(), before)).toBe(true);
  });
});
