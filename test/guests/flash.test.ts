// The flash as Linux sees it: the option ROM that the kernel finds in it, and the chip at its pins and in its window.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { describeGuest, sh } from "./harness.ts";

const CARDS = [
  { profile: "i350", device: 0x1521, shown: "512K", bar: 0, base: 0x2_0000 },
  { profile: "82576", device: 0x10c9, shown: "4M", bar: 1, base: 0 },
] as const;
const ROM_BLOCKS = 5;

/** An option ROM (PCI Firmware 3.3 §5.1): its header, its PCI data structure, and bytes that are all different sums. */
function optionRom(device: number): Uint8Array {
  const rom = Uint8Array.from({ length: ROM_BLOCKS * 512 }, (_, at) => (at * 11 + (at >> 8)) & 0xff);
  rom.set([0x55, 0xaa, ROM_BLOCKS]);
  rom.set([0x1c, 0x00], 0x18);
  rom.set([...new TextEncoder().encode("PCIR"), 0x86, 0x80, device & 0xff, device >> 8, 0, 0, 24, 0, 3, 0, 0, 2], 0x1c);
  rom.set([ROM_BLOCKS, 0, 1, 0, 0, 0x80, 0, 0], 0x2c);
  return rom;
}

/**
 * Shell functions for FLA by the I/O ports (I350 §8.1.1), in the function's folder: `pins OCTAL` writes its first byte, and
 * `command COUNT BYTE...` sends bytes in hexadecimal at the pins, and prints COUNT bytes. A program for each access would
 * take minutes: only what is read needs one. Of the two digits that dd can give there, "8" has FL_SO, "0" has not.
 */
const PINS = `
ports() { exec 3<>resource2; printf '\\034\\0\\0\\0' >&3; }
pins() { ports; printf "\\0$1\\0\\0\\0" >&3; }
command() {
  count=$1; shift
  pins 22; pins 20
  for byte in "$@"; do
    for bit in 7 6 5 4 3 2 1 0; do data=$(( ((0x$byte >> bit) & 1) * 4 )); pins 2$data; pins 2$((data + 1)); done
  done
  while [ $count -gt 0 ]; do
    got=0
    for bit in 7 6 5 4 3 2 1 0; do pins 20; got=$((got * 2 + $(dd if=resource2 bs=4 skip=1 count=1 2>/dev/null) / 8)); pins 21; done
    printf '%02x ' $got; count=$((count - 1))
  done
  pins 20; pins 22; pins 2
}
`;

for (const { profile, device, shown, bar, base } of CARDS) {
  const flash = optionRom(device);
  describeGuest(`the flash of ${profile} in Linux`, { cards: [{ profile, flash }] }, (pc) => {
    test("lspci shows an expansion ROM of the window's size; the kernel reads the option ROM, as long as it says it is", async () => {
      const rom = "/sys/bus/pci/devices/0000:01:00.0/rom";
      const seen = await sh(pc(), `lspci -v -s 1:0.0 2>/dev/null; echo 1 >${rom}; wc -c <${rom}; md5sum <${rom}`);
      expect(seen).toMatch(new RegExp(`Expansion ROM at [0-9a-f]{8} .*\\[disabled\\] \\[size=${shown}\\]\n`));
      const digest = createHash("md5").update(flash).digest("hex");
      expect(seen.trim().split("\n").slice(-2)).toEqual([`${flash.length}`, `${digest}  -`]);
    });

    test("a program in the guest asks the chip its name, unprotects it and programs a byte through the window", async () => {
      const printed = await sh(
        pc(),
        `${PINS}
        cd /sys/bus/pci/devices/0000:01:00.0
        echo 0000:01:00.0 >driver/unbind
        echo 1 >enable
        bar() { sed -n "$(($1 + 1))s/ .*//p" resource; }
        FLA=$(($(bar 0) + 0x1c)) EECD=$(($(bar 0) + 0x10)) WINDOW=$(($(bar ${bar}) + ${base}))
        command 2 9f; command 1 05; command 2 03 00 02 00; echo
        command 0 06; command 0 01 00; command 1 05; echo
        devmem $EECD 32 0x20
        devmem $((WINDOW + 0x54321)) 8 0x35
        ready() { [ $(($(devmem $FLA 32) & 0x40000000)) = 0 ]; }; until_true ready
        devmem $((WINDOW + 0x54320)) 32
        devmem $EECD 32 0x10
        echo 0 >enable; echo 0000:01:00.0 >/sys/bus/pci/drivers/igb/bind
        ethtool -i eth0 | head -1`,
      );
      const read = [...flash.slice(0x200, 0x202)].map((byte) => `${byte.toString(16).padStart(2, "0")} `).join("");
      expect(printed.split("\n")).toEqual([`1f 47 1c ${read}`, "10 ", "0xFFFF35FF", "driver: igb", ""]);
      const held = pc().machine.cards[0]?.flash;
      expect([held?.[0x5_4320], held?.[0x5_4321], held?.[0x5_4322]]).toEqual([0xff, 0x35, 0xff]);
    });
  });
}
