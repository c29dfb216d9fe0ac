import { describe, expect, it } from "vitest";
import { PORT_CTRL, PORT_MRQC, PORT_RCTL } from "../../assembly/spec/abi/port.ts";
import {
  COUNT_XOFF_RX,
  COUNT_XOFF_TX,
  COUNT_XON_RX,
  COUNT_XON_TX,
  PORT_FCRTH,
  PORT_FCRTL,
  PORT_FCTTV,
  PORT_HELD,
  PORT_PAUSE,
} from "../../assembly/spec/abi/port-offload.ts";
import { frameOf, macOf, TestPort } from "./ports.ts";

const MULTICAST = Uint8Array.of(0x01, 0x80, 0xc2, 0x00, 0x00, 0x01);
const STRANGER = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55);

function control(to: Uint8Array, opcode: number, time: number): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set(to, 0);
  frame.set(STRANGER, 6);
  frame.set([0x88, 0x08, opcode >>> 8, opcode & 0xff, time >>> 8, time & 0xff], 12);
  return frame;
}

async function ready(ctrl: number, rctl = 0x0400_8012): Promise<TestPort> {
  const port = await TestPort.create();
  port.state.set(PORT_MRQC, 0);
  port.state.set(PORT_CTRL, ctrl);
  port.state.set(PORT_RCTL, rctl);
  port.state.update();
  return port;
}

function inject(port: TestPort, ...frames: Uint8Array[]): Uint8Array[] {
  for (const frame of frames) expect(port.state.ingress.push(frame)).toBe(true);
  port.run();
  return port.receive(0).map(({ data }) => data);
}

describe("I350 §3.7.5 PAUSE frames that arrive", () => {
  it("CTRL.RFCE: transmit queues rest until the time is over or XON comes; receiving goes on", async () => {
    const port = await ready(0x0800_0000);
    const out = frameOf(STRANGER, macOf(0), 90, 1);
    const into = frameOf(macOf(0), STRANGER, 90, 2);
    port.send(0, out);
    expect(inject(port, control(MULTICAST, 1, 0x1234), into)).toEqual([into]);
    expect([port.state.get(PORT_PAUSE), port.state.get(PORT_HELD)]).toEqual([0x8000_1234, 1]);
    expect(port.state.egress.shift()).toBeUndefined();
    for (const _ of [1, 2]) {
      port.state.service(100);
      expect(port.state.egress.shift()).toBeUndefined();
    }
    port.state.ingress.push(control(MULTICAST, 1, 0));
    port.state.service(100);
    expect(port.state.egress.shift()).toEqual(out);
    expect([COUNT_XOFF_RX, COUNT_XON_RX].map((at) => port.state.get(at))).toEqual([1, 1]);
  });

  it("without RFCE they are frames like others", async () => {
    const port = await ready(0);
    const pause = control(MULTICAST, 1, 9);
    expect(inject(port, pause)).toEqual([pause]);
    expect([port.state.get(PORT_PAUSE), port.state.get(PORT_HELD)]).toEqual([0, 0]);
  });

  it("RCTL.DPF: those to the port's own address; RCTL.PMCF: other MAC control frames", async () => {
    const own = control(macOf(0), 1, 9);
    const other = control(MULTICAST, 2, 9);
    expect(inject(await ready(0x0800_0000), own, other)).toEqual([own]);
    expect(inject(await ready(0x0800_0000, 0x04c0_8012), own, other)).toEqual([other]);
    const foreign = control(STRANGER, 1, 9);
    const port = await ready(0x0800_0000, 0x0400_801a);
    expect(inject(port, foreign)).toEqual([foreign]);
    expect(port.state.get(PORT_HELD)).toBe(0);
  });
});

describe("I350 §3.7.5 PAUSE frames that are sent", () => {
  it("CTRL.TFCE: XOFF once above FCRTH, XON once below FCRTL with XONE", async () => {
    const port = await ready(0x1000_0000);
    port.state.set(PORT_FCRTH, 2000);
    port.state.set(PORT_FCRTL, 0x8000_0000 + 1000);
    port.state.set(PORT_FCTTV, 0x5678);
    // No drop enable, and two descriptors: the rest waits in the packet buffer.
    port.setQueueWord("rx", 0, 32, 0x0200_0002);
    port.setQueueWord("rx", 0, 16, 2);
    const frames = Array.from({ length: 12 }, (_, n) => frameOf(macOf(0), STRANGER, 300, n));
    expect(inject(port, ...frames)).toEqual(frames.slice(0, 2));
    const pause = (time: number) => {
      const frame = control(MULTICAST, 1, time);
      frame.set(macOf(0), 6);
      return frame;
    };
    expect(port.state.egress.shift()).toEqual(pause(0x5678));
    expect(port.state.egress.shift()).toBeUndefined();
    port.setQueueWord("rx", 0, 16, 63);
    port.run();
    expect(port.receive(0).map(({ data }) => data)).toEqual(frames.slice(2));
    expect(port.state.egress.shift()).toEqual(pause(0));
    expect(port.state.egress.shift()).toBeUndefined();
    expect([COUNT_XOFF_TX, COUNT_XON_TX].map((at) => port.state.get(at))).toEqual([1, 1]);
  });

  it("without TFCE nothing is sent, whatever the thresholds", async () => {
    const port = await ready(0);
    port.state.set(PORT_FCRTH, 16);
    port.setQueueWord("rx", 0, 32, 0x0200_0002);
    port.setQueueWord("rx", 0, 16, 0);
    inject(port, ...Array.from({ length: 12 }, (_, n) => frameOf(macOf(0), STRANGER, 300, n)));
    expect(port.state.egress.shift()).toBeUndefined();
  });
});
