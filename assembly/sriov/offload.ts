// What a transmit descriptor may leave to the card: checksums (I350 §7.2.5) and segmentation (I350 §7.2.4).

import { Bits } from "../core/bits";
import { CONTEXT_DWORD2, CONTEXT_DWORD3, SCRATCH_SEGMENT, TX_SEGMENTS_MAX } from "../spec/abi/port";
import {
  DTXTCPFLGH_LAST_HI,
  DTXTCPFLGH_LAST_LO,
  DTXTCPFLGL_FIRST_HI,
  DTXTCPFLGL_FIRST_LO,
  DTXTCPFLGL_MIDDLE_HI,
  DTXTCPFLGL_MIDDLE_LO,
  TX_FRAME_MAX,
} from "../spec/igb/transmit";
import {
  TX_CONTEXTS,
  TXC_IPLEN_HI,
  TXC_IPLEN_LO,
  TXC_L4LEN_HI,
  TXC_L4LEN_LO,
  TXC_L4T_SCTP,
  TXC_L4T_TCP,
  TXC_L4T_UDP,
  TXC_MACLEN_HI,
  TXC_MACLEN_LO,
  TXC_MSS_HI,
  TXC_MSS_LO,
  TXC_TUCMD_IPV4,
  TXC_TUCMD_L4T_HI,
  TXC_TUCMD_L4T_LO,
  TXD_DCMD_DEXT,
  TXD_IDX_HI,
  TXD_IDX_LO,
  TXD_POPTS_IXSM,
  TXD_POPTS_TXSM,
  TXL_CMD_IC,
  TXL_CSO_HI,
  TXL_CSO_LO,
  TXL_CSS_HI,
  TXL_CSS_LO,
} from "../spec/igb/tx-descriptor";
import { ETHERNET_HEADER, VLAN_TAG_SIZE } from "../spec/net/ethernet";
import {
  IPV4_ADDRESS_SIZE,
  IPV4_CHECKSUM,
  IPV4_HEADER,
  IPV4_ID,
  IPV4_LENGTH,
  IPV4_SOURCE,
  IPV6_ADDRESS_SIZE,
  IPV6_HEADER,
  IPV6_LENGTH,
  IPV6_SOURCE,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "../spec/net/ip";
import {
  SCTP_CHECKSUM,
  SCTP_HEADER,
  TCP_ALL_FLAGS_HI,
  TCP_ALL_FLAGS_LO,
  TCP_CHECKSUM,
  TCP_HEADER,
  TCP_OFFSET,
  TCP_SEQUENCE,
  UDP_CHECKSUM,
  UDP_HEADER,
  UDP_LENGTH,
} from "../spec/net/transport";
import { Checksum } from "./checksum";
import { Gather } from "./gather";
import { ReceiveState } from "./receive-state";
import { Port, Queue } from "./state";

export class Offload {
  @inline private static context(queue: Queue, options: u32): usize {
    return queue.context(Bits.of32(options, TXD_IDX_HI, TXD_IDX_LO) & (TX_CONTEXTS - 1));
  }

  /** Inserts the checksums that the descriptor asks for. False when its offsets leave the frame. */
  static checksums(queue: Queue, frame: usize, length: u32, command: u32, options: u32): bool {
    if ((command & TXD_DCMD_DEXT) == 0) {
      if ((command & TXL_CMD_IC) == 0) return true;
      const start = Bits.of32(options, TXL_CSS_HI, TXL_CSS_LO);
      const place = Bits.of32(command, TXL_CSO_HI, TXL_CSO_LO);
      if (start >= length || place + 2 > length) return false;
      Checksum.put16(frame + place, Checksum.complement(Checksum.sum(0, frame + start, length - start)));
      return true;
    }
    const wanted = options & (TXD_POPTS_IXSM | TXD_POPTS_TXSM);
    if (wanted == 0) return true;
    const context = Offload.context(queue, options);
    const macIp = load<u32>(context);
    const network = Bits.of32(macIp, TXC_MACLEN_HI, TXC_MACLEN_LO);
    const networkLength = Bits.of32(macIp, TXC_IPLEN_HI, TXC_IPLEN_LO);
    const transport = network + networkLength;
    if (transport > length) return false;
    if ((wanted & TXD_POPTS_IXSM) != 0) {
      if (networkLength < IPV4_HEADER) return false;
      Offload.ipv4(frame + network, networkLength);
    }
    if ((wanted & TXD_POPTS_TXSM) == 0) return true;
    const kind = Bits.of32(load<u32>(context, CONTEXT_DWORD2), TXC_TUCMD_L4T_HI, TXC_TUCMD_L4T_LO);
    const bytes = length - transport;
    if (kind == TXC_L4T_SCTP) {
      if (bytes < SCTP_HEADER) return false;
      store<u32>(frame + transport + SCTP_CHECKSUM, 0);
      store<u32>(frame + transport + SCTP_CHECKSUM, Checksum.crc32c(frame + transport, bytes));
      return true;
    }
    // The driver has put the pseudo header's sum where the checksum goes.
    const place: u32 = kind == TXC_L4T_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
    if (kind > TXC_L4T_SCTP || place + 2 > bytes) return false;
    const value = Checksum.complement(Checksum.sum(0, frame + transport, bytes));
    Checksum.put16(frame + transport + place, value == 0 && kind == TXC_L4T_UDP ? 0xffff : value);
    return true;
  }

  private static ipv4(header: usize, length: u32): void {
    store<u16>(header + IPV4_CHECKSUM, 0);
    Checksum.put16(header + IPV4_CHECKSUM, Checksum.complement(Checksum.sum(0, header, length)));
  }

  /**
   * Cuts a frame into segments of MSS bytes, each with headers of its own. Returns how many: 0 when the context makes no
   * sense.
   */
  static segment(port: Port, queue: Queue, pool: u32, frame: usize, length: u32, options: u32, tag: u32): u32 {
    const context = Offload.context(queue, options);
    const macIp = load<u32>(context);
    const network = Bits.of32(macIp, TXC_MACLEN_HI, TXC_MACLEN_LO);
    const networkLength = Bits.of32(macIp, TXC_IPLEN_HI, TXC_IPLEN_LO);
    const type = load<u32>(context, CONTEXT_DWORD2);
    const ipv4 = (type & TXC_TUCMD_IPV4) != 0;
    const kind = Bits.of32(type, TXC_TUCMD_L4T_HI, TXC_TUCMD_L4T_LO);
    const mss = Bits.of32(load<u32>(context, CONTEXT_DWORD3), TXC_MSS_HI, TXC_MSS_LO);
    const transportLength = Bits.of32(load<u32>(context, CONTEXT_DWORD3), TXC_L4LEN_HI, TXC_L4LEN_LO);
    const transport = network + networkLength;
    const header = transport + transportLength;
    if (kind != TXC_L4T_TCP && kind != TXC_L4T_UDP) return 0;
    const networkMin = ipv4 ? IPV4_HEADER : IPV6_HEADER;
    const transportMin = kind == TXC_L4T_TCP ? TCP_HEADER : UDP_HEADER;
    if (network < ETHERNET_HEADER || networkLength < networkMin || transportLength < transportMin) return 0;
    if (mss == 0 || header >= length || header + mss + VLAN_TAG_SIZE > TX_FRAME_MAX) return 0;
    const payload = length - header;
    if ((payload + mss - 1) / mss > TX_SEGMENTS_MAX) return 0;
    const segment = port.scratch + SCRATCH_SEGMENT;
    const sequence = bswap<u32>(load<u32>(frame + transport + TCP_SEQUENCE));
    const identification = <u32>bswap<u16>(load<u16>(frame + network + IPV4_ID));
    let number: u32 = 0;
    for (let done: u32 = 0; done < payload; done += mss) {
      const part = min(mss, payload - done);
      memory.copy(segment, frame, header);
      memory.copy(segment + header, frame + header + done, part);
      const place = segment + transport;
      if (kind == TXC_L4T_TCP) {
        store<u32>(place + TCP_SEQUENCE, bswap<u32>(sequence + done));
        Offload.flags(port, place, done == 0, done + part >= payload);
      } else Checksum.put16(place + UDP_LENGTH, transportLength + part);
      const ip = segment + network;
      if (ipv4) {
        Checksum.put16(ip + IPV4_LENGTH, networkLength + transportLength + part);
        Checksum.put16(ip + IPV4_ID, identification + number);
        if ((options & TXD_POPTS_IXSM) != 0) Offload.ipv4(ip, networkLength);
      } else Checksum.put16(ip + IPV6_LENGTH, networkLength - IPV6_HEADER + transportLength + part);
      if ((options & TXD_POPTS_TXSM) != 0) Offload.transport(ip, ipv4, place, transportLength + part, kind);
      Gather.emit(port, pool, segment, header + part, tag);
      number++;
    }
    return number;
  }

  /** Takes the flags out of a segment's TCP header that its place in the frame forbids (I350 §8.12.6 DTXTCPFLGL/H). */
  private static flags(port: Port, header: usize, first: bool, last: bool): void {
    const receive = ReceiveState.of(port);
    let kept: u32;
    // A frame of one segment keeps them all.
    if (first && last) return;
    if (first) kept = Bits.of32(receive.dtxtcpflgl, DTXTCPFLGL_FIRST_HI, DTXTCPFLGL_FIRST_LO);
    else if (last) kept = Bits.of32(receive.dtxtcpflgh, DTXTCPFLGH_LAST_HI, DTXTCPFLGH_LAST_LO);
    else kept = Bits.of32(receive.dtxtcpflgl, DTXTCPFLGL_MIDDLE_HI, DTXTCPFLGL_MIDDLE_LO);
    const word = Checksum.get16(header + TCP_OFFSET);
    Checksum.put16(header + TCP_OFFSET, word & (kept | ~Bits.mask32(TCP_ALL_FLAGS_HI, TCP_ALL_FLAGS_LO)));
  }

  /** The TCP or UDP checksum of a whole segment, pseudo header included. */
  private static transport(ip: usize, ipv4: bool, place: usize, length: u32, kind: u32): void {
    const tcp = kind == TXC_L4T_TCP;
    const at = place + (tcp ? TCP_CHECKSUM : UDP_CHECKSUM);
    store<u16>(at, 0);
    let total: u64 = (tcp ? PROTOCOL_TCP : PROTOCOL_UDP) + length;
    total = ipv4
      ? Checksum.sum(total, ip + IPV4_SOURCE, 2 * IPV4_ADDRESS_SIZE)
      : Checksum.sum(total, ip + IPV6_SOURCE, 2 * IPV6_ADDRESS_SIZE);
    const value = Checksum.complement(Checksum.sum(total, place, length));
    Checksum.put16(at, value == 0 && !tcp ? 0xffff : value);
  }
}
