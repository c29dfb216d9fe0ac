import { describe, expect, it } from "vitest";
import { PORT_PENDING, PROFILE_82576, QUEUE_TAIL } from "../../assembly/spec/abi/port.ts";
import { PORT_NOW, PORT_RATES, PORT_WINDOW } from "../../assembly/spec/abi/port-policy.ts";
import { frameOf, macOf, RING_ENTRIES, TestPort } from "./ports.ts";

/** RTTBCNRC as Linux's igb works it out for a rate in Mb/s on a link of 1000. */
function config(rate: number): number {
  const whole = Math.floor(1000 / rate);
  const rest = Math.floor(((1000 - whole * rate) * 2 ** 14) / rate);
  return (0x8000_0000 | (whole << 14) | rest) >>> 0;
}

async function limited(pools: Record<number, number>): Promise<TestPort> {
  const port = await TestPort.create({ pools: 4, profile: PROFILE_82576 });
  for (const [pool, rate] of Object.entries(pools)) port.state.set(PORT_RATES + Number(pool) * 16 + 8, config(rate));
  port.state.update();
  return port;
}

function setNow(port: TestPort, ns: number): void {
  port.state.set(PORT_NOW, ns >>> 0);
  port.state.set(PORT_NOW + 4, Math.floor(ns / 2 ** 32));
}

/** Keeps the sender busy for `ns`, as machines do: from deadline to deadline. Returns the frames that arrived. */
function flood(port: TestPort, pool: number, length: number, from: number, ns: number): number {
  let arrived = 0;
  let posted = 0;
  let now = from;
  while (now < from + ns) {
    for (; posted - arrived < RING_ENTRIES / 2; posted++)
      port.send(pool, frameOf(macOf(3), macOf(pool), length, posted));
    setNow(port, now);
    port.run();
    arrived += port.receive(3).length;
    const next = port.state.deadlineNs;
    expect(next).toBeGreaterThan(now);
    now = Math.min(next, from + ns);
  }
  return arrived;
}

describe("82576 RTTBCNRC", () => {
  it.each([
    [10, 1514],
    [100, 1514],
    [333, 1514],
    [999, 1514],
    [100, 60],
    [70, 600],
  ])("%d Mb/s with frames of %d bytes: what arrives is within 1 % of that", async (rate, length) => {
    const port = await limited({ 1: rate });
    const ns = 50_000_000;
    const frames = flood(port, 1, length, 2 ** 33 + 12_345, ns);
    const observed = (frames * (length + 4) * 8 * 1000) / ns;
    expect(Math.abs(observed - rate) / rate).toBeLessThan(0.01 + ((length + 4) * 8000) / ns / rate);
  });

  it("others are not held up, and their doorbells are done", async () => {
    const port = await limited({ 1: 1 });
    for (let n = 0; n < 8; n++) {
      port.send(1, frameOf(macOf(3), macOf(1), 1000, n));
      port.send(0, frameOf(macOf(2), macOf(0), 1000, n));
    }
    port.run();
    expect([port.receive(3).length, port.receive(2).length]).toEqual([1, 8]);
    expect(port.state.get(PORT_PENDING)).toBe(0b10);
    // 1004 bytes at 1 Mb/s.
    expect(port.state.deadlineNs).toBe(1004 * 8 * 1000);
  });

  it("RTTBCNRM: a silent queue makes up for as much payload as the memory window holds", async () => {
    const port = await limited({ 1: 100 });
    const post = (): void => {
      for (let n = 0; n < 20; n++) port.send(1, frameOf(macOf(3), macOf(1), 1020, n));
    };
    setNow(port, 1e9);
    post();
    port.run();
    expect(port.receive(3)).toHaveLength(1);
    const again = await limited({ 1: 100 });
    again.state.set(PORT_WINDOW, 4);
    setNow(again, 1e9);
    for (let n = 0; n < 20; n++) again.send(1, frameOf(macOf(3), macOf(1), 1020, n));
    again.run();
    // 4 KiB of 1024 bytes, and the one that is due.
    expect(again.receive(3)).toHaveLength(5);
  });

  it("segments count: 20 of them are paid for by silence", async () => {
    const port = await limited({ 1: 500 });
    const frame = frameOf(macOf(3), macOf(1), 54 + 20 * 500, 1, 0x0800);
    frame.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6], 14);
    frame[46] = 0x50;
    port.post(1, [(14 << 9) | 20, 0, 0x2020_0c00, ((500 << 16) | (20 << 8)) >>> 0]);
    const pieces = [54, 2000, 2000, 2000, 2000, 2000];
    port.send(1, frame, { pieces, command: 0xab30_0000 | 0, options: 0x300 });
    port.send(1, frameOf(macOf(3), macOf(1), 60, 2));
    port.run();
    port.run();
    expect(port.receive(3)).toHaveLength(20);
    expect(port.state.deadlineNs).toBe(20 * (554 + 4) * 8 * 2);
    setNow(port, port.state.deadlineNs);
    port.run();
    expect(port.receive(3)).toHaveLength(1);
  });

  it("a queue that waits for more than its rate has no deadline", async () => {
    const port = await limited({ 1: 100 });
    port.send(1, frameOf(macOf(3), macOf(1), 600, 1));
    port.send(1, frameOf(macOf(3), macOf(1), 600, 2));
    port.run();
    expect(port.state.deadlineNs).toBe(604 * 80);
    port.setQueueWord("tx", 1, QUEUE_TAIL, 1);
    expect(port.state.deadlineNs).toBe(Number.POSITIVE_INFINITY);
  });
});
