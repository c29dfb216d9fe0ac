import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../host/core/errors.ts";
import {
  type IommuCapabilities,
  type IommuOptions,
  iommuCapabilities,
  presets,
  type QemuIommuProperties,
  qemuCapabilities,
} from "../../host/machine/iommu-capabilities.ts";
import { Harness } from "./harness.ts";

const read = async (options: IommuOptions): Promise<[number, bigint, bigint]> => {
  const h = await Harness.create(options);
  return [h.get32(0), h.get64(8), h.get64(0x10)];
};

const ALL: IommuOptions = {
  scalableMode: true,
  coherentScalableTables: true,
  secondStage: true,
  firstStage: true,
  firstStage1G: true,
  firstStage5Level: true,
  nested: true,
  secondStageAccessDirty: true,
  extendedAccessed: true,
  pasidWidth: 20,
  ridPasid: true,
  ridPrivilege: true,
  executeRequests: true,
  supervisorRequests: true,
  deviceTlb: true,
  noWriteFlag: true,
  pageRequests: true,
  pageDrain: true,
  stopMarkers: true,
  postedInterrupts: true,
  abortDma: true,
  protectedLow: true,
  protectedHigh: true,
};

describe("VT-d §11.4.2 CAP_REG and §11.4.3 ECAP_REG", () => {
  test.each([
    ["cachingMode", 0x08, 7],
    ["protectedLow", 0x08, 5],
    ["protectedHigh", 0x08, 6],
    ["pageSelectiveInvalidation", 0x08, 39],
    ["firstStage1G", 0x08, 56],
    ["postedInterrupts", 0x08, 59],
    ["firstStage5Level", 0x08, 60],
    ["enhancedSetInterruptPointer", 0x08, 62],
    ["enhancedSetPointer", 0x08, 63],
    ["coherentTables", 0x10, 0],
    ["extendedInterruptMode", 0x10, 4],
    ["passThrough", 0x10, 6],
    ["snoopControl", 0x10, 7],
    ["nested", 0x10, 26],
    ["executeRequests", 0x10, 30],
    ["noWriteFlag", 0x10, 33],
    ["extendedAccessed", 0x10, 34],
    ["pageDrain", 0x10, 42],
    ["secondStageAccessDirty", 0x10, 45],
    ["ridPasid", 0x10, 49],
    ["abortDma", 0x10, 52],
    ["ridPrivilege", 0x10, 53],
    ["stopMarkers", 0x10, 58],
  ] as const)("%s is one bit, and no other changes", async (name, register, bit) => {
    const [, capOn, ecapOn] = await read({ ...ALL, [name]: true });
    const [, capOff, ecapOff] = await read({ ...ALL, maximumAddressMask: 18, [name]: false });
    const mamv = name === "pageSelectiveInvalidation" ? 18n << 48n : 0n;
    const changed = [capOn ^ capOff, ecapOn ^ ecapOff];
    expect(changed).toEqual(register === 8 ? [(1n << BigInt(bit)) | mamv, 0n] : [0n, 1n << BigInt(bit)]);
  });

  test("PASID and PSS: the width minus 1", async () => {
    for (const width of [1, 8, 20]) {
      const [, , ecap] = await read({ ...ALL, pasidWidth: width });
      expect([(ecap >> 40n) & 1n, (ecap >> 35n) & 0x1fn]).toEqual([1n, BigInt(width - 1)]);
    }
    const [, , none] = await read({ ...ALL, pasidWidth: 0, executeRequests: false });
    expect(none & (0x3fn << 35n)).toBe(0n);
  });

  test("SMTS, SSTS, FSTS, DT, PRS, SRS and what hangs on them", async () => {
    const [, cap, ecap] = await read(ALL);
    expect(ecap >> 24n).toBe(0x0433_ed9ee4n);
    expect(cap >> 56n).toBe(0x19n);
  });

  test("VER_REG, and SAGAW without second stage from version 6 on", async () => {
    expect((await read({ majorVersion: 6, scalableMode: true, secondStage: true }))[0]).toBe(0x60);
    const [, cap] = await read({ majorVersion: 6, secondStage: false });
    expect((cap >> 8n) & 0x1fn).toBe(0n);
    expect(iommuCapabilities({ majorVersion: 6 }).registerInvalidation).toBe(false);
  });

  test("FRO and IRO say where the registers lie that were asked for", async () => {
    const h = await Harness.create({ faultOffset: 0x7c0, iotlbOffset: 0x230, faultRecords: 3 });
    expect((h.get64(8) >> 24n) & 0x3ffn).toBe(0x7cn);
    expect((h.get64(0x10) >> 8n) & 0x3ffn).toBe(0x23n);
    h.enable(h.page());
    h.translate(0x0316, 0x5000);
    expect(h.get32(0x7c8)).toBe(0x0316);
    h.set64(0x238, 0x9000_0000_0000_0000n);
    expect(h.get64(0x238) >> 56n).toBe(0x12n);
  });
});

describe("presets", () => {
  test("default", async () => {
    const h = await Harness.create({ preset: "default" });
    expect(h.unit.capabilities).toEqual(presets.default);
    expect((await Harness.create()).unit.capabilities).toEqual(presets.default);
  });

  // What QEMU 11.1.3 answered when its registers were read over qtest, command line by command line.
  test.each<[QemuIommuProperties, bigint, bigint]>([
    [{}, 0x80d2008c222f0606n, 0x0000000000f00f4an],
    [{ intremap: false }, 0x80d2008c222f0606n, 0x0000000000000f42n],
    [{ eim: true }, 0x80d2008c222f0606n, 0x0000000000f00f5an],
    [{ awBits: 39 }, 0x80d2008c22260206n, 0x0000000000f00f4an],
    [{ cachingMode: true }, 0x80d2008c222f0686n, 0x0000000000f00f4an],
    [{ deviceIotlb: true }, 0x80d2008c222f0606n, 0x0000000000f00f4en],
    [{ snoopControl: true }, 0x80d2008c222f0606n, 0x0000000000f00fcan],
    [{ scalableMode: true }, 0x80d2008c222f0606n, 0x0000480080f00f4an],
    [{ scalableMode: true, awBits: 39 }, 0x80d2008c22260206n, 0x0000480080f00f4an],
    [{ scalableMode: true, pasidBits: 16 }, 0x80d2008c222f0606n, 0x0000497880f00f4an],
    [{ scalableMode: true, fsts: true }, 0x81d2008c222f0606n, 0x0000880000f00f4an],
    [{ scalableMode: true, fsts: true, fs1gp: false }, 0x80d2008c222f0606n, 0x0000880000f00f4an],
    [
      { scalableMode: true, fsts: true, deviceIotlb: true, svm: true, pasidBits: 20 },
      0x81d2008c222f0606n,
      0x00008d9a20f00f4en,
    ],
  ])("qemu-11.1 with %o", async (properties, cap, ecap) => {
    expect(await read(qemuCapabilities(properties))).toEqual([0x10, cap, ecap]);
  });

  test.each<[QemuIommuProperties, string]>([
    [{ awBits: 57 as 48 }, "awBits"],
    [{ eim: true, intremap: false }, "eim"],
    [{ fsts: true }, "fsts"],
    [{ pasidBits: 8 }, "pasidBits"],
    [{ scalableMode: true, fsts: true, awBits: 39 }, "awBits"],
    [{ scalableMode: true, deviceIotlb: true, pasidBits: 8, svm: true }, "svm"],
    [{ scalableMode: true, fsts: true, deviceIotlb: true, svm: true }, "svm"],
  ])("qemu-11.1 refuses %o as QEMU does", (properties, name) => {
    expect(() => qemuCapabilities(properties)).toThrow(ArgumentError);
    expect(() => qemuCapabilities(properties)).toThrow(name);
  });

  test("client: CAP_REG and ECAP_REG of a desktop's unit, of what the model has", async () => {
    // A desktop reports d2008c40660462 and f050da; here without ZLR.
    expect(await read({ preset: "client" })).toEqual([0x10, 0xd2008c40260462n, 0xf050dan]);
  });

  test("a preset with overrides; what an override rules out goes with it", () => {
    expect(iommuCapabilities({ preset: "client", faultRecords: 4 })).toEqual({ ...presets.client, faultRecords: 4 });
    const without = iommuCapabilities({ queuedInvalidation: false });
    expect(without).toMatchObject({ interruptRemapping: false, extendedInterruptMode: false, scalableMode: false });
  });
});

describe("capabilities that no hardware could report", () => {
  const wrong: [string, IommuOptions, string][] = [
    ["a host address of 53 bits", { hostAddressWidth: 53 }, "hostAddressWidth"],
    ["MGAW below HAW", { guestAddressWidth: 48 }, "guestAddressWidth"],
    ["no width", { addressWidths: [] }, "addressWidths"],
    ["a width of 40", { addressWidths: [40 as 39] }, "addressWidths"],
    ["a page of 512 GiB", { largestPage: "512G" as "1G" }, "largestPage"],
    ["odd domain-ids", { domainIdWidth: 9 }, "domainIdWidth"],
    ["no fault record", { faultRecords: 0 }, "faultRecords"],
    ["an address mask of 60", { maximumAddressMask: 60 }, "maximumAddressMask"],
    ["21 bits of PASID", { scalableMode: true, pasidWidth: 21 }, "pasidWidth"],
    ["version 0", { majorVersion: 0 }, "majorVersion"],
    ["registers of version 6", { majorVersion: 6, registerInvalidation: true }, "registerInvalidation"],
    ["no registers in version 5", { registerInvalidation: false }, "registerInvalidation"],
    ["records at an odd place", { faultOffset: 0x408 }, "faultOffset"],
    ["records on other registers", { faultOffset: 0xe0 }, "faultOffset"],
    ["records beyond the block", { faultRecords: 128, faultOffset: 0x810 }, "faultOffset"],
    ["IOTLB_REG in the records", { iotlbOffset: 0x470 }, "iotlbOffset"],
    ["no time at all", { deviceTlbTimeoutNs: 0 }, "deviceTlbTimeoutNs"],
    ["a flag that is a number", { cachingMode: 1 as unknown as boolean }, "cachingMode"],
    ["an unknown preset", { preset: "server" as "client" }, "preset"],
    ["an unknown name", { cacheMode: true } as IommuOptions, "cacheMode"],
  ];
  test.each(wrong)("%s", async (_name, capabilities, parameter) => {
    await expect(Harness.create(capabilities)).rejects.toThrow(ArgumentError);
    await expect(Harness.create(capabilities)).rejects.toThrow(parameter);
  });

  const needs: [keyof IommuCapabilities, keyof IommuCapabilities][] = [
    ["interruptRemapping", "queuedInvalidation"],
    ["extendedInterruptMode", "interruptRemapping"],
    ["postedInterrupts", "interruptRemapping"],
    ["enhancedSetInterruptPointer", "interruptRemapping"],
    ["scalableMode", "queuedInvalidation"],
    ["coherentScalableTables", "scalableMode"],
    ["secondStage", "scalableMode"],
    ["firstStage", "scalableMode"],
    ["firstStage1G", "firstStage"],
    ["firstStage5Level", "firstStage"],
    ["nested", "firstStage"],
    ["nested", "secondStage"],
    ["secondStageAccessDirty", "secondStage"],
    ["secondStageAccessDirty", "coherentScalableTables"],
    ["extendedAccessed", "firstStage"],
    ["extendedAccessed", "coherentScalableTables"],
    ["pasidWidth", "scalableMode"],
    ["ridPasid", "scalableMode"],
    ["supervisorRequests", "scalableMode"],
    ["ridPrivilege", "supervisorRequests"],
    ["executeRequests", "pasidWidth"],
    ["deviceTlb", "queuedInvalidation"],
    ["noWriteFlag", "deviceTlb"],
    ["pageRequests", "deviceTlb"],
    ["pageRequests", "scalableMode"],
    ["pageDrain", "deviceTlb"],
    ["stopMarkers", "pageRequests"],
  ];
  test.each(needs)("%s without %s: refused when asked for, dropped when inherited", (name, needed) => {
    const others = needs.filter(([one, other]) => one === name && other !== needed).map(([, other]) => [other, true]);
    const off = { [needed]: needed === "pasidWidth" ? 0 : false };
    const on = { [name]: name === "pasidWidth" ? 9 : true };
    const scalable = needed === "scalableMode" || needed === "queuedInvalidation" ? {} : { scalableMode: true };
    const options = { ...scalable, ...Object.fromEntries(others), ...off, ...on };
    expect(() => iommuCapabilities(options)).toThrow(ArgumentError);
    expect(() => iommuCapabilities(options)).toThrow(new RegExp(`^${name} .* needs ${needed}`));
    expect(iommuCapabilities(off)[name] || false).toBe(false);
  });
});
