import { beforeEach, describe, expect, test } from "vitest";
import { CONTEXT_TT_PASS_THROUGH } from "../../assembly/spec/vtd/context-entry.ts";
import { hpa, type RequesterId } from "../../host/core/address.ts";
import type { PasidPrefix } from "../../host/core/ports.ts";
import { Harness, NOWHERE, RAM_BASE, READ, WRITE } from "./harness.ts";

const RID = 0x0215;
let h: Harness;
let root: number;

beforeEach(async () => {
  h = await Harness.create();
  root = h.page();
});

describe("translation disabled", () => {
  test("VT-d §3.4: requests pass unchanged, whoever makes them", () => {
    expect(h.translate(0x0100, 0x12_3456)).toBe(0x12_3456);
    expect(h.translate(0xffff, NOWHERE, WRITE)).toBe(NOWHERE);
    expect(h.unit.faults()).toEqual([]);
  });

  test("DMA reaches RAM inside the wasm, RAM outside it and registers", () => {
    const buffer = new ArrayBuffer(8192);
    h.map.addExternalRam({ base: hpa(0x8000_0000), size: 8192, buffer });
    let register = 0x1122_3344;
    const handler = {
      read: () => register,
      write: (_offset: number, _width: number, value: number) => {
        register = value;
      },
    };
    h.map.addMmio({ base: hpa(0x9000_0000), size: 4096, handler });
    expect(h.dmaWrite(RID, 0x8000_0ffe, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect([...new Uint8Array(buffer, 0xffe, 4)]).toEqual([1, 2, 3, 4]);
    expect(h.dmaRead(RID, 0x8000_0ffe, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(h.dmaRead(RID, 0x9000_0000, 4)).toEqual(Uint8Array.of(0x44, 0x33, 0x22, 0x11));
    expect(h.dmaWrite(RID, 0x9000_0000, Uint8Array.of(9, 0, 0, 0))).toBe(true);
    expect(register).toBe(9);
    expect(h.dmaRead(RID, RAM_BASE, 3)).toEqual(new Uint8Array(3));
    expect(h.dmaRead(RID, NOWHERE, 4)).toBeUndefined();
  });

  test("§3.1: PASIDs are ignored, so a dword written to the interrupt range is an interrupt with one too", () => {
    const write = (iova: number, length: number, pasid?: PasidPrefix): boolean =>
      h.unit.dma.write(RID as RequesterId, iova, 0, new Uint8Array(length).fill(0x41), pasid);
    const message = { requesterId: RID, addressLo: 0xfee0_1004, addressHi: 0, data: 0x4141_4141 };
    expect(write(0xfee0_1004, 4, 7)).toBe(true);
    expect(write(0xfee0_1004, 4, { pasid: 7, privileged: true })).toBe(true);
    expect(h.messages).toEqual([message, message]);
    expect(write(0xfee0_1006, 4, 7)).toBe(false);
    expect(h.unit.dma.read(RID as RequesterId, 0xfee0_1004, 0, new Uint8Array(4), 7)).toBe(false);
    expect(write(RAM_BASE, 4, 7)).toBe(true);
    expect(h.messages.length).toBe(2);
  });

  test("a region that leaves takes its cached translations along, and one that comes is found", () => {
    const region = h.map.addExternalRam({ base: hpa(0x8000_0000), size: 4096, buffer: new ArrayBuffer(4096) });
    expect(h.dmaWrite(RID, 0x8000_0000, Uint8Array.of(7))).toBe(true);
    h.map.remove(region);
    expect(h.dmaWrite(RID, 0x8000_0000, Uint8Array.of(8))).toBe(false);
    const buffer = new ArrayBuffer(4096);
    h.map.addExternalRam({ base: hpa(0x8000_0000), size: 4096, buffer });
    expect(h.dmaWrite(RID, 0x8000_0000, Uint8Array.of(9))).toBe(true);
    expect(new Uint8Array(buffer)[0]).toBe(9);
  });
});

describe.each([
  [3, 1, 39],
  [4, 2, 48],
  [5, 3, 57],
])("VT-d §3.7 second stage, %i levels", (levels, width, bits) => {
  let table: number;
  const top = (1n << BigInt(bits)) - 1n;
  beforeEach(() => {
    table = h.page();
    h.context(root, RID, { table, domainId: 7, width });
    h.enable(root);
  });

  test("a 4 KiB page at the top of the address space", () => {
    h.mapPage(table, levels, top & ~0xfffn, RAM_BASE + 0x5000);
    expect(h.translate(RID, top)).toBe(RAM_BASE + 0x5fff);
  });

  test("a 2 MiB page keeps 21 bits of the address", () => {
    h.mapPage(table, levels, top & ~0x1f_ffffn, 0x40_0000, READ | WRITE, 1);
    expect(h.translate(RID, (top & ~0x1f_ffffn) + 0x12_3456n)).toBe(0x52_3456);
  });

  test("a 1 GiB page keeps 30 bits of the address", () => {
    h.mapPage(table, levels, top & ~0x3fff_ffffn, 0x12_4000_0000, READ | WRITE, 2);
    expect(h.translate(RID, (top & ~0x3fff_ffffn) + 0x1234_5678n)).toBe(0x12_5234_5678);
  });

  test("an address beyond the width is refused with 4h", () => {
    expect(h.translate(RID, top + 1n)).toBe(-4);
  });

  test("a translation is served from the IOTLB, and a DMA over pages meets each of them", () => {
    h.mapPage(table, levels, 0x5000, RAM_BASE + 0x8000);
    h.mapPage(table, levels, 0x6000, RAM_BASE + 0x2000);
    expect(h.dmaWrite(RID, 0x5ffe, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect(h.map.read(hpa(RAM_BASE + 0x8ffe), 2)).toBe(0x0201);
    expect(h.map.read(hpa(RAM_BASE + 0x2000), 2)).toBe(0x0403);
    expect(h.unit.statistics()).toMatchObject({ translations: 2, hits: 0, walks: 2 });
    h.dmaRead(RID, 0x5ffe, 4);
    expect(h.unit.statistics()).toMatchObject({ translations: 4, hits: 2, walks: 2 });
  });
});

test("VT-d §9.3 TT=10b: passes addresses through up to the host address width", async () => {
  h = await Harness.create({ hostAddressWidth: 46 });
  root = h.page();
  h.context(root, RID, { type: CONTEXT_TT_PASS_THROUGH, domainId: 3, width: 3 });
  h.enable(root);
  expect(h.translate(RID, 0x3fff_ffff_ffff)).toBe(0x3fff_ffff_ffff);
  expect(h.translate(RID, 0x4000_0000_0000)).toBe(-4);
});
