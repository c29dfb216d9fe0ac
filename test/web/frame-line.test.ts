import fc from "fast-check";
import { expect, test } from "vitest";
import { frameLine } from "../../host/web/frame-line.ts";

const ENDS = "0210 3500 0002 0210 3500 0001";
const frame = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
/** An IPv4 header of 24 bytes from 10.0.0.1 to 10.0.3.2. */
const ipv4 = (protocol: string): string => `4600 0040 0000 0000 40${protocol} 0000 0a00 0001 0a00 0302 0101 0101`;
const ipv6 = (next: string): string => `6000 0000 0020 ${next}ff ${"0".repeat(31)}1 ${"0".repeat(31)}2`;

test.each([
  [
    "ARP: who has 10.0.0.2? Tell 10.0.0.1",
    "0806 0001 0800 0604 0001 0210 3500 0001 0a00 0001 0000 0000 0000 0a00 0002",
  ],
  [
    "ARP: 10.0.0.2 is at 02:10:35:00:00:0b",
    "0806 0001 0800 0604 0002 0210 3500 000b 0a00 0002 0210 3500 0001 0a00 0001",
  ],
  ["10.0.0.1 → 10.0.3.2 ICMP echo request 517", `0800 ${ipv4("01")} 0800 0000 1234 0205`],
  ["10.0.0.1 → 10.0.3.2 ICMP echo reply 7", `0800 ${ipv4("01")} 0000 0000 1234 0007`],
  ["10.0.0.1 → 10.0.3.2 ICMP type 3", `0800 ${ipv4("01")} 0301 0000`],
  ["10.0.0.1 → 10.0.3.2 TCP 4660 → 80", `0800 ${ipv4("06")} 1234 0050`],
  ["VLAN 291, 10.0.0.1 → 10.0.3.2 UDP 53 → 4660", `8100 e123 0800 ${ipv4("11")} 0035 1234`],
  ["10.0.0.1 → 10.0.3.2 protocol 132", `0800 ${ipv4("84")}`],
  ["ICMPv6 neighbour solicitation", `86dd ${ipv6("3a")} 8700`],
  ["ICMPv6 multicast listener report", `86dd ${ipv6("00")} 3a00 0502 0000 0100 8f00`],
  ["IPv6 UDP 546 → 547", `86dd ${ipv6("11")} 0222 0223`],
  ["type 88cc", "88cc 0000"],
  ["cut short", "0806 0001"],
])("%s", (text, rest) => {
  expect(frameLine(frame(`${ENDS} ${rest}`))).toBe(text);
});

test("any bytes at all are a line, wherever they lie in their buffer", () => {
  const start = fc
    .constantFrom("0800", "0806", "86dd", "8100 0005 0800", "88b5")
    .map((type) => frame(`${ENDS} ${type}`));
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 80 }), (head, rest) => {
      const inside = new Uint8Array(7 + head.length + rest.length);
      inside.set(head, 7);
      inside.set(rest, 7 + head.length);
      const line = frameLine(inside.subarray(7));
      expect(line).toMatch(/^\S.*\S$/);
      expect(frameLine(inside.slice(7))).toBe(line);
    }),
  );
});
