import { describe, expect, it } from "vitest";
import { type Hpa, hi32, hpa, lo32 } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { AddressMap } from "../../host/machine/address-map.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

async function build(): Promise<{ engine: Engine; map: AddressMap; find(address: Hpa): number }> {
  const engine = await Engine.create();
  const map = new AddressMap(engine, () => {});
  return { engine, map, find: (address) => engine.wasm.mapFind(map.pointer, lo32(address), hi32(address)) };
}

describe("physical address map", () => {
  it("finds the region of an address on both sides of every boundary, above 4 GiB too", async () => {
    const { map, find } = await build();
    const low = map.addRam({ base: hpa(MIB), size: 64 * KIB });
    const high = map.addExternalRam({ base: hpa(5 * 2 ** 32), size: 8 * KIB, buffer: new ArrayBuffer(8 * KIB) });
    const registers = map.addMmio({
      base: hpa(0xfed9_0000),
      size: 4 * KIB,
      handler: { read: () => 0, write: () => undefined },
    });
    expect(find(hpa(MIB - 1))).toBe(0);
    expect(find(hpa(MIB))).toBe(low.index);
    expect(find(hpa(MIB + 64 * KIB - 1))).toBe(low.index);
    expect(find(hpa(MIB + 64 * KIB))).toBe(0);
    expect(find(hpa(5 * 2 ** 32 - 1))).toBe(0);
    expect(find(hpa(5 * 2 ** 32 + 8191))).toBe(high.index);
    expect(find(hpa(5 * 2 ** 32 + 8192))).toBe(0);
    expect(find(hpa(0xfed9_0ffc))).toBe(registers.index);
  });

  it("reads all-ones and loses writes where nothing answers, and across the end of a region", async () => {
    const { map } = await build();
    map.addRam({ base: hpa(0x3000), size: 0x1000 });
    map.write(hpa(0x9000), 4, 0x1234_5678);
    expect(map.read(hpa(0x9000), 4)).toBe(0xffff_ffff);
    expect(map.read(hpa(0x3ffe), 4)).toBe(0xffff_ffff);
    map.write(hpa(0x3ffc), 4, 0x8899_aabb);
    expect(map.read(hpa(0x3ffe), 2)).toBe(0x8899);
    const bytes = new Uint8Array(8);
    expect(map.readBytes(hpa(0x3ffc), bytes)).toBe(false);
    expect([...bytes]).toEqual([0xbb, 0xaa, 0x99, 0x88, 0xff, 0xff, 0xff, 0xff]);
  });

  it("keeps the bytes of the embedder's buffer and functions as the embedder sees them", async () => {
    const { map } = await build();
    const buffer = new ArrayBuffer(16 * KIB);
    map.addExternalRam({ base: hpa(0x10_0000), size: 8 * KIB, buffer, byteOffset: 4096 });
    map.write(hpa(0x10_0004), 2, 0xbeef);
    expect(new Uint8Array(buffer)[4096 + 4]).toBe(0xef);
    const kept = new Uint8Array(4 * KIB);
    map.addExternalRam({
      base: hpa(0x20_0000),
      size: 4 * KIB,
      read: (offset, target) => target.set(kept.subarray(offset, offset + target.length)),
      write: (offset, source) => kept.set(source, offset),
    });
    map.writeBytes(hpa(0x20_0102), Uint8Array.of(7, 9));
    expect(kept[0x103]).toBe(9);
    expect(map.read(hpa(0x20_0102), 2)).toBe(0x0907);
  });

  it("survives growth of the memory: RAM added later does not lose what was there", async () => {
    const { engine, map } = await build();
    map.addRam({ base: hpa(0x1000), size: 0x1000 });
    map.write(hpa(0x1230), 4, 0xcafe_f00d);
    const before = engine.memory.buffer.byteLength;
    map.addRam({ base: hpa(16 * MIB), size: 8 * MIB });
    expect(engine.memory.buffer.byteLength).toBeGreaterThan(before);
    expect(map.read(hpa(0x1230), 4)).toBe(0xcafe_f00d);
  });

  it("refuses what cannot be honoured, names the value, and changes nothing", async () => {
    const { map, find } = await build();
    map.addRam({ base: hpa(0x4000), size: 0x4000 });
    expect(() => map.addRam({ base: hpa(0x7000), size: 0x2000 })).toThrow(/base 0x7000 .*overlaps the ram region/);
    expect(() => map.addRam({ base: hpa(0x9001), size: 0x1000 })).toThrow(/base 0x9001 .*multiple of 4 KiB/);
    expect(() => map.addRam({ base: hpa(0x9000), size: 100 })).toThrow(/size 0x64/);
    expect(() => map.addRam({ base: hpa(0xfedf_f000), size: 0x2000 })).toThrow(/interrupt range at 0xfee00000/);
    const buffer = new ArrayBuffer(4096);
    expect(() => map.addExternalRam({ base: hpa(0x2_0000), size: 8192, buffer })).toThrow(/size 0x2000 .*4096 bytes/);
    expect(find(hpa(0x8000))).toBe(0);
    expect(map.regions()).toHaveLength(1);
  });

  it("answers nothing where a region was removed, and its number is not given again", async () => {
    const { map, find } = await build();
    const first = map.addRam({ base: hpa(0x4000), size: 0x1000 });
    map.remove(first);
    expect(find(hpa(0x4000))).toBe(0);
    expect(map.read(hpa(0x4000), 1)).toBe(0xff);
    expect(() => map.remove(first)).toThrow(/is not in this map/);
    expect(map.addRam({ base: hpa(0x4000), size: 0x1000 }).index).not.toBe(first.index);
  });
});
