// The flash on a card: its pins (FLA), its windows, what the ports share of it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import type { AccessWidth, MmioHandler } from "../../../host/core/ports.ts";
import { Bench, handlerOf } from "./bench.ts";
import { FlashPins, IMAGE, MIB, romOf, windowOf, world } from "./flash-pins.ts";

const [EECD, FLA, FLASHOP] = [0x0010, 0x001c, 0x103c];
const [CE, SO, REQ, GNT] = [0x02, 0x08, 0x10, 0x20];
const [BUSY, ER] = [0x4000_0000, 0x8000_0000];
const [FWE_ERASE, FWE_DISABLED, FWE_ENABLED] = [0x00, 0x10, 0x20];

function word(of: Uint16Array, at: number, hi: number, lo: number): number {
  return ((of[at] as number) >>> lo) & (2 ** (hi - lo + 1) - 1);
}

describe.each(["i350", "82576"] as const)("%s §8.4 FLA without a flash", (profile) => {
  it("FL_GNT follows FL_REQ, one port at a time; who waits gets the pins when they are given back", async () => {
    const bench = await Bench.create(profile, 2, false);
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
    const { pf, card } = await Bench.create(profile, 1, false);
    for (const pins of [REQ, REQ | 1, REQ | 2, REQ | 4, REQ | 7]) {
      pf.write(FLA, 4, pins);
      expect(pf.read(FLA, 4)).toBe(pins | GNT | SO);
    }
    pf.write(EECD, 4, FWE_ERASE);
    pf.write(FLA, 4, 0xc000_0000);
    expect(pf.read(FLA, 4)).toBe(SO);
    expect(card.flash).toBeUndefined();
  });

  it("a saved card has its pins where they were", async () => {
    const bench = await Bench.create(profile, 2, false);
    const other = await Bench.create(profile, 2, false);
    handlerOf((bench.card.ports[1] as typeof bench.port).pf, 0).write(FLA, 4, REQ);
    bench.pf.write(FLA, 4, REQ);
    other.card.restore(bench.card.save());
    expect(other.pf.read(FLA, 4)).toBe(REQ | SO);
  });
});

describe.each(["i350", "82576"] as const)("%s: the windows onto the flash", (profile) => {
  const shown = profile === "82576" ? 4 * MIB : MIB / 2;

  it("§9: BAR and expansion ROM show the image in every width and at every offset, erased bytes as ones", async () => {
    const { bench, window } = await world(profile);
    expect([window.read(0, 2), window.read(0x1_2345, 1), window.read(0x2_0344, 4)]).toEqual([
      0xaa55,
      IMAGE[0x1_2345],
      0xffff_ff00 + (IMAGE[0x2_0344] as number),
    ]);
    expect(window.read(shown - 4, 4)).toBe(0xffff_ffff);
    const rom = romOf(bench.port.pf);
    expect([rom?.size, rom?.handler.read(0, 2), rom?.handler.read(0x401, 4)]).toEqual([
      shown,
      0xaa55,
      new DataView(IMAGE.buffer).getUint32(0x401, true),
    ]);
    rom?.handler.write(0, 1, 0);
    expect(rom?.handler.read(0, 2)).toBe(0xaa55);
  });

  it("§8.1 IOADDR: 8_0000h to F_FFFFh are the flash, dwords only; before and behind there is nothing", async () => {
    const { bench } = await world(profile);
    const io = handlerOf(bench.port.pf, 2);
    const at = (address: number): number => {
      io.write(0, 4, address);
      return io.read(4, 4);
    };
    const view = new DataView(IMAGE.buffer);
    expect([at(0x8_0000), at(0x9_2344), at(0xf_fffc)]).toEqual([
      view.getUint32(0, true),
      view.getUint32(0x1_2344, true),
      0xffff_ffff,
    ]);
    expect([at(0x7_fffc), at(0x10_0000), at(0x8_0002)]).toEqual([0, 0, 0]);
  });

  it("EECD.FWE = 10b lets bytes be programmed, busy meanwhile (FL_BUSY); other widths and other values of FWE do not", async () => {
    const { bench, pins, window } = await world(profile, true);
    pins.unprotect();
    const { pf, clock } = bench;
    expect(pf.read(EECD, 4) & 0x30).toBe(FWE_DISABLED);
    window.write(0x123, 1, 0x0f);
    pf.write(EECD, 4, FWE_ERASE);
    window.write(0x123, 1, 0x0f);
    pf.write(EECD, 4, FWE_ENABLED);
    window.write(0x123, 2, 0x0f);
    window.write(0x120, 4, 0x0f);
    expect([pf.read(FLA, 4) & BUSY, window.read(0x120, 4)]).toEqual([0, 0xffff_ffff]);
    window.write(0x123, 1, 0x0f);
    expect([pf.read(FLA, 4) & BUSY, window.read(0x123, 1)]).toEqual([BUSY, 0xff]);
    // What is written while it is busy is lost, and the pins are not to be had.
    window.write(0x124, 1, 0x11);
    pf.write(FLA, 4, REQ | CE);
    expect(pf.read(FLA, 4)).toBe((REQ | CE | SO | BUSY) >>> 0);
    clock.advance(7000);
    expect(pf.read(FLA, 4)).toBe(REQ | CE | SO | GNT);
    expect(window.read(0x123, 2)).toBe(0xffff);
    pf.write(FLA, 4, CE);
    expect(window.read(0x122, 4)).toBe(0xffff_0fff);
    // Bits go to zero only.
    window.write(0x123, 1, 0xf3);
    clock.advance(7000);
    expect(window.read(0x123, 1)).toBe(0x03);
  });

  it("FL_ER with EECD.FWE = 00b, in either order, erases all with FLASHOP's command; 62h, its reset value, is not this chip's", async () => {
    const { bench, pins } = await world(profile);
    const { pf, clock, card } = bench;
    pins.unprotect();
    expect(pf.read(FLASHOP, 4)).toBe(0x5262);
    pf.write(EECD, 4, FWE_ERASE);
    pf.write(FLA, 4, (ER | CE) >>> 0);
    expect([pf.read(FLA, 4), card.flash?.[0]]).toEqual([CE | SO, 0x55]);
    pf.write(EECD, 4, FWE_DISABLED);
    pf.write(FLASHOP, 4, 0xabcd_d8c7);
    expect(pf.read(FLASHOP, 4)).toBe(0xd8c7);
    pf.write(FLA, 4, (ER | CE) >>> 0);
    expect([pf.read(FLA, 4), card.flash?.[0]]).toEqual([(ER | CE | SO) >>> 0, 0x55]);
    pf.write(EECD, 4, FWE_ERASE);
    expect(pf.read(FLA, 4)).toBe((BUSY | CE | SO) >>> 0);
    clock.advance(36e9 - 1);
    expect(pf.read(FLA, 4) & BUSY).toBe(BUSY);
    clock.advance(1);
    expect(pf.read(FLA, 4)).toBe(CE | SO);
    expect(card.flash).toEqual(new Uint8Array(4 * MIB).fill(0xff));
  });

  it("while a port has the pins, windows of all ports read ones and take no writes, and an erase waits", async () => {
    const bench = await Bench.create(profile, 2, IMAGE);
    const [first, second] = bench.card.ports.map(({ pf }) => ({
      bar: handlerOf(pf, 0),
      window: windowOf(profile, pf),
    }));
    if (first === undefined || second === undefined) throw new Error("two ports");
    new FlashPins(first.bar, bench.clock).unprotect();
    first.bar.write(FLASHOP, 4, 0x5260);
    expect([second.bar.read(FLASHOP, 4), second.window.read(0, 2)]).toEqual([0x5260, 0xaa55]);
    first.bar.write(FLA, 4, REQ | CE);
    for (const port of [first, second]) {
      port.bar.write(EECD, 4, FWE_ENABLED);
      port.window.write(0, 1, 0);
      expect(port.window.read(0, 2)).toBe(0xffff);
    }
    second.bar.write(EECD, 4, FWE_ERASE);
    second.bar.write(FLA, 4, (ER | CE) >>> 0);
    expect(second.bar.read(FLA, 4)).toBe((ER | CE | SO) >>> 0);
    first.bar.write(FLA, 4, CE);
    expect([second.window.read(0, 2), second.bar.read(FLA, 4)]).toEqual([0xaa55, (BUSY | CE | SO) >>> 0]);
    // Both ports see the erase, and neither a reset of theirs nor a snapshot ends it.
    bench.card.ports[1]?.pf.reset("hot");
    const other = await Bench.create(profile, 2, true);
    other.card.restore(bench.card.save());
    const { clock } = other;
    expect(handlerOf(other.port.pf, 0).read(FLA, 4)).toBe((BUSY | CE | SO) >>> 0);
    clock.advance(36e9);
    expect(handlerOf(other.port.pf, 0).read(FLA, 4)).toBe(CE | SO);
    expect(other.card.flash).toEqual(new Uint8Array(4 * MIB).fill(0xff));
  });

  it("FLASHOP and the chip outlive every reset but a cold one", async () => {
    const { bench, pins } = await world(profile);
    const { pf, port } = bench;
    pins.unprotect();
    pf.write(FLASHOP, 4, 0x20c7);
    for (const kind of ["flr", "hot"] as const) {
      port.pf.reset(kind);
      port.pf.configWrite(0x04, 2, 0x0006);
      expect([pf.read(FLASHOP, 4), pins.status]).toEqual([0x20c7, 0x10]);
    }
    port.pf.reset("cold");
    expect([pf.read(FLASHOP, 4), pins.status, ...pins.read(0, 2)]).toEqual([0x5262, 0x1c, 0x55, 0xaa]);
  });

  it("the NVM names the window's size, and its checksum holds", async () => {
    const { bench } = await world(profile);
    const { nvm } = bench.card;
    const code = profile === "82576" ? word(nvm, 0x0f, 10, 8) : word(nvm, 0x28, 3, 1);
    expect(0x1_0000 * 2 ** code).toBe(shown);
    expect(nvm.slice(0, 0x40).reduce((sum, one) => (sum + one) & 0xffff, 0)).toBe(0xbaba);
  });

  it("whatever is done to pins, windows and opcodes, nothing throws and every read has its width", async () => {
    const { bench, window } = await world(profile);
    const rom = romOf(bench.port.pf)?.handler as MmioHandler;
    const { pf, clock, card } = bench;
    const width = fc.constantFrom<AccessWidth>(1, 2, 4);
    const value = fc.integer({ min: 0, max: 0xffff_ffff });
    const offset = fc.oneof(fc.integer({ min: 0, max: 0xd_ffff }), fc.integer({ min: 0, max: 0x2000 }));
    const opcode = fc.constantFrom(1, 2, 3, 4, 5, 6, 0x0b, 0x20, 0x36, 0x39, 0x3c, 0x52, 0x60, 0x9f, 0xab, 0xb9, 0xd8);
    const step = fc.oneof(
      fc.record({ do: fc.constant("pins" as const), value: fc.integer({ min: 0, max: 0x3f }) }),
      fc.record({ do: fc.constant("flood" as const), value: fc.integer({ min: 1, max: 200 }) }),
      fc.record({
        do: fc.constant("command" as const),
        value: opcode,
        more: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 9 }),
      }),
      fc.record({ do: fc.constant("register" as const), offset: fc.constantFrom(EECD, FLA, FLASHOP), width, value }),
      fc.record({ do: fc.constant("write" as const), offset, width, value }),
      fc.record({ do: fc.constant("read" as const), offset, width }),
      fc.record({ do: fc.constant("time" as const), value: fc.integer({ min: 0, max: 60_000_000 }) }),
    );
    const pins = new FlashPins(pf, clock);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        for (const one of steps) {
          if (one.do === "pins") pf.write(FLA, 4, one.value);
          else if (one.do === "flood")
            for (let at = 0; at < one.value; at++) pf.write(FLA, 4, REQ | (at & 1) | ((at & 2) << 1));
          else if (one.do === "command") {
            pf.write(FLA, 4, CE);
            if ((pf.read(FLA, 4) & BUSY) === 0) pins.command([one.value, ...one.more], 2, one.more.length & 1);
          } else if (one.do === "register") pf.write(one.offset, one.width, one.value);
          else if (one.do === "write") for (const to of [window, rom]) to.write(one.offset, one.width, one.value);
          else if (one.do === "time") clock.advance(one.value);
          else {
            for (const from of [window, rom, pf]) {
              const got = from.read(one.offset, one.width);
              expect(Number.isInteger(got) && got >= 0 && got < 2 ** (8 * one.width)).toBe(true);
            }
          }
        }
        card.restore(card.save());
      }),
      { numRuns: 150 },
    );
    expect(card.flash?.length).toBe(4 * MIB);
  });
});

describe("what is fitted", () => {
  it("82576: an erased flash unless there is to be none, whose windows read ones; I350: none unless there is to be one", async () => {
    const plain = await Bench.create("82576");
    expect(plain.card.flash).toEqual(new Uint8Array(4 * MIB).fill(0xff));
    const none = await Bench.create("82576", 1, false);
    const window = handlerOf(none.port.pf, 1);
    window.write(0x1234, 1, 0x55);
    expect([window.read(0x1234, 4), window.read(0, 2), window.read(0x3f_ffff, 1)]).toEqual([0xffff_ffff, 0xffff, 0xff]);
    const rom = romOf(none.port.pf);
    expect([rom?.size, rom?.handler.read(0, 2)]).toEqual([0x40_0000, 0xffff]);
    const bare = await Bench.create("i350");
    expect([bare.card.flash, romOf(bare.port.pf), word(bare.card.nvm, 0x28, 3, 1)]).toEqual([undefined, undefined, 0]);
  });

  it("I350 §9.4.11: with a flash BAR 0 is 1 MiB, registers first, and there is an expansion ROM of 512 KiB", async () => {
    const { bench } = await world("i350");
    const { pf } = bench.port;
    pf.configWrite(0x10, 4, 0xffff_ffff);
    pf.configWrite(0x30, 4, 0xffff_ffff);
    expect([pf.configRead(0x10, 4), pf.configRead(0x14, 4), pf.configRead(0x30, 4)]).toEqual([
      0xfff0_0000, 0, 0xfff8_0001,
    ]);
    // The registers end where they ended; behind the flash's 512 KiB there is nothing.
    expect([bench.pf.read(0x2_0000, 2), bench.pf.read(0x9_fffc, 4), bench.pf.read(0xa_0000, 4)]).toEqual([
      0xaa55, 0xffff_ffff, 0xffff_ffff,
    ]);
    expect(bench.pf.read(FLA, 4)).toBe(SO);
  });

  it("an image that does not fit, or none at all, is refused by name", async () => {
    await expect(Bench.create("i350", 1, new Uint8Array(4 * MIB + 1))).rejects.toThrow(ArgumentError);
    await expect(Bench.create("82576", 1, "rom" as never)).rejects.toThrow(/flash.*neither bytes nor a boolean/);
    const full = await Bench.create("i350", 1, new Uint8Array(4 * MIB).fill(0xa5));
    expect(full.card.flash).toEqual(new Uint8Array(4 * MIB).fill(0xa5));
  });
});
