import { beforeEach, describe, expect, test } from "vitest";
import * as event from "../../assembly/spec/vtd/event.ts";
import { FSTS_PFO_LO, FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { decodeFault, faultAddress } from "../../host/machine/fault.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { type Harness, READ, WRITE } from "./harness.ts";
import { oneDevice, RID } from "./one-device.ts";

const FRCD = 0x400;
const PPF = 0x2;
const PFO = 0x1;
let h: Harness;
let root: number;
let table: number;

async function start(capabilities: IommuOptions = {}): Promise<void> {
  ({ h, root, table } = await oneDevice(capabilities));
}

beforeEach(() => start());

describe("VT-d §7.2.1 fault recording", () => {
  const raise = (requesterId: number, access = READ, iova = 0x5000): void => {
    expect(h.translate(requesterId, iova, access)).toBeLessThan(0);
  };

  test("§11.4.7.6: a record shows requester, page, reason and direction", () => {
    raise(0x0316, WRITE, 0x12_3456_7890);
    const words = [0, 4, 8, 12].map((offset) => h.get32(FRCD + offset));
    expect(words).toEqual([0x3456_7000, 0x12, 0x0316, 0x8000_0001]);
    const record = decodeFault(words);
    expect(record).toMatchObject({ reason: 1, requesterId: 0x0316, access: "write", interrupt: false });
    expect(record && faultAddress(record)).toBe("0x1234567000");
    raise(0x0417, READ);
    expect(h.get32(FRCD + 16 + 12)).toBe(0xc000_0001);
  });

  test("a second fault of the same requester is not recorded until its record is cleared", () => {
    raise(0x0316, READ, 0x1000);
    raise(0x0316, READ, 0x2000);
    expect(h.unit.faults()).toHaveLength(1);
    h.set32(FRCD + 12, 0x8000_0000);
    raise(0x0316, READ, 0x3000);
    expect(h.unit.faults()).toMatchObject([{ addressLo: 0x3000 }]);
    expect(h.get32(FRCD + 12) >>> 31).toBe(0);
    expect(h.get32(FRCD + 16 + 12) >>> 31).toBe(1);
  });

  test("records are used in turn; a fault that finds none sets PFO, which stops recording until cleared", async () => {
    await start({ faultRecords: 3 });
    for (const requesterId of [0x0301, 0x0302, 0x0303]) raise(requesterId);
    expect(h.get32(FSTS_REG)).toBe(PPF);
    raise(0x0304);
    expect(h.get32(FSTS_REG)).toBe(PPF | PFO);
    h.set32(FRCD + 12, 0x8000_0000);
    raise(0x0305);
    expect(h.unit.faults().map((record) => record.requesterId)).toEqual([0x0302, 0x0303]);
    h.set32(FSTS_REG, 2 ** FSTS_PFO_LO);
    raise(0x0306);
    expect(h.unit.faults().map((record) => record.requesterId)).toEqual([0x0306, 0x0302, 0x0303]);
    h.set32(FSTS_REG, PFO | PPF);
    expect(h.get32(FSTS_REG) & PPF).toBe(PPF);
  });

  test("FRI names the first pending record, PPF is the OR of all F", () => {
    raise(0x0301);
    h.set32(FRCD + 12, 0x8000_0000);
    expect(h.get32(FSTS_REG) & PPF).toBe(0);
    raise(0x0302);
    raise(0x0303);
    expect(h.get32(FSTS_REG)).toBe(PPF | (1 << 8));
    h.set32(FRCD + 16 + 12, 0x8000_0000);
    expect(h.get32(FSTS_REG) & PPF).toBe(PPF);
    h.set32(FRCD + 32 + 12, 0x8000_0000);
    expect(h.get32(FSTS_REG) & PPF).toBe(0);
  });

  test("the index returns to 0 when translation and remapping are both off", () => {
    raise(0x0301);
    h.set32(FRCD + 12, 0x8000_0000);
    h.command(GCMD_TE_LO, false);
    h.command(GCMD_TE_LO, true);
    raise(0x0302);
    expect(h.get32(FRCD + 12) >>> 31).toBe(1);
  });

  test("Qualified: FPD hides a fault of the context or its tables, also when P=0; not one of the root", () => {
    h.context(root, RID, { table, fpd: true });
    raise(RID, READ, 0x9000);
    h.write64(h.contextAt(root, 0x0216), 2n);
    raise(0x0216);
    expect(h.unit.faults()).toEqual([]);
    expect(h.unit.statistics().faults).toBe(2);
    raise(0x0300);
    expect(h.unit.faults()).toHaveLength(1);
  });

  test("FI has no bits beyond the largest AGAW", async () => {
    await start({ addressWidths: [39, 48] });
    raise(RID, READ, 2 ** 52 + 0x5000);
    expect(h.unit.faults()).toMatchObject([{ reason: 4, addressLo: 0x5000, addressHi: 0 }]);
  });

  test("§7.3: a fault event is sent once, held while masked, and forgotten when all faults are served", () => {
    h.set32(event.FEADDR_REG, 0xfee0_2004);
    h.set32(event.FEDATA_REG, 0x4031);
    h.set32(event.FEUADDR_REG, 0x12);
    raise(0x0301);
    expect(h.events).toEqual([]);
    expect(h.get32(event.FECTL_REG)).toBe(0xc000_0000);
    h.set32(event.FECTL_REG, 0);
    expect(h.events).toEqual([{ addressLo: 0xfee0_2004, addressHi: 0x12, data: 0x4031 }]);
    expect(h.get32(event.FECTL_REG)).toBe(0);
    raise(0x0302);
    expect(h.events).toHaveLength(1);
    h.set32(FRCD + 12, 0x8000_0000);
    h.set32(FRCD + 16 + 12, 0x8000_0000);
    raise(0x0303);
    expect(h.events).toHaveLength(2);
    h.set32(event.FECTL_REG, 0x8000_0000);
    h.set32(FRCD + 32 + 12, 0x8000_0000);
    raise(0x0304);
    expect(h.get32(event.FECTL_REG)).toBe(0xc000_0000);
    h.set32(FRCD + 48 + 12, 0x8000_0000);
    expect(h.get32(event.FECTL_REG)).toBe(0x8000_0000);
    h.set32(event.FECTL_REG, 0);
    expect(h.events).toHaveLength(2);
  });
});
