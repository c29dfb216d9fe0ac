import { describe, expect, it } from "vitest";
import {
  COUNT_SPOOFED,
  POOL_SIZE,
  POOL_VMVIR,
  PORT_POOLS,
  PORT_RCTL,
  PORT_STOPS,
  PORT_TXSWC,
  PORT_VFTA,
  PORT_VLVF,
  PORT_WVBR,
  PROFILE_82576,
  PROFILE_I350,
  QUEUE_FLAGS,
} from "../../assembly/spec/abi/port.ts";
import { PORT_DTXCTL, PORT_FORGED, PORT_LVMMC, PORT_MDFB } from "../../assembly/spec/abi/port-policy.ts";
import { frameOf, macOf, TestPort } from "./ports.ts";

const MDP_EN = 0x20;
const ENABLE_SPOOF_QUEUE = 0x04;

/** Pool 1 may send from its own address and, in VLAN 0x123, only there. */
async function guarded(profile: number, dtxctl = 0): Promise<TestPort> {
  const port = await TestPort.create({ pools: 3, profile });
  port.state.set(PORT_RCTL, 0x0004_8002);
  port.state.set(PORT_VLVF, 0x8000_0123 | (0b0110 << 12));
  port.state.set(PORT_VLVF + 4, 0x8000_0456 | (0b0100 << 12));
  for (const vid of [0x123, 0x456]) port.state.set(PORT_VFTA + 4 * (vid >>> 5), 2 ** (vid & 31));
  port.state.set(PORT_TXSWC, 0x8000_0202);
  port.state.set(PORT_DTXCTL, dtxctl);
  port.state.update();
  return port;
}

function tagged(frame: Uint8Array, tag: number): Uint8Array {
  return Uint8Array.from([...frame.subarray(0, 12), 0x81, 0x00, tag >>> 8, tag & 0xff, ...frame.subarray(12)]);
}

const forgedMac = (): Uint8Array => frameOf(macOf(2), macOf(0), 90, 1);
const forgedVlan = (): Uint8Array => tagged(frameOf(macOf(2), macOf(1), 90, 2), 0x0456);
const honest = (): Uint8Array => frameOf(macOf(2), macOf(1), 90, 3);

function told(port: TestPort): { spoofed: number; wvbr: number; lvmmc: number; forged: number } {
  return {
    spoofed: port.state.get(COUNT_SPOOFED),
    wvbr: port.state.get(PORT_WVBR),
    lvmmc: port.state.get(PORT_LVMMC),
    forged: port.state.get(PORT_FORGED),
  };
}

describe("anti-spoofing", () => {
  it.each([
    ["I350 LVMMC.MAC_VLAN_SPOOF, Last_Q 31:29", PROFILE_I350, forgedMac, 0x2200_0000],
    ["I350 LVMMC.MAC_VLAN_SPOOF, Last_Q 31:29, for VLANs", PROFILE_I350, forgedVlan, 0x2200_0000],
    ["82576 LVMMC bit 0, Last_Q 19:16, for addresses", PROFILE_82576, forgedMac, 0x0001_0001],
    ["82576 LVMMC bit 1, Last_Q 19:16, for VLANs", PROFILE_82576, forgedVlan, 0x0001_0002],
  ])("%s; the frame is dropped, its neighbours are not", async (_title, profile, forge, lvmmc) => {
    const port = await guarded(profile);
    for (const frame of [honest(), forge(), honest()]) port.send(1, frame);
    port.run();
    expect(port.receive(2).map(({ data }) => data)).toEqual([honest(), honest()]);
    expect(told(port)).toEqual({ spoofed: 1, wvbr: 0b010, lvmmc, forged: 0b010 });
    expect(port.txStatus(1, 1) & 1).toBe(1);
  });

  it("a pool that is not guarded may send anything", async () => {
    const port = await guarded(PROFILE_I350);
    port.send(0, frameOf(macOf(2), macOf(1), 90, 1));
    port.send(0, tagged(frameOf(macOf(2), macOf(1), 90, 2), 0x0456));
    port.run();
    expect(port.receive(2)).toHaveLength(2);
    expect(told(port)).toEqual({ spoofed: 0, wvbr: 0, lvmmc: 0, forged: 0 });
  });

  it("VMVIR.VLANA = always: a frame that brings a tag of its own is LVMMC.VLAN_IERR, not a double-tagged frame", async () => {
    const port = await guarded(PROFILE_I350);
    port.state.set(PORT_POOLS + POOL_SIZE + POOL_VMVIR, 0x4000_0123);
    port.state.update();
    port.send(1, tagged(frameOf(macOf(2), macOf(1), 90, 2), 0x0456));
    port.send(1, frameOf(macOf(2), macOf(1), 90, 5));
    port.run();
    expect(port.receive(2).map(({ data }) => data)).toEqual([tagged(frameOf(macOf(2), macOf(1), 90, 5), 0x0123)]);
    expect(told(port).lvmmc).toBe(0x2400_0000);
  });

  it("I350 §8.12.5 DTXCTL.MDP_EN: a forged frame blocks its queue (MDFB), unless ENABLE_SPOOF_QUEUE says otherwise", async () => {
    const port = await guarded(PROFILE_I350, MDP_EN);
    for (const frame of [forgedMac(), honest()]) port.send(1, frame);
    port.send(0, frameOf(macOf(2), macOf(0), 90, 4));
    port.run();
    expect(port.receive(2)).toHaveLength(1);
    expect([port.state.get(PORT_MDFB), port.state.get(PORT_STOPS)]).toEqual([0b010, 1 << 17]);
    // The VF's driver cannot put it back into service.
    port.setQueueWord("tx", 1, QUEUE_FLAGS, 1);
    port.run();
    expect(port.receive(2)).toHaveLength(0);
    port.state.set(PORT_MDFB, 0);
    port.run();
    expect(port.receive(2)).toHaveLength(1);

    const other = await guarded(PROFILE_I350, MDP_EN | ENABLE_SPOOF_QUEUE);
    for (const frame of [forgedMac(), honest()]) other.send(1, frame);
    other.run();
    expect(other.receive(2)).toHaveLength(1);
    expect([other.state.get(PORT_MDFB), other.state.get(PORT_STOPS)]).toEqual([0, 0]);
  });

  it("82576 WVBR: forged in 15:0, blocked in 31:16", async () => {
    const port = await guarded(PROFILE_82576, MDP_EN);
    port.send(1, forgedMac());
    port.post(2, [0, 0, 0x2b50_0040, 64 << 14]);
    port.run();
    expect([port.state.get(PORT_WVBR), port.state.get(PORT_LVMMC)]).toEqual([0x0004_0002, 0x0002_0004]);
  });

  it.each([
    ["a buffer that is nowhere: INV_MACC", [0x3000_0000, 0, 0x2b30_0040, 64 << 14], 0x4008_0000],
    ["a type that is none: DESC_TYPE", [0, 0, 0x2b50_0040, 64 << 14], 0x4010_0000],
    ["10000 bytes: SIZE", [0, 0, 0x2b30_2710, 0], 0x4000_0100],
    ["segments without a size: OFF_ILL", [0, 0, 0xab30_0064, 0], 0x4000_0400],
  ] as const)("I350 LVMMC of a stopped queue, %s", async (_title, words, lvmmc) => {
    const port = await guarded(PROFILE_I350);
    port.post(2, words);
    port.run();
    expect([port.state.get(PORT_LVMMC), port.state.get(PORT_MDFB)]).toEqual([lvmmc, 0]);
  });
});
