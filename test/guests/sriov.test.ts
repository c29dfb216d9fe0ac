// Seven VFs and their PF in one Linux: igb and igbvf, mailbox, vectors, traffic through the card's switch.
import { expect, test } from "vitest";
import { joinNeighbours } from "../../host/cli/linux-pc.ts";
import { describeGuest, sh } from "./harness.ts";

const VFS = [0, 1, 2, 3, 4, 5, 6];

/** VFs of eth0, each called vfN in a namespace vfN, with the address 10.1.0.(10 + N); the PF has 10.1.0.1. */
const MAKE_VFS = `
echo 7 >/sys/class/net/eth0/device/sriov_numvfs
for vf in ${VFS.join(" ")}; do
  ip link set $(vf_name eth0 $vf) name vf$vf
  joined vf$vf vf$vf 10.1.0.$((10 + vf))/24
done
for vf in ${VFS.join(" ")}; do until_true has_link vf$vf vf$vf; done
# The PF went down for that.
until_true has_link main eth0
`;
/** A namespace's interfaces return, and its VFs with them. */
const REMOVE_VFS = `
echo 0 >/sys/class/net/eth0/device/sriov_numvfs
for vf in ${VFS.join(" ")}; do ip netns del vf$vf; done
`;
const PF_UP = "for name in eth0 eth1; do ip link set $name up; done; until_true grep -q 1 /sys/class/net/eth0/carrier";

for (const [profile, times] of [
  ["i350", 5],
  ["82576", 1],
] as const) {
  describeGuest(`seven VFs of an ${profile}`, { cards: [{ profile, ports: 2 }], wire: joinNeighbours }, (pc) => {
    test("sriov_numvfs 7: seven igbvf interfaces with a link, three vectors each, nothing amiss in the log", async () => {
      await sh(pc(), `${PF_UP}\nip addr add 10.1.0.1/24 dev eth0\n${MAKE_VFS}`);
      const drivers = await sh(
        pc(),
        "for n in 0 1 2 3 4 5 6; do readlink /sys/class/net/eth0/device/virtfn$n/driver; done",
      );
      expect(drivers.match(/drivers\/igbvf\n/g)).toHaveLength(VFS.length);
      const vectors = await sh(pc(), "grep -E 'MSI.* vf[0-6]' /proc/interrupts");
      expect(vectors.trim().split("\n")).toHaveLength(3 * VFS.length);
      expect(await sh(pc(), "amiss")).toBe("");
    });

    test("ping between PF and VF, between VFs, none lost; a VF's vectors count", async () => {
      const said = await sh(
        pc(),
        `answered 50 main 10.1.0.13
         answered 50 vf3 10.1.0.1
         answered 50 vf0 10.1.0.16
         answered 50 vf5 10.1.0.12`,
      );
      expect(said).toBe("50 of 50 answered\n".repeat(4));
      const counts = (await sh(pc(), "grep -E 'MSI.* vf3-rx' /proc/interrupts")).trim().split(/\s+/);
      expect(Number(counts[1])).toBeGreaterThan(20);
    });

    test("a VLAN of two VFs is theirs alone: tagged frames reach the member, and not the others", async () => {
      const said = await sh(
        pc(),
        `for vf in 1 4; do
           ip -n vf$vf link add link vf$vf name tagged type vlan id 100
           ip -n vf$vf addr add 10.2.0.$((10 + vf))/24 dev tagged
           ip -n vf$vf link set tagged up
         done
         # Nobody is asked again whether he is still there.
         for vf in ${VFS.join(" ")}; do ip -n vf$vf neigh flush all; done
         ip neigh flush all
         before=$(inside vf2 cat /sys/class/net/vf2/statistics/rx_packets)
         answered 20 vf1 10.2.0.14
         # Broadcast, and answered by nobody.
         inside vf1 ping -q -c 2 -W 1 10.2.0.99
         echo others got $(($(inside vf2 cat /sys/class/net/vf2/statistics/rx_packets) - before))`,
      );
      expect(said).toMatch(/^20 of 20 answered\n/);
      expect(said).toMatch(/others got 0\n/);
    });

    test(`sriov_numvfs 0 takes them away cleanly; ${times} more times`, async () => {
      await sh(pc(), REMOVE_VFS);
      for (let time = 0; time < times; time++) {
        const said = await sh(pc(), `${MAKE_VFS}\nanswered 5 vf2 10.1.0.1\n${REMOVE_VFS}`);
        expect(said).toBe("5 of 5 answered\n");
        expect((await sh(pc(), "ls /sys/class/net")).split(/\s+/).filter((name) => /^eth/.test(name))).toEqual([
          "eth0",
          "eth1",
        ]);
      }
      expect(await sh(pc(), "grep -c 'vf[0-6]' /proc/interrupts || true")).toBe("0\n");
      expect(await sh(pc(), "amiss")).toBe("");
    });
  });
}
