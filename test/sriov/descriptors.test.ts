import { describe, expect, it } from "vitest";
import { COUNT_DELIVERED } from "../../assembly/spec/abi/port.ts";
import { hpa } from "../../host/core/address.ts";
import { AREA, BUFFER, frameOf, macOf, RX_BUFFERS, TestPort, TX_BUFFERS } from "./ports.ts";

function be16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** One's complement sum of 16-bit words from `at` to the end, over a start value. */
function sum16(bytes: Uint8Array, at: number, end = bytes.length, start = 0): number {
  let total = start;
  for (let place = at; place < end; place += 2) {
    total += ((bytes[place] as number) << 8) | (place + 1 < end ? (bytes[place + 1] as number) : 0);
  }
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/** An Ethernet, IPv4 and TCP frame from pool 0 to pool 1 with `payload` bytes. */
function tcpFrame(payload: number): Uint8Array {
  const frame = frameOf(macOf(1), macOf(0), 54 + payload, 3, 0x0800);
  const ip = [0x45, 0, 0, 0, 0x12, 0xfe, 0x40, 0, 64, 6, 0, 0, 10, 1, 2, 3, 10, 4, 5, 6];
  const tcp = [0xc0, 0x01, 0x00, 0x50, 0xff, 0xff, 0xff, 0x00, 1, 2, 3, 4, 0x50, 0x99, 0x20, 0, 0, 0, 0, 0];
  frame.set(ip, 14);
  frame.set(tcp, 34);
  frame[16] = (40 + payload) >>> 8;
  frame[17] = (40 + payload) & 0xff;
  return frame;
}

describe.each([{ external: false }, { external: true }])("RAM outside the wasm: $external", ({ external }) => {
  it("I350 §7.2.2 one frame in five descriptors, two of them in one burst with others", async () => {
    const port = await TestPort.create({ external });
    const frames = [frameOf(macOf(1), macOf(0), 64, 1), frameOf(macOf(1), macOf(0), 1000, 2)];
    port.send(0, frames[0] as Uint8Array);
    port.send(0, frames[1] as Uint8Array, { pieces: [14, 1, 0, 600, 385] });
    port.send(0, frames[0] as Uint8Array);
    expect(port.run()).toBe(3);
    expect(port.receive(1).map(({ data }) => data)).toEqual([frames[0], frames[1], frames[0]]);
    expect(port.head("tx", 0)).toBe(7);
  });

  it("a frame without its end waits; it leaves when the tail brings the rest", async () => {
    const port = await TestPort.create({ external });
    const frame = frameOf(macOf(1), macOf(0), 128, 1);
    port.map.writeBytes(hpa(TX_BUFFERS), frame);
    port.post(0, [TX_BUFFERS, 0, 0x2230_0000 | 100, 128 << 14]);
    port.run();
    expect([port.receive(1).length, port.head("tx", 0)]).toEqual([0, 0]);
    port.post(0, [TX_BUFFERS + 100, 0, 0x2b30_0000 | 28, 0]);
    port.run();
    expect(port.receive(1).map(({ data }) => data)).toEqual([frame]);
  });

  it("buffers that cross a page on either side", async () => {
    const port = await TestPort.create({ external });
    const frame = frameOf(macOf(1), macOf(0), 1400, 6);
    port.map.writeBytes(hpa(TX_BUFFERS + 9 * 4096 - 700), frame);
    port.post(0, [TX_BUFFERS + 9 * 4096 - 700, 0, 0x2b30_0000 | 1400, 1400 << 14]);
    port.send(0, frame);
    port.arm(1, 1, AREA + RX_BUFFERS + 3 * 4096 - 11);
    port.run();
    const got = port.receive(1);
    expect(got[0]?.data).toEqual(frame);
    const second = new Uint8Array(1400);
    port.map.readBytes(hpa(AREA + RX_BUFFERS + 3 * 4096 - 11), second);
    expect(second).toEqual(frame);
  });

  it("I350 §7.2.2.1 legacy descriptor: length, RS, and a checksum from CSS into CSO", async () => {
    const port = await TestPort.create({ external });
    const frame = frameOf(macOf(1), macOf(0), 81, 5);
    port.map.writeBytes(hpa(TX_BUFFERS), frame);
    // EOP, IFCS, IC, RS; CSO 20, CSS 14.
    port.post(0, [TX_BUFFERS, 0, 0x0f00_0000 | (20 << 16) | 81, 14 << 8]);
    port.run();
    const expected = frame.slice();
    const sum = ~sum16(frame, 14) & 0xffff;
    expected.set([sum >>> 8, sum & 0xff], 20);
    expect(port.receive(1).map(({ data }) => data)).toEqual([expected]);
    expect(port.txStatus(0, 0) & 1).toBe(1);
  });

  it("TCTL.PSP: a short frame is filled with zeros to 60 bytes", async () => {
    const port = await TestPort.create({ external });
    const frame = frameOf(macOf(1), macOf(0), 33, 5);
    port.send(0, frame);
    port.run();
    const [got] = port.receive(1);
    expect(got?.length).toBe(60);
    expect(got?.data.subarray(0, 33)).toEqual(frame);
    expect(got?.data.subarray(33).every((byte) => byte === 0)).toBe(true);
  });

  it("I350 §7.2.5 IXSM and TXSM: the checksums of IPv4 and of TCP over the driver's pseudo header", async () => {
    const port = await TestPort.create({ external });
    const frame = tcpFrame(301);
    const pseudo = sum16(frame, 26, 34, 6 + 20 + 301);
    frame.set([pseudo >>> 8, pseudo & 0xff], 50);
    port.post(0, [(14 << 9) | 20, 0, 0x2020_0c00, 0]);
    port.send(0, frame, { options: 0x300 });
    port.run();
    const [got] = port.receive(1);
    const data = got?.data as Uint8Array;
    expect(sum16(data, 14, 34)).toBe(0xffff);
    expect(sum16(data, 34, data.length, pseudo)).toBe(0xffff);
    expect(data.subarray(54)).toEqual(frame.subarray(54));
  });

  it("I350 §7.2.4 TSE: segments of MSS bytes with lengths, IDs, sequence numbers, flags and checksums of their own", async () => {
    const port = await TestPort.create({ external });
    const frame = tcpFrame(2500);
    port.post(0, [(14 << 9) | 20, 0, 0x2020_0c00, (1000 << 16) | (20 << 8)]);
    port.send(0, frame, { pieces: [54, 2000, 500], command: 0xab30_0000, options: 0x300 });
    port.run();
    const got = port.receive(1).map(({ data }) => data);
    expect(got.map(({ length }) => length)).toEqual([1054, 1054, 554]);
    expect(got.map((data) => be16(data, 16))).toEqual([1040, 1040, 540]);
    expect(got.map((data) => be16(data, 18))).toEqual([0x12fe, 0x12ff, 0x1300]);
    expect(got.map((data) => new DataView(data.buffer).getUint32(38))).toEqual([0xffff_ff00, 0x2e8, 0x6d0]);
    // CWR in the first, PSH and FIN in the last.
    expect(got.map((data) => data[47])).toEqual([0x90, 0x10, 0x19]);
    for (const data of got) {
      expect(sum16(data, 14, 34)).toBe(0xffff);
      const pseudo = sum16(data, 26, 34, 6 + data.length - 34);
      expect(sum16(data, 34, data.length, pseudo)).toBe(0xffff);
    }
    const payload = got.flatMap((data) => [...data.subarray(54)]);
    expect(Uint8Array.from(payload)).toEqual(frame.subarray(54));
    expect(port.state.get(COUNT_DELIVERED)).toBe(3);
  });

  it.each([
    { mss: 100, posted: 10, budget: 12, moved: 25 },
    { mss: 100, posted: 10, budget: 26, moved: 50 },
    { mss: 1000, posted: 10, budget: 7, moved: 9 },
    { mss: 1, posted: 3, budget: 1, moved: 2500 },
  ])(
    "I350 §7.2.4 TSE: segments are frames of the budget, and only the last frame's go beyond it: $moved of MSS $mss for a budget of $budget",
    async ({ mss, posted, budget, moved }) => {
      const port = await TestPort.create({ external });
      port.post(0, [(14 << 9) | 20, 0, 0x2020_0c00, (mss << 16) | (20 << 8)]);
      for (let count = 0; count < posted; count++) {
        port.send(0, tcpFrame(2500), { pieces: [54, 2000, 500], command: 0xab30_0000, options: 0x300 });
      }
      expect(port.run(budget)).toBe(moved);
      let rest = 0;
      for (let more = port.run(budget); more > 0; more = port.run(budget)) rest += more;
      expect(moved + rest).toBe(posted * Math.ceil(2500 / mss));
    },
  );

  it("I350 §7.2.3 head write-back: the head goes to memory, the descriptors stay as they are", async () => {
    const port = await TestPort.create({ external });
    const row = port.state.queue("tx", 0);
    port.state.set(row + 32, (TX_BUFFERS + 63 * BUFFER) | 1);
    for (let n = 0; n < 5; n++) port.send(0, frameOf(macOf(1), macOf(0), 64, n));
    port.run();
    expect(port.map.read(hpa(TX_BUFFERS + 63 * BUFFER), 4)).toBe(5);
    expect(port.txStatus(0, 4) & 1).toBe(0);
  });

  it("I350 §7.2.3 head write-back into the interrupt range is an interrupt request, which the IOMMU judges", async () => {
    const port = await TestPort.create({ external });
    port.state.set(port.state.queue("tx", 0) + 32, 0xfee0_2000 | 1);
    port.send(0, frameOf(macOf(1), macOf(0), 64, 1));
    port.run();
    expect(port.messages).toEqual([{ requesterId: 0x0180, address: 0xfee0_2000, data: 1 }]);
  });
});
