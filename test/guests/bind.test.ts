// Linux's igb on every card that there is.
import { expect, test } from "vitest";
import { joinNeighbours } from "../../host/cli/linux-pc.ts";
import { describeGuest, SCRIPT_SECONDS, sh } from "./harness.ts";

const CARDS = [
  { profile: "i350", ports: 1, device: "1521", registers: "I350" },
  { profile: "i350", ports: 2, device: "1521", registers: "I350" },
  { profile: "i350", ports: 4, device: "1521", registers: "I350" },
  { profile: "82576", ports: 2, device: "10c9", registers: "82576" },
] as const;

for (const { profile, ports, device } of CARDS) {
  const mac = Uint8Array.of(0x02, 0x35, 0x0a, 0xbc, 0xde, 0x40);
  const names = Array.from({ length: ports }, (_, index) => `eth${index}`);
  describeGuest(
    `igb of Linux on ${profile}, ports: ${ports}`,
    { cards: [{ profile, ports, mac }], wire: joinNeighbours },
    (pc) => {
      test("binds every port: PCI ids, MAC addresses that count up, MSI-X vectors of its own", async () => {
        const found = await sh(
          pc(),
          "for p in /sys/bus/pci/drivers/igb/0*; do echo $(cat $p/device $p/net/*/address); done",
        );
        expect(found.trim().split("\n")).toEqual(names.map((_, index) => `0x${device} 02:35:0a:bc:de:4${index}`));
        const log = await sh(pc(), "dmesg | grep 'igb 0000'");
        expect(log).not.toMatch(/checksum|error|fail|not valid/i);
        expect(log.match(/Using MSI-X interrupts/g)).toHaveLength(ports);
      });

      test("lspci -k: the driver of each port and, as libkmod finds it in the modules' tables, the module", async () => {
        const { status, stdout, stderr } = await pc().guest.collect("lspci -k -s 1:", SCRIPT_SECONDS);
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        expect(stdout.match(/Kernel driver in use: igb\n\tKernel modules: igb\n/g)).toHaveLength(ports);
      });

      test("links at 1000 Mb/s, full duplex, wherever a cable is; ethtool -i, -d, -S and -e answer", async () => {
        const cabled = ports - (ports % 2);
        const script = names.map((name) => `ip link set ${name} up`).join("\n");
        await sh(pc(), script);
        for (const [index, name] of names.entries()) {
          if (index < cabled) {
            const settings = await sh(pc(), `until_true settled ${name} 1000; echo "$settings"`);
            expect(settings).toBe("\tSpeed: 1000Mb/s\n\tDuplex: Full\n\tLink detected: yes\n");
          }
          expect(await sh(pc(), `ethtool -i ${name}`)).toMatch(/^driver: igb\n[\s\S]*bus-info: 0000:01:00\.\d\n/);
          const statistics = await sh(pc(), `ethtool -S ${name}`);
          expect(statistics).toMatch(/ rx_packets: \d+\n/);
          expect(statistics).not.toMatch(/: (4294967295|18446744073709551615)\n/);
          // What ethtool makes of the registers and of the NVM's first words, which hold the MAC address.
          const registers = await sh(pc(), `ethtool -d ${name}`);
          expect(registers).toMatch(/^0x00000: CTRL \(Device control register\)\s+0x[0-9A-F]{8}/m);
          expect(registers).not.toMatch(/0xFFFFFFFF[\s\S]*0xFFFFFFFF[\s\S]*0xFFFFFFFF[\s\S]*0xFFFFFFFF/);
          const nvm = await sh(pc(), `ethtool -e ${name} offset 0 length 6`);
          expect(nvm).toMatch(/^0x0000:\s+02 35 0a bc de 40/m);
        }
      });
    },
  );
}
