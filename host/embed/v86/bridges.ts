// What the guest's firmware leaves out: SeaBIOS lets no bridge pass its devices' requests on, since the bridges of the
// emulators that it is written for pass them all. A server's firmware does (PCIe 6.0 §7.5.1.1.3, Bus Master Enable).
import * as spec from "../../../assembly/spec/pci/header.ts";
import { mask } from "../../core/bits.ts";
import { Bridge } from "../../pci/bridge.ts";
import type { RootComplex } from "../../pci/root-complex.ts";

const BUS_MASTER = mask(spec.COMMAND_BUS_MASTER_ENABLE_HI, spec.COMMAND_BUS_MASTER_ENABLE_LO);

/** Lets every bridge pass requests upstream: a guest without drivers for bridges, such as a boot ROM, needs that. */
export function enableBridges(root: RootComplex): void {
  for (const fn of root.functions()) {
    if (!(fn instanceof Bridge)) continue;
    fn.configWrite(spec.COMMAND, 2, fn.configRead(spec.COMMAND, 2) | BUS_MASTER);
  }
}
