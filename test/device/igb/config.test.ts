// The configuration spaces of the real cards, transcribed independently of the profiles' tables.
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import * as c82576 from "../../../host/device/igb/config-82576.ts";
import * as i350 from "../../../host/device/igb/config-i350.ts";
import { Machine } from "../../../host/machine/machine.ts";
import { capabilities } from "../../../host/pci/capability.ts";
import type { ConfigSpace } from "../../../host/pci/config-space.ts";
import { profileConfig } from "../../../host/pci/profile.ts";

const mac = Uint8Array.of(0x6c, 0xb3, 0x11, 0x25, 0xd9, 0xc8);
const list = (config: ConfigSpace): string =>
  capabilities(config)
    .map(
      ({ id, offset, version, extended }) =>
        `${offset.toString(16)}:${id.toString(16)}${extended ? `v${version}` : ""}`,
    )
    .join(" ");
const dwords = (config: ConfigSpace, ...offsets: number[]): string[] =>
  offsets.map((offset) => config.get(offset, 4).toString(16).padStart(8, "0"));

describe("I350 PF", () => {
  const ports = [0, 1, 2, 3].map((functionNumber) => profileConfig(i350.pfConfig({ functionNumber, ports: 4, mac })));
  const [port0, , port2, port3] = ports as [ConfigSpace, ConfigSpace, ConfigSpace, ConfigSpace];

  it("I350 §9.3 capability list: where the real card has them, in its order", () => {
    expect(list(port0)).toBe("40:1 50:5 70:11 a0:10 100:1v2 140:3v1 150:ev1 160:10v1 1a0:17v1 1c0:18v1 1d0:dv1");
  });

  it("I350 §9.4 header: IDs, class, revision, several functions, a pin for each port", () => {
    expect(dwords(port0, 0x00, 0x08, 0x2c)).toEqual(["15218086", "02000001", "00a18086"]);
    expect(ports.map((config) => config.get(0x0e, 1))).toEqual([0x80, 0x80, 0x80, 0x80]);
    expect(ports.map((config) => config.get(0x3d, 1))).toEqual([1, 2, 3, 4]);
    expect(profileConfig(i350.pfConfig({ functionNumber: 0, ports: 1, mac })).get(0x0e, 1)).toBe(0);
  });

  it("I350 §9.5 PM, MSI, MSI-X: version 3 with PME from D3cold, maskable 64-bit MSI, 10 vectors in BAR 3", () => {
    expect(dwords(port0, 0x40, 0x50, 0x70, 0x74, 0x78)).toEqual([
      "c8235001",
      "01807005",
      "0009a011",
      "00000003",
      "00002003",
    ]);
    expect(port0.get(0x44, 2)).toBe(0x2008);
  });

  it("I350 §9.5.6 PCIe: MPS 512, FLR, 5 GT/s x4, completion ranges ABCD, LTR", () => {
    expect(dwords(port0, 0xa0, 0xa4, 0xa8, 0xac, 0xb0, 0xc4, 0xd0)).toEqual([
      "00020010",
      "10008cc2",
      "00102810",
      "0042ec42",
      "10420000",
      "0000081f",
      "00000002",
    ]);
  });

  it("I350 §9.6.4 SR-IOV: 8 VFs, offset 384, stride 4, device 1520h, pages 553h, two 64-bit prefetchable BARs", () => {
    expect(dwords(port0, 0x164, 0x168, 0x16c, 0x174, 0x178, 0x17c, 0x180, 0x184, 0x190)).toEqual([
      "00000002",
      "00000000",
      "00080008",
      "00040180",
      "15200000",
      "00000553",
      "00000001",
      "0000000c",
      "0000000c",
    ]);
    expect(ports.map((config) => config.get(0x172, 1))).toEqual([0, 1, 2, 3]);
  });

  it("I350 §9.6 AER, DSN, ARI, TPH, LTR, ACS: severity, serial number, next function, steering tags", () => {
    expect(dwords(port0, 0x10c, 0x114, 0x118)).toEqual(["00062030", "00002000", "000000a0"]);
    expect(dwords(port2, 0x144, 0x148)).toEqual(["ff25d9c8", "6cb311ff"]);
    expect(ports.map((config) => config.get(0x155, 1))).toEqual([1, 2, 3, 0]);
    expect(dwords(port3, 0x1a4, 0x1c4, 0x1d4)).toEqual(["00070205", "00000000", "00000000"]);
  });

  it("I350 §9.4.11: 128 KiB of registers, 32 bytes of I/O, 16 KiB of MSI-X", () => {
    const { bars, romSize } = i350.pfConfig({ functionNumber: 1, ports: 4, mac });
    expect(bars.map(({ index, kind, size }) => [index, kind, size])).toEqual([
      [0, "memory32", 131072],
      [2, "io", 32],
      [3, "memory32", 16384],
    ]);
    expect(romSize).toBe(0);
  });
});

describe("I350 VF", () => {
  const vf = profileConfig(i350.vfConfig());

  it("I350 §9.7: no PM, no MSI; MSI-X with 3 vectors, PCIe, AER v1, ARI, TPH without tags, ACS", () => {
    expect(list(vf)).toBe("70:11 a0:10 100:1v1 150:ev1 1a0:17v1 1d0:dv1");
    expect(dwords(vf, 0x70, 0x74, 0x78, 0x1a4)).toEqual(["0002a011", "00000003", "00002003", "00000005"]);
  });

  it("PCIe 6.0 §9.3.4.1 a VF's header: IDs FFFFh, of COMMAND only Bus Master Enable", () => {
    expect(dwords(vf, 0x00, 0x08, 0x2c, 0x34)).toEqual(["ffffffff", "02000001", "00a18086", "00000070"]);
    expect(vf.writableMask(0x04, 2)).toBe(0x0004);
    expect(vf.writableMask(0x3c, 1)).toBe(0);
  });

  it("I350 §9.7.2.3 PCIe: the PF's capabilities, no link status, no control but FLR", () => {
    expect(dwords(vf, 0xa4, 0xa8, 0xac, 0xb0, 0xc4)).toEqual([
      "10008cc2",
      "00000000",
      "0042ec42",
      "00000000",
      "0000081f",
    ]);
    expect(vf.writableMask(0xa8, 2)).toBe(0x8000);
    expect(dwords(vf, 0x10c, 0x114)).toEqual(["00000000", "00000000"]);
  });
});

describe("82576", () => {
  it("82576 §9.7 VF: MSI-X, PCIe, AER, ARI and nothing else", () => {
    const vf = profileConfig(c82576.vfConfig());
    expect(list(vf)).toBe("70:11 a0:10 100:1v1 150:ev1");
    expect(dwords(vf, 0x00, 0x2c, 0x70, 0xac, 0xc4)).toEqual([
      "ffffffff",
      "a03c8086",
      "0002a011",
      "00036c41",
      "0000001f",
    ]);
  });

  it("82576 §9.6.4 SR-IOV: stride 2, device 10CAh, VF BARs 64-bit and not prefetchable", () => {
    const pf = profileConfig(c82576.pfConfig({ functionNumber: 1, ports: 2, mac }));
    expect(dwords(pf, 0x170, 0x174, 0x178, 0x184, 0x190)).toEqual([
      "00010000",
      "00020180",
      "10ca0000",
      "00000004",
      "00000004",
    ]);
    expect(list(pf)).toBe("40:1 50:5 70:11 a0:10 100:1v1 140:3v1 150:ev1 160:10v1");
  });
});

describe("PCIe §7.9.3 the card's serial number", () => {
  it.each([1, 2, 3, 4])("is the one that was given, in all %i ports", async (ports) => {
    const serial = Uint8Array.of(0x13, 0x57, 0x9b, 0xdf, 0x02, 0x46, 0x8a, 0xce);
    const machine = await Machine.create({ cards: [{ ports, serial }] });
    const found = machine.ports.map(({ pf }) => [pf.config.get(0x148, 4), pf.config.get(0x144, 4)]);
    expect(found).toEqual(Array.from({ length: ports }, () => [0x1357_9bdf, 0x0246_8ace]));
  });
});

describe("an embedder's mistake is named", () => {
  it.each([
    ["ports", () => i350.pfConfig({ functionNumber: 0, ports: 5, mac })],
    ["functionNumber", () => i350.pfConfig({ functionNumber: 2, ports: 2, mac })],
    ["ports", () => c82576.pfConfig({ functionNumber: 0, ports: 3, mac })],
    ["mac", () => c82576.pfConfig({ functionNumber: 0, ports: 2, mac: new Uint8Array(7) })],
  ])("%s", (parameter, build) => {
    expect(build).toThrow(ArgumentError);
    expect(build).toThrow(parameter);
  });
});
