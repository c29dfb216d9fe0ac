// Configuration space in memory (PCIe 6.0 §7.2.2): 1 MiB a bus.
import * as spec from "../../assembly/spec/pci/config-access.ts";
import type { RequesterId } from "../core/address.ts";
import type { AccessWidth, MmioHandler } from "../core/ports.ts";
import { allOnes } from "./bits.ts";

/** Reaches configuration space; all-ones where no function is. */
export interface ConfigAccess {
  /** @param requesterId bus, device and function that is addressed. */
  configRead(requesterId: RequesterId, offset: number, width: AccessWidth): number;
  configWrite(requesterId: RequesterId, offset: number, width: AccessWidth, value: number): void;
}

const FUNCTION_SIZE = 2 ** spec.ECAM_FUNCTION_LO;
const BUS_SIZE = 2 ** spec.ECAM_BUS_LO;

/** Bytes of a window of `buses` buses. */
export function ecamSize(buses: number): number {
  return buses * BUS_SIZE;
}

/** A window whose first bus is 0. Accesses beyond its buses are all-ones and vanish. */
export function ecam(access: ConfigAccess, buses: number): MmioHandler {
  const size = ecamSize(buses);
  return {
    read: (offset, width) => {
      if (offset >= size) return allOnes(width);
      return access.configRead(Math.floor(offset / FUNCTION_SIZE) as RequesterId, offset % FUNCTION_SIZE, width);
    },
    write: (offset, width, value) => {
      if (offset >= size) return;
      access.configWrite(Math.floor(offset / FUNCTION_SIZE) as RequesterId, offset % FUNCTION_SIZE, width, value);
    },
  };
}
