// Where a frame's VLAN tag is: behind the outer one while CTRL_EXT.EXT_VLAN says that frames have two (I350 §7.4.5). A tag
// that does not lie whole in the frame is none.

import { Bits } from "../core/bits";
import { CTRL_EXT_EXT_VLAN, VET_OUTER_HI, VET_OUTER_LO } from "../spec/igb/device";
import { ETHERNET_TYPE, VLAN_TAG_SIZE } from "../spec/net/ethernet";
import { Ethernet, NO_TAG } from "./ethernet";
import { ReceiveState } from "./receive-state";
import { Port } from "./state";

export class Tags {
  @inline static double(port: Port): bool {
    return (ReceiveState.of(port).ctrlExt & CTRL_EXT_EXT_VLAN) != 0;
  }

  /** Bytes of the outer tag. */
  @inline static outer(port: Port, frame: usize, length: u32): u32 {
    return Tags.double(port) && Tags.hasOuter(port, frame, length) ? VLAN_TAG_SIZE : 0;
  }

  private static hasOuter(port: Port, frame: usize, length: u32): bool {
    if (ETHERNET_TYPE + VLAN_TAG_SIZE > length) return false;
    return Ethernet.type(frame) == Bits.of32(ReceiveState.of(port).vetBoth, VET_OUTER_HI, VET_OUTER_LO);
  }

  /** The VLAN tag that filters look at, NO_TAG when the frame has none. */
  @inline static of(port: Port, frame: usize, length: u32): u32 {
    const outer = Tags.outer(port, frame, length);
    if (ETHERNET_TYPE + outer + VLAN_TAG_SIZE > length || Ethernet.type(frame + outer) != port.state.vet) return NO_TAG;
    return Ethernet.tag(frame + outer);
  }
}
