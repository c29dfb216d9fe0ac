// Where a frame's VLAN tag is: behind the outer one while CTRL_EXT.EXT_VLAN says that frames have two (I350 §7.4.5).

import { Bits } from "../core/bits";
import { CTRL_EXT_EXT_VLAN, VET_OUTER_HI, VET_OUTER_LO } from "../spec/igb/device";
import { Ethernet, TAG_SIZE } from "./ethernet";
import { ReceiveState } from "./receive-state";
import { Port } from "./state";

export class Tags {
  @inline static double(port: Port): bool {
    return (ReceiveState.of(port).ctrlExt & CTRL_EXT_EXT_VLAN) != 0;
  }

  /** Bytes of the outer tag. */
  @inline static outer(port: Port, frame: usize): u32 {
    return Tags.double(port) && Tags.hasOuter(port, frame) ? TAG_SIZE : 0;
  }

  private static hasOuter(port: Port, frame: usize): bool {
    return Ethernet.type(frame) == Bits.of32(ReceiveState.of(port).vetBoth, VET_OUTER_HI, VET_OUTER_LO);
  }

  /** The frame as if it had no outer tag: for what looks at its type and tag alone. */
  @inline static inner(port: Port, frame: usize): usize {
    return frame + Tags.outer(port, frame);
  }

  /** Whether the frame has the VLAN tag that filters look at. */
  @inline static tagged(port: Port, frame: usize): bool {
    return Ethernet.type(Tags.inner(port, frame)) == port.state.vet;
  }
}
