import { describe, expect, it } from "vitest";
import {
  COUNT_FILTERED,
  POOL_DVMOLR,
  POOL_SIZE,
  POOL_VMOLR,
  PORT_POOLS,
  PORT_RCTL,
  PORT_VFTA,
  PORT_VLVF,
  PORT_VT_CTL,
} from "../../assembly/spec/abi/port.ts";
import { PORT_LINKLESS } from "../../assembly/spec/abi/port-policy.ts";
import { BROADCAST, frameOf, macOf, TestPort } from "./ports.ts";

const STRANGER = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55);

function pool(port: TestPort, index: number, offset: number, value: number): void {
  port.state.set(PORT_POOLS + index * POOL_SIZE + offset, value >>> 0);
  port.state.update();
}

function counts(port: TestPort, pools: number): number[] {
  return Array.from({ length: pools }, (_, index) => port.receive(index).length);
}

function tagged(frame: Uint8Array, tag: number): Uint8Array {
  return Uint8Array.from([...frame.subarray(0, 12), 0x81, 0x00, tag >>> 8, tag & 0xff, ...frame.subarray(12)]);
}

/** VLAN filtering on; VLAN 0x123 is pool 1's, 0x321 is let in and nobody's. */
async function withVlans(pools = 4): Promise<TestPort> {
  const port = await TestPort.create({ pools });
  port.state.set(PORT_RCTL, 0x0004_8002);
  port.state.set(PORT_VLVF + 4 * 7, 0x8000_0123 | (0b0010 << 12));
  for (const vid of [0x123, 0x321]) port.state.set(PORT_VFTA + 4 * (vid >>> 5), 2 ** (vid & 31));
  port.state.update();
  return port;
}

describe("I350 §8.14.16 VMOLR", () => {
  it("UPE: a pool takes every unicast, those for others too; the wire gets what no address has", async () => {
    const port = await TestPort.create({ pools: 4 });
    pool(port, 3, POOL_VMOLR, 0x2900_2600);
    const known = frameOf(macOf(1), macOf(0), 90, 1);
    const unknown = frameOf(STRANGER, macOf(0), 91, 2);
    port.send(0, known);
    port.send(0, unknown);
    port.state.ingress.push(frameOf(macOf(2), STRANGER, 92, 3));
    port.run();
    expect(counts(port, 4)).toEqual([0, 1, 1, 3]);
    expect(port.state.egress.shift()).toEqual(unknown);
    expect(port.state.egress.shift()).toBeUndefined();
  });

  it("UPE is no licence for multicasts", async () => {
    const port = await TestPort.create({ pools: 3 });
    pool(port, 2, POOL_VMOLR, 0x2100_2600);
    port.state.ingress.push(frameOf(BROADCAST, STRANGER, 92, 3));
    port.run();
    expect(counts(port, 3)).toEqual([1, 1, 0]);
  });

  it("VPE: VLANs of others, but none that VFTA does not let in", async () => {
    const port = await withVlans();
    pool(port, 2, POOL_VMOLR, 0x0980_2600);
    for (const vid of [0x123, 0x321, 0x222]) port.send(0, tagged(frameOf(BROADCAST, macOf(0), 90, vid), vid));
    port.run();
    expect(counts(port, 4)).toEqual([0, 1, 2, 0]);
  });
});

describe("82576 §7.10.3 a VLAN that VFTA lets in and no VLVF entry names", () => {
  it("from the wire it is the default pool's, broadcasts and multicasts too", async () => {
    const port = await withVlans();
    port.state.set(PORT_VT_CTL, 0x4000_0000 | (3 << 7));
    for (const to of [BROADCAST, macOf(1), STRANGER, Uint8Array.of(0x33, 0x33, 0, 0, 0, 1)]) {
      port.state.ingress.push(tagged(frameOf(to, STRANGER, 90, 1), 0x4321));
    }
    port.run();
    expect(counts(port, 4)).toEqual([0, 0, 0, 4]);
  });

  it("without a default pool it is nobody's; a named VLAN that matches no pool is nobody's broadcast either", async () => {
    const port = await withVlans();
    port.state.set(PORT_VT_CTL, 0x6000_0000 | (3 << 7));
    port.state.ingress.push(tagged(frameOf(BROADCAST, STRANGER, 90, 1), 0x0321));
    port.run();
    expect([counts(port, 4), port.state.get(COUNT_FILTERED)]).toEqual([[0, 0, 0, 0], 1]);
    port.state.set(PORT_VT_CTL, 0x4000_0000 | (3 << 7));
    pool(port, 1, POOL_VMOLR, 0x0100_2600);
    port.state.ingress.push(tagged(frameOf(BROADCAST, STRANGER, 90, 1), 0x0123));
    port.run();
    expect([counts(port, 4), port.state.get(COUNT_FILTERED)]).toEqual([[0, 0, 0, 0], 2]);
  });

  it("from a pool it goes to the wire and no default pool", async () => {
    const port = await withVlans();
    port.state.set(PORT_VT_CTL, 0x4000_0000 | (3 << 7));
    const frame = tagged(frameOf(BROADCAST, macOf(0), 90, 1), 0x0321);
    port.send(0, frame);
    port.run();
    expect(counts(port, 4)).toEqual([0, 0, 0, 0]);
    expect(port.state.egress.shift()).toEqual(frame);
  });
});

describe("I350 §8.14.18 DVMOLR", () => {
  it.each([
    ["STRVLAN tells the tag", 0x4000_0000, 0x0b, 0x6123],
    ["HIDEVLAN does not", 0x2000_0000, 0x03, 0],
    ["HIDEVLAN counts when both are set", 0x6000_0000, 0x03, 0],
  ])("%s", async (_title, bits, status, vlan) => {
    const port = await withVlans();
    pool(port, 1, POOL_DVMOLR, 0x8000_0000 + bits);
    const frame = frameOf(macOf(1), STRANGER, 90, 1);
    port.state.ingress.push(tagged(frame, 0x6123));
    port.run();
    const [got] = port.receive(1);
    expect([got?.data, (got?.status ?? 0) & 0xf, got?.vlan]).toEqual([frame, status, vlan]);
  });
});

describe("a pool whose link is down", () => {
  it("neither sends nor receives, and what it posted goes out when the link is back", async () => {
    const port = await TestPort.create({ pools: 3 });
    port.state.set(PORT_LINKLESS, 0b010);
    port.state.update();
    const late = frameOf(macOf(2), macOf(1), 90, 1);
    port.send(1, late);
    port.send(0, frameOf(macOf(1), macOf(0), 90, 2));
    port.send(0, frameOf(BROADCAST, macOf(0), 90, 3));
    port.run();
    expect(counts(port, 3)).toEqual([0, 0, 1]);
    port.state.set(PORT_LINKLESS, 0);
    port.state.update();
    port.run();
    expect(port.receive(2).map(({ data }) => data)).toEqual([late]);
  });
});
