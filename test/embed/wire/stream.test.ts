import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import { type ByteStream, NetStream } from "../../../host/embed/wire/net-stream.ts";
import { StreamEnd } from "../../../host/embed/wire/stream-end.ts";
import { FunctionEnd } from "../../../host/machine/cable/function-end.ts";
import { Machine } from "../../../host/machine/machine.ts";

describe("frames on a stream", () => {
  /** A stream that gives `bytes` in pieces, and keeps what is written. */
  function stream(bytes: Uint8Array, cuts: readonly number[]) {
    const written: number[] = [];
    const pieces = [...cuts, bytes.length].sort((one, two) => one - two);
    let done = 0;
    const net = new NetStream({
      read: () => {
        const end = Math.min(pieces.shift() ?? bytes.length, bytes.length);
        const piece = bytes.slice(done, Math.max(done, end));
        done = Math.max(done, end);
        return piece;
      },
      write: (sent) => written.push(...sent) > 0,
    });
    return { net, written };
  }

  test("come whole and in order however the bytes are cut", () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.array(fc.nat(1200), { maxLength: 12 }), (sent, cuts) => {
        const bytes = sent.flatMap((frame) => [0, 0, 0, frame.length, ...frame]);
        const { net } = stream(Uint8Array.from(bytes), cuts);
        const received: Uint8Array[] = [];
        for (let turn = 0; turn < sent.length + cuts.length + 2; turn++) {
          const frame = net.receive();
          if (frame !== undefined) received.push(frame);
        }
        expect(received.map((frame) => [...frame])).toEqual(sent.map((frame) => [...frame]));
      }),
    );
  });

  test.each([0, 0x1_1001, 0xffff_ffff])("a length of %d ends the stream", (length) => {
    const bytes = new Uint8Array(200);
    new DataView(bytes.buffer).setUint32(0, length);
    const { net } = stream(bytes, []);
    expect([net.receive(), net.receive(), net.broken]).toEqual([undefined, undefined, true]);
  });

  test("leave with their length before them, the highest byte first", () => {
    const { net, written } = stream(new Uint8Array(), []);
    net.send(new Uint8Array(0x203).fill(7));
    expect(written.slice(0, 5)).toEqual([0, 0, 2, 3, 7]);
    expect(written).toHaveLength(0x207);
  });
});

describe("a stream at the end of a cable", () => {
  /** A stream in memory: what arrives is put into `incoming`. */
  class Pipe implements ByteStream {
    incoming: number[] = [];
    readonly outgoing: number[] = [];
    full = false;

    read(): Uint8Array {
      return Uint8Array.from(this.incoming.splice(0));
    }

    write(bytes: Uint8Array): boolean {
      if (!this.full) this.outgoing.push(...bytes);
      return !this.full;
    }
  }

  let machine: Machine;
  beforeEach(async () => {
    machine = await Machine.create({ ram: 2 ** 20 });
  });

  test("frames come padded to 60 bytes and go as they are; one longer than a wire carries is left out", () => {
    const pipe = new Pipe();
    const got: Uint8Array[] = [];
    const end = new StreamEnd("net0", pipe);
    const station = new FunctionEnd((frame) => got.push(frame));
    machine.cables.plug(end, station);
    const long = 9733;
    pipe.incoming.push(0, 0, 0, 5, ...[84, 69, 83, 84, 0], 0, 0, long >>> 8, long & 0xff, ...new Uint8Array(long));
    pipe.incoming.push(0, 0, 0, 61, ...new Uint8Array(61).fill(3));
    station.send(new Uint8Array(300).fill(9));
    machine.run(0);
    expect(got.map((frame) => [frame.length, frame[0], frame[4]])).toEqual([
      [60, 84, 0],
      [61, 3, 3],
    ]);
    expect(end.long).toBe(1);
    expect(pipe.outgoing).toEqual([0, 0, 1, 44, ...new Uint8Array(300).fill(9)]);
  });

  test("the link is up while somebody is at the other end, and goes down when the stream makes no sense", () => {
    const links: boolean[] = [];
    const end = new StreamEnd();
    const cable = machine.cables.plug(end, new FunctionEnd(() => undefined, { onLink: (up) => links.push(up) }));
    expect(cable.carrier).toBe(false);
    end.connect(new Pipe());
    expect(cable.carrier).toBe(true);
    end.disconnect();
    const broken = new Pipe();
    broken.incoming.push(0, 0, 0, 0);
    end.connect(broken);
    machine.run(0);
    expect(cable.carrier).toBe(false);
    expect(links).toEqual([true, false, true, false]);
  });

  test("what is no name and no stream is refused, and the link stays down", () => {
    const end = new StreamEnd();
    const cable = machine.cables.plug(end, new FunctionEnd(() => undefined));
    for (const call of [
      () => new StreamEnd(5 as never),
      () => new StreamEnd("net0", {} as never),
      () => end.connect(undefined as never),
      () => end.connect({ read: () => new Uint8Array() } as never),
    ]) {
      expect(call).toThrow(ArgumentError);
    }
    expect(cable.carrier).toBe(false);
  });

  test("what a full stream does not take waits, and goes on in order", () => {
    const pipe = new Pipe();
    const station = new FunctionEnd(() => undefined);
    const cable = machine.cables.plug(station, new StreamEnd("net0", pipe));
    pipe.full = true;
    for (const number of [1, 2, 3]) station.send(new Uint8Array(60).fill(number));
    machine.run(100);
    expect(cable.statistics[1]).toMatchObject({ received: 0, dropped: 0 });
    pipe.full = false;
    machine.run(0);
    expect([4, 68, 132].map((at) => pipe.outgoing[at])).toEqual([1, 2, 3]);
  });
});
