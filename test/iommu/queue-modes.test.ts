import { describe, expect, test } from "vitest";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO, GCMD_SRTP_LO } from "../../assembly/spec/vtd/global.ts";
import { ICS_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { RTADDR_REG } from "../../assembly/spec/vtd/root-table-address.ts";
import { hpa } from "../../host/core/address.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { type Descriptor, GLOBAL, IF, IQE, outcome, PAGES, QueueUnit, SW, wait } from "./queue-unit.ts";

const SCALABLE: IommuOptions = { scalableMode: true, abortDma: true };

describe("VT-d §6.5.2.11 widths and modes (Table 26)", () => {
  test("legacy mode: 256-bit descriptors are taken with SMTS or ADMS, 128 bits padded with zeroes", async () => {
    for (const options of [{ abortDma: false }, { scalableMode: false }]) {
      const unit = await QueueUnit.create(options, 256);
      unit.makeStale();
      const status = unit.h.page();
      unit.submit([1n | (1n << 4n)], GLOBAL, [4n], wait(SW, 0x1234_5678, status + 4));
      expect(outcome(unit.h)).toEqual([0, 0, 0x80]);
      expect(unit.h.map.read(hpa(status + 4), 4)).toBe(0x1234_5678);
      expect(unit.fresh()).toEqual(PAGES);
    }
  });

  test("IQEI=5: 256-bit descriptors without SMTS and ADMS; 128-bit ones in scalable and abort-DMA mode", async () => {
    const unit = await QueueUnit.create({ scalableMode: false, abortDma: false }, 256);
    unit.submit(GLOBAL);
    expect(outcome(unit.h)).toEqual([IQE, 5, 0]);
    for (const mode of [1, 3]) {
      const unit = await QueueUnit.create(SCALABLE, 128, mode);
      unit.submit(GLOBAL);
      expect(outcome(unit.h)).toEqual([IQE, 5, 0]);
    }
  });

  test.each([
    ["reserved TTM=10b", SCALABLE, 2],
    ["scalable mode without SMTS", { scalableMode: false, abortDma: true }, 1],
    ["abort-DMA mode without ADMS", { scalableMode: true, abortDma: false }, 3],
  ] as [string, IommuOptions, number][])("IQEI=7: %s", async (_name, options, mode) => {
    const unit = await QueueUnit.create(options, 256, mode);
    unit.submit(GLOBAL);
    expect(outcome(unit.h)).toEqual([IQE, 7, 0]);
  });

  test("§11.4.5: the mode is the one that SRTP latched", async () => {
    const unit = await QueueUnit.create(SCALABLE);
    unit.h.set64(RTADDR_REG, BigInt(unit.root) | 0x400n);
    unit.submit(GLOBAL);
    expect(outcome(unit.h)).toEqual([0, 0, 16]);
    unit.h.command(GCMD_SRTP_LO);
    unit.submit(GLOBAL);
    expect(outcome(unit.h)).toEqual([IQE, 5, 16]);
  });

  test("IQEI=6: a tail within a 256-bit descriptor", async () => {
    const unit = await QueueUnit.create(SCALABLE, 256);
    unit.h.set32(IQT_REG, 0x30);
    expect(outcome(unit.h)).toEqual([IQE, 6, 0]);
    unit.h.set32(IQT_REG, 0x20);
    unit.h.write64(unit.queue, 5n);
    unit.h.set32(FSTS_REG, IQE);
    expect(outcome(unit.h)).toEqual([0, 6, 0x20]);
  });

  test("the head moves by 32 bytes, and wraps", async () => {
    const unit = await QueueUnit.create(SCALABLE, 256, 1);
    for (let round = 0; round < 3; round++) {
      unit.submit(...Array.from({ length: 127 }, (): Descriptor => [4n]));
      expect(outcome(unit.h)).toEqual([0, 0, unit.tail]);
    }
    expect(unit.tail).toBe((3 * 127 * 32) % 4096);
  });

  test("IQEI=4: the upper half of a 128-bit descriptor is reserved", async () => {
    for (const [third, fourth] of [[1n, 0n] as const, [0n, 1n << 63n] as const]) {
      const unit = await QueueUnit.create(SCALABLE, 256);
      unit.submit(GLOBAL, [GLOBAL[0], 0n, third, fourth]);
      expect(outcome(unit.h)).toEqual([IQE, 4, 0x20]);
    }
  });

  test("IQEI=3: types of scalable mode in legacy mode, HPT without HPTS, and unknown ones", async () => {
    let unit = await QueueUnit.create(SCALABLE, 256);
    for (const type of [0, 6, 7, 8, 9, 10, 11, 15]) {
      unit.tail = 0;
      unit.h.command(GCMD_QIE_LO, false);
      unit.h.set32(IQT_REG, 0);
      unit.h.command(GCMD_QIE_LO);
      unit.submit([BigInt(type) | (1n << 4n)]);
      expect([type, ...outcome(unit.h)]).toEqual([type, IQE, 3, 0]);
      unit.h.set32(IQT_REG, 0);
      unit.h.set32(FSTS_REG, IQE);
    }
    unit = await QueueUnit.create(SCALABLE, 256, 1);
    unit.submit([0xan | (1n << 4n)]);
    expect(outcome(unit.h)).toEqual([IQE, 3, 0]);
  });

  test("IQEI=4: page-selective without PSI", async () => {
    const unit = await QueueUnit.create({ pageSelectiveInvalidation: false });
    unit.makeStale();
    unit.submit([2n | (3n << 4n) | (0x107n << 16n), 0x1000n]);
    expect(outcome(unit.h)).toEqual([IQE, 4, 0]);
    expect(unit.fresh()).toEqual([]);
  });

  test("IQEI=3: interrupt entries without IR", async () => {
    const unit = await QueueUnit.create({ interruptRemapping: false });
    unit.submit([4n]);
    expect(outcome(unit.h)).toEqual([IQE, 3, 0]);
  });

  test("ECAP_REG.PDS: the wait's PD is taken", async () => {
    const unit = await QueueUnit.create({ deviceTlb: true, pageDrain: true });
    unit.submit(wait(0x80 | IF));
    expect(outcome(unit.h)).toEqual([0, 0, 16]);
    expect(unit.h.get32(ICS_REG)).toBe(1);
  });
});

describe("VT-d §11.4.9.9 IQEI=4 of scalable mode's descriptors", () => {
  const bit = (place: number): bigint => 1n << BigInt(place);
  test.each<[string, bigint, bigint]>([
    ["PASID cache G=10b", 7n | (2n << 4n), 0n],
    ["PASID cache bit 6", 7n | bit(6), 0n],
    ["PASID cache bit 8", 7n | bit(8), 0n],
    ["PASID cache bit 12", 7n | bit(12), 0n],
    ["PASID cache bit 52", 7n | bit(52), 0n],
    ["PASID cache bit 64", 7n, 1n],
    ["PASID cache bit 127", 7n, bit(63)],
    ["PASID-based IOTLB G=00b", 6n, 0n],
    ["PASID-based IOTLB G=01b", 6n | (1n << 4n), 0n],
    ["PASID-based IOTLB bit 6", 6n | (2n << 4n) | bit(6), 0n],
    ["PASID-based IOTLB bit 15", 6n | (2n << 4n) | bit(15), 0n],
    ["PASID-based IOTLB bit 63", 6n | (2n << 4n) | bit(63), 0n],
    ["PASID-based IOTLB bit 71", 6n | (2n << 4n), bit(7)],
    ["PASID-based IOTLB bit 75", 6n | (2n << 4n), bit(11)],
  ])("%s", async (_name, low, high) => {
    const unit = await QueueUnit.create(SCALABLE, 256, 1);
    unit.submit([5n], [low, high]);
    expect(outcome(unit.h)).toEqual([IQE, 4, 32]);
  });
});
