import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import type { RequesterId } from "../../host/core/address.ts";
import { ArgumentError } from "../../host/core/errors.ts";
import { PciFunction } from "../../host/pci/index.ts";
import { device } from "./support/device.ts";
import { Machine } from "./support/machine.ts";

const BRIDGE_CONTROL = 0x3e;
const SECONDARY_STATUS = 0x1e;

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
    const machine = Machine.running();
    const bar = machine.left[0]?.pf.decodedRanges()[0]?.base as number;
    machine.write(0x00e0, 0xe0 + 4, 2, 3);
    expect(machine.read(0x00e0, 0)).not.toBe(0xffff_ffff);
    expect(machine.read(0x0100, 0)).toBe(0xffff_ffff);
    expect(machine.memory(bar)).toBe(0xffff_ffff);
    machine.write(0x00e0, 0xe0 + 4, 2, 0);
    expect(machine.read(0x0100, 0)).toBe(0x1521_8086);
  });

  test("PCI 3.0 §3.2.2.3.2 ports CF8h and CFCh: enable bit, bytes and words, other widths of CF8h are I/O", () => {
    const { root } = Machine.running();
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
    const machine = Machine.running();
    const control = 0x90 + 0x10;
    machine.write(0xe0, control, 2, 0x0030);
    expect(machine.read(0xe0, control, 2) & 0x20).toBe(0);
    expect(machine.read(0x0100, 0)).toBe(0xffff_ffff);
    machine.write(0xe0, control, 2, 0);
    expect(machine.read(0x0100, 0)).toBe(0x1521_8086);
  });

  test("PCIe §7.2.2 ECAM: bus 27:20, device 19:15, function 14:12, register 11:0", () => {
    const { root } = Machine.running();
    expect(root.ecam.read(0x000e_0000, 4)).toBe(root.configRead(0x00e0 as RequesterId, 0, 4));
    expect(root.ecam.read((0x01 << 20) | (1 << 12) | 0x100, 4)).toBe(root.configRead(0x0101 as RequesterId, 0x100, 4));
    root.ecam.write((0x01 << 20) | 0x3c, 1, 0x5a);
    expect(root.configRead(0x0100 as RequesterId, 0x3c, 2)).toBe(0x005a);
    expect(root.ecam.read(0x1000_0000, 2)).toBe(0xffff);
  });
});

describe("resets and removal", () => {
  test("PCIe §7.5.1.3.13 Secondary Bus Reset resets what is below and holds it away", () => {
    const machine = Machine.running();
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
    const machine = Machine.running();
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
    const machine = Machine.running();
    const fn = machine.tail3;
    machine.down2.detach(fn);
    expect(machine.read(fn.requesterId, 0)).toBe(0xffff_ffff);
    expect(machine.root.functions()).not.toContain(fn);
    expect(fn.requestsReachRoot()).toBe(false);
  });
});

describe("save and restore", () => {
  test("a restored topology routes and answers as the saved one, whatever came between", () => {
    const machine = Machine.running();
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
    const machine = Machine.running();
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
