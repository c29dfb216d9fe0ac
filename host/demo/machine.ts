// The demonstration's machine by itself: what `iovirt lspci` lists.
import type { RootComplex } from "../pci/root-complex.ts";
import { assemble, DEFAULT_VMS } from "./cast.ts";

/** The default machine's topology as the administrator sees it, VFs enabled and assigned. */
export async function demoTopology(): Promise<RootComplex> {
  const { hypervisor } = await assemble(
    DEFAULT_VMS,
    () => undefined,
    () => undefined,
  );
  return hypervisor.machine.root;
}
