// Which frames get a time stamp and where it goes (I350 §7.1.6, §7.8; 82576 §7.12): into RXSTMP for IEEE 1588 messages,
// before the frame for every frame of a queue with SRRCTL.TIMESTAMP, into TXSTMP for frames that ask for it.

import { Bits } from "../core/bits";
import { PROFILE_I350 } from "../spec/abi/port";
import { PORT_ETQF, PORT_TTQF, STAMPED_RX, STAMPED_TX } from "../spec/abi/port-offload";
import { SRRCTL_TIMESTAMP } from "../spec/igb/receive";
import { ETQF_1588, TTQF_1588 } from "../spec/igb/receive-filter";
import { RXD_STAT_TS } from "../spec/igb/rx-descriptor";
import { RXP_ETQF_HI, RXP_ETQF_LO, RXP_UDP } from "../spec/igb/rx-packet";
import {
  TSYNCRXCFG_V1_HI,
  TSYNCRXCFG_V1_LO,
  TSYNCRXCFG_V2_HI,
  TSYNCRXCFG_V2_LO,
  TSYNCRXCTL_EN,
  TSYNCRXCTL_TYPE_ALL,
  TSYNCRXCTL_TYPE_EVENT_V2,
  TSYNCRXCTL_TYPE_HI,
  TSYNCRXCTL_TYPE_L2_L4_V2,
  TSYNCRXCTL_TYPE_L2_V2,
  TSYNCRXCTL_TYPE_L4_V1,
  TSYNCRXCTL_TYPE_LO,
  TSYNCRXCTL_VALID,
  TSYNCTXCTL_EN,
  TSYNCTXCTL_VALID,
} from "../spec/igb/time-sync";
import {
  PTP_CONTROL,
  PTP_GENERAL,
  PTP_MESSAGE,
  PTP_MESSAGE_HI,
  PTP_MESSAGE_LO,
  PTP_PATH_DELAY_REQUEST,
  PTP_PATH_DELAY_RESPONSE,
  PTP_SEQUENCE,
  PTP_SIZE,
  PTP_SOURCE_HIGH,
  PTP_SOURCE_LOW,
  PTP_VERSION,
  PTP_VERSION_HI,
  PTP_VERSION_LO,
} from "../spec/net/ptp";
import { UDP_HEADER } from "../spec/net/transport";
import { Checksum } from "./checksum";
import { Packet } from "./packet";
import { ReceiveState } from "./receive-state";
import { Port, Queue } from "./state";
import { Steering } from "./steering";

export class Stamp {
  /** Whether the time of reception goes before the frames of a queue. */
  static inBuffer(port: Port, queue: Queue): bool {
    if ((queue.srrctl & SRRCTL_TIMESTAMP) == 0 || port.state.profile != PROFILE_I350) return false;
    const control = ReceiveState.of(port).tsyncrxctl;
    if ((control & TSYNCRXCTL_EN) == 0) return false;
    return Bits.of32(control, TSYNCRXCTL_TYPE_HI, TSYNCRXCTL_TYPE_LO) == TSYNCRXCTL_TYPE_ALL;
  }

  /** Keeps the time of a frame from the wire when it is a message of the kind wanted. Its status bit. */
  static received(port: Port, packet: Packet): u32 {
    const receive = ReceiveState.of(port);
    const control = receive.tsyncrxctl;
    if ((control & TSYNCRXCTL_EN) == 0) return 0;
    const message = Stamp.message(port, packet);
    if (message == 0) return 0;
    const place = packet.frame + message;
    const type = Bits.of32(control, TSYNCRXCTL_TYPE_HI, TSYNCRXCTL_TYPE_LO);
    if (!Stamp.wanted(receive.tsyncrxcfg, type, place, packet.etype != 0)) return 0;
    // The stamp before stays until it is read, and the message goes without.
    if (control & TSYNCRXCTL_VALID) return 0;
    receive.tsyncrxctl = control | TSYNCRXCTL_VALID;
    receive.rxstmp = receive.systim;
    const source = <u64>bswap<u32>(load<u32>(place + PTP_SOURCE_LOW));
    const rest = (Checksum.get16(place + PTP_SEQUENCE) << 16) | Checksum.get16(place + PTP_SOURCE_HIGH);
    receive.rxsatr = ((<u64>rest) << 32) | source;
    receive.stamped |= STAMPED_RX;
    return RXD_STAT_TS;
  }

  /** Where the message of a frame starts that a filter with 1588 set recognizes; 0 for none. */
  private static message(port: Port, packet: Packet): u32 {
    let at: u32 = 0;
    if (packet.etype != 0) {
      const filter = port.word(PORT_ETQF, Bits.of32(packet.etype, RXP_ETQF_HI, RXP_ETQF_LO));
      if (filter & ETQF_1588) at = packet.network;
    } else if (packet.kind & RXP_UDP) {
      for (let left = ReceiveState.of(port).tuples; left != 0; left &= left - 1) {
        const index = ctz(left);
        if ((port.word(PORT_TTQF, index) & TTQF_1588) == 0 || !Steering.matches(port, packet, index)) continue;
        at = packet.transport + UDP_HEADER;
        break;
      }
    }
    return at != 0 && at + PTP_SIZE <= packet.end ? at : 0;
  }

  /** Whether TSYNCRXCTL.TYPE and TSYNCRXCFG want the message. */
  private static wanted(config: u32, type: u32, message: usize, ethernet: bool): bool {
    if (type == TSYNCRXCTL_TYPE_ALL) return true;
    const version = Bits.of32(<u32>load<u8>(message + PTP_VERSION), PTP_VERSION_HI, PTP_VERSION_LO);
    if (type == TSYNCRXCTL_TYPE_L4_V1) {
      const control = Bits.of32(config, TSYNCRXCFG_V1_HI, TSYNCRXCFG_V1_LO);
      return !ethernet && version == 1 && <u32>load<u8>(message + PTP_CONTROL) == control;
    }
    if (version != 2) return false;
    const kind = Bits.of32(<u32>load<u8>(message + PTP_MESSAGE), PTP_MESSAGE_HI, PTP_MESSAGE_LO);
    if (type == TSYNCRXCTL_TYPE_EVENT_V2) return kind < PTP_GENERAL;
    if (type == TSYNCRXCTL_TYPE_L2_V2 ? !ethernet : type != TSYNCRXCTL_TYPE_L2_L4_V2) return false;
    const sought = Bits.of32(config, TSYNCRXCFG_V2_HI, TSYNCRXCFG_V2_LO);
    return kind == sought || kind == PTP_PATH_DELAY_REQUEST || kind == PTP_PATH_DELAY_RESPONSE;
  }

  /** Keeps the time of a sent frame that asked for it, unless the one before was not read yet. */
  static sent(port: Port): void {
    const receive = ReceiveState.of(port);
    if ((receive.tsynctxctl & (TSYNCTXCTL_EN | TSYNCTXCTL_VALID)) != TSYNCTXCTL_EN) return;
    receive.tsynctxctl |= TSYNCTXCTL_VALID;
    receive.txstmp = receive.systim;
    receive.stamped |= STAMPED_TX;
  }
}
