// What happens to drivers in the life of a card: links, resets of every kind, several ports, long frames.
import { beforeEach, describe, expect, test } from "vitest";
import { DEVCTL, DEVCTL_INITIATE_FLR_LO } from "../../../assembly/spec/pci/express.ts";
import { CAP_EXPRESS } from "../../../assembly/spec/pci/ids.ts";
import { TaggedFrame } from "../../../host/embed/in-process/frame.ts";
import { isIgbPf } from "../../../host/embed/in-process/pf-driver.ts";
import type { FoundFunction } from "../../../host/embed/in-process/probe.ts";
import { Bare, type Station } from "./bare.ts";

const OUTSIDER = Uint8Array.of(0x02, 0xee, 0x00, 0x00, 0x00, 0x01);
const OUTSIDE = 1000;

function functionLevelReset(bare: Bare, device: FoundFunction): void {
  const express = device.capabilities.find((one) => !one.extended && one.id === CAP_EXPRESS)?.offset as number;
  const control = bare.root.configRead(device.requesterId, express + DEVCTL, 2);
  bare.root.configWrite(device.requesterId, express + DEVCTL, 2, control | (1 << DEVCTL_INITIATE_FLR_LO));
}

describe.each(["i350", "82576"] as const)("%s", (profile) => {
  const VFS = 3;
  let bare: Bare;
  let pf: Station;
  let vfs: Station[];
  const vf = (index: number): Station => vfs[index] as Station;

  beforeEach(async () => {
    bare = await Bare.create({ profile });
    pf = bare.addPf({ vfs: VFS, vfMac: (index) => (index === 2 ? undefined : Bare.vfMac(index)) });
    vfs = bare.addVfs(pf);
  });

  const exchange = (a: Station, b: Station, count = 11): void => {
    const before = [a.received.length, b.received.length];
    a.send(b.mac, b.id, 90, count);
    b.send(a.mac, a.id, 90, count + 2);
    bare.settle();
    expect([a.received.length - (before[0] as number), b.received.length - (before[1] as number)]).toEqual([
      count + 2,
      count,
    ]);
  };

  test("the cable is pulled: PF and VFs see the link go, and come back with it", () => {
    const port = bare.card.ports[0];
    if (port === undefined) throw new Error("no port");
    port.linkUp = false;
    bare.settle();
    bare.watchdogs();
    expect([pf.driver.linkUp, ...vfs.map((one) => one.driver.linkUp)]).toEqual([false, false, false, false]);
    expect(vf(0).send(vf(1).mac, 1, 60, 3)).toBe(0);
    port.linkUp = true;
    bare.settle();
    bare.watchdogs();
    expect([pf.driver.linkUp, ...vfs.map((one) => one.driver.linkUp)]).toEqual([true, true, true, true]);
    expect(vfs.map((one) => bare.vfDriver(one).resets)).toEqual([1, 1, 1]);
    exchange(vf(0), vf(1));
  });

  test("the cable is pulled: what a driver sends for the wire is lost, what it sends to its neighbour arrives", () => {
    const port = bare.card.ports[0];
    if (port === undefined) throw new Error("no port");
    port.uplink.drain(() => undefined);
    const { egress, egressLost, delivered } = port.statistics;
    port.linkUp = false;
    const driver = bare.vfDriver(vf(0));
    driver.linkUp = true;
    const everybody = new Uint8Array(6).fill(0xff);
    const stranger = Uint8Array.of(0x02, 0x99, 0x98, 0x97, 0x96, 0x95);
    for (const to of [everybody, stranger]) {
      const frame = new Uint8Array(60);
      frame.set(to);
      frame.set(vf(0).mac, 6);
      frame.set([0x88, 0xb5], 12);
      expect(driver.send([frame])).toBe(1);
    }
    bare.settle();
    expect(port.uplink.drain(() => undefined)).toBe(0);
    expect([port.statistics.egress, port.statistics.egressLost]).toEqual([egress, egressLost + 2]);
    // The broadcast: the PF and the other two VFs have it.
    expect(port.statistics.delivered).toBe(delivered + 3);
    port.linkUp = true;
    bare.settle();
    bare.watchdogs();
  });

  test("PCIe §6.6.2 FLR of a VF: the PF's driver learns it, the VF comes up again, the others went on", () => {
    const resets = bare.pfDriver(pf).server?.statistics.resets ?? 0;
    vf(1).send(vf(2).mac, 2, 60, 20);
    functionLevelReset(bare, vf(1).driver.device);
    bare.settle();
    expect((bare.pfDriver(pf).server?.statistics.resets ?? 0) - resets).toBe(1);
    expect(bare.pfDriver(pf).server?.clearToSend(1)).toBe(false);
    exchange(vf(0), vf(2));
    expect(bare.vfDriver(vf(1)).up()).toBe(true);
    exchange(vf(1), vf(2));
  });

  test("FLR of a VF whose address nobody fixed: the PF forgets the address, the VF asks for it again", () => {
    functionLevelReset(bare, vf(2).driver.device);
    bare.settle();
    expect([...(bare.pfDriver(pf).server?.macOf(2) ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(bare.vfDriver(vf(2)).up()).toBe(true);
    expect([...vf(2).mac]).toEqual([...Bare.vfMac(2)]);
    exchange(vf(2), vf(0));
  });

  test("FLR of the PF: its VFs are gone from the bus; both come up again as new", () => {
    const first = vf(0).driver.device.requesterId;
    expect(bare.root.configRead(first, 0x70, 1)).toBe(0x11);
    functionLevelReset(bare, pf.driver.device);
    bare.settle();
    expect(bare.root.configRead(first, 0x70, 4)).toBe(0xffff_ffff);
    expect(vf(0).driver.linkUp && bare.vfDriver(vf(0)).up()).toBe(false);
    bare.guest.configure();
    expect(bare.pfDriver(pf).up()).toBe(true);
    for (const one of vfs) expect(bare.vfDriver(one).up()).toBe(true);
    exchange(vf(0), vf(1));
    exchange(pf, vf(2));
  });

  test("VFs are taken away and given back", () => {
    bare.pfDriver(pf).down();
    expect(bare.root.configRead(vf(0).driver.device.requesterId, 0x70, 4)).toBe(0xffff_ffff);
    expect(bare.pfDriver(pf).up()).toBe(true);
    for (const one of vfs) expect(bare.vfDriver(one).up()).toBe(true);
    exchange(vf(0), vf(2));
  });

  test("a VF that comes up while the PF is in reset fails, and its watchdog brings it up when the PF is back", () => {
    const { registers } = bare.pfDriver(pf);
    registers.write(0, registers.read(0) | 0x0400_0000);
    expect(bare.vfDriver(vf(0)).up()).toBe(false);
    expect(vf(0).driver.linkUp).toBe(false);
    expect(bare.pfDriver(pf).reset()).toBe(true);
    for (let round = 0; round < 5; round++) bare.watchdogs();
    expect(vfs.map((one) => one.driver.linkUp)).toEqual([true, true, true]);
    exchange(vf(0), vf(1));
  });

  test("a PF that never comes back is given up after a bounded wait", () => {
    const { registers } = bare.pfDriver(pf);
    registers.write(0, registers.read(0) | 0x0400_0000);
    const before = bare.clock.nowNs;
    for (let round = 0; round < 3; round++) bare.watchdogs();
    expect(bare.vfDriver(vf(1)).up()).toBe(false);
    expect(bare.clock.nowNs - before).toBeLessThan(10e9);
    expect(bare.vfDriver(vf(1)).requests.setVlan(5, true)).toBe(false);
  });

  test("long frames: a VF gets what it asked for and not one byte more, over several buffers", () => {
    const [a, b] = [vf(0), vf(1)];
    const jumbo = (length: number): Uint8Array => {
      const frame = new Uint8Array(length).fill(0x3c);
      frame.set(new TaggedFrame({ destination: b.mac, source: a.mac, from: a.id, to: b.id }).bytes);
      return frame;
    };
    const lengths = (): number[] => b.received.map((one) => one.length);
    a.driver.send([jumbo(1515), jumbo(2500), jumbo(9000)]);
    bare.settle();
    expect(lengths()).toEqual([]);
    expect(bare.vfDriver(b).requests.setMaxFrame(9004)).toBe(true);
    a.driver.send([jumbo(1515), jumbo(2500), jumbo(9000), jumbo(9001)]);
    bare.settle();
    expect(lengths()).toEqual([1515, 2500, 9000]);
    expect(b.broken).toBe(0);
  });

  test("further addresses of a VF reach it until it gives them back; one whose address is fixed gets none", () => {
    const extra = [0x31, 0x32].map((byte) => Uint8Array.of(0x02, 0x77, 0, 0, 0, byte));
    expect(bare.vfDriver(vf(0)).requests.addAddress(extra[0] as Uint8Array)).toBe(false);
    for (const mac of extra) expect(bare.vfDriver(vf(2)).requests.addAddress(mac)).toBe(true);
    for (const mac of extra) vf(0).send(mac, 2, 60, 4);
    bare.settle();
    expect([pf.received.length, ...vfs.map((one) => one.received.length)]).toEqual([0, 0, 0, 8]);
    expect(bare.vfDriver(vf(2)).requests.clearAddresses()).toBe(true);
    for (const mac of extra) vf(0).send(mac, 2, 60, 4);
    bare.settle();
    expect(vf(2).received.length).toBe(8);
  });

  test("a request that the PF does not know, and one without a handshake, are refused", () => {
    const { mailbox } = bare.vfDriver(vf(0));
    expect(mailbox.ask([0x0077], 1)).toBe(true);
    expect(mailbox.message[0]).toBe(0x6000_0077);
    functionLevelReset(bare, vf(0).driver.device);
    bare.settle();
    expect(mailbox.ask([0x0004 | (1 << 16), 5], 1)).toBe(true);
    expect(mailbox.message[0]).toBe(0x4001_0004);
  });

  test("I350 §8.26.30 statistics: what went to and fro, by the card's count, across a reset", () => {
    const [a, b] = [vf(0), vf(1)];
    a.send(b.mac, b.id, 100, 7);
    a.send(OUTSIDER, OUTSIDE, 200, 3);
    bare.settle();
    bare.inject(b.mac, OUTSIDER, OUTSIDE, b.id, 2);
    bare.inject(Uint8Array.of(255, 255, 255, 255, 255, 255), OUTSIDER, OUTSIDE, b.id, 1);
    bare.settle();
    const ofA = bare.vfDriver(a).statistics.update();
    const ofB = bare.vfDriver(b).statistics.update();
    expect([ofA.txFrames, ofA.txOctets, ofA.loopbackTxFrames, ofA.loopbackTxOctets]).toEqual([10, 1340, 7, 728]);
    expect([ofB.rxFrames, ofB.rxOctets, ofB.loopbackRxFrames, ofB.loopbackRxOctets]).toEqual([10, 920, 7, 728]);
    expect([ofA.rxFrames, ofA.rxMulticast, ofB.rxMulticast, ofB.txFrames]).toEqual([1, 1, 1, 0]);
    expect(bare.vfDriver(a).up()).toBe(true);
    a.send(b.mac, b.id, 100, 5);
    bare.settle();
    expect(bare.vfDriver(a).statistics.update().txFrames).toBe(15);
    expect(bare.vfDriver(b).statistics.update().rxFrames).toBe(15);
  });

  test("I350 §8.8.14 EITR: an interval between interrupts makes few of them, and no frame waits for ever", async () => {
    const counts: number[] = [];
    for (const interruptInterval of [0, 200]) {
      const other = await Bare.create({ profile });
      const station = other.addPf({ vfs: 0, interruptInterval });
      for (let burst = 0; burst < 50; burst++) {
        other.inject(station.mac, OUTSIDER, OUTSIDE, station.id, 1);
        other.settle();
      }
      for (let wait = 0; wait < 20; wait++) other.guest.delay(20);
      expect(station.received.length).toBe(50);
      counts.push(other.pfDriver(station).interrupts.queue);
    }
    expect(counts[0]).toBe(50);
    expect(counts[1]).toBeLessThan(20);
  });
});

describe("an I350 with four ports", () => {
  test("four functions, each with its address and VFs of its own, are four networks", async () => {
    const bare = await Bare.create({ profile: "i350", ports: 4 });
    const found = bare.guest.probe().filter(isIgbPf);
    expect(found.map((one) => one.requesterId & 7)).toEqual([0, 1, 2, 3]);
    const pfs = [0, 1, 2, 3].map((port) => bare.addPf({ vfs: 2, descriptors: 64 }, port));
    expect(pfs.map((one) => one.mac[5])).toEqual([0x10, 0x11, 0x12, 0x13]);
    const vfs = pfs.map((pf) => bare.addVfs(pf));
    const ids = vfs.flat().map((one) => one.driver.device.requesterId);
    expect(new Set(ids).size).toBe(8);
    for (const port of [0, 1, 2, 3]) {
      const [a, b] = vfs[port] as [Station, Station];
      a.send(b.mac, b.id, 70, 5 + port);
      a.send((vfs[(port + 1) % 4] as Station[])[0]?.mac as Uint8Array, OUTSIDE, 70, 2);
    }
    bare.settle();
    expect(vfs.map((pair) => pair.map((one) => one.received.length))).toEqual([
      [0, 5],
      [0, 6],
      [0, 7],
      [0, 8],
    ]);
    expect([0, 1, 2, 3].map((port) => bare.drainUplink(port).map((one) => one.from))).toEqual([
      [0, 0],
      [16, 16],
      [32, 32],
      [48, 48],
    ]);
  });
});
