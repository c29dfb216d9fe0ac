// Page requests: the checks, the queue in memory, overflow and event (VT-d 5.10 §7.4, §7.5, §7.1.3 Table 30).
import { beforeEach, describe, expect, test } from "vitest";
import { PEADDR_REG, PECTL_REG, PEDATA_REG } from "../../assembly/spec/vtd/event.ts";
import { PQA_REG, PQH_REG, PQT_REG, PRS_REG } from "../../assembly/spec/vtd/page-request-queue.ts";
import type { RequesterId } from "../../host/core/address.ts";
import { Clock } from "../../host/core/clock.ts";
import type { PageGroupResponse, PageRequest } from "../../host/core/ports.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { NOWHERE, RAM_BASE } from "./harness.ts";
import { FIRST, NESTED, Scalable, SECOND } from "./scalable.ts";

const RID = 0x0218 as RequesterId;
const PASID = 0x3456;
const PPR = 1;
const PRO = 2;
const OPTIONS: IommuOptions = { deviceTlb: true, pageRequests: true, stopMarkers: true };

let s: Scalable;
let directory: number;
let table: number;
let queue: number;
let responses: PageGroupResponse[];

async function start(options: IommuOptions = {}): Promise<void> {
  s = await Scalable.create({ ...OPTIONS, ...options });
  directory = s.h.page();
  table = s.h.page();
  queue = s.h.page();
  s.context(RID, { directory, pdts: 5, dte: true, pre: true, ridPasid: 9 });
  s.pasid(directory, PASID, { type: FIRST, first: table, domainId: 7 });
  s.pasid(directory, 9, { type: SECOND, second: table, domainId: 8 });
  s.enable();
  s.h.set64(PQA_REG, BigInt(queue));
  responses = [];
  s.h.unit.ats.connect({
    clock: new Clock(),
    find: () => ({ invalidate: () => {}, respond: (response) => void responses.push(response) }),
  });
}

const ask = (request: Partial<PageRequest> = {}, requesterId = RID): void =>
  s.h.unit.ats.requestPage(requesterId, {
    addressLo: 0x3456_7000,
    addressHi: 0x12,
    group: 0x155,
    last: true,
    read: true,
    write: false,
    pasid: PASID,
    ...request,
  });
const words = (index: number): bigint[] => [0, 8, 16, 24].map((at) => s.h.read64(queue + index * 32 + at));

beforeEach(() => start());

describe("VT-d §7.4.1.1 Page Request Descriptor", () => {
  test("every field of a request with PASID", () => {
    ask({ write: true, privileged: true, execute: true });
    const low = 1n | (1n << 8n) | (BigInt(RID) << 16n) | (BigInt(PASID) << 32n) | (3n << 52n);
    expect(words(0)).toEqual([low, 0x12_3456_7000n | (0x155n << 3n) | 7n, 0n, 0n]);
    expect(s.h.get64(PQT_REG)).toBe(32n);
    expect(s.h.get32(PRS_REG)).toBe(PPR);
    expect(responses).toEqual([]);
  });

  test("without PASID, of a group that goes on", () => {
    ask({ pasid: undefined, last: false, group: 3 });
    expect(words(0)).toEqual([1n | (BigInt(RID) << 16n), 0x12_3456_7000n | (3n << 3n) | 1n, 0n, 0n]);
  });

  test("a Stop Marker is a descriptor too", () => {
    ask({ read: false, group: 0 });
    expect(words(0)[1]).toBe(0x12_3456_7000n | 4n);
  });
});

describe("VT-d §7.4.1 the queue", () => {
  const fill = (): void => {
    for (let n = 0; n < 127; n++) ask({ group: n, last: false });
  };

  test("N entries take N-1 requests; the next finds the queue full: PRO, and a last one gets Success", () => {
    fill();
    expect(s.h.get64(PQT_REG)).toBe(127n * 32n);
    ask({ last: false });
    expect(s.h.get32(PRS_REG)).toBe(PPR | PRO);
    expect(responses).toEqual([]);
    ask({ group: 9 });
    expect(responses).toEqual([{ group: 9, code: 0, pasid: PASID }]);
    expect(words(127)).toEqual([0n, 0n, 0n, 0n]);
  });

  test("while PRO is set nothing is written, though there is room; afterwards it wraps", () => {
    fill();
    ask({ group: 1 });
    s.h.set64(PQH_REG, 64n);
    ask({ group: 2 });
    expect(responses.map(({ group, code }) => [group, code])).toEqual([
      [1, 0],
      [2, 0],
    ]);
    s.h.set32(PRS_REG, PRO);
    ask({ group: 3 });
    expect(words(127)[1]).toBe(0x12_3456_7000n | (3n << 3n) | 5n);
    expect(s.h.get64(PQT_REG)).toBe(0n);
  });

  test("SMS: a Stop Marker that finds the queue full is dropped, without PRO", () => {
    fill();
    ask({ read: false });
    expect(s.h.get32(PRS_REG)).toBe(PPR);
    expect(responses).toEqual([]);
  });

  test("PQS=1: two pages", () => {
    s.h.page();
    s.h.set64(PQA_REG, BigInt(queue) | 1n);
    fill();
    ask();
    expect(s.h.get64(PQT_REG)).toBe(4096n);
  });

  test("a queue where nothing answers loses its descriptors, and nothing else happens", () => {
    s.h.set64(PQA_REG, BigInt(NOWHERE));
    ask();
    expect(s.h.get64(PQT_REG)).toBe(32n);
  });
});

describe("VT-d §7.5 the event", () => {
  beforeEach(() => {
    s.h.set32(PEDATA_REG, 0x52);
    s.h.set32(PEADDR_REG, 0xfee0_1000);
  });

  test("sent when neither PPR nor PRO was set, and not again while one is", () => {
    s.h.set32(PECTL_REG, 0);
    ask();
    ask();
    expect(s.h.events).toEqual([{ addressLo: 0xfee0_1000, addressHi: 0, data: 0x52 }]);
    s.h.set32(PRS_REG, PPR);
    ask();
    expect(s.h.events).toHaveLength(2);
  });

  test("held while masked, sent when unmasked, dropped when served", () => {
    ask();
    expect(s.h.get32(PECTL_REG)).toBe(0xc000_0000);
    s.h.set32(PECTL_REG, 0);
    expect(s.h.events).toHaveLength(1);
    s.h.set32(PECTL_REG, 0x8000_0000);
    s.h.set32(PRS_REG, PPR);
    ask();
    s.h.set32(PRS_REG, PPR);
    expect(s.h.get32(PECTL_REG)).toBe(0x8000_0000);
    s.h.set32(PECTL_REG, 0);
    expect(s.h.events).toHaveLength(1);
  });
});

describe("VT-d §7.1.3 Table 30, page requests: Invalid Request for the last of a group, nothing for others", () => {
  const refused = (reason: number): void => {
    ask({ last: false });
    expect(responses).toEqual([]);
    ask();
    expect(responses).toEqual([{ group: 0x155, code: 1, pasid: PASID }]);
    expect(s.h.unit.faults()).toMatchObject([{ reason, requesterId: RID, pasid: PASID }]);
    // T1=0, T2=1: page request.
    const upper = s.h.get64(0x408);
    expect([(upper >> 62n) & 1n, (upper >> 28n) & 1n]).toEqual([0n, 1n]);
    expect(s.h.get64(PQT_REG)).toBe(0n);
    expect(s.h.get32(PRS_REG)).toBe(0);
  };

  test("RTA.3 32h: legacy mode", () => {
    s.enable(0);
    refused(0x32);
  });

  test("RTA.4 33h: abort-DMA mode", () => {
    s.enable(3);
    refused(0x33);
  });

  test.each<[string, number, () => void]>([
    ["SRT.2 39h: root-entry", 0x39, () => s.h.write64(s.root + 2 * 16, 0n)],
    ["SCT.2 41h: context-entry not present", 0x41, () => s.h.write64(s.contextAt(RID), 0n)],
    ["SCT.4.1 43h: PRE without DTE", 0x43, () => void s.context(RID, { directory, pdts: 5, pre: true })],
    ["SCT.6 45h: PASIDE=0", 0x45, () => void s.context(RID, { directory, dte: true, pre: true, paside: false })],
    ["SCT.7 46h: beyond PDTS", 0x46, () => void s.context(RID, { directory, dte: true, pre: true })],
    ["SCT.8 47h: PRE=0", 0x47, () => void s.context(RID, { directory, pdts: 5, dte: true })],
    [
      "SCT.9 48h: RID_PASID's",
      0x48,
      () => void s.context(RID, { directory, pdts: 5, dte: true, pre: true, ridPasid: PASID }),
    ],
    ["SPD.2 51h: directory entry not present", 0x51, () => s.h.write64(s.directoryAt(directory, PASID), 0n)],
    ["SPT.2 59h: PASID-table entry not present", 0x59, () => s.h.write64(s.pasidAt(directory, PASID), 0n)],
    ["SPT.4.2 5Bh: no such PGTT", 0x5b, () => void s.pasid(directory, PASID, { type: 5 })],
  ])("%s", (_, reason, prepare) => {
    prepare();
    refused(reason);
  });

  test("SPT.6: privilege without SRE is no matter for a page request", () => {
    ask({ privileged: true });
    expect(s.h.unit.faults()).toEqual([]);
    expect(s.h.get64(PQT_REG)).toBe(32n);
  });

  test("without page-request support, or translation, the message goes nowhere", async () => {
    s.h.command(31, false);
    ask();
    await start({ pageRequests: false, stopMarkers: false });
    ask();
    expect(responses).toEqual([]);
    expect(s.h.unit.faults()).toEqual([]);
  });
});

describe("VT-d §6.5.3.1 implicit invalidation", () => {
  test("first stage: the page that is asked for leaves the IOTLB, another stays", () => {
    const target = RAM_BASE + 0x9000;
    s.mapFirst(table, 4, 0x5000, target, 5);
    s.mapFirst(table, 4, 0x6000, target, 5);
    const at = (iova: number) => s.h.unit.translate(RID, iova, 0, 1, PASID);
    at(0x5000);
    at(0x6000);
    s.mapFirst(table, 4, 0x5000, target + 0x1000, 7);
    s.mapFirst(table, 4, 0x6000, target + 0x1000, 7);
    ask({ addressLo: 0x5000, addressHi: 0 });
    expect(at(0x5000)).toEqual({ hpa: target + 0x1000 });
    expect(at(0x6000)).toEqual({ hpa: target });
  });

  test("second stage, without PASID: likewise by RID_PASID's domain", () => {
    const target = RAM_BASE + 0x9000;
    s.h.mapPage(table, 4, 0x5000, target, 1);
    const at = (iova: number) => s.h.unit.translate(RID, iova, 0, 1);
    at(0x5000);
    s.h.mapPage(table, 4, 0x5000, target + 0x1000, 1);
    expect(at(0x5000)).toEqual({ hpa: target });
    ask({ addressLo: 0x5000, addressHi: 0, pasid: undefined });
    expect(at(0x5000)).toEqual({ hpa: target + 0x1000 });
  });

  test("nested: everything of the domain", () => {
    const second = s.h.page();
    s.pasid(directory, 0x346, { type: NESTED, first: table, second, domainId: 11 });
    // The second stage maps RAM to itself.
    s.h.mapPage(second, 4, 0, 0, 3, 1);
    for (let address = 0x20_0000; address < RAM_BASE + 0x100_0000; address += 0x20_0000) {
      s.h.mapPage(second, 4, address, address, 3, 1);
    }
    const target = RAM_BASE + 0x9000;
    s.mapFirst(table, 4, 0x5000, target);
    const at = (iova: number) => s.h.unit.translate(RID, iova, 0, 1, 0x346);
    expect(at(0x5000)).toEqual({ hpa: target });
    s.mapFirst(table, 4, 0x5000, target + 0x1000);
    expect(at(0x5000)).toEqual({ hpa: target });
    ask({ addressLo: 0x7000, addressHi: 0, pasid: 0x346 });
    expect(at(0x5000)).toEqual({ hpa: target + 0x1000 });
  });
});

test("§11.4.11.2: a tail beyond the queue's size writes into the queue, not behind it", () => {
  for (let page = 0; page < 4; page++) s.h.page();
  s.h.set32(PQT_REG, 0x3040);
  ask();
  expect([0x1040, 0x2040, 0x3040].map((at) => s.h.read64(queue + at))).toEqual([0n, 0n, 0n]);
  expect(words(2)[0]).not.toBe(0n);
  expect(s.h.get32(PQT_REG)).toBe(0x60);
});
