// The place of the flash, which is empty: pins that are granted and read ones, windows that read ones.
import { describe, expect, it } from "vitest";
import { Bench, handlerOf } from "./bench.ts";

const FLA = 0x001c;
const [REQ, GNT, SO] = [0x10, 0x20, 0x08];

describe.each(["i350", "82576"] as const)("%s §8.4 FLA", (profile) => {
  it("FL_GNT follows FL_REQ, one port at a time; who waits gets the pins when they are given back", async () => {
    const bench = await Bench.create(profile, 2);
    const [first, second] = bench.card.ports.map((port) => handlerOf(port.pf, 0));
    if (first === undefined || second === undefined) throw new Error("two ports");
    expect(first.read(FLA, 4)).toBe(SO);
    first.write(FLA, 4, REQ);
    second.write(FLA, 4, REQ);
    expect([first.read(FLA, 4), second.read(FLA, 4)]).toEqual([REQ | GNT | SO, REQ | SO]);
    first.write(FLA, 4, 0);
    expect([first.read(FLA, 4), second.read(FLA, 4)]).toEqual([SO, REQ | GNT | SO]);
    first.write(FLA, 4, REQ);
    expect(first.read(FLA, 4)).toBe(REQ | SO);
    // A reset of the port that has them gives them back.
    second.write(0x0000, 4, 0x0400_0000);
    expect([first.read(FLA, 4), second.read(FLA, 4)]).toEqual([REQ | GNT | SO, SO]);
  });

  it("what comes in at FL_SO are ones whatever goes out, and an erase is over when it is asked for", async () => {
    const { pf } = await Bench.create(profile);
    for (const pins of [REQ, REQ | 1, REQ | 2, REQ | 4, REQ | 7]) {
      pf.write(FLA, 4, pins);
      expect(pf.read(FLA, 4)).toBe(pins | GNT | SO);
    }
    pf.write(FLA, 4, 0xc000_0000);
    expect(pf.read(FLA, 4)).toBe(SO);
  });

  it("a saved card has its pins where they were", async () => {
    const bench = await Bench.create(profile, 2);
    const other = await Bench.create(profile, 2);
    handlerOf((bench.card.ports[1] as typeof bench.port).pf, 0).write(FLA, 4, REQ);
    bench.pf.write(FLA, 4, REQ);
    other.card.restore(bench.card.save());
    expect(other.pf.read(FLA, 4)).toBe(REQ | SO);
  });
});

describe("82576 §9.4: BAR 1 and the expansion ROM without a flash", () => {
  it("every width reads ones, writes change nothing: no ROM signature", async () => {
    const { port } = await Bench.create("82576");
    const flash = handlerOf(port.pf, 1);
    flash.write(0x1234, 4, 0xaa55_aa55);
    expect([flash.read(0x1234, 4), flash.read(0, 2), flash.read(0x3f_ffff, 1)]).toEqual([0xffff_ffff, 0xffff, 0xff]);
    port.pf.configWrite(0x30, 4, 0x9000_0001);
    port.pf.configWrite(0x04, 2, 0x0006);
    const rom = port.pf.decodedRanges().find(({ base }) => base === 0x9000_0000);
    expect([rom?.size, rom?.handler.read(0, 2)]).toEqual([0x40_0000, 0xffff]);
  });
});
