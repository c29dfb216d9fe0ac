// The PHY as drivers reach it through MDIC, and the link that comes of it. Numbers as in IEEE 802.3 and Linux's igb.
import { describe, expect, it } from "vitest";
import type { Hpa } from "../../../host/core/address.ts";
import type { LinkPartner } from "../../../host/device/igb/phy/link.ts";
import { Bench } from "./bench.ts";

const READ = 0x0820_0000;
const WRITE = 0x0420_0000;
const READY = 0x1000_0000;
const ERROR = 0x4000_0000;

function mdio(bench: Bench) {
  const { pf } = bench;
  return {
    read: (register: number): number => {
      pf.write(0x0020, 4, READ | (register << 16));
      const value = pf.read(0x0020, 4);
      expect(value & (READY | ERROR)).toBe(READY);
      return value & 0xffff;
    },
    write: (register: number, value: number): void => pf.write(0x0020, 4, WRITE | (register << 16) | value),
  };
}

/** Speed in Mb/s and duplex mode as STATUS has them; 0 without a link. */
function seen(bench: Bench): [number, boolean] {
  const status = bench.pf.read(0x0008, 4);
  if ((status & 2) === 0) return [0, false];
  return [[10, 100, 1000, 1000][(status >>> 6) & 3] as number, (status & 1) !== 0];
}

const ABLE: LinkPartner = { abilities: 0x85e1, gigabit: true, eee: 6 };

describe("IEEE 802.3 annex 28B.3: the best that both ends can", () => {
  it.each([
    { own: 0x0de1, gigabit: 0x0200, partner: ABLE, link: [1000, true] },
    { own: 0x0de1, gigabit: 0, partner: ABLE, link: [100, true] },
    { own: 0x0de1, gigabit: 0x0200, partner: { ...ABLE, gigabit: false }, link: [100, true] },
    { own: 0x00a1, gigabit: 0, partner: ABLE, link: [100, false] },
    { own: 0x0061, gigabit: 0, partner: ABLE, link: [10, true] },
    { own: 0x0de1, gigabit: 0, partner: { ...ABLE, abilities: 0x0021 }, link: [10, false] },
    { own: 0x0061, gigabit: 0, partner: { ...ABLE, abilities: 0x0181 }, link: [0, false] },
    { own: 0x0de1, gigabit: 0x0200, partner: { gigabit: false, eee: 0, speed: 100 as const }, link: [100, false] },
    { own: 0x0de1, gigabit: 0x0200, partner: { gigabit: false, eee: 0, speed: 10 as const }, link: [10, false] },
    { own: 0x0de1, gigabit: 0x0200, partner: undefined, link: [0, false] },
  ])("advertising $own and $gigabit to $partner: $link", async ({ own, gigabit, partner, link }) => {
    const bench = await Bench.create();
    const phy = mdio(bench);
    bench.port.partner = partner;
    phy.write(4, own);
    phy.write(9, gigabit);
    phy.write(0, 0x1340);
    expect(seen(bench)).toEqual(link);
    phy.read(1);
    expect((phy.read(1) & 4) !== 0).toBe(link[0] !== 0);
    expect(bench.port.link?.speed ?? 0).toBe(link[0]);
  });
});

describe.each(["i350", "82576"] as const)("%s", (profile) => {
  it("§22.2.4.1 without negotiation the speed and mode of register 0 hold, but for 1000 Mb/s", async () => {
    const bench = await Bench.create(profile);
    const phy = mdio(bench);
    phy.write(0, 0x2100);
    expect(seen(bench)).toEqual([100, true]);
    phy.write(0, 0x0000);
    expect(seen(bench)).toEqual([10, false]);
    phy.write(0, 0x0140);
    expect(seen(bench)).toEqual([0, false]);
    phy.write(0, 0x9140);
    expect(phy.read(0)).toBe(0x1140);
    expect(seen(bench)).toEqual([1000, true]);
  });

  it("powered down or isolated it sends nothing: no link here, none for the partner; LSC tells both ways", async () => {
    const bench = await Bench.create(profile);
    const phy = mdio(bench);
    const shown: (number | undefined)[] = [];
    bench.port.onShown((partner) => shown.push(partner?.abilities));
    for (const off of [0x0800, 0x0400]) {
      bench.pf.read(0x00c0, 4);
      phy.write(0, 0x1140 | off);
      expect(seen(bench)).toEqual([0, false]);
      expect(bench.pf.read(0x00c0, 4) & 4).toBe(4);
      expect(bench.port.uplink.inject(new Uint8Array(60))).toBe(false);
      phy.write(0, 0x1140);
      expect(seen(bench)).toEqual([1000, true]);
      expect(bench.pf.read(0x00c0, 4) & 4).toBe(4);
    }
    expect(shown).toEqual([undefined, 0x0de1, undefined, 0x0de1]);
  });

  it("§22.2.4.2.13 a lost link shows until the status was read", async () => {
    const bench = await Bench.create(profile);
    const phy = mdio(bench);
    phy.read(1);
    expect(phy.read(1) & 0x24).toBe(0x24);
    bench.port.linkUp = false;
    bench.port.linkUp = true;
    expect(phy.read(1) & 4).toBe(0);
    expect(phy.read(1) & 4).toBe(4);
  });

  it("CTRL: without SLU no link; forced speed and mode show in STATUS", async () => {
    const bench = await Bench.create(profile);
    bench.pf.write(0x0000, 4, 0x0000_0001);
    expect(bench.pf.read(0x0008, 4) & 2).toBe(0);
    bench.pf.write(0x0000, 4, 0x0000_1940);
    expect(seen(bench)).toEqual([100, false]);
    bench.pf.write(0x0000, 4, 0x0000_0041);
    expect(seen(bench)).toEqual([1000, true]);
  });

  it("loopback: what the port sends comes back, and nothing of it reaches the wire", async () => {
    const bench = await Bench.create(profile);
    const { pf } = bench;
    mdio(bench).write(0, 0x4140);
    expect(seen(bench)).toEqual([1000, true]);
    const frame = Uint8Array.from({ length: 256 }, (_, at) => (at < 128 ? 0xff : at));
    bench.map.writeBytes(0x3000 as Hpa, frame);
    const ring = new Uint32Array(8);
    ring.set([0x3000, 0, 0x2b30_0100, 256 << 14]);
    bench.map.writeBytes(0x1000 as Hpa, new Uint8Array(ring.buffer));
    bench.map.writeBytes(0x2000 as Hpa, new Uint8Array(Uint32Array.of(0x4000, 0, 0, 0, 0x5000, 0, 0, 0).buffer));
    pf.write(0x0100, 4, 0x0400_8002);
    pf.write(0x0400, 4, 0x0000_0002);
    for (const [base, at] of [
      [0xe000, 0x1000],
      [0xc000, 0x2000],
    ] as const) {
      pf.write(base, 4, at);
      pf.write(base + 8, 4, 0x100);
      pf.write(base + 0x28, 4, 0x0200_0000);
    }
    pf.write(0xc00c, 4, 0x0200_0002);
    pf.write(0xc018, 4, 1);
    pf.write(0xe018, 4, 1);
    bench.card.service(16);
    const back = new Uint8Array(256);
    bench.map.readBytes(0x4000 as Hpa, back);
    expect(back).toEqual(frame);
    expect(bench.port.uplink.drain(() => {})).toBe(0);
    expect(bench.port.uplink.inject(frame)).toBe(false);
  });

  it("MDIC refuses another PHY, a PHY outside, and operation 0", async () => {
    const bench = await Bench.create(profile);
    for (const value of [0x0860_0000, 0x8820_0000, 0x0020_0000]) {
      bench.pf.write(0x0020, 4, value >>> 0);
      expect(bench.pf.read(0x0020, 4) & ERROR).toBe(ERROR);
    }
    bench.pf.read(0x00c0, 4);
    bench.pf.write(0x0020, 4, (READ | 0x2000_0000) >>> 0);
    expect(bench.pf.read(0x00c0, 4) & 0x200).toBe(0x200);
  });

  it("a snapshot brings registers, partner and link back", async () => {
    const bench = await Bench.create(profile);
    const phy = mdio(bench);
    bench.port.partner = { abilities: 0x0181, gigabit: false, eee: 0 };
    phy.write(4, 0x0101);
    phy.write(0, 0x1340);
    const state = bench.card.save();
    const other = await Bench.create(profile);
    other.card.restore(structuredClone(state));
    expect(seen(other)).toEqual([100, true]);
    expect(mdio(other).read(4)).toBe(0x0101);
    expect(other.card.save().shared).toEqual(state.shared);
    other.port.partner = ABLE;
    expect(seen(other)).toEqual([1000, true]);
  });
});

describe("I350", () => {
  it("IPCNFG and the partner agree on Energy Efficient Ethernet: EEER.EEE_NEG, EMI 40Fh, MMD 7.60 and 7.61", async () => {
    const bench = await Bench.create();
    const phy = mdio(bench);
    const negotiated = () => (bench.pf.read(0x0e30, 4) & 0x2000_0000) !== 0;
    const mmd = (device: number, register: number) => {
      phy.write(13, device);
      phy.write(14, register);
      phy.write(13, 0x4000 | device);
      return phy.read(14);
    };
    phy.write(16, 0x040f);
    expect([negotiated(), phy.read(17)]).toEqual([true, 6]);
    expect([mmd(7, 60), mmd(7, 61), mmd(3, 20), mmd(9, 60)]).toEqual([6, 6, 6, 0]);
    bench.port.partner = { ...ABLE, eee: 2 };
    expect([negotiated(), phy.read(17)]).toEqual([false, 2]);
    phy.write(9, 0);
    expect(negotiated()).toBe(false);
    phy.write(0, 0x1340);
    expect(negotiated()).toBe(true);
    bench.pf.write(0x0e38, 4, 0x0000_0008);
    expect([negotiated(), mmd(7, 60)]).toEqual([false, 4]);
  });

  it("registers 26 and 31: speed, and metres of cable; PHPM.GO_LINKD holds the link off", async () => {
    const bench = await Bench.create();
    const phy = mdio(bench);
    expect(phy.read(26) & 0x0300).toBe(0x0200);
    expect((phy.read(31) & 0x03fc) >>> 2).not.toBe(0xff);
    bench.pf.write(0x0e14, 4, 0x0000_0020);
    expect([seen(bench)[0], phy.read(26)]).toEqual([0, 0]);
    bench.pf.write(0x0e14, 4, 0);
    expect(seen(bench)[0]).toBe(1000);
  });

  it("the thermal sensor slows the link, then switches it off; THSTAT keeps what it did", async () => {
    const bench = await Bench.create("i350", 2);
    const temperature = () => bench.pf.read(0x8100, 4) & 0xff;
    expect(temperature()).toBe(45);
    bench.card.temperature = 106;
    expect([temperature(), seen(bench)[0], bench.pf.read(0x8110, 4)]).toEqual([106, 100, 2]);
    bench.card.temperature = 111;
    expect([seen(bench)[0], bench.pf.read(0x8110, 4)]).toEqual([0, 3]);
    expect(bench.card.ports[1]?.link).toBeUndefined();
    bench.card.temperature = 60;
    expect([seen(bench)[0], bench.pf.read(0x8110, 4)]).toEqual([1000, 3]);
    bench.pf.write(0x8110, 4, 3);
    expect(bench.pf.read(0x8110, 4)).toBe(0);
    expect(() => {
      bench.card.temperature = 256;
    }).toThrow(/256/);
  });
});

describe("82576", () => {
  it("registers from 16 on are in pages: those of the gain tell a short cable, others keep what is written", async () => {
    const bench = await Bench.create("82576");
    const phy = mdio(bench);
    const paged = (address: number) => {
      phy.write(31, address);
      return phy.read(address & 0x1f);
    };
    for (const address of [0x11b1, 0x12b1, 0x14b1, 0x18b1]) {
      expect((paged(address) >>> 9) & 0x7f).toBeGreaterThan(0);
      phy.write(0x11, 0);
      expect(paged(address)).not.toBe(0);
    }
    expect(paged(0x0011) & 0xc400).toBe(0xc400);
    phy.write(31, 0x1f30);
    phy.write(0x10, 0x1606);
    expect(paged(0x2f50)).toBe(0);
    expect(paged(0x1f30)).toBe(0x1606);
    expect(phy.read(0)).toBe(0x1140);
  });
});
