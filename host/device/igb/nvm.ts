// The NVM image of a new card (I350 §6, 82576 §6): MAC addresses, identity, defaults, checksums; and whose word is where.
import { FLASH_WINDOW_MIN } from "../../../assembly/spec/igb/flash.ts";
import * as spec from "../../../assembly/spec/igb/nvm.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import { ArgumentError } from "../../core/errors.ts";

/** Where the areas of a four-port card begin. The first holds what is common to the ports, too. */
const AREAS: readonly number[] = [0, spec.NVM_AREA_1, spec.NVM_AREA_2, spec.NVM_AREA_3];

export interface NvmOptions {
  /** MAC address of port 0; port n has mac + n. */
  mac: Uint8Array;
  ports: number;
  deviceId: number;
  subsystemId: number;
  /** Four bytes of the part number, in two words. */
  part: readonly [number, number];
  /** Where the NVM says how many bytes of the flash the windows show, at which bit; undefined for no window. */
  flash?: FlashInNvm | undefined;
}

export interface FlashInNvm {
  word: number;
  lo: number;
  window: number;
}

/** The NVM's words for a new card. Throws ArgumentError for what is no MAC address. */
export function nvmWords({ mac, ports, deviceId, subsystemId, part, flash }: NvmOptions): Uint16Array {
  if (mac.length !== 6) throw new ArgumentError("mac", mac.length, "is not the 6 bytes of a MAC address");
  const words = new Uint16Array(spec.NVM_WORDS).fill(spec.NVM_NONE);
  const common: [word: number, value: number][] = [
    [spec.NVM_COMPATIBILITY, 0],
    [spec.NVM_ID_LED, spec.NVM_ID_LED_DEFAULT],
    [spec.NVM_VERSION, spec.NVM_VERSION_VALUE],
    [spec.NVM_PBA_0, part[0]],
    [spec.NVM_PBA_1, part[1]],
    [spec.NVM_SUBSYSTEM_ID, subsystemId],
    [spec.NVM_SUBSYSTEM_VENDOR_ID, ids.VENDOR_INTEL],
    [spec.NVM_DEVICE_ID, deviceId],
    [spec.NVM_VENDOR_ID, ids.VENDOR_INTEL],
    [spec.NVM_CONTROL_2, spec.NVM_CONTROL_2_PAUSE],
    [spec.NVM_CONTROL_3_PORT_1, spec.NVM_CONTROL_3_APM],
    [spec.NVM_CONTROL_3, spec.NVM_CONTROL_3_APM],
    [spec.NVM_ALTERNATE_MAC, spec.NVM_NONE],
    [spec.NVM_THERMAL_SENSORS, spec.NVM_NONE],
  ];
  for (const [number, base] of AREAS.entries()) {
    words.fill(0, base, base + spec.NVM_CHECKSUM + 1);
    for (const [word, value] of common) words[base + word] = value;
    if (number === 0 && flash !== undefined) {
      words[flash.word] = (words[flash.word] as number) | (Math.log2(flash.window / FLASH_WINDOW_MIN) << flash.lo);
    }
    const address = portMac(mac, Math.min(number, ports - 1));
    for (let word = 0; word < 3; word++) {
      words[base + spec.NVM_MAC + word] = (address[2 * word] as number) | ((address[2 * word + 1] as number) << 8);
    }
    let sum = 0;
    for (let word = 0; word < spec.NVM_CHECKSUM; word++) sum += words[base + word] as number;
    words[base + spec.NVM_CHECKSUM] = spec.NVM_SUM - sum;
  }
  words[spec.NVM_ETRACK_LOW] = deviceId;
  words[spec.NVM_ETRACK_HIGH] = spec.NVM_ETRACK_VALID;
  return words;
}

/** The MAC address of port `port` as the NVM has it now. */
export function macInNvm(words: Uint16Array, port: number): Uint8Array {
  const base = (AREAS[port] as number) + spec.NVM_MAC;
  const mac = new Uint8Array(6);
  for (let word = 0; word < 3; word++) {
    mac[2 * word] = words[base + word] as number;
    mac[2 * word + 1] = (words[base + word] as number) >>> 8;
  }
  return mac;
}

/** Whether a magic packet wakes port `port` by itself, as the NVM has it now. */
export function apmInNvm(words: Uint16Array, port: number): boolean {
  return ((words[(AREAS[port] as number) + spec.NVM_CONTROL_3] as number) & spec.NVM_CONTROL_3_APM) !== 0;
}

/** The MAC address of port `port`: the card's, counted up. */
function portMac(mac: Uint8Array, port: number): Uint8Array {
  const address = mac.slice();
  let carry = port;
  for (let at = 5; at >= 0 && carry > 0; at--) {
    const sum = (address[at] as number) + carry;
    address[at] = sum & 0xff;
    carry = sum >>> 8;
  }
  return address;
}
