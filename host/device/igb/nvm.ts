// The card's NVM as the driver reads it word by word (I350 §6, 82576 §6): MAC address, identity, checksum.
import { ArgumentError } from "../../core/errors.ts";

/** Words 0 to 3Fh of every area add up to this. */
export const NVM_CHECKSUM = 0xbaba;
const CHECKSUM_WORD = 0x3f;
/** Where the areas of a four-port card begin. */
const AREAS = [0x00, 0x80, 0xc0, 0x100];
const WORDS = 0x200;
const INIT_CONTROL_2 = 0x0f;
/** Word 0Fh: APM is off, the link partner is a copper PHY. */
const NVM_COMPATIBILITY = 0x03;

/** The NVM's words for a card whose port 0 has `mac`; port n has mac + n. */
export function nvmWords(mac: Uint8Array, ports: number): Uint16Array {
  if (mac.length !== 6) throw new ArgumentError("mac", mac.length, "is not the 6 bytes of a MAC address");
  const words = new Uint16Array(WORDS).fill(0xffff);
  for (let area = 0; area < AREAS.length; area++) {
    const base = AREAS[area] as number;
    words.fill(0, base, base + CHECKSUM_WORD + 1);
    const address = portMac(mac, Math.min(area, ports - 1));
    for (let word = 0; word < 3; word++) {
      words[base + word] = (address[2 * word] as number) | ((address[2 * word + 1] as number) << 8);
    }
    words[base + NVM_COMPATIBILITY] = 0;
    words[base + INIT_CONTROL_2] = 0;
    let sum = 0;
    for (let word = 0; word < CHECKSUM_WORD; word++) sum += words[base + word] as number;
    words[base + CHECKSUM_WORD] = NVM_CHECKSUM - sum;
  }
  return words;
}

/** The MAC address of port `port`: the card's, counted up. */
export function portMac(mac: Uint8Array, port: number): Uint8Array {
  const address = mac.slice();
  let carry = port;
  for (let at = 5; at >= 0 && carry > 0; at--) {
    const sum = (address[at] as number) + carry;
    address[at] = sum & 0xff;
    carry = sum >>> 8;
  }
  return address;
}
