import { beforeEach, describe, expect, test } from "vitest";
import { PEADDR_REG, PECTL_REG, PEDATA_REG, PEUADDR_REG } from "../../assembly/spec/vtd/event.ts";
import { PQA_REG, PQH_REG, PQT_REG, PRS_REG } from "../../assembly/spec/vtd/page-request-queue.ts";
import type { RequesterId } from "../../host/core/address.ts";
import { Clock } from "../../host/core/clock.ts";
import { Scalable, SECOND } from "./scalable.ts";

const RID = 0x02a5 as RequesterId;
const PPR = 1;
const PRO = 2;
const EVENT = { addressLo: 0xfee0_3000, addressHi: 0x0004_5600, data: 0x71 };
let s: Scalable;
let queue: number;
let responses: { group: number; code: number }[];

beforeEach(async () => {
  s = await Scalable.create({ deviceTlb: true, pageRequests: true });
  const directory = s.h.page();
  s.context(RID, { directory, dte: true, pre: true });
  s.pasid(directory, 0, { type: SECOND, second: s.h.page() });
  s.enable();
  queue = s.h.page();
  responses = [];
  s.h.set64(PQA_REG, BigInt(queue));
  s.h.set32(PEADDR_REG, EVENT.addressLo);
  s.h.set32(PEUADDR_REG, EVENT.addressHi);
  s.h.set32(PEDATA_REG, EVENT.data);
  s.h.set32(PECTL_REG, 0);
  s.h.unit.ats.connect({
    clock: new Clock(),
    find: () => ({ invalidate: () => {}, respond: ({ group, code }) => responses.push({ group, code }) }),
  });
});

const ask = (group: number, last = true): void =>
  s.h.unit.ats.requestPage(RID, { addressLo: 0x7000, addressHi: 5, group, last, read: true, write: false });

describe("VT-d §7.5 the page request event", () => {
  test("§11.4.11: a request moves the tail by 32 bytes, sets PPR, and is told once until PPR is cleared", () => {
    ask(1);
    ask(2);
    expect([s.h.get32(PQT_REG), s.h.get32(PRS_REG)]).toEqual([64, PPR]);
    expect(s.h.events).toEqual([EVENT]);
    s.h.set32(PRS_REG, PPR);
    expect(s.h.get32(PRS_REG)).toBe(0);
    ask(3);
    expect(s.h.events).toEqual([EVENT, EVENT]);
  });

  test("§11.4.11.5: held while masked, sent when the mask goes, forgotten when PRS_REG is served", () => {
    s.h.set32(PECTL_REG, 0x8000_0000);
    ask(1);
    expect([s.h.get32(PECTL_REG), s.h.events]).toEqual([0xc000_0000, []]);
    s.h.set32(PECTL_REG, 0);
    expect([s.h.get32(PECTL_REG), s.h.events]).toEqual([0, [EVENT]]);
    s.h.set32(PECTL_REG, 0x8000_0000);
    s.h.set32(PRS_REG, PPR);
    ask(2);
    expect(s.h.get32(PECTL_REG)).toBe(0xc000_0000);
    s.h.set32(PRS_REG, PPR);
    expect(s.h.get32(PECTL_REG)).toBe(0x8000_0000);
    s.h.set32(PECTL_REG, 0);
    expect(s.h.events).toEqual([EVENT]);
  });

  test("§7.4.1 Table 31: a full queue sets PRO, later requests are answered with success; both bits keep IP", () => {
    s.h.set32(PECTL_REG, 0x8000_0000);
    for (let n = 0; n < 127; n++) ask(n);
    expect([s.h.get32(PQT_REG), s.h.get32(PRS_REG), responses]).toEqual([127 * 32, PPR, []]);
    ask(0x155);
    ask(0x156, false);
    expect([s.h.get32(PQT_REG), s.h.get32(PRS_REG)]).toEqual([127 * 32, PPR | PRO]);
    expect(responses).toEqual([{ group: 0x155, code: 0 }]);
    s.h.set32(PRS_REG, PPR);
    expect(s.h.get32(PECTL_REG)).toBe(0xc000_0000);
    s.h.set32(PQH_REG, 64 * 32);
    s.h.set32(PRS_REG, PRO);
    expect(s.h.get32(PECTL_REG)).toBe(0x8000_0000);
    ask(1);
    expect([s.h.get32(PQT_REG), s.h.get32(PRS_REG)]).toEqual([0, PPR]);
  });

  test("the fault and invalidation events are others'", () => {
    s.h.set32(0x38, 0);
    s.h.set32(0xa0, 0);
    ask(1);
    expect(s.h.events).toEqual([EVENT]);
    expect([s.h.get32(0x34), s.h.get32(0x9c)]).toEqual([0, 0]);
  });
});
