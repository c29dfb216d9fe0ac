import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, FormatError } from "../../../host/core/errors.ts";
import type { VfLink } from "../../../host/device/igb/vf-links.ts";
import { HostileWorld } from "./hostile-world.ts";

const STATUS = 0x0008;
const LINK_UP = 0x2;

describe("the link of a VF", () => {
  let world: HostileWorld;
  beforeEach(async () => {
    world = await HostileWorld.create();
  });
  const linked = (vf: number): boolean => (world.vf(vf).read(STATUS, 4) & LINK_UP) !== 0;

  it("down: STATUS.LU is 0 for that VF alone, its frames stay in its ring and go out when the link is back", () => {
    world.port.vfLinks.set(1, "down");
    expect([1, 2].map(linked)).toEqual([false, true]);
    expect(world.exchange().got).toBeUndefined();
    expect(world.vf(1).read(0x3810, 4)).toBe(0);
    world.port.vfLinks.set(1, "auto");
    world.card.service(64);
    expect(world.vf(1).read(0x3810, 4)).toBe(1);
    expect(world.exchange().got).toBeDefined();
  });

  it("down: nothing is delivered to it, and its sender is not held up", () => {
    world.port.vfLinks.set(2, "down");
    for (let round = 0; round < 20; round++) expect(world.exchange().got).toBeUndefined();
    expect(world.vf(2).read(0x2810, 4)).toBe(0);
    expect(world.stops).toEqual([]);
    world.port.vfLinks.set(2, "up");
    expect(world.exchange().got).toBeDefined();
  });

  it("up: the VF has a link while the port has none; auto: it follows", () => {
    world.port.linkUp = false;
    expect(linked(2)).toBe(false);
    world.port.vfLinks.set(2, "up");
    expect([1, 2].map(linked)).toEqual([false, true]);
    world.port.vfLinks.set(2, "auto");
    expect(linked(2)).toBe(false);
  });

  it("the VF's driver is told by its mailbox vector, and of no change nobody is told", () => {
    const { harness } = world;
    const fn = world.port.sriov.vfs[1];
    fn?.configWrite(0x72, 2, 0x8000);
    const table = fn?.bars.find(({ index }) => index === 3)?.handler;
    for (const [offset, value] of [
      [0, 0xfee0_0000],
      [8, 0x44],
      [12, 0],
    ] as const) {
      table?.write(16 + offset, 4, value);
    }
    world.vf(1).write(0x1740, 4, 0x81);
    world.vf(1).write(0x1524, 4, 0b010);
    world.port.vfLinks.set(1, "down");
    world.port.vfLinks.set(1, "down");
    expect(harness.messages.filter(({ data }) => data === 0x44)).toHaveLength(1);
  });

  it("survives resets of VF and PF, and is part of the state", async () => {
    world.port.vfLinks.set(1, "down");
    world.vf(1).write(0, 4, 0x0400_0000);
    world.pf.write(0, 4, 0x0400_0000);
    expect(linked(1)).toBe(false);
    const other = await HostileWorld.create();
    other.card.restore(structuredClone(world.card.save()));
    expect([other.port.vfLinks.get(1), other.port.vfLinks.get(2)]).toEqual(["down", "auto"]);
    const forged = structuredClone(world.card.save());
    Object.assign(forged.ports[0] ?? {}, { vfLinks: new Array(8).fill("sideways") });
    expect(() => other.card.restore(forged)).toThrow(FormatError);
    expect(other.port.vfLinks.get(1)).toBe("down");
  });

  it.each([
    [-1, "up"],
    [8, "up"],
    [1.5, "up"],
    [1, "sideways"],
  ])("VF %d, %s: an ArgumentError, and nothing changed", (vf, link) => {
    expect(() => world.port.vfLinks.set(vf, link as VfLink)).toThrow(ArgumentError);
    expect(world.port.vfLinks.save()).toEqual(new Array(8).fill("auto"));
  });
});
