// Checksums, segmentation, tags, long frames and filters, as Linux's igb uses them, between two ports on a cable.
import { expect, test } from "vitest";
import { joinNeighbours } from "../../host/cli/linux-pc.ts";
import { describeGuest, sh } from "./harness.ts";

const BYTES = 500_000;
const UP = `joined near eth0 10.0.0.1/24 && joined far eth1 10.0.0.2/24
ipv6() { inside $1 sh -c "echo 0 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"; ip -n $1 addr add $3 dev $2 nodad; }
ipv6 near eth0 fd00::1/64 && ipv6 far eth1 fd00::2/64
until_true has_link near eth0 && until_true has_link far eth1`;

describeGuest("igb of Linux: offloads", { cards: [{ profile: "i350", ports: 2 }], wire: joinNeighbours }, (pc) => {
  test("TCP over IPv4 and IPv6: segments and checksums by the card, every byte arrives, no checksum is wrong", async () => {
    await sh(pc(), UP);
    // Whoever listens never sends, and never sees the end of what it could send.
    const copy = (address: string, port: number) => `
      (inside far nc -l -p ${port} <>/tmp/open >/tmp/got; touch /tmp/done) & until_true listens far ${port}
      inside near nc ${address} ${port} </tmp/sent; until_true test -e /tmp/done
      cmp /tmp/sent /tmp/got && echo same; rm /tmp/done`;
    await sh(pc(), `mkfifo /tmp/open; head -c ${BYTES} /dev/urandom >/tmp/sent`);
    expect(await sh(pc(), copy("10.0.0.2", 7000))).toBe("same\n");
    expect(await sh(pc(), copy("fd00::2", 7001))).toBe("same\n");
    const sent = await sh(pc(), "inside near ethtool -S eth0");
    expect(Number(sent.match(/tx_tcp_seg_good: (\d+)/)?.[1])).toBeGreaterThan(10);
    expect(sent).toMatch(/tx_tcp_seg_failed: 0/);
    const got = await sh(pc(), "inside far ethtool -S eth1");
    expect(got).toMatch(/rx_queue_0_csum_err: 0/);
    const tcp = await sh(pc(), "inside far grep Tcp: /proc/net/snmp");
    const rows = tcp.split("\n").map((line) => line.split(" "));
    expect(rows[1]?.[rows[0]?.indexOf("InCsumErrors") ?? 0]).toBe("0");
  });

  test("VLANs with the tag moved by the card and by software; frames of 9000 bytes; an EtherType filter", async () => {
    await sh(
      pc(),
      `tagged() { ip -n $1 link add link $2 name $3 type vlan id 55; ip -n $1 addr add $4 dev $3; ip -n $1 link set $3 up; }
       tagged near eth0 v0 10.5.0.1/24; tagged far eth1 v1 10.5.0.2/24`,
    );
    const all = "5 of 5 answered\n";
    expect(await sh(pc(), "answered 5 near 10.5.0.2")).toBe(all);
    await sh(pc(), "inside near ethtool -K eth0 rxvlan off txvlan off");
    expect(await sh(pc(), "answered 5 near 10.5.0.2")).toBe(all);
    await sh(
      pc(),
      `ip -n near link set eth0 mtu 9000; ip -n far link set eth1 mtu 9000
       until_true inside near ping -c 1 -W 1 -s 8900 10.0.0.2`,
    );
    expect(await sh(pc(), "answered 5 near -s 8900 10.0.0.2")).toBe(all);
    const filter = await sh(
      pc(),
      "inside near sh -c 'ethtool -K eth0 ntuple on; ethtool -N eth0 flow-type ether proto 0x88b5 action 0; ethtool -n eth0'",
    );
    expect(filter).toMatch(/Ethertype: 0x88B5/);
  });
});
