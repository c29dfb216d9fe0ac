// A port that sleeps: which frames wake it, what it notes of them, and the event on its way to the root port.
import { describe, expect, it, test } from "vitest";
import type { RequesterId } from "../../../host/core/address.ts";
import { Machine } from "../../../host/machine/machine.ts";
import { Bench, MAC } from "./bench.ts";

const PMCSR = 0x44;
const D3 = 0x0103;
const PME_STATUS = 0x8000;
const STRANGER = [0x02, 0x99, 0x98, 0x97, 0x96, 0x95];

function frame(to: readonly number[] | Uint8Array, type: number, ...payload: number[]): Uint8Array {
  const bytes = Uint8Array.of(...to, ...STRANGER, type >>> 8, type & 0xff, ...payload);
  const padded = new Uint8Array(Math.max(60, bytes.length));
  padded.set(bytes);
  return padded;
}

const magicPayload = (mac: Uint8Array): number[] => [
  7,
  ...Array<number>(6).fill(0xff),
  ...Array(16)
    .fill([...mac])
    .flat(),
];
const BROADCAST = Array<number>(6).fill(0xff);
const MULTICAST = [0x01, 0x00, 0x5e, 1, 2, 3];
const arp = (target: number[]): number[] => [0, 1, 8, 0, 6, 4, 0, 1, ...Array<number>(16).fill(9), ...target];
const ipv4 = (target: number[]): number[] => [0x45, ...Array<number>(15).fill(3), ...target];
const ipv6 = (target: number[]): number[] => [0x60, ...Array<number>(23).fill(3), ...target];
const V6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];

const CASES: { title: string; bit: number; wakes: Uint8Array; not: Uint8Array }[] = [
  {
    title: "magic packet",
    bit: 0x02,
    wakes: frame(BROADCAST, 0x0842, ...magicPayload(MAC)),
    not: frame(BROADCAST, 0x0842, ...magicPayload(Uint8Array.from(STRANGER))),
  },
  { title: "own address", bit: 0x04, wakes: frame(MAC, 0x1234), not: frame(STRANGER, 0x1234) },
  { title: "multicast", bit: 0x08, wakes: frame(MULTICAST, 0x1234), not: frame(BROADCAST, 0x1234) },
  { title: "broadcast", bit: 0x10, wakes: frame(BROADCAST, 0x1234), not: frame(MULTICAST, 0x1234) },
  {
    title: "ARP request",
    bit: 0x20,
    wakes: frame(BROADCAST, 0x0806, ...arp([10, 1, 2, 3])),
    not: frame(BROADCAST, 0x0806, ...arp([10, 1, 2, 4])),
  },
  {
    title: "IPv4",
    bit: 0x40,
    wakes: frame(MAC, 0x0800, ...ipv4([10, 1, 2, 3])),
    not: frame(MAC, 0x0800, ...ipv4([10, 1, 2, 4])),
  },
  {
    title: "IPv6, behind a tag",
    bit: 0x80,
    wakes: frame(MAC, 0x8100, 0, 5, 0x86, 0xdd, ...ipv6(V6)),
    not: frame(MAC, 0x86dd, ...ipv6(V6.toReversed())),
  },
  {
    title: "flexible filter 5",
    bit: 0x20_0000,
    wakes: frame(MAC, 0xabcd, 0x77),
    not: frame(MAC, 0xabcd, 0x78),
  },
];

/** Asleep, with all that filters compare. */
async function asleep(profile: "i350" | "82576", wufc: number): Promise<Bench> {
  const bench = await Bench.create(profile);
  const { pf } = bench;
  pf.write(0x5838, 4, 0x0001_0002);
  pf.write(0x5848, 4, 0x0302_010a);
  for (const [word, value] of [0xb80d_0120, 0, 0, 0x0403_0201].entries()) pf.write(0x5880 + 4 * word, 4, value);
  // Flexible filter 5: bytes 12 and 14.
  pf.write(0x9b10 + 4, 4, 0x0000_00ab);
  pf.write(0x9b10 + 4, 4, 0x0077_cdab);
  pf.write(0x9b10 + 8, 4, 0x0000_0050);
  pf.write(0x9bfc, 4, 15);
  pf.write(0x5808, 4, wufc);
  pf.write(0x5800, 4, 0x0000_0002);
  bench.port.pf.configWrite(PMCSR, 2, D3);
  return bench;
}

const woken = (bench: Bench): boolean => (bench.port.pf.configRead(PMCSR, 2) & PME_STATUS) !== 0;

describe.each(["i350", "82576"] as const)("%s", (profile) => {
  it.each(CASES)("§8.21 WUFC: $title wakes, another does not", async ({ bit, wakes, not }) => {
    const bench = await asleep(profile, bit);
    bench.port.uplink.inject(not);
    bench.card.service(8);
    expect([woken(bench), bench.pf.read(0x5810, 4)]).toEqual([false, 0]);
    bench.port.uplink.inject(wakes);
    bench.card.service(8);
    expect([woken(bench), bench.pf.read(0x5810, 4)]).toEqual([true, bit]);
    expect(bench.pf.read(0x5900, 4)).toBe(wakes.length);
    const kept = Uint8Array.from({ length: 60 }, (_, at) => bench.pf.read(0x5a00 + at, 1));
    expect(kept).toEqual(wakes.slice(0, 60));
    bench.pf.write(0x5800, 4, 0x0000_0006);
    expect([woken(bench), bench.pf.read(0x5800, 4) & 4]).toEqual([false, 0]);
  });

  it("the link's change wakes where WUFC.LNKC says so", async () => {
    const bench = await asleep(profile, 1);
    bench.port.linkUp = false;
    expect([woken(bench), bench.pf.read(0x5810, 4)]).toEqual([true, 1]);
  });

  it("awake, or without WUC.PME_En, nothing wakes; the NVM's APM lets a magic packet do it", async () => {
    const [magic, other] = [CASES[0]?.wakes, CASES[3]?.wakes] as [Uint8Array, Uint8Array];
    const bench = await asleep(profile, 0x1f);
    bench.pf.write(0x5800, 4, 0);
    bench.port.uplink.inject(other);
    bench.card.service(8);
    expect(woken(bench)).toBe(false);
    bench.port.uplink.inject(magic);
    bench.card.service(8);
    expect([woken(bench), bench.pf.read(0x5810, 4)]).toEqual([true, 0]);
    const awake = await asleep(profile, 0x1f);
    awake.port.pf.configWrite(PMCSR, 2, 0x0100);
    awake.port.uplink.inject(magic);
    awake.card.service(8);
    expect(woken(awake)).toBe(false);
  });
});

test("PCIe §6.1.6, §7.5.3.14: PM_PME reaches the root port; a second one waits until the first was taken", async () => {
  const machine = await Machine.create({ cards: [{ ports: 2, mac: MAC, slot: "switch" }] });
  const { root } = machine;
  const rootPort = 0x0008 as RequesterId;
  const express = 0x90;
  const bridges: [number, number][] = [
    [0x0008, 0x0003_0100],
    [0x0100, 0x0003_0201],
    [0x0200, 0x0003_0302],
  ];
  for (const [bridge, buses] of bridges) root.configWrite(bridge as RequesterId, 0x18, 4, buses);
  root.configWrite(rootPort, express + 0x1c, 2, 0x0008);
  const functions = [0x0300, 0x0301] as RequesterId[];
  for (const fn of functions) root.configWrite(fn, PMCSR, 2, D3);
  const status = () => root.configRead(rootPort, express + 0x20, 4);
  for (const port of machine.ports) port.registers.write(0x5800, 4, 2);
  for (const port of machine.ports) port.registers.write(0x5808, 4, 0x10);
  expect([status(), root.interruptPins(1)]).toEqual([0, 0]);
  for (const port of machine.ports.toReversed()) {
    port.uplink.inject(frame(BROADCAST, 0x1234));
    machine.run(1000);
  }
  expect(status()).toBe(0x0003_0301);
  expect(root.interruptPins(1)).not.toBe(0);
  root.configWrite(rootPort, express + 0x20, 4, 0x0001_0000);
  expect(status()).toBe(0x0001_0300);
  root.configWrite(0x0300 as RequesterId, PMCSR, 2, PME_STATUS);
  root.configWrite(rootPort, express + 0x20, 4, 0x0001_0000);
  expect([status() >>> 16, root.interruptPins(1)]).toEqual([0, 0]);
});
