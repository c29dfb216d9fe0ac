// The demonstration's machine by itself: what `iovirt lspci` lists.
import type { RequesterId } from "../core/address.ts";
import type { ConfigSpace } from "../pci/config-space.ts";
import { assemble } from "./cast.ts";

const VMS = 8;

/** The functions of the default machine as the administrator sees them, VFs enabled and assigned. */
export async function demoFunctions(): Promise<{ segment: number; requesterId: RequesterId; config: ConfigSpace }[]> {
  const { hypervisor } = await assemble(
    VMS,
    () => undefined,
    () => undefined,
  );
  const { root } = hypervisor.machine;
  return root.functions().map(({ requesterId, config }) => ({ segment: root.segment, requesterId, config }));
}
