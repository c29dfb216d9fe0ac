// The port's own time against exact arithmetic, and its time stamps, target times and causes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { I350_TIME, I82576_TIME, SystemTime } from "../../../host/device/igb/system-time.ts";
import { Bench } from "./bench.ts";

const DISABLE = 0x8000_0000;

function asBigInt({ high, low, rest }: { high: number; low: number; rest: number }): bigint {
  return (BigInt(high) << 64n) | (BigInt(low) << 32n) | BigInt(rest);
}

describe("how the time goes on", () => {
  const steps = fc.array(fc.record({ ns: fc.integer({ min: 0, max: 2 ** 44 }), inca: fc.nat(0xffff_ffff) }), {
    maxLength: 8,
  });

  it("I350 §8.17.8: 8 ns and INCVALUE × 2^-32 ns every 8 ns, exactly, in 40 bits and 32 below them", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const time = new SystemTime(I350_TIME);
        let now = 0;
        let ticks = 0n;
        let value = 0n;
        for (const { ns, inca } of list) {
          now += ns;
          time.advance(now, inca, false);
          const passed = BigInt(Math.floor(now / 8)) - ticks;
          ticks += passed;
          const part = BigInt(inca & 0x7fff_ffff) * (inca >= DISABLE ? -1n : 1n);
          value = BigInt.asUintN(72, value + passed * ((8n << 32n) + part));
          expect(asBigInt(time.value)).toBe(value);
        }
      }),
    );
  });

  it("82576 §8.17.8: INCVALUE every INCPERIOD × 16 ns, in 64 bits; INCPERIOD 0 stops it", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const time = new SystemTime(I82576_TIME);
        let now = 0;
        let last = 0;
        let value = 0n;
        for (const { ns, inca } of list) {
          now += ns;
          time.advance(now, inca, false);
          const period = 16 * (inca >>> 24);
          const ticks = period === 0 ? 0 : Math.floor((now - last) / period);
          last = period === 0 ? now : last + ticks * period;
          value = BigInt.asUintN(64, value + BigInt(ticks) * BigInt(inca & 0xff_ffff));
          expect((BigInt(time.value.high) << 32n) | BigInt(time.value.low)).toBe(value);
        }
      }),
    );
  });
});

describe("I350", () => {
  async function running(): Promise<Bench> {
    const bench = await Bench.create();
    bench.pf.write(0xb640, 4, 0);
    return bench;
  }

  it("TSAUXC.Disable, as after a reset, stops the time; SYSTIMR latches what SYSTIML and SYSTIMH read", async () => {
    const bench = await Bench.create();
    const { pf, clock } = bench;
    const systim = () => {
      pf.read(0xb6f8, 4);
      return [pf.read(0xb604, 4), pf.read(0xb600, 4)];
    };
    clock.advance(4000);
    expect(systim()).toEqual([0, 0]);
    pf.write(0xb640, 4, 0);
    clock.advance(0x1234 * 8);
    expect(systim()).toEqual([0, 0x1234 * 8]);
    pf.write(0xb600, 4, 0xffff_fff8);
    pf.write(0xb604, 4, 0xffff_ff12);
    clock.advance(16);
    expect([pf.read(0xb604, 4), pf.read(0xb600, 4)]).toEqual([0, 0x1234 * 8]);
    expect(systim()).toEqual([0x13, 8]);
  });

  it("TIMADJ adds an offset, or takes it away", async () => {
    const { pf } = await running();
    pf.write(0xb600, 4, 1000);
    pf.write(0xb60c, 4, 300);
    pf.write(0xb610, 4, 0);
    pf.read(0xb6f8, 4);
    expect(pf.read(0xb600, 4)).toBe(1300);
    pf.write(0xb60c, 4, 1301);
    pf.write(0xb610, 4, DISABLE);
    pf.read(0xb6f8, 4);
    expect([pf.read(0xb600, 4), pf.read(0xb604, 4)]).toEqual([0xffff_ffff, 0xff]);
    expect(pf.read(0xb66c, 4)).toBe(0x80);
    expect(pf.read(0xb66c, 4)).toBe(0);
  });

  it("a target time interrupts by TSICR and ICR, turns its pin, and is over", async () => {
    const bench = await running();
    const { pf, clock, card } = bench;
    pf.write(0xb674, 4, 0x10);
    pf.write(0x003c, 4, 0x100 | (1 << 6));
    pf.write(0xb64c, 4, 5000);
    pf.write(0xb650, 4, 0);
    pf.write(0xb640, 4, 2);
    pf.read(0x00c0, 4);
    expect(card.nextDeadlineNs).toBe(5000);
    clock.advance(4992);
    card.service(1);
    expect(pf.read(0x00c8, 4)).toBe(0);
    clock.advance(8);
    card.service(1);
    expect([pf.read(0x00c0, 4), pf.read(0xb66c, 4), pf.read(0xb640, 4)]).toEqual([0x0008_0000, 0x10, 0]);
    expect(pf.read(0x0000, 4) & 0x4_0000).toBe(0x4_0000);
    expect(card.nextDeadlineNs).toBe(Number.POSITIVE_INFINITY);
  });

  it("SAMP_AUT takes the time at once; reading its high half makes room", async () => {
    const bench = await running();
    const { pf, clock } = bench;
    clock.advance(808);
    pf.write(0xb640, 4, 0x40);
    clock.advance(800);
    expect([pf.read(0xb640, 4), pf.read(0xb664, 4)]).toEqual([0x800, 808]);
    expect([pf.read(0xb668, 4), pf.read(0xb640, 4)]).toEqual([0, 0]);
  });

  it("a snapshot brings time and target back", async () => {
    const bench = await running();
    bench.clock.advance(777_776);
    bench.pf.write(0xb644, 4, 900_000);
    bench.pf.write(0xb640, 4, 1);
    const other = await Bench.create();
    other.clock.advance(777_776);
    other.card.restore(structuredClone(bench.card.save()));
    expect(other.card.nextDeadlineNs).toBe(900_000);
    other.clock.advance(8);
    other.pf.read(0xb6f8, 4);
    expect(other.pf.read(0xb600, 4)).toBe(777_784);
  });
});

describe("82576", () => {
  it("SYSTIML latches SYSTIMH; no TSICR, no SYSTIMR", async () => {
    const { pf, clock } = await Bench.create("82576");
    pf.write(0xb608, 4, 0x0180_0000);
    pf.write(0xb600, 4, 0xff80_0000);
    pf.write(0xb604, 4, 7);
    clock.advance(16);
    expect(pf.read(0xb604, 4)).toBe(0);
    expect([pf.read(0xb600, 4), pf.read(0xb604, 4)]).toEqual([0, 8]);
    pf.write(0xb674, 4, 0xff);
    expect([pf.read(0xb6f8, 4), pf.read(0xb674, 4)]).toEqual([0, 0]);
  });
});

describe("the TCP timer", () => {
  it("§8.9.1: interrupts after its duration, once or in a loop, by IVAR_MISC's entry 0", async () => {
    const bench = await Bench.create();
    const { pf, clock, card } = bench;
    bench.unmask(bench.port.pf, 4, 0x64);
    pf.write(0x1514, 4, 0x11);
    pf.write(0x1524, 4, 0x3ff);
    pf.write(0x1740, 4, 0x0084);
    const taken = () => bench.takeMessages().map(({ data }) => data);
    const turn = (ns: number) => {
      clock.advance(ns);
      card.service(1);
      pf.write(0x1580, 4, 0xffff_ffff);
      return taken();
    };
    pf.write(0x104c, 4, 0x0b07);
    expect([turn(6_999_999), turn(1), turn(6_999_999), turn(1)]).toEqual([[], [0x64], [], [0x64]]);
    pf.write(0x104c, 4, 0x0302);
    expect([turn(2_000_000), turn(9_000_000)]).toEqual([[0x64], []]);
    pf.write(0x104c, 4, 0x0302);
    pf.write(0x104c, 4, 0x0602);
    expect(turn(9_000_000)).toEqual([]);
  });
});
