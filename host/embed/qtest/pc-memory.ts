// Where a PC has its RAM, and what of the address space is left for PCI.
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../../../assembly/spec/vtd/interrupt-range.ts";
import { type Hpa, TWO_32 } from "../../core/address.ts";
import type { Chipset } from "../../device/pc/host-bridge.ts";
import type { AddressMap } from "../../machine/address-map.ts";
import { QemuError } from "./errors.ts";

export interface Place {
  base: Hpa;
  size: number;
}

const GIB = 2 ** 30;
/** RAM inside the WebAssembly memory, which has 4 GiB; more lies in buffers outside. */
const INSIDE_MAX = 2 * GIB;
const RAM_MAX = 256 * GIB;
/** The end of what PCI decodes. */
const TOP = 2 ** 46;

/** Below 4 GiB as much as the chipset leaves, the rest from 4 GiB on. Throws QemuError for more than can be had. */
export function ramPlaces(chipset: Chipset, ram: number): Place[] {
  if (ram > RAM_MAX) throw new QemuError("cannot set up guest memory 'pc.ram': Cannot allocate memory");
  const most = chipset === "q35" ? 2.75 * GIB : 3.5 * GIB;
  const split = chipset === "q35" ? 2 * GIB : 3 * GIB;
  const low = ram >= most ? split : ram;
  const places = [{ base: 0 as Hpa, size: low }];
  if (ram > low) places.push({ base: TWO_32 as Hpa, size: ram - low });
  return places;
}

/** Throws QemuError when this process cannot have so much. */
export function placeRam(map: AddressMap, places: readonly Place[]): void {
  const inside = places.reduce((sum, { size }) => sum + size, 0) <= INSIDE_MAX;
  try {
    for (const { base, size } of places) {
      if (inside) map.addRam({ base, size });
      for (let done = 0; !inside && done < size; done += GIB) {
        const part = Math.min(GIB, size - done);
        map.addExternalRam({ base: (base + done) as Hpa, size: part, buffer: new ArrayBuffer(part) });
      }
    }
  } catch {
    throw new QemuError("cannot set up guest memory 'pc.ram': Cannot allocate memory");
  }
}

/** The gaps between `taken`, which are PCI's, without the interrupt range. */
export function windowsAround(taken: readonly Place[]): Place[] {
  const interrupts = {
    base: INTERRUPT_RANGE_BASE as Hpa,
    size: INTERRUPT_RANGE_LIMIT + 1 - INTERRUPT_RANGE_BASE,
  };
  const windows: Place[] = [];
  let end = 0;
  for (const { base, size } of [...taken, interrupts].sort((one, two) => one.base - two.base)) {
    if (base > end) windows.push({ base: end as Hpa, size: base - end });
    end = base + size;
  }
  windows.push({ base: end as Hpa, size: TOP - end });
  return windows;
}
