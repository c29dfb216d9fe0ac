import { beforeEach, describe, expect, test } from "vitest";
import * as event from "../../assembly/spec/vtd/event.ts";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO } from "../../assembly/spec/vtd/global.ts";
import { ICS_REG, IQA_REG, IQERCD_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { hpa } from "../../host/core/address.ts";
import { NOWHERE } from "./harness.ts";
import { FN, IF, PAGES, QueueUnit, SW, wait } from "./queue-unit.ts";

let unit: QueueUnit;

beforeEach(async () => {
  unit = await QueueUnit.create();
});

describe("VT-d §6.5.2 the invalidation queue", () => {
  test("§6.5.2.9 SW: writes the data to the address after what was before it", () => {
    unit.makeStale();
    const status = unit.h.page();
    unit.submit([2n | (1n << 4n)], wait(SW | FN, 0xdead_beef, status + 8));
    expect(unit.h.map.read(hpa(status + 8), 4)).toBe(0xdead_beef);
    expect(unit.h.map.read(hpa(status + 4), 4)).toBe(0);
    expect(unit.fresh()).toEqual(PAGES);
  });

  test("§6.5.2.9 SW to nowhere or into registers goes nowhere", () => {
    let written = 0;
    const handler = { read: () => 0, write: () => written++ };
    unit.h.map.addMmio({ base: hpa(0x9000_0000), size: 4096, handler });
    unit.submit(wait(SW, 1, NOWHERE), wait(SW, 1, 0x9000_0000));
    expect(unit.h.get32(FSTS_REG)).toBe(0);
    expect(written).toBe(0);
  });

  test("§6.5.2.10 IF: sets IWC and sends one event until IWC is cleared", () => {
    unit.h.set32(event.IEADDR_REG, 0xfee0_1000);
    unit.h.set32(event.IEDATA_REG, 0x55);
    unit.h.set32(event.IECTL_REG, 0);
    unit.submit(wait(IF), wait(IF));
    expect(unit.h.get32(ICS_REG)).toBe(1);
    expect(unit.h.events).toEqual([{ addressLo: 0xfee0_1000, addressHi: 0, data: 0x55 }]);
    unit.h.set32(ICS_REG, 1);
    expect(unit.h.get32(ICS_REG)).toBe(0);
    unit.h.set32(event.IECTL_REG, 0x8000_0000);
    unit.submit(wait(IF));
    expect(unit.h.get32(event.IECTL_REG)).toBe(0xc000_0000);
    unit.h.set32(ICS_REG, 1);
    expect(unit.h.get32(event.IECTL_REG)).toBe(0x8000_0000);
    unit.submit(wait(IF));
    unit.h.set32(event.IECTL_REG, 0);
    expect(unit.h.events).toHaveLength(2);
  });

  test("the head wraps, a whole round at a time", () => {
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 255; n++) {
        unit.h.write64(unit.queue + ((unit.tail + n * 16) % 4096), 4n);
        unit.h.write64(unit.queue + ((unit.tail + n * 16) % 4096) + 8, 0n);
      }
      unit.tail = (unit.tail + 255 * 16) % 4096;
      unit.h.set32(IQT_REG, unit.tail);
      expect(unit.h.get32(IQH_REG)).toBe(unit.tail);
    }
  });

  test.each([
    ["type 0", 0n, 0n, 3],
    ["type 8 of scalable mode", 8n, 0n, 3],
    ["type 6 of scalable mode", 6n, 0n, 3],
    ["type[6:4]", 2n | (1n << 9n) | (1n << 4n), 0n, 3],
    ["context G=00", 1n, 0n, 4],
    ["context bit 6", 1n | (1n << 4n) | (1n << 6n), 0n, 4],
    ["context bit 50", 1n | (1n << 4n) | (1n << 50n), 0n, 4],
    ["context bit 12", 1n | (1n << 4n) | (1n << 12n), 0n, 4],
    ["context bit 63", 1n | (1n << 4n) | (1n << 63n), 0n, 4],
    ["context bit 64", 1n | (1n << 4n), 1n, 4],
    ["IOTLB G=00", 2n, 0n, 4],
    ["IOTLB bit 8", 2n | (1n << 4n) | (1n << 8n), 0n, 4],
    ["IOTLB bit 12", 2n | (1n << 4n) | (1n << 12n), 0n, 4],
    ["IOTLB bit 32", 2n | (1n << 4n) | (1n << 32n), 0n, 4],
    ["IOTLB bit 71", 2n | (1n << 4n), 1n << 7n, 4],
    ["IOTLB bit 75", 2n | (1n << 4n), 1n << 11n, 4],
    ["IOTLB AM beyond MAMV", 2n | (3n << 4n), 19n, 4],
    ["interrupt entry bit 5", 4n | (1n << 5n), 0n, 4],
    ["interrupt entry bit 26", 4n | (1n << 26n), 0n, 4],
    ["interrupt entry bit 48", 4n | (1n << 48n), 0n, 4],
    ["wait bit 8", 5n | (1n << 8n), 0n, 4],
    ["wait bit 31", 5n | (1n << 31n), 0n, 4],
    ["wait bit 64", 5n, 1n, 4],
    ["IOTLB bit 63", 2n | (1n << 4n) | (1n << 63n), 0n, 4],
    ["interrupt entry bit 64", 4n, 1n, 4],
    ["interrupt entry IM beyond MHMV", 4n | (1n << 4n) | (16n << 27n), 0n, 4],
  ])("§11.4.9.9: %s stops the queue at the descriptor until IQE is cleared", (_name, low, high, info) => {
    unit.makeStale();
    unit.submit([5n], [low, high], [2n | (1n << 4n)]);
    expect(unit.h.get32(FSTS_REG)).toBe(0x10);
    expect(unit.h.get32(IQERCD_REG)).toBe(info);
    expect(unit.h.get32(IQH_REG)).toBe(16);
    unit.h.set32(IQT_REG, unit.tail);
    expect(unit.h.get32(IQH_REG)).toBe(16);
    expect(unit.fresh()).toEqual([]);
    unit.h.write64(unit.queue + 16, 5n);
    unit.h.write64(unit.queue + 24, 0n);
    unit.h.set32(FSTS_REG, 0x10);
    expect(unit.h.get32(IQH_REG)).toBe(unit.tail);
    expect(unit.fresh()).toEqual(PAGES);
  });

  test("§11.4.9.9: a tail beyond the queue, a wrong width, memory that is not there", async () => {
    unit = await QueueUnit.create({ scalableMode: false, abortDma: false });
    unit.h.set32(IQT_REG, 0x1000);
    expect([unit.h.get32(FSTS_REG), unit.h.get32(IQERCD_REG)]).toEqual([0x10, 1]);
    unit.h.set32(IQT_REG, 0);
    unit.h.set32(FSTS_REG, 0x10);
    unit.h.set64(IQA_REG, BigInt(unit.queue) | 0x800n);
    unit.h.set32(IQT_REG, 0x20);
    expect([unit.h.get32(FSTS_REG), unit.h.get32(IQERCD_REG)]).toEqual([0x10, 5]);
    unit.h.set32(IQT_REG, 0);
    unit.h.set32(FSTS_REG, 0x10);
    unit.h.set64(IQA_REG, BigInt(NOWHERE));
    unit.h.set32(IQT_REG, 0x20);
    expect([unit.h.get32(FSTS_REG), unit.h.get32(IQERCD_REG)]).toEqual([0x10, 2]);
  });

  test("an error raises the fault event", () => {
    unit.h.set32(event.FEDATA_REG, 0x31);
    unit.h.set32(event.FECTL_REG, 0);
    unit.submit([0n]);
    expect(unit.h.events).toEqual([{ addressLo: 0, addressHi: 0, data: 0x31 }]);
  });

  test("disabling it sets the head to 0", () => {
    unit.submit([5n], [5n]);
    unit.h.command(GCMD_QIE_LO, false);
    expect(unit.h.get32(IQH_REG)).toBe(0);
    unit.h.set32(IQT_REG, 0x40);
    expect(unit.h.get32(IQH_REG)).toBe(0);
  });
});
