// Two Linux guests as VMs of one hypervisor, a VF each; the host drives the PF.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { guestsFolder } from "../../host/cli/guests/store.ts";
import { Snapshots } from "../../host/cli/linux-snapshots.ts";
import { LinuxVms, type VmGuest, type VmsState } from "../../host/cli/linux-vms.ts";
import type { MmioHandler } from "../../host/core/ports.ts";
import { decodeSnapshot, encodeSnapshot } from "../../host/core/snapshot.ts";
import type { GuestVm } from "../../host/embed/v86/index.ts";
import { describeWithFiles, guestFiles, SCRIPT_TIMEOUT, START_TIMEOUT, sh } from "./harness.ts";

const MIB = 2 ** 20;
const OPTIONS = { memory: 128, card: { ports: 1 }, vms: 2 };
const BLOCK = MIB / 2;
const COPIES = 128;
/** VF registers, as the I350's data sheet has them. */
const VF_RDBAL = 0x2800;
const VF_RDLEN = 0x2808;
const RX_DESCRIPTOR = 16;

/** A guest's RAM, until it grows. */
function ramOf({ ram }: GuestVm): Uint8Array {
  const { buffer, byteOffset, size } = ram.backing;
  const bytes = buffer instanceof WebAssembly.Memory ? buffer.buffer : buffer;
  return new Uint8Array(bytes, byteOffset, size);
}

/** A digest of a guest's RAM. */
function ramDigest({ vm }: VmGuest): string {
  return createHash("sha256").update(ramOf(vm)).digest("hex");
}

/** The shell function `reg OFFSET [VALUE]`: a register of the VF, by a program of the guest, without its driver. */
const REGISTERS = `
d=$(dirname $(grep -l 0x1520 /sys/bus/pci/devices/*/device))
id=$(basename $d)
unbind() { echo $id >$d/driver/unbind; echo 1 >$d/enable; printf '\\006' | dd of=$d/config bs=1 seek=4 conv=notrunc 2>/dev/null; }
bar=$(head -1 $d/resource | cut -d' ' -f1)
reg() { devmem $(printf 0x%x $((bar + $1))) 32 $2; }
`;

describeWithFiles("two guests on one machine", () => {
  let vms: LinuxVms;
  let guests: [VmGuest, VmGuest];
  const both = (script: string): Promise<string[]> =>
    Promise.all(guests.map((guest, place) => sh(guest, `VM=${place + 1}\n${script}`)));

  beforeAll(async () => {
    const files = guestFiles();
    if (typeof files === "string") throw new Error(files);
    const snapshots = new Snapshots(join(guestsFolder(), "snapshots"));
    vms = await LinuxVms.start(files, OPTIONS, snapshots);
    guests = [...vms.guests] as [VmGuest, VmGuest];
    await both(`
      ip link set eth0 up && ip addr add 10.9.0.$VM/24 dev eth0
      until_true grep -q 1 /sys/class/net/eth0/carrier
      mkfifo /tmp/open`);
  }, START_TIMEOUT);
  afterAll(() => vms?.stop());

  test("igbvf binds the VF of each, with the address that the host gave it; there is no PF to be seen", async () => {
    const seen = await both(`
      cat /sys/class/net/eth0/address
      basename $(readlink /sys/class/net/eth0/device/driver)
      cat /sys/bus/pci/devices/*/device | grep -c -e 0x1521 -e 0x1520
      ls /sys/bus/pci/devices | grep -c '^0000:00:'
      grep -c eth0 /proc/interrupts`);
    expect(seen.map((text) => text.split("\n").slice(0, 3))).toEqual([
      ["02:10:f7:00:01:00", "igbvf", "1"],
      ["02:10:f7:00:01:01", "igbvf", "1"],
    ]);
    for (const text of seen) expect(text.trim().split("\n").at(-1)).toBe("3");
    expect(vms.hypervisor.faults()).toEqual([]);
  });

  test("ping: 0 lost of 200", async () => {
    expect(await sh(guests[0], "answered 200 main 10.9.0.2")).toBe("200 of 200 answered\n");
  });

  test(
    "64 MiB by TCP arrive with the checksum with which they left",
    async () => {
      const block = Array.from({ length: 100_000 }, (_, place) => `${place + 1}\n`)
        .join("")
        .slice(0, BLOCK);
      const sum = createHash("md5");
      for (let copy = 0; copy < COPIES; copy++) sum.update(block);
      await sh(
        guests[1],
        `mkfifo /tmp/copy; wc -c </tmp/copy >/tmp/length &
        (nc -l -p 5001 <>/tmp/open | tee /tmp/copy | md5sum >/tmp/sum; touch /tmp/done) >/dev/null 2>&1 &
        until_true listens main 5001`,
      );
      await sh(
        guests[0],
        `seq 100000 | head -c ${BLOCK} >/tmp/block
        for copy in $(seq ${COPIES}); do cat /tmp/block; done | nc 10.9.0.2 5001`,
      );
      const received = await sh(guests[1], "until_true test -e /tmp/done; cat /tmp/sum /tmp/length");
      expect(received.trim().split(/\s+/)).toEqual([sum.digest("hex"), "-", `${64 * MIB}`]);
      expect(vms.hypervisor.faults()).toEqual([]);
    },
    SCRIPT_TIMEOUT,
  );

  test("VT-d 5.10 §7.1.3: rings that a guest puts at another one's addresses fault with its requester ID; the other's RAM is as it was", async () => {
    const [victim, attacker] = guests;
    const requesterId = attacker.vm.vm.assigned[0]?.requesterId;
    const { base } = victim.vm.vm.domain.region;
    await victim.guest.emulator.stop();
    const before = ramDigest(victim);
    // The mailbox gets the VF a reset from the PF's driver, which then lets it send.
    await sh(
      attacker,
      `${REGISTERS}
      unbind
      reg 0x0c40 4; reg 0x0800 1; reg 0x0c40 1
      granted() { [ $(($(reg 0x0800))) = $((0x80000001)) ]; }
      until_true granted
      reg 0x3800 ${base % 2 ** 32}; reg 0x3804 ${Math.floor(base / 2 ** 32)}; reg 0x3808 4096; reg 0x3828 0x02000000
      reg 0x3818 4`,
    );
    const faults = [...vms.hypervisor.faults()];
    await expect.poll(() => faults.push(...vms.hypervisor.faults()), { timeout: START_TIMEOUT }).toBeGreaterThan(0);
    for (const fault of faults) {
      expect([fault.requesterId, fault.addressHi * 2 ** 32 + fault.addressLo]).toEqual([requesterId, base]);
    }
    expect(ramDigest(victim)).toBe(before);
    await sh(attacker, `${REGISTERS} echo $id >/sys/bus/pci/drivers/igbvf/bind`);
    await victim.guest.emulator.run();
  });

  test("and so do receive buffers there: a frame that arrives for the attacker is not written", async () => {
    const [victim, attacker] = guests;
    await sh(attacker, "ip link set eth0 up; until_true grep -q 1 /sys/class/net/eth0/carrier");
    await victim.guest.emulator.stop();
    await attacker.guest.emulator.stop();
    vms.hypervisor.faults();
    const assigned = attacker.vm.vm.assigned[0] as (typeof attacker.vm.vm.assigned)[0];
    const registers = assigned.virtual.bars[0]?.handler as MmioHandler;
    const { base } = victim.vm.vm.domain.region;
    const bytes = ramOf(attacker.vm);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < registers.read(VF_RDLEN, 4); at += RX_DESCRIPTOR) {
      const descriptor = registers.read(VF_RDBAL, 4) + at;
      view.setUint32(descriptor, base % 2 ** 32, true);
      view.setUint32(descriptor + 4, Math.floor(base / 2 ** 32), true);
    }
    const before = ramDigest(victim);
    const frame = new Uint8Array(60).fill(0xa5, 14);
    frame.set([0x02, 0x10, 0xf7, 0x00, 0x01, 0x01]);
    frame.set(vms.drivers[0]?.mac as Uint8Array, 6);
    // The card has fetched some descriptors already: those frames arrive.
    for (let count = 0; count < 300; count++) {
      vms.drivers[0]?.send([frame]);
      vms.hypervisor.run(1000);
    }
    const faults = vms.hypervisor.faults();
    expect(faults.length).toBeGreaterThan(0);
    expect(new Set(faults.map((fault) => fault.requesterId))).toEqual(new Set([assigned.requesterId]));
    expect(ramDigest(victim)).toBe(before);
    for (const { guest } of guests) await guest.emulator.run();
    await sh(
      attacker,
      `ip link set eth0 down; ip link set eth0 up; ip addr add 10.9.0.2/24 dev eth0 2>/dev/null
      until_true grep -q 1 /sys/class/net/eth0/carrier`,
    );
    expect(await sh(victim, "answered 20 main 10.9.0.2")).toBe("20 of 20 answered\n");
  });

  test(
    "suspended under traffic and restored from bytes on a new machine with new emulators, the traffic goes on",
    async () => {
      const files = guestFiles();
      if (typeof files === "string") throw new Error(files);
      await sh(
        guests[0],
        "(ping -i 0.1 10.9.0.2 >/tmp/pings 2>&1 </dev/null &); until_true grep -q 'seq=20 ' /tmp/pings",
      );
      const bytes = encodeSnapshot(await vms.save());
      await vms.stop();
      vms = await LinuxVms.restore(files, OPTIONS, decodeSnapshot<VmsState>(bytes));
      guests = [...vms.guests] as [VmGuest, VmGuest];
      const seen = await sh(
        guests[0],
        `last=$(sed -n 's/.*seq=\\([0-9]*\\) .*/\\1/p' /tmp/pings | tail -1)
        until_true grep -q "seq=$((last + 100)) " /tmp/pings; killall -INT ping
        sed -n 's/.*seq=\\([0-9]*\\) .*/\\1/p' /tmp/pings`,
      );
      // Every one that was answered, in order: what was on its way when ping was ended does not count.
      const answered = seen.trim().split("\n").map(Number);
      expect(answered.length).toBeGreaterThan(100);
      expect(answered).toEqual(answered.map((_, place) => place));
      expect(await sh(guests[1], "answered 20 main 10.9.0.1")).toBe("20 of 20 answered\n");
      expect(vms.hypervisor.faults()).toEqual([]);
    },
    SCRIPT_TIMEOUT,
  );
});
