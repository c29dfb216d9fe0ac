// What a PF's driver learns of VFs that misbehave, register by register, and what it can do about them.
import { beforeEach, describe, expect, it } from "vitest";
import { hpa } from "../../../host/core/address.ts";
import type { MmioHandler } from "../../../host/core/ports.ts";
import type { TraceEvent } from "../../../host/core/trace.ts";
import { Bench } from "./bench.ts";
import { sendFrame, setUpPf, setUpRings, TX_RING } from "./vfs.ts";

const DTXCTL = 0x3590;
const LVMMC = 0x3548;
const WVBR = 0x3554;
const MDFB = 0x3558;
const ICR = 0x00c0;
const DOUTSYNC = 0x1000_0000;
const OTHER = 0x77;
const RX_HEAD = 0x2810;

const baseOf = (vf: number): number => 0x10_0000 * (vf + 1);

describe.each([
  { profile: "i350", switchControl: 0x5acc, lvmmc: 0x2200_0000 },
  { profile: "82576", switchControl: 0x3500, lvmmc: 0x0001_0001 },
] as const)("$profile", ({ profile, switchControl, lvmmc }) => {
  let bench: Bench;
  let vfs: MmioHandler[];
  let events: TraceEvent[];

  beforeEach(async () => {
    bench = await Bench.create(profile);
    vfs = bench.enableVfs(3);
    setUpPf(bench, 3, switchControl);
    for (const [vf, registers] of vfs.entries()) if (vf < 3) setUpRings(bench, registers, baseOf(vf));
    bench.pf.write(switchControl, 4, 0x8000_0007);
    // MSI-X mode; other causes to vector 2; DOUTSYNC enabled.
    bench.unmask(bench.port.pf, 2, OTHER);
    bench.pf.write(0x1514, 4, 0x10);
    bench.pf.write(0x1740, 4, 0x8200);
    bench.pf.write(0x1524, 4, 4);
    bench.pf.write(0x00d0, 4, DOUTSYNC);
    events = [];
    bench.trace.listener = (event) => events.push(event);
  });

  const forge = (vf: number, at: number): void => {
    sendFrame(bench, vfs[vf] as MmioHandler, baseOf(vf), at, 2, 0xee);
    bench.card.service(64);
  };
  const honest = (vf: number, at: number): void => {
    sendFrame(bench, vfs[vf] as MmioHandler, baseOf(vf), at, 2, vf);
    bench.card.service(64);
  };
  const arrived = (): number => (vfs[2] as MmioHandler).read(RX_HEAD, 4);

  it("§8.14.10 WVBR: a forged frame interrupts the PF (DOUTSYNC); WVBR and LVMMC say who, once", () => {
    forge(1, 0);
    expect(arrived()).toBe(0);
    expect(bench.takeMessages().map(({ data }) => data)).toEqual([OTHER]);
    expect(bench.pf.read(ICR, 4) & DOUTSYNC).toBe(DOUTSYNC);
    expect([bench.pf.read(WVBR, 4), bench.pf.read(WVBR, 4)]).toEqual([0b010, 0]);
    expect([bench.pf.read(LVMMC, 4), bench.pf.read(LVMMC, 4)]).toEqual([lvmmc, 0]);
    expect(bench.port.statistics.spoofed).toBe(1);
    const fn = bench.port.sriov.vfs[1];
    expect(events).toEqual([{ kind: "forged", requesterId: fn?.requesterId, queue: 1 }]);
  });

  it("an honest frame raises nothing, whatever WVBR still holds", () => {
    forge(1, 0);
    bench.takeMessages();
    bench.pf.read(ICR, 4);
    for (let at = 0; at < 3; at++) honest(0, at);
    expect([arrived(), bench.pf.read(ICR, 4) & DOUTSYNC]).toEqual([3, 0]);
    expect(bench.pf.read(WVBR, 4)).toBe(0b010);
  });

  it("DTXCTL.SPOOF_INT = 0: no interrupt, and WVBR all the same", () => {
    bench.pf.write(DTXCTL, 4, 0);
    forge(0, 0);
    expect([bench.takeMessages(), bench.pf.read(ICR, 4) & DOUTSYNC, bench.pf.read(WVBR, 4)]).toEqual([[], 0, 1]);
  });

  it("a queue that is stopped interrupts the PF; the trace says which and why; its neighbours go on", () => {
    bench.map.write(hpa(baseOf(1) + TX_RING + 8), 4, 0x2b50_0040);
    bench.map.write(hpa(baseOf(1) + TX_RING + 12), 4, 0);
    vfs[1]?.write(0x3818, 4, 1);
    honest(0, 0);
    expect(arrived()).toBe(1);
    expect(vfs[1]?.read(0x3828, 4)).toBe(0);
    expect(bench.pf.read(ICR, 4) & DOUTSYNC).toBe(DOUTSYNC);
    expect(events).toEqual([
      {
        kind: "queue-stopped",
        requesterId: bench.port.sriov.vfs[1]?.requesterId,
        direction: "transmit",
        queue: 1,
        reason: "descriptor",
      },
    ]);
  });
});

describe("I350 §7.8.3.8.3 malicious driver protection", () => {
  const MDP_EN = 0x20;

  async function blocked(): Promise<{ bench: Bench; vf: MmioHandler; arrived: () => number }> {
    const bench = await Bench.create("i350");
    const [vf0, , vf2] = bench.enableVfs(3) as [MmioHandler, MmioHandler, MmioHandler];
    setUpPf(bench, 3);
    setUpRings(bench, vf0, baseOf(0));
    setUpRings(bench, vf2, baseOf(2));
    bench.pf.write(0x5acc, 4, 0x8000_0007);
    bench.pf.write(DTXCTL, 4, MDP_EN);
    sendFrame(bench, vf0, baseOf(0), 0, 2, 0xee);
    bench.card.service(64);
    expect(bench.pf.read(MDFB, 4)).toBe(0b001);
    // The VF's driver sets its queue up again: in vain.
    vf0.write(0x3828, 4, 0);
    vf0.write(0x3828, 4, 0x0200_0000);
    sendFrame(bench, vf0, baseOf(0), 1, 2, 0);
    bench.card.service(64);
    const arrived = (): number => vf2.read(RX_HEAD, 4);
    expect(arrived()).toBe(0);
    return { bench, vf: vf0, arrived };
  }

  it("§8.14.11 MDFB: writing 1 frees the queue, and what waits goes out; writing 0 does not", async () => {
    const { bench, arrived } = await blocked();
    bench.pf.write(MDFB, 4, 0b1110);
    bench.card.service(64);
    expect([bench.pf.read(MDFB, 4), arrived()]).toEqual([0b001, 0]);
    bench.pf.write(MDFB, 4, 0b0001);
    bench.card.service(64);
    expect([bench.pf.read(MDFB, 4), arrived()]).toEqual([0, 1]);
  });

  it.each([
    ["the VF's own reset", (_bench: Bench, vf: MmioHandler) => vf.write(0x0000, 4, 0x0400_0000)],
    ["PVTCTRL.RST", (bench: Bench) => bench.pf.write(0x1_0000, 4, 0x0400_0000)],
    ["an FLR", (bench: Bench) => bench.port.sriov.vfs[0]?.reset("flr")],
    ["CTRL.RST of the PF", (bench: Bench) => bench.pf.write(0x0000, 4, 0x0400_0000)],
    [
      "VFTE taken away and given back",
      (bench: Bench) => {
        bench.pf.write(0x0c90, 4, 0xff);
        expect(bench.pf.read(MDFB, 4)).toBe(0b001);
        bench.pf.write(0x0c90, 4, 0xfe);
        expect(bench.pf.read(MDFB, 4)).toBe(0b001);
        bench.pf.write(0x0c90, 4, 0xff);
      },
    ],
  ])("%s frees the queue", async (_title, reset) => {
    const { bench, vf } = await blocked();
    reset(bench, vf);
    expect(bench.pf.read(MDFB, 4)).toBe(0);
  });

  it("LVMMC.MAL_PF: the queue is the PF's", async () => {
    const bench = await Bench.create("i350");
    bench.enableVfs(2);
    setUpPf(bench, 2);
    const queue = 0xe000 + 0x40 * 5;
    bench.pf.write(queue, 4, 0x9000);
    bench.pf.write(queue + 0x08, 4, 128);
    bench.pf.write(queue + 0x28, 4, 0x0200_0000);
    bench.map.write(hpa(0x9008), 4, 0x2b50_0040);
    bench.pf.write(queue + 0x18, 4, 1);
    bench.card.service(64);
    expect(bench.pf.read(LVMMC, 4)).toBe(0xb010_0000);
  });
});
