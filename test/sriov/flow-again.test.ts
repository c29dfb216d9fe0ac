import { expect, test } from "vitest";
import { PORT_STOPS, QUEUE_BASE } from "../../assembly/spec/abi/port.ts";
import { frameOf, macOf, TestPort } from "./ports.ts";

const BURST = 32;
/** Nothing answers there. */
const NOWHERE = 0x7000_0000;

/** A port with memory outside whose pool 0 has sent a flow to pool 1. All pages are known: their rings went all around. */
async function flowing(): Promise<TestPort> {
  const port = await TestPort.create({ external: true, pools: 3 });
  for (const to of [2, 2, 2, 1, 1, 1]) {
    send(port, to);
    expect(port.run()).toBe(BURST);
    expect(port.receive(to)).toHaveLength(BURST);
  }
  return port;
}

function send(port: TestPort, to: number, length = 1500): Uint8Array[] {
  const frames = Array.from({ length: BURST }, (_, number) => frameOf(macOf(to), macOf(0), length, number));
  for (const frame of frames) port.send(0, frame);
  return frames;
}

test("a flow that goes on arrives whole, burst after burst around both rings", async () => {
  const port = await flowing();
  for (const length of [1500, 64, 1499, 132]) {
    const frames = send(port, 1, length);
    expect(port.run()).toBe(BURST);
    expect(port.receive(1).map(({ data }) => data)).toEqual(frames);
  }
});

test("another flow goes to its own addressee, and the first one again", async () => {
  const port = await flowing();
  for (const to of [2, 1, 1, 2]) {
    const frames = send(port, to);
    expect(port.run()).toBe(BURST);
    expect(port.receive(to).map(({ data }) => data)).toEqual(frames);
    expect(port.receive(3 - to)).toHaveLength(0);
  }
});

test("a receive ring that cannot be fetched is no matter while nothing is sent there", async () => {
  const port = await flowing();
  port.setQueueWord("rx", 1, QUEUE_BASE, NOWHERE);
  const frames = send(port, 2);
  expect(port.run()).toBe(BURST);
  expect(port.receive(2).map(({ data }) => data)).toEqual(frames);
  expect(port.state.get(PORT_STOPS)).toBe(0);
  send(port, 1);
  port.run();
  expect(port.state.get(PORT_STOPS)).toBe(1 << 1);
});

test("an address that moves to another pool takes the flow with it", async () => {
  const port = await flowing();
  port.address(1, macOf(1), 1 << 2);
  port.state.update();
  const frames = send(port, 1);
  expect(port.run()).toBe(BURST);
  expect(port.receive(2).map(({ data }) => data)).toEqual(frames);
  expect(port.receive(1)).toHaveLength(0);
});
