// Invalidation of device TLBs: descriptors, ITags, completions and time-outs (VT-d 5.10 §4.3, §6.5.2.5–6, §6.5.2.11).
import { beforeEach, describe, expect, test } from "vitest";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQERCD_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import type { RequesterId } from "../../host/core/address.ts";
import { Clock } from "../../host/core/clock.ts";
import type { InvalidateRequest, PageGroupResponse } from "../../host/core/ports.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness } from "./harness.ts";
import { Scalable } from "./scalable.ts";

const RID = 0x0218 as RequesterId;
const OTHER = 0x0320 as RequesterId;
const IQE = 0x10;
const ICE = 0x20;
const ITE = 0x40;
const TIMEOUT = 1_000_000;
const OPTIONS: IommuOptions = { deviceTlb: true, deviceTlbTimeoutNs: TIMEOUT };

let h: Harness;
let clock: Clock;
let queue: number;
let status: number;
let tail: number;
let step: number;
let sent: (InvalidateRequest & { requesterId: number })[];
let responses: (PageGroupResponse & { requesterId: number })[];

function connect(harness: Harness, wide: boolean): void {
  h = harness;
  clock = new Clock();
  sent = [];
  responses = [];
  h.unit.ats.connect({
    clock,
    find: (requesterId) => ({
      invalidate: (request) => void sent.push({ requesterId, ...request }),
      respond: (response) => void responses.push({ requesterId, ...response }),
    }),
  });
  queue = h.page();
  status = h.page();
  tail = 0;
  step = wide ? 32 : 16;
  h.set64(IQA_REG, BigInt(queue) | (wide ? 0x800n : 0n));
  h.command(GCMD_QIE_LO);
}

function submit(...descriptors: [low: bigint, high?: bigint][]): void {
  for (const [low, high = 0n] of descriptors) {
    h.write64(queue + tail, low);
    h.write64(queue + tail + 8, high);
    tail = (tail + step) % 4096;
  }
  h.set64(IQT_REG, BigInt(tail));
}

const deviceTlb = (requesterId: number, body: bigint): [bigint, bigint] => [3n | (BigInt(requesterId) << 32n), body];
/** A wait descriptor that writes `data`. */
const wait = (data: number): [bigint, bigint] => [5n | 0x20n | (BigInt(data) << 32n), BigInt(status)];
const complete = (tags: number, count = 1, requesterId = RID): void => h.unit.ats.invalidated(requesterId, tags, count);
const written = (): number => Number(h.read64(status) & 0xffff_ffffn);

beforeEach(async () => {
  const harness = await Harness.create(OPTIONS);
  const root = harness.page();
  harness.context(root, RID, { table: harness.page(), type: 1 });
  harness.enable(root);
  connect(harness, false);
});

describe("VT-d §6.5.2.5 Device-TLB Invalidate Descriptor", () => {
  test("ADDR and S go to the function of SID, without PASID", () => {
    submit(deviceTlb(RID, 0x12_3456_7000n), deviceTlb(OTHER, 0x7fff_ffff_ffff_f001n));
    expect(sent).toEqual([
      { requesterId: RID, tag: 0, pasid: undefined, lo: 0x3456_7000, hi: 0x12 },
      { requesterId: OTHER, tag: 1, pasid: undefined, lo: 0xffff_f800, hi: 0x7fff_ffff },
    ]);
    expect(h.get64(IQH_REG)).toBe(32n);
  });

  test.each([
    ["bit 4", 1n << 4n, 0n],
    ["PFSID[3:0], which DIT=0 reserves", 1n << 12n, 0n],
    ["bit 21", 1n << 21n, 0n],
    ["bit 48", 1n << 48n, 0n],
    ["PFSID[15:4]", 1n << 52n, 0n],
    ["bit 65", 0n, 2n],
    ["bit 75", 0n, 1n << 11n],
  ])("%s is reserved: IQE, and nothing is sent", (_, low, high) => {
    const [type, address] = deviceTlb(RID, 0x5000n);
    submit([type | low, address | high]);
    expect(h.get32(FSTS_REG) & IQE).toBe(IQE);
    expect(h.get64(IQERCD_REG) & 15n).toBe(4n);
    expect(sent).toEqual([]);
  });

  test("MIP is a hint", () => {
    submit([3n | (7n << 16n) | (BigInt(RID) << 32n), 0x5000n]);
    expect(sent).toHaveLength(1);
  });

  test("without Device-TLB support the type is invalid", async () => {
    connect(await Harness.create({ deviceTlb: false }), false);
    submit(deviceTlb(RID, 0x5000n));
    expect(h.get64(IQERCD_REG) & 15n).toBe(3n);
  });
});

describe("VT-d §4.3 completions", () => {
  test("a wait descriptor completes when every device before it has answered, not earlier", () => {
    submit(deviceTlb(RID, 0x5000n), deviceTlb(RID, 0x6000n), wait(0x77), deviceTlb(RID, 0x7000n));
    expect(h.get64(IQH_REG)).toBe(32n);
    expect(written()).toBe(0);
    complete(0b01);
    expect(written()).toBe(0);
    complete(0b10);
    expect(written()).toBe(0x77);
    expect(h.get64(IQH_REG)).toBe(64n);
    expect(sent.map(({ lo }) => lo)).toEqual([0x5000, 0x6000, 0x7000]);
  });

  test("one completion may answer several ITags", () => {
    submit(deviceTlb(RID, 0x5000n), deviceTlb(RID, 0x6000n), deviceTlb(RID, 0x7000n), wait(5));
    complete(0b111);
    expect(written()).toBe(5);
  });

  test("a completion count of 3, and of 0 for 8, wants as many", () => {
    submit(deviceTlb(RID, 0x5000n), wait(5));
    complete(1, 3);
    complete(1, 3);
    expect(written()).toBe(0);
    complete(1, 3);
    expect(written()).toBe(5);
    submit(deviceTlb(RID, 0x5000n), wait(6));
    for (let n = 0; n < 7; n++) complete(1, 0);
    expect(written()).toBe(5);
    complete(1, 0);
    expect(written()).toBe(6);
  });

  test("32 ITags: the 33rd invalidation is deferred until one is free, and takes it", () => {
    submit(...Array.from({ length: 34 }, (_, n): [bigint, bigint] => deviceTlb(RID, BigInt(n) << 12n)));
    expect(sent.map(({ tag }) => tag)).toEqual([...Array(32).keys()]);
    expect(h.get64(IQH_REG)).toBe(32n * 16n);
    complete(1 << 9);
    expect(sent.slice(32)).toMatchObject([{ tag: 9, lo: 32 << 12 }]);
    complete(1 << 31);
    expect(sent.slice(33)).toMatchObject([{ tag: 31, lo: 33 << 12 }]);
    expect(h.get32(FSTS_REG)).toBe(0);
  });

  test("ICE: an ITag that is not allocated, or another function's; the valid ones count", () => {
    submit(deviceTlb(RID, 0x5000n), wait(9));
    complete(1, 1, OTHER);
    expect(h.get32(FSTS_REG) & ICE).toBe(ICE);
    expect(h.get64(IQERCD_REG) >> 48n).toBe(BigInt(OTHER));
    expect(written()).toBe(0);
    complete(0b101);
    expect(written()).toBe(9);
    expect(h.get64(IQERCD_REG) >> 48n).toBe(BigInt(RID));
    h.set32(FSTS_REG, ICE);
    expect(h.get32(FSTS_REG)).toBe(0);
  });

  test("§6.5.2.11: ICE does not stop the queue", () => {
    complete(1);
    expect(h.get32(FSTS_REG) & ICE).toBe(ICE);
    submit(wait(3));
    expect(written()).toBe(3);
  });

  test("§4.2.1: while translation is disabled completions are unsupported requests", () => {
    h.command(31, false);
    submit(deviceTlb(RID, 0x5000n), wait(4));
    complete(1);
    expect(written()).toBe(0);
    expect(h.get32(FSTS_REG)).toBe(0);
  });
});

describe("VT-d §6.5.2.11 time-outs", () => {
  const pass = (ns: number): void => {
    clock.advance(ns);
    h.unit.ats.expire();
  };

  test("ITE with the function's ID; the wait stays where it is until ITE is cleared, then completes", () => {
    submit(deviceTlb(OTHER, 0x5000n), wait(8));
    expect(h.unit.ats.nextDeadlineNs).toBe(TIMEOUT);
    pass(TIMEOUT - 1);
    expect(h.get32(FSTS_REG)).toBe(0);
    pass(1);
    expect(h.get32(FSTS_REG)).toBe(ITE);
    expect((h.get64(IQERCD_REG) >> 32n) & 0xffffn).toBe(BigInt(OTHER));
    expect(h.get64(IQH_REG)).toBe(16n);
    expect(written()).toBe(0);
    submit(deviceTlb(RID, 0x6000n));
    expect(sent).toHaveLength(1);
    h.set32(FSTS_REG, ITE);
    expect(written()).toBe(8);
    expect(sent).toHaveLength(2);
  });

  test("a completion that comes after the time-out is one that nobody expects", () => {
    submit(deviceTlb(RID, 0x5000n));
    pass(TIMEOUT);
    complete(1);
    expect(h.get32(FSTS_REG)).toBe(ITE | ICE);
  });

  test("a fault event is sent, once for conditions that are pending together", () => {
    h.set32(0x3c, 0x41);
    h.set32(0x40, 0xfee0_0000);
    h.set32(0x38, 0);
    submit(deviceTlb(RID, 0x5000n));
    pass(TIMEOUT);
    complete(1);
    expect(h.events).toEqual([{ addressLo: 0xfee0_0000, addressHi: 0, data: 0x41 }]);
  });

  test("an answer in time stops the clock", () => {
    submit(deviceTlb(RID, 0x5000n));
    complete(1);
    expect(h.unit.ats.nextDeadlineNs).toBe(Infinity);
    pass(10 * TIMEOUT);
    expect(h.get32(FSTS_REG)).toBe(0);
  });

  test("what is outstanding survives save and restore", () => {
    submit(deviceTlb(RID, 0x5000n), wait(2));
    const state = h.unit.save();
    complete(1);
    expect(written()).toBe(2);
    h.write64(status, 0n);
    h.unit.restore(state);
    expect(h.unit.ats.nextDeadlineNs).toBe(TIMEOUT);
    complete(1);
    expect(written()).toBe(2);
  });

  test("disabling the queue ends its waiting", () => {
    submit(deviceTlb(RID, 0x5000n), wait(2));
    h.command(GCMD_QIE_LO, false);
    h.set64(IQT_REG, 0n);
    h.command(GCMD_QIE_LO);
    tail = 0;
    submit([4n], wait(3));
    expect(h.get64(IQH_REG)).toBe(16n);
    complete(1);
    expect(written()).toBe(3);
  });
});

describe("VT-d §6.5.2.6, §7.6.1 descriptors with PASID", () => {
  beforeEach(async () => {
    const scalable = await Scalable.create({ ...OPTIONS, pageRequests: true });
    scalable.enable();
    connect(scalable.h, true);
  });

  test("PASID-based device-TLB invalidation: PASID, ADDR, S and GI", () => {
    submit([8n | (BigInt(RID) << 16n) | (0xabcden << 32n), 0x5000n | 0x800n | 1n]);
    expect(sent).toEqual([{ requesterId: RID, tag: 0, pasid: 0xabcde, lo: 0x5801, hi: 0 }]);
  });

  test("page group response: RID, PASID, PRGI, code, in order with invalidations", () => {
    const response = (code: bigint, present: boolean): [bigint, bigint] => [
      9n | (present ? 16n : 0n) | (code << 12n) | (BigInt(OTHER) << 16n) | (0x54321n << 32n),
      (0x155n << 3n) | 4n,
    ];
    submit(response(1n, true), response(15n, false));
    expect(responses).toEqual([
      { requesterId: OTHER, group: 0x155, code: 1, pasid: 0x54321 },
      { requesterId: OTHER, group: 0x155, code: 15, pasid: undefined },
    ]);
  });

  test.each([
    ["invalidation bit 65", 8n, 2n],
    ["invalidation PFSID", 8n | (1n << 12n), 0n],
    ["response bit 5", 9n | 32n, 0n],
    ["response bit 52", 9n | (1n << 52n), 0n],
    ["response bit 64", 9n, 1n],
    ["response bit 76", 9n, 1n << 12n],
  ])("%s is reserved", (_, low, high) => {
    submit([low, high]);
    expect(h.get64(IQERCD_REG) & 15n).toBe(4n);
    expect([...sent, ...responses]).toEqual([]);
  });

  test("200 responses at a time all arrive", () => {
    const group = (n: number): [bigint, bigint] => [9n | (BigInt(RID) << 16n), BigInt(n) << 3n];
    submit(...Array.from({ length: 120 }, (_, n) => group(n)));
    submit(...Array.from({ length: 80 }, (_, n) => group(n + 120)));
    expect(responses.map((response) => response.group)).toEqual([...Array(200).keys()]);
  });

  test("a response is of an invalid type without page requests", async () => {
    const scalable = await Scalable.create({ ...OPTIONS, pageRequests: false });
    scalable.enable();
    connect(scalable.h, true);
    submit([9n, 0n]);
    expect(h.get64(IQERCD_REG) & 15n).toBe(3n);
  });
});
