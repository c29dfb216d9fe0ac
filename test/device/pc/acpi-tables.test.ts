import { describe, expect, test } from "vitest";
import { dmarTable, mcfgTable, reservationTable } from "../../../host/device/pc/acpi-tables.ts";

const text = (table: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...table.subarray(at, at + length));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("ACPI 6.5 §5.2.6: a table's header", () => {
  test.each([
    ["MCFG", mcfgTable(0xb000_0000, 16), 1],
    ["SSDT", reservationTable(0xb000_0000, 0x100_0000), 2],
    ["DMAR", dmarTable(0xfed9_0000, 46, true), 1],
  ])("%s has its signature, length and revision, and all bytes add up to 0", (signature, table, revision) => {
    const view = new DataView(table.buffer);
    expect([text(table, 0, 4), view.getUint32(4, true), table[8]]).toEqual([signature, table.length, revision]);
    expect(table.reduce((sum, byte) => (sum + byte) & 0xff, 0)).toBe(0);
    expect([text(table, 10, 6), text(table, 16, 8)]).toEqual(["IOVIRT", "IOVIRTPC"]);
  });
});

test("PCI Firmware 3.3 §4.1.2 MCFG: base of 64 bits, segment 0, buses 0 to the last", () => {
  expect(hexOf(mcfgTable(0x12_b000_0000, 200).subarray(36))).toBe(
    `${"00".repeat(8)}000000b0120000000000${"00c7"}00000000`,
  );
});

test("VT-d §8.3 DRHD: one unit for all devices; §8.1 host address width less one, interrupt remapping if it has it", () => {
  const body = dmarTable(0xfed9_0000, 39, false).subarray(36);
  expect(hexOf(body)).toBe(`2600${"00".repeat(10)}0000100001000000${"0000d9fe00000000"}`);
  expect(dmarTable(0xfed9_0000, 39, true)[37]).toBe(1);
});

test("ACPI 6.5 §20.2: Scope (\\_SB_) { Device (ECFG) { _HID PNP0C02, _UID, _CRS Memory32Fixed } }", () => {
  const body = reservationTable(0xa123_0000, 0x45_0000).subarray(36);
  const resources = "8609000100002 3a1 00004500 7900".replaceAll(" ", "");
  const crs = `085f435253 11 11 0a0e ${resources}`;
  const device = `45434647 085f484944 0c41d00c02 085f554944 0c000023a1 ${crs}`;
  // Lengths count their own bytes: 1 + 4 + 10 + 10 + 23 of the device, 1 + 5 + 2 + 48 of the scope.
  expect(hexOf(body)).toBe(`10 38 5c5f53425f 5b82 30 ${device}`.replaceAll(" ", ""));
});
