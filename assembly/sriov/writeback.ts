// What receive descriptors say of a frame (I350 §7.1.4.1, §7.1.5.2; 82576 §7.1.4, §7.1.5).

import { Bits } from "../core/bits";
import { PROFILE_I350, SCRATCH_WRITEBACK } from "../spec/abi/port";
import { RCTL_BAM, RCTL_MPE } from "../spec/igb/receive";
import { RXCSUM_PCSD } from "../spec/igb/receive-offload";
import {
  RXD_ERR_HBO,
  RXD_LENGTH_LO,
  RXD_STAT_DD,
  RXD_STAT_EOP,
  RXD_STAT_LB,
  RXD_STAT_PIF,
  RXD_STAT_STRIPCRC,
  RXD_STAT_TSIP,
  RXD_STAT_VEXT,
  RXD_STAT_VP,
  RXD_UPPER,
  RXD_VLAN_LO,
  RXL_CHECKSUM_LO,
  RXL_ERRORS_FROM,
  RXL_ERRORS_LO,
  RXL_LENGTH,
  RXL_STATUS,
  RXL_STATUS_HI,
  RXL_STATUS_LO,
  RXL_VLAN_LO,
} from "../spec/igb/rx-descriptor";
import {
  RXP_CHECKSUM_HI,
  RXP_CHECKSUM_LO,
  RXP_HEADER_LENGTH_HI,
  RXP_HEADER_LENGTH_LO,
  RXP_RSS_TYPE_HI,
  RXP_RSS_TYPE_LO,
  RXP_SPH,
  RXP_TYPE_LO,
} from "../spec/igb/rx-packet";
import { Ethernet, NO_TAG } from "./ethernet";
import { Filter } from "./filter";
import { Integrity } from "./integrity";
import { Packet } from "./packet";
import { ReceiveState } from "./receive-state";
import { Stamp } from "./stamp";
import { Port } from "./state";
import { Tags } from "./tags";

@unmanaged
export class Writeback {
  /** Dwords 0 and 1 of every descriptor of the frame, but for the header's length. */
  info: u32;
  hash: u32;
  /** A legacy descriptor's checksum. */
  checksum: u32;
  /** Status and errors of the last one, and its VLAN field. */
  status: u32;
  vlan: u32;

  /** Finds out what the descriptors of a frame say. */
  static compose(
    port: Port,
    packet: Packet,
    pool: u32,
    tag: u32,
    loopback: bool,
    crcStripped: bool,
    stamped: bool,
  ): Writeback {
    const writeback = changetype<Writeback>(port.scratch + SCRATCH_WRITEBACK);
    const receive = ReceiveState.of(port);
    let status = RXD_STAT_DD | RXD_STAT_EOP | Integrity.check(port, packet);
    writeback.vlan = 0;
    if (tag != NO_TAG) {
      status |= RXD_STAT_VP;
      // The I350 reports the tag of a looped frame in wire order (I350 specification update; Linux igb).
      writeback.vlan = loopback && port.state.profile == PROFILE_I350 ? <u32>bswap<u16>(<u16>tag) : tag;
    }
    if (loopback) status |= RXD_STAT_LB;
    else {
      if (crcStripped) status |= RXD_STAT_STRIPCRC;
      if (stamped) status |= RXD_STAT_TSIP;
      else status |= Stamp.received(port, packet);
    }
    if (Tags.outer(port, packet.frame, packet.length) != 0) status |= RXD_STAT_VEXT;
    if (Writeback.imperfect(port, pool, packet.frame)) status |= RXD_STAT_PIF;
    writeback.status = status;
    writeback.info = (packet.reported << RXP_TYPE_LO) | (packet.rssType << RXP_RSS_TYPE_LO);
    writeback.hash = packet.hash;
    writeback.checksum = 0;
    if ((receive.rxcsum & RXCSUM_PCSD) == 0) {
      writeback.info &= ~Bits.mask32(RXP_RSS_TYPE_HI, RXP_RSS_TYPE_LO);
      writeback.hash = Integrity.packetChecksum(port, packet);
      writeback.checksum = Bits.of32(writeback.hash, RXP_CHECKSUM_HI, RXP_CHECKSUM_LO);
    }
    return writeback;
  }

  /** Whether no exact filter let the frame in (I350 §7.1.4.1 PIF). */
  private static imperfect(port: Port, pool: u32, frame: usize): bool {
    const state = port.state;
    const mac = Ethernet.destination(frame);
    const slot = Filter.find(port, mac);
    if (state.virtual == 0 ? slot != 0 : ((Filter.poolsOf(port, mac) >> pool) & 1) != 0) return false;
    if (Ethernet.isBroadcast(mac)) {
      return state.virtual == 0 ? (state.rctl & RCTL_BAM) == 0 : ((state.broadcast >> pool) & 1) == 0;
    }
    if (!Ethernet.isGroup(mac)) return true;
    return state.virtual == 0 ? (state.rctl & RCTL_MPE) == 0 : ((state.multicast >> pool) & 1) == 0;
  }

  /** Writes a descriptor at `place`. */
  advanced(place: usize, length: u32, last: bool): void {
    const status = last ? this.status : RXD_STAT_DD;
    const vlan: u32 = last ? this.vlan : 0;
    store<u32>(place, this.info);
    store<u32>(place, this.hash, 4);
    store<u64>(place, ((<u64>vlan) << RXD_VLAN_LO) | ((<u64>length) << RXD_LENGTH_LO) | <u64>status, RXD_UPPER);
  }

  /** Adds to the first descriptor of a frame what it tells of the header. */
  header(place: usize, length: u32, found: bool, overflow: bool): void {
    const field = Bits.mask32(RXP_HEADER_LENGTH_HI, RXP_HEADER_LENGTH_LO);
    const told = ((length << RXP_HEADER_LENGTH_LO) & field) | (found ? RXP_SPH : 0);
    store<u32>(place, load<u32>(place) | told);
    if (overflow) store<u32>(place, load<u32>(place, RXD_UPPER) | RXD_ERR_HBO, RXD_UPPER);
  }

  /** Writes a legacy descriptor at `place`; the buffer's address stays. */
  legacy(place: usize, length: u32, last: bool): void {
    const status = last ? this.status : RXD_STAT_DD;
    const checksum: u32 = last ? this.checksum : 0;
    const errors = (status >> RXL_ERRORS_FROM) << RXL_ERRORS_LO;
    store<u32>(place, length | (checksum << RXL_CHECKSUM_LO), RXL_LENGTH);
    const vlan: u32 = last ? this.vlan : 0;
    store<u32>(place, Bits.of32(status, RXL_STATUS_HI, RXL_STATUS_LO) | errors | (vlan << RXL_VLAN_LO), RXL_STATUS);
  }
}
