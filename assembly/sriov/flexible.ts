// Flexible filters that choose receive queues (I350 §7.1.2, §8.22 WUFC.FLEX_HQ, FHFT): they compare the first bytes of a
// frame as it came from the wire. As wake-up filters they are the host's.

import { Bits } from "../core/bits";
import { PORT_FLEXIBLE, PORT_FLEXIBLE_SIZE } from "../spec/abi/port-offload";
import {
  FHFT_IMMEDIATE_INTERRUPT,
  FHFT_LENGTH,
  FHFT_LENGTH_HI,
  FHFT_LENGTH_LO,
  FHFT_PRIORITY_HI,
  FHFT_PRIORITY_LO,
  FHFT_QUEUE_HI,
  FHFT_QUEUE_LO,
  FHFT_ROW_BYTES,
  FHFT_ROW_MASK,
  FHFT_ROW_SIZE,
  FHFT_ROWS,
  WUFC_FLEX_HQ,
  WUFC_FLX_HI,
  WUFC_FLX_LO,
} from "../spec/igb/power";
import { MRQC_ENABLE_RSS } from "../spec/igb/receive-offload";
import { MRQC_ENABLE_HI, MRQC_ENABLE_LO } from "../spec/igb/virtualization";
import { ETHERNET_TYPE, VLAN_TAG_SIZE } from "../spec/net/ethernet";
import { Packet } from "./packet";
import { ReceiveState } from "./receive-state";
import { Port } from "./state";
import { Tags } from "./tags";

/** No filter chooses. */
export const NONE: u32 = 0xffff_ffff;

export class Flexible {
  /** The filters that choose queues, one bit each: only where at most RSS does too. */
  static used(port: Port): u32 {
    const wufc = ReceiveState.of(port).wufc;
    const mode = Bits.of32(port.state.mrqc, MRQC_ENABLE_HI, MRQC_ENABLE_LO);
    if ((wufc & WUFC_FLEX_HQ) == 0 || (mode != 0 && mode != MRQC_ENABLE_RSS)) return 0;
    return Bits.of32(wufc, WUFC_FLX_HI, WUFC_FLX_LO);
  }

  /** The queue of the filter with the highest priority that the frame passes, of equal ones the first; or NONE. */
  static queue(port: Port, packet: Packet): u32 {
    let chosen = NONE;
    let best: u32 = 0;
    for (let left = ReceiveState.of(port).flexes; left != 0; left &= left - 1) {
      const filter = Flexible.filter(port, ctz(left));
      const field = load<u32>(filter + FHFT_LENGTH);
      const priority = Bits.of32(field, FHFT_PRIORITY_HI, FHFT_PRIORITY_LO);
      if ((chosen != NONE && priority <= best) || !Flexible.passes(port, packet, filter)) continue;
      chosen = Bits.of32(field, FHFT_QUEUE_HI, FHFT_QUEUE_LO);
      best = priority;
    }
    return chosen;
  }

  /** Whether the frame passes a filter that does not let its interrupt wait. */
  static immediate(port: Port, packet: Packet): bool {
    for (let left = ReceiveState.of(port).flexes; left != 0; left &= left - 1) {
      const filter = Flexible.filter(port, ctz(left));
      if ((load<u32>(filter + FHFT_LENGTH) & FHFT_IMMEDIATE_INTERRUPT) == 0) continue;
      if (Flexible.passes(port, packet, filter)) return true;
    }
    return false;
  }

  @inline private static filter(port: Port, index: u32): usize {
    return changetype<usize>(port) + PORT_FLEXIBLE + index * PORT_FLEXIBLE_SIZE;
  }

  /** A frame that ends before the filter fails it. */
  private static passes(port: Port, packet: Packet, filter: usize): bool {
    const length = Bits.of32(load<u32>(filter + FHFT_LENGTH), FHFT_LENGTH_HI, FHFT_LENGTH_LO);
    const frame = packet.frame;
    const stripped: u32 = packet.stripped ? VLAN_TAG_SIZE : 0;
    if (length == 0 || length > packet.length + stripped) return false;
    const tag = packet.stripped ? ETHERNET_TYPE + Tags.outer(port, frame, packet.length) : packet.length;
    const bytes = min(length, FHFT_ROWS * FHFT_ROW_BYTES);
    for (let at: u32 = 0; at < bytes; at++) {
      const row = filter + (at / FHFT_ROW_BYTES) * FHFT_ROW_SIZE;
      const column = at % FHFT_ROW_BYTES;
      if (((load<u8>(row + FHFT_ROW_MASK) >> <u8>column) & 1) == 0) continue;
      let byte: u32;
      if (at < tag) byte = load<u8>(frame + at);
      else if (at < tag + VLAN_TAG_SIZE) byte = Flexible.tagByte(port, packet, at - tag);
      else byte = load<u8>(frame + at - VLAN_TAG_SIZE);
      if (byte != load<u8>(row + column)) return false;
    }
    return true;
  }

  /** A byte of the tag that was stripped. */
  private static tagByte(port: Port, packet: Packet, at: u32): u32 {
    const tag = (port.state.vet << 16) | packet.tag;
    return (tag >> (8 * (VLAN_TAG_SIZE - 1 - at))) & 0xff;
  }
}
