import { beforeEach, describe, expect, test } from "vitest";
import * as event from "../../assembly/spec/vtd/event.ts";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO, GCMD_SRTP_LO } from "../../assembly/spec/vtd/global.ts";
import { ICS_REG, IQA_REG, IQERCD_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { RTADDR_REG } from "../../assembly/spec/vtd/root-table-address.ts";
import { hpa } from "../../host/core/address.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, NOWHERE, RAM_BASE } from "./harness.ts";

const ONE = 0x0215;
const OLD = RAM_BASE + 0x5000;
const NEW = RAM_BASE + 0x9000;
const IQE = 0x10;
const SW = 0x20;
const IF = 0x10;
const FN = 0x40;
const PAGES = [0x1000, 0x2000, 0x3000, 0x20_0000];
type Descriptor = [low: bigint, high?: bigint, third?: bigint, fourth?: bigint];
let h: Harness;
let root: number;
let table: number;
let queue: number;
let tail = 0;
let wide = false;

/** A unit that translates, with its queue enabled; `mode` is RTADDR_REG.TTM afterwards. */
async function start(options: IommuOptions = {}, width: 128 | 256 = 128, mode = 0): Promise<void> {
  h = await Harness.create(options);
  root = h.page();
  table = h.page();
  queue = h.page();
  tail = 0;
  wide = width === 256;
  h.context(root, ONE, { table, domainId: 0x107 });
  for (const page of PAGES) h.mapPage(table, 4, page, OLD);
  h.enable(root);
  h.set64(IQA_REG, BigInt(queue) | (wide ? 0x800n : 0n));
  h.command(GCMD_QIE_LO);
  if (mode !== 0) setMode(mode);
}

function setMode(mode: number): void {
  h.set64(RTADDR_REG, BigInt(root | (mode << 10)));
  h.command(GCMD_SRTP_LO);
}

beforeEach(() => start());

/** Fills the caches, then changes every leaf in memory. */
function makeStale(): void {
  for (const page of PAGES) expect(h.translate(ONE, page)).toBe(OLD);
  for (const page of PAGES) h.mapPage(table, 4, page, NEW);
}

/** Which of the pages the unit sees anew. */
function fresh(): number[] {
  return PAGES.filter((page) => h.translate(ONE, page) === NEW);
}

function submit(...descriptors: Descriptor[]): void {
  for (const [low, high, third, fourth] of descriptors) {
    h.write64(queue + tail, low);
    h.write64(queue + tail + 8, high ?? 0n);
    if (wide) {
      h.write64(queue + tail + 16, third ?? 0n);
      h.write64(queue + tail + 24, fourth ?? 0n);
    }
    tail = (tail + (wide ? 32 : 16)) % 4096;
  }
  h.set32(IQT_REG, tail);
}

const wait = (flags: number, data = 0, address = 0): Descriptor => [
  5n | BigInt(flags) | (BigInt(data) << 32n),
  BigInt(address),
];
const GLOBAL: Descriptor = [2n | (1n << 4n)];
/** What the queue came to: IQE, IQEI, head. */
const outcome = (): number[] => [h.get32(FSTS_REG) & IQE, h.get32(IQERCD_REG), h.get32(IQH_REG)];

describe("VT-d §6.5.2 the invalidation queue", () => {
  test("§6.5.2.9 SW: writes the data to the address after what was before it", () => {
    makeStale();
    const status = h.page();
    submit([2n | (1n << 4n)], wait(SW | FN, 0xdead_beef, status + 8));
    expect(h.map.read(hpa(status + 8), 4)).toBe(0xdead_beef);
    expect(h.map.read(hpa(status + 4), 4)).toBe(0);
    expect(fresh()).toEqual(PAGES);
  });

  test("§6.5.2.9 SW to nowhere or into registers goes nowhere", () => {
    let written = 0;
    const handler = { read: () => 0, write: () => written++ };
    h.map.addMmio({ base: hpa(0x9000_0000), size: 4096, handler });
    submit(wait(SW, 1, NOWHERE), wait(SW, 1, 0x9000_0000));
    expect(h.get32(FSTS_REG)).toBe(0);
    expect(written).toBe(0);
  });

  test("§6.5.2.10 IF: sets IWC and sends one event until IWC is cleared", () => {
    h.set32(event.IEADDR_REG, 0xfee0_1000);
    h.set32(event.IEDATA_REG, 0x55);
    h.set32(event.IECTL_REG, 0);
    submit(wait(IF), wait(IF));
    expect(h.get32(ICS_REG)).toBe(1);
    expect(h.events).toEqual([{ addressLo: 0xfee0_1000, addressHi: 0, data: 0x55 }]);
    h.set32(ICS_REG, 1);
    expect(h.get32(ICS_REG)).toBe(0);
    h.set32(event.IECTL_REG, 0x8000_0000);
    submit(wait(IF));
    expect(h.get32(event.IECTL_REG)).toBe(0xc000_0000);
    h.set32(ICS_REG, 1);
    expect(h.get32(event.IECTL_REG)).toBe(0x8000_0000);
    submit(wait(IF));
    h.set32(event.IECTL_REG, 0);
    expect(h.events).toHaveLength(2);
  });

  test("the head wraps, a whole round at a time", () => {
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 255; n++) {
        h.write64(queue + ((tail + n * 16) % 4096), 4n);
        h.write64(queue + ((tail + n * 16) % 4096) + 8, 0n);
      }
      tail = (tail + 255 * 16) % 4096;
      h.set32(IQT_REG, tail);
      expect(h.get32(IQH_REG)).toBe(tail);
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
    makeStale();
    submit([5n], [low, high], [2n | (1n << 4n)]);
    expect(h.get32(FSTS_REG)).toBe(0x10);
    expect(h.get32(IQERCD_REG)).toBe(info);
    expect(h.get32(IQH_REG)).toBe(16);
    h.set32(IQT_REG, tail);
    expect(h.get32(IQH_REG)).toBe(16);
    expect(fresh()).toEqual([]);
    h.write64(queue + 16, 5n);
    h.write64(queue + 24, 0n);
    h.set32(FSTS_REG, 0x10);
    expect(h.get32(IQH_REG)).toBe(tail);
    expect(fresh()).toEqual(PAGES);
  });

  test("§11.4.9.9: a tail beyond the queue, a wrong width, memory that is not there", async () => {
    await start({ scalableMode: false, abortDma: false });
    h.set32(IQT_REG, 0x1000);
    expect([h.get32(FSTS_REG), h.get32(IQERCD_REG)]).toEqual([0x10, 1]);
    h.set32(IQT_REG, 0);
    h.set32(FSTS_REG, 0x10);
    h.set64(IQA_REG, BigInt(queue) | 0x800n);
    h.set32(IQT_REG, 0x20);
    expect([h.get32(FSTS_REG), h.get32(IQERCD_REG)]).toEqual([0x10, 5]);
    h.set32(IQT_REG, 0);
    h.set32(FSTS_REG, 0x10);
    h.set64(IQA_REG, BigInt(NOWHERE));
    h.set32(IQT_REG, 0x20);
    expect([h.get32(FSTS_REG), h.get32(IQERCD_REG)]).toEqual([0x10, 2]);
  });

  test("an error raises the fault event", () => {
    h.set32(event.FEDATA_REG, 0x31);
    h.set32(event.FECTL_REG, 0);
    submit([0n]);
    expect(h.events).toEqual([{ addressLo: 0, addressHi: 0, data: 0x31 }]);
  });

  test("disabling it sets the head to 0", () => {
    submit([5n], [5n]);
    h.command(GCMD_QIE_LO, false);
    expect(h.get32(IQH_REG)).toBe(0);
    h.set32(IQT_REG, 0x40);
    expect(h.get32(IQH_REG)).toBe(0);
  });
});

describe("VT-d §6.5.2.11 widths and modes (Table 26)", () => {
  const SCALABLE: IommuOptions = { scalableMode: true, abortDma: true };

  test("legacy mode: 256-bit descriptors are taken with SMTS or ADMS, 128 bits padded with zeroes", async () => {
    for (const options of [{ abortDma: false }, { scalableMode: false }]) {
      await start(options, 256);
      makeStale();
      const status = h.page();
      submit([1n | (1n << 4n)], GLOBAL, [4n], wait(SW, 0x1234_5678, status + 4));
      expect(outcome()).toEqual([0, 0, 0x80]);
      expect(h.map.read(hpa(status + 4), 4)).toBe(0x1234_5678);
      expect(fresh()).toEqual(PAGES);
    }
  });

  test("IQEI=5: 256-bit descriptors without SMTS and ADMS; 128-bit ones in scalable and abort-DMA mode", async () => {
    await start({ scalableMode: false, abortDma: false }, 256);
    submit(GLOBAL);
    expect(outcome()).toEqual([IQE, 5, 0]);
    for (const mode of [1, 3]) {
      await start(SCALABLE, 128, mode);
      submit(GLOBAL);
      expect(outcome()).toEqual([IQE, 5, 0]);
    }
  });

  test.each([
    ["reserved TTM=10b", SCALABLE, 2],
    ["scalable mode without SMTS", { scalableMode: false, abortDma: true }, 1],
    ["abort-DMA mode without ADMS", { scalableMode: true, abortDma: false }, 3],
  ] as [string, IommuOptions, number][])("IQEI=7: %s", async (_name, options, mode) => {
    await start(options, 256, mode);
    submit(GLOBAL);
    expect(outcome()).toEqual([IQE, 7, 0]);
  });

  test("§11.4.5: the mode is the one that SRTP latched", async () => {
    await start(SCALABLE);
    h.set64(RTADDR_REG, BigInt(root) | 0x400n);
    submit(GLOBAL);
    expect(outcome()).toEqual([0, 0, 16]);
    h.command(GCMD_SRTP_LO);
    submit(GLOBAL);
    expect(outcome()).toEqual([IQE, 5, 16]);
  });

  test("IQEI=6: a tail within a 256-bit descriptor", async () => {
    await start(SCALABLE, 256);
    h.set32(IQT_REG, 0x30);
    expect(outcome()).toEqual([IQE, 6, 0]);
    h.set32(IQT_REG, 0x20);
    h.write64(queue, 5n);
    h.set32(FSTS_REG, IQE);
    expect(outcome()).toEqual([0, 6, 0x20]);
  });

  test("the head moves by 32 bytes, and wraps", async () => {
    await start(SCALABLE, 256, 1);
    for (let round = 0; round < 3; round++) {
      submit(...Array.from({ length: 127 }, (): Descriptor => [4n]));
      expect(outcome()).toEqual([0, 0, tail]);
    }
    expect(tail).toBe((3 * 127 * 32) % 4096);
  });

  test("IQEI=4: the upper half of a 128-bit descriptor is reserved", async () => {
    for (const [third, fourth] of [[1n, 0n] as const, [0n, 1n << 63n] as const]) {
      await start(SCALABLE, 256);
      submit(GLOBAL, [GLOBAL[0], 0n, third, fourth]);
      expect(outcome()).toEqual([IQE, 4, 0x20]);
    }
  });

  test("IQEI=3: types of scalable mode in legacy mode, HPT without HPTS, and unknown ones", async () => {
    await start(SCALABLE, 256);
    for (const type of [0, 6, 7, 8, 9, 10, 11, 15]) {
      tail = 0;
      h.command(GCMD_QIE_LO, false);
      h.set32(IQT_REG, 0);
      h.command(GCMD_QIE_LO);
      submit([BigInt(type) | (1n << 4n)]);
      expect([type, ...outcome()]).toEqual([type, IQE, 3, 0]);
      h.set32(IQT_REG, 0);
      h.set32(FSTS_REG, IQE);
    }
    await start(SCALABLE, 256, 1);
    submit([0xan | (1n << 4n)]);
    expect(outcome()).toEqual([IQE, 3, 0]);
  });

  test("IQEI=4: page-selective without PSI", async () => {
    await start({ pageSelectiveInvalidation: false });
    makeStale();
    submit([2n | (3n << 4n) | (0x107n << 16n), 0x1000n]);
    expect(outcome()).toEqual([IQE, 4, 0]);
    expect(fresh()).toEqual([]);
  });

  test("IQEI=3: interrupt entries without IR", async () => {
    await start({ interruptRemapping: false });
    submit([4n]);
    expect(outcome()).toEqual([IQE, 3, 0]);
  });

  test("ECAP_REG.PDS: the wait's PD is taken", async () => {
    await start({ deviceTlb: true, pageDrain: true });
    submit(wait(0x80 | IF));
    expect(outcome()).toEqual([0, 0, 16]);
    expect(h.get32(ICS_REG)).toBe(1);
  });
});

describe("VT-d §6.5.2 work is bounded", () => {
  const ROUND = 32768;

  /** A queue of 512 KiB, full but for one place, of `low` and at its end a wait that writes 7 to `status`. */
  const fill = (low: bigint, status: number): void => {
    const base = RAM_BASE + 0x100_0000;
    const bytes = new Uint8Array(ROUND * 16);
    const words = new BigUint64Array(bytes.buffer);
    for (let n = 0; n < ROUND - 2; n++) words[2 * n] = low;
    words[2 * (ROUND - 2)] = 5n | (1n << 5n) | (7n << 32n);
    words[2 * (ROUND - 2) + 1] = BigInt(status);
    h.map.writeBytes(hpa(base), bytes);
    h.set64(IQA_REG, BigInt(base) | 7n);
  };
  const END = (ROUND - 1) * 16;

  test("a full queue of the cheapest descriptors is done when the tail was written", async () => {
    h = await Harness.create({}, 0x200_0000);
    const status = h.page();
    fill(5n, status);
    h.command(GCMD_QIE_LO);
    h.set32(IQT_REG, END);
    expect(h.map.read(hpa(status), 4)).toBe(7);
  });

  test.each([
    ["IQH_REG", IQH_REG],
    ["FSTS_REG", FSTS_REG],
  ])("one of costly ones goes on as software polls %s, in order, to its end", async (_name, register) => {
    h = await Harness.create({}, 0x200_0000);
    const status = h.page();
    fill(1n | (2n << 4n) | (5n << 16n), status);
    h.command(GCMD_QIE_LO);
    h.set32(IQT_REG, END);
    const places = [h.get32(IQH_REG)];
    expect(places[0]).toBeLessThan(END / 100);
    expect(h.map.read(hpa(status), 4)).toBe(0);
    let polls = 0;
    while (h.map.read(hpa(status), 4) === 0 && polls++ < 5000) {
      const seen = h.get32(register);
      if (register === IQH_REG) places.push(seen);
    }
    expect(polls).toBeGreaterThan(100);
    expect(h.map.read(hpa(status), 4)).toBe(7);
    expect(h.get32(IQH_REG)).toBe(END);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test("time alone lets it go on, and says when it is done", async () => {
    h = await Harness.create({}, 0x200_0000);
    const status = h.page();
    fill(1n | (2n << 4n) | (5n << 16n), status);
    h.command(GCMD_QIE_LO);
    h.set32(IQT_REG, END);
    let rounds = 0;
    while (h.unit.work()) rounds++;
    expect(rounds).toBeGreaterThan(100);
    expect(h.map.read(hpa(status), 4)).toBe(7);
  });

  test("a queue that stopped midway stays stopped", async () => {
    h = await Harness.create({}, 0x200_0000);
    fill(1n | (2n << 4n) | (5n << 16n), h.page());
    h.write64(RAM_BASE + 0x100_0000 + 20_000 * 16, 0n);
    h.command(GCMD_QIE_LO);
    h.set32(IQT_REG, END);
    while (h.unit.work());
    expect(outcome()).toEqual([IQE, 3, 20_000 * 16]);
    expect(h.unit.work()).toBe(false);
  });
});
