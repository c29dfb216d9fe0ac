// MAC addresses as drivers handle them: in frames, in mailbox messages, in the multicast table.
import { ETHERNET_ADDRESS_SIZE } from "../../../assembly/spec/net/ethernet.ts";

/** Bytes of a MAC address. */
export const MAC_LENGTH: number = ETHERNET_ADDRESS_SIZE;
/** Everybody's address. Not to be written. */
export const BROADCAST: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

const HASH_MASK = 0xfff;

/** `02:00:00:00:01:0a` of the six bytes at `offset`. */
export function formatMac(bytes: Uint8Array, offset = 0): string {
  return Array.from(bytes.subarray(offset, offset + MAC_LENGTH), (byte) => byte.toString(16).padStart(2, "0")).join(
    ":",
  );
}

/** True when the six bytes at `offset` of `frame` are `mac`. */
export function macAt(frame: Uint8Array, offset: number, mac: Uint8Array): boolean {
  for (let index = 0; index < MAC_LENGTH; index++) if (frame[offset + index] !== mac[index]) return false;
  return true;
}

/** Puts a MAC address into words 1 and 2 of a message, first byte lowest. */
export function packMac(mac: Uint8Array, words: number[]): void {
  for (let index = 0; index < MAC_LENGTH; index++) {
    const word = 1 + (index >> 2);
    words[word] = ((words[word] ?? 0) | ((mac[index] as number) << (8 * (index & 3)))) >>> 0;
  }
}

/** The MAC address in words 1 and 2 of a message. */
export function unpackMac(words: ArrayLike<number>, mac: Uint8Array): void {
  for (let index = 0; index < MAC_LENGTH; index++) {
    mac[index] = (words[1 + (index >> 2)] as number) >>> (8 * (index & 3));
  }
}

/** The 12 bits that stand for a group in the multicast table with RCTL.MO = 0: bits 47:36 of the address. */
export function multicastHash(mac: Uint8Array): number {
  return (((mac[4] as number) >>> 4) | ((mac[5] as number) << 4)) & HASH_MASK;
}
