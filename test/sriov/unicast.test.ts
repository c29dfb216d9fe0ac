import { describe, expect, it } from "vitest";
import { COUNT_DELIVERED, COUNT_EGRESS, PORT_CAUSES } from "../../assembly/spec/abi/port.ts";
import { BROADCAST, frameOf, macOf, TestPort } from "./ports.ts";

describe.each([{ external: false }, { external: true }])("RAM outside the wasm: $external", ({ external }) => {
  it("I350 §7.8.3 switching: pool 0's frames reach pool 1 and nobody else, byte for byte", async () => {
    const port = await TestPort.create({ pools: 3, external });
    const frames = [60, 64, 255, 256, 257, 1499, 1514].map((length, n) => frameOf(macOf(1), macOf(0), length, n));
    for (const frame of frames) port.send(0, frame);
    expect(port.run()).toBe(frames.length);
    const got = port.receive(1);
    expect(got.map(({ data }) => data)).toEqual(frames);
    // DD, EOP and the loopback indication.
    for (const { status, vlan } of got) expect([status, vlan]).toEqual([0x0004_0003, 0]);
    expect(port.receive(0)).toEqual([]);
    expect(port.receive(2)).toEqual([]);
    expect(port.state.get(COUNT_DELIVERED)).toBe(frames.length);
    expect(port.state.get(COUNT_EGRESS)).toBe(0);
    expect(port.state.egress.shift()).toBeUndefined();
  });

  it("I350 §7.2.2.3 RS: the descriptor's DD is written back, head moves, causes of both queues are set", async () => {
    const port = await TestPort.create({ external });
    port.send(0, frameOf(macOf(1), macOf(0), 64), { command: 0x2b30_0000 });
    port.send(0, frameOf(macOf(1), macOf(0), 64), { command: 0x2330_0000 });
    port.run();
    expect(port.txStatus(0, 0) & 1).toBe(1);
    expect(port.txStatus(0, 1) & 1).toBe(0);
    expect(port.head("tx", 0)).toBe(2);
    expect(port.head("rx", 1)).toBe(2);
    expect(port.state.get(PORT_CAUSES)).toBe((1 << 16) | (1 << 1));
  });

  it("an unknown unicast leaves by the uplink; a frame from the uplink finds its pool", async () => {
    const port = await TestPort.create({ external });
    const stranger = Uint8Array.of(0x02, 9, 8, 7, 6, 5);
    const out = frameOf(stranger, macOf(0), 321, 3);
    port.send(0, out);
    port.run();
    expect(port.state.egress.shift()).toEqual(out);
    const back = frameOf(macOf(0), stranger, 77, 4);
    expect(port.state.ingress.push(back)).toBe(true);
    expect(port.run()).toBe(1);
    const got = port.receive(0);
    expect(got.map(({ data }) => data)).toEqual([back]);
    // Not looped back; the CRC was stripped.
    expect(got[0]?.status).toBe(0x0000_1003);
  });

  it("I350 §7.8.3.4 broadcast: every other pool that has VMOLR.BAM, and the wire", async () => {
    const port = await TestPort.create({ pools: 4, external });
    const frame = frameOf(BROADCAST, macOf(2), 90, 9);
    port.send(2, frame);
    port.run();
    for (const pool of [0, 1, 3]) expect(port.receive(pool).map(({ data }) => data)).toEqual([frame]);
    expect(port.receive(2)).toEqual([]);
    expect(port.state.egress.shift()).toEqual(frame);
  });

  it("the ring wraps: 1000 frames of 64 descriptors in bursts arrive in order", async () => {
    const port = await TestPort.create({ external });
    let sent = 0;
    let seen = 0;
    while (seen < 1000) {
      for (let n = 0; n < 37; n++) port.send(0, frameOf(macOf(1), macOf(0), 60 + (sent % 300), sent++));
      expect(port.run()).toBe(37);
      for (const { data } of port.receive(1))
        expect(data).toEqual(frameOf(macOf(1), macOf(0), 60 + (seen % 300), seen++));
    }
    expect(seen).toBe(sent);
  });
});
