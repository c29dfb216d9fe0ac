// What a VF asks of its PF beyond the handshake: its address, VLANs, groups, frame size. A reset of either side loses
// all of it, so what was granted is remembered and asked for again.
import {
  MESSAGE_INFO_LO,
  MESSAGE_NACK,
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
import type { Snapshotable } from "../../core/ports.ts";
import { MAC_LENGTH, multicastHash, packMac } from "./mac.ts";
import type { VfMailbox } from "./vf-mailbox.ts";

export interface VfRequestsState {
  mac: Uint8Array;
  refused: number;
  vlans: readonly number[];
  hashes: readonly number[];
  maxFrame: number;
}

export class VfRequests implements Snapshotable<VfRequestsState> {
  /** The address that the PF confirmed; all zero until then. */
  readonly mac: Uint8Array = new Uint8Array(MAC_LENGTH);
  /** Requests that the PF refused or did not answer. */
  refused = 0;
  readonly #mailbox: VfMailbox;
  #vlans = new Set<number>();
  #hashes: readonly number[] = [];
  #maxFrame = 0;

  constructor(mailbox: VfMailbox) {
    this.#mailbox = mailbox;
  }

  /** Asks for a MAC address. False when the PF refuses it: the old one stays. */
  setMac(mac: Uint8Array): boolean {
    if (!this.#askWithMac(VF_SET_MAC_ADDR, mac)) return false;
    this.mac.set(mac.subarray(0, MAC_LENGTH));
    return true;
  }

  /** Asks for the frames to a further address. */
  addAddress(mac: Uint8Array): boolean {
    return this.#askWithMac(VF_SET_MAC_ADDR | (VF_SET_MAC_ADDR_FILTER_ADD << MESSAGE_INFO_LO), mac);
  }

  /** Gives all further addresses back. */
  clearAddresses(): boolean {
    return this.#askWithMac(VF_SET_MAC_ADDR | (VF_SET_MAC_ADDR_FILTER_CLEAR << MESSAGE_INFO_LO), this.mac);
  }

  /** Asks for the frames of a VLAN, or to be rid of them. */
  setVlan(vlan: number, on: boolean): boolean {
    if (!this.#ask([VF_SET_VLAN | ((on ? 1 : 0) << MESSAGE_INFO_LO), vlan])) return false;
    if (on) this.#vlans.add(vlan);
    else this.#vlans.delete(vlan);
    return true;
  }

  /** Asks for the frames of these multicast groups: the first 30. */
  setMulticast(groups: readonly Uint8Array[]): boolean {
    return this.#setHashes(groups.slice(0, VF_SET_MULTICAST_MAX).map(multicastHash));
  }

  /** Asks for every multicast, or no longer. */
  setMulticastPromiscuous(on: boolean): boolean {
    return this.#ask([VF_SET_PROMISC | ((on ? VF_SET_PROMISC_MULTICAST : 0) << MESSAGE_INFO_LO)]);
  }

  /** Asks for frames of up to `bytes`, CRC included. */
  setMaxFrame(bytes: number): boolean {
    if (!this.#ask([VF_SET_LPE, bytes])) return false;
    this.#maxFrame = bytes;
    return true;
  }

  /** Asks again for what a reset took away. */
  replay(): void {
    for (const vlan of this.#vlans) this.#ask([VF_SET_VLAN | (1 << MESSAGE_INFO_LO), vlan]);
    if (this.#hashes.length > 0) this.#setHashes(this.#hashes);
    if (this.#maxFrame > 0) this.#ask([VF_SET_LPE, this.#maxFrame]);
  }

  save(): VfRequestsState {
    return {
      mac: this.mac.slice(),
      refused: this.refused,
      vlans: [...this.#vlans],
      hashes: this.#hashes,
      maxFrame: this.#maxFrame,
    };
  }

  restore(state: VfRequestsState): void {
    this.mac.set(state.mac);
    this.refused = state.refused;
    this.#vlans = new Set(state.vlans);
    this.#hashes = state.hashes;
    this.#maxFrame = state.maxFrame;
  }

  #setHashes(hashes: readonly number[]): boolean {
    const words = new Array<number>(1 + VF_SET_MULTICAST_MAX / 2).fill(0);
    words[0] = VF_SET_MULTICAST | (hashes.length << MESSAGE_INFO_LO);
    for (const [index, hash] of hashes.entries()) {
      const word = 1 + (index >> 1);
      words[word] = (words[word] as number) | (hash << (16 * (index & 1)));
    }
    if (!this.#ask(words)) return false;
    this.#hashes = hashes;
    return true;
  }

  #askWithMac(word: number, mac: Uint8Array): boolean {
    const words = [word, 0, 0];
    packMac(mac, words);
    return this.#ask(words);
  }

  #ask(words: readonly number[]): boolean {
    const granted = this.#mailbox.ask(words, 1) && ((this.#mailbox.message[0] as number) & MESSAGE_NACK) === 0;
    if (!granted) this.refused++;
    return granted;
  }
}
