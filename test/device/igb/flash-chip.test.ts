// The AT25DF321 behind FLA: its commands, its times, its protection, its state.
import { describe, expect, it } from "vitest";
import { FormatError } from "../../../host/core/errors.ts";
import { Bench, handlerOf } from "./bench.ts";
import { bytes, FlashPins, IMAGE, MIB, world } from "./flash-pins.ts";

const FLA = 0x001c;
const [CE, SO, REQ] = [0x02, 0x08, 0x10];

describe.each(["i350", "82576"] as const)("%s §8.4 FLA with the AT25DF321 behind it", (profile) => {
  it("9Fh: manufacturer 1Fh, device 4700h, nothing behind them; in SPI modes 0 and 3", async () => {
    const { bench, pins } = await world(profile);
    const other = new FlashPins(bench.pf, bench.clock, true);
    for (const one of [pins, other]) {
      expect(one.command([0x9f], 6)).toEqual([0x1f, 0x47, 0x00, 0x00, 0xff, 0xff]);
      expect(one.read(0x1_0203, 3)).toEqual([...IMAGE.slice(0x1_0203, 0x1_0206)]);
    }
  });

  it("03h reads on from any address and from the last byte to the first; 0Bh has a byte between; EFh and 90h are none", async () => {
    const { pins } = await world(profile);
    expect(pins.read(0x3f_fffe, 5)).toEqual([0xff, 0xff, 0x55, 0xaa, IMAGE[2]]);
    expect(pins.read(0x2_0343, 4)).toEqual([IMAGE[0x2_0343], IMAGE[0x2_0344], 0xff, 0xff]);
    expect(pins.command([0x0b, 0x01, 0x23, 0x45, 0xa5], 2)).toEqual([IMAGE[0x1_2345], IMAGE[0x1_2346]]);
    // The chip takes no notice of address bits that it does not have.
    expect(pins.command([0x03, 0xc1, 0x23, 0x45], 1)).toEqual([IMAGE[0x1_2345]]);
    for (const opcode of [0xef, 0x90, 0x00]) expect(pins.command([opcode, 0, 0, 0], 2)).toEqual([0xff, 0xff]);
  });

  it("after power-up every sector is protected: programs and erases do nothing, and Write Enable is gone", async () => {
    const { bench, pins } = await world(profile);
    expect(pins.status).toBe(0x1c);
    for (const command of [[0x02, 0x00, 0x00, 0x05, 0x00], [0x20, 0, 0, 0], [0x60]]) {
      pins.command([0x06]);
      expect(pins.status).toBe(0x1e);
      pins.command(command);
      expect(pins.status).toBe(0x1c);
    }
    expect(bench.card.flash?.slice(0, IMAGE.length)).toEqual(IMAGE);
  });

  it("36h and 39h protect by sectors of 64 KiB, 3Ch tells, the status knows none, some, all; SPRL locks them", async () => {
    const { pins } = await world(profile);
    pins.change([0x39, ...bytes(0x02_1234)]);
    expect([pins.status, ...pins.command([0x3c, ...bytes(0x02_ffff)], 2)]).toEqual([0x14, 0x00, 0x00]);
    expect(pins.command([0x3c, ...bytes(0x03_0000)], 2)).toEqual([0xff, 0xff]);
    expect([pins.change([0x20, ...bytes(0x02_0000)], 1000), pins.change([0x20, ...bytes(0x01_f000)])]).toEqual([
      50_000, 0,
    ]);
    expect(pins.read(0x02_0000, 2)).toEqual([0xff, 0xff]);
    // The whole chip stays as it is while a sector is protected.
    expect(pins.change([0xc7])).toBe(0);
    pins.change([0x01, 0x00]);
    expect(pins.status).toBe(0x10);
    // Neither all zero nor all one: only SPRL.
    pins.change([0x01, 0x84]);
    expect(pins.status).toBe(0x90);
    pins.change([0x36, ...bytes(0)]);
    pins.change([0x01, 0xbc]);
    expect(pins.status).toBe(0x90);
    pins.change([0x01, 0x3c]);
    expect(pins.status).toBe(0x10);
    pins.change([0x01, 0x3c]);
    expect(pins.status).toBe(0x1c);
  });

  it("02h clears bits, never sets one; beyond its end a page begins again; the last 256 bytes count", async () => {
    const { pins } = await world(profile, true);
    pins.unprotect();
    expect(pins.change([0x02, ...bytes(0x12_34fe), 0xf0, 0x3c, 0x81])).toBe(1500);
    expect(pins.read(0x12_34fd, 3)).toEqual([0xff, 0xf0, 0x3c]);
    expect(pins.read(0x12_3400, 2)).toEqual([0x81, 0xff]);
    expect(pins.read(0x12_3500, 1)).toEqual([0xff]);
    expect(pins.change([0x02, ...bytes(0x12_34fe), 0x3f])).toBe(7);
    expect(pins.read(0x12_34fe, 1)).toEqual([0x30]);
    const many = Array.from({ length: 300 }, (_, at) => at & 0xff);
    pins.change([0x02, ...bytes(0x20_0010), ...many]);
    expect(pins.read(0x20_0000, 256)).toEqual(
      Array.from({ length: 256 }, (_, at) => ((at - 0x10 + 256) % 256) + ((at - 0x10 + 256) % 256 < 44 ? 256 : 0)).map(
        (at) => at & 0xff,
      ),
    );
  });

  it("02h without Write Enable, without data or cut off inside a byte does nothing; a cut one takes Write Enable back", async () => {
    const { bench, pins } = await world(profile, true);
    pins.unprotect();
    pins.command([0x02, 0, 0, 0, 0x12]);
    expect(pins.status).toBe(0x10);
    pins.command([0x06]);
    pins.command([0x02, 0, 0, 0], 0, 3);
    expect(pins.status).toBe(0x10);
    pins.command([0x06]);
    pins.command([0x02, 0, 0, 0, 0x12], 0, 5);
    expect(pins.status).toBe(0x10);
    // Write Enable itself, cut off, is none.
    pins.command([0x06], 0, 1);
    expect(pins.status).toBe(0x10);
    pins.command([0x06]);
    pins.command([0x04]);
    expect(pins.status).toBe(0x10);
    expect(bench.card.flash).toEqual(new Uint8Array(4 * MIB).fill(0xff));
  });

  it.each([
    [0x20, 0x1000, 50_000],
    [0x52, 0x8000, 250_000],
    [0xd8, 0x1_0000, 400_000],
  ])(
    "command %i erases the block around an address, in its time; only the status is heard meanwhile",
    async (opcode, size, us) => {
      const { bench, pins } = await world(profile, new Uint8Array(0x4_0000).fill(0x5a));
      pins.unprotect();
      pins.command([0x06]);
      pins.command([opcode, ...bytes(0x02_9abc)]);
      expect(pins.status).toBe(0x13);
      expect(pins.read(0, 2)).toEqual([0xff, 0xff]);
      pins.command([0x02, ...bytes(0), 0x00]);
      expect(pins.command([0x9f], 1)).toEqual([0xff]);
      bench.clock.advance(us * 1000 - 1);
      expect(pins.status).toBe(0x13);
      bench.clock.advance(1);
      expect(pins.status).toBe(0x10);
      const from = 0x02_9abc - (0x02_9abc % size);
      const wanted = new Uint8Array(0x4_0000).fill(0x5a).fill(0xff, from, from + size);
      expect(bench.card.flash?.slice(0, 0x4_0000)).toEqual(wanted);
    },
  );

  it("60h and C7h erase all, in 36 s; 62h is another maker's", async () => {
    for (const opcode of [0x60, 0xc7]) {
      const { bench, pins } = await world(profile);
      pins.unprotect();
      expect(pins.change([0x62])).toBe(0);
      expect(pins.change([opcode], 1_000_000)).toBe(36_000_000);
      expect(bench.card.flash).toEqual(new Uint8Array(4 * MIB).fill(0xff));
    }
  });

  it("B9h sends it to sleep, in which it hears ABh only", async () => {
    const { pins, window } = await world(profile);
    pins.command([0xb9]);
    expect([pins.status, ...pins.read(0, 2), window.read(0, 2)]).toEqual([0xff, 0xff, 0xff, 0xffff]);
    pins.command([0xab]);
    expect([pins.status, ...pins.read(0, 2), window.read(0, 2)]).toEqual([0x1c, 0x55, 0xaa, 0xaa55]);
  });

  it("a port that has not the pins moves nothing, and one that loses them deselects the chip", async () => {
    const bench = await Bench.create(profile, 2, IMAGE);
    const [first, second] = bench.card.ports.map((port) => handlerOf(port.pf, 0));
    if (first === undefined || second === undefined) throw new Error("two ports");
    const pins = new FlashPins(second, bench.clock);
    first.write(FLA, 4, REQ | CE);
    expect(() => pins.command([0x9f], 1)).toThrow("not granted");
    first.write(FLA, 4, CE);
    // Half a command, and then a reset of the port.
    for (const value of [REQ | CE, REQ, REQ | 1, REQ, REQ | 1]) first.write(FLA, 4, value);
    first.write(0x0000, 4, 0x0400_0000);
    expect(pins.command([0x9f], 2)).toEqual([0x1f, 0x47]);
    expect(pins.status).toBe(0x1c);
  });

  it("a saved card goes on in the middle of a byte, with what is protected, and with what it holds; of blank blocks nothing is saved", async () => {
    const { bench, pins } = await world(profile);
    pins.change([0x39, 0, 0, 0]);
    pins.change([0x02, ...bytes(0x0_0100), 0x00]);
    // 9Fh, and three bits of the answer.
    for (let bit = 7; bit >= 0; bit--) {
      const data = ((0x9f >>> bit) & 1) * 4;
      bench.pf.write(FLA, 4, REQ | data);
      bench.pf.write(FLA, 4, REQ | data | 1);
    }
    for (let bit = 0; bit < 3; bit++) for (const clock of [0, 1]) bench.pf.write(FLA, 4, REQ | clock);
    const state = bench.card.save();
    expect(state.shared.flash.chip?.cells.map(({ block }) => block)).toEqual(
      Array.from({ length: 0x21 }, (_, at) => at),
    );
    const other = await world(profile, true);
    other.bench.card.restore(state);
    let rest = 0;
    for (let bit = 0; bit < 5; bit++) {
      other.bench.pf.write(FLA, 4, REQ);
      rest = (rest << 1) | ((other.bench.pf.read(FLA, 4) & SO) >>> 3);
      other.bench.pf.write(FLA, 4, REQ | 1);
    }
    expect(rest).toBe(0x1f);
    other.bench.pf.write(FLA, 4, CE);
    expect(other.pins.status).toBe(0x14);
    expect(other.bench.card.flash).toEqual(bench.card.flash);
    expect(other.pins.read(0x100, 2)).toEqual([0, IMAGE[0x101]]);
    expect(other.bench.card.save().shared.flash.chip?.cells).toEqual(state.shared.flash.chip?.cells);
  });

  it("a state of another flash, or one that no flash has, is refused and changes nothing", async () => {
    const { bench } = await world(profile);
    const without = await Bench.create(profile, 1, false);
    const [saved, none] = [bench.card.save(), without.card.save()];
    expect(() => without.card.restore(saved)).toThrow(FormatError);
    expect(() => bench.card.restore(none)).toThrow(FormatError);
    const chip = saved.shared.flash.chip;
    if (chip === null) throw new Error("a chip");
    const { shared } = saved;
    for (const wrong of [
      { ...chip, cells: [{ block: 1024, bytes: new Uint8Array(4096) }] },
      { ...chip, cells: [{ block: 3, bytes: new Uint8Array(4095) }] },
      { ...chip, cells: 7 },
      { ...chip, page: new Uint8Array(1) },
      { ...chip, volatile: { ...chip.volatile, bits: 8 } },
      { ...chip, volatile: { ...chip.volatile, address: 4 * MIB } },
      { ...chip, volatile: { ...chip.volatile, busyUntilNs: -1 } },
      { ...chip, volatile: { ...chip.volatile, command: 256 } },
    ]) {
      const state = { ...saved, shared: { ...shared, flash: { ...shared.flash, chip: wrong } } };
      expect(() => bench.card.restore(state as typeof saved)).toThrow(FormatError);
    }
    expect(bench.card.save()).toEqual(saved);
  });
});
