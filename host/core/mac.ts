// MAC addresses as bytes, the first on the wire first.
import { ETHERNET_ADDRESS_GROUP } from "../../assembly/spec/net/ethernet.ts";

/** True when the address that `bytes` begin with is a group's: a multicast or broadcast address. */
export function isGroup(bytes: Uint8Array): boolean {
  return ((bytes[0] as number) & ETHERNET_ADDRESS_GROUP) !== 0;
}

/** True for an address that one station can have: neither a group's nor all zero. */
export function isStation(mac: Uint8Array): boolean {
  return !isGroup(mac) && mac.some((byte) => byte !== 0);
}
