// What the four LEDs show, which a driver sets by LEDCTL.
import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const LEDCTL = 0x0e00;
const MS = 1_000_000;
/** The options of the four LEDs, LED 0 first. */
const four = (modes: readonly number[]): number => modes.reduce((word, mode, at) => word + mode * 2 ** (8 * at), 0);

describe.each(["i350", "82576"] as const)("%s §8.2.9 LEDCTL", (profile) => {
  it("reset: LED 0 shows the link, LED 1 blinks with frames that a filter passes, LED 3 shows 1000 Mb/s", async () => {
    const bench = await Bench.create(profile);
    const { port, pf, clock } = bench;
    clock.advance(1000 * MS);
    expect(pf.read(LEDCTL, 4)).toBe(0x0706_8302);
    expect(port.leds).toEqual(["on", "off", "off", "on"]);
    port.linkUp = false;
    expect(port.leds).toEqual(["off", "off", "off", "off"]);
  });

  it("frames light ACTIVITY for 200 ms, FILTER_ACTIVITY only when one passes, and put LINK/ACTIVITY out", async () => {
    const { port, pf, clock } = await Bench.create(profile);
    clock.advance(1000 * MS);
    pf.write(LEDCTL, 4, four([0x0b, 0x03, 0x04, 0x8b]));
    expect(port.leds).toEqual(["off", "off", "on", "off"]);
    pf.write(0x0100, 4, 2);
    const frame = Uint8Array.from({ length: 64 }, (_, at) => at + 1);
    frame.set([0x02, 7, 7, 7, 7, 7]);
    port.uplink.inject(frame);
    port.service(8);
    expect(port.statistics.filtered).toBe(1);
    expect(port.leds).toEqual(["on", "off", "off", "blinking"]);
    clock.advance(199 * MS);
    expect(port.leds[0]).toBe("on");
    clock.advance(MS);
    expect(port.leds).toEqual(["off", "off", "on", "off"]);
  });

  it("speeds, duplex mode, IVRT, BLINK, on and off, as a driver that identifies a port has them", async () => {
    const { port, pf } = await Bench.create(profile);
    pf.write(LEDCTL, 4, four([0x00, 0x01, 0x05, 0x06]));
    expect(port.leds).toEqual(["on", "on", "off", "off"]);
    port.partner = { abilities: 0x0101, gigabit: false, eee: 0 };
    expect(port.leds).toEqual(["off", "on", "off", "on"]);
    pf.write(LEDCTL, 4, four([0x07, 0x47, 0xc9, 0x09]));
    expect(port.leds).toEqual(["off", "on", "off", "on"]);
    pf.write(LEDCTL, 4, four([0x0e, 0x8e, 0x0f, 0x4f]));
    expect(port.leds).toEqual(["on", "blinking", "off", "on"]);
    port.linkUp = false;
    expect(port.leds).toEqual(["on", "blinking", "off", "on"]);
  });

  it("a restored port shows what the saved one showed", async () => {
    const [one, other] = [await Bench.create(profile), await Bench.create(profile)];
    for (const { clock } of [one, other]) clock.advance(1000 * MS);
    one.pf.write(LEDCTL, 4, four([0x0b, 0x0b, 0x0e, 0x0f]));
    one.pf.write(0x0100, 4, 2);
    one.port.uplink.inject(Uint8Array.from({ length: 64 }, (_, at) => (at === 0 ? 2 : at)));
    one.port.service(8);
    expect(other.port.leds).not.toEqual(one.port.leds);
    other.card.restore(one.card.save());
    expect(other.port.leds).toEqual(["on", "on", "on", "off"]);
    other.clock.advance(300 * MS);
    expect(other.port.leds).toEqual(["off", "off", "on", "off"]);
  });
});
