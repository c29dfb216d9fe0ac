// Addresses and requester IDs as types that cannot be mixed up.
import { ArgumentError } from "./errors.ts";

declare const space: unique symbol;

/** A host-physical address: 52 bits, exact in a number. */
export type Hpa = number & { readonly [space]: "hpa" };
/** A guest-physical address of one VM: 52 bits, exact in a number. */
export type Gpa = number & { readonly [space]: "gpa" };
/** The address that a function puts into a DMA request, below 2^53. Wider ones travel as two u32 halves. */
export type Iova = number & { readonly [space]: "iova" };
/** Bus, device and function of whoever makes a request: 8 + 5 + 3 bits (PCIe 6.0 §2.2.6.2; with ARI 8 + 8). */
export type RequesterId = number & { readonly [space]: "requesterId" };

/** 2^32, for splitting addresses into halves without losing bits. */
export const TWO_32 = 0x1_0000_0000;
/** Bytes of the smallest page. */
export const PAGE_SIZE = 4096;
const MAX_PHYSICAL = 2 ** 52;

function physical(parameter: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value >= MAX_PHYSICAL) {
    throw new ArgumentError(parameter, value, "is not an address of at most 52 bits");
  }
  return value;
}

/** Checks that `value` is a host-physical address. Throws ArgumentError otherwise. */
export function hpa(value: number): Hpa {
  return physical("hpa", value) as Hpa;
}

/** Checks that `value` is a guest-physical address. Throws ArgumentError otherwise. */
export function gpa(value: number): Gpa {
  return physical("gpa", value) as Gpa;
}

/** Checks that `value` is an I/O virtual address of at most 52 bits. Throws ArgumentError otherwise. */
export function iova(value: number): Iova {
  return physical("iova", value) as Iova;
}

/** The requester ID of bus (0–255), device (0–31), function (0–7). Throws ArgumentError outside these ranges. */
export function requesterId(bus: number, device: number, functionNumber: number): RequesterId {
  if (!Number.isInteger(bus) || bus < 0 || bus > 255) throw new ArgumentError("bus", bus, "is not in 0–255");
  if (!Number.isInteger(device) || device < 0 || device > 31)
    throw new ArgumentError("device", device, "is not in 0–31");
  if (!Number.isInteger(functionNumber) || functionNumber < 0 || functionNumber > 7) {
    throw new ArgumentError("functionNumber", functionNumber, "is not in 0–7");
  }
  return ((bus << 8) | (device << 3) | functionNumber) as RequesterId;
}

/** `bb:dd.f`, as lspci prints a requester ID. */
export function formatBdf(id: RequesterId | number): string {
  const hex2 = (value: number): string => value.toString(16).padStart(2, "0");
  return `${hex2(id >>> 8)}:${hex2((id >>> 3) & 31)}.${id & 7}`;
}

/** `0x…` of a number below 2^53. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** `0x…` of a 64-bit value in two halves. */
export function hex64(lo: number, hi: number): string {
  if (hi >>> 0 === 0) return hex(lo >>> 0);
  return `0x${(hi >>> 0).toString(16)}${(lo >>> 0).toString(16).padStart(8, "0")}`;
}

/** The low half of an address below 2^53. */
export function lo32(address: number): number {
  return address >>> 0;
}

/** The high half of an address below 2^53. */
export function hi32(address: number): number {
  return Math.floor(address / TWO_32) >>> 0;
}

/** The address of two u32 halves; exact when it is below 2^53. */
export function join32(lo: number, hi: number): number {
  return (hi >>> 0) * TWO_32 + (lo >>> 0);
}
