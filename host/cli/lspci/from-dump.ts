// A real server's functions out of its dump.
import { parseDump } from "../../pci/dump.ts";
import { ReplicaTopology } from "../../pci/replica-topology.ts";
import type { Listed } from "./describe.ts";

/** The functions in the order of the dump. Throws FormatError for a dump that is none. */
export function fromDump(text: string, source: string): Listed[] {
  const { functions } = new ReplicaTopology(parseDump(text, source), { message: () => {} }, source);
  return functions.map(({ dumped, fn }) => {
    const { segment, requesterId, description, bytes, barSizes, romSize } = dumped;
    const named = description === "" ? {} : { description };
    const sizes = { bars: barSizes, rom: romSize };
    return { segment, requesterId, config: fn.config, length: bytes.length, sizes, ...named };
  });
}
