import { beforeEach, describe, expect, test } from "vitest";
import type { RequesterId } from "../../../host/core/address.ts";
import { ArgumentError } from "../../../host/core/errors.ts";
import type { AccessWidth } from "../../../host/core/ports.ts";
import { Guest } from "../../../host/embed/in-process/guest.ts";
import { Msix } from "../../../host/embed/in-process/msix.ts";
import { IgbPfDriver } from "../../../host/embed/in-process/pf-driver.ts";
import { type ConfigCycles, type FoundFunction, probe, probeFunction } from "../../../host/embed/in-process/probe.ts";
import { VirtualFunctions } from "../../../host/embed/in-process/sriov.ts";
import { IgbVfDriver } from "../../../host/embed/in-process/vf-driver.ts";
import { Bare } from "./bare.ts";
import { ringCard } from "./ring-card.ts";

const found = (functions: readonly FoundFunction[], deviceId: number): FoundFunction => {
  const one = functions.find((candidate) => candidate.deviceId === deviceId);
  if (one === undefined) throw new Error(`no ${deviceId.toString(16)}`);
  return one;
};

describe("probing a machine by config cycles", () => {
  let bare: Bare;
  let functions: FoundFunction[];

  beforeEach(async () => {
    bare = await Bare.create({ profile: "i350" });
    functions = bare.guest.probe();
  });

  test("a host bridge, a root port and the card behind it, and nothing else", () => {
    expect(functions.map((one) => [one.requesterId, one.classCode, one.bridge])).toEqual([
      [0x0000, 0x060000, false],
      [0x0008, 0x060400, true],
      [0x0100, 0x020000, false],
    ]);
  });

  test("I350: BARs and capabilities are where a real card has them", () => {
    const card = found(functions, 0x1521);
    expect(card.bars.map((bar) => [bar.index, bar.kind, bar.prefetchable, bar.size])).toEqual([
      [0, "memory32", false, 0x2_0000],
      [2, "io", false, 0x20],
      [3, "memory32", false, 0x4000],
    ]);
    expect(card.bars.every((bar) => bar.address > 0 && bar.address % bar.size === 0)).toBe(true);
    const list = (extended: boolean) =>
      card.capabilities.filter((one) => one.extended === extended).map((one) => [one.offset, one.id]);
    expect(list(false)).toEqual([
      [0x40, 0x01],
      [0x50, 0x05],
      [0x70, 0x11],
      [0xa0, 0x10],
    ]);
    expect(list(true)).toEqual([
      [0x100, 0x01],
      [0x140, 0x03],
      [0x150, 0x0e],
      [0x160, 0x10],
      [0x1a0, 0x17],
      [0x1c0, 0x18],
      [0x1d0, 0x0d],
    ]);
  });

  test("probing changes nothing: BARs, decoders and bus numbers are as before", () => {
    const dump = (): number[] =>
      functions.flatMap(({ requesterId }) =>
        Array.from({ length: 1024 }, (_, dword) => bare.root.configRead(requesterId, dword * 4, 4)),
      );
    const before = dump();
    expect(bare.guest.probe()).toEqual(functions);
    expect(dump()).toEqual(before);
  });

  test("what is not there, or is no such card, is an embedder's error by name", () => {
    const [bridge] = functions;
    if (bridge === undefined) throw new Error("no bridge");
    expect(probeFunction(bare.root, 0x0500 as RequesterId)).toBeUndefined();
    expect(() => new IgbPfDriver(bare.guest, bridge)).toThrow(ArgumentError);
    expect(() => new IgbVfDriver(bare.guest, bridge)).toThrow(ArgumentError);
    expect(() => new Msix(bare.guest.platform, bridge)).toThrow(ArgumentError);
    expect(() => new VirtualFunctions(bare.guest, bridge)).toThrow(ArgumentError);
    const card = found(functions, 0x1521);
    expect(() => new IgbPfDriver(bare.guest, card, { vfs: 9 })).toThrow(ArgumentError);
    for (const count of [0, 9, 1.5]) {
      expect(() => new VirtualFunctions(bare.guest, card).enable(count)).toThrow(ArgumentError);
    }
  });
});

describe("probing what no hardware would be", () => {
  const cycles = (read: (offset: number) => number): ConfigCycles => ({
    configRead: (id, offset, width: AccessWidth) => {
      if (id >>> 8 > 3) return 0xffff_ffff >>> (32 - 8 * width);
      let value = 0;
      for (let byte = width - 1; byte >= 0; byte--) value = value * 256 + (read(offset + byte) & 0xff);
      return value;
    },
    configWrite: () => {},
  });

  test("lists tied into knots end", () => {
    const knot = cycles((offset) => {
      if (offset === 0x06) return 0x10;
      if (offset === 0x34 || offset === 0x41) return 0x40;
      if (offset === 0x40) return 0x09;
      if (offset >= 0x100) return [0x0b, 0x00, 0x01, 0x10][offset & 3] as number;
      return offset < 4 ? 0x12 : 0;
    });
    const one = probeFunction(knot, 0 as RequesterId);
    expect(one?.capabilities.length).toBe(128);
  });

  test.each([0x00, 0x01, 0x5a, 0x81])("every byte of every function reads %i, and it ends", (byte) => {
    expect(probe(cycles(() => byte)).length).toBeGreaterThan(0);
  });

  test("bridges that lead back to where they are end", () => {
    const loop = cycles((offset) => ({ 0: 0x86, 1: 0x80, 14: 0x81, 25: 0, 26: 0xff })[offset] ?? 0);
    expect(probe(loop).every((one) => one.requesterId >>> 8 === 0)).toBe(true);
  });
});

describe("the guest's RAM and vectors", () => {
  test("what is handed out does not overlap, is aligned and lies in the RAM; then it is an error by name", () => {
    const { guest } = ringCard(0x2_0000);
    const pieces = [100, 4096, 1, 5000].map((bytes) => ({ at: guest.allocate(bytes, 256) as number, bytes }));
    for (const [index, piece] of pieces.entries()) {
      expect(piece.at % 256).toBe(0);
      const next = pieces[index + 1];
      if (next !== undefined) expect(next.at).toBeGreaterThanOrEqual(piece.at + piece.bytes);
    }
    expect(() => guest.allocate(0x1_0000)).toThrow(ArgumentError);
    expect(() => guest.allocate(0)).toThrow(ArgumentError);
    expect(guest.allocate(64)).toBeLessThan(0x2_0000);
  });

  test("a range outside the RAM is refused", () => {
    const { guest } = ringCard(0x2_0000);
    expect(() => new Guest(guest.platform, { ramEnd: 0x2_0001 })).toThrow(ArgumentError);
    expect(() => new Guest(guest.platform, { ramBase: 0x3_0000 })).toThrow(ArgumentError);
  });

  test("vectors are of the guest's own and end at 254", () => {
    const { guest } = ringCard();
    const vectors = Array.from({ length: 223 }, () => guest.allocateVector(() => {}));
    expect([vectors[0], vectors.at(-1), new Set(vectors).size]).toEqual([0x20, 0xfe, 223]);
    expect(() => guest.allocateVector(() => {})).toThrow(ArgumentError);
  });
});
