import { describe, expect, it } from "vitest";
import { type Hpa, hi32, hpa, lo32 } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { ArgumentError } from "../../host/core/errors.ts";
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

  it("tells who keeps a buffer of every write to it: of processors, of DMA, of exchanges", async () => {
    const { map } = await build();
    const buffer = new ArrayBuffer(4 * KIB);
    const told: [number, number][] = [];
    const written = (offset: number, length: number): number => told.push([offset, length]);
    const region = map.addExternalRam({ base: hpa(0x10_0000), size: 4 * KIB, buffer, written });
    map.write(hpa(0x10_0004), 2, 0xbeef);
    map.writeBytes(hpa(0x10_0101), Uint8Array.of(7, 9, 11));
    expect(map.module.hostExchange(region.index, 0x200, 0, 5)).toBe(0);
    expect(map.module.hostExchange(region.index, 0x200, 0, 6)).toBe(5);
    map.read(hpa(0x10_0004), 4);
    expect(told).toEqual([
      [4, 2],
      [0x101, 3],
      [0x200, 4],
    ]);
    expect(() => map.addExternalRam({ base: hpa(0x20_0000), size: 4096, buffer, written: 1 as never })).toThrow(
      "written 1 is not a function",
    );
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

  it.each<[string, unknown]>([
    ["addRam", undefined],
    ["addRam", { base: 0x4000, size: 0x1000, kind: "rom" }],
    ["addRam", { base: "0x4000", size: 0x1000 }],
    ["addExternalRam", { base: 0x4000, size: 0x1000, buffer: null }],
    ["addExternalRam", { base: 0x4000, size: 0x1000, buffer: new Uint8Array(0x1000) }],
    ["addExternalRam", { base: 0x4000, size: 0x1000 }],
    ["addExternalRam", { base: 0x4000, size: 0x1000, read: () => undefined, write: 5 }],
    ["addMmio", { base: 0x4000, size: 0x1000, handler: null }],
    ["addMmio", { base: 0x4000, size: 0x1000, handler: { read: () => 0 } }],
  ])("%s refuses %j with a typed error", async (method, options) => {
    const { map, find } = await build();
    expect(() => map[method as "addRam"](options as never)).toThrow(ArgumentError);
    expect([find(hpa(0x4000)), map.regions().length]).toEqual([0, 0]);
  });

  it("answers nothing where a region was removed, and may give its number to another one", async () => {
    const { map, find } = await build();
    const first = map.addRam({ base: hpa(0x4000), size: 0x1000 });
    const second = map.addRam({ base: hpa(0x8000), size: 0x1000 });
    map.remove(first);
    expect(find(hpa(0x4000))).toBe(0);
    expect(map.read(hpa(0x4000), 1)).toBe(0xff);
    expect(() => map.remove(first)).toThrow(/is not in this map/);
    const third = map.addExternalRam({ base: hpa(0x6000), size: 0x1000, buffer: new ArrayBuffer(0x1000) });
    expect(third.index).toBe(first.index);
    expect(find(hpa(0x6000))).toBe(third.index);
    expect(find(hpa(0x8000))).toBe(second.index);
    expect(() => map.remove(first)).toThrow(/is not in this map/);
  });

  it("numbers regions without end: 5000 come and go, and 2047 at a time fit", async () => {
    const { map } = await build();
    const handler = { read: () => 0, write: () => undefined };
    for (let turn = 0; turn < 5000; turn++) map.remove(map.addMmio({ base: hpa(0x1000), size: 0x1000, handler }));
    for (let page = 1; page <= 2047; page++) map.addMmio({ base: hpa(page * 0x1000), size: 0x1000, handler });
    expect(() => map.addMmio({ base: hpa(0x1_0000_0000), size: 0x1000, handler })).toThrow(/region 2048: too many/);
  });

  it("gives RAM back: 128 MiB come and go a hundred times in the memory of one, zeroed each time", async () => {
    const { engine, map } = await build();
    let grown = 0;
    for (let turn = 0; turn < 100; turn++) {
      const region = map.addRam({ base: hpa(16 * MIB), size: 128 * MIB });
      const last = hpa(144 * MIB - 4);
      expect(map.read(last, 4)).toBe(0);
      map.write(last, 4, 0xdead_0000 + turn);
      map.remove(region);
      grown ||= engine.memory.buffer.byteLength;
    }
    expect(engine.memory.buffer.byteLength).toBe(grown);
  });

  it("does not give back RAM that is its caller's", async () => {
    const { engine, map } = await build();
    const pointer = engine.allocate(8 * KIB, 4096);
    map.remove(map.addRam({ base: hpa(0x4000), size: 8 * KIB, pointer }));
    expect(engine.allocate(8 * KIB, 4096)).not.toBe(pointer);
    engine.release(pointer, 8 * KIB);
    expect(engine.allocate(8 * KIB, 4096)).toBe(pointer);
  });

  it.each([-4096, 0, 4096, 100, 2 ** 33, Number.NaN, 0.5])(
    "refuses RAM at pointer %s of a memory that is the engine's own",
    async (pointer) => {
      const { map, find } = await build();
      expect(() => map.addRam({ base: hpa(0x4000), size: 0x1000, pointer })).toThrow(
        expect.objectContaining({ name: "ArgumentError", parameter: "pointer", value: pointer }),
      );
      expect(find(hpa(0x4000))).toBe(0);
    },
  );

  it("takes RAM where another emulator keeps it, and nowhere in the arena behind it", async () => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4096 });
    const engine = await Engine.create({ memory });
    const map = new AddressMap(engine, () => {});
    new Uint8Array(memory.buffer)[0x3_0005] = 0x5a;
    map.addRam({ base: hpa(0x4000), size: 0x1000, pointer: 0x3_0000 });
    expect(map.read(hpa(0x4005), 1)).toBe(0x5a);
    expect(() => map.addRam({ base: hpa(0x8000), size: 0x2000, pointer: 0x3_f000 })).toThrow(/pointer 0x3f000/);
  });

  it("keeps the first failure of what devices reach, refuses that access, and lets nothing throw into the module", async () => {
    const engine = await Engine.create();
    const map = new AddressMap(engine, () => {
      throw new Error("nobody takes messages");
    });
    const fail = (): never => {
      throw new Error("no such bus");
    };
    const { index } = map.addMmio({ base: hpa(0x8000), size: 4 * KIB, handler: { read: fail, write: fail } });
    expect(map.module.hostWrite(index, 0, new Uint8Array(4))).toBe(false);
    expect(map.module.hostRead(index, 0, new Uint8Array(4))).toBe(false);
    map.module.hostMessage(0x100, 0xfee0_0000, 0, 0x41);
    expect(map.takeFailure()).toMatchObject({ name: "RegionError", base: 0x8000, cause: { message: "no such bus" } });
    map.module.hostMessage(0x100, 0xfee0_0000, 0, 0x41);
    expect(map.takeFailure()).toMatchObject({ name: "RegionError", base: 0xfee0_0000 });
    expect(map.takeFailure()).toBeUndefined();
  });
});
