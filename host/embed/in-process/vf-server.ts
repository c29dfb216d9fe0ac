// What the PF's driver does for VFs, as igb does it: what they ask for is granted or refused here, and nothing is granted
// to a VF that has not said VF_RESET since it or the PF was reset.
import {
  MESSAGE_ACK,
  MESSAGE_CTS,
  MESSAGE_INFO_HI,
  MESSAGE_INFO_LO,
  MESSAGE_NACK,
  MESSAGE_TYPE_HI,
  MESSAGE_TYPE_LO,
  PF_CONTROL,
  VF_RESET,
  VF_SET_LPE,
  VF_SET_MAC_ADDR,
  VF_SET_MAC_ADDR_FILTER_ADD,
  VF_SET_MAC_ADDR_FILTER_CLEAR,
  VF_SET_MULTICAST,
  VF_SET_MULTICAST_MAX,
  VF_SET_PROMISC,
  VF_SET_PROMISC_MULTICAST,
  VF_SET_VLAN,
} from "../../../assembly/spec/igb/mailbox.ts";
import { VFRE, VFTE, VLVF_VLANID_HI, VLVF_VLANID_LO } from "../../../assembly/spec/igb/virtualization.ts";
import { bits } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import { isStation } from "../../core/mac.ts";
import type { Snapshotable } from "../../core/ports.ts";
import type { Registers } from "./guest.ts";
import { MAC_LENGTH, packMac, unpackMac } from "./mac.ts";
import type { PoolFilters } from "./pf-filters.ts";
import { PfMailbox } from "./pf-mailbox.ts";
import { copyRecord, VfRecord } from "./vf-record.ts";

const VLAN_ID_MASK = 0xfff;
const HASH_MASK = 0xffff;

export interface VfServerState {
  statistics: VfServer["statistics"];
  vfs: readonly VfRecord[];
}

/** The mailboxes and resets of all VFs of one PF. */
export class VfServer implements Snapshotable<VfServerState> {
  /** Requests granted and refused, and resets seen, of all VFs. */
  readonly statistics = { granted: 0, refused: 0, resets: 0 };
  readonly #registers: Registers;
  readonly #filters: PoolFilters;
  readonly #vfs: readonly VfRecord[];
  readonly #ownHashes: () => readonly number[];
  readonly #mailbox: PfMailbox;

  /** @param ownHashes the multicast hashes that the PF itself listens to. */
  constructor(registers: Registers, filters: PoolFilters, vfs: number, ownHashes: () => readonly number[]) {
    this.#registers = registers;
    this.#mailbox = new PfMailbox(registers);
    this.#filters = filters;
    this.#ownHashes = ownHashes;
    this.#vfs = Array.from({ length: vfs }, () => new VfRecord());
  }

  /** VF `vf`'s address; all zero when it has none. */
  macOf(vf: number): Uint8Array {
    return this.#vf(vf).mac.slice();
  }

  /** True when VF `vf` has made the handshake. */
  clearToSend(vf: number): boolean {
    return this.#vf(vf).clearToSend;
  }

  /** The administrator's word on VF `vf`'s address. Throws ArgumentError unless it has 6 bytes. */
  setMac(vf: number, mac: Uint8Array): void {
    const record = this.#vf(vf);
    if (!(mac instanceof Uint8Array) || mac.length !== MAC_LENGTH) {
      throw new ArgumentError("mac", mac?.length, `bytes are no MAC address of ${MAC_LENGTH}`);
    }
    record.mac.set(mac.subarray(0, MAC_LENGTH));
    record.fixedMac = true;
    this.#filters.setAddress(this.#filters.vfAddressEntry(vf), record.mac, vf);
  }

  /** Puts VF `vf` into a VLAN of which it knows nothing: the card inserts and strips the tag. 0 takes it out again. */
  setPortVlan(vf: number, tag: number): void {
    const record = this.#vf(vf);
    const before = record.portVlan & VLAN_ID_MASK;
    record.portVlan = tag;
    this.#filters.setVlan(tag & VLAN_ID_MASK, vf, true);
    this.#filters.setPortVlan(vf, tag);
    this.#filters.openPool(vf, tag === 0);
    this.#filters.setVlanStripping(vf, tag !== 0);
    if (before !== (tag & VLAN_ID_MASK)) this.#filters.setVlan(before, vf, false);
    this.refreshMulticast();
  }

  /** After a reset of the PF: no VF is known any more, and each is told. */
  forget(): void {
    for (const [vf, record] of this.#vfs.entries()) {
      record.clearToSend = false;
      record.told = false;
      record.extra.length = 0;
      this.#mailbox.write(vf, [PF_CONTROL]);
    }
    this.#registers.write(VFRE, 0);
    this.#registers.write(VFTE, 0);
  }

  /** Tells every VF that the PF is there, and whether it may go on. */
  ping(): void {
    for (const [vf, record] of this.#vfs.entries()) {
      this.#mailbox.write(vf, [PF_CONTROL | (record.clearToSend ? MESSAGE_CTS : 0)]);
    }
  }

  /** Programs again what a reset of the PF wiped out. */
  reprogram(): void {
    for (const [vf, record] of this.#vfs.entries()) {
      this.#isolate(vf, record);
      if (isStation(record.mac)) this.#filters.setAddress(this.#filters.vfAddressEntry(vf), record.mac, vf);
    }
  }

  /** Serves what MBVFICR and VFLRE announce. Called from the handler of the "other" interrupt. */
  service(): void {
    for (const [vf, record] of this.#vfs.entries()) {
      if (this.#mailbox.takeReset(vf)) {
        this.statistics.resets++;
        if (!record.fixedMac) record.mac.fill(0);
        this.#isolate(vf, record);
      }
      if (this.#mailbox.takeRequest(vf)) this.#receive(vf, record);
      if (this.#mailbox.takeAcknowledgement(vf)) this.#acknowledged(vf, record);
    }
  }

  /** Writes the multicast table anew: what the PF and all VFs listen to. */
  refreshMulticast(): void {
    const all = [...this.#ownHashes()];
    for (const [vf, record] of this.#vfs.entries()) {
      all.push(...record.hashes);
      const accept = record.promiscuous ? "all" : record.hashes.length > 0 ? "table" : "none";
      this.#filters.setPoolMulticast(vf, accept);
    }
    this.#filters.setMulticast(all);
  }

  save(): VfServerState {
    return { statistics: { ...this.statistics }, vfs: this.#vfs.map(copyRecord) };
  }

  /** Throws RangeError when the state is of more VFs. */
  restore(state: VfServerState): void {
    Object.assign(this.statistics, state.statistics);
    for (const [vf, saved] of state.vfs.entries()) {
      Object.assign(this.#vf(vf), copyRecord(saved));
    }
  }

  #vf(vf: number): VfRecord {
    const record = this.#vfs[vf];
    if (record === undefined) throw new RangeError(`VF ${vf} is not one of ${this.#vfs.length}`);
    return record;
  }

  /** Back to what a VF has before it asks for anything: VLAN 0 or its port VLAN, broadcasts, no groups. */
  #isolate(vf: number, record: VfRecord): void {
    record.clearToSend = false;
    record.told = false;
    record.hashes = [];
    record.promiscuous = false;
    this.#filters.leaveVlans(vf);
    this.#filters.setVlan(record.portVlan & VLAN_ID_MASK, vf, true);
    this.#filters.setPortVlan(vf, record.portVlan);
    this.#filters.openPool(vf, record.portVlan === 0);
    this.#filters.setVlanStripping(vf, record.portVlan !== 0);
    this.refreshMulticast();
  }

  #acknowledged(vf: number, record: VfRecord): void {
    if (record.clearToSend) return;
    record.told = !record.told;
    if (record.told) this.#mailbox.write(vf, [MESSAGE_NACK]);
  }

  #receive(vf: number, record: VfRecord): void {
    if (!this.#mailbox.read(vf)) {
      record.clearToSend = false;
      return;
    }
    const word = this.#mailbox.message[0] as number;
    if ((word & (MESSAGE_ACK | MESSAGE_NACK)) !== 0) return;
    if (word === VF_RESET) {
      this.#reset(vf, record);
      return;
    }
    if (!record.clearToSend) {
      record.told = this.#mailbox.write(vf, [(word | MESSAGE_NACK) >>> 0]);
      return;
    }
    const granted = this.#grant(vf, record, word);
    if (granted) this.statistics.granted++;
    else this.statistics.refused++;
    this.#mailbox.write(vf, [(word | MESSAGE_CTS | (granted ? MESSAGE_ACK : MESSAGE_NACK)) >>> 0]);
  }

  #reset(vf: number, record: VfRecord): void {
    this.#isolate(vf, record);
    const known = isStation(record.mac);
    this.#filters.setAddress(this.#filters.vfAddressEntry(vf), known ? record.mac : undefined, vf);
    this.#registers.set(VFTE, 1 << vf);
    this.#registers.set(VFRE, 1 << vf);
    record.clearToSend = true;
    const words = [(VF_RESET | (known ? MESSAGE_ACK : MESSAGE_NACK)) >>> 0, 0, 0];
    if (known) packMac(record.mac, words);
    this.#mailbox.write(vf, words);
  }

  #grant(vf: number, record: VfRecord, word: number): boolean {
    const info = bits(word, MESSAGE_INFO_HI, MESSAGE_INFO_LO);
    const argument = this.#mailbox.message[1] as number;
    switch (bits(word, MESSAGE_TYPE_HI, MESSAGE_TYPE_LO)) {
      case VF_SET_MAC_ADDR:
        return info === 0 ? this.#grantMac(vf, record) : this.#grantFilter(vf, record, info);
      case VF_SET_MULTICAST:
        record.hashes = this.#hashes(Math.min(info, VF_SET_MULTICAST_MAX));
        record.promiscuous = info > VF_SET_MULTICAST_MAX;
        this.refreshMulticast();
        return true;
      case VF_SET_VLAN:
        return this.#grantVlan(vf, record, bits(argument, VLVF_VLANID_HI, VLVF_VLANID_LO), info !== 0);
      case VF_SET_LPE:
        this.#filters.setMaxFrame(vf, argument);
        return true;
      case VF_SET_PROMISC:
        if ((info & ~VF_SET_PROMISC_MULTICAST) !== 0) return false;
        record.promiscuous = info !== 0;
        this.refreshMulticast();
        return true;
      default:
        return false;
    }
  }

  #grantMac(vf: number, record: VfRecord): boolean {
    const mac = new Uint8Array(MAC_LENGTH);
    unpackMac(this.#mailbox.message, mac);
    if (!isStation(mac)) return false;
    if (record.fixedMac) return mac.every((byte, index) => byte === record.mac[index]);
    record.mac.set(mac);
    this.#filters.setAddress(this.#filters.vfAddressEntry(vf), mac, vf);
    return true;
  }

  /** Additional unicast addresses lie between the PF's own entry and those that are kept for the VFs. */
  #grantFilter(vf: number, record: VfRecord, info: number): boolean {
    if (info === VF_SET_MAC_ADDR_FILTER_CLEAR) {
      for (const entry of record.extra) this.#filters.setAddress(entry, undefined, 0);
      record.extra.length = 0;
      return true;
    }
    const mac = new Uint8Array(MAC_LENGTH);
    unpackMac(this.#mailbox.message, mac);
    if (info !== VF_SET_MAC_ADDR_FILTER_ADD || record.fixedMac || !isStation(mac)) return false;
    const taken = new Set(this.#vfs.flatMap((one) => one.extra));
    for (let entry = 1; entry < this.#filters.addresses - this.#vfs.length; entry++) {
      if (taken.has(entry)) continue;
      this.#filters.setAddress(entry, mac, vf);
      record.extra.push(entry);
      return true;
    }
    return false;
  }

  #grantVlan(vf: number, record: VfRecord, vlan: number, on: boolean): boolean {
    if (record.portVlan !== 0) return false;
    if (vlan === 0 && !on) return true;
    if (!this.#filters.setVlan(vlan, vf, on)) return false;
    this.#filters.setVlanStripping(vf, vlan !== 0);
    return true;
  }

  #hashes(count: number): number[] {
    return Array.from({ length: count }, (_, index) => {
      const word = this.#mailbox.message[1 + (index >> 1)] as number;
      return (word >>> (16 * (index & 1))) & HASH_MASK;
    });
  }
}
