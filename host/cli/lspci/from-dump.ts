// A real server's functions out of its dump.
import { type DumpedFunction, parseDump } from "../../pci/dump.ts";
import { replicaConfig, virtualSlots } from "../../pci/replica.ts";
import type { Listed } from "./describe.ts";

/** The functions in the order of the dump. Throws FormatError for a dump that is none. */
export function fromDump(text: string, source: string): Listed[] {
  const functions = parseDump(text, source);
  const virtual = virtualSlots(functions);
  return functions.map((dumped) => {
    const { segment, requesterId, description, bytes } = dumped;
    const config = replicaConfig(dumped, virtual.has(slotKey(dumped)));
    return { segment, requesterId, config, length: bytes.length, ...(description === "" ? {} : { description }) };
  });
}

function slotKey({ segment, requesterId }: DumpedFunction): string {
  return `${segment}/${requesterId}`;
}
