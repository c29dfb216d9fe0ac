import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RX_QUEUE_ALIAS_BASE } from "../../../assembly/spec/igb/receive.ts";
import { TX_QUEUE_ALIAS_BASE } from "../../../assembly/spec/igb/transmit.ts";
import { type Gpa, gpa } from "../../../host/core/address.ts";
import { ArgumentError } from "../../../host/core/errors.ts";
import { RxRing } from "../../../host/embed/in-process/rx-ring.ts";
import { TxRing } from "../../../host/embed/in-process/tx-ring.ts";
import { ringCard } from "./ring-card.ts";

const frame = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

describe("I350 §7.2 transmit ring", () => {
  const build = (count: number) => {
    const card = ringCard();
    const ring = new TxRing(card.guest, card.registers, TX_QUEUE_ALIAS_BASE, count);
    expect(ring.start()).toBe(true);
    const word = (slot: number, index: number) => card.ram.read32(gpa(ring.base + slot * 16 + index * 4));
    const done = (slot: number) => card.ram.write32(gpa(ring.base + slot * 16 + 12), 1);
    return { ...card, ring, word, done };
  };

  test("advanced data descriptor: address, DTALEN, DTYP 3, EOP, IFCS, RS, DEXT and PAYLEN, and the frame's bytes there", () => {
    const { ring, word, ram } = build(8);
    expect(ring.send([frame(0x4d, 0xa7)])).toBe(1);
    const address = word(0, 0);
    expect(word(0, 1)).toBe(0);
    expect(word(0, 2)).toBe(0x2b30_004d);
    expect(word(0, 3)).toBe(0x4d << 14);
    expect(ram.bytes.slice(address, address + 0x4d)).toEqual(frame(0x4d, 0xa7));
  });

  test("a batch is one tail write, and one descriptor stays empty", () => {
    const { ring, txTails } = build(8);
    const frames = Array.from({ length: 10 }, (_, index) => frame(60, index));
    expect(ring.send(frames)).toBe(7);
    expect(txTails()).toEqual([0, 7]);
    expect(ring.send(frames)).toBe(0);
    expect(txTails()).toEqual([0, 7]);
  });

  test("a VLAN tag to insert: a context descriptor once, then VLE in the data descriptors", () => {
    const { ring, word } = build(16);
    ring.send([frame(60, 1), frame(60, 2)], 0, 2, 0x6123);
    expect(word(0, 0) >>> 16).toBe(0x6123);
    expect(word(0, 2)).toBe(0x2020_0000);
    expect(word(1, 2)).toBe(0x6b30_003c);
    ring.send([frame(60, 3)], 0, 1, 0x6123);
    expect(word(3, 2)).toBe(0x6b30_003c);
    ring.send([frame(60, 3)], 0, 1, 0x0456);
    expect(word(4, 2)).toBe(0x2020_0000);
    expect(word(4, 0) >>> 16).toBe(0x0456);
  });

  test("a frame longer than a buffer: EOP and RS in the last descriptor only, PAYLEN in each", () => {
    const { ring, word } = build(8);
    expect(ring.send([frame(5000, 9)])).toBe(1);
    expect([0, 1, 2].map((slot) => word(slot, 2))).toEqual([0x2230_0800, 0x2230_0800, 0x2b30_0388]);
    expect([0, 1, 2].map((slot) => word(slot, 3) >>> 14)).toEqual([5000, 5000, 5000]);
  });

  test("frames are reclaimed in order and only up to the first that the card has not written back", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 60 }), (bursts) => {
        const { ring, done } = build(16);
        let sent = 0;
        let taken = 0;
        let slot = 0;
        for (const burst of bursts) {
          const want = Math.min(burst, 15 - (sent - taken));
          expect(ring.send(Array.from({ length: burst }, () => frame(60, sent)))).toBe(want);
          sent += want;
          const finish = Math.min(burst >> 1, sent - taken);
          for (let index = 0; index < finish; index++) done((slot + index) % 16);
          slot = (slot + finish) % 16;
          ring.reclaim();
          taken += finish;
          expect(ring.completed).toBe(taken);
          expect(ring.free).toBe(15 - (sent - taken));
        }
      }),
    );
  });

  test.each([0, 7, 12, 4104])("a ring of %i descriptors is refused", (count) => {
    expect(() => build(count)).toThrow(ArgumentError);
  });
});

describe("I350 §7.1 receive ring", () => {
  const build = (swappedLoopbackVlan = false) => {
    const card = ringCard();
    const ring = new RxRing(card.guest, card.registers, RX_QUEUE_ALIAS_BASE, { descriptors: 8, swappedLoopbackVlan });
    expect(ring.start()).toBe(true);
    const buffer = (slot: number): Gpa => gpa(card.ram.read32(gpa(ring.base + slot * 16)));
    const buffers = Array.from({ length: 8 }, (_, slot) => buffer(slot));
    const arrive = (slot: number, bytes: Uint8Array, status: number, vlan = 0): void => {
      card.ram.writeBytes(buffers[slot] as Gpa, bytes);
      card.ram.write32(gpa(ring.base + slot * 16 + 8), status);
      card.ram.write32(gpa(ring.base + slot * 16 + 12), (vlan << 16) | bytes.length);
    };
    const seen: { bytes: number[]; vlan: number }[] = [];
    const poll = (budget?: number) => ring.poll((bytes, vlan) => seen.push({ bytes: [...bytes], vlan }), budget);
    return { ...card, ring, arrive, poll, seen };
  };

  test("the card gets all buffers but one, each of 2 KiB, and drops what it has no room for", () => {
    const { rxTails, writes } = build();
    expect(rxTails()).toEqual([0, 7]);
    expect(writes.find((one) => one.offset === RX_QUEUE_ALIAS_BASE + 0xc)?.value).toBe(0x8200_0402);
  });

  test("DD frames are taken in order, their buffers given back with one tail write, across the ring's end", () => {
    const { arrive, poll, seen, rxTails } = build();
    for (let round = 0; round < 5; round++) {
      for (let index = 0; index < 5; index++) arrive((round * 5 + index) % 8, frame(60 + index, round), 3);
      expect(poll()).toBe(5);
      expect(rxTails().at(-1)).toBe(((round + 1) * 5 + 7) % 8);
    }
    expect(seen.map((one) => one.bytes.length)).toEqual(Array.from({ length: 25 }, (_, index) => 60 + (index % 5)));
    expect(seen.map((one) => one.bytes[59])).toEqual(Array.from({ length: 25 }, (_, index) => Math.floor(index / 5)));
    expect(poll()).toBe(0);
  });

  test("a frame over several buffers is one frame, even when its parts arrive one by one", () => {
    const { arrive, poll, seen, ring } = build();
    arrive(0, frame(2048, 1), 1);
    poll();
    expect(seen).toEqual([]);
    arrive(1, frame(100, 2), 3);
    arrive(2, frame(61, 3), 3);
    poll();
    expect(seen.map((one) => [one.bytes.length, one.bytes[2047], one.bytes.at(-1)])).toEqual([
      [2148, 1, 2],
      [61, undefined, 3],
    ]);
    expect([ring.frames, ring.bytes]).toEqual([2, 2209]);
  });

  test("I350: the stripped tag of a looped-back frame has its bytes swapped, that of an outside frame has not", () => {
    const { arrive, poll, seen } = build(true);
    arrive(0, frame(60, 1), 0x0004_000b, 0x2361);
    arrive(1, frame(60, 1), 0x0000_000b, 0x6123);
    arrive(2, frame(60, 1), 0x0000_0003, 0x6123);
    poll();
    expect(seen.map((one) => one.vlan)).toEqual([0x6123, 0x6123, -1]);
  });

  test("a budget is kept", () => {
    const { arrive, poll, seen } = build();
    for (let slot = 0; slot < 6; slot++) arrive(slot, frame(60, slot), 3);
    expect(poll(4)).toBe(4);
    expect(poll(4)).toBe(2);
    expect(seen.map((one) => one.bytes[0])).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
