// ACPI tables that a PC's firmware hands on: where configuration space lies in memory and who keeps it free (MCFG, SSDT),
// and the remapping unit (DMAR).
import * as aml from "../../../assembly/spec/acpi/aml.ts";
import * as dmar from "../../../assembly/spec/acpi/dmar.ts";
import * as header from "../../../assembly/spec/acpi/header.ts";
import * as spec from "../../../assembly/spec/acpi/mcfg.ts";
import { hi32, lo32 } from "../../core/address.ts";
import { place } from "../../core/bits.ts";

const OEM = "IOVIRT";
const OEM_TABLE = "IOVIRTPC";
const CREATOR = "IOVT";
const BYTE = 8;

/** The table with `signature`: header, body, checksum. */
function table(signature: string, revision: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(header.TABLE_HEADER_SIZE + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set(ascii(signature), header.TABLE_SIGNATURE);
  view.setUint32(header.TABLE_LENGTH, bytes.length, true);
  bytes[header.TABLE_REVISION] = revision;
  bytes.set(ascii(OEM), header.TABLE_OEM_ID);
  bytes.set(ascii(OEM_TABLE), header.TABLE_OEM_TABLE_ID);
  view.setUint32(header.TABLE_OEM_REVISION, 1, true);
  bytes.set(ascii(CREATOR), header.TABLE_CREATOR_ID);
  view.setUint32(header.TABLE_CREATOR_REVISION, 1, true);
  bytes.set(body, header.TABLE_HEADER_SIZE);
  bytes[header.TABLE_CHECKSUM] = -bytes.reduce((sum, byte) => sum + byte, 0);
  return bytes;
}

/** MCFG: `buses` buses of segment 0 in memory from `base` on. */
export function mcfgTable(base: number, buses: number): Uint8Array {
  const body = new Uint8Array(spec.MCFG_ENTRIES + spec.MCFG_ENTRY_SIZE);
  const view = new DataView(body.buffer, spec.MCFG_ENTRIES);
  view.setUint32(spec.MCFG_BASE, lo32(base), true);
  view.setUint32(spec.MCFG_BASE + 4, hi32(base), true);
  view.setUint16(spec.MCFG_SEGMENT, 0, true);
  view.setUint8(spec.MCFG_FIRST_BUS, 0);
  view.setUint8(spec.MCFG_LAST_BUS, buses - 1);
  return table("MCFG", spec.MCFG_REVISION, body);
}

/**
 * SSDT with a PNP0C02 device that has `size` bytes from `base` on, 32 bits each: software uses an MCFG window only where
 * the motherboard reserves it (PCI Firmware Specification 3.3 §4.1.2).
 */
export function reservationTable(base: number, size: number): Uint8Array {
  const resources = [
    ...[aml.RESOURCE_MEMORY32_FIXED, ...word(aml.MEMORY32_FIXED_LENGTH), aml.MEMORY32_WRITABLE],
    ...[...dword(base), ...dword(size), aml.RESOURCE_END, aml.RESOURCE_END_CHECKSUM],
  ];
  const device = [
    ...ascii("ECFG"),
    ...[aml.AML_NAME, ...ascii("_HID"), aml.AML_DWORD, ...dword(aml.EISA_PNP0C02)],
    ...[aml.AML_NAME, ...ascii("_UID"), aml.AML_DWORD, ...dword(base)],
    ...[aml.AML_NAME, ...ascii("_CRS"), aml.AML_BUFFER],
    ...packaged([aml.AML_BYTE, resources.length, ...resources]),
  ];
  const scope = [...ascii("\\_SB_"), aml.AML_EXTENDED, aml.AML_EXTENDED_DEVICE, ...packaged(device)];
  return table("SSDT", 2, Uint8Array.from([aml.AML_SCOPE, ...packaged(scope)]));
}

/**
 * DMAR: one unit at `base` that covers everything.
 * @param addressWidth bits of host addresses. `interrupts`: it remaps them.
 */
export function dmarTable(base: number, addressWidth: number, interrupts: boolean): Uint8Array {
  const body = new Uint8Array(dmar.DMAR_STRUCTURES + dmar.DRHD_SIZE);
  body[dmar.DMAR_HOST_ADDRESS_WIDTH] = addressWidth - 1;
  body[dmar.DMAR_FLAGS] = interrupts ? dmar.DMAR_FLAG_INTERRUPTS : 0;
  const unit = new DataView(body.buffer, dmar.DMAR_STRUCTURES);
  unit.setUint16(dmar.DRHD_TYPE, dmar.STRUCTURE_DRHD, true);
  unit.setUint16(dmar.DRHD_LENGTH, dmar.DRHD_SIZE, true);
  unit.setUint8(dmar.DRHD_FLAGS, dmar.DRHD_INCLUDE_ALL);
  unit.setUint16(dmar.DRHD_SEGMENT, 0, true);
  unit.setUint32(dmar.DRHD_BASE, lo32(base), true);
  unit.setUint32(dmar.DRHD_BASE + 4, hi32(base), true);
  return table("DMAR", dmar.DMAR_REVISION, body);
}

/** `content` behind its package length, which counts itself. */
function packaged(content: readonly number[]): number[] {
  const short = content.length + 1;
  if (short <= aml.AML_LENGTH_SHORT_MAX) return [short, ...content];
  const length = content.length + 2;
  const low = place(length, aml.AML_LENGTH_LOW_HI, aml.AML_LENGTH_LOW_LO);
  const first = low | place(1, aml.AML_LENGTH_FOLLOWING_HI, aml.AML_LENGTH_FOLLOWING_LO);
  return [first, length >>> (aml.AML_LENGTH_LOW_HI + 1), ...content];
}

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

function word(value: number): number[] {
  return [value & 0xff, value >>> BYTE];
}

function dword(value: number): number[] {
  return [value & 0xff, (value >>> BYTE) & 0xff, (value >>> (2 * BYTE)) & 0xff, value >>> (3 * BYTE)];
}
