import { beforeEach, describe, expect, test } from "vitest";
import { BROADCAST } from "../../../host/embed/in-process/mac.ts";
import { Bare, type Station } from "./bare.ts";

const GROUP = Uint8Array.of(0x01, 0x00, 0x5e, 0x01, 0x02, 0x93);
const OUTSIDER = Uint8Array.of(0x02, 0xee, 0x00, 0x00, 0x00, 0x01);
const OUTSIDE = 1000;

describe.each(["i350", "82576"] as const)("%s without VFs", (profile) => {
  test("the PF comes up with the card's address, and frames pass between it and the uplink, by interrupt", async () => {
    const bare = await Bare.create({ profile });
    const pf = bare.addPf({ vfs: 0 });
    expect([...pf.driver.mac]).toEqual([...bare.mac]);
    expect(pf.driver.linkUp).toBe(true);
    expect(pf.send(OUTSIDER, OUTSIDE, 100, 25)).toBe(25);
    bare.settle();
    expect(bare.drainUplink().map((one) => one.sequence)).toEqual(Array.from({ length: 25 }, (_, index) => index));
    bare.inject(pf.mac, OUTSIDER, OUTSIDE, pf.id, 40);
    bare.inject(BROADCAST, OUTSIDER, OUTSIDE, pf.id, 3);
    bare.inject(OUTSIDER, OUTSIDER, OUTSIDE, pf.id, 5);
    bare.settle();
    expect(pf.received.length).toBe(43);
    expect(bare.pfDriver(pf).interrupts.queue).toBeGreaterThan(0);
  });

  test("more frames than the ring has descriptors all pass, in order", async () => {
    const bare = await Bare.create({ profile });
    const pf = bare.addPf({ vfs: 0, descriptors: 64 });
    let sent = 0;
    for (let round = 0; sent < 1000 && round < 200; round++) {
      sent += pf.send(OUTSIDER, OUTSIDE, 60 + (round % 900), Math.min(50, 1000 - sent));
      bare.settle();
    }
    expect(bare.drainUplink().map((one) => one.sequence)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(pf.driver.tx?.completed).toBe(1000);
  });
});

describe.each(["i350", "82576"] as const)("%s with 7 VFs", (profile) => {
  const VFS = 7;
  let bare: Bare;
  let pf: Station;
  let vfs: Station[];

  beforeEach(async () => {
    bare = await Bare.create({ profile });
    pf = bare.addPf({ vfs: VFS, vfMac: (vf) => (vf === 5 ? undefined : Bare.vfMac(vf)) });
    vfs = bare.addVfs(pf);
  });

  const counts = (): number[] => [pf, ...vfs].map((one) => one.received.length);
  const only = (expected: Record<number, number>): number[] => [pf, ...vfs].map((one) => expected[one.id] ?? 0);

  test("PCIe §9.2.1.2: the VFs have the device ID and requester IDs that the capability says", () => {
    const { requesterId, capabilities } = pf.driver.device;
    const sriov = capabilities.find((one) => one.extended && one.id === 0x10)?.offset ?? 0;
    const first = requesterId + bare.root.configRead(requesterId, sriov + 0x14, 2);
    const stride = bare.root.configRead(requesterId, sriov + 0x16, 2);
    expect([sriov, stride, first >= requesterId + 128]).toEqual([0x160, profile === "i350" ? 4 : 2, true]);
    const functions = bare.pfDriver(pf).vfs;
    expect(functions.map((one) => one.requesterId)).toEqual(
      Array.from({ length: VFS }, (_, vf) => first + vf * stride),
    );
    expect(new Set(functions.map((one) => one.deviceId))).toEqual(new Set([profile === "i350" ? 0x1520 : 0x10ca]));
  });

  test("handshake: a VF gets the address that the administrator gave it, or the one that it asks for", () => {
    expect(vfs.map((one) => [...one.driver.mac])).toEqual(vfs.map((_, vf) => [...Bare.vfMac(vf)]));
    expect(vfs.every((one) => one.driver.linkUp)).toBe(true);
    expect(vfs.map((_, vf) => bare.pfDriver(pf).server?.clearToSend(vf))).toEqual(vfs.map(() => true));
    expect(bare.vfDriver(vfs[2] as Station).requests.setMac(OUTSIDER)).toBe(false);
    expect(bare.vfDriver(vfs[5] as Station).requests.setMac(OUTSIDER)).toBe(true);
    expect([...(bare.pfDriver(pf).server?.macOf(5) ?? [])]).toEqual([...OUTSIDER]);
  });

  test("a unicast reaches its addressee and nobody else: VF to VF, VF to PF, PF to VF", () => {
    const [a, b] = [vfs[1] as Station, vfs[4] as Station];
    a.send(b.mac, b.id, 60, 33);
    bare.settle();
    expect(counts()).toEqual(only({ [b.id]: 33 }));
    b.send(pf.mac, pf.id, 1514, 20);
    bare.settle();
    expect(counts()).toEqual(only({ [b.id]: 33, [pf.id]: 20 }));
    pf.send(a.mac, a.id, 777, 21);
    bare.settle();
    expect(counts()).toEqual(only({ [b.id]: 33, [pf.id]: 20, [a.id]: 21 }));
    expect(b.received.map((one) => one.sequence)).toEqual(Array.from({ length: 33 }, (_, index) => index));
    expect(b.received.every((one) => one.from === a.id && one.to === b.id)).toBe(true);
    expect(bare.drainUplink()).toEqual([]);
  });

  test("to and from the uplink: an unknown address leaves the card, a VF's address comes in", () => {
    const a = vfs[3] as Station;
    a.send(OUTSIDER, OUTSIDE, 99, 12);
    bare.settle();
    expect(bare.drainUplink().map((one) => [one.from, one.sequence])).toEqual(
      Array.from({ length: 12 }, (_, index) => [a.id, index]),
    );
    bare.inject(a.mac, OUTSIDER, OUTSIDE, a.id, 17);
    bare.settle();
    expect(counts()).toEqual(only({ [a.id]: 17 }));
  });

  test("a broadcast reaches every other function and the uplink, not its sender", () => {
    const a = vfs[0] as Station;
    a.send(BROADCAST, 0xffff, 60, 4);
    bare.settle();
    expect(counts()).toEqual([pf, ...vfs].map((one) => (one === a ? 0 : 4)));
    expect(bare.drainUplink().length).toBe(4);
    bare.inject(BROADCAST, OUTSIDER, OUTSIDE, 0xffff, 2);
    bare.settle();
    expect(counts()).toEqual([pf, ...vfs].map((one) => (one === a ? 2 : 6)));
  });

  test("a multicast reaches the VFs that asked for the group", () => {
    expect(bare.vfDriver(vfs[2] as Station).requests.setMulticast([GROUP])).toBe(true);
    expect(bare.vfDriver(vfs[6] as Station).requests.setMulticastPromiscuous(true)).toBe(true);
    (vfs[0] as Station).send(GROUP, 0xffff, 60, 3);
    bare.settle();
    expect(counts()).toEqual(only({ [(vfs[2] as Station).id]: 3, [(vfs[6] as Station).id]: 3 }));
  });

  test("a VLAN that VFs asked for: tagged frames pass between its members only, the tag stripped", () => {
    for (const vf of [1, 2]) expect(bare.vfDriver(vfs[vf] as Station).requests.setVlan(0x123, true)).toBe(true);
    const [a, b, c] = [vfs[1] as Station, vfs[2] as Station, vfs[3] as Station];
    a.send(b.mac, b.id, 60, 5, 0x6123);
    a.send(c.mac, c.id, 60, 5, 0x6123);
    a.send(BROADCAST, 0xffff, 60, 1, 0x6123);
    bare.settle();
    expect(counts()).toEqual(only({ [b.id]: 6 }));
    expect(b.received.map((one) => one.vlan)).toEqual(new Array(6).fill(0x6123));
    expect(bare.vfDriver(b).requests.setVlan(0x123, false)).toBe(true);
    a.send(b.mac, b.id, 60, 5, 0x6123);
    bare.settle();
    expect(b.received.length).toBe(6);
  });

  test("a port VLAN: the VF sends and receives untagged, the uplink sees the tag", () => {
    bare.pfDriver(pf).server?.setPortVlan(3, 0x2045);
    bare.pfDriver(pf).server?.setPortVlan(4, 0x2045);
    const [a, b, c] = [vfs[3] as Station, vfs[4] as Station, vfs[5] as Station];
    a.send(b.mac, b.id, 60, 4);
    a.send(OUTSIDER, OUTSIDE, 60, 2);
    a.send(c.mac, c.id, 60, 3);
    c.send(b.mac, b.id, 60, 3);
    bare.settle();
    expect(counts()).toEqual(only({ [b.id]: 4 }));
    expect(
      bare
        .drainUplink()
        .filter((one) => one.to === OUTSIDE)
        .map((one) => one.vlan),
    ).toEqual([0x2045, 0x2045]);
    expect(bare.vfDriver(a).requests.setVlan(7, true)).toBe(false);
  });

  test("I350 §8.14 anti-spoofing: a VF's frame with another's address is dropped, and the PF's driver learns whose it was", () => {
    const [a, b] = [vfs[1] as Station, vfs[2] as Station];
    a.sendAs((vfs[3] as Station).mac, b.mac, b.id, 3);
    bare.settle();
    expect(counts()).toEqual(only({}));
    expect(bare.pfDriver(pf).spoofed).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    a.send(b.mac, b.id, 60, 3);
    bare.settle();
    expect(counts()).toEqual(only({ [b.id]: 3 }));
  });

  test("a reset of the PF in flight: VFs notice, shake hands again, keep their addresses and VLANs, and traffic goes on", () => {
    const [a, b] = [vfs[1] as Station, vfs[5] as Station];
    bare.vfDriver(a).requests.setVlan(9, true);
    bare.vfDriver(b).requests.setVlan(9, true);
    a.send(b.mac, b.id, 60, 40);
    expect(bare.pfDriver(pf).reset()).toBe(true);
    for (let round = 0; round < 4; round++) bare.watchdogs();
    expect(vfs.map((one) => [one.driver.linkUp, bare.vfDriver(one).resets])).toEqual(vfs.map(() => [true, 2]));
    expect([...b.driver.mac]).toEqual([...Bare.vfMac(5)]);
    const before = b.received.length;
    a.send(b.mac, b.id, 60, 10);
    a.send(b.mac, b.id, 60, 10, 9);
    pf.send(b.mac, b.id, 60, 10);
    bare.settle();
    expect(b.received.length - before).toBe(30);
  });

  test("a reset of one VF leaves the others alone", () => {
    const [a, b, c] = [vfs[0] as Station, vfs[1] as Station, vfs[2] as Station];
    a.send(b.mac, b.id, 60, 50);
    c.send(a.mac, a.id, 60, 50);
    expect(bare.vfDriver(b).up()).toBe(true);
    bare.settle();
    a.received.length = 0;
    b.received.length = 0;
    a.send(b.mac, b.id, 60, 8);
    b.send(a.mac, a.id, 60, 9);
    bare.settle();
    expect([a.received.length, b.received.length]).toEqual([9, 8]);
    expect(bare.vfDriver(c).resets).toBe(1);
  });

  test("drivers that are saved and built anew go on with rings that are in use", () => {
    const [a, b] = [vfs[1] as Station, vfs[2] as Station];
    bare.vfDriver(b).requests.setVlan(0x77, true);
    bare.vfDriver(a).requests.setVlan(0x77, true);
    a.send(b.mac, b.id, 60, 150);
    pf.send(b.mac, b.id, 60, 100);
    bare.settle();
    a.send(b.mac, b.id, 60, 100);
    bare.replaceSoftware();
    for (let round = 0; round < 5; round++) {
      a.send(b.mac, b.id, 60, 100, 0x77);
      pf.send(b.mac, b.id, 60, 50);
      bare.settle();
    }
    expect(b.received.filter((one) => one.from === a.id).map((one) => one.sequence)).toEqual(
      Array.from({ length: 750 }, (_, index) => index),
    );
    expect(b.received.filter((one) => one.from === pf.id).length).toBe(350);
    expect(bare.pfDriver(pf).reset()).toBe(true);
    for (let round = 0; round < 4; round++) bare.watchdogs();
    a.send(b.mac, b.id, 60, 100, 0x77);
    bare.settle();
    expect(b.received.filter((one) => one.from === a.id).length).toBe(850);
  });

  test("every frame of a long exchange between all arrives once, in order, unchanged", () => {
    const rounds = 40;
    const all = [pf, ...vfs];
    for (let round = 0; round < rounds; round++) {
      for (const from of all) {
        for (const to of all) if (from !== to) from.send(to.mac, to.id, 60 + ((round * 37) % 1400), 4);
      }
      bare.settle();
    }
    for (const to of all) {
      expect(to.received.length).toBe(rounds * 4 * (all.length - 1));
      expect(to.broken).toBe(0);
      for (const from of all) {
        if (from === to) continue;
        const sequence = to.received.filter((one) => one.from === from.id).map((one) => one.sequence);
        expect(sequence).toEqual(Array.from({ length: rounds * 4 }, (_, index) => index));
      }
    }
  });
});

describe("i350 with 8 VFs", () => {
  test("all pools are the VFs': the PF has no queue, its mailbox and the switch work", async () => {
    const bare = await Bare.create({ profile: "i350" });
    const pf = bare.addPf({ vfs: 8, vfMac: Bare.vfMac });
    const vfs = bare.addVfs(pf);
    expect(pf.send(OUTSIDER, OUTSIDE, 60, 1)).toBe(0);
    for (const [index, from] of vfs.entries()) {
      const to = vfs[(index + 3) % 8] as Station;
      from.send(to.mac, to.id, 200, 10);
    }
    bare.settle();
    expect(vfs.map((one) => one.received.length)).toEqual(new Array(8).fill(10));
    bare.inject(OUTSIDER, Bare.vfMac(0), OUTSIDE, OUTSIDE, 4);
    bare.settle();
    expect(vfs.map((one) => one.received.length)).toEqual(new Array(8).fill(10));
  });
});
