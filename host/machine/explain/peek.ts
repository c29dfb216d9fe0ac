// Reading tables without touching anything: RAM only, whatever keeps it.
import type { Hpa } from "../../core/address.ts";
import type { AddressMap } from "../address-map.ts";
import type { Read } from "./trail.ts";

const DWORD = 4;

/** Reads words of a map's RAM. */
export function peekOf(map: Pick<AddressMap, "peek">): Read {
  return (hpa, dwords) => {
    const bytes = new Uint8Array(dwords * DWORD);
    if (!map.peek(hpa as Hpa, bytes)) return undefined;
    return new Uint32Array(bytes.buffer);
  };
}
