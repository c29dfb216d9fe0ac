import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addCapability, capabilities, findCapability } from "../../host/pci/capability.ts";
import { ConfigSpace } from "../../host/pci/config-space.ts";

const rows = [
  { offset: 0x44, width: 4, reset: 0x1234_5678, rw: 0x00ff_0f00, w1c: 0x8000_00f0, sticky: 0x0000_0f00 },
] as const;

describe("ConfigSpace", () => {
  test("PCIe §2.2.5 byte enables: a byte write changes only its byte, reads assemble little-endian", () => {
    const config = new ConfigSpace(4096);
    config.define(rows);
    config.write(0x46, 1, 0xa5);
    expect(config.read(0x44, 4)).toBe(0x12a5_5678);
    expect(config.read(0x45, 2)).toBe(0xa556);
  });

  test("spaces with one version: it changes with the bytes of either and with what is noted, never back", () => {
    const [first, second, other] = [0, 1, 2].map(() => new ConfigSpace(256)) as [ConfigSpace, ConfigSpace, ConfigSpace];
    for (const config of [first, second, other]) config.define(rows);
    first.set(0x44, 4, 7);
    second.set(0x44, 2, 9);
    const seen = [first.version];
    second.shareVersion(first);
    seen.push(first.version);
    second.write(0x45, 1, 3);
    seen.push(first.version);
    first.reset("flr");
    seen.push(second.version);
    second.noteChange();
    seen.push(first.version);
    expect(second.version).toBe(first.version);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(seen.toSorted((one, two) => one - two));
    const before = other.version;
    first.set(0x44, 4, 1);
    expect(other.version).toBe(before);
  });

  test("PCIe §7.4 attributes: RO bits stay, RW1C bits clear by ones, others follow the write", () => {
    const config = new ConfigSpace(256);
    config.define(rows);
    config.set(0x44, 4, 0x9234_56f8);
    config.write(0x44, 4, 0x8011_fa50);
    expect(config.read(0x44, 4)).toBe(0x1211_5aa8);
  });

  test("PCIe §6.6 sticky bits survive a hot reset, not a cold one", () => {
    const config = new ConfigSpace(256);
    config.define(rows);
    config.write(0x44, 4, 0x00ee_0b00);
    config.reset("hot");
    expect(config.read(0x44, 4)).toBe(0x1234_5b78);
    config.reset("cold");
    expect(config.read(0x44, 4)).toBe(0x1234_5678);
  });

  test("observers see the value before, once per write that reaches their bytes", () => {
    const config = new ConfigSpace(256);
    config.define(rows);
    const seen: number[] = [];
    config.onWrite(0x46, 2, (previous) => seen.push(previous));
    config.write(0x44, 2, 0);
    config.write(0x45, 4, 0xff00);
    config.write(0x47, 1, 0);
    expect(seen).toEqual([0x1234, 0x12ff]);
  });

  test("accesses at any offset and width: bytes beyond the space are all-ones, writes there vanish", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -8, max: 5000 }),
        fc.constantFrom(1 as const, 2 as const, 4 as const),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (offset, width, value) => {
          const config = new ConfigSpace(256);
          config.write(offset, width, value);
          const read = config.read(offset, width);
          let expected = 0;
          for (let i = width - 1; i >= 0; i--)
            expected = expected * 256 + (offset + i >= 0 && offset + i < 256 ? 0 : 255);
          expect(read).toBe(expected);
        },
      ),
    );
  });

  test("save and restore give the same bytes", () => {
    const config = new ConfigSpace(256);
    config.define(rows);
    config.write(0x44, 4, 0x0042_0300);
    const state = config.save();
    config.write(0x44, 4, 0);
    config.restore(state);
    expect(config.read(0x44, 4)).toBe(0x1242_5378);
  });
});

describe("capability lists", () => {
  test("PCIe §7.5.1.1.11 the list follows the order of the calls", () => {
    const config = new ConfigSpace(4096);
    addCapability(config, 0x70, { id: 0x11, extended: false, length: 12, rows: [] });
    addCapability(config, 0x50, { id: 0x05, extended: false, length: 24, rows: [] });
    addCapability(config, 0x100, { id: 0x0001, version: 2, extended: true, length: 0x2c, rows: [] });
    addCapability(config, 0x140, { id: 0x0003, extended: true, length: 12, rows: [] });
    expect(config.read(0x06, 2) & 0x10).toBe(0x10);
    expect(config.read(0x34, 1)).toBe(0x70);
    expect(config.read(0x70, 2)).toBe(0x5011);
    expect(config.read(0x100, 4)).toBe(0x1402_0001);
    expect(capabilities(config).map((found) => [found.id, found.version, found.offset])).toEqual([
      [0x11, 0, 0x70],
      [0x05, 0, 0x50],
      [0x01, 2, 0x100],
      [0x03, 1, 0x140],
    ]);
  });

  test("overlapping, unaligned or misplaced capabilities are refused and leave nothing", () => {
    const config = new ConfigSpace(4096);
    const capability = { id: 5, extended: false, length: 24, rows: [] };
    addCapability(config, 0x50, capability);
    expect(() => addCapability(config, 0x60, capability)).toThrow(/0x60/);
    expect(() => addCapability(config, 0x3c, capability)).toThrow(/0x3c/);
    expect(() => addCapability(config, 0x72, capability)).toThrow(/0x72/);
    expect(() => addCapability(config, 0x140, { ...capability, extended: true })).toThrow(/0x100/);
    expect(capabilities(config)).toHaveLength(1);
  });

  test("a list tied into a knot ends", () => {
    const config = new ConfigSpace(256);
    config.set(0x06, 2, 0x10);
    config.set(0x34, 1, 0x40);
    config.set(0x40, 2, 0x4409);
    config.set(0x44, 2, 0x4005);
    expect(findCapability(config, 0x10)).toBeUndefined();
    expect(findCapability(config, 0x05)).toBe(0x44);
  });
});
