// Checksums, segmentation, tags, long frames and filters, as Linux's igb uses them, between two ports on a cable.
import { expect, test } from "vitest";
import { joinNeighbours } from "../../host/cli/linux-pc.ts";
import { describeGuest, sh } from "./harness.ts";

const BYTES = 500_000;
const UP = `ip netns add far; ip link set eth1 netns far
ip link set eth0 up; ip netns exec far ip link set eth1 up
ip addr add 10.0.0.1/24 dev eth0; ip netns exec far ip addr add 10.0.0.2/24 dev eth1
ip addr add fd00::1/64 dev eth0 nodad; ip netns exec far ip addr add fd00::2/64 dev eth1 nodad
until_true grep -q 1 /sys/class/net/eth0/carrier
until_true ip netns exec far grep -q 1 /sys/class/net/eth1/carrier`;

describeGuest("igb of Linux: offloads", { cards: [{ profile: "i350", ports: 2 }], wire: joinNeighbours }, (pc) => {
  test("TCP over IPv4 and IPv6: segments and checksums by the card, every byte arrives, no checksum is wrong", async () => {
    await sh(pc(), UP);
    const copy = (address: string) => `(sleep 30 | ip netns exec far nc -l -p 7000 >/tmp/got) & sleep 1
      (cat /tmp/sent; sleep 30) | nc ${address} 7000 & until_true test -s /tmp/got
      full() { [ $(stat -c %s /tmp/got) = ${BYTES} ]; }
      until_true full; cmp /tmp/sent /tmp/got && echo same; killall nc sleep; sleep 1`;
    await sh(pc(), `head -c ${BYTES} /dev/urandom >/tmp/sent`);
    expect(await sh(pc(), `{ ${copy("10.0.0.2")}; } 2>/dev/null`)).toBe("same\n");
    expect(await sh(pc(), `{ ${copy("fd00::2")}; } 2>/dev/null`)).toBe("same\n");
    const sent = await sh(pc(), "sleep 3; ethtool -S eth0");
    expect(Number(sent.match(/tx_tcp_seg_good: (\d+)/)?.[1])).toBeGreaterThan(10);
    expect(sent).toMatch(/tx_tcp_seg_failed: 0/);
    const got = await sh(pc(), "ip netns exec far ethtool -S eth1");
    expect(got).toMatch(/rx_queue_0_csum_err: 0/);
    const tcp = await sh(pc(), "ip netns exec far grep Tcp: /proc/net/snmp");
    const rows = tcp.split("\n").map((line) => line.split(" "));
    expect(rows[1]?.[rows[0]?.indexOf("InCsumErrors") ?? 0]).toBe("0");
  });

  test("VLANs with the tag moved by the card and by software; frames of 9000 bytes; an EtherType filter", async () => {
    await sh(
      pc(),
      `ip link add link eth0 name v0 type vlan id 55; ip addr add 10.5.0.1/24 dev v0; ip link set v0 up
       ip netns exec far ip link add link eth1 name v1 type vlan id 55
       ip netns exec far ip addr add 10.5.0.2/24 dev v1; ip netns exec far ip link set v1 up`,
    );
    const ping = (to: string, more = "") => sh(pc(), `ping -c 5 -i 0.1 -W 1 ${more} ${to} | grep received`);
    const all = "5 packets transmitted, 5 packets received, 0% packet loss\n";
    expect(await ping("10.5.0.2")).toBe(all);
    await sh(pc(), "ethtool -K eth0 rxvlan off txvlan off");
    expect(await ping("10.5.0.2")).toBe(all);
    await sh(
      pc(),
      `ip link set eth0 mtu 9000; ip netns exec far ip link set eth1 mtu 9000; sleep 1
       until_true grep -q 1 /sys/class/net/eth0/carrier
       until_true ip netns exec far grep -q 1 /sys/class/net/eth1/carrier`,
    );
    expect(await ping("10.0.0.2", "-s 8900")).toBe(all);
    const filter = await sh(
      pc(),
      "ethtool -K eth0 ntuple on; ethtool -N eth0 flow-type ether proto 0x88b5 action 0; ethtool -n eth0",
    );
    expect(filter).toMatch(/Ethertype: 0x88B5/);
  });
});
