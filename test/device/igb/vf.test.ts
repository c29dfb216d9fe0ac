import { describe, expect, it } from "vitest";
import { hpa } from "../../../host/core/address.ts";
import type { MmioHandler } from "../../../host/core/ports.ts";
import { Bench } from "./bench.ts";
import { RX_BUFFER, RX_RING, sendFrame, setUpPf, setUpRings, TX_RING } from "./vfs.ts";

describe.each([
  { profile: "i350", switchControl: 0x5acc },
  { profile: "82576", switchControl: 0x3500 },
] as const)("$profile", ({ profile, switchControl }) => {
  it("§8.26 a VF's rings at 3800h and 2800h: frames move between VFs, and each VF gets its own interrupt", async () => {
    const bench = await Bench.create(profile);
    const [vf0, vf1] = bench.enableVfs(2) as [MmioHandler, MmioHandler];
    setUpPf(bench, 2, switchControl);
    setUpRings(bench, vf0, 0x10_0000);
    setUpRings(bench, vf1, 0x20_0000);
    const [fn0, fn1] = bench.port.sriov.vfs;
    bench.unmask(fn0!, 1, 0x41);
    bench.unmask(fn1!, 2, 0x52);
    // Tx 0 of VF 0 to its vector 1, Rx 0 of VF 1 to its vector 2.
    vf0.write(0x1700, 4, 0x8100);
    vf0.write(0x1524, 4, 7);
    vf1.write(0x1700, 4, 0x0082);
    vf1.write(0x1524, 4, 7);
    const frame = sendFrame(bench, vf0, 0x10_0000, 0, 1);
    expect(bench.takeMessages()).toEqual([]);
    expect(bench.card.service(100)).toBe(1);
    const got = new Uint8Array(frame.length);
    bench.map.readBytes(hpa(0x20_0000 + RX_BUFFER), got);
    expect(got).toEqual(frame);
    expect(bench.map.read(hpa(0x20_0000 + RX_RING + 12), 4)).toBe(99);
    const id0 = fn0!.requesterId;
    const id1 = fn1!.requesterId;
    expect(id1).not.toBe(id0);
    expect(bench.takeMessages().sort((one, two) => one.data - two.data)).toEqual([
      { requesterId: id0, address: 0xfee0_0000, data: 0x41 },
      { requesterId: id1, address: 0xfee0_0000, data: 0x52 },
    ]);
    // VFGPRC, VFGORC (with the CRC), loopback counters; VFGPTC of the sender.
    expect([0x0f10, 0x0f18, 0x0f40, 0x0f48].map((at) => vf1.read(at, 4))).toEqual([1, 103, 1, 103]);
    expect([0x0f14, 0x0f34, 0x0f44, 0x0f50, 0x0f10].map((at) => vf0.read(at, 4))).toEqual([1, 103, 1, 103, 0]);
    // The PF's GPTC, cleared by reading.
    expect([bench.pf.read(0x4080, 4), bench.pf.read(0x4080, 4)]).toEqual([1, 0]);
  });

  it("PCIe 6.0 §7.5.1.1.3 Bus Master Enable 0: no DMA, and the doorbell counts once it is set", async () => {
    const bench = await Bench.create(profile);
    const [vf0, vf1] = bench.enableVfs(2) as [MmioHandler, MmioHandler];
    setUpPf(bench, 2, switchControl);
    setUpRings(bench, vf0, 0x10_0000);
    setUpRings(bench, vf1, 0x20_0000);
    const fn0 = bench.port.sriov.vfs[0]!;
    fn0.configWrite(0x04, 2, 0);
    sendFrame(bench, vf0, 0x10_0000, 0, 1);
    expect(bench.card.service(100)).toBe(0);
    expect(vf0.read(0x3810, 4)).toBe(0);
    expect(bench.map.read(hpa(0x10_0000 + TX_RING + 12), 4) & 1).toBe(0);
    fn0.configWrite(0x04, 2, 4);
    expect(bench.card.service(100)).toBe(1);
    expect(vf0.read(0x3810, 4)).toBe(1);
  });
});

describe("mailbox and reset", () => {
  it("§8.14.2 PFU and VFU exclude each other; RVFU frees a stuck buffer", async () => {
    const bench = await Bench.create();
    const [, vf1] = bench.enableVfs(2) as [MmioHandler, MmioHandler];
    vf1.write(0x0c40, 4, 0x04);
    expect(bench.pf.read(0x0c04, 4)).toBe(0x04);
    bench.pf.write(0x0c04, 4, 0x08);
    expect(bench.pf.read(0x0c04, 4)).toBe(0x04);
    bench.pf.write(0x0c04, 4, 0x18);
    expect(bench.pf.read(0x0c04, 4)).toBe(0x08);
    expect(vf1.read(0x0c40, 4) & 0x0c).toBe(0x08);
    vf1.write(0x0c40, 4, 0x04);
    expect(vf1.read(0x0c40, 4) & 0x0c).toBe(0x08);
    expect(bench.pf.read(0x0c00, 4)).toBe(0);
  });

  it("§8.14.1 RSTI until CTRL_EXT.PFRSTD, then RSTD once; REQ and ACK reach MBVFICR, STS and ACK the VF", async () => {
    const bench = await Bench.create();
    const [, vf1] = bench.enableVfs(2) as [MmioHandler, MmioHandler];
    expect(vf1.read(0x0c40, 4)).toBe(0x40);
    bench.pf.write(0x0018, 4, 0x4000);
    expect([vf1.read(0x0c40, 4), vf1.read(0x0c40, 4)]).toEqual([0x80, 0]);
    vf1.write(0x0800 + 4, 4, 0xabcd_1234);
    vf1.write(0x0c40, 4, 0x01);
    vf1.write(0x0c40, 4, 0x02);
    expect(bench.pf.read(0x0c80, 4)).toBe(0x0002_0002);
    expect(bench.pf.read(0x0840 + 4, 4)).toBe(0xabcd_1234);
    expect(bench.pf.read(0x0800 + 4, 4)).toBe(0);
    bench.pf.write(0x0c80, 4, 0x0002_0000);
    expect(bench.pf.read(0x0c80, 4)).toBe(0x0000_0002);
    // ICR.VMMB.
    expect(bench.pf.read(0x00c0, 4) & 0x100).toBe(0x100);
    bench.pf.write(0x0c04, 4, 0x01);
    bench.pf.write(0x0c04, 4, 0x02);
    expect([vf1.read(0x0c40, 4), vf1.read(0x0c40, 4)]).toEqual([0x30, 0]);
  });

  it("§8.14.5 VTCTRL.RST and FLR: VFLRE says who, queues of that VF alone are off, VFRE and VFTE lose it", async () => {
    const bench = await Bench.create();
    const [vf0, vf1] = bench.enableVfs(2) as [MmioHandler, MmioHandler];
    setUpPf(bench, 2);
    setUpRings(bench, vf0, 0x10_0000);
    setUpRings(bench, vf1, 0x20_0000);
    vf1.write(0x0000, 4, 0x0400_0000);
    expect(bench.pf.read(0x0c88, 4)).toBe(0x02);
    expect([vf0.read(0x3828, 4), vf1.read(0x3828, 4)]).toEqual([0x0200_0000, 0]);
    expect([vf1.read(0x3800, 4), vf1.read(0x280c, 4)]).toEqual([0, 0x0400]);
    expect([bench.pf.read(0x0c8c, 4), bench.pf.read(0x0c90, 4)]).toEqual([0xfd, 0xfd]);
    bench.pf.write(0x0c88, 4, 0x02);
    expect(bench.pf.read(0x0c88, 4)).toBe(0);
    bench.port.sriov.vfs[0]!.reset("flr");
    expect(bench.pf.read(0x0c88, 4)).toBe(0x01);
    expect(vf0.read(0x3828, 4)).toBe(0);
  });

  it("VFLRE outlives CTRL.RST, so that a PF's driver learns of VFs that came while it was in reset; a VF that goes takes its bit", async () => {
    const bench = await Bench.create();
    const [vf0, vf1] = bench.enableVfs(2) as [MmioHandler, MmioHandler];
    expect(bench.pf.read(0x0c88, 4)).toBe(0);
    for (const vf of [vf0, vf1]) vf.write(0x0000, 4, 0x0400_0000);
    bench.pf.write(0x0000, 4, 0x0400_0000);
    expect(bench.pf.read(0x0c88, 4)).toBe(0x03);
    bench.pf.write(0x0c88, 4, 0x01);
    bench.port.pf.configWrite(0x160 + 0x08, 2, 0);
    bench.enableVfs(2);
    expect(bench.pf.read(0x0c88, 4)).toBe(0);
  });

  it("I350 §8.2.1 CTRL.RST: registers at their reset values, RAL0/RAH0 from the NVM, RSTI for the VFs", async () => {
    const bench = await Bench.create();
    const [vf0] = bench.enableVfs(1) as [MmioHandler];
    setUpPf(bench, 1);
    setUpRings(bench, vf0, 0x10_0000);
    vf0.read(0x0c40, 4);
    bench.pf.write(0x0000, 4, 0x0400_0000);
    expect([0x0100, 0x0400, 0x5818, 0x5acc, 0x0c8c].map((at) => bench.pf.read(at, 4))).toEqual([0, 0, 0, 0, 0xff]);
    expect(bench.pf.read(0x5400, 4)).toBe(0xa021_1b02);
    expect(bench.pf.read(0x5404, 4)).toBe(0x8000_f004);
    expect(vf0.read(0x3828, 4)).toBe(0);
    expect(vf0.read(0x0c40, 4)).toBe(0x40);
    // STATUS: full duplex, link, 1000 Mb/s, one VF, IOV mode, GIO master enabled.
    expect(bench.pf.read(0x0008, 4)).toBe(0x000c_4083);
  });

  it("I350 §8.12.15 TXDCTL.ENABLE, §8.10.9 RXDCTL.ENABLE: after a reset queue 0 alone is enabled, unless it is VF 0's", async () => {
    const bench = await Bench.create();
    const enabled = (): number[] => [0xe028, 0x3828, 0xe068, 0xc028, 0x2828, 0xc068].map((at) => bench.pf.read(at, 4));
    const on = 0x0200_0000;
    expect(enabled()).toEqual([on, on, 0, on, on, 0]);
    bench.pf.write(0xe028, 4, 0);
    bench.pf.write(0xc028, 4, 0);
    expect(enabled()).toEqual([0, 0, 0, 0, 0, 0]);
    bench.pf.write(0x0000, 4, 0x0400_0000);
    expect(enabled()).toEqual([on, on, 0, on, on, 0]);
    bench.enableVfs(1);
    bench.pf.write(0x0000, 4, 0x0400_0000);
    expect(enabled()).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
