// Where things are in a machine's physical address space, as on a PC with a Q35-like chipset.
//
//   0          host RAM
//   b000_0000  ECAM, 256 buses              (PCIe 6.0 §7.2.2)
//   c000_0000  32-bit MMIO window
//   fed9_0000  VT-d unit
//   fee0_0000  interrupt address range
//   1_0000_0000  RAM of the VMs
//   20_0000_0000 64-bit MMIO window
import type { Hpa } from "../core/address.ts";

export const HOST_RAM_BASE = 0 as Hpa;
export const ECAM_BASE = 0xb000_0000 as Hpa;
export const ECAM_SIZE = 0x1000_0000;
export const MMIO32_BASE = 0xc000_0000 as Hpa;
export const MMIO32_SIZE = 0x3e00_0000;
export const IOMMU_BASE = 0xfed9_0000 as Hpa;
export const IOMMU_SIZE = 0x1000;
export const VM_RAM_BASE = 0x1_0000_0000 as Hpa;
export const VM_RAM_SIZE = 0x1f_0000_0000;
export const MMIO64_BASE = 0x20_0000_0000 as Hpa;
export const MMIO64_SIZE = 0x20_0000_0000;
export const IO_BASE = 0x1000;
export const IO_SIZE = 0xf000;
