import { describe, expect, it } from "vitest";
import { hpa } from "../../host/core/address.ts";
import { AREA, BUFFER, frameOf, macOf, RING_ENTRIES, RX_BUFFERS, TestPort, TX_BUFFERS } from "./ports.ts";

const FRAMES = 32;
const ADDRESS_SIZE = 6;

/** A port whose rings have been used all around: all pages are known. */
async function used(): Promise<TestPort> {
  const port = await TestPort.create({ external: true });
  for (let turn = 0; turn < RING_ENTRIES / FRAMES; turn++) {
    for (let number = 0; number < FRAMES; number++) port.send(0, frameOf(macOf(1), macOf(0), 60, number));
    expect(port.run()).toBe(FRAMES);
    expect(port.receive(1).length).toBe(FRAMES);
  }
  return port;
}

function bytesAt(port: TestPort, place: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  port.map.readBytes(hpa(place), bytes);
  return bytes;
}

/** An EtherType that the card does not look into: such frames may come in flows. And one into which it looks. */
const kinds = [0x88b5, 0x86dd];

describe.each(kinds.flatMap((type) => [1500, 132, 128].map((length) => ({ type, length }))))(
  "a burst of frames of type $type and $length bytes in memory outside",
  ({ type, length }) => {
    it.each([
      [3, 4],
      [1, 8],
      [31, 12],
    ])(
      "that lands on its own sources, %d frames and %d bytes on: each goes where the address that goes out says",
      async (ahead, off) => {
        const port = await used();
        const place = (number: number): number => TX_BUFFERS + ((number + ahead) % RING_ENTRIES) * BUFFER + off;
        const frames = Array.from({ length: FRAMES }, (_, number) => frameOf(macOf(1), macOf(0), length, number, type));
        for (const [number, frame] of frames.entries()) {
          port.arm(1, number, place(number));
          port.send(0, frame);
        }
        expect(port.run()).toBe(FRAMES);
        const delivered = port.head("rx", 1);
        for (let number = 0; number < delivered; number++) {
          expect(bytesAt(port, place(number), ADDRESS_SIZE), `frame ${number}`).toEqual(macOf(1));
        }
        expect(bytesAt(port, place(0), length)).toEqual(frames[0]);
        let left = 0;
        for (let out = port.state.egress.shift(); out !== undefined; out = port.state.egress.shift()) {
          expect(out.slice(0, ADDRESS_SIZE)).not.toEqual(macOf(1));
          left++;
        }
        expect(delivered + left).toBe(FRAMES);
        expect(delivered).toBeGreaterThanOrEqual(ahead);
      },
    );

    it("that lands elsewhere arrives whole", async () => {
      const port = await used();
      const frames = Array.from({ length: FRAMES }, (_, number) => frameOf(macOf(1), macOf(0), length, number, type));
      // From the last buffer to the first.
      const place = (number: number): number => AREA + RX_BUFFERS + (FRAMES - number) * BUFFER + 4;
      for (const [number, frame] of frames.entries()) {
        port.arm(1, number, place(number));
        port.send(0, frame);
      }
      expect(port.run()).toBe(FRAMES);
      expect(frames.map((_, number) => bytesAt(port, place(number), length))).toEqual(frames);
    });
  },
);
