// Resets one function as software does (PCIe 6.0 §6.6.2).
import { DEVCTL, DEVCTL_INITIATE_FLR_HI, DEVCTL_INITIATE_FLR_LO } from "../../assembly/spec/pci/express.ts";
import { CAP_EXPRESS } from "../../assembly/spec/pci/ids.ts";
import { mask } from "../core/bits.ts";
import { findCapability } from "../pci/capability.ts";
import type { PciFunction } from "../pci/function.ts";
import type { RootComplex } from "../pci/root-complex.ts";

/** Function Level Reset by a configuration write. A function without the capability stays as it is. */
export function functionLevelReset(root: RootComplex, fn: PciFunction): void {
  const capability = findCapability(fn.config, CAP_EXPRESS);
  if (capability === undefined) return;
  const flr = mask(DEVCTL_INITIATE_FLR_HI, DEVCTL_INITIATE_FLR_LO);
  root.configWrite(fn.requesterId, capability + DEVCTL, 2, fn.config.get(capability + DEVCTL, 2) | flr);
}
