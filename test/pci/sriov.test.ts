import { describe, expect, test } from "vitest";
import type { RequesterId } from "../../host/core/address.ts";
import { type PciFunction, Sriov } from "../../host/pci/index.ts";
import { Above, AER, device, EXPRESS, Memory, PM, SRIOV } from "./support/device.ts";

function card(name = "pf", options: ConstructorParameters<typeof Sriov>[3] = { ari: { offset: 128, stride: 2 } }) {
  const pf = device({ name, totalVfs: 8 });
  const above = new Above();
  pf.upstream = above;
  const sriov = new Sriov(
    pf,
    SRIOV,
    (index) => {
      const vf = device({ name: `${name}.${index}`, virtual: true });
      vf.addBar({ index: 0, kind: "memory64", prefetchable: true, size: 0x4000, handler: new Memory(0x4000) });
      vf.addBar({ index: 3, kind: "memory64", prefetchable: true, size: 0x800, handler: new Memory(0x800) });
      return vf;
    },
    options,
  );
  pf.capture(0x0301 as RequesterId);
  return { pf, sriov, above };
}

function enable(pf: PciFunction, vfs: number, control = 0x09): void {
  pf.configWrite(SRIOV + 0x10, 2, vfs);
  pf.configWrite(SRIOV + 0x08, 2, control);
}

describe("SR-IOV", () => {
  test("PCIe §9.3.3.7 NumVFs above TotalVFs is not written, nor any while VFs exist", () => {
    const { pf, sriov } = card();
    pf.configWrite(SRIOV + 0x10, 2, 5);
    pf.configWrite(SRIOV + 0x10, 2, 9);
    expect(pf.configRead(SRIOV + 0x10, 2)).toBe(5);
    pf.configWrite(SRIOV + 0x08, 2, 1);
    pf.configWrite(SRIOV + 0x10, 2, 3);
    expect(pf.configRead(SRIOV + 0x10, 2)).toBe(5);
    expect(sriov.vfs).toHaveLength(5);
  });

  test("PCIe §9.2.1.2 requester IDs by offset and stride, on the next bus without ARI", () => {
    const { pf, sriov } = card();
    enable(pf, 8);
    expect(sriov.vfs.map((vf) => vf.requesterId)).toEqual([0x481, 0x485, 0x489, 0x48d, 0x491, 0x495, 0x499, 0x49d]);
    expect(sriov.find(0x489)?.name).toBe("pf.2");
    expect(sriov.find(0x48a)).toBeUndefined();
    expect(sriov.find(0x4a1)).toBeUndefined();
    pf.capture(0x0701 as RequesterId);
    expect(sriov.vfs[2]?.requesterId).toBe(0x889);
  });

  test("PCIe §9.3.3.3.5 ARI Capable Hierarchy changes offset and stride, and is fixed while VFs exist", () => {
    const { pf, sriov } = card();
    pf.configWrite(SRIOV + 0x08, 2, 0x10);
    expect(pf.configRead(SRIOV + 0x14, 4)).toBe(0x0002_0080);
    enable(pf, 2, 0x19);
    expect(sriov.vfs.map((vf) => vf.requesterId)).toEqual([0x381, 0x383]);
    pf.configWrite(SRIOV + 0x08, 2, 0x09);
    expect(pf.configRead(SRIOV + 0x08, 2)).toBe(0x19);
    pf.configWrite(SRIOV + 0x08, 2, 0);
    expect(pf.configRead(SRIOV + 0x14, 4)).toBe(0x0002_0080);
    pf.configWrite(SRIOV + 0x08, 2, 0);
    expect(pf.configRead(SRIOV + 0x14, 4)).toBe(0x0004_0180);
  });

  test("PCIe §9.3.3.3.5 the lowest-numbered PF decides for the others of its device", () => {
    const first = card("a");
    const second = card("b", { ari: { offset: 130, stride: 6 }, leader: first.sriov });
    second.pf.configWrite(SRIOV + 0x08, 2, 0x10);
    expect(second.pf.configRead(SRIOV + 0x08, 2)).toBe(0);
    first.pf.configWrite(SRIOV + 0x08, 2, 0x10);
    expect(second.pf.configRead(SRIOV + 0x14, 4)).toBe(0x0006_0082);
    enable(second.pf, 1);
    first.pf.configWrite(SRIOV + 0x08, 2, 0);
    expect(first.pf.configRead(SRIOV + 0x08, 2)).toBe(0x10);
  });

  test("PCIe §9.2.1.1.1 VF n's BAR is at base + n × its size, at least a system page; VF MSE opens all", () => {
    const { pf, sriov } = card();
    pf.configWrite(SRIOV + 0x24, 4, 0xffff_ffff);
    expect(pf.configRead(SRIOV + 0x24, 4)).toBe(0xffff_c00c);
    pf.configWrite(SRIOV + 0x30, 4, 0xffff_ffff);
    expect(pf.configRead(SRIOV + 0x30, 4)).toBe(0xffff_f00c);
    pf.configWrite(SRIOV + 0x24, 4, 0x8010_0000);
    pf.configWrite(SRIOV + 0x28, 4, 0x3);
    pf.configWrite(SRIOV + 0x30, 4, 0x8020_0000);
    pf.configWrite(SRIOV + 0x34, 4, 0x3);
    enable(pf, 3, 0x01);
    expect(sriov.vfs[2]?.decodedRanges()).toEqual([]);
    pf.configWrite(SRIOV + 0x08, 2, 0x09);
    expect(sriov.vfs[2]?.decodedRanges()).toMatchObject([
      { base: 0x3_8010_8000, size: 0x4000 },
      { base: 0x3_8020_2000, size: 0x800 },
    ]);
    pf.configWrite(PM + 4, 2, 3);
    expect(sriov.vfs[2]?.decodedRanges()).toEqual([]);
  });

  test("PCIe §9.3.3.13 System Page Size: one supported size, which VF BARs are stretched to; fixed with VFs", () => {
    const { pf, sriov } = card();
    pf.configWrite(SRIOV + 0x20, 4, 0x11);
    pf.configWrite(SRIOV + 0x20, 4, 0x4);
    expect(pf.configRead(SRIOV + 0x20, 4)).toBe(1);
    pf.configWrite(SRIOV + 0x20, 4, 0x10);
    expect(sriov.systemPageSize).toBe(0x1_0000);
    pf.configWrite(SRIOV + 0x24, 4, 0xffff_ffff);
    expect(pf.configRead(SRIOV + 0x24, 4)).toBe(0xffff_000c);
    enable(pf, 2);
    pf.configWrite(SRIOV + 0x20, 4, 1);
    expect(pf.configRead(SRIOV + 0x20, 4)).toBe(0x10);
  });

  test("PCIe §9.3.4.1 a VF's IDs are FFFFh, MSE read-only 0, BARs read 0", () => {
    const { pf, sriov } = card();
    enable(pf, 1);
    const vf = sriov.vfs[0] as PciFunction;
    expect(vf.configRead(0, 4)).toBe(0xffff_ffff);
    vf.configWrite(0x04, 2, 0xffff);
    expect(vf.configRead(0x04, 2)).toBe(0x0004);
    vf.configWrite(0x10, 4, 0xffff_ffff);
    expect(vf.configRead(0x10, 4)).toBe(0);
  });

  test("PCIe §9.2.2.2 a PF's FLR clears VF Enable and its VFs; a VF's FLR stays in the VF", () => {
    const { pf, sriov } = card();
    enable(pf, 4);
    let changes = 0;
    sriov.onChange(() => changes++);
    for (const vf of sriov.vfs) vf.configWrite(0x04, 2, 4);
    const [first, second] = sriov.vfs as [PciFunction, PciFunction];
    first.configWrite(EXPRESS + 8, 2, 0x8000);
    expect([first.busMasterEnabled, second.busMasterEnabled, sriov.vfs.length]).toEqual([false, true, 4]);
    pf.configWrite(EXPRESS + 8, 2, 0x8000);
    expect(sriov.enabled).toBe(false);
    expect(sriov.vfs).toEqual([]);
    expect(second.busMasterEnabled).toBe(false);
    expect(second.requestsReachRoot()).toBe(false);
    expect(changes).toBe(1);
  });

  test("PCIe §9.3.5.4, §9.4.2 a VF logs its errors itself, by its PF's enables, masks and severities", () => {
    const { pf, sriov, above } = card();
    enable(pf, 2);
    const vf = sriov.vfs[1] as PciFunction;
    vf.configWrite(EXPRESS + 8, 2, 0x000f);
    vf.errors.uncorrectable(20);
    expect(above.errors).toEqual([]);
    pf.configWrite(EXPRESS + 8, 2, 0x000f);
    pf.configWrite(AER + 12, 4, 0x0010_0000);
    vf.errors.uncorrectable(20);
    expect(above.errors).toEqual([{ requesterId: 0x485, severity: "fatal" }]);
    pf.configWrite(AER + 8, 4, 0x0010_0000);
    vf.errors.uncorrectable(20);
    expect(above.errors).toHaveLength(1);
    expect([vf, pf].map((fn) => fn.configRead(AER + 4, 4))).toEqual([0x0010_0000, 0]);
  });

  test("the PF's bus mastering does not gate its VFs' (PCIe §9.3.4.1.3), its presence does", () => {
    const { pf, sriov, above } = card();
    enable(pf, 2);
    const vf = sriov.vfs[1] as PciFunction;
    vf.configWrite(0x04, 2, 4);
    expect(vf.sendMessage(0xfee0_0000, 0, 1)).toBe(true);
    expect(above.messages[0]?.requesterId).toBe(0x485);
    pf.configWrite(SRIOV + 0x08, 2, 0);
    vf.configWrite(0x04, 2, 4);
    expect(vf.sendMessage(0xfee0_0000, 0, 1)).toBe(false);
  });
});
