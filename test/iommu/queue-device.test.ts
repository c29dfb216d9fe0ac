import { beforeEach, describe, expect, test } from "vitest";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQERCD_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { hpa, type RequesterId } from "../../host/core/address.ts";
import { Clock } from "../../host/core/clock.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { RAM_BASE } from "./harness.ts";
import { Scalable } from "./scalable.ts";

const RID = 0x02a5;
const PASID = 0x8f1c3;
const IQE = 0x10;
const ICE = 0x20;
const ITE = 0x40;
const TIMEOUT = 5000;
const DEVICES: IommuOptions = {
  deviceTlb: true,
  pageRequests: true,
  pageDrain: true,
  deviceTlbTimeoutNs: TIMEOUT,
};
type Descriptor = [low: bigint, high?: bigint];
type Sent =
  | { to: number; tag: number; pasid: number | undefined; body: bigint }
  | { to: number; group: number; code: number; pasid: number | undefined };

let s: Scalable;
let queue: number;
let status: number;
let tail = 0;
let clock: Clock;
let sent: Sent[];
/** Whether functions complete at once. */
let prompt: boolean;

async function start(options: IommuOptions = DEVICES, mode = 1): Promise<void> {
  s = await Scalable.create(options);
  queue = s.h.page();
  status = s.h.page();
  tail = 0;
  clock = new Clock();
  sent = [];
  prompt = false;
  const { ats } = s.h.unit;
  ats.connect({
    clock,
    find: (to) => ({
      invalidate: ({ tag, pasid, lo, hi }) => {
        sent.push({ to, tag, pasid, body: (BigInt(hi) << 32n) | BigInt(lo) });
        if (prompt) ats.invalidated(to, 2 ** tag, 1);
      },
      respond: ({ group, code, pasid }) => sent.push({ to, group, code, pasid }),
    }),
  });
  s.enable(mode);
  s.h.set64(IQA_REG, BigInt(queue) | 0x800n);
  s.h.command(GCMD_QIE_LO);
}

beforeEach(() => start());

function submit(...descriptors: Descriptor[]): void {
  for (const [low, high] of descriptors) {
    for (const [place, value] of [low, high ?? 0n, 0n, 0n].entries()) s.h.write64(queue + tail + place * 8, value);
    tail = (tail + 32) % 4096;
  }
  s.h.set32(IQT_REG, tail);
}

const field = (value: number | bigint, lo: number): bigint => BigInt(value) << BigInt(lo);
const plain = (address: bigint, size = 0): Descriptor => [3n | field(RID, 32) | field(9, 16), address | BigInt(size)];
const withPasid = (address: bigint, global = 0): Descriptor => [
  8n | field(3, 4) | field(RID, 16) | field(PASID, 32),
  address | BigInt(global),
];
const wait = (data: number, flags = 0x20): Descriptor => [5n | BigInt(flags) | field(data, 32), BigInt(status)];
const written = (): number => s.h.map.read(hpa(status), 4);
const outcome = (): number[] => [
  s.h.get32(FSTS_REG) & (IQE | ICE | ITE),
  s.h.get32(IQERCD_REG) & 0xf,
  s.h.get32(IQH_REG),
];
const complete = (requesterId: number, tags: number, count = 1): void =>
  s.h.unit.ats.invalidated(requesterId as RequesterId, tags, count);

describe("VT-d §6.5.2.5, §6.5.2.6, §7.6.1 what goes out", () => {
  test("Device-TLB: SID, address and S", () => {
    submit(plain(0x1234_5678_9000n), plain(0x1234_5678_f000n, 1));
    expect(sent).toEqual([
      { to: RID, tag: 0, pasid: undefined, body: 0x1234_5678_9000n },
      { to: RID, tag: 1, pasid: undefined, body: 0x1234_5678_f800n },
    ]);
    expect(outcome()).toEqual([0, 0, 64]);
  });

  test("PASID-based Device-TLB: SID, PASID, address, S and GI", () => {
    submit(withPasid(0x00ff_5678_9000n), withPasid(0x00ff_5678_f800n, 1));
    expect(sent).toEqual([
      { to: RID, tag: 0, pasid: PASID, body: 0x00ff_5678_9000n },
      { to: RID, tag: 1, pasid: PASID, body: 0x00ff_5678_f801n },
    ]);
  });

  test("page group response: RID, PASID if present, index and code; the ignored bit is", () => {
    const response = (code: number, present: number): bigint =>
      9n | field(present, 4) | field(code, 12) | field(RID, 16) | field(PASID, 32);
    submit([response(0, 1), field(0x155, 3)], [response(1, 0), field(0xaa, 3) | 4n], [response(15, 1), 0n]);
    expect(sent).toEqual([
      { to: RID, group: 0x155, code: 0, pasid: PASID },
      { to: RID, group: 0xaa, code: 1, pasid: undefined },
      { to: RID, group: 0, code: 15, pasid: PASID },
    ]);
  });

  test("§7.8: in the order of the queue", () => {
    submit(plain(0x1000n), [9n | field(RID, 16), field(7, 3)], withPasid(0x2000n));
    expect(sent.map((message) => ("group" in message ? "response" : message.body))).toEqual([
      0x1000n,
      "response",
      0x2000n,
    ]);
  });
});

describe("VT-d §11.4.9.9 IQEI", () => {
  const bit = (place: number): bigint => 1n << BigInt(place);
  test.each<[string, bigint, bigint]>([
    ["Device-TLB bit 4", 3n | bit(4), 0n],
    ["Device-TLB bit 8", 3n | bit(8), 0n],
    ["Device-TLB PFSID[3:0] without DIT", 3n | bit(12), 0n],
    ["Device-TLB bit 21", 3n | bit(21), 0n],
    ["Device-TLB bit 31", 3n | bit(31), 0n],
    ["Device-TLB bit 48", 3n | bit(48), 0n],
    ["Device-TLB PFSID[15:4] without DIT", 3n | bit(63), 0n],
    ["Device-TLB bit 65", 3n, bit(1)],
    ["Device-TLB bit 75", 3n, bit(11)],
    ["PASID-based Device-TLB PFSID[3:0] without DIT", 8n | bit(15), 0n],
    ["PASID-based Device-TLB PFSID[15:4] without DIT", 8n | bit(52), 0n],
    ["PASID-based Device-TLB bit 65", 8n, bit(1)],
    ["PASID-based Device-TLB bit 74", 8n, bit(10)],
    ["page group response bit 5", 9n | bit(5), 0n],
    ["page group response bit 8", 9n | bit(8), 0n],
    ["page group response bit 52", 9n | bit(52), 0n],
    ["page group response bit 64", 9n, 1n],
    ["page group response bit 65", 9n, 2n],
    ["page group response bit 76", 9n, bit(12)],
  ])("4: %s", (_name, low, high) => {
    submit([5n], [low, high]);
    expect(outcome()).toEqual([IQE, 4, 32]);
    expect(sent).toEqual([]);
  });

  test.each<[string, IommuOptions, number, number]>([
    ["Device-TLB without DT", { deviceTlb: false }, 1, 3],
    ["PASID-based Device-TLB without DT", { deviceTlb: false }, 1, 8],
    ["PASID-based Device-TLB in legacy mode", DEVICES, 0, 8],
    ["page group response without PRS", { ...DEVICES, pageRequests: false }, 1, 9],
    ["page group response in legacy mode", DEVICES, 0, 9],
  ])("3: %s", async (_name, options, mode, type) => {
    await start(options, mode);
    submit([BigInt(type)]);
    expect(outcome()).toEqual([IQE, 3, 0]);
  });

  test("a Device-TLB descriptor is one of legacy mode too, and abort-DMA mode knows all", async () => {
    await start(DEVICES, 0);
    submit(plain(0x1000n));
    expect(outcome()).toEqual([0, 0, 32]);
    await start(DEVICES, 3);
    submit(plain(0x1000n), withPasid(0x2000n), [9n]);
    expect(outcome()).toEqual([0, 0, 96]);
    expect(sent).toHaveLength(3);
  });
});

describe("VT-d §6.5.2.12 a wait descriptor after Device-TLB invalidations", () => {
  test("completes when all before it have; what follows it waits as well, with FN and without", () => {
    for (const flags of [0x20, 0x60]) {
      submit(plain(0x1000n), withPasid(0x2000n), wait(flags, flags), plain(0x3000n));
      const [first, second] = sent.splice(0) as { tag: number }[];
      const at = (tail - 64 + 4096) % 4096;
      expect([s.h.get32(IQH_REG), written()]).toEqual([at, flags === 0x20 ? 0 : 0x20]);
      complete(RID, 2 ** (second?.tag as number));
      expect(s.h.get32(IQH_REG)).toBe(at);
      complete(RID, 2 ** (first?.tag as number));
      expect([s.h.get32(IQH_REG), written()]).toEqual([tail, flags]);
      const [third] = sent.splice(0) as { tag: number }[];
      complete(RID, 2 ** (third?.tag as number));
    }
  });

  test("functions that complete at once are served within the write of the tail", () => {
    prompt = true;
    submit(plain(0x1000n), wait(1), withPasid(0x2000n), wait(2));
    expect(written()).toBe(2);
    expect(sent).toHaveLength(2);
  });

  test("more than 32 pending invalidations wait for an ITag", () => {
    submit(...Array.from({ length: 40 }, (_, n) => plain(BigInt(n) << 12n)), wait(7));
    expect(sent).toHaveLength(32);
    expect(s.h.get32(IQH_REG)).toBe(32 * 32);
    complete(RID, 0xffff_ffff);
    expect(sent).toHaveLength(40);
    complete(RID, 0xff);
    expect(written()).toBe(7);
  });

  test("§6.5.2.11 time-out: ITE with ITESID, the wait is not completed, the queue stops until ITE is cleared", () => {
    submit(plain(0x1000n), wait(3));
    clock.advance(TIMEOUT - 1);
    s.h.unit.ats.expire();
    expect(outcome()).toEqual([0, 0, 32]);
    clock.advance(1);
    s.h.unit.ats.expire();
    expect(outcome()).toEqual([ITE, 0, 32]);
    expect(s.h.get32(IQERCD_REG + 4) & 0xffff).toBe(RID);
    submit(plain(0x2000n));
    expect([s.h.get32(IQH_REG), written(), sent.length]).toEqual([32, 0, 1]);
    s.h.set32(FSTS_REG, ITE);
    expect([s.h.get32(IQH_REG), written(), sent.length]).toEqual([tail, 3, 2]);
  });

  test("§6.5.2.11 a completion of the wrong ITag or function: ICE with ICESID, the queue goes on", () => {
    submit(plain(0x1000n));
    complete(0x0311, 1);
    expect(outcome()).toEqual([ICE, 0, 32]);
    expect(s.h.get32(IQERCD_REG + 4) >>> 16).toBe(0x0311);
    complete(RID, 2);
    expect(s.h.get32(IQERCD_REG + 4) >>> 16).toBe(RID);
    submit([5n | 0x20n | field(9, 32), BigInt(status)]);
    expect(written()).toBe(0);
    complete(RID, 1);
    expect(written()).toBe(9);
    s.h.set32(FSTS_REG, ICE);
    expect(s.h.get32(FSTS_REG)).toBe(0);
  });
});

describe("VT-d §6.5.2 work is bounded with devices that answer at once", () => {
  test("a long queue of invalidations and costly descriptors is not done at once, but in the end", async () => {
    s = await Scalable.create(DEVICES, 0x200_0000);
    status = s.h.page();
    const round = 16384;
    const base = RAM_BASE + 0x100_0000;
    const words = new BigUint64Array(round * 4);
    for (let n = 0; n < round - 2; n++) words[4 * n] = n % 4 === 0 ? 3n | field(RID, 32) : 2n | (2n << 4n);
    words[4 * (round - 2)] = wait(5)[0];
    words[4 * (round - 2) + 1] = BigInt(status);
    s.h.map.writeBytes(hpa(base), new Uint8Array(words.buffer));
    let asked = 0;
    const { ats } = s.h.unit;
    ats.connect({
      clock,
      find: (to) => ({
        invalidate: ({ tag }) => {
          asked++;
          ats.invalidated(to, 2 ** tag, 1);
        },
        respond: () => {},
      }),
    });
    s.enable();
    s.h.set64(IQA_REG, BigInt(base) | 0x807n);
    s.h.command(GCMD_QIE_LO);
    s.h.set32(IQT_REG, (round - 1) * 32);
    expect(asked).toBeLessThan(round / 40);
    let polls = 0;
    while (written() === 0 && polls++ < 1000) s.h.get32(FSTS_REG);
    expect([written(), asked]).toEqual([5, Math.ceil((round - 2) / 4)]);
    expect(polls).toBeGreaterThan(10);
  });
});
