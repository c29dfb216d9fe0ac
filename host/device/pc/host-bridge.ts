// The host bridge of a PC at 00:00.0: 440FX, or Q35 with the register that places configuration space in memory.
import * as spec from "../../../assembly/spec/pc/host-bridge.ts";
import * as header from "../../../assembly/spec/pci/header.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import { type Hpa, TWO_32 } from "../../core/address.ts";
import { bits, mask } from "../../core/bits.ts";
import type { MmioHandler } from "../../core/ports.ts";
import { ConfigSpace, ecamSize, PciFunction, type RootComplex, type0Header } from "../../pci/index.ts";

export type Chipset = "i440fx" | "q35";

/** Buses by PCIEXBAR's length field; the fourth encoding is reserved and places nothing. */
const BUSES = new Map<number, number>([
  [spec.PCIEXBAR_LENGTH_256, 256],
  [spec.PCIEXBAR_LENGTH_128, 128],
  [spec.PCIEXBAR_LENGTH_64, 64],
]);
const HIGH = 4;
const WORD = 32;

/** The host bridge of `chipset`. */
export function pcHostBridge(chipset: Chipset): PciFunction {
  const config = new ConfigSpace(header.CONFIG_SPACE_COMPATIBLE_SIZE);
  config.define(
    type0Header({
      vendorId: ids.VENDOR_INTEL,
      deviceId: chipset === "q35" ? spec.DEVICE_Q35 : spec.DEVICE_I440FX,
      revision: chipset === "q35" ? 0 : spec.I440FX_REVISION,
      classCode: ids.CLASS_HOST_BRIDGE,
      subsystemVendorId: spec.PC_SUBSYSTEM_VENDOR,
      subsystemId: spec.PC_SUBSYSTEM,
    }),
  );
  if (chipset === "q35") {
    const low = mask(WORD - 1, spec.PCIEXBAR_BASE_LO) | mask(spec.PCIEXBAR_LENGTH_HI, spec.PCIEXBAR_ENABLE_LO);
    config.define([
      { offset: spec.PCIEXBAR, width: 4, reset: spec.PCIEXBAR_DEFAULT, rw: low >>> 0 },
      { offset: spec.PCIEXBAR + HIGH, width: 4, rw: mask(spec.PCIEXBAR_BASE_HI - WORD, 0) },
    ]);
  }
  return new PciFunction("host-bridge", config);
}

/**
 * What the host bridge answers for from `base` on: configuration space where a Q35's PCIEXBAR has it, PCI elsewhere.
 * @param bridge undefined for a chipset without such a register.
 */
export function pciWindow(root: RootComplex, bridge: PciFunction | undefined, base: number): MmioHandler {
  const inEcam = (address: number): number | undefined => {
    const place = bridge === undefined ? undefined : ecamPlace(bridge);
    const inside = place !== undefined && address >= place.base && address < place.base + place.size;
    return inside ? address - place.base : undefined;
  };
  return {
    read: (offset, width) => {
      const config = inEcam(base + offset);
      return config === undefined ? root.memoryRead((base + offset) as Hpa, width) : root.ecam.read(config, width);
    },
    write: (offset, width, value) => {
      const config = inEcam(base + offset);
      if (config === undefined) root.memoryWrite((base + offset) as Hpa, width, value);
      else root.ecam.write(config, width, value);
    },
  };
}

/** Where PCIEXBAR places configuration space; undefined while it is disabled or of a reserved length. */
function ecamPlace(bridge: PciFunction): { base: number; size: number } | undefined {
  const low = bridge.config.get(spec.PCIEXBAR, 4);
  const high = bridge.config.get(spec.PCIEXBAR + HIGH, 4);
  const buses = BUSES.get(bits(low, spec.PCIEXBAR_LENGTH_HI, spec.PCIEXBAR_LENGTH_LO));
  if (bits(low, spec.PCIEXBAR_ENABLE_HI, spec.PCIEXBAR_ENABLE_LO) === 0 || buses === undefined) return undefined;
  const size = ecamSize(buses);
  const base = high * TWO_32 + ((low & mask(WORD - 1, spec.PCIEXBAR_BASE_LO)) >>> 0);
  return { base: base - (base % size), size };
}
