import { beforeEach, describe, expect, test } from "vitest";
import type { IgbPort } from "../../../host/device/igb/port.ts";
import { FrameReader, TaggedFrame } from "../../../host/embed/in-process/frame.ts";
import { Guest } from "../../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../../host/embed/in-process/pf-driver.ts";
import { Hypervisor } from "../../../host/hypervisor/hypervisor.ts";
import { FunctionEnd } from "../../../host/machine/cable/function-end.ts";
import { Machine } from "../../../host/machine/machine.ts";

const COUNT = 500;

interface Side {
  driver: IgbPfDriver;
  port: IgbPort;
  got: number[];
}

/** A dual-port card, both PFs driven. */
async function scene(): Promise<{ hypervisor: Hypervisor; sides: [Side, Side] }> {
  const hypervisor = new Hypervisor(await Machine.create({ cards: [{ ports: 2 }] }));
  const guest = new Guest(hypervisor.administrator.platform);
  const sides = guest
    .probe()
    .filter(isIgbPf)
    .map((found, place): Side => {
      const got: number[] = [];
      const reader = new FrameReader();
      const onFrame = (frame: Uint8Array): void => void (reader.read(frame) && got.push(reader.sequence));
      const driver = new IgbPfDriver(guest, found, { onFrame });
      return { driver, port: hypervisor.machine.ports[place] as IgbPort, got };
    });
  for (const { port } of sides) port.linkUp = false;
  return { hypervisor, sides: sides as [Side, Side] };
}

describe("two ports and a cable", () => {
  let hypervisor: Hypervisor;
  let near: Side;
  let far: Side;
  beforeEach(async () => {
    ({
      hypervisor,
      sides: [near, far],
    } = await scene());
  });

  const burst = (from: Side, to: Side, count: number, length: number): Uint8Array[] => {
    const frame = new TaggedFrame({ destination: to.driver.mac, source: from.driver.mac, from: 1, to: 2, length });
    return Array.from({ length: count }, (_, sequence) => frame.stamp(sequence).slice());
  };

  test("I350 §8.8.1 ICR.LSC: each driver hears of the link that comes and goes with the cable", () => {
    const { cables } = hypervisor.machine;
    const cable = cables.plug(near.port, far.port);
    for (const { driver } of [near, far]) expect(driver.up()).toBe(true);
    const before = [near, far].map(({ driver }) => driver.interrupts.other);
    cable.pull();
    hypervisor.run(1000);
    expect([near, far].map(({ driver }) => driver.linkUp)).toEqual([false, false]);
    cables.plug(far.port, near.port);
    hypervisor.run(1000);
    expect([near, far].map(({ driver }) => driver.linkUp)).toEqual([true, true]);
    expect([near, far].map(({ driver }, place) => driver.interrupts.other - (before[place] as number))).toEqual([2, 2]);
  });

  test("what one PF sends the other receives, all of it and in order, both ways", () => {
    const cable = hypervisor.machine.cables.plug(near.port, far.port);
    for (const { driver } of [near, far]) expect(driver.up()).toBe(true);
    const out = burst(near, far, COUNT, 1514);
    const back = burst(far, near, COUNT, 60);
    for (let sent = 0, returned = 0; sent < COUNT || returned < COUNT; ) {
      sent += near.driver.send(out.slice(sent, sent + 90));
      returned += far.driver.send(back.slice(returned, returned + 70));
      hypervisor.run(1000);
    }
    hypervisor.run(1000);
    const all = Array.from({ length: COUNT }, (_, sequence) => sequence);
    expect(far.got).toEqual(all);
    expect(near.got).toEqual(all);
    expect(cable.statistics.map(({ sent, received, dropped, lost }) => [sent, received, dropped, lost])).toEqual([
      [COUNT, COUNT, 0, 0],
      [COUNT, COUNT, 0, 0],
    ]);
  });

  test("at 1 Gb/s a burst is with the other end when the wire has carried it, and nothing is lost", () => {
    const cable = hypervisor.machine.cables.plug(near.port, far.port, { bitsPerSecond: 1e9 });
    for (const { driver } of [near, far]) expect(driver.up()).toBe(true);
    const count = 200;
    expect(near.driver.send(burst(near, far, count, 1514))).toBe(count);
    hypervisor.run(12_304 * (count / 2));
    expect(far.got.length).toBeGreaterThan(count / 2 - 3);
    expect(far.got.length).toBeLessThanOrEqual(count / 2);
    hypervisor.run(12_304 * (count / 2 + 1));
    expect(far.got).toHaveLength(count);
    expect(cable.statistics[1]).toMatchObject({ received: count, dropped: 0 });
  });

  test("I350 §8.18 RUC: a runt on the wire is counted; a short frame of host software is padded and is none", () => {
    const station = new FunctionEnd(() => undefined);
    hypervisor.machine.cables.plug(station, far.port);
    expect(far.driver.up()).toBe(true);
    const short = new Uint8Array(42);
    short.set(far.driver.mac);
    station.send(short);
    hypervisor.run(1000);
    expect(far.port.statistics).toMatchObject({ undersize: 0, rxFrames: 1 });
    far.port.uplink.inject(short);
    hypervisor.run(1000);
    expect(far.port.statistics).toMatchObject({ undersize: 1, rxFrames: 1 });
  });

  test("a machine that is given back pulls its cables", () => {
    const links: boolean[] = [];
    const station = new FunctionEnd(() => undefined, { onLink: (up) => links.push(up) });
    hypervisor.machine.cables.plug(near.port, station);
    hypervisor.machine.dispose();
    expect(links).toEqual([true, false]);
    expect(station.send(new Uint8Array(60))).toBe(false);
  });
});
