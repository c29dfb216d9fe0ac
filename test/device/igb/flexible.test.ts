// Flexible filters that choose receive queues, programmed in the order in which DPDK's driver programs them: enable,
// queueing field, rows.
import { beforeEach, describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const MAC = [0x02, 0x1b, 0x21, 0xa0, 0x04, 0xf0];
const WUFC = 0x5808;
const HOST_QUEUES = 0x4000;
const MRQC = 0x5818;
const RINGS = 0x1000;
const BUFFERS = 0x1_0000;
const DESCRIPTORS = 8;
const ring = (queue: number): number => 0xc000 + 0x40 * queue;

let bench: Bench;

async function card(model: "i350" | "82576"): Promise<void> {
  bench = await Bench.create(model);
  const { pf, map } = bench;
  for (let queue = 0; queue < 8; queue++) {
    for (let at = 0; at < DESCRIPTORS; at++) {
      map.write((RINGS + 0x100 * queue + 16 * at) as never, 4, BUFFERS + 2048 * (DESCRIPTORS * queue + at));
    }
    pf.write(ring(queue), 4, RINGS + 0x100 * queue);
    pf.write(ring(queue) + 0x08, 4, 16 * DESCRIPTORS);
    pf.write(ring(queue) + 0x0c, 4, 0x0200_0002);
    pf.write(ring(queue) + 0x28, 4, 0x0200_0000);
    pf.write(ring(queue) + 0x18, 4, DESCRIPTORS - 1);
  }
  pf.write(0x0100, 4, 0x0000_8002);
}

const heads = (): number[] => [...Array(8).keys()].map((queue) => bench.pf.read(ring(queue) + 0x10, 4));

/** The queue that the frame is in. */
function queueOf(frame: Uint8Array): number {
  const before = heads();
  expect(bench.port.uplink.inject(frame)).toBe(true);
  bench.card.service(64);
  const moved = heads().flatMap((head, queue) => (head === before[queue] ? [] : [queue]));
  expect(moved).toHaveLength(1);
  const [queue] = moved as [number];
  bench.pf.write(ring(queue) + 0x18, 4, ((before[queue] as number) + DESCRIPTORS) % DESCRIPTORS);
  return queue;
}

interface Filter {
  queue: number;
  length: number;
  /** By place in the frame. */
  bytes: Readonly<Record<number, number>>;
  priority?: number;
}

function program(index: number, { queue, length, bytes, priority = 0 }: Filter): void {
  const { pf } = bench;
  const base = index < 4 ? 0x9000 + 0x100 * index : 0x9a00 + 0x100 * (index - 4);
  pf.write(WUFC, 4, (pf.read(WUFC, 4) | HOST_QUEUES | (0x1_0000 << index)) >>> 0);
  pf.write(base + 0xfc, 4, length | (queue << 8) | (priority << 16));
  const places = Object.keys(bytes).map(Number);
  for (let row = 0; row < 16; row++) {
    for (const half of [0, 4]) {
      const values = [0, 1, 2, 3].map((at) => bytes[8 * row + half + at] ?? 0x99);
      const word = values.reduceRight((sum, value) => sum * 256 + value, 0);
      // The last row's reserved word is the queueing field.
      pf.write(base + 16 * row + half, 4, word);
    }
    const mask = places.filter((place) => place >> 3 === row).reduce((sum, place) => sum | (1 << (place & 7)), 0);
    pf.write(base + 16 * row + 8, 4, mask);
  }
}

function remove(index: number): void {
  const { pf } = bench;
  const base = index < 4 ? 0x9000 + 0x100 * index : 0x9a00 + 0x100 * (index - 4);
  for (let word = 0; word < 64; word++) pf.write(base + 4 * word, 4, 0);
  pf.write(WUFC, 4, (pf.read(WUFC, 4) & ~(0x1_0000 << index)) >>> 0);
}

/** A frame whose byte n is n, behind addresses, tag and type; a multiple of eight bytes long. */
function ethernet(type: number, options: { tag?: number; size?: number; change?: Record<number, number> } = {}) {
  const { tag, size = 160, change = {} } = options;
  const bytes = Uint8Array.from({ length: size }, (_, at) => at);
  const tags = tag === undefined ? [] : [0x81, 0x00, tag >> 8, tag & 0xff];
  bytes.set([...MAC, 2, 0, 0, 0, 0, 9, ...tags, type >> 8, type & 0xff]);
  for (const [at, value] of Object.entries(change)) bytes[Number(at)] = value;
  return bytes;
}

/** A TCP segment over IPv4 to port 443. */
function tcp(flags: number): Uint8Array {
  const ip = [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 9, 10, 0, 0, 3];
  const segment = [0x12, 0x34, 0x01, 0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0x20, 0];
  const frame = ethernet(0x0800);
  frame.set([...ip, ...segment], 14);
  return frame;
}

describe("I350 §7.1.2 flexible filters, WUFC.FLEX_HQ", () => {
  beforeEach(() => card("i350"));

  it("bytes whose mask bit is set count, up to the filter's length, from the first to the last of 128", () => {
    program(2, { queue: 5, length: 128, bytes: { 12: 0x88, 13: 0xb5, 40: 40, 127: 127 } });
    expect(queueOf(ethernet(0x88b5))).toBe(5);
    expect(queueOf(ethernet(0x88b5, { change: { 41: 0, 39: 0, 126: 0 } }))).toBe(5);
    expect(queueOf(ethernet(0x88b5, { change: { 40: 41 } }))).toBe(0);
    expect(queueOf(ethernet(0x88b5, { change: { 127: 0 } }))).toBe(0);
    expect(queueOf(ethernet(0x88b6))).toBe(0);
    // A frame that ends before the filter does.
    expect(queueOf(ethernet(0x88b5, { size: 120 }))).toBe(0);
    bench.pf.write(0x92fc, 4, 120 | (5 << 8));
    expect(queueOf(ethernet(0x88b5, { size: 120 }))).toBe(5);
  });

  it("filters 4 to 7 lie in FHFT_EXT; one that is removed chooses nothing", () => {
    program(6, { queue: 3, length: 16, bytes: { 12: 0x88, 13: 0xb5 } });
    expect(bench.pf.read(0x9cfc, 4)).toBe(0x0000_0310);
    expect(queueOf(ethernet(0x88b5))).toBe(3);
    remove(6);
    expect(bench.pf.read(WUFC, 4)).toBe(HOST_QUEUES);
    expect(queueOf(ethernet(0x88b5))).toBe(0);
  });

  it("of several that match the highest priority counts, of equal ones the first filter", () => {
    const bytes = { 12: 0x88 };
    program(1, { queue: 1, length: 16, bytes, priority: 2 });
    program(4, { queue: 4, length: 16, bytes, priority: 6 });
    program(5, { queue: 7, length: 16, bytes, priority: 6 });
    expect(queueOf(ethernet(0x88b5))).toBe(4);
    remove(4);
    expect(queueOf(ethernet(0x88b5))).toBe(7);
    remove(5);
    expect(queueOf(ethernet(0x88b5))).toBe(1);
  });

  it("behind EtherType filters, before tuple filters and RSS; the SYN filter comes where RFCTL.SYNQFP says", () => {
    const { pf } = bench;
    program(0, { queue: 2, length: 16, bytes: { 0: 0x02 } });
    expect(queueOf(ethernet(0x88b5))).toBe(2);
    pf.write(0x5cb0, 4, (0x8405_88b5 & 0xfff8_ffff) | (6 << 16));
    expect(queueOf(ethernet(0x88b5))).toBe(6);
    pf.write(0x59e0, 4, 0xe000_0106 | (4 << 16));
    pf.write(0x5a80, 4, 0xbb01);
    pf.write(0x5aa0, 4, 0x0008_1000);
    pf.write(0x55fc, 4, 0x1 | (7 << 1));
    expect(queueOf(tcp(0x02))).toBe(2);
    pf.write(0x5008, 4, 0x0008_0000);
    expect(queueOf(tcp(0x02))).toBe(7);
    expect(queueOf(tcp(0x10))).toBe(2);
    pf.write(0x5008, 4, 0);
    remove(0);
    expect(queueOf(tcp(0x02))).toBe(4);
    pf.write(0x59e0, 4, 0xf000_0000);
    pf.write(0x55fc, 4, 0);
    pf.write(MRQC, 4, 0x0001_0002);
    for (let entry = 0; entry < 32; entry++) pf.write(0x5c00 + 4 * entry, 4, 0x0303_0303);
    expect(queueOf(tcp(0x10))).toBe(3);
    program(0, { queue: 2, length: 16, bytes: { 0: 0x02 } });
    expect(queueOf(tcp(0x10))).toBe(2);
  });

  it("they see the frame as it came, its tag too, stripped or not", () => {
    const bytes = { 12: 0x81, 13: 0x00, 14: 0x20, 15: 0x07, 16: 0x88, 17: 0xb5, 18: 18 };
    program(0, { queue: 6, length: 24, bytes });
    const frame = ethernet(0x88b5, { tag: 0x2007 });
    for (const strip of [0, 0x4000_0000]) {
      bench.pf.write(0x0000, 4, (bench.pf.read(0x0000, 4) & ~0x4000_0000) | strip);
      expect(queueOf(frame)).toBe(6);
      expect(queueOf(ethernet(0x88b5, { tag: 0x2008 }))).toBe(0);
      expect(queueOf(ethernet(0x88b5, { tag: 0x2007, change: { 18: 0 } }))).toBe(0);
      expect(queueOf(ethernet(0x88b5))).toBe(0);
    }
    // The last byte that counts is the frame's last.
    program(0, { queue: 6, length: 64, bytes: { 63: 63 } });
    expect(queueOf(ethernet(0x88b5, { tag: 0x2007, size: 64 }))).toBe(6);
    expect(queueOf(ethernet(0x88b5, { tag: 0x2007, size: 60 }))).toBe(0);
  });

  it("without FLEX_HQ, or where pools have the queues, they choose nothing", () => {
    program(0, { queue: 6, length: 16, bytes: { 0: 0x02 } });
    expect(queueOf(ethernet(0x88b5))).toBe(6);
    bench.pf.write(WUFC, 4, 0x0001_0000);
    expect(queueOf(ethernet(0x88b5))).toBe(0);
    bench.pf.write(WUFC, 4, 0x0001_4000);
    expect(queueOf(ethernet(0x88b5))).toBe(6);
    bench.pf.write(0x581c, 4, 4 << 7);
    bench.pf.write(0x5400, 4, 0xa021_1b02);
    bench.pf.write(0x5404, 4, (0x8000_f004 | (1 << (18 + 4))) >>> 0);
    bench.pf.write(MRQC, 4, 3);
    expect(queueOf(ethernet(0x88b5))).toBe(4);
  });

  it("a length of 0 and one past the last byte do no harm", () => {
    program(0, { queue: 6, length: 0, bytes: {} });
    expect(queueOf(ethernet(0x88b5))).toBe(0);
    program(0, { queue: 6, length: 0xff, bytes: {} });
    expect(queueOf(ethernet(0x88b5, { size: 256 }))).toBe(6);
    expect(queueOf(ethernet(0x88b5, { size: 254 }))).toBe(0);
  });
});

it("82576 §8.21 WUFC: bit 14 is reserved, flexible filters only wake", async () => {
  await card("82576");
  program(0, { queue: 6, length: 16, bytes: { 0: 0x02 } });
  expect(bench.pf.read(WUFC, 4)).toBe(0x0001_0000);
  expect(queueOf(ethernet(0x88b5))).toBe(0);
});
