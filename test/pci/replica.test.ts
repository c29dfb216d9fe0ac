import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requesterId } from "../../host/core/address.ts";
import type { AccessWidth } from "../../host/core/ports.ts";
import * as c82576 from "../../host/device/igb/config-82576.ts";
import * as i350 from "../../host/device/igb/config-i350.ts";
import { barRows, romRows } from "../../host/pci/bar.ts";
import type { ConfigSpace } from "../../host/pci/config-space.ts";
import { type DumpedFunction, formatDump, parseDump } from "../../host/pci/dump.ts";
import { rootPortProfile, switchDownstreamProfile, switchUpstreamProfile } from "../../host/pci/port-profiles.ts";
import { type FunctionProfile, profileConfig } from "../../host/pci/profile.ts";
import { replicaConfig, virtualSlots } from "../../host/pci/replica.ts";

const mac = Uint8Array.of(0x00, 0x1b, 0x21, 0x2b, 0x46, 0xe0);

/** The configuration space of a profile, BARs and ROM at addresses as firmware gives them. */
function assigned(profile: FunctionProfile): ConfigSpace {
  const config = profileConfig(profile);
  for (const bar of profile.layout === "virtual" ? [] : profile.bars) {
    for (const row of barRows(bar, 0x10 + 4 * bar.index)) config.define([row]);
    config.write(0x10 + 4 * bar.index, 4, bar.kind === "io" ? 0x1020 : 0xe000_0000 + bar.index * 0x80_0000);
  }
  if (profile.romSize !== 0) config.define(romRows(profile.romSize, 0x30));
  return config;
}

function dumped(config: ConfigSpace, profile: FunctionProfile): DumpedFunction {
  const barSizes = new Map(profile.bars.map(({ index, size }) => [index, size]));
  const rom = profile.romSize === 0 ? {} : { romSize: profile.romSize };
  return { segment: 0, requesterId: requesterId(4, 0, 0), description: "", bytes: config.bytes(), barSizes, ...rom };
}

const pf = { functionNumber: 0, ports: 2, mac };
const profiles: [string, FunctionProfile][] = [
  ["82576 PF", c82576.pfConfig(pf)],
  ["82576 VF", c82576.vfConfig()],
  ["I350 PF", i350.pfConfig(pf)],
  ["I350 VF", i350.vfConfig()],
  ["root port", rootPortProfile({ slot: 3 })],
  ["switch upstream port", switchUpstreamProfile()],
  ["switch downstream port", switchDownstreamProfile({ slot: 4 })],
];

describe.each(profiles)("the replica of a dumped %s", (_name, profile) => {
  it("has the original's bytes and lets software change the original's bits", () => {
    const original = assigned(profile);
    const replica = replicaConfig(dumped(original, profile), profile.layout === "virtual");
    expect(replica.bytes()).toEqual(original.bytes());
    const different: string[] = [];
    for (let at = 0; at < 4096; at++) {
      // A dump cannot say what VF BARs without an address are, and how large the others are.
      const vfBar = profile.layout === "type0" && at >= 0x184 && at < 0x19c;
      if (!vfBar && replica.writableMask(at, 1) !== original.writableMask(at, 1)) different.push(at.toString(16));
    }
    expect(different).toEqual([]);
  });

  it("answers random accesses as the original does", () => {
    const access = fc.tuple(
      fc.nat(0x180),
      fc.constantFrom<AccessWidth>(1, 2, 4),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    );
    fc.assert(
      fc.property(fc.array(access, { maxLength: 60 }), (accesses) => {
        const original = assigned(profile);
        const replica = replicaConfig(dumped(original, profile), profile.layout === "virtual");
        for (const [at, width, value] of accesses) {
          original.write(at, width, value);
          replica.write(at, width, value);
          expect(replica.read(at & ~3, 4)).toBe(original.read(at & ~3, 4));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("what a dump does not say", () => {
  it("a BAR without a size is as large as its address is aligned, and ends before the next one", () => {
    const original = assigned(c82576.pfConfig(pf));
    original.write(0x10, 4, 0xe000_0000);
    original.write(0x14, 4, 0xe040_0000);
    original.write(0x1c, 4, 0xe044_0000);
    const [read] = parseDump(formatDump([dumped(original, c82576.pfConfig(pf))]), "dump");
    const replica = replicaConfig(read!);
    expect(replica.writableMask(0x10, 4)).toBe(0xffc0_0000);
    expect(replica.writableMask(0x14, 4)).toBe(0xfffc_0000);
    expect(replica.writableMask(0x1c, 4)).toBe(0xfffc_0000);
    expect(replica.writableMask(0x18, 4)).toBe(0xffff_ffe0);
    expect(replica.writableMask(0x20, 4)).toBe(0);
  });

  it("bytes that were left out read 0; 64 bytes make a space of 256", () => {
    const original = assigned(i350.pfConfig(pf));
    const replica = replicaConfig({ ...dumped(original, i350.pfConfig(pf)), bytes: original.bytes().slice(0, 64) });
    expect(replica.size).toBe(256);
    expect(replica.read(0x00, 4)).toBe(0x1521_8086);
    expect(replica.read(0x40, 4)).toBe(0);
    expect(replica.read(0x100, 4)).toBe(0xffff_ffff);
  });

  it("functions at the slots that an enabled PF names are VFs, across buses", () => {
    const original = assigned(i350.pfConfig(pf));
    original.write(0x170, 2, 3);
    original.write(0x168, 2, 0x0009);
    expect([...virtualSlots([dumped(original, i350.pfConfig(pf))])]).toEqual(["0/1408", "0/1412", "0/1416"]);
  });

  it("any bytes at all make a configuration space that ends every walk", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 512 }), fc.nat(255), (random, filler) => {
        const bytes = new Uint8Array(4096).fill(filler);
        for (let at = 0; at < 4096; at++) if (at % 5 !== 0) bytes[at] = random[at % random.length] as number;
        const config = replicaConfig({ ...dumped(assigned(i350.vfConfig()), i350.vfConfig()), bytes });
        expect(config.bytes()).toEqual(bytes);
        for (let at = 0; at < 4096; at += 4) config.write(at, 4, 0xffff_ffff);
      }),
      { numRuns: 200 },
    );
  });
});
