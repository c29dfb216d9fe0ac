// Which frames get a time stamp, and where it is found.
import { describe, expect, it } from "vitest";
import { PORT_MRQC, PROFILE_82576, PROFILE_I350 } from "../../assembly/spec/abi/port.ts";
import {
  PORT_ETQF,
  PORT_IMIR,
  PORT_IMIREXT,
  PORT_PSRTYPE,
  PORT_RXSATR,
  PORT_RXSTMP,
  PORT_STAMPED,
  PORT_SYSTIM,
  PORT_TSYNCRXCFG,
  PORT_TSYNCRXCTL,
  PORT_TSYNCTXCTL,
  PORT_TTQF,
  PORT_TXSTMP,
} from "../../assembly/spec/abi/port-offload.ts";
import { ALL, type Descriptor, headerOf, SPH, SRRCTL, split, srrctl } from "./header-buffers.ts";
import * as packets from "./packets.ts";
import { frameOf, macOf, TestPort } from "./ports.ts";

const { ipv4, udp, tcp, frameWith, payloadOf } = packets;
const T = tcp(1, 2, payloadOf(900), 0x10, 3);

/** A version 2 message of type `message`, or version 1 with `control`. */
function ptp(version: number, message: number, control = 0): number[] {
  const bytes = payloadOf(44, 3);
  bytes[0] = 0x50 | message;
  bytes[1] = version;
  bytes[32] = control;
  return bytes;
}

describe("time stamps", () => {
  const NOW = [0x89ab_cdef, 0x1234_5678] as const;

  async function stamping(
    set: readonly (readonly [number, number])[],
    profile = PROFILE_I350,
  ): Promise<{ port: TestPort; status(frame: Uint8Array): number }> {
    const port = await TestPort.create({ profile });
    const all: readonly (readonly [number, number])[] = [
      [PORT_MRQC, 0],
      [PORT_SYSTIM, NOW[0]],
      [PORT_SYSTIM + 4, NOW[1]],
      [PORT_ETQF + 12, 0x4400_88f7],
      [PORT_TTQF + 12, 0xe800_8000 | 17],
      [PORT_IMIR + 12, 0x3f01],
      [PORT_IMIREXT + 12, 0x0008_1000],
      ...set,
    ];
    for (let at = 0; at < 8; at++) port.state.set(PORT_TTQF + 4 * at, 0xf000_0000);
    for (const [offset, value] of all) port.state.set(offset, value >>> 0);
    port.state.update();
    const status = (frame: Uint8Array): number => {
      port.state.ingress.push(frame);
      port.run();
      return (port.receive(0)[0]?.status ?? 0) & 0x1_8000;
    };
    return { port, status };
  }

  const l2 = (version: number, message: number) => frameWith(0x88f7, ptp(version, message));
  const l4 = (version: number, message: number, control = 0) =>
    frameWith(0x0800, ipv4(udp(319, 319, ptp(version, message, control))));

  it.each([
    ["L2, version 2, Sync", 0, 0x0000, [l2(2, 0), l2(2, 2), l2(2, 3)], [l2(2, 1), l4(2, 0), l2(1, 0)]],
    ["L4, version 1, control 1", 1, 0x0001, [l4(1, 0, 1)], [l4(1, 0, 0), l4(2, 0, 1), l2(1, 0)]],
    ["both, version 2, Delay_Req", 2, 0x0100, [l2(2, 1), l4(2, 1)], [l2(2, 0), l4(1, 1)]],
    ["event messages of version 2", 5, 0, [l2(2, 0), l4(2, 7)], [l2(2, 8), l4(2, 11), l4(1, 0)]],
    ["all", 4, 0, [l2(1, 9), l4(2, 13)], [frameWith(0x0800, ipv4(udp(320, 320, ptp(2, 0))))]],
  ])("I350 §7.8.2 TSYNCRXCTL type %s", async (_title, type, config, stamped, others) => {
    for (const frame of stamped) {
      const { port, status } = await stamping([
        [PORT_TSYNCRXCTL, 0x10 | (type << 1)],
        [PORT_TSYNCRXCFG, config],
      ]);
      expect(status(frame)).toBe(0x1_0000);
      expect([0, 4].map((at) => port.state.get(PORT_RXSTMP + at))).toEqual(NOW);
      expect(port.state.get(PORT_TSYNCRXCTL) & 1).toBe(1);
      expect(port.state.get(PORT_STAMPED)).toBe(1);
      // Source UUID and sequence number of the message.
      const bytes = ptp(2, 0);
      const be = (at: number) => (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) >>> 0;
      expect(port.state.get(PORT_RXSATR)).toBe(((be(24) << 16) | be(26)) >>> 0);
      expect(port.state.get(PORT_RXSATR + 4)).toBe(((be(30) << 16) | be(22)) >>> 0);
      // A second one goes without until the first is read.
      expect(status(frame)).toBe(0);
      port.state.set(PORT_TSYNCRXCTL, port.state.get(PORT_TSYNCRXCTL) & ~1);
      expect(status(frame)).toBe(0x1_0000);
    }
    for (const frame of others) {
      const { status } = await stamping([
        [PORT_TSYNCRXCTL, 0x10 | (type << 1)],
        [PORT_TSYNCRXCFG, config],
      ]);
      expect(status(frame)).toBe(0);
    }
    const { status } = await stamping([[PORT_TSYNCRXCTL, type << 1]]);
    expect(status(stamped[0] as Uint8Array)).toBe(0);
  });

  it("I350 §7.1.6 SRRCTL.TIMESTAMP: 16 bytes before every frame, TSIP; the 82576 has none", async () => {
    const frame = frameWith(0x0800, ipv4(T));
    for (const profile of [PROFILE_I350, PROFILE_82576]) {
      const { port } = await stamping([[PORT_TSYNCRXCTL, 0x18]], profile);
      port.setQueueWord("rx", 0, SRRCTL, 0xc200_0002);
      port.state.ingress.push(frame);
      port.run();
      const [got] = port.receive(0);
      if (profile === PROFILE_82576) {
        expect([got?.data, (got?.status ?? 0) & 0x8000]).toEqual([frame, 0]);
        continue;
      }
      expect((got?.status ?? 0) & 0x8000).toBe(0x8000);
      const view = new DataView((got?.data ?? new Uint8Array(16)).buffer);
      expect([0, 4, 8, 12].map((at) => view.getUint32(at, true))).toEqual([0, 0, ...NOW]);
      expect(got?.data.subarray(16)).toEqual(frame);
      expect(got?.length).toBe(frame.length + 16);
    }
    const { port } = await stamping([
      [PORT_TSYNCRXCTL, 0x18],
      [PORT_PSRTYPE, ALL],
    ]);
    const [got] = split(port, frame, (srrctl(2, 4, 2) | 0x4000_0000) >>> 0, 2048);
    expect([...headerOf(got as Descriptor), got?.length]).toEqual([1, 66 + 16, frame.length - 66]);
    expect(got?.header.subarray(16, 82)).toEqual(frame.subarray(0, 66));
    expect((got?.info ?? 0) & SPH).not.toBe(0);
  });

  it("§7.2.2.2.4 MAC.TSTAMP: the time of a frame that left is kept until it is read; not of one that stayed inside", async () => {
    const stranger = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55);
    for (const external of [false, true]) {
      const port = await TestPort.create({ external });
      port.state.set(PORT_TSYNCTXCTL, 0x10);
      port.state.set(PORT_SYSTIM, NOW[0]);
      port.state.set(PORT_SYSTIM + 4, NOW[1]);
      port.send(0, frameOf(macOf(1), macOf(0), 90), { command: 0x2b38_0000 });
      port.send(0, frameOf(stranger, macOf(0), 90));
      port.run();
      expect(port.state.get(PORT_STAMPED)).toBe(0);
      port.send(0, frameOf(stranger, macOf(0), 90), { command: 0x2b38_0000 });
      port.run();
      expect([0, 4].map((at) => port.state.get(PORT_TXSTMP + at))).toEqual(NOW);
      expect([port.state.get(PORT_TSYNCTXCTL), port.state.get(PORT_STAMPED)]).toEqual([0x11, 2]);
      port.state.set(PORT_SYSTIM, 7);
      port.send(0, frameOf(stranger, macOf(0), 90), { command: 0x2b38_0000 });
      port.run();
      expect(port.state.get(PORT_TXSTMP)).toBe(NOW[0]);
    }
  });
});
