// Every capability builder: its registers tile its length, and no mask touches a reserved bit.
import { describe, expect, it } from "vitest";
import * as device from "../../../assembly/spec/pci/express.ts";
import * as tph from "../../../assembly/spec/pci/tph.ts";
import { ArgumentError } from "../../../host/core/errors.ts";
import { acsCapability } from "../../../host/pci/capabilities/acs.ts";
import {
  aerCapability,
  COMMON_CORRECTABLE,
  COMMON_UNCORRECTABLE,
  VIRTUAL_UNCORRECTABLE,
} from "../../../host/pci/capabilities/aer.ts";
import { ariCapability } from "../../../host/pci/capabilities/ari.ts";
import { atsCapability } from "../../../host/pci/capabilities/ats.ts";
import {
  deviceSerialNumberCapability,
  serialNumberOfMac,
} from "../../../host/pci/capabilities/device-serial-number.ts";
import { expressCapability } from "../../../host/pci/capabilities/express.ts";
import { ltrCapability } from "../../../host/pci/capabilities/ltr.ts";
import { msiCapability } from "../../../host/pci/capabilities/msi.ts";
import { msixCapability } from "../../../host/pci/capabilities/msix.ts";
import { pasidCapability } from "../../../host/pci/capabilities/pasid.ts";
import { powerManagementCapability } from "../../../host/pci/capabilities/power-management.ts";
import { priCapability } from "../../../host/pci/capabilities/pri.ts";
import { sriovCapability } from "../../../host/pci/capabilities/sriov.ts";
import { subsystemCapability } from "../../../host/pci/capabilities/subsystem.ts";
import { tphCapability } from "../../../host/pci/capabilities/tph.ts";
import { addCapability, type Capability, capabilities } from "../../../host/pci/capability.ts";
import { ConfigSpace } from "../../../host/pci/config-space.ts";

const aer = (root: boolean, prefixLog: boolean, virtual: boolean): Capability =>
  aerCapability({
    version: 2,
    uncorrectable: virtual ? VIRTUAL_UNCORRECTABLE : [...COMMON_UNCORRECTABLE, "UE_ECRC"],
    correctable: COMMON_CORRECTABLE,
    fields: { AERCTL_ECRC_CHECK_CAPABLE: 1 },
    root,
    prefixLog,
    virtual,
  });

const msixOptions = { vectors: 10, tableBar: 3, tableOffset: 0, pbaBar: 4, pbaOffset: 0x2000 };

/** Samples, and the bytes within them that no register covers because the specification reserves them. */
const samples: [string, Capability, number[]?][] = [
  ["power management", powerManagementCapability({ PMC_PME_SUPPORT: 0x19, PMCSR_DATA_SCALE: 1 })],
  ["MSI 32", msiCapability({})],
  ["MSI 64", msiCapability({ MSI_CONTROL_ADDRESS64: 1, MSI_CONTROL_MULTIPLE_CAPABLE: 5 })],
  ["MSI 32 masked", msiCapability({ MSI_CONTROL_PER_VECTOR_MASKING: 1, MSI_CONTROL_MULTIPLE_CAPABLE: 1 })],
  ["MSI 64 masked", msiCapability({ MSI_CONTROL_ADDRESS64: 1, MSI_CONTROL_PER_VECTOR_MASKING: 1 })],
  ["MSI extended data", msiCapability({ MSI_CONTROL_EXTENDED_DATA_CAPABLE: 1 })],
  ["MSI-X", msixCapability(msixOptions)],
  ["subsystem", subsystemCapability(0x10b5, 0x8747), [2, 3]],
  ["PCIe endpoint", expressCapability({ fields: { DEVCAP_FLR: 1, LNKCAP_MAX_SPEED: 2, LNKCAP_ASPM: 3 } })],
  ["PCIe VF", expressCapability({ fields: { DEVCAP_FLR: 1 }, virtual: true })],
  [
    "PCIe root port with slot",
    expressCapability({
      fields: {
        EXPRESS_CAP_PORT_TYPE: device.PORT_TYPE_ROOT_PORT,
        EXPRESS_CAP_SLOT_IMPLEMENTED: 1,
        SLTCAP_HOT_PLUG: 1,
        SLTCAP_ATTENTION_BUTTON: 1,
        SLTCAP_POWER_CONTROLLER: 1,
        LNKCAP_BANDWIDTH_NOTIFICATION: 1,
      },
    }),
  ],
  ["AER", aer(false, false, false)],
  ["AER of a VF", aer(false, false, true)],
  ["AER of a root port", aer(true, false, false)],
  ["AER with everything", aer(true, true, false)],
  ["DSN", deviceSerialNumberCapability({ upper: 0x0002_0304, lower: 0xf506_0708 })],
  ["ARI", ariCapability({ ARI_CAP_NEXT_FUNCTION: 3, ARI_CAP_ACS_GROUPS: 1 })],
  [
    "SR-IOV",
    sriovCapability({
      fields: { SRIOV_TOTAL_VFS_VALUE: 8, SRIOV_SUPPORTED_PAGES_SIZES: 0x553 },
      bars: [0, 2, 4].map((index) => ({ index, kind: "memory64", prefetchable: true, size: 0x4000 })),
      ariControl: true,
    }),
    [0x13, 0x18, 0x19],
  ],
  ["ACS", acsCapability({ ACS_CAP_SOURCE_VALIDATION: 1, ACS_CAP_ENHANCED: 1 })],
  ["ACS with a vector", acsCapability({ ACS_CAP_EGRESS_CONTROL: 1, ACS_CAP_EGRESS_VECTOR_SIZE: 37 })],
  ["ATS", atsCapability({ ATS_CAP_QUEUE_DEPTH: 16 })],
  ["PASID", pasidCapability({ PASID_CAP_MAX_WIDTH: 20, PASID_CAP_EXECUTE: 1 })],
  ["PRI", priCapability({ PRI_CAPACITY_VALUE: 512 })],
  ["LTR", ltrCapability()],
  ["TPH", tphCapability({ TPH_CAP_ST_LOCATION: tph.TPH_ST_IN_CAPABILITY, TPH_CAP_ST_TABLE_SIZE: 7 })],
  ["TPH without tags", tphCapability({ TPH_CAP_DEVICE_SPECIFIC_MODE: 1 })],
];

describe.each(samples)("%s", (_name, capability, reserved = []) => {
  it("has registers on every byte after its header, none twice", () => {
    const cover = new Uint8Array(capability.length);
    cover.fill(1, 0, capability.extended ? 4 : 2);
    for (const at of reserved) cover[at] = 1;
    for (const { offset, width } of capability.rows) {
      expect(offset + width, `register at ${offset}`).toBeLessThanOrEqual(capability.length);
      for (let i = 0; i < width; i++) cover[offset + i]! += 1;
    }
    expect([...cover]).toEqual(new Array(capability.length).fill(1));
  });

  it("lets software write or clear a bit, never both, within the register", () => {
    for (const { offset, width, reset = 0, rw = 0, w1c = 0, sticky = 0, linkOwned = 0 } of capability.rows) {
      expect(rw & w1c, `register at ${offset}`).toBe(0);
      for (const bits of [reset, rw, w1c, sticky, linkOwned]) {
        expect(bits, `register at ${offset}`).toBeLessThan(2 ** (8 * width));
        expect(bits).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it("can be placed in a configuration space and found again", () => {
    const config = new ConfigSpace();
    addCapability(config, capability.extended ? 0x100 : 0x40, capability);
    expect(capabilities(config).map(({ id, extended }) => ({ id, extended }))).toEqual([
      { id: capability.id, extended: capability.extended },
    ]);
  });
});

describe("masks follow the specification", () => {
  const rowAt = (capability: Capability, offset: number) => capability.rows.find((row) => row.offset === offset)!;

  it("PCIe 6.0 §7.5.2.2 PMCSR: PME_En and PME_Status survive resets only when D3cold can signal PME", () => {
    expect(rowAt(powerManagementCapability({ PMC_PME_SUPPORT: 0x18 }), 4)).toMatchObject({
      rw: 0x0103,
      w1c: 0x8000,
      sticky: 0x8100,
    });
    expect(rowAt(powerManagementCapability({ PMC_PME_SUPPORT: 0x08 }), 4)).toMatchObject({ rw: 0x0103, sticky: 0 });
    expect(rowAt(powerManagementCapability({}), 4)).toMatchObject({ rw: 3, w1c: 0, sticky: 0 });
  });

  it("PCIe 6.0 §7.7.1.7 Mask Bits: as many as vectors requested", () => {
    const capability = msiCapability({ MSI_CONTROL_PER_VECTOR_MASKING: 1, MSI_CONTROL_MULTIPLE_CAPABLE: 3 });
    expect(rowAt(capability, 0xc).rw).toBe(0xff);
    expect(rowAt(capability, 2)).toMatchObject({ reset: 0x0106, rw: 0x0071 });
  });

  it("PCIe 6.0 §7.7.2.2 MSI-X Message Control: table size less one, two writable bits", () => {
    expect(rowAt(msixCapability(msixOptions), 2)).toMatchObject({ reset: 9, rw: 0xc000 });
    expect(rowAt(msixCapability(msixOptions), 8).reset).toBe(0x2004);
  });

  it("PCIe 6.0 §7.5.3.4 Device Control: a control without its capability is read-only", () => {
    const plain = expressCapability({ fields: {} });
    expect(rowAt(plain, 8)).toMatchObject({ rw: 0x7cff, sticky: 0x0400, linkOwned: 0x00e0 });
    const rich = expressCapability({ fields: { DEVCAP_FLR: 1, DEVCAP_EXTENDED_TAG: 1, DEVCAP_PHANTOM: 1 } });
    expect(rowAt(rich, 8).rw).toBe(0xffff);
  });

  it("PCIe 6.0 §9.3.5 a VF's Device Control: Initiate FLR and nothing else", () => {
    const capability = expressCapability({ fields: { DEVCAP_FLR: 1, DEVCAP2_COMPLETION_RANGES: 15 }, virtual: true });
    expect(rowAt(capability, 8).rw).toBe(0x8000);
    expect(rowAt(capability, 0x10).rw).toBe(0);
    expect(rowAt(capability, 0x28).rw).toBe(0);
  });

  it("PCIe 6.0 §7.8.4 AER: status, mask, severity and header log keep their values in a reset", () => {
    const capability = aer(false, false, false);
    for (const offset of [4, 8, 0xc, 0x10, 0x14]) {
      const row = rowAt(capability, offset);
      expect(row.sticky, `register at ${offset}`).toBe(((row.rw ?? 0) | (row.w1c ?? 0)) >>> 0);
      expect(row.sticky).not.toBe(0);
    }
    expect(rowAt(capability, 0x1c)).toMatchObject({ sticky: 0xffff_ffff });
    expect(rowAt(capability, 0x18)).toMatchObject({ rw: 0x100, sticky: 0x11f });
  });

  it("PCIe 6.0 §9.3.3.3 SR-IOV Control: ARI Capable Hierarchy only in the first PF", () => {
    const control = (ariControl: boolean) => rowAt(sriovCapability({ fields: {}, bars: [], ariControl }), 8).rw;
    expect(control(true)).toBe(0x19);
    expect(control(false)).toBe(0x09);
  });

  it("PCIe 6.0 §9.3.3.14 VF BARs: one VF's size decides what is writable", () => {
    const bars = [{ index: 3, kind: "memory64", prefetchable: true, size: 0x4000 } as const];
    const capability = sriovCapability({ fields: {}, bars, ariControl: false });
    expect(rowAt(capability, 0x30)).toMatchObject({ reset: 0xc, rw: 0xffff_c000 });
    expect(rowAt(capability, 0x34)).toMatchObject({ rw: 0xffff_ffff });
  });

  it("PCIe 6.0 §7.7.11 ACS Control: a bit for each capability; an egress vector as long as its size", () => {
    expect(rowAt(acsCapability({}), 6).rw).toBe(0);
    expect(rowAt(acsCapability({ ACS_CAP_UPSTREAM_FORWARDING: 1 }), 6).rw).toBe(0x10);
    const vector = acsCapability({ ACS_CAP_EGRESS_CONTROL: 1, ACS_CAP_EGRESS_VECTOR_SIZE: 37 });
    expect(rowAt(vector, 0xc).rw).toBe(0x1f);
  });

  it("PCIe 6.0 §7.9.3.2 DSN: a MAC address becomes an EUI-64", () => {
    const serial = serialNumberOfMac(Uint8Array.of(0x00, 0x1b, 0x21, 0x2b, 0x46, 0xe0));
    expect(serial).toEqual({ upper: 0x001b21ff, lower: 0xff2b46e0 });
  });
});

describe("an embedder's mistake is named", () => {
  it.each([
    ["vectors", () => msixCapability({ ...msixOptions, vectors: 2049 })],
    ["pbaOffset", () => msixCapability({ ...msixOptions, pbaOffset: 0x2004 })],
    ["tableBar 8", () => msixCapability({ ...msixOptions, tableBar: 8 })],
    ["tableBar undefined", () => msixCapability({ ...msixOptions, tableBar: undefined as never })],
    ["pbaBar 6", () => msixCapability({ ...msixOptions, pbaBar: 6 })],
    [
      "pbaOffset 0x800 (2048) overlaps",
      () => msixCapability({ vectors: 1024, tableBar: 1, tableOffset: 0, pbaBar: 1, pbaOffset: 0x800 }),
    ],
    ["options undefined", () => msixCapability(undefined as never)],
    ['options "pba" is not an option', () => msixCapability({ ...msixOptions, pba: 1 } as never)],
    ["options null", () => expressCapability(null as never)],
    ["fields undefined", () => expressCapability({} as never)],
    ["fields 5", () => expressCapability({ fields: 5 as never })],
    ['field "FOO" is not in the table', () => expressCapability({ fields: { FOO: 1 } as never })],
    ['options "virtal" is not an option', () => expressCapability({ fields: {}, virtal: true } as never)],
    ["DEVCAP_FLR", () => expressCapability({ fields: { DEVCAP_FLR: 7 } })],
    ['field "PASID_CAP_EXECUT"', () => pasidCapability({ PASID_CAP_EXECUT: 1 } as never)],
    ["fields undefined", () => msiCapability(undefined as never)],
    ["fields null", () => atsCapability(null as never)],
    ['field "ACS_CAP_X"', () => acsCapability({ ACS_CAP_X: 1 } as never)],
    ['field "ARI_X"', () => ariCapability({ ARI_X: 1 } as never)],
    ['field "LTR_X"', () => ltrCapability({ LTR_X: 1 } as never)],
    ['field "PMC_X"', () => powerManagementCapability({ PMC_X: 1 } as never)],
    ['field "PRI_X"', () => priCapability({ PRI_X: 1 } as never)],
    ['field "TPH_X"', () => tphCapability({ TPH_X: 1 } as never)],
    ["options undefined", () => aerCapability(undefined as never)],
    [
      'field "UE_X"',
      () => aerCapability({ version: 2, uncorrectable: [], correctable: [], severity: { UE_X: 1 } as never }),
    ],
    ["DEVCAP_MAX_PAYLOAD", () => expressCapability({ fields: { DEVCAP_MAX_PAYLOAD: 8 } })],
    ["PASID_CAP_MAX_WIDTH", () => pasidCapability({ PASID_CAP_MAX_WIDTH: 21 })],
    ["mac", () => serialNumberOfMac(new Uint8Array(5))],
    [
      "size",
      () =>
        sriovCapability({
          fields: {},
          bars: [{ index: 0, kind: "memory32", prefetchable: false, size: 0x3000 }],
          ariControl: false,
        }),
    ],
    [
      "index",
      () =>
        sriovCapability({
          fields: {},
          bars: [{ index: 5, kind: "memory64", prefetchable: false, size: 0x4000 }],
          ariControl: false,
        }),
    ],
  ])("%s", (parameter, build) => {
    expect(build).toThrow(ArgumentError);
    expect(build).toThrow(parameter);
  });
});
