// Which frames reach which pool, as igb programs it: receive addresses, multicast table, VLAN filters, the per-pool
// offloads, and what the transmit switch lets a pool send (I350 §8.10, §8.14; 82576 alike).
import {
  DTXSWC,
  DVMOLR,
  DVMOLR_STRIDE,
  DVMOLR_STRVLAN,
  MTA,
  MTA_WORDS,
  POOL_MASK,
  RA,
  RA_ENTRIES,
  RA2,
  RAH_AV,
  RAH_POOLSEL_LO,
  RAR_ENTRIES_82576,
  RAR_ENTRIES_I350,
  TABLE_BIT_HI,
  TABLE_BIT_LO,
  TABLE_WORD_HI,
  TABLE_WORD_LO,
  TXSWC,
  TXSWC_LOOPBACK_EN,
  TXSWC_MACAS_LO,
  TXSWC_VLANAS_LO,
  VFTA,
  VFTA_WORDS,
  VLVF,
  VLVF_ENTRIES,
  VLVF_POOLSEL_HI,
  VLVF_POOLSEL_LO,
  VLVF_VI_EN,
  VLVF_VLANID_HI,
  VLVF_VLANID_LO,
  VMOLR,
  VMOLR_AUPE,
  VMOLR_BAM,
  VMOLR_LPE,
  VMOLR_MPE,
  VMOLR_RLPML_HI,
  VMOLR_RLPML_LO,
  VMOLR_ROMPE,
  VMOLR_ROPE,
  VMOLR_STRCRC,
  VMOLR_STRVLAN,
  VMVIR,
  VMVIR_VLANA_ALWAYS,
  VMVIR_VLANA_LO,
} from "../../../assembly/spec/igb/virtualization.ts";
import { bits, mask, replace } from "../../core/bits.ts";
import type { Snapshotable } from "../../core/ports.ts";
import type { Registers } from "./guest.ts";
import { MAC_LENGTH, packMac } from "./mac.ts";

export type CardKind = "i350" | "82576";

/** How often the I350's driver writes a VFTA entry, because one write may be lost (I350 specification update). */
const VFTA_WRITES_I350 = 10;
const POOLSEL = mask(VLVF_POOLSEL_HI, VLVF_POOLSEL_LO);
const RAR_STRIDE = 8;
/** Longest frame that a pool may ask for, in bytes. */
const MAX_JUMBO = 0x3f00;

export class PoolFilters implements Snapshotable<readonly number[]> {
  /** Receive address entries of the card. */
  readonly addresses: number;
  /** VT mode is on: VLANs are filtered by pool. */
  pooled = false;
  readonly #registers: Registers;
  readonly #kind: CardKind;
  readonly #vfta = new Uint32Array(VFTA_WORDS);

  constructor(registers: Registers, kind: CardKind) {
    this.#registers = registers;
    this.#kind = kind;
    this.addresses = kind === "i350" ? RAR_ENTRIES_I350 : RAR_ENTRIES_82576;
  }

  /** Empties every table, as after a reset. Receive address 0 belongs to the card's own address and stays. */
  clear(): void {
    for (let entry = 1; entry < this.addresses; entry++) this.setAddress(entry, undefined, 0);
    this.setMulticast([]);
    this.#vfta.fill(0);
    for (let word = 0; word < VFTA_WORDS; word++) this.#writeVfta(word);
    for (let entry = 0; entry < VLVF_ENTRIES; entry++) this.#registers.write(VLVF + entry * 4, 0);
  }

  /** The copy of VFTA, which cannot be read back reliably. */
  save(): number[] {
    return [...this.#vfta];
  }

  restore(state: readonly number[]): void {
    this.#vfta.set(state);
  }

  /** Receive address `entry`: frames to `mac` go to `pool`; undefined turns the entry off. */
  setAddress(entry: number, mac: Uint8Array | undefined, pool: number): void {
    const words = [0, 0, 0];
    if (mac !== undefined) packMac(mac.subarray(0, MAC_LENGTH), words);
    const high = mac === undefined ? 0 : ((words[2] as number) | RAH_AV | (1 << (RAH_POOLSEL_LO + pool))) >>> 0;
    const offset = entry < RA_ENTRIES ? RA + entry * RAR_STRIDE : RA2 + (entry - RA_ENTRIES) * RAR_STRIDE;
    this.#registers.write(offset, words[1] as number);
    this.#registers.read(offset);
    this.#registers.write(offset + 4, high);
  }

  /** The entry that holds VF `vf`'s address: from the top of the table. */
  vfAddressEntry(vf: number): number {
    return this.addresses - 1 - vf;
  }

  /** The groups, as hashes, that pools with VMOLR.ROMPE receive. */
  setMulticast(hashes: Iterable<number>): void {
    const table = new Uint32Array(MTA_WORDS);
    for (const hash of hashes) {
      const word = bits(hash, TABLE_WORD_HI, TABLE_WORD_LO);
      table[word] = (table[word] as number) | (1 << bits(hash, TABLE_BIT_HI, TABLE_BIT_LO));
    }
    for (let word = 0; word < MTA_WORDS; word++) this.#registers.write(MTA + word * 4, table[word] as number);
  }

  /** What pool `pool` accepts beyond its addresses: broadcasts, and untagged frames unless it lives in a VLAN. */
  openPool(pool: number, untagged: boolean): void {
    const offset = VMOLR + pool * 4;
    const keep = this.#registers.read(offset) & ~(VMOLR_AUPE | VMOLR_ROMPE | VMOLR_ROPE | VMOLR_MPE);
    this.#registers.write(offset, keep | VMOLR_STRCRC | VMOLR_BAM | (untagged ? VMOLR_AUPE : 0));
  }

  /** Multicasts for `pool`: those of the table, all, or none. */
  setPoolMulticast(pool: number, accept: "none" | "table" | "all"): void {
    const offset = VMOLR + pool * 4;
    const keep = this.#registers.read(offset) & ~(VMOLR_ROMPE | VMOLR_MPE);
    const add = { none: 0, table: VMOLR_ROMPE, all: VMOLR_MPE }[accept];
    this.#registers.write(offset, keep | add);
  }

  /** Longest frame for `pool`, CRC included. */
  setMaxFrame(pool: number, bytes: number): void {
    const offset = VMOLR + pool * 4;
    const value = replace(this.#registers.read(offset), Math.min(bytes, MAX_JUMBO), VMOLR_RLPML_HI, VMOLR_RLPML_LO);
    this.#registers.write(offset, value | VMOLR_LPE);
  }

  /** Whether the card takes VLAN tags out of the frames of `pool`. */
  setVlanStripping(pool: number, on: boolean): void {
    const i350 = this.#kind === "i350";
    const offset = i350 ? DVMOLR + pool * DVMOLR_STRIDE : VMOLR + pool * 4;
    const bit = i350 ? DVMOLR_STRVLAN : VMOLR_STRVLAN;
    if (on) this.#registers.set(offset, bit);
    else this.#registers.clear(offset, bit);
  }

  /** The tag (priority and ID) that the card puts into every frame of `pool`; 0 for none. */
  setPortVlan(pool: number, tag: number): void {
    this.#registers.write(VMVIR + pool * 4, tag === 0 ? 0 : tag | (VMVIR_VLANA_ALWAYS << VMVIR_VLANA_LO));
  }

  /** Lets `pool` into a VLAN or out of it. False when all 32 filters are taken by others. */
  setVlan(vlan: number, pool: number, on: boolean): boolean {
    if (!this.pooled) {
      this.#setVfta(vlan, on);
      return true;
    }
    const entry = this.#vlanEntry(vlan);
    if (entry < 0) return !on;
    const offset = VLVF + entry * 4;
    const bit = 1 << (VLVF_POOLSEL_LO + pool);
    const now = this.#registers.read(offset);
    const pools = (on ? now | bit : now & ~bit) & POOLSEL;
    if (pools === 0) {
      this.#setVfta(vlan, false);
      this.#registers.write(offset, 0);
      return true;
    }
    this.#registers.write(offset, pools | vlan | VLVF_VI_EN);
    if (on) this.#setVfta(vlan, true);
    return true;
  }

  /** Takes `pool` out of every VLAN. */
  leaveVlans(pool: number): void {
    const bit = 1 << (VLVF_POOLSEL_LO + pool);
    for (let entry = 0; entry < VLVF_ENTRIES; entry++) {
      const value = this.#registers.read(VLVF + entry * 4);
      if ((value & bit) !== 0) this.setVlan(bits(value, VLVF_VLANID_HI, VLVF_VLANID_LO), pool, false);
    }
  }

  /**
   * The transmit switch: frames between pools stay in the card, and only `trusted` pools (a bit each) may send with an
   * address or VLAN that is not theirs.
   */
  setTransmitSwitch(trusted: number): void {
    const checked = POOL_MASK & ~trusted;
    const value = TXSWC_LOOPBACK_EN | (checked << TXSWC_MACAS_LO) | (checked << TXSWC_VLANAS_LO);
    this.#registers.write(this.#kind === "i350" ? TXSWC : DTXSWC, value);
  }

  /** The VLVF entry of a VLAN, else a free one; −1 for neither. Entry 0 belongs to VLAN 0. */
  #vlanEntry(vlan: number): number {
    if (vlan === 0) return 0;
    let free = -1;
    for (let entry = VLVF_ENTRIES - 1; entry > 0; entry--) {
      const value = this.#registers.read(VLVF + entry * 4);
      if (bits(value, VLVF_VLANID_HI, VLVF_VLANID_LO) === vlan) return entry;
      if (value === 0 && free < 0) free = entry;
    }
    return free;
  }

  #setVfta(vlan: number, on: boolean): void {
    const word = bits(vlan, TABLE_WORD_HI, TABLE_WORD_LO);
    const bit = 1 << bits(vlan, TABLE_BIT_HI, TABLE_BIT_LO);
    this.#vfta[word] = on ? (this.#vfta[word] as number) | bit : (this.#vfta[word] as number) & ~bit;
    this.#writeVfta(word);
  }

  #writeVfta(word: number): void {
    const writes = this.#kind === "i350" ? VFTA_WRITES_I350 : 1;
    for (let count = 0; count < writes; count++) this.#registers.write(VFTA + word * 4, this.#vfta[word] as number);
  }
}
