// The NVM as drivers reach it: by EERD, by EEWR, and bit by bit at the EEPROM's pins, as Linux's igb does.
import { describe, expect, it } from "vitest";
import type { MmioHandler } from "../../../host/core/ports.ts";
import { Bench } from "./bench.ts";

const EECD = 0x0010;
const [SK, CS, DI, DO, REQ, GNT] = [0x01, 0x02, 0x04, 0x08, 0x40, 0x80] as const;
const AREAS = [0x00, 0x80, 0xc0, 0x100];

function eerd(pf: MmioHandler, word: number): number {
  pf.write(0x0014, 4, (word << 2) | 1);
  const value = pf.read(0x0014, 4);
  expect(value & 2).toBe(2);
  return value >>> 16;
}

/** What a driver does at the pins. */
class Pins {
  readonly #pf: MmioHandler;

  constructor(pf: MmioHandler) {
    this.#pf = pf;
    this.#set(REQ);
    expect(pf.read(EECD, 4) & GNT).toBe(GNT);
  }

  /** Toggles CS: ends a command. */
  standby(): void {
    this.#change(CS, 0);
    this.#change(0, CS);
  }

  out(data: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      this.#change(((data >>> bit) & 1) !== 0 ? DI : 0, DI);
      this.#change(SK, 0);
      this.#change(0, SK);
    }
    this.#change(0, DI);
  }

  in(count: number): number {
    let data = 0;
    for (let bit = 0; bit < count; bit++) {
      this.#change(SK, 0);
      data = (data << 1) | ((this.#pf.read(EECD, 4) & DO) !== 0 ? 1 : 0);
      this.#change(0, SK);
    }
    return data;
  }

  readWord(word: number): number {
    this.standby();
    this.out(0x03, 8);
    this.out(2 * word, 16);
    const data = this.in(16);
    return (data >>> 8) | ((data & 0xff) << 8);
  }

  /** Words of one page. */
  write(word: number, ...values: number[]): void {
    this.standby();
    this.out(0x06, 8);
    this.standby();
    this.out(0x02, 8);
    this.out(2 * word, 16);
    for (const value of values) this.out(((value >>> 8) | ((value & 0xff) << 8)) & 0xffff, 16);
    this.standby();
  }

  release(): void {
    this.#change(CS, 0);
    this.#change(0, REQ);
  }

  #change(set: number, clear: number): void {
    this.#set((this.#pf.read(EECD, 4) & (SK | CS | DI | REQ) & ~clear) | set);
  }

  #set(value: number): void {
    this.#pf.write(EECD, 4, value);
  }
}

describe.each(["i350", "82576"] as const)("%s", (profile) => {
  it("§6: EECD says that it is there, read, and how large; every area adds up to BABAh", async () => {
    const { pf } = await Bench.create(profile, 2);
    const eecd = pf.read(EECD, 4);
    expect(eecd & 0x0300).toBe(0x0300);
    expect(2 ** (((eecd >>> 11) & 0xf) + 6)).toBe(512);
    for (const area of AREAS) {
      let sum = 0;
      for (let word = 0; word <= 0x3f; word++) sum += eerd(pf, area + word);
      expect(sum & 0xffff).toBe(0xbaba);
    }
    expect([0, 1, 2].map((word) => eerd(pf, 0x80 + word))).toEqual([0x1b02, 0xa021, 0xf104]);
    expect([eerd(pf, 0x0d), eerd(pf, 0x3fff)]).toEqual([profile === "i350" ? 0x1521 : 0x10c9, 0xffff]);
  });

  it("at its pins: status, words that follow one another, and what EERD reads", async () => {
    const { pf } = await Bench.create(profile);
    const pins = new Pins(pf);
    pins.standby();
    pins.out(0x05, 8);
    expect(pins.in(8)).toBe(0);
    for (const word of [0, 1, 0x0d, 0x3f, 0x43, 0x1ff]) expect(pins.readWord(word)).toBe(eerd(pf, word));
    pins.standby();
    pins.out(0x03, 8);
    pins.out(0, 16);
    expect([pins.in(16), pins.in(16)]).toEqual([0x021b, 0x21a0]);
  });

  it("writes at its pins stay, through resets and snapshots; without WREN they do not", async () => {
    const bench = await Bench.create(profile);
    const { pf } = bench;
    const pins = new Pins(pf);
    pins.write(0x52, 0x1234, 0xabcd);
    expect([eerd(pf, 0x52), eerd(pf, 0x53)]).toEqual([0x1234, 0xabcd]);
    pins.standby();
    pins.out(0x02, 8);
    pins.out(2 * 0x52, 16);
    pins.out(0x5555, 16);
    pins.standby();
    expect(eerd(pf, 0x52)).toBe(0x1234);
    pins.release();
    pf.write(0x0000, 4, 0x0400_0000);
    expect(eerd(pf, 0x52)).toBe(0x1234);
    const other = await Bench.create(profile);
    other.card.restore(structuredClone(bench.card.save()));
    expect(eerd(other.pf, 0x53)).toBe(0xabcd);
    expect(other.card.nvm[0x53]).toBe(0xabcd);
  });

  it("a write command goes round in its page of 32 bytes; without a grant the pins do nothing", async () => {
    const { pf } = await Bench.create(profile);
    const pins = new Pins(pf);
    pins.write(0x5f, 0x1111, 0x2222);
    expect([eerd(pf, 0x5f), eerd(pf, 0x50), eerd(pf, 0x60)]).toEqual([0x1111, 0x2222, 0xffff]);
    pins.release();
    const before = eerd(pf, 0x52);
    for (const value of [DI, DI | SK, DI, SK, 0]) pf.write(EECD, 4, value);
    expect(eerd(pf, 0x52)).toBe(before);
  });

  it("the port's MAC address comes from the NVM with the next reset", async () => {
    const { pf, card } = await Bench.create(profile, 2);
    const pins = new Pins(pf);
    pins.write(0x80, 0x5502, 0x7766, 0x9988);
    pins.release();
    const second = card.ports[1]?.pf.bars[0]?.handler as MmioHandler;
    expect(second.read(0x5400, 4)).toBe(0xa021_1b02);
    second.write(0x0000, 4, 0x0400_0000);
    expect([second.read(0x5400, 4), second.read(0x5404, 4)]).toEqual([0x7766_5502, 0x8000_9988]);
  });
});

describe("semaphores", () => {
  it("§8.7: all ports share SMBI, which reading takes, SWESMBI and SW_FW_SYNC; a hot reset frees them", async () => {
    const { pf, card } = await Bench.create("i350", 2);
    const second = card.ports[1]?.pf.bars[0]?.handler as MmioHandler;
    expect(pf.read(0x5b50, 4) & 1).toBe(0);
    expect(second.read(0x5b50, 4) & 1).toBe(1);
    pf.write(0x5b50, 4, 3);
    expect(second.read(0x5b50, 4)).toBe(3);
    second.write(0x5b5c, 4, 0x0003_0004);
    expect(pf.read(0x5b5c, 4)).toBe(4);
    pf.write(0x5b50, 4, 0);
    expect(second.read(0x5b50, 4)).toBe(0);
    expect(second.read(0x5b50, 4)).toBe(1);
    pf.write(0x0000, 4, 0x0400_0000);
    expect([second.read(0x5b50, 4), second.read(0x5b5c, 4)]).toEqual([1, 4]);
    card.ports[0]?.pf.reset("hot");
    expect([second.read(0x5b50, 4), second.read(0x5b5c, 4)]).toEqual([0, 0]);
  });

  it("FACTPS shows each port's power state", async () => {
    const { pf, card } = await Bench.create("i350", 4);
    card.ports[2]?.pf.configWrite(0x44, 2, 3);
    card.ports[3]?.pf.configWrite(0x04, 2, 0);
    expect([0, 6, 12, 18].map((at) => (pf.read(0x5b30, 4) >>> at) & 3)).toEqual([2, 2, 3, 1]);
  });
});

describe("82576", () => {
  it("EEWR writes a word", async () => {
    const { pf } = await Bench.create("82576");
    pf.write(0x102c, 4, (0x4321_0000 | (0x61 << 2) | 1) >>> 0);
    expect(pf.read(0x102c, 4) & 2).toBe(2);
    expect(eerd(pf, 0x61)).toBe(0x4321);
  });
});

describe("I350", () => {
  it("CTRL.DEV_RST resets every port and tells each: STATUS.DEV_RST_SET, ICR.DRSTA", async () => {
    const { pf, card } = await Bench.create("i350", 2);
    const second = card.ports[1]?.pf.bars[0]?.handler as MmioHandler;
    second.write(0x0170, 4, 0x1234);
    pf.write(0x0000, 4, 0x2000_0041);
    for (const one of [pf, second]) {
      expect([one.read(0x0170, 4), one.read(0x0008, 4) & 0x10_0000]).toEqual([0, 0x10_0000]);
      expect(one.read(0x00c0, 4) & 0x4000_0000).toBe(0x4000_0000);
      one.write(0x0008, 4, 0x10_0400);
      expect(one.read(0x0008, 4) & 0x10_0000).toBe(0);
    }
  });

  it("the I2C pins: pulled up, low while software drives them low; no module answers I2CCMD", async () => {
    const { pf } = await Bench.create();
    expect(pf.read(0x102c, 4) & 0x5000).toBe(0x5000);
    pf.write(0x102c, 4, 0x0000_0100);
    expect(pf.read(0x102c, 4) & 0x5000).toBe(0);
    pf.write(0x102c, 4, 0x0000_0d00);
    expect(pf.read(0x102c, 4) & 0x5000).toBe(0x1000);
    pf.write(0x1028, 4, 0x0800_0000);
    expect(pf.read(0x1028, 4) >>> 0).toBe(0xa800_0000);
  });
});
