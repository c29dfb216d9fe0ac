// An Ethernet frame in a few words, as a capture's reader would say it.

const ADDRESS = 6;
const TYPE = 12;
const PAYLOAD = 14;
const VLAN_TAG = 4;
const TYPE_IPV4 = 0x0800;
const TYPE_ARP = 0x0806;
const TYPE_VLAN = 0x8100;
const TYPE_IPV6 = 0x86dd;
const ARP_OPERATION = 6;
const ARP_SENDER = 14;
const ARP_TARGET = 24;
const ARP_REQUEST = 1;
const IPV4_PROTOCOL = 9;
const IPV4_SOURCE = 12;
const IPV4_DESTINATION = 16;
const IPV6_NEXT = 6;
const IPV6_HEADER = 40;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const ICMP_ECHO_REPLY = 0;
const ICMP_ECHO = 8;
const ICMP_SEQUENCE = 6;
const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  128: "echo request",
  129: "echo reply",
  133: "router solicitation",
  134: "router advertisement",
  135: "neighbour solicitation",
  136: "neighbour advertisement",
  143: "multicast listener report",
};

/** One line about `frame`, without its CRC. */
export function frameLine(frame: Uint8Array): string {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  try {
    let at = PAYLOAD;
    let type = view.getUint16(TYPE);
    let vlan = "";
    if (type === TYPE_VLAN) {
      vlan = `VLAN ${view.getUint16(PAYLOAD) & 0xfff}, `;
      type = view.getUint16(PAYLOAD + 2);
      at += VLAN_TAG;
    }
    return vlan + payloadLine(view, type, at);
  } catch (error) {
    if (error instanceof RangeError) return "cut short";
    throw error;
  }
}

/** `52:54:…` of the address at `offset` of a frame: 0 whom it is for, 6 who sent it. */
export function macText(frame: Uint8Array, offset = 0): string {
  return Array.from(frame.subarray(offset, offset + ADDRESS), (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function payloadLine(view: DataView, type: number, at: number): string {
  if (type === TYPE_ARP) return arpLine(view, at);
  if (type === TYPE_IPV4) return ipv4Line(view, at);
  if (type === TYPE_IPV6) return ipv6Line(view, at);
  return `type ${type.toString(16).padStart(4, "0")}`;
}

function arpLine(view: DataView, at: number): string {
  const sender = ipv4(view, at + ARP_SENDER);
  const target = ipv4(view, at + ARP_TARGET);
  return view.getUint16(at + ARP_OPERATION) === ARP_REQUEST
    ? `ARP: who has ${target}? Tell ${sender}`
    : `ARP: ${sender} is at ${macText(new Uint8Array(view.buffer, view.byteOffset + at + 8, ADDRESS))}`;
}

function ipv4Line(view: DataView, at: number): string {
  const ends = `${ipv4(view, at + IPV4_SOURCE)} → ${ipv4(view, at + IPV4_DESTINATION)}`;
  const protocol = view.getUint8(at + IPV4_PROTOCOL);
  const inner = at + (view.getUint8(at) & 0xf) * 4;
  if (protocol !== ICMP) return `${ends} ${portsLine(view, protocol, inner)}`;
  const kind = view.getUint8(inner);
  const name = kind === ICMP_ECHO ? "echo request" : kind === ICMP_ECHO_REPLY ? "echo reply" : `type ${kind}`;
  const sequence = kind === ICMP_ECHO || kind === ICMP_ECHO_REPLY ? ` ${view.getUint16(inner + ICMP_SEQUENCE)}` : "";
  return `${ends} ICMP ${name}${sequence}`;
}

function ipv6Line(view: DataView, at: number): string {
  const next = view.getUint8(at + IPV6_NEXT);
  // A multicast listener report is behind a hop-by-hop header.
  const hop = next === 0;
  const inner = at + IPV6_HEADER + (hop ? (view.getUint8(at + IPV6_HEADER + 1) + 1) * 8 : 0);
  const protocol = hop ? view.getUint8(at + IPV6_HEADER) : next;
  if (protocol !== ICMPV6) return `IPv6 ${portsLine(view, protocol, inner)}`;
  const kind = view.getUint8(inner);
  return `ICMPv6 ${ICMPV6_TYPES[kind] ?? `type ${kind}`}`;
}

function portsLine(view: DataView, protocol: number, at: number): string {
  if (protocol !== TCP && protocol !== UDP) return `protocol ${protocol}`;
  return `${protocol === TCP ? "TCP" : "UDP"} ${view.getUint16(at)} → ${view.getUint16(at + 2)}`;
}

function ipv4(view: DataView, at: number): string {
  return [0, 1, 2, 3].map((place) => view.getUint8(at + place)).join(".");
}
