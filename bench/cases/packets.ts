// UDP datagrams from VF to VF, with checksums: frames that the card looks into, checks and describes. No partner does that.
import * as rxd from "../../assembly/spec/igb/rx-descriptor.ts";
import { RXP_IPV4, RXP_TYPE_LO, RXP_UDP } from "../../assembly/spec/igb/rx-packet.ts";
import { ETHERNET_HEADER, ETHERNET_TYPE } from "../../assembly/spec/net/ethernet.ts";
import * as ip from "../../assembly/spec/net/ip.ts";
import * as transport from "../../assembly/spec/net/transport.ts";
import type { Case } from "../rounds.ts";
import { BUFFER, guestBase, POSTED, RING, RX_BUFFERS, RX_RING, TX_BUFFERS, VFS } from "../scene/frames.ts";
import { type Card, Drivers, productCard } from "./frames.ts";

const IP = ETHERNET_HEADER;
const UDP = IP + ip.IPV4_HEADER;
/** Where a datagram tells which one it is. */
const SEQUENCE = 44;
const VFS_AT_WORK = 8;
const TURNS = 128;
const DISCARD_PORT = 9;
const ADDRESS = 0xc000_0201;
const TYPE = (RXP_IPV4 | RXP_UDP) << RXP_TYPE_LO;
const STATUS =
  (rxd.RXD_STAT_DD | rxd.RXD_STAT_EOP | rxd.RXD_STAT_LB | rxd.RXD_STAT_IPCS | rxd.RXD_STAT_L4I | rxd.RXD_STAT_UDPCS) >>>
  0;

/** The complement of the one's complement sum of what lies from `at` to `end`, added to `start` (RFC 1071). */
function checksum(view: DataView, at: number, end: number, start = 0): number {
  let sum = start;
  for (let place = at; place < end; place += 2) sum += view.getUint16(place);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Makes the frames in all transmit buffers datagrams of `length` bytes, headers included. */
function fill({ words, offset }: Card, length: number): void {
  for (let vf = 0; vf < VFS; vf++) {
    for (let index = 0; index < RING; index++) {
      const at = offset + guestBase(vf) + TX_BUFFERS + index * BUFFER;
      const view = new DataView(words.buffer, words.byteOffset + at, length);
      view.setUint16(ETHERNET_TYPE, ip.ETHERTYPE_IPV4);
      for (let place = IP; place < UDP + transport.UDP_HEADER; place += 2) view.setUint16(place, 0);
      view.setUint8(IP, (ip.IPV4_VERSION << ip.IP_VERSION_LO) | ip.IPV4_IHL_MIN);
      view.setUint16(IP + ip.IPV4_LENGTH, length - IP);
      view.setUint16(IP + ip.IPV4_ID, index);
      view.setUint8(IP + ip.IPV4_PROTOCOL, ip.PROTOCOL_UDP);
      view.setUint32(IP + ip.IPV4_SOURCE, ADDRESS + vf);
      view.setUint32(IP + ip.IPV4_DESTINATION, ADDRESS + VFS);
      view.setUint16(IP + ip.IPV4_CHECKSUM, checksum(view, IP, UDP));
      view.setUint16(UDP + transport.DESTINATION_PORT, DISCARD_PORT);
      view.setUint16(UDP + transport.UDP_LENGTH, length - UDP);
      // What tells which one it is adds up to the same whatever it is.
      view.setUint32(SEQUENCE, 0);
      view.setUint32(SEQUENCE + 4, 0xffff_ffff);
      const pseudo = ip.PROTOCOL_UDP + length - UDP;
      view.setUint16(UDP + transport.UDP_CHECKSUM, checksum(view, IP + ip.IPV4_SOURCE, length, pseudo));
    }
  }
}

/** What is wrong with what the VFs got in a turn. */
function wrongs(card: Card, drivers: Drivers, name: string, length: number): string[] {
  const { words, offset } = card;
  const wrong: string[] = [];
  for (let vf = 0; vf < VFS_AT_WORK; vf++) {
    const sender = (vf + VFS_AT_WORK - 1) % VFS_AT_WORK;
    for (let number = 0; number < POSTED; number++) {
      const index = ((drivers.first[vf] as number) + number) & (RING - 1);
      const base = (offset + guestBase(vf) + RX_RING + index * rxd.RX_DESCRIPTOR_SIZE) >>> 2;
      const [info, , status, size] = words.subarray(base, base + 4);
      const got = (offset + guestBase(vf) + RX_BUFFERS + index * BUFFER) >>> 2;
      const sent = (offset + guestBase(sender) + TX_BUFFERS + index * BUFFER) >>> 2;
      const same = words.subarray(got, got + (length >>> 2)).every((word, at) => word === words[sent + at]);
      if (info !== TYPE || status !== STATUS || size !== length || !same) {
        wrong.push(`${name}: VF ${vf} got frame ${number} otherwise than it was sent`);
      }
    }
  }
  return wrong;
}

/** Datagrams between 8 VFs, with the guests' RAM inside the wasm memory or outside. */
export async function packetCases(outside: boolean): Promise<Case[]> {
  const { card } = await productCard(outside);
  const drivers = new Drivers(card, SEQUENCE);
  return [64, 1500].map((length) => {
    const name = `datagrams: ${VFS_AT_WORK} VFs, ${length} bytes, RAM ${outside ? "outside" : "inside"} the wasm`;
    const contender = drivers.contender(VFS_AT_WORK, length, TURNS);
    return {
      name,
      wasm: { ...contender, prepare: () => fill(card, length) },
      c: null,
      js: null,
      bigint: null,
      check: async () => {
        fill(card, length);
        drivers.post(VFS_AT_WORK, length);
        drivers.run(VFS_AT_WORK);
        const wrong = wrongs(card, drivers, name, length);
        drivers.next(VFS_AT_WORK);
        return wrong;
      },
    };
  });
}
