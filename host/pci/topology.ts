// The tree of functions, by paths that do not depend on what software programmed.
import { deviceOf, functionOf } from "../core/address.ts";
import { Bridge } from "./bridge.ts";
import type { PciBus } from "./bus.ts";
import type { PciFunction } from "./function.ts";

export interface TreeEntry {
  readonly fn: PciFunction;
  /** False of a VF that is not enabled. */
  readonly present: boolean;
}

/**
 * Every function on `bus` and below, parents before children: `1c.0/00.0` is function 0 of device 0 behind the bridge
 * at 1c.0, `1c.0/00.0/vf2` its third VF. VFs that are not enabled are listed too.
 */
export function functionsByPath(bus: PciBus, prefix = ""): Map<string, TreeEntry> {
  const found = new Map<string, TreeEntry>();
  for (const [number, fn] of bus.functions) {
    const path = `${prefix}${deviceOf(number).toString(16).padStart(2, "0")}.${functionOf(number)}`;
    found.set(path, { fn, present: true });
    const { vfs, allVfs } = fn.virtualFunctions ?? { vfs: [], allVfs: [] };
    for (const [index, vf] of allVfs.entries()) {
      found.set(`${path}/vf${index}`, { fn: vf, present: index < vfs.length });
    }
    if (!(fn instanceof Bridge)) continue;
    for (const [below, entry] of functionsByPath(fn.bus, `${path}/`)) found.set(below, entry);
  }
  return found;
}
