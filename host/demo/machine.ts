// The demonstration's machine by itself: what `iovirt lspci` lists and `iovirt explain` explains.
import type { Machine } from "../machine/machine.ts";
import type { RootComplex } from "../pci/root-complex.ts";
import { assemble, DEFAULT_VMS } from "./cast.ts";

/** The default machine, VFs enabled and assigned. */
export async function demoMachine(): Promise<Machine> {
  const { hypervisor } = await assemble(
    DEFAULT_VMS,
    () => undefined,
    () => undefined,
  );
  return hypervisor.machine;
}

/** Its topology as the administrator sees it. */
export async function demoTopology(): Promise<RootComplex> {
  return (await demoMachine()).root;
}
