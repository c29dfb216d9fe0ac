// What the administrator sets for a VF with `ip link set … vf`, observed on the wire.
import { beforeAll, expect, test } from "vitest";
import { joinNeighbours, type LinuxPc } from "../../host/cli/linux-pc.ts";
import { describeGuest, SCRIPT_TIMEOUT, sh } from "./harness.ts";

const MAC = "02:aa:0b:0c:0d:01";
const FOREIGN_MAC = "02:66:01:02:03:04";
const TAG = 0x8100;

/** eth1, at the other end of the cable, in the namespace far; VF 1 of eth0 as `one` in a namespace of that name. */
const SETUP = `
ip link set eth0 up
joined far eth1 10.1.0.200/24
until_true grep -q 1 /sys/class/net/eth0/carrier
echo 3 >/sys/class/net/eth0/device/sriov_numvfs
`;
/** Gives VF 1 to its driver anew, as the PF's driver asks for after a change, and waits until it can send. */
const RELOAD = `
address=$(basename $(readlink /sys/class/net/eth0/device/virtfn1))
ip netns del one 2>/dev/null
at_home() { [ -n "$(vf_name eth0 1)" ]; }; until_true at_home
echo $address >/sys/bus/pci/drivers/igbvf/unbind
echo $address >/sys/bus/pci/drivers/igbvf/bind
ip link set $(vf_name eth0 1) name one
joined one one 10.1.0.11/24
until_true has_link one one
# The PF went down when it got its VFs.
until_true has_link main eth0
`;
/** In the namespace one, a second interface on VF 1, with an address that is not the VF's. */
const FOREIGN = `
ip -n one link add link one name foreign address ${FOREIGN_MAC} type macvlan mode private
ip -n one addr add 10.3.0.1/24 dev foreign
ip -n one link set foreign up
`;

interface SeenFrame {
  source: string;
  type: number;
  vlan: number;
  length: number;
  timeNs: number;
}

/** Runs `script`; its output, and what left eth0 meanwhile. */
async function watched(pc: LinuxPc, script: string): Promise<{ said: string; frames: SeenFrame[] }> {
  const frames: SeenFrame[] = [];
  const untap = pc.machine.cables.all[0]?.tap((frame, to, timeNs) => {
    if (to !== 1) return;
    const view = new DataView(frame.buffer, frame.byteOffset);
    const source = [...frame.subarray(6, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
    frames.push({ source, type: view.getUint16(12), vlan: view.getUint16(14) & 0xfff, length: frame.length, timeNs });
  });
  try {
    return { said: await sh(pc, script), frames };
  } finally {
    untap?.();
  }
}

describeGuest("rules for a VF of an I350", { cards: [{ profile: "i350", ports: 2 }], wire: joinNeighbours }, (pc) => {
  beforeAll(() => sh(pc(), SETUP), SCRIPT_TIMEOUT);

  test("vf mac: the VF's driver takes the address, frames on the wire bear it, frames to it arrive", async () => {
    const { said, frames } = await watched(
      pc(),
      `ip link set eth0 vf 1 mac ${MAC}\n${RELOAD}\ninside one cat /sys/class/net/one/address
       answered 10 far 10.1.0.11`,
    );
    expect(said).toBe(`${MAC}\n10 of 10 answered\n`);
    expect(frames.filter(({ source }) => source === MAC).length).toBeGreaterThanOrEqual(10);
  });

  test("vf spoofchk on: a frame with another source stays off the wire, and the PF's driver says whose it was", async () => {
    const { frames } = await watched(
      pc(),
      `${FOREIGN}\ninside one ping -q -c 3 -W 1 10.3.0.2 >/dev/null
       spoof_told() { dmesg | grep -q 'Spoof event(s) detected on VF 1'; }; until_true spoof_told`,
    );
    expect(frames.filter(({ source }) => source === FOREIGN_MAC)).toEqual([]);
  });

  test("vf spoofchk off: the same frame leaves; on again: it does not", async () => {
    const off = await watched(
      pc(),
      "ip link set eth0 vf 1 spoofchk off; inside one ping -q -c 2 -W 1 10.3.0.3 || true",
    );
    expect(off.frames.filter(({ source }) => source === FOREIGN_MAC).length).toBeGreaterThan(0);
    await sh(pc(), "ip link set eth0 vf 1 spoofchk on");
    const on = await watched(pc(), "inside one ping -q -c 2 -W 1 10.3.0.4 || true");
    expect(on.frames.filter(({ source }) => source === FOREIGN_MAC)).toEqual([]);
  });

  test("vf trust on: a second address is the VF's own then: it is sent from and received at", async () => {
    const denied = await sh(pc(), "dmesg | grep -i 'VF 1.*denied' || true");
    expect(denied).not.toBe("");
    const { said, frames } = await watched(
      pc(),
      `ip link set eth0 vf 1 trust on
       ip -n one link set foreign down && ip -n one link set foreign up
       ip -n far addr add 10.3.0.200/24 dev eth1
       answered 10 one -I foreign 10.3.0.200`,
    );
    expect(said).toBe("10 of 10 answered\n");
    expect(frames.filter(({ source }) => source === FOREIGN_MAC).length).toBeGreaterThanOrEqual(10);
    await sh(pc(), "ip link set eth0 vf 1 trust off; ip -n one link del foreign");
  });

  test("vf vlan: what the VF sends bears the tag on the wire, what comes with it arrives without", async () => {
    await sh(pc(), "ip link set eth0 vf 1 vlan 77");
    const { said, frames } = await watched(
      pc(),
      `ip -n far link add link eth1 name eth1.77 type vlan id 77
       ip -n far addr add 10.4.0.200/24 dev eth1.77 && ip -n far link set eth1.77 up
       ${RELOAD}
       ip -n one addr add 10.4.0.11/24 dev one
       answered 10 one 10.4.0.200`,
    );
    expect(said).toBe("10 of 10 answered\n");
    const sent = frames.filter(({ source }) => source === MAC);
    expect(sent.length).toBeGreaterThanOrEqual(10);
    expect(sent.filter(({ type, vlan }) => type !== TAG || vlan !== 77)).toEqual([]);
    await sh(pc(), "ip link set eth0 vf 1 vlan 0");
  });

  test("vf state, vf rate: the driver has neither for this card: not supported, and the VF's link stays", async () => {
    for (const setting of ["state disable", "max_tx_rate 10"]) {
      await expect(sh(pc(), `ip link set eth0 vf 1 ${setting}`)).rejects.toThrow("Operation not supported");
    }
    expect(await sh(pc(), "inside one cat /sys/class/net/one/carrier")).toBe("1\n");
  });

  test("port.vfLinks sets the VF's link: its driver sees it go and come back, and nothing passes meanwhile", async () => {
    const [port] = pc().machine.ports;
    port?.vfLinks.set(1, "down");
    const down = await watched(
      pc(),
      `no_link() { [ "$(inside one cat /sys/class/net/one/carrier)" = 0 ]; }; until_true no_link
       cat /sys/class/net/eth0/carrier
       inside one ping -q -c 2 -W 1 10.1.0.200 || true; inside far ping -q -c 2 -W 1 10.1.0.11 || true`,
    );
    expect(down.said).toMatch(/^1\n/);
    expect(down.said).toMatch(/\b0 packets received/);
    expect(down.said).not.toMatch(/[12] packets received/);
    expect(down.frames.filter(({ source }) => source === MAC)).toEqual([]);
    port?.vfLinks.set(1, "auto");
    const up = await sh(pc(), "until_true has_link one one; answered 10 far 10.1.0.11");
    expect(up).toBe("10 of 10 answered\n");
  });
});

describeGuest("rules for a VF of an 82576", { cards: [{ profile: "82576", ports: 2 }], wire: joinNeighbours }, (pc) => {
  const FRAMES = 100;
  const FRAME_LENGTH = 1500;
  /** What igb allows a queue to send at once after silence: 82576 RTTBCNRM.MMW_SIZE = 14h, in KiB. */
  const WINDOW = 20 * 1024;
  const flood = `
    inside one sh -c 'cd /proc/net/pktgen; echo add_device one >kpktgend_0
      for word in "count ${FRAMES}" "pkt_size ${FRAME_LENGTH}" "dst 10.1.0.200" "dst_mac ff:ff:ff:ff:ff:ff"; do echo "$word" >one; done
      echo start >pgctrl; echo rem_device_all >kpktgend_0'`;
  beforeAll(() => sh(pc(), `${SETUP}\nip link set eth0 vf 1 mac ${MAC}\nmodprobe pktgen\n${RELOAD}`), SCRIPT_TIMEOUT);

  /** Whether anywhere in a flood, from one frame to a later one, more passed than 1 Mb/s and the window allow. */
  async function exceeds(): Promise<boolean> {
    const { frames } = await watched(pc(), flood);
    const times = frames
      .filter(({ source, length }) => source === MAC && length >= FRAME_LENGTH)
      .map(({ timeNs }) => timeNs);
    expect(times).toHaveLength(FRAMES);
    return times.some((from, first) =>
      times.slice(first + 1).some((to, between) => (between * FRAME_LENGTH - WINDOW) * 8 * 1000 > to - from),
    );
  }

  test("vf max_tx_rate 1: the VF's frames leave at no more than 1 Mb/s; 0: as before", async () => {
    await sh(pc(), "ip link set eth0 vf 1 max_tx_rate 1");
    expect(await exceeds()).toBe(false);
    await sh(pc(), "ip link set eth0 vf 1 max_tx_rate 0");
    // The guest may be slow, or stand still: but not after every few frames of each flood.
    let faster = await exceeds();
    for (let again = 0; again < 9 && !faster; again++) faster = await exceeds();
    expect(faster).toBe(true);
  });

  test("vf spoofchk on: a frame with another source stays off the wire, and the PF's driver says whose it was", async () => {
    const { frames } = await watched(
      pc(),
      `${FOREIGN}\ninside one ping -q -c 3 -W 1 10.3.0.2 >/dev/null
       spoof_told() { dmesg | grep -q 'Spoof event(s) detected on VF 1'; }; until_true spoof_told`,
    );
    expect(frames.filter(({ source }) => source === FOREIGN_MAC)).toEqual([]);
  });
});
