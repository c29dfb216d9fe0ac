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
/** Where the bus begins in a requester ID, and the bits of a function number without ARI. */
const BUS_SHIFT = 8;
const FUNCTION_WIDTH = 3;

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
  return onBus(bus, (device << FUNCTION_WIDTH) | functionNumber);
}

/** The requester ID of a function on a bus (0–255); `number` is its device and function, or with ARI its function. */
export function onBus(bus: number, number: number): RequesterId {
  return ((bus << BUS_SHIFT) | number) as RequesterId;
}

/** The bus of a requester ID; of a sum beyond 16 bits, a number above 255. */
export function busOf(id: number): number {
  return id >>> BUS_SHIFT;
}

/** Device and function of a requester ID in 8 bits; with ARI, the function. */
export function deviceFunctionOf(id: number): number {
  return id & (2 ** BUS_SHIFT - 1);
}

/** The device of a requester ID, or of a device and function. */
export function deviceOf(id: number): number {
  return deviceFunctionOf(id) >>> FUNCTION_WIDTH;
}

/** The function of a requester ID (not of ARI), or of a device and function. */
export function functionOf(id: number): number {
  return id & (2 ** FUNCTION_WIDTH - 1);
}

/** The requester ID `distance` above `first`, modulo 2^16, as SR-IOV counts them (PCIe 6.0 §9.2.1.2). */
export function requesterIdAbove(first: number, distance: number): RequesterId {
  return ((first + distance) & 0xffff) as RequesterId;
}

/** `bb:dd.f`, as lspci prints a requester ID. */
export function formatBdf(id: RequesterId | number): string {
  const hex2 = (value: number): string => value.toString(16).padStart(2, "0");
  return `${hex2(busOf(id))}:${hex2(deviceOf(id))}.${functionOf(id)}`;
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
