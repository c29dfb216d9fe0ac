// The copy engine in an address space that is mapped on demand: PASID, ATS and page requests end to end.
import { beforeEach, describe, expect, test } from "vitest";
import * as spec from "../../../assembly/spec/copy-engine/registers.ts";
import type { Gpa } from "../../../host/core/address.ts";
import type { SharedAddressing, WantedPage } from "../../../host/embed/in-process/shared-addressing.ts";
import { type Bare, bare, bytes, page, shared } from "./bare.ts";

const PASID = 0x234;
const RING = 0x7f12_3456_7000;
const SOURCE = 0x5555_0000_1f00;
const DESTINATION = 0x1_0000_0123;
const SUCCESS = 1;
const PAGE_FAULT = 2;

let scene: Bare;
let sharing: SharedAddressing;
let wanted: WantedPage[];
/** What backs an address. */
let backing: Map<number, { page: Gpa; writable: boolean }>;

const pageOf = (address: number): number => address - (address % 4096);

beforeEach(async () => {
  scene = await bare();
  wanted = [];
  backing = new Map();
  sharing = shared(scene, (asked) => {
    wanted.push(asked);
    return backing.get(asked.address);
  });
  sharing.bind(PASID);
});

/** Lets engine and pager take turns until nothing is left to do. */
function settle(): void {
  for (let turn = 0; turn < 50; turn++) {
    scene.machine.run();
    if (sharing.serve() === 0) return;
  }
  throw new Error("pages are asked for without end");
}

function back(address: number, byte: number, writable = true): Gpa {
  const gpa = page(scene, byte);
  backing.set(pageOf(address), { page: gpa, writable });
  return gpa;
}

describe("VT-d §7.4, PCIe 6.0 §10.4: pages are mapped when the engine asks for them", () => {
  test("ring, source and destination, a group of two where both are missing; the copy ends as if they had been there", () => {
    const ring = back(RING, 0);
    const [first, second] = [back(SOURCE, 0x11), back(SOURCE + 4096, 0x22)];
    const target = back(DESTINATION, 0);
    const queue = scene.driver.start(3, PASID, RING, ring);
    const index = scene.driver.copy(queue, { source: SOURCE, destination: DESTINATION, length: 0x180 });
    settle();
    expect(scene.driver.status(queue, index)).toBe(SUCCESS);
    const copied = bytes(scene, (target + 0x123) as Gpa, 0x180);
    expect([...copied.subarray(0, 0x100)].every((byte) => byte === 0x11)).toBe(true);
    expect([...copied.subarray(0x100)].every((byte) => byte === 0x22)).toBe(true);
    expect(first).not.toBe(second);
    expect(wanted.map(({ address, read, write, pasid }) => [address, read, write, pasid])).toEqual([
      [RING, true, false, PASID],
      [pageOf(DESTINATION), false, true, PASID],
      [pageOf(SOURCE), true, false, PASID],
      [pageOf(SOURCE) + 4096, true, false, PASID],
    ]);
    expect(scene.machine.iommu.faults()).toEqual([]);
  });

  test("what was asked for once is cached: a second copy asks for nothing and misses nothing", () => {
    const ring = back(RING, 0);
    back(SOURCE, 1);
    back(DESTINATION, 0);
    const queue = scene.driver.start(0, PASID, RING, ring);
    const copy = { source: SOURCE, destination: DESTINATION, length: 64 };
    scene.driver.copy(queue, copy);
    settle();
    const misses = scene.driver.registers.read(spec.ATC_MISSES);
    const asked = wanted.length;
    const index = scene.driver.copy(queue, copy);
    settle();
    expect(scene.driver.status(queue, index)).toBe(SUCCESS);
    expect(scene.driver.registers.read(spec.ATC_MISSES)).toBe(misses);
    expect(wanted).toHaveLength(asked);
  });

  test("Invalid Request: a page that is nobody's ends the copy with a page fault", () => {
    const ring = back(RING, 0);
    back(DESTINATION, 0);
    const queue = scene.driver.start(0, PASID, RING, ring);
    const index = scene.driver.copy(queue, { source: SOURCE, destination: DESTINATION, length: 64 });
    settle();
    expect(scene.driver.status(queue, index)).toBe(PAGE_FAULT);
    expect(scene.driver.state(0)).toBe(spec.STATE_IDLE);
  });

  test("a page that may not be written is refused for a write, served for a read", () => {
    const ring = back(RING, 0);
    back(SOURCE, 5, false);
    back(DESTINATION, 0, false);
    const queue = scene.driver.start(0, PASID, RING, ring);
    const index = scene.driver.copy(queue, { source: SOURCE, destination: DESTINATION, length: 64 });
    settle();
    expect(scene.driver.status(queue, index)).toBe(PAGE_FAULT);
  });

  test("§6.5.3.3: after an unmap the engine asks again, and sees the page that is there now", () => {
    const ring = back(RING, 0);
    back(SOURCE, 0x33);
    const target = back(DESTINATION, 0);
    const queue = scene.driver.start(0, PASID, RING, ring);
    const copy = { source: SOURCE, destination: DESTINATION, length: 64 };
    scene.driver.copy(queue, copy);
    settle();
    back(SOURCE, 0x44);
    sharing.unmap(PASID, pageOf(SOURCE));
    expect(scene.driver.registers.read(spec.INVALIDATIONS)).toBe(1);
    wanted.length = 0;
    const index = scene.driver.copy(queue, copy);
    settle();
    expect(scene.driver.status(queue, index)).toBe(SUCCESS);
    expect(wanted.map(({ address }) => address)).toEqual([pageOf(SOURCE)]);
    expect(bytes(scene, (target + 0x123) as Gpa, 64)).toEqual(new Uint8Array(64).fill(0x44));
  });

  test("without the device-TLB invalidation the engine goes on with the old page: its ATC is real", () => {
    const ring = back(RING, 0);
    back(SOURCE, 0x33);
    const target = back(DESTINATION, 0);
    const queue = scene.driver.start(0, PASID, RING, ring);
    const copy = { source: SOURCE, destination: DESTINATION, length: 64 };
    scene.driver.copy(queue, copy);
    settle();
    sharing.map(PASID, pageOf(SOURCE), back(SOURCE, 0x44), true);
    scene.driver.copy(queue, copy);
    settle();
    expect(bytes(scene, (target + 0x123) as Gpa, 64)).toEqual(new Uint8Array(64).fill(0x33));
  });

  test("eight queues in two address spaces: the same address is another page in each", () => {
    sharing.bind(77);
    const spaces = [PASID, 77];
    const rings = Array.from({ length: 8 }, () => page(scene));
    const targets = spaces.map((pasid, which) => {
      sharing.map(pasid, pageOf(SOURCE), page(scene, 0x61 + which), false);
      const target = page(scene);
      sharing.map(pasid, pageOf(DESTINATION), target, true);
      return target;
    });
    const queues = rings.map((ring, number) => {
      const pasid = spaces[number % 2] as number;
      sharing.map(pasid, RING + number * 4096, ring, true);
      return scene.driver.start(number, pasid, RING + number * 4096, ring);
    });
    const offset = DESTINATION - pageOf(DESTINATION);
    for (const [number, queue] of queues.entries()) {
      scene.driver.copy(queue, {
        source: SOURCE,
        destination: DESTINATION + number * 8,
        length: 8,
      });
    }
    settle();
    expect(wanted).toEqual([]);
    for (const [which, target] of targets.entries()) {
      const seen = bytes(scene, (target + offset) as Gpa, 64);
      for (let number = 0; number < 8; number++) {
        expect(seen[number * 8]).toBe(number % 2 === which ? 0x61 + which : 0);
      }
    }
  });
});

test("a state that was saved while pages are asked for goes on identically in another machine", async () => {
  const prepare = async () => {
    const own = await bare();
    const pages = new Map<number, Gpa>();
    const pager = shared(own, ({ address }) => {
      const found = pages.get(address);
      return found === undefined ? undefined : { page: found, writable: true };
    });
    pager.bind(PASID);
    for (const [address, byte] of [
      [RING, 0],
      [SOURCE, 0x55],
      [DESTINATION, 0],
    ] as const) {
      pages.set(pageOf(address), page(own, byte));
    }
    const queue = own.driver.start(2, PASID, RING, pages.get(RING) as Gpa);
    const index = own.driver.copy(queue, { source: SOURCE, destination: DESTINATION, length: 64 });
    const finish = (): void => {
      for (let turn = 0; turn < 10; turn++) {
        pager.serve();
        own.machine.run();
      }
    };
    return { own, queue, index, finish, target: pages.get(pageOf(DESTINATION)) as Gpa };
  };
  const [one, other] = [await prepare(), await prepare()];
  one.own.machine.run();
  expect(one.own.driver.state(2)).toBe(spec.STATE_WAITING);
  const state = structuredClone(one.own.machine.save());
  other.own.machine.restore(state);
  expect(other.own.machine.save()).toEqual(state);
  for (const scenario of [one, other]) {
    scenario.finish();
    expect(scenario.own.driver.status(scenario.queue, scenario.index)).toBe(SUCCESS);
    expect(bytes(scenario.own, (scenario.target + 0x123) as Gpa, 64)).toEqual(new Uint8Array(64).fill(0x55));
  }
  expect(other.own.machine.save()).toEqual(one.own.machine.save());
});
