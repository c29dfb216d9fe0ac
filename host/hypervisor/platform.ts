// What software in a domain can do: its accesses trap here, are checked, told to whoever listens, and really done.
import type { Gpa, RequesterId } from "../core/address.ts";
import { checkChoice } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AccessWidth, GuestPlatform } from "../core/ports.ts";
import type { Trace } from "../core/trace.ts";
import type { Domain } from "./domain.ts";
import type { InterruptMessage } from "./remapping-driver.ts";

/** Where a domain's accesses go. */
export interface PlatformAccess {
  configRead(requesterId: RequesterId, offset: number, width: AccessWidth): number;
  configWrite(requesterId: RequesterId, offset: number, width: AccessWidth, value: number): void;
  mmioRead(address: Gpa, width: AccessWidth): number;
  mmioWrite(address: Gpa, width: AccessWidth, value: number): void;
  messageFor(vector: number, requesterId: RequesterId): InterruptMessage;
}

/** How a domain's software lets time pass. */
export interface PlatformTime {
  run(ns: number): void;
  /** Absent for software that is never off its processor. */
  halt?: (ns: number) => boolean;
}

const FIRST_VECTOR = 16;
const LAST_VECTOR = 254;

/**
 * The platform of `domain`. Its methods throw ArgumentError for a width that is not 1, 2 or 4 and for a vector that is
 * not 16–254: no instruction of a guest makes such an access.
 */
export function platformOf(domain: Domain, access: PlatformAccess, trace: Trace, time: PlatformTime): GuestPlatform {
  const vm = domain.name;
  return {
    ram: domain.ram,
    configRead: (requesterId, offset, width) => {
      const value = access.configRead(requesterId, offset, checkWidth(width));
      trace.listener?.({ kind: "config", vm, requesterId, offset, width, write: false, value });
      return value;
    },
    configWrite: (requesterId, offset, width, value) => {
      checkWidth(width);
      trace.listener?.({ kind: "config", vm, requesterId, offset, width, write: true, value });
      access.configWrite(requesterId, offset, width, value);
    },
    mmioRead: (address, width) => {
      const value = access.mmioRead(address, checkWidth(width));
      trace.listener?.({ kind: "mmio", vm, address, width, write: false, value });
      return value;
    },
    mmioWrite: (address, width, value) => {
      checkWidth(width);
      trace.listener?.({ kind: "mmio", vm, address, width, write: true, value });
      access.mmioWrite(address, width, value);
    },
    messageFor: (vector, requesterId) => access.messageFor(checkVector(vector), requesterId),
    onInterrupt: (vector, handler) => domain.processor.onInterrupt(checkVector(vector), handler),
    wait: (ns) => domain.vcpu.step(() => time.run(ns)),
    ...(time.halt === undefined ? {} : halting(domain, time.halt)),
  };
}

function halting({ vcpu }: Domain, halt: (ns: number) => boolean): Required<Pick<GuestPlatform, "halt" | "idle">> {
  return {
    halt: (ns) => vcpu.step(() => halt(ns)),
    idle: (how) => {
      checkChoice("how", how, ["poll", "halt"]);
      vcpu.idle = how;
    },
  };
}

function checkWidth(width: AccessWidth): AccessWidth {
  if (width !== 1 && width !== 2 && width !== 4) throw new ArgumentError("width", width, "is not 1, 2 or 4");
  return width;
}

function checkVector(vector: number): number {
  if (!Number.isInteger(vector) || vector < FIRST_VECTOR || vector > LAST_VECTOR) {
    throw new ArgumentError("vector", vector, `is not in ${FIRST_VECTOR}–${LAST_VECTOR}`);
  }
  return vector;
}
