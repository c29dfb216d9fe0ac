import { describe, expect, it } from "vitest";
import {
  COUNT_FILTERED,
  PORT_RCTL,
  PORT_VFRE,
  PORT_VFTA,
  PORT_VLVF,
  PORT_VT_CTL,
} from "../../assembly/spec/abi/port.ts";
import { PORT_MIRRORS } from "../../assembly/spec/abi/port-policy.ts";
import { BROADCAST, frameOf, macOf, TestPort } from "./ports.ts";

const STRANGER = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55);
/** VMRCTL: which traffic, and the pool that gets it in bits 10:8. */
const POOL_RULE = 0x1;
const UPLINK_RULE = 0x2;
const DOWNLINK_RULE = 0x4;
const VLAN_RULE = 0x8;

interface Rule {
  control: number;
  to: number;
  vlans?: number;
  pools?: number;
}

/** Five pools, no default pool; pool 4 is nobody's address. */
async function withRules(...rules: Rule[]): Promise<TestPort> {
  const port = await TestPort.create({ pools: 5 });
  port.state.set(PORT_VT_CTL, 0x6000_0000);
  for (const [index, rule] of rules.entries()) {
    port.state.set(PORT_MIRRORS + index * 16, rule.control | (rule.to << 8));
    port.state.set(PORT_MIRRORS + index * 16 + 4, rule.vlans ?? 0);
    port.state.set(PORT_MIRRORS + index * 16 + 8, rule.pools ?? 0);
  }
  port.state.update();
  return port;
}

function received(port: TestPort): Uint8Array[][] {
  return [0, 1, 2, 3, 4].map((pool) => port.receive(pool).map(({ data }) => data));
}

function tagged(frame: Uint8Array, tag: number): Uint8Array {
  return Uint8Array.from([...frame.subarray(0, 12), 0x81, 0x00, tag >>> 8, tag & 0xff, ...frame.subarray(12)]);
}

describe("I350 §7.8.3, 82576 §7.10.3 mirror rules", () => {
  it("VPME: what the pools of VMRVM receive, from another pool or the wire, reaches the rule's pool too", async () => {
    const port = await withRules({ control: POOL_RULE, to: 4, pools: 0b0_0110 });
    const local = frameOf(macOf(1), macOf(0), 90, 1);
    const unwatched = frameOf(macOf(3), macOf(0), 91, 2);
    const remote = frameOf(macOf(2), STRANGER, 92, 3);
    port.send(0, local);
    port.send(0, unwatched);
    port.state.ingress.push(remote);
    port.run();
    expect(received(port)).toEqual([[], [local], [remote], [unwatched], [remote, local]]);
  });

  it("UPME: what some pool receives from the wire; what nobody does is still dropped", async () => {
    const port = await withRules({ control: UPLINK_RULE, to: 3 });
    const frame = frameOf(macOf(1), STRANGER, 92, 3);
    port.state.ingress.push(frame);
    port.state.ingress.push(frameOf(STRANGER, STRANGER, 93, 4));
    port.send(0, frameOf(macOf(1), macOf(0), 94, 5));
    port.run();
    expect(received(port)[3]).toEqual([frame]);
    expect(port.state.get(COUNT_FILTERED)).toBe(1);
  });

  it("DPME: what leaves by the wire, and it does leave", async () => {
    const port = await withRules({ control: DOWNLINK_RULE, to: 4 });
    const out = frameOf(STRANGER, macOf(2), 95, 6);
    port.send(2, out);
    port.send(2, frameOf(macOf(1), macOf(2), 96, 7));
    port.state.ingress.push(frameOf(macOf(1), STRANGER, 97, 8));
    port.run();
    expect(received(port)[4]).toEqual([out]);
    expect(port.state.egress.shift()).toEqual(out);
    expect(port.state.egress.shift()).toBeUndefined();
  });

  it("VLME: VMRVLAN names entries of VLVF, not VLAN IDs; both directions", async () => {
    const port = await withRules({ control: VLAN_RULE, to: 4, vlans: 0b10 });
    port.state.set(PORT_RCTL, 0x0004_8002);
    port.state.set(PORT_VLVF, 0x8000_0123 | (0b0011 << 12));
    port.state.set(PORT_VLVF + 4, 0x8000_0456 | (0b0011 << 12));
    for (const vid of [0x123, 0x456]) port.state.set(PORT_VFTA + 4 * (vid >>> 5), 2 ** (vid & 31));
    port.state.update();
    const first = tagged(frameOf(macOf(1), macOf(0), 90, 1), 0x0123);
    const second = tagged(frameOf(macOf(1), macOf(0), 90, 2), 0x2456);
    const remote = tagged(frameOf(macOf(0), STRANGER, 90, 3), 0x0456);
    const out = tagged(frameOf(STRANGER, macOf(0), 90, 4), 0x0456);
    for (const frame of [first, second, out]) port.send(0, frame);
    port.state.ingress.push(remote);
    port.run();
    // Pool 4 is in neither VLAN: it gets the copies all the same.
    expect(received(port)).toEqual([[remote], [first, second], [], [], [remote, second, out]]);
  });

  it("a copy for a pool that receives the frame anyway, or that several rules name, is one frame", async () => {
    const port = await withRules(
      { control: UPLINK_RULE, to: 1 },
      { control: POOL_RULE, to: 4, pools: 0b1 },
      { control: UPLINK_RULE, to: 4 },
    );
    port.state.ingress.push(frameOf(BROADCAST, STRANGER, 90, 3));
    port.run();
    expect(received(port).map((frames) => frames.length)).toEqual([1, 1, 1, 1, 1]);
  });

  it("VFRE gates the mirror pool too, and four rules work at once", async () => {
    const rules = [0, 1, 2, 3].map((to) => ({ control: DOWNLINK_RULE, to: to + 1 }));
    const port = await withRules(...rules);
    port.state.set(PORT_VFRE, 0b1_0111);
    port.state.update();
    port.send(0, frameOf(STRANGER, macOf(0), 90, 3));
    port.run();
    expect(received(port).map((frames) => frames.length)).toEqual([0, 1, 1, 0, 1]);
  });
});
