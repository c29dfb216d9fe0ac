// Wake-up of a port that sleeps: which frames and events count, and what is noted of them (I350 §5.6, §8.21; 82576 §5.5).
import * as power from "../../../assembly/spec/igb/power.ts";
import { RA, RA_ENTRIES, RAH_AV } from "../../../assembly/spec/igb/virtualization.ts";
import * as net from "../../../assembly/spec/net/ethernet.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, IPV4_DESTINATION, IPV6_DESTINATION } from "../../../assembly/spec/net/ip.ts";
import { bits } from "../../core/bits.ts";
import { isGroup } from "../../core/mac.ts";
import type { RegisterFile } from "./register-file.ts";

export interface WakeOptions {
  registers: RegisterFile;
  /** A magic packet wakes whatever WUFC says: the NVM's APM. */
  apm(): boolean;
  /** Whether the capability's PME_Status is set, and clears it. */
  pmeStatus(): boolean;
  clearPme(): void;
  /** Sets PME_Status; sends the event if PME is enabled. */
  wake(): void;
}

/** What a row of a flexible filter masks. */
const ROW_BYTES = power.FHFT_ROW_BYTES;

export class WakeUp {
  readonly #options: WakeOptions;

  constructor(options: WakeOptions) {
    this.#options = options;
  }

  /** WUC shows the capability's status, and clears it. */
  hook(): void {
    const { registers, apm, pmeStatus, clearPme } = this.#options;
    registers.hook(power.WUC, {
      read: () => {
        const status = pmeStatus() ? power.WUC_PME_STATUS : 0;
        return registers.get(power.WUC) | (apm() ? power.WUC_APME : 0) | status;
      },
      write: (value) => {
        registers.store(power.WUC, value);
        if ((value & power.WUC_PME_STATUS) !== 0) clearPme();
      },
    });
  }

  /** The link came or went while the port sleeps. */
  linkChanged(): void {
    this.#notice(this.#filters & power.WUFC_LNKC);
  }

  /** A frame came from the wire while the port sleeps. */
  receive(frame: Uint8Array): void {
    const magic = isMagic(frame, this.#address(0));
    const matched = this.#filters & ((magic ? power.WUFC_MAG : 0) | this.#match(frame));
    if (matched === 0) {
      if (magic && this.#apm) this.#options.wake();
      return;
    }
    // The first frame that wakes is kept.
    if (this.#options.registers.get(power.WUS) === 0) this.#keep(frame);
    this.#notice(matched);
  }

  get #apm(): boolean {
    return this.#options.apm() || (this.#options.registers.get(power.WUC) & power.WUC_APME) !== 0;
  }

  /** WUFC, as far as wake-up is enabled. */
  get #filters(): number {
    const { registers } = this.#options;
    return (registers.get(power.WUC) & power.WUC_PME_EN) === 0 ? 0 : registers.get(power.WUFC);
  }

  #notice(events: number): void {
    if (events === 0) return;
    const { registers, wake } = this.#options;
    registers.set(power.WUS, (registers.get(power.WUS) | events) >>> 0);
    wake();
  }

  #keep(frame: Uint8Array): void {
    const { registers } = this.#options;
    registers.set(power.WUPL, frame.length & power.WUPL_MASK);
    for (let word = 0; word < power.WUPM_WORDS; word++) {
      let value = 0;
      for (let byte = 3; byte >= 0; byte--) value = (value << 8) | (frame[4 * word + byte] ?? 0);
      registers.set(power.WUPM + 4 * word, value >>> 0);
    }
  }

  #match(frame: Uint8Array): number {
    let matched = 0;
    if (frame.subarray(0, net.ETHERNET_ADDRESS_SIZE).every((byte) => byte === 0xff)) matched |= power.WUFC_BC;
    else if (isGroup(frame)) matched |= power.WUFC_MC;
    else if (this.#isOwn(frame)) matched |= power.WUFC_EX;
    const tagged = word16(frame, net.ETHERNET_TYPE) === net.ETHERTYPE_VLAN ? net.VLAN_TAG_SIZE : 0;
    const payload = net.ETHERNET_HEADER + tagged;
    switch (word16(frame, net.ETHERNET_TYPE + tagged)) {
      case net.ETHERTYPE_ARP:
        if (
          word16(frame, payload + net.ARP_OPERATION) === net.ARP_OPERATION_REQUEST &&
          this.#isIpv4(frame, payload + net.ARP_TARGET)
        ) {
          matched |= power.WUFC_ARP;
        }
        break;
      case ETHERTYPE_IPV4:
        if (this.#isIpv4(frame, payload + IPV4_DESTINATION)) matched |= power.WUFC_IPV4;
        break;
      case ETHERTYPE_IPV6:
        if (this.#isIpv6(frame, payload + IPV6_DESTINATION)) matched |= power.WUFC_IPV6;
    }
    return matched | this.#flexible(frame);
  }

  /** Receive address `index`, 6 bytes; undefined while it is not valid. */
  #address(index: number): Uint8Array | undefined {
    const { registers } = this.#options;
    const high = registers.get(RA + 8 * index + 4);
    if ((high & RAH_AV) === 0) return undefined;
    const low = registers.get(RA + 8 * index);
    return Uint8Array.of(low, low >>> 8, low >>> 16, low >>> 24, high, high >>> 8);
  }

  #isOwn(frame: Uint8Array): boolean {
    for (let index = 0; index < RA_ENTRIES; index++) {
      if (this.#address(index)?.every((byte, at) => byte === frame[at]) === true) return true;
    }
    return false;
  }

  /** Addresses in registers are in the order of the wire: the first byte is the lowest. */
  #isIpv4(frame: Uint8Array, at: number): boolean {
    const { registers } = this.#options;
    const address = little32(frame, at);
    for (let index = 0; index < power.IP4AT_COUNT; index++) {
      const valid = ((registers.get(power.IPAV) >>> (power.IPAV_V40_LO + index)) & 1) !== 0;
      if (valid && registers.get(power.IP4AT + index * power.IP4AT_STRIDE) === address) return true;
    }
    return false;
  }

  #isIpv6(frame: Uint8Array, at: number): boolean {
    const { registers } = this.#options;
    if ((registers.get(power.IPAV) & power.IPAV_V60) === 0) return false;
    for (let word = 0; word < power.IP6AT_COUNT; word++) {
      if (registers.get(power.IP6AT + 4 * word) !== little32(frame, at + 4 * word)) return false;
    }
    return true;
  }

  /** The flexible filters that the frame passes, as WUFC has them. */
  #flexible(frame: Uint8Array): number {
    let matched = 0;
    for (let filter = 0; filter < 2 * power.FHFT_COUNT; filter++) {
      const place = filter < power.FHFT_COUNT ? power.FHFT : power.FHFT_EXT;
      const base = place + (filter % power.FHFT_COUNT) * power.FHFT_STRIDE;
      if (this.#passes(frame, base)) matched |= 1 << (power.WUFC_FLX_LO + filter);
    }
    return matched;
  }

  #passes(frame: Uint8Array, base: number): boolean {
    const { registers } = this.#options;
    const length = bits(registers.get(base + power.FHFT_LENGTH), power.FHFT_LENGTH_HI, power.FHFT_LENGTH_LO);
    if (length === 0 || frame.length < length) return false;
    for (let at = 0; at < Math.min(length, power.FHFT_ROWS * ROW_BYTES); at++) {
      const row = base + Math.floor(at / ROW_BYTES) * power.FHFT_ROW_SIZE;
      const column = at % ROW_BYTES;
      if (((registers.get(row + power.FHFT_ROW_MASK) >>> column) & 1) === 0) continue;
      const wanted = (registers.get(row + (column & ~3)) >>> (8 * (column & 3))) & 0xff;
      if (wanted !== frame[at]) return false;
    }
    return true;
  }
}

/** Whether the frame has six bytes of ones anywhere, and the address sixteen times behind them. */
function isMagic(frame: Uint8Array, address: Uint8Array | undefined): boolean {
  if (address === undefined) return false;
  const length = power.MAGIC_ONES + power.MAGIC_REPEATS * net.ETHERNET_ADDRESS_SIZE;
  for (let start = net.ETHERNET_HEADER; start + length <= frame.length; start++) {
    const ones = frame.subarray(start, start + power.MAGIC_ONES).every((byte) => byte === 0xff);
    if (!ones) continue;
    const rest = frame.subarray(start + power.MAGIC_ONES, start + length);
    if (rest.every((byte, at) => byte === address[at % net.ETHERNET_ADDRESS_SIZE])) return true;
  }
  return false;
}

function word16(frame: Uint8Array, at: number): number {
  return ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
}

function little32(frame: Uint8Array, at: number): number {
  const byte = (index: number): number => (frame[at + index] ?? 0) << (8 * index);
  return (byte(0) | byte(1) | byte(2) | byte(3)) >>> 0;
}
