// Resets one function as software does (PCIe 6.0 §6.6.2): what firmware decided of it is put back afterwards.
import {
  DEVCAP,
  DEVCAP_FLR_HI,
  DEVCAP_FLR_LO,
  DEVCTL,
  DEVCTL_INITIATE_FLR_HI,
  DEVCTL_INITIATE_FLR_LO,
} from "../../assembly/spec/pci/express.ts";
import {
  BAR_SIZE,
  BAR0,
  COMMAND,
  COMMAND_IO_SPACE_ENABLE_LO,
  COMMAND_MEMORY_SPACE_ENABLE_LO,
  TYPE0_BARS,
  TYPE0_EXPANSION_ROM,
} from "../../assembly/spec/pci/header.ts";
import { CAP_EXPRESS } from "../../assembly/spec/pci/ids.ts";
import { mask } from "../core/bits.ts";
import { findCapability } from "../pci/capability.ts";
import type { PciFunction } from "../pci/function.ts";
import type { RootComplex } from "../pci/root-complex.ts";

const ADDRESS_REGISTERS = [
  ...Array.from({ length: TYPE0_BARS }, (_, index) => BAR0 + index * BAR_SIZE),
  TYPE0_EXPANSION_ROM,
];
const DECODING =
  mask(COMMAND_MEMORY_SPACE_ENABLE_LO, COMMAND_MEMORY_SPACE_ENABLE_LO) |
  mask(COMMAND_IO_SPACE_ENABLE_LO, COMMAND_IO_SPACE_ENABLE_LO);

/** Whether the function can be reset by itself. */
export function hasFunctionLevelReset(fn: PciFunction): boolean {
  const capability = findCapability(fn.config, CAP_EXPRESS);
  return capability !== undefined && (fn.config.get(capability + DEVCAP, 4) & mask(DEVCAP_FLR_HI, DEVCAP_FLR_LO)) !== 0;
}

/** Function Level Reset by configuration cycles; BARs and decoding stay as they were, bus mastering ends. */
export function functionLevelReset(root: RootComplex, fn: PciFunction): void {
  const capability = findCapability(fn.config, CAP_EXPRESS);
  if (capability === undefined) return;
  const { requesterId } = fn;
  const addresses = ADDRESS_REGISTERS.map((register) => root.configRead(requesterId, register, 4));
  const decoding = root.configRead(requesterId, COMMAND, 2) & DECODING;
  const control = root.configRead(requesterId, capability + DEVCTL, 2);
  root.configWrite(requesterId, capability + DEVCTL, 2, control | mask(DEVCTL_INITIATE_FLR_HI, DEVCTL_INITIATE_FLR_LO));
  for (const [place, register] of ADDRESS_REGISTERS.entries()) {
    root.configWrite(requesterId, register, 4, addresses[place] as number);
  }
  root.configWrite(requesterId, COMMAND, 2, decoding);
}
