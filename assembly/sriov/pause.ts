// Flow control on the wire (I350 §3.7.5; IEEE 802.3 annex 31B): PAUSE frames of the link partner, which hold the
// transmitter, and those that this port sends while its packet buffer is too full. When XOFF is due again (FCRTV) is the
// host's matter.

import { Bits } from "../core/bits";
import { PORT_RAR } from "../spec/abi/port";
import { PAUSE_NEW, XOFF_AGAIN, XOFF_SENT } from "../spec/abi/port-offload";
import { CTRL_RFCE, CTRL_TFCE, FCRTH_MASK, FCRTL_MASK, FCRTL_XONE } from "../spec/igb/device";
import { RCTL_DPF, RCTL_PMCF } from "../spec/igb/receive";
import { RAH_RAH_HI, RAH_RAH_LO } from "../spec/igb/virtualization";
import { ETHERNET_FRAME_MIN, ETHERNET_SOURCE, ETHERNET_TYPE } from "../spec/net/ethernet";
import {
  CONTROL_HEADER,
  CONTROL_OPCODE,
  CONTROL_TIME,
  ETHERTYPE_MAC_CONTROL,
  OPCODE_PAUSE,
  PAUSE_ADDRESS_HIGH,
  PAUSE_ADDRESS_LOW,
} from "../spec/net/pause";
import { Checksum } from "./checksum";
import { Ethernet } from "./ethernet";
import { Frames } from "./frames";
import { ReceiveState } from "./receive-state";
import { Port } from "./state";

const MULTICAST: u64 = ((<u64>PAUSE_ADDRESS_HIGH) << 32) | <u64>PAUSE_ADDRESS_LOW;

export class Pause {
  /** Whether a frame from the wire ends in the MAC: a MAC control frame that is not for the host. */
  static takes(port: Port, frame: usize, length: u32): bool {
    if (Ethernet.type(frame) != ETHERTYPE_MAC_CONTROL || length < CONTROL_HEADER) return false;
    const to = Ethernet.destination(frame);
    if (to != MULTICAST && to != Pause.station(port)) return false;
    const state = port.state;
    if (Checksum.get16(frame + CONTROL_OPCODE) != OPCODE_PAUSE) {
      if (state.rctl & RCTL_PMCF) return false;
      state.filtered++;
      return true;
    }
    if ((state.ctrl & CTRL_RFCE) == 0) return false;
    const receive = ReceiveState.of(port);
    const time = Checksum.get16(frame + CONTROL_TIME);
    receive.pause = PAUSE_NEW | time;
    receive.held = u32(time != 0);
    if (time != 0) receive.xoffRx++;
    else {
      receive.xonRx++;
      // What held queues had to do is still to be done.
      state.pending |= Bits.ones32(state.queues);
    }
    return to == MULTICAST || (state.rctl & RCTL_DPF) != 0;
  }

  /** Tells the link partner to pause, or to go on, as the packet buffer fills and empties. */
  static watch(port: Port): void {
    const state = port.state;
    if ((state.ctrl & CTRL_TFCE) == 0) return;
    const receive = ReceiveState.of(port);
    const used = changetype<Frames>(port.ingress).used;
    const high = receive.fcrth & FCRTH_MASK;
    if (receive.xoff == 0) {
      if (high == 0 || used <= high || !Pause.send(port, receive.fcttv)) return;
      receive.xoff = XOFF_SENT;
      receive.xoffTx++;
    } else if (used < (receive.fcrtl & FCRTL_MASK & ~FCRTL_XONE)) {
      if ((receive.fcrtl & FCRTL_XONE) != 0) {
        if (!Pause.send(port, 0)) return;
        receive.xonTx++;
      }
      receive.xoff = 0;
    } else if (receive.xoff == XOFF_AGAIN && Pause.send(port, receive.fcttv)) {
      receive.xoff = XOFF_SENT;
      receive.xoffTx++;
    }
  }

  /** The port's own address: receive address 0. */
  private static station(port: Port): u64 {
    const high = Bits.of32(port.word(PORT_RAR, 1), RAH_RAH_HI, RAH_RAH_LO);
    return ((<u64>high) << 32) | <u64>port.word(PORT_RAR, 0);
  }

  /** Sends a PAUSE frame. False when there is no room, or no link. */
  private static send(port: Port, time: u32): bool {
    const frames = changetype<Frames>(port.egress);
    const frame = port.state.link != 0 ? frames.reserve(ETHERNET_FRAME_MIN) : 0;
    if (frame == 0) return false;
    memory.fill(frame, 0, ETHERNET_FRAME_MIN);
    // Each store covers the last one's upper bytes.
    store<u64>(frame, MULTICAST);
    store<u64>(frame, Pause.station(port), ETHERNET_SOURCE);
    store<u64>(frame, 0, ETHERNET_TYPE);
    Checksum.put16(frame + ETHERNET_TYPE, ETHERTYPE_MAC_CONTROL);
    Checksum.put16(frame + CONTROL_OPCODE, OPCODE_PAUSE);
    Checksum.put16(frame + CONTROL_TIME, time);
    frames.commit(ETHERNET_FRAME_MIN);
    return true;
  }
}
