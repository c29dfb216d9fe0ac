import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RequesterId } from "../../host/core/address.ts";
import { ArgumentError } from "../../host/core/errors.ts";
import {
  addCapability,
  type BarOptions,
  ConfigSpace,
  capabilities,
  MsixTable,
  PciFunction,
  type0Header,
  type1Header,
  virtualFunctionHeader,
} from "../../host/pci/index.ts";
import { Above, AER, device, EXPRESS, Memory, MSI, MSIX, PM } from "./support/device.ts";

const COMMAND = 0x04;

function attached(options: Parameters<typeof device>[0] = {}) {
  const fn = device(options);
  const above = new Above();
  fn.upstream = above;
  fn.capture(0x0305 as RequesterId);
  return { fn, above };
}

describe("base address registers", () => {
  test.each([
    ["memory32", 0x2_0000, undefined, [0xfffe_0000]],
    ["memory32", 16, true, [0xffff_fff8]],
    ["memory64", 0x4000, true, [0xffff_c00c, 0xffff_ffff]],
    ["memory64", 0x2_0000_0000, false, [0x0000_0004, 0xffff_fffe]],
    ["io", 32, undefined, [0xffff_ffe1]],
    ["io", 4, undefined, [0xffff_fffd]],
  ] as const)("PCIe §7.5.1.2.1 sizing a %s BAR of %d bytes by writing ones", (kind, size, prefetchable, expected) => {
    const { fn } = attached();
    fn.addBar({
      index: 2,
      kind,
      size,
      handler: new Memory(16),
      ...(prefetchable === undefined ? {} : { prefetchable }),
    });
    for (let i = 0; i < expected.length; i++) fn.configWrite(0x18 + 4 * i, 4, 0xffff_ffff);
    expect(expected.map((_, i) => fn.configRead(0x18 + 4 * i, 4))).toEqual(expected);
  });

  test("sizes and places that no hardware has are refused, naming the value", () => {
    const { fn } = attached();
    const handler = new Memory(16);
    for (const size of [0, 8, 24, 0x1_0000_0000, -16, 1.5, Number.NaN]) {
      expect(() => fn.addBar({ index: 0, kind: "memory32", size, handler })).toThrow(ArgumentError);
    }
    expect(() => fn.addBar({ index: 0, kind: "io", size: 512, handler })).toThrow(/512/);
    expect(() => fn.addBar({ index: 5, kind: "memory64", size: 16, handler })).toThrow(/index 5/);
    fn.addBar({ index: 1, kind: "memory64", size: 16, handler });
    expect(() => fn.addBar({ index: 2, kind: "io", size: 16, handler })).toThrow(/taken/);
    expect(fn.bars).toHaveLength(1);
    expect(fn.configRead(0x10, 4)).toBe(0);
  });

  test("PCIe §7.5.1.1.3 MSE and IOSE open the ranges, moving a BAR moves its range", () => {
    const { fn } = attached();
    fn.addBar({ index: 0, kind: "memory64", size: 0x2_0000, handler: new Memory(16) });
    fn.addBar({ index: 2, kind: "io", size: 32, handler: new Memory(16) });
    fn.configWrite(0x10, 4, 0x9abc_0000);
    fn.configWrite(0x14, 4, 0x0000_00e5);
    fn.configWrite(0x18, 4, 0xc0e0);
    const ranges = () => fn.decodedRanges().map(({ space, base, size }) => [space, base, size]);
    expect(ranges()).toEqual([]);
    fn.configWrite(COMMAND, 2, 0x2);
    expect(ranges()).toEqual([["memory", 0xe5_9abc_0000, 0x2_0000]]);
    fn.configWrite(COMMAND, 2, 0x1);
    expect(ranges()).toEqual([["io", 0xc0e0, 32]]);
    fn.configWrite(0x14, 4, 0x0010_0000);
    fn.configWrite(COMMAND, 2, 0x2);
    expect(ranges()).toEqual([]);
  });

  test("PCIe §7.5.1.2.4 an expansion ROM answers with its enable bit and MSE", () => {
    const { fn } = attached();
    fn.addRom(0x1_0000, new Memory(16));
    fn.configWrite(0x30, 4, 0xffff_ffff);
    expect(fn.configRead(0x30, 4)).toBe(0xffff_0001);
    fn.configWrite(0x30, 4, 0xfe52_0000);
    fn.configWrite(COMMAND, 2, 2);
    expect(fn.decodedRanges()).toHaveLength(0);
    fn.configWrite(0x30, 4, 0xfe52_0001);
    expect(fn.decodedRanges()).toMatchObject([{ base: 0xfe52_0000, size: 0x1_0000 }]);
  });
});

describe("gates and resets", () => {
  test("PCIe §7.5.1.1.3 BME 0: neither DMA nor messages leave", () => {
    const { fn, above } = attached();
    expect(fn.sendMessage(0xfee0_1000, 0, 0x41)).toBe(false);
    fn.configWrite(COMMAND, 2, 4);
    expect(fn.requestsReachRoot()).toBe(true);
    expect(fn.sendMessage(0xfee0_1000, 0x12, 0x41)).toBe(true);
    above.open = false;
    expect(fn.sendMessage(0xfee0_1000, 0x12, 0x42)).toBe(false);
    expect(above.messages).toEqual([{ requesterId: 0x0305, addressLo: 0xfee0_1000, addressHi: 0x12, data: 0x41 }]);
  });

  test("PCIe §5.3.1.4 D3hot: configuration only, and back to D0 with a reset unless No_Soft_Reset", () => {
    for (const noSoftReset of [false, true]) {
      const { fn } = attached({ noSoftReset });
      const kinds: string[] = [];
      fn.onReset((kind) => kinds.push(kind));
      fn.addBar({ index: 0, kind: "memory32", size: 0x1000, handler: new Memory(16) });
      fn.configWrite(0x10, 4, 0xfe00_0000);
      fn.configWrite(COMMAND, 2, 6);
      fn.configWrite(PM + 4, 2, 3);
      expect(fn.powerState).toBe(3);
      expect(fn.decodedRanges()).toEqual([]);
      expect(fn.requestsReachRoot()).toBe(false);
      expect(fn.configRead(0, 4)).toBe(0x1521_8086);
      fn.configWrite(PM + 4, 2, 0);
      expect(fn.powerState).toBe(0);
      expect(kinds).toEqual(noSoftReset ? [] : ["pm"]);
      expect(fn.configRead(COMMAND, 2)).toBe(noSoftReset ? 6 : 0);
    }
  });

  test("PCIe §7.5.2.2 a write of a state that PMC does not offer leaves the state", () => {
    const { fn } = attached();
    fn.configWrite(PM + 4, 2, 0x0102);
    expect(fn.configRead(PM + 4, 2)).toBe(0x0100);
  });

  test("PCIe §6.6.2 FLR: Initiate reads 0, registers reset, sticky AER bits and the requester ID stay", () => {
    const { fn } = attached();
    const kinds: string[] = [];
    fn.onReset((kind) => kinds.push(kind));
    fn.configWrite(COMMAND, 2, 6);
    fn.configWrite(AER + 8, 4, 0x0000_4000);
    fn.configWrite(EXPRESS + 8, 2, 0xa810);
    expect(kinds).toEqual(["flr"]);
    expect(fn.configRead(EXPRESS + 8, 2)).toBe(0x2810);
    fn.config.set(EXPRESS + 4, 4, 0x0000_8000);
    fn.configWrite(EXPRESS + 8, 2, 0x8020);
    expect([kinds.length, fn.configRead(EXPRESS + 8, 2)]).toEqual([1, 0x0020]);
    expect(fn.configRead(COMMAND, 2)).toBe(0);
    expect(fn.configRead(AER + 8, 4)).toBe(0x4000);
    expect(fn.requesterId).toBe(0x0305);
    fn.reset("cold");
    expect(fn.configRead(AER + 8, 4)).toBe(0);
  });
});

describe("errors", () => {
  const UR = 20;
  const header = [0x4000_0001, 0x0000_000f, 0xfe00_1234, 0] as const;

  test("PCIe §6.2.4.2 the first unmasked error keeps the header log until its status bit is cleared", () => {
    const { fn, above } = attached();
    fn.configWrite(EXPRESS + 8, 2, 0x280f);
    fn.errors.uncorrectable(14, { header: [1, 2, 3, 4] });
    fn.errors.uncorrectable(UR, { header });
    expect(fn.configRead(AER + 4, 4)).toBe(0x0010_4000);
    expect(fn.configRead(AER + 24, 4) & 0x1f).toBe(14);
    expect(fn.configRead(AER + 28 + 8, 4)).toBe(3);
    fn.configWrite(AER + 4, 4, 0x4000);
    fn.errors.uncorrectable(UR, { header });
    expect(fn.configRead(AER + 24, 4) & 0x1f).toBe(UR);
    expect([0, 4, 8, 12].map((i) => fn.configRead(AER + 28 + i, 4))).toEqual([...header]);
    expect(fn.configRead(EXPRESS + 10, 2)).toBe(0xa);
    expect(above.errors.map((error) => error.severity)).toEqual(["non-fatal", "non-fatal", "non-fatal"]);
  });

  test("PCIe §6.2.4.2 with Multiple Header Recording the errors come up one by one, overflow is correctable", () => {
    const { fn } = attached();
    fn.configWrite(AER + 24, 4, 0x400);
    fn.errors.uncorrectable(14, { header: [14, 0, 0, 0x100] });
    fn.errors.uncorrectable(UR, { header: [20, 0, 0, 0x200] });
    fn.errors.uncorrectable(UR, { header: [20, 0, 0, 0x300] });
    const saved = fn.save();
    const shown: number[][] = [];
    for (const status of [0x4000, 0x10_0000, 0x10_0000]) {
      shown.push([fn.configRead(AER + 4, 4), fn.configRead(AER + 24, 4) & 0x1f, fn.configRead(AER + 40, 4)]);
      fn.configWrite(AER + 4, 4, status);
    }
    expect(shown).toEqual([
      [0x10_4000, 14, 0x100],
      [0x10_0000, UR, 0x200],
      [0x10_0000, UR, 0x300],
    ]);
    expect(fn.configRead(AER + 4, 4)).toBe(0);
    fn.restore(saved);
    fn.configWrite(AER + 4, 4, 0x4000);
    expect(fn.configRead(AER + 40, 4)).toBe(0x200);
    for (let i = 0; i < 6; i++) fn.errors.uncorrectable(12);
    expect(fn.configRead(AER + 16, 4)).toBe(0);
    fn.errors.uncorrectable(12);
    expect(fn.configRead(AER + 16, 4)).toBe(0x8000);
  });

  test("PCIe §6.2.3.2.2 a masked error sets its status bit, logs no header and sends nothing", () => {
    const { fn, above } = attached();
    fn.configWrite(EXPRESS + 8, 2, 0x280f);
    fn.configWrite(AER + 8, 4, 0x0010_0000);
    fn.errors.uncorrectable(UR, { header });
    expect(fn.configRead(AER + 4, 4)).toBe(0x0010_0000);
    expect(fn.configRead(AER + 28, 4)).toBe(0);
    expect(above.errors).toEqual([]);
  });

  test("PCIe §6.2.3.2.4 a non-posted request's non-fatal error is advisory: correctable, or silent when masked", () => {
    const { fn, above } = attached();
    fn.configWrite(EXPRESS + 8, 2, 0x280f);
    fn.errors.uncorrectable(UR, { header, nonPosted: true });
    expect(above.errors).toEqual([]);
    expect(fn.configRead(EXPRESS + 10, 2)).toBe(0x9);
    expect(fn.configRead(AER + 16, 4)).toBe(0x2000);
    fn.configWrite(AER + 20, 4, 0);
    fn.configWrite(AER + 4, 4, 0xffff_ffff);
    fn.errors.uncorrectable(UR, { header, nonPosted: true });
    expect(above.errors).toEqual([{ requesterId: 0x0305, severity: "correctable" }]);
    fn.config.set(EXPRESS + 4, 4, 0x1000_0000);
    fn.errors.uncorrectable(UR, { header, nonPosted: true });
    expect(above.errors.at(-1)?.severity).toBe("non-fatal");
  });

  test("PCIe §6.2.3.2.1 severity makes it fatal; SERR# Enable signals without the Device Control bits", () => {
    const { fn, above } = attached();
    fn.configWrite(AER + 12, 4, 0x0010_0000);
    fn.errors.uncorrectable(UR, {});
    expect(above.errors).toEqual([]);
    fn.configWrite(COMMAND, 2, 0x100);
    fn.errors.uncorrectable(UR, {});
    expect(above.errors).toEqual([{ requesterId: 0x0305, severity: "fatal" }]);
    expect(fn.configRead(0x06, 2) & 0x4000).toBe(0x4000);
  });

  test("PCIe §6.2.4.1 a root port: first sources, multiple bits, one interrupt per cause, cleared by ones", () => {
    const { fn, above } = attached({ portType: 4 });
    fn.configWrite(COMMAND, 2, 4);
    fn.configWrite(MSI + 4, 4, 0xfee0_2000);
    fn.configWrite(MSI + 12, 2, 0x50);
    fn.configWrite(MSI + 2, 2, 1);
    fn.configWrite(AER + 0x2c, 4, 7);
    fn.errors.receive(0x0311 as RequesterId, "fatal");
    fn.errors.receive(0x0412 as RequesterId, "non-fatal");
    fn.errors.receive(0x0513 as RequesterId, "correctable");
    expect(fn.configRead(AER + 0x30, 4)).toBe(0x7d);
    expect(fn.configRead(AER + 0x34, 4)).toBe(0x0311_0513);
    expect(above.messages).toHaveLength(1);
    fn.configWrite(AER + 0x30, 4, 0x7f);
    fn.errors.receive(0x0614 as RequesterId, "correctable");
    expect(above.messages).toHaveLength(2);
    expect(fn.configRead(AER + 0x34, 4)).toBe(0x0311_0614);
  });
});

describe("what an embedder builds a function of", () => {
  const identity = { vendorId: 0x1234, deviceId: 0xcafe, classCode: 0xff_00_00 };
  const config = (): ConfigSpace => {
    const space = new ConfigSpace();
    space.define(type0Header(identity));
    return space;
  };
  const handler = new Memory(16);
  const bar = { index: 0, kind: "memory32", size: 4096, handler };
  const msix = { capabilityOffset: 0x40, vectors: 1, tableOffset: 0, pbaOffset: 0x800 };

  test.each<[string, () => unknown]>([
    ["identity undefined", () => type0Header(undefined as never)],
    ["vendorId undefined", () => type0Header({} as never)],
    ["vendorId 0x12345", () => type0Header({ ...identity, vendorId: 0x1_2345 })],
    ["deviceId -1", () => type1Header({ ...identity, deviceId: -1 })],
    ["classCode 0x40000000", () => virtualFunctionHeader({ classCode: 2 ** 30 })],
    ["revision 0x100", () => type0Header({ ...identity, revision: 0x100 })],
    ["interruptPin 5", () => type0Header({ ...identity, interruptPin: 5 })],
    ["multiFunction 1", () => type0Header({ ...identity, multiFunction: 1 as never })],
    ['identity "vendor" is not an option', () => type0Header({ ...identity, vendor: 1 } as never)],
    ["name undefined", () => new PciFunction(undefined as never, config())],
    ["name 5", () => new PciFunction(5 as never, config())],
    ["config undefined", () => new PciFunction("x", undefined as never)],
    ["config Object", () => new PciFunction("x", {} as never)],
    ["config ConfigSpace has no header", () => new PciFunction("x", new ConfigSpace())],
    ['options "vf" is not an option', () => new PciFunction("x", config(), { vf: true } as never)],
    ["rows undefined", () => config().define(undefined as never)],
    ["rows Object", () => config().define({} as never)],
    ["row 5", () => config().define([5 as never])],
    ["width 3", () => config().define([{ offset: 0x40, width: 3 as never }])],
    ["width undefined", () => config().define([{ offset: 0x40 } as never])],
    ["offset 1.5", () => config().define([{ offset: 1.5, width: 1 }])],
    ["rw 4294967296", () => config().define([{ offset: 0x40, width: 4, rw: 2 ** 32 }])],
    ['row "ro" is not an option', () => config().define([{ offset: 0x40, width: 4, ro: 1 } as never])],
    ["config undefined", () => addCapability(undefined as never, 0x40, {} as never)],
    ["capability undefined", () => addCapability(config(), 0x40, undefined as never)],
    ["extended undefined", () => addCapability(config(), 0x40, {} as never)],
    ["id 0x101", () => addCapability(config(), 0x40, { id: 0x101, extended: false, length: 4, rows: [] })],
    ["length NaN", () => addCapability(config(), 0x40, { id: 9, extended: false, length: Number.NaN, rows: [] })],
    ["fn undefined", () => new MsixTable(undefined as never, msix)],
    ["options undefined", () => new MsixTable(new PciFunction("x", config()), undefined as never)],
    ["capabilityOffset 0x40", () => new MsixTable(new PciFunction("x", config()), msix)],
  ])("%s is named", (named, build) => {
    expect(build).toThrow(ArgumentError);
    // A number above 9 is shown in both bases.
    const [parameter, value = ""] = named.split(" ");
    expect(build).toThrow(new RegExp(`^${parameter} .*${value}`));
  });

  test("a register that is none leaves no trace of its capability", () => {
    const space = config();
    const before = space.bytes();
    const rows = [
      { offset: 2, width: 2 as const },
      { offset: 2.5, width: 1 as const },
    ];
    expect(() => addCapability(space, 0x40, { id: 9, extended: false, length: 8, rows })).toThrow("offset 2.5");
    expect(space.bytes()).toEqual(before);
    addCapability(space, 0x40, { id: 9, extended: false, length: 8, rows: [] });
    expect(capabilities(space).map(({ offset }) => offset)).toEqual([0x40]);
  });

  test.each<[string, object | undefined]>([
    ["options undefined", undefined],
    ["kind undefined", {}],
    ['kind "mem"', { ...bar, kind: "mem" }],
    ["index 6", { ...bar, index: 6 }],
    ["prefetchable 1", { ...bar, prefetchable: 1 }],
    ["handler undefined", { ...bar, handler: undefined }],
    ["handler.read undefined", { ...bar, handler: { write: () => {} } }],
    ['options "sise" is not an option', { ...bar, sise: 1 }],
  ])("%s is named, and there is no BAR", (named, options) => {
    const fn = new PciFunction("x", config());
    expect(() => fn.addBar(options as never)).toThrow(ArgumentError);
    expect(() => fn.addBar(options as never)).toThrow(named);
    expect([fn.bars.length, fn.configRead(0x10, 4)]).toEqual([0, 0]);
    fn.addBar(bar as BarOptions);
  });

  test.each([undefined, null, 5, {}])("a listener that is %s is refused", (listener) => {
    const fn = new PciFunction("x", config());
    for (const listen of ["onReset", "onEnableChange", "onRequesterIdChange"] as const) {
      expect(() => fn[listen](listener as never)).toThrow(ArgumentError);
    }
    fn.reset("flr");
  });
});

describe("damaged lists", () => {
  test("capabilities whose registers would leave their region do nothing, whatever the bytes say", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x01, 0x05, 0x10, 0x11),
        fc.integer({ min: 0x10, max: 0x3f }),
        fc.integer({ min: 0x40, max: 0x3ff }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.constantFrom(256, 4096),
        (id, place, extended, noise, size) => {
          const config = new ConfigSpace(size);
          for (let at = 0; at < size; at += 4) config.define([{ offset: at, width: 4, reset: noise, rw: 0xffff_ffff }]);
          config.set(0x06, 2, 0x10);
          config.set(0x34, 1, place * 4);
          config.set(place * 4, 2, id);
          if (size === 4096) {
            config.set(0x100, 4, (extended << 22) | 0x1_0003);
            config.set(extended * 4, 4, 0x0001_0001);
          }
          const fn = new PciFunction("damaged", config);
          for (let at = 0; at < size; at += 4) fn.configWrite(at, 4, ~noise >>> 0);
          fn.errors.uncorrectable(20);
          fn.errors.receive(0x100 as RequesterId, "fatal");
          fn.msi?.raise(noise & 31);
          // The noise may have been a reset's request.
          expect([~noise >>> 0, noise]).toContain(fn.configRead(0x3c, 4));
        },
      ),
    );
  });
});

describe("message-signalled interrupts", () => {
  test("PCIe §7.7.1 MSI: the low bits of data carry the vector, masked ones wait in the pending bits", () => {
    const { fn, above } = attached();
    fn.configWrite(COMMAND, 2, 4);
    fn.configWrite(MSI + 4, 4, 0xfee0_3000);
    fn.configWrite(MSI + 8, 4, 0x7);
    fn.configWrite(MSI + 12, 2, 0x4a0);
    fn.msi?.raise(1);
    expect(above.messages).toEqual([]);
    fn.configWrite(MSI + 2, 2, 0x21);
    fn.configWrite(MSI + 16, 4, 0x4);
    fn.msi?.raise(3);
    fn.msi?.raise(2);
    expect(fn.configRead(MSI + 20, 4)).toBe(0x4);
    fn.configWrite(MSI + 16, 4, 0);
    expect(above.messages.map(({ addressHi, data }) => [addressHi, data])).toEqual([
      [7, 0x4a3],
      [7, 0x4a2],
    ]);
    expect(fn.configRead(MSI + 20, 4)).toBe(0);
  });

  test("PCIe §6.1.4 MSI-X: vector and function masks make a message pending, unmasking sends it once", () => {
    const { fn, above } = attached({ vectors: 10 });
    const table = new MsixTable(fn, { capabilityOffset: MSIX, vectors: 10, tableOffset: 0, pbaOffset: 0x2000 });
    fn.configWrite(COMMAND, 2, 4);
    for (const [offset, value] of [
      [0x90, 0xfee0_5003],
      [0x94, 0x9],
      [0x98, 0x1234_5678],
    ] as const) {
      table.handler.write(offset, 4, value);
    }
    table.raise(9);
    expect(table.pending(9)).toBe(false);
    fn.configWrite(MSIX + 2, 2, 0x8000);
    table.raise(9);
    expect(table.handler.read(0x2000, 4)).toBe(0x200);
    table.handler.write(0x2000, 4, 0);
    expect(table.handler.read(0x2001, 1)).toBe(2);
    fn.configWrite(MSIX + 2, 2, 0xc000);
    table.handler.write(0x9c, 4, 0);
    expect(above.messages).toEqual([]);
    fn.configWrite(MSIX + 2, 2, 0x8000);
    expect(above.messages).toEqual([{ requesterId: 0x0305, addressLo: 0xfee0_5000, addressHi: 9, data: 0x1234_5678 }]);
    expect(table.pending(9)).toBe(false);
    fn.configWrite(MSIX + 2, 2, 0xc000);
    table.raise(9);
    fn.configWrite(MSIX + 2, 2, 0);
    table.handler.write(0x9c, 4, 0);
    expect(table.pending(9)).toBe(true);
    fn.configWrite(MSIX + 2, 2, 0x8000);
    expect(above.messages).toHaveLength(2);
    const saved = fn.save();
    fn.reset("flr");
    expect(table.handler.read(0x9c, 4)).toBe(1);
    fn.restore(saved);
    expect(table.handler.read(0x98, 4)).toBe(0x1234_5678);
    expect(() => table.raise(10)).toThrow(ArgumentError);
  });
});
