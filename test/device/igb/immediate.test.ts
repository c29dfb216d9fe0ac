import { describe, expect, it } from "vitest";
import type { MmioHandler } from "../../../host/core/ports.ts";
import { Bench } from "./bench.ts";

const RING = 0x1000;
const BUFFERS = 0x1_0000;
const IMIR = 0x5a80;
const IMIREXT = 0x5aa0;
const IMIRVP = 0x5ac0;
const TTQF = 0x59e0;
const ETQF = 0x5cb0;
const EITR2 = 0x1688;
const ADVANCED = 0x0200_0000;
const BYPASS = 0xf000_0000;
/** Neither size nor flags are compared. */
const ANY = 0x0008_1000;
const MAC = [0x02, 0x1b, 0x21, 0xa0, 0x04, 0xf0];

function enable(at: MmioHandler, base: number, srrctl: number): void {
  for (const [offset, value] of [
    [0x00, RING],
    [0x08, 4096],
    [0x0c, srrctl],
    [0x28, ADVANCED],
    [0x18, 200],
  ] as const) {
    at.write(base + offset, 4, value);
  }
}

/** A card whose receive queue 0 interrupts by vector 2, at most once in 500 µs; its first message is gone. */
async function card(model: "i350" | "82576", srrctl = ADVANCED | 2): Promise<Bench> {
  const bench = await Bench.create(model);
  const { pf } = bench;
  for (let index = 0; index < 256; index++) bench.map.write((RING + 16 * index) as never, 4, BUFFERS + 2048 * index);
  bench.unmask(bench.port.pf, 2, 0x62);
  pf.write(0x1514, 4, 0x11);
  pf.write(0x1524, 4, 0x4);
  pf.write(0x152c, 4, 0x4);
  pf.write(0x1700, 4, 0x82);
  pf.write(EITR2, 4, 500 << 2);
  pf.write(0x0100, 4, 0x0000_8002);
  enable(pf, 0xc000, srrctl);
  receive(bench, ethernet(0x88b5));
  expect(messages(bench)).toBe(1);
  return bench;
}

function ethernet(type: number, payload: readonly number[] = [], tag?: number): Uint8Array {
  const bytes = new Uint8Array(80);
  const tags = tag === undefined ? [] : [0x81, 0x00, tag >> 8, tag & 0xff];
  bytes.set([...MAC, 2, 0, 0, 0, 0, 9, ...tags, type >> 8, type & 0xff, ...payload]);
  return bytes;
}

/** A TCP segment over IPv4 to a port; `flags` as TCP has them. */
function tcp(port: number, flags = 0x10, tag?: number): Uint8Array {
  const ip = [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 9, 10, 0, 0, 3];
  const segment = [0x12, 0x34, port >> 8, port & 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0x20, 0];
  return ethernet(0x0800, [...ip, ...segment], tag);
}

function receive(bench: Bench, ...frames: Uint8Array[]): void {
  for (const frame of frames) expect(bench.port.uplink.inject(frame)).toBe(true);
  bench.card.service(64);
}

function messages(bench: Bench): number {
  return bench.takeMessages().length;
}

/** What a frame makes of the throttled vector: a message at once, or one that waits. */
function urgent(bench: Bench, frame: Uint8Array): boolean {
  receive(bench, frame);
  const sent = messages(bench) === 1;
  expect(bench.card.nextDeadlineNs === Number.POSITIVE_INFINITY).toBe(sent);
  // What waits is let go.
  bench.clock.advance(500_000);
  bench.card.service(64);
  messages(bench);
  bench.pf.write(0x1520, 4, 0x4);
  bench.pf.write(EITR2, 4, (125 << 21) | (500 << 2));
  messages(bench);
  return sent;
}

/** IMIR's port field, in the order of the wire. */
const portField = (port: number): number => ((port & 0xff) << 8) | (port >> 8);

describe.each(["i350", "82576"] as const)("%s §7.3.5 immediate interrupts", (model) => {
  it("§8.11.1 IMIR: a frame of the filter's interrupts at once and starts the interval anew; others wait", async () => {
    const bench = await card(model);
    const { pf } = bench;
    pf.write(TTQF + 4 * 3, 4, (BYPASS & ~0x1000_0000) | 6);
    pf.write(IMIR + 4 * 3, 4, 0x0001_0000 | portField(443));
    pf.write(IMIREXT + 4 * 3, 4, ANY);
    bench.clock.advance(100_000);
    receive(bench, tcp(80));
    expect([messages(bench), bench.card.nextDeadlineNs]).toEqual([0, 500_000]);
    // The one that waited goes with it.
    receive(bench, tcp(443));
    expect([messages(bench), bench.card.nextDeadlineNs]).toEqual([1, Number.POSITIVE_INFINITY]);
    receive(bench, tcp(80));
    expect([messages(bench), bench.card.nextDeadlineNs]).toEqual([0, 600_000]);
    pf.write(IMIR + 4 * 3, 4, portField(443));
    receive(bench, tcp(443));
    expect(messages(bench)).toBe(0);
  });

  it("§8.11.2 IMIREXT: size and TCP flags are compared too", async () => {
    const bench = await card(model);
    bench.pf.write(IMIR, 4, 0x0003_0000);
    // PSH, of frames of any size; then any flags of frames below 80 bytes.
    bench.pf.write(IMIREXT, 4, 0x0000_9000);
    expect([urgent(bench, tcp(7, 0x18)), urgent(bench, tcp(7, 0x10))]).toEqual([true, false]);
    bench.pf.write(IMIREXT, 4, 0x0008_0050);
    expect([urgent(bench, tcp(7)), urgent(bench, tcp(7).subarray(0, 79))]).toEqual([false, true]);
  });

  it("§8.11.3 IMIRVP: a VLAN priority as high as the threshold, or higher", async () => {
    const bench = await card(model);
    bench.pf.write(IMIRVP, 4, 0xffff_fffd);
    expect(bench.pf.read(IMIRVP, 4)).toBe(0xd);
    const outcome = [4, 5, 7].map((priority) => urgent(bench, tcp(7, 0x10, (priority << 13) | 9)));
    expect(outcome).toEqual([false, true, true]);
    expect(urgent(bench, tcp(7))).toBe(false);
    bench.pf.write(IMIRVP, 4, 0x5);
    expect(urgent(bench, tcp(7, 0x10, 0xe009))).toBe(false);
  });

  it("§8.10.20 ETQF.Immediate_Int: frames of its EtherType, while the filter is on", async () => {
    const bench = await card(model);
    bench.pf.write(ETQF + 4 * 6, 4, 0x2400_88f7);
    expect([urgent(bench, ethernet(0x88f7)), urgent(bench, ethernet(0x88f8))]).toEqual([true, false]);
    bench.pf.write(ETQF + 4 * 6, 4, 0x2000_88f7);
    expect(urgent(bench, ethernet(0x88f7))).toBe(false);
  });

  it("only advanced descriptors have them, and no frame that is dropped", async () => {
    const bench = await card(model, 0);
    bench.pf.write(IMIRVP, 4, 0x8);
    expect(urgent(bench, tcp(7, 0x10, 0x0009))).toBe(false);
    const other = await card(model, 0x8000_0000 | ADVANCED | 2);
    other.pf.write(IMIRVP, 4, 0x8);
    other.pf.write(0xc018, 4, other.pf.read(0xc010, 4));
    expect(other.port.uplink.inject(tcp(7, 0x10, 0x0009))).toBe(true);
    other.card.service(64);
    expect([messages(other), other.card.nextDeadlineNs]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it("§7.3.5.1 EITR.LLI_EN: each takes a credit; one comes back every GPIE.LL_Interval × 4 µs, 31 are most", async () => {
    const bench = await card(model);
    const { pf } = bench;
    const tagged = tcp(7, 0x10, 0x0009);
    const credits = () => (pf.read(EITR2, 4) >>> 16) & 31;
    pf.write(IMIRVP, 4, 0x8);
    pf.write(0x1514, 4, 0x11 | (3 << 7));
    // Two credits, the interval's counter full.
    pf.write(EITR2, 4, (125 << 21) | (2 << 16) | 0x8000 | (500 << 2));
    const burst = (count: number) => {
      for (let frame = 0; frame < count; frame++) receive(bench, tagged);
      return messages(bench);
    };
    expect([burst(4), credits()]).toEqual([2, 0]);
    bench.clock.advance(11_999);
    expect([burst(1), credits()]).toEqual([0, 0]);
    bench.clock.advance(1);
    expect([credits(), burst(2), credits()]).toEqual([1, 1, 0]);
    // 42 µs: three and a half; the half is not lost.
    bench.clock.advance(42_000);
    expect([credits(), burst(2), credits()]).toEqual([3, 2, 1]);
    bench.clock.advance(6_000);
    expect(credits()).toBe(2);
    bench.clock.advance(32 * 12_000);
    expect(credits()).toBe(31);
    // Credits that came at one rate stay when the rate changes.
    pf.write(0x1514, 4, 0x11 | (31 << 7));
    expect(credits()).toBe(31);
    pf.write(EITR2, 4, (0x8000_0000 | (500 << 2)) >>> 0);
    expect([credits(), burst(3)]).toEqual([31, 3]);
  });

  it("without GPIE.Multiple_MSIX the one interrupt does not wait for EITR 0 either", async () => {
    const bench = await Bench.create(model);
    const { pf } = bench;
    for (let index = 0; index < 256; index++) bench.map.write((RING + 16 * index) as never, 4, BUFFERS + 2048 * index);
    bench.port.pf.configWrite(0x54, 4, 0xfee0_1000);
    bench.port.pf.configWrite(0x52, 2, 0x0001);
    pf.write(0x00d0, 4, 0x80);
    pf.write(0x1680, 4, 500 << 2);
    pf.write(0x0100, 4, 0x0000_8002);
    pf.write(IMIRVP, 4, 0x8);
    enable(pf, 0xc000, ADVANCED | 2);
    receive(bench, tcp(7));
    expect(pf.read(0x00c0, 4)).toBe(0x8000_0080);
    receive(bench, tcp(7));
    expect([messages(bench), bench.card.nextDeadlineNs]).toEqual([1, 500_000]);
    receive(bench, tcp(7, 0x10, 9));
    expect([messages(bench), bench.card.nextDeadlineNs]).toEqual([1, Number.POSITIVE_INFINITY]);
  });
});

it("I350 §7.3.5 a VF's vector does not wait either", async () => {
  const bench = await Bench.create("i350");
  const { pf } = bench;
  for (let index = 0; index < 256; index++) bench.map.write((RING + 16 * index) as never, 4, BUFFERS + 2048 * index);
  const [, vf1] = bench.enableVfs(2);
  bench.unmask(bench.port.sriov.vfs[1]!, 0, 0x71);
  vf1!.write(0x1524, 4, 7);
  vf1!.write(0x152c, 4, 7);
  vf1!.write(0x1700, 4, 0x80);
  vf1!.write(0x1680, 4, 500 << 2);
  enable(vf1!, 0x2800, ADVANCED | 2);
  // VMDq with VF 1 as the default pool, which takes untagged and tagged frames.
  for (const [offset, value] of [
    [0x5818, 0x3],
    [0x581c, 1 << 7],
    [0x0c8c, 0xff],
    [0x5ad4, 0x0900_0000],
    [0x5400, 0xa021_1b02],
    [0x5404, 0x8004_f004],
    [0x0100, 0x0000_8002],
  ] as const) {
    pf.write(offset, 4, value);
  }
  pf.write(0x5404, 4, (0x8000_0000 | (1 << 19) | 0xf004) >>> 0);
  receive(bench, tcp(7));
  receive(bench, tcp(7));
  expect(bench.takeMessages().map(({ data }) => data)).toEqual([0x71]);
  pf.write(IMIRVP, 4, 0x8);
  receive(bench, tcp(7, 0x10, 9));
  expect(bench.takeMessages().map(({ data }) => data)).toEqual([0x71]);
});

it("i350: a flexible filter's queueing field says whether its frames' interrupt waits; other frames' do", async () => {
  const bench = await card("i350");
  const { pf } = bench;
  pf.write(0x5808, 4, 0x0008_4000);
  // Filter 3: the type, of sixteen bytes.
  pf.write(0x9310, 4, 0);
  pf.write(0x9314, 4, 0x0000_b688);
  pf.write(0x9318, 4, 0x30);
  pf.write(0x93fc, 4, 0x0100_0010);
  expect(urgent(bench, ethernet(0x88b6))).toBe(true);
  expect(urgent(bench, ethernet(0x88b7))).toBe(false);
  pf.write(0x93fc, 4, 0x0000_0010);
  expect(urgent(bench, ethernet(0x88b6))).toBe(false);
});
