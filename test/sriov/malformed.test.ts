import { describe, expect, it } from "vitest";
import {
  COUNT_STOPS,
  PORT_CAUSES,
  PORT_PENDING,
  PORT_STOPS,
  QUEUE_FLAG_DMA,
  QUEUE_FLAGS,
  QUEUE_HEAD,
  QUEUE_LENGTH,
  QUEUE_TAIL,
  STOP_BUFFER,
  STOP_DESCRIPTOR,
  STOP_INDEX,
  STOP_LENGTH,
  STOP_OFFLOAD,
  STOP_RING,
  STOP_SIZE,
  STOP_UNENDED,
} from "../../assembly/spec/abi/port.ts";
import { AREA, frameOf, macOf, RING_ENTRIES, TestPort, TX_BUFFERS } from "./ports.ts";

const DATA = 0x2b30_0000;
const NOWHERE = 0x3000_0000;

/** Why a queue is stopped, 0 when it is not. */
function reason(port: TestPort, direction: "tx" | "rx", pool: number): number {
  const flags = port.queueWord(direction, pool, QUEUE_FLAGS);
  return (flags & 2) === 0 ? 0 : (flags >>> 8) & 0xff;
}

interface Case {
  title: string;
  reason: number;
  break(port: TestPort): void;
}

const CASES: Case[] = [
  {
    title: "a ring of length 0",
    reason: STOP_LENGTH,
    break: (port) => {
      port.setQueueWord("tx", 0, QUEUE_LENGTH, 0);
      port.setQueueWord("tx", 0, QUEUE_TAIL, 3);
    },
  },
  {
    title: "a tail beyond the ring",
    reason: STOP_INDEX,
    break: (port) => port.setQueueWord("tx", 0, QUEUE_TAIL, RING_ENTRIES),
  },
  {
    title: "a head beyond the ring",
    reason: STOP_INDEX,
    break: (port) => port.setQueueWord("tx", 0, QUEUE_HEAD, 0xffff),
  },
  {
    title: "a ring where nothing is",
    reason: STOP_RING,
    break: (port) => {
      port.ring("tx", 0, { base: NOWHERE, entries: RING_ENTRIES });
      port.setQueueWord("tx", 0, QUEUE_TAIL, 5);
    },
  },
  {
    title: "a buffer where nothing is",
    reason: STOP_BUFFER,
    break: (port) => port.post(0, [NOWHERE, 0, DATA | 64, 64 << 14]),
  },
  {
    title: "a buffer in the interrupt range",
    reason: STOP_BUFFER,
    break: (port) => port.post(0, [0xfee0_1000, 0, DATA | 64, 64 << 14]),
  },
  {
    title: "a descriptor of a reserved type",
    reason: STOP_DESCRIPTOR,
    break: (port) => port.post(0, [TX_BUFFERS, 0, 0x2b50_0000 | 64, 64 << 14]),
  },
  {
    title: "a frame of no length",
    reason: STOP_DESCRIPTOR,
    break: (port) => port.post(0, [TX_BUFFERS, 0, DATA, 0]),
  },
  {
    title: "a frame longer than 9728 bytes",
    reason: STOP_SIZE,
    break: (port) => {
      for (let n = 0; n < 4; n++) port.post(0, [TX_BUFFERS, 0, 0x2230_0000 | 4000, 0]);
      port.post(0, [TX_BUFFERS, 0, DATA | 64, 0]);
    },
  },
  {
    title: "a whole ring without an end of packet",
    reason: STOP_UNENDED,
    break: (port) => {
      for (let n = 0; n < RING_ENTRIES - 1; n++) port.post(0, [TX_BUFFERS, 0, 0x2230_0000 | 16, 0]);
    },
  },
  {
    title: "segmentation with an MSS of 0",
    reason: STOP_OFFLOAD,
    break: (port) => {
      port.post(0, [(14 << 9) | 20, 0, 0x2020_0c00, 20 << 8]);
      port.post(0, [TX_BUFFERS, 0, (0x8000_0000 | DATA | 200) >>> 0, 0]);
    },
  },
  {
    title: "a context that does not exist",
    reason: STOP_DESCRIPTOR,
    break: (port) => port.post(0, [0, 0, 0x2020_0000, 5 << 4]),
  },
];

describe.each([{ external: false }, { external: true }])("RAM outside the wasm: $external", ({ external }) => {
  it.each(CASES)("I350 §7.2 $title stops that transmit queue and nothing else", async (broken) => {
    const port = await TestPort.create({ pools: 3, external });
    broken.break(port);
    const frame = frameOf(macOf(2), macOf(1), 100, 3);
    port.send(1, frame);
    port.run();
    expect(reason(port, "tx", 0)).toBe(broken.reason);
    expect(port.state.get(PORT_STOPS)).toBe(1 << 16);
    expect(port.state.get(COUNT_STOPS)).toBe(1);
    expect(port.state.get(PORT_PENDING)).toBe(0);
    expect(port.receive(2).map(({ data }) => data)).toEqual([frame]);
    expect([reason(port, "tx", 1), reason(port, "rx", 2)]).toEqual([0, 0]);
    // Stays so until the driver sets the ring up again.
    expect(port.run()).toBe(0);
    port.ring("tx", 0, { base: TX_RING_0, entries: RING_ENTRIES });
    port.setQueueWord("tx", 0, QUEUE_HEAD, 0);
    port.setQueueWord("tx", 0, QUEUE_TAIL, 0);
    port.restart(0);
    const again = frameOf(macOf(2), macOf(0), 61, 8);
    port.send(0, again);
    port.run();
    expect(port.receive(2).map(({ data }) => data)).toEqual([again]);
  });

  it("I350 §7.1 a refused receive buffer stops that receive queue; the sender goes on", async () => {
    const port = await TestPort.create({ pools: 3, external });
    port.arm(1, 0, NOWHERE);
    port.send(0, frameOf(macOf(1), macOf(0), 80, 1));
    const frame = frameOf(macOf(2), macOf(0), 80, 2);
    port.send(0, frame);
    expect(port.run()).toBe(2);
    expect(reason(port, "rx", 1)).toBe(STOP_BUFFER);
    expect(port.state.get(PORT_STOPS)).toBe(1 << 1);
    expect(reason(port, "tx", 0)).toBe(0);
    expect(port.receive(2).map(({ data }) => data)).toEqual([frame]);
    expect(port.head("tx", 0)).toBe(2);
  });

  it("a receive queue that stopped takes nothing more in the same burst, whatever way the frames come", async () => {
    const port = await TestPort.create({ pools: 2, external });
    port.arm(1, 2, NOWHERE);
    // Plain frames, then ones of two pieces, then plain ones again.
    for (const pieces of [[80], [80], [20, 60], [20, 60], [80]]) {
      port.send(0, frameOf(macOf(1), macOf(0), 80, 1), { pieces });
    }
    expect(port.run()).toBe(5);
    expect(reason(port, "rx", 1)).toBe(STOP_BUFFER);
    expect(port.state.get(COUNT_STOPS)).toBe(1);
    expect(port.head("rx", 1)).toBe(2);
    expect(port.receive(1)).toHaveLength(2);
  });

  it("PCIe 6.0 §7.5.1.1.3 a queue whose function may not make requests moves nothing in either direction", async () => {
    const port = await TestPort.create({ pools: 3, external });
    port.setQueueWord("tx", 0, QUEUE_FLAGS, 0);
    port.setQueueWord("rx", 2, QUEUE_FLAGS, 0);
    port.send(0, frameOf(macOf(1), macOf(0), 80, 1));
    port.send(1, frameOf(macOf(2), macOf(1), 80, 2));
    port.run();
    expect([port.head("tx", 0), port.head("rx", 2), port.head("rx", 1)]).toEqual([0, 0, 0]);
    expect(port.state.get(PORT_CAUSES)).toBe(1 << 17);
    port.setQueueWord("tx", 0, QUEUE_FLAGS, QUEUE_FLAG_DMA);
    port.run();
    expect(port.receive(1)).toHaveLength(1);
  });

  it("a receiver without descriptors loses frames, and the sender is not held up", async () => {
    const port = await TestPort.create({ external });
    port.setQueueWord("rx", 1, QUEUE_TAIL, 3);
    for (let n = 0; n < 10; n++) port.send(0, frameOf(macOf(1), macOf(0), 80, n));
    expect(port.run()).toBe(10);
    expect(port.receive(1)).toHaveLength(3);
    expect(port.queueWord("rx", 1, 36)).toBe(7);
  });
});

const TX_RING_0 = 0 * AREA;
