// States that lead a unit out of its memory are refused, or lead nowhere.
import { beforeEach, describe, expect, test } from "vitest";
import * as ats from "../../assembly/spec/abi/ats.ts";
import * as abi from "../../assembly/spec/abi/iommu.ts";
import { FormatError } from "../../host/core/errors.ts";
import { Forge, Guard } from "./forge.ts";
import { Harness, RAM_BASE } from "./harness.ts";

const RID = 0x0215;
const BYTES = new Uint8Array(64).fill(0xee);
let h: Harness;
let guard: Guard;
let forge: Forge;
let place: number;

beforeEach(async () => {
  h = await Harness.create();
  guard = new Guard(h);
  const [root, table] = [h.page(), h.page()];
  h.context(root, RID, { table, domainId: 7 });
  h.mapPage(table, 4, 0x5000, RAM_BASE + 0x8000);
  h.enable(root);
  h.translate(RID, 0x5000);
  forge = new Forge(h.unit.save());
  place = forge.translations[0] as number;
});

/** Restores the forged state, lets `then` happen, and writes by DMA. Whether the state was taken. */
function tried(then: () => void): boolean {
  try {
    h.unit.restore(forge.state);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return false;
  }
  then();
  h.dmaWrite(RID, 0x5000, BYTES);
  h.dmaWrite(RID, 0, BYTES);
  expect(guard.untouched).toBe(true);
  return true;
}

describe("cached translations", () => {
  test("those of another map's generation are dropped, not kept until the map comes to it", () => {
    forge.set(place + 8, guard.value);
    forge.set(abi.UNIT_MAP_GENERATION, forge.get(abi.UNIT_MAP_GENERATION) + 1);
    expect(tried(() => guard.changeMap())).toBe(true);
    expect(h.dmaRead(RID, 0x5000, 64)).toEqual(BYTES);
  });

  test("one without VALID is checked too, because strict mode would complete its tag", () => {
    forge.set(place + 8, guard.value);
    forge.set(place + 4, 0);
    const on = () => {
      h.unit.strict = true;
    };
    expect(tried(on)).toBe(false);
  });

  test.each([
    ["IOTLB", abi.UNIT_USED],
    ["paging-structure caches", abi.UNIT_USED + 4],
  ])("%s that count as empty and are not: refused, since no invalidation would reach them", (_, used) => {
    forge.set(used, 0);
    expect(tried(() => guard.changeMap())).toBe(false);
  });

  test("those of a state of the same map stay", () => {
    expect(tried(() => undefined)).toBe(true);
    expect(h.unit.statistics()).toMatchObject({ translations: 3, hits: 1 });
  });
});

describe("messages that wait", () => {
  const send = () => h.unit.ats.sendMessages();

  test("an ITag that is none is refused", () => {
    forge.message(ats.ATS_INVALIDATE, RID, guard.tag, 0x1000);
    expect(tried(send)).toBe(false);
    forge.message(ats.ATS_INVALIDATE, RID, 32, 0x1000);
    expect(tried(send)).toBe(false);
  });

  test("kinds, requesters, groups and codes that are none are refused, also behind the first message", () => {
    const { ATS_INVALIDATE, ATS_GROUP_RESPONSE } = ats;
    for (const [kind, requesterId, code, body] of [
      [3, RID, 1, 1],
      [ATS_INVALIDATE, 0x1_0000, 1, 0x1000],
      [ATS_GROUP_RESPONSE, RID, 16, 1],
      [ATS_GROUP_RESPONSE, RID, 0, 512],
    ] as const) {
      forge.message(kind, requesterId, code, body);
      expect(tried(send), `${kind} ${requesterId} ${code} ${body}`).toBe(false);
    }
    forge.message(ATS_INVALIDATE, RID, 31, 0x1000, 2);
    expect(tried(send)).toBe(false);
  });

  test("others are sent", () => {
    forge.message(ats.ATS_INVALIDATE, 0xffff, 31, 0x1000);
    expect(tried(send)).toBe(true);
    forge.message(ats.ATS_GROUP_RESPONSE, RID, 15, 511);
    expect(tried(send)).toBe(true);
    expect(new Forge(h.unit.save()).get(abi.UNIT_ATS + ats.ATS_MESSAGE_COUNT)).toBe(0);
  });

  test("an outstanding invalidation of no function is refused", () => {
    forge.set(abi.UNIT_ATS + ats.ATS_INVALIDATIONS + 3 * ats.ATS_INVALIDATION_SIZE, 0x1_0000);
    expect(tried(send)).toBe(false);
  });
});
