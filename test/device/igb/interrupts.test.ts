import { describe, expect, it } from "vitest";
import { PORT_CAUSES } from "../../../assembly/spec/abi/port.ts";
import { Bench } from "./bench.ts";

/** A PF with MSI-X on, vectors 0 to 9 sending 60h to 69h, all enabled. */
async function withVectors(profile: "i350" | "82576" = "i350", gpie = 0x0000_0011): Promise<Bench> {
  const bench = await Bench.create(profile);
  for (let vector = 0; vector < 10; vector++) bench.unmask(bench.port.pf, vector, 0x60 + vector);
  bench.pf.write(0x1514, 4, gpie);
  bench.pf.write(0x1524, 4, 0x3ff);
  return bench;
}

function taken(bench: Bench): number[] {
  return bench.takeMessages().map(({ data }) => data);
}

/** Sets queue causes as the data path does, and lets a doorbell's turn make interrupts of them. */
function cause(bench: Bench, direction: "tx" | "rx", queue: number): void {
  bench.port.state.set(PORT_CAUSES, (1 << (queue + (direction === "tx" ? 16 : 0))) >>> 0);
  bench.pf.write(0xe018, 4, 0);
  bench.card.service(1);
}

describe("IVAR", () => {
  it.each([
    { profile: "i350", rows: "two queues a row", queue: 5, row: 2, rx: 16, tx: 24 },
    { profile: "82576", rows: "queues n and n + 8 a row", queue: 13, row: 5, rx: 16, tx: 24 },
    { profile: "82576", rows: "queues n and n + 8 a row", queue: 5, row: 5, rx: 0, tx: 8 },
  ] as const)("§8.8.13 $profile: $rows (queue $queue)", async ({ profile, queue, row, rx, tx }) => {
    const bench = await withVectors(profile);
    bench.pf.write(0x1700 + 4 * row, 4, ((0x83 << rx) | (0x87 << tx)) >>> 0);
    cause(bench, "rx", queue);
    expect(taken(bench)).toEqual([0x63]);
    cause(bench, "tx", queue);
    expect(taken(bench)).toEqual([0x67]);
    // Valid bit clear.
    bench.pf.write(0x1700 + 4 * row, 4, (0x03 << rx) >>> 0);
    bench.pf.write(0x1580, 4, 0xffff_ffff);
    cause(bench, "rx", queue);
    expect(taken(bench)).toEqual([]);
  });

  it("§8.8.14 IVAR_MISC: the other causes, gated by IMS, at bits 15:8", async () => {
    const bench = await withVectors();
    bench.pf.write(0x1740, 4, 0x8400);
    bench.pf.write(0x00c8, 4, 0x0000_0004);
    expect(taken(bench)).toEqual([]);
    bench.pf.write(0x00d0, 4, 0x0000_0104);
    expect(taken(bench)).toEqual([0x64]);
    expect(bench.pf.read(0x00c0, 4)).toBe(0x8000_0004);
    expect(bench.pf.read(0x00c0, 4)).toBe(0);
    bench.port.linkUp = false;
    bench.pf.write(0x1580, 4, 0xffff_ffff);
    expect(bench.pf.read(0x0008, 4) & 2).toBe(0);
    expect(bench.pf.read(0x00c0, 4)).toBe(0x8000_0004);
  });
});

describe("EICR", () => {
  it("§7.3.4 a set cause sends no second message; EIAC clears it with the message, EIAM masks it under GPIE.EIAME", async () => {
    const bench = await withVectors();
    bench.pf.write(0x1520, 4, 0x8);
    bench.pf.write(0x1520, 4, 0x8);
    expect(taken(bench)).toEqual([0x63]);
    expect(bench.pf.read(0x1580, 4)).toBe(0x8);
    bench.pf.write(0x1580, 4, 0x8);
    bench.pf.write(0x152c, 4, 0x8);
    bench.pf.write(0x1520, 4, 0x8);
    bench.pf.write(0x1520, 4, 0x8);
    expect(taken(bench)).toEqual([0x63, 0x63]);
    expect(bench.pf.read(0x1580, 4)).toBe(0);
    bench.pf.write(0x1514, 4, 0x4000_0011);
    bench.pf.write(0x1530, 4, 0x8);
    bench.pf.write(0x1520, 4, 0x8);
    bench.pf.write(0x1520, 4, 0x8);
    expect(taken(bench)).toEqual([0x63]);
    expect(bench.pf.read(0x1524, 4)).toBe(0x3f7);
    // The cause that came while masked is sent once the driver enables it again.
    bench.pf.write(0x1524, 4, 0x8);
    expect(taken(bench)).toEqual([0x63]);
  });

  it("EIMC masks: the cause stays pending in EICR and W1C clears it", async () => {
    const bench = await withVectors();
    bench.pf.write(0x1528, 4, 0x6);
    bench.pf.write(0x1520, 4, 0xe);
    expect(taken(bench)).toEqual([0x63]);
    bench.pf.write(0x1580, 4, 0x4);
    bench.pf.write(0x1524, 4, 0x6);
    expect(taken(bench)).toEqual([0x61]);
  });
});

describe("EITR", () => {
  it("§8.8.12 at most one message an interval of microseconds; a waiting one comes when the clock says so", async () => {
    const bench = await withVectors();
    bench.pf.write(0x152c, 4, 0x3ff);
    bench.pf.write(0x1680 + 4 * 2, 4, 50 << 2);
    bench.pf.write(0x1520, 4, 0x4);
    expect(taken(bench)).toEqual([0x62]);
    expect(bench.port.nextDeadlineNs).toBe(Number.POSITIVE_INFINITY);
    bench.clock.advance(20_000);
    for (let n = 0; n < 5; n++) bench.pf.write(0x1520, 4, 0x4);
    bench.card.service(1);
    expect(taken(bench)).toEqual([]);
    expect(bench.card.nextDeadlineNs).toBe(50_000);
    // Another vector is not held up.
    bench.pf.write(0x1520, 4, 0x2);
    expect(taken(bench)).toEqual([0x61]);
    bench.clock.advance(29_999);
    bench.card.service(1);
    expect(taken(bench)).toEqual([]);
    bench.clock.advance(1);
    bench.card.service(1);
    expect(taken(bench)).toEqual([0x62]);
    expect(bench.card.nextDeadlineNs).toBe(Number.POSITIVE_INFINITY);
    // The interval began anew: 50 µs are left, of which a unit of the counter is four.
    expect(bench.pf.read(0x1688, 4)).toBe((12 << 21) | 200);
    bench.clock.advance(30_000);
    expect(bench.pf.read(0x1688, 4)).toBe((5 << 21) | 200);
  });

  it("§8.8.12 CNT_INGR=0: the counter is as written, 0 lets the next message go; CNT_INGR=1 leaves it alone", async () => {
    const bench = await withVectors();
    bench.pf.write(0x152c, 4, 0x3ff);
    bench.pf.write(0x1688, 4, 500 << 2);
    bench.pf.write(0x1520, 4, 0x4);
    bench.pf.write(0x1520, 4, 0x4);
    expect(taken(bench)).toEqual([0x62]);
    bench.pf.write(0x1688, 4, (0x8000_0000 | (700 << 2)) >>> 0);
    bench.card.service(1);
    expect([bench.card.nextDeadlineNs, taken(bench)]).toEqual([500_000, []]);
    // 20 units of 4 µs.
    bench.pf.write(0x1688, 4, ((20 << 21) | (700 << 2)) >>> 0);
    expect(bench.card.nextDeadlineNs).toBe(80_000);
    bench.pf.write(0x1688, 4, 700 << 2);
    bench.card.service(1);
    expect(taken(bench)).toEqual([0x62]);
    bench.pf.write(0x1520, 4, 0x4);
    expect(bench.card.nextDeadlineNs).toBe(700_000);
  });

  it("82576 §8.26 a VF's own EITR throttles its vector", async () => {
    const bench = await Bench.create("82576");
    const [, vf1] = bench.enableVfs(2);
    bench.unmask(bench.port.sriov.vfs[1]!, 0, 0x71);
    vf1!.write(0x1524, 4, 7);
    vf1!.write(0x152c, 4, 7);
    vf1!.write(0x1680, 4, 10 << 2);
    vf1!.write(0x1520, 4, 1);
    vf1!.write(0x1520, 4, 1);
    expect(taken(bench)).toEqual([0x71]);
    bench.clock.advance(10_000);
    bench.card.service(1);
    expect(taken(bench)).toEqual([0x71]);
  });
});

it("§8.26 a mailbox message interrupts the VF by VTIVAR_MISC, a request the PF by ICR.VMMB", async () => {
  const bench = await withVectors();
  const [, vf1] = bench.enableVfs(2);
  bench.unmask(bench.port.sriov.vfs[1]!, 2, 0x7a);
  vf1!.write(0x1740, 4, 0x82);
  vf1!.write(0x1524, 4, 7);
  bench.pf.write(0x0c04, 4, 1);
  expect(taken(bench)).toEqual([0x7a]);
  bench.pf.write(0x1740, 4, 0x8000);
  bench.pf.write(0x00d0, 4, 0x100);
  vf1!.write(0x0c40, 4, 1);
  expect(taken(bench)).toEqual([0x60]);
  // MBVFIMR.
  bench.pf.read(0x00c0, 4);
  bench.pf.write(0x1580, 4, 0xffff_ffff);
  bench.pf.write(0x0c84, 4, 0xfd);
  vf1!.write(0x0c40, 4, 1);
  expect(taken(bench)).toEqual([]);
});

it("without MSI-X mode RXDW and TXDW of ICR go to the function's one interrupt", async () => {
  const bench = await Bench.create();
  const { pf } = bench.port;
  // MSI at 50h: address, data, enable.
  pf.configWrite(0x54, 4, 0xfee0_1000);
  pf.configWrite(0x5c, 2, 0x4321);
  pf.configWrite(0x52, 2, 0x0001);
  bench.pf.write(0x00d0, 4, 0x0000_0080);
  cause(bench, "tx", 0);
  expect(taken(bench)).toEqual([]);
  cause(bench, "rx", 0);
  expect(taken(bench)).toEqual([0x4321]);
  expect(bench.pf.read(0x00c0, 4)).toBe(0x8000_0081);
});

it("§8.2 and §8.4: NVM words add up to BABAh in each of the I350's four areas; SWSM and MDIC as the driver needs them", async () => {
  const bench = await Bench.create("i350", 4);
  const nvm = (word: number): number => {
    bench.pf.write(0x0014, 4, (word << 2) | 1);
    const value = bench.pf.read(0x0014, 4);
    expect(value & 2).toBe(2);
    return value >>> 16;
  };
  for (const area of [0, 0x80, 0xc0, 0x100]) {
    let sum = 0;
    for (let word = 0; word < 0x40; word++) sum += nvm(area + word);
    expect(sum & 0xffff).toBe(0xbaba);
  }
  expect([nvm(0), nvm(1), nvm(2), nvm(0x82)]).toEqual([0x1b02, 0xa021, 0xf004, 0xf104]);
  expect((bench.pf.read(0x0010, 4) >>> 11) & 15).toBe(3);
  expect([bench.pf.read(0x5b50, 4), bench.pf.read(0x5b50, 4)]).toEqual([0, 1]);
  bench.pf.write(0x5b50, 4, 0);
  bench.pf.write(0x5b50, 4, 2);
  expect(bench.pf.read(0x5b50, 4)).toBe(2);
  const phy = (register: number): number => {
    bench.pf.write(0x0020, 4, (0x0820_0000 | (register << 16)) >>> 0);
    return bench.pf.read(0x0020, 4);
  };
  expect([phy(2), phy(3)].map((value) => value & 0x1000_ffff)).toEqual([0x1000_0154, 0x1000_03b1]);
  // IEEE 802.3 §22.2.4.2.13: after a reset the link bit is low once.
  expect([phy(1) & 4, phy(1) & 4]).toEqual([0, 4]);
});
