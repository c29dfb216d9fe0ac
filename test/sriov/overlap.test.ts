import { describe, expect, it } from "vitest";
import { hpa } from "../../host/core/address.ts";
import { AREA, BUFFER, frameOf, macOf, RING_ENTRIES, RX_BUFFERS, TestPort, TX_BUFFERS } from "./ports.ts";

const FRAMES = 32;
const HEADER_SIZE = 14;

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

// Of shorter frames each header is judged just before its frame moves.
describe.each([1500, 132])("a flow of frames of %d bytes in memory outside", (length) => {
  it.each([
    [3, 4],
    [1, 8],
    [31, 12],
  ])(
    "that lands on its own sources, %d frames and %d bytes on, goes out with the header that was judged",
    async (ahead, off) => {
      const port = await used();
      const place = (number: number): number => TX_BUFFERS + ((number + ahead) % RING_ENTRIES) * BUFFER + off;
      const frames = Array.from({ length: FRAMES }, (_, number) => frameOf(macOf(1), macOf(0), length, number));
      for (const [number, frame] of frames.entries()) {
        port.arm(1, number, place(number));
        port.send(0, frame);
      }
      expect(port.run()).toBe(FRAMES);
      const headers = frames.map((frame) => frame.slice(0, HEADER_SIZE));
      expect(frames.map((_, number) => bytesAt(port, place(number), HEADER_SIZE))).toEqual(headers);
      expect(bytesAt(port, place(0), length)).toEqual(frames[0]);
    },
  );

  it("that lands elsewhere arrives whole", async () => {
    const port = await used();
    const frames = Array.from({ length: FRAMES }, (_, number) => frameOf(macOf(1), macOf(0), length, number));
    // From the last buffer to the first.
    const place = (number: number): number => AREA + RX_BUFFERS + (FRAMES - number) * BUFFER + 4;
    for (const [number, frame] of frames.entries()) {
      port.arm(1, number, place(number));
      port.send(0, frame);
    }
    expect(port.run()).toBe(FRAMES);
    expect(frames.map((_, number) => bytesAt(port, place(number), length))).toEqual(frames);
  });
});
