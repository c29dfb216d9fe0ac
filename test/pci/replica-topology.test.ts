import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RequesterId, requesterId } from "../../host/core/address.ts";
import { FormatError } from "../../host/core/errors.ts";
import * as i350 from "../../host/device/igb/config-i350.ts";
import type { ConfigSpace } from "../../host/pci/config-space.ts";
import { type DumpedFunction, parseDump } from "../../host/pci/dump.ts";
import { rootPortProfile } from "../../host/pci/port-profiles.ts";
import { type FunctionProfile, profileConfig } from "../../host/pci/profile.ts";
import { ReplicaTopology } from "../../host/pci/replica-topology.ts";
import { needDumps } from "../pciutils.ts";

const at = requesterId;
const quiet = { message: () => {} };

function dumped(
  id: RequesterId,
  profile: FunctionProfile,
  setUp: (config: ConfigSpace) => void = () => {},
  segment = 0,
): DumpedFunction {
  const config = profileConfig(profile);
  setUp(config);
  return { segment, requesterId: id, description: "", bytes: config.bytes(), barSizes: new Map() };
}

/** A server: root bus 0 with a port to buses 1–3, an I350 at 01:00.0 with VFs 02:10.0 and 02:10.4, and root bus ff. */
function server(): DumpedFunction[] {
  const pf = i350.pfConfig({ functionNumber: 0, ports: 1, mac: Uint8Array.of(2, 3, 5, 7, 11, 13) });
  return [
    dumped(at(0, 1, 0), rootPortProfile({ slot: 1 }), (config) => {
      config.write(0x04, 2, 0x0006);
      config.write(0x18, 4, 0x0003_0100);
    }),
    dumped(at(1, 0, 0), pf, (config) => {
      config.write(0x04, 2, 0x0006);
      config.write(0x170, 2, 2);
      config.write(0x168, 2, 0x0009);
    }),
    dumped(at(2, 16, 0), i350.vfConfig(), (config) => config.write(0x04, 2, 4)),
    dumped(at(2, 16, 4), i350.vfConfig()),
    dumped(at(255, 3, 1), pf),
    dumped(at(1, 0, 0), pf, () => {}, 5),
  ];
}

const topology = (): ReplicaTopology => new ReplicaTopology(server(), quiet, "server");

describe("a dumped server as a topology", () => {
  it("every function of pciutils' dumps answers where it was, with its bytes", (context) => {
    const different: string[] = [];
    for (const [name, text] of needDumps(context)) {
      const replica = new ReplicaTopology(parseDump(text, name), quiet, name);
      for (const { dumped: original, fn } of replica.functions) {
        const { segment, bytes } = original;
        const read = new Uint8Array(bytes.length);
        const view = new DataView(read.buffer);
        for (let offset = 0; offset < bytes.length; offset += 4) {
          view.setUint32(offset, replica.configRead(segment, original.requesterId, offset, 4), true);
        }
        if (Buffer.compare(read, bytes) !== 0) different.push(`${name} ${fn.name}`);
      }
    }
    expect(different).toEqual([]);
  });

  it("has a root complex for each root bus of each segment", () => {
    const complexes = topology().complexes.map(({ segment, rootBus }) => [segment, rootBus]);
    expect(complexes).toEqual([
      [0, 0],
      [0, 255],
      [5, 1],
    ]);
  });

  it("keeps the order of the dump and knows VFs from functions", () => {
    const { functions } = topology();
    expect(functions.map(({ fn }) => fn.requesterId)).toEqual([0x0008, 0x0100, 0x0280, 0x0284, 0xff19, 0x0100]);
    expect(functions.map(({ fn }) => fn.virtual)).toEqual([false, false, true, true, false, false]);
  });

  it("PCIe 6.0 §7.3.3: other bus numbers in a bridge move what is below it", () => {
    const replica = topology();
    expect(replica.configRead(0, at(1, 0, 0), 0, 4)).toBe(0x1521_8086);
    replica.configWrite(0, at(0, 1, 0), 0x18, 4, 0x0009_0700);
    expect(replica.configRead(0, at(1, 0, 0), 0, 4)).toBe(0xffff_ffff);
    expect(replica.configRead(0, at(7, 0, 0), 0, 4)).toBe(0x1521_8086);
    expect(replica.configRead(5, at(1, 0, 0), 0, 4)).toBe(0x1521_8086);
  });

  it("PCIe 6.0 §9.3.3.3.1: clearing VF Enable takes the VFs away, setting it brings as many as NumVFs", () => {
    const replica = topology();
    const vf = at(2, 16, 4);
    expect(replica.configRead(0, vf, 8, 4)).toBe(0x0200_0001);
    replica.configWrite(0, at(1, 0, 0), 0x168, 2, 0);
    expect(replica.configRead(0, vf, 8, 4)).toBe(0xffff_ffff);
    replica.configWrite(0, at(1, 0, 0), 0x170, 2, 3);
    replica.configWrite(0, at(1, 0, 0), 0x168, 2, 1);
    expect(replica.configRead(0, at(2, 17, 0), 8, 4)).toBe(0x0200_0001);
    expect(replica.configRead(0, at(2, 17, 4), 8, 4)).toBe(0xffff_ffff);
  });

  it("PCIe 6.0 §6.6.2: FLR clears what software wrote and leaves the rest", () => {
    const replica = topology();
    replica.configWrite(0, at(1, 0, 0), 0xa8, 2, 0x8000);
    expect(replica.configRead(0, at(1, 0, 0), 0x04, 2)).toBe(0);
    expect(replica.configRead(0, at(1, 0, 0), 0x168, 2)).toBe(0);
    expect(replica.configRead(0, at(1, 0, 0), 0xac, 4)).toBe(0x0042_ec42);
    expect(replica.configRead(0, at(2, 16, 0), 8, 4)).toBe(0xffff_ffff);
  });

  it("any bytes make a topology that answers all accesses, or a FormatError that names the function", () => {
    const byte = fc.tuple(fc.nat(0x1ff), fc.nat(255));
    const access = fc.record({ bus: fc.nat(4), number: fc.nat(255), offset: fc.nat(4095), value: fc.nat(2 ** 32 - 1) });
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 40 }), fc.array(access, { maxLength: 20 }), (changes, accesses) => {
        const dump = server();
        for (const [index, [offset, value]] of changes.entries()) dump[index % dump.length]!.bytes[offset] = value;
        let replica: ReplicaTopology;
        try {
          replica = new ReplicaTopology(dump, quiet, "server");
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          expect(String(error)).toMatch(/server: function (0005:)?[0-9a-f:.]+ has a capability that does not fit/);
          return;
        }
        for (const { bus, number, offset, value } of accesses) {
          replica.configWrite(0, ((bus << 8) | number) as RequesterId, offset, 4, value);
          expect(replica.configRead(0, ((bus << 8) | number) as RequesterId, offset, 2)).toBeLessThan(0x1_0000);
        }
      }),
      { numRuns: 150 },
    );
  });
});
