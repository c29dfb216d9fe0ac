// The card's own side under Linux's igb: self test, speeds, NVM, thermal sensor, time, wake-up, interrupts.
import { expect, test } from "vitest";
import { joinNeighbours } from "../../host/cli/linux-pc.ts";
import { describeGuest, sh } from "./harness.ts";

const UP = "ip link set eth0 up; ip link set eth1 up; until_true grep -q 1 /sys/class/net/eth0/carrier";

for (const [profile, magic] of [
  ["82576", "0x10c98086"],
  ["i350", "0x15218086"],
] as const) {
  describeGuest(
    `igb of Linux on ${profile}: the card`,
    { cards: [{ profile, ports: 2 }], wire: joinNeighbours },
    (pc) => {
      // On the I350 this driver tests no more than the link: it takes every one for a card that may switch its medium.
      const selfTest = async (): Promise<void> => {
        const result = await sh(pc(), `${UP}\nethtool -t eth0 offline`);
        expect(result).toMatch(/^The test result is PASS/);
        expect(result.match(/\t 0$/gm)).toHaveLength(5);
        expect(await sh(pc(), "dmesg")).not.toMatch(/igb.*(fail|error)/i);
      };
      if (profile === "82576") {
        test("ethtool -t offline passes: registers, EEPROM, interrupt, loopback, link", selfTest);
      }

      test("speed and mode as ethtool -s forces them, and 1000 Mb/s again; the neighbour follows", async () => {
        const speed = "cat /sys/class/net/eth0/speed /sys/class/net/eth0/duplex";
        const forced = await sh(
          pc(),
          `${UP}\nethtool -s eth0 speed 100 duplex full autoneg off\nuntil_true grep -qx 100 /sys/class/net/eth0/speed\n${speed}`,
        );
        expect(forced).toBe("100\nfull\n");
        // It hears the speed, and cannot hear the mode.
        expect(await sh(pc(), 'until_true settled eth1 100; echo "$settings"')).toBe(
          "\tSpeed: 100Mb/s\n\tDuplex: Half\n\tLink detected: yes\n",
        );
        const again = await sh(
          pc(),
          `ethtool -s eth0 autoneg on\nuntil_true grep -qx 1000 /sys/class/net/eth0/speed\n${speed}`,
        );
        expect(again).toBe("1000\nfull\n");
        const agreed = await sh(
          pc(),
          `ethtool -s eth0 advertise 0x008; until_true settled eth1 100; echo "$settings"
           ethtool -s eth0 advertise 0x02f; until_true settled eth1 1000; cat /sys/class/net/eth1/speed`,
        );
        expect(agreed).toBe("\tSpeed: 100Mb/s\n\tDuplex: Full\n\tLink detected: yes\n1000\n");
        await sh(pc(), "ip link set eth1 down; until_true grep -q 0 /sys/class/net/eth0/carrier");
        await sh(pc(), `ip link set eth1 up\nuntil_true grep -q 1 /sys/class/net/eth0/carrier`);
      });

      const suspend = async (): Promise<void> => {
        const log = await sh(
          pc(),
          `${UP}\necho devices >/sys/power/pm_test; echo 1 >/sys/module/suspend/parameters/pm_test_delay
         dmesg -c >/dev/null; echo freeze >/sys/power/state
         until_true grep -q 1 /sys/class/net/eth0/carrier; dmesg`,
        );
        expect(log).toMatch(/eth0: igb: eth0 NIC Link is Up 1000 Mbps Full Duplex/);
        expect(log).toMatch(/PM: suspend exit/);
      };
      if (profile === "i350") test("suspend and resume of every device: the link comes back", suspend);

      test("ethtool -E writes a byte of the EEPROM and mends the checksum: the driver binds again", async () => {
        const dump = await sh(
          pc(),
          `ethtool -E eth0 magic ${magic} offset 0x12 value 0x5a && ethtool -e eth0 offset 0x10 length 4`,
        );
        expect(dump).toMatch(/0x0010:\s+\S+ \S+ 5a \S+/);
        const bound = await sh(
          pc(),
          `dmesg -c >/dev/null; cd /sys/bus/pci/drivers/igb
           echo 0000:01:00.0 >unbind; echo 0000:01:00.0 >bind; ls 0000:01:00.0/net; dmesg`,
        );
        expect(bound).toMatch(/^eth\d\n/);
        expect(bound).not.toMatch(/checksum/i);
      });
    },
  );
}

describeGuest(
  "igb of Linux on i350: sensors",
  { cards: [{ profile: "i350", ports: 2 }], wire: joinNeighbours },
  (pc) => {
    test("hwmon shows the junction's temperature and its thresholds", async () => {
      expect(await sh(pc(), "cd /sys/class/hwmon/hwmon0; cat temp1_input temp1_max temp1_crit")).toBe(
        "45000\n110000\n100000\n",
      );
    });

    test("Energy Efficient Ethernet is agreed on, switched off, and on again", async () => {
      const status = "ethtool --show-eee eth0 | grep 'EEE status'";
      const active = `until_true sh -c "ethtool --show-eee eth0 | grep -q 'enabled - active'"; ${status}`;
      expect(await sh(pc(), `${UP}\n${active}`)).toMatch(/enabled - active/);
      expect(
        await sh(
          pc(),
          `ethtool --set-eee eth0 eee off; off() { ${status} | grep -q disabled; }; until_true off; ${status}`,
        ),
      ).toMatch(/disabled/);
      expect(await sh(pc(), `ethtool --set-eee eth0 eee on; ${active}`)).toMatch(/enabled - active/);
    });

    test("a periodic output of the PTP clock interrupts at each of its edges", async () => {
      // Interrupts and hundredths of a second of two seconds; without another process, which may take long to start.
      const count = `
        count() { while read -r line; do case $line in *" eth0") set -- $line; counted=$2;; esac; done </proc/interrupts; }
        read -r begin idle </proc/uptime; count; before=$counted; sleep 2; count; read -r end idle </proc/uptime
        echo $((counted - before)) $((\${end%.*}\${end#*.} - \${begin%.*}\${begin#*.}))`;
      const during = async (): Promise<[number, number]> =>
        (await sh(pc(), count)).split(" ").map(Number) as [number, number];
      await sh(pc(), "cd /sys/class/ptp/ptp0; echo 2 0 >pins/SDP0; echo 0 0 0 0 400000000 >period");
      let whole = false;
      // Edges that come while the machine stands still are one interrupt: of many windows one is without that.
      for (let window = 0; window < 30 && !whole; window++) {
        const [interrupts, hundredths] = await during();
        expect(interrupts).toBeLessThanOrEqual(hundredths / 20 + 2);
        whole = interrupts > hundredths / 20 - 2;
      }
      expect(whole).toBe(true);
      await sh(pc(), "echo 0 0 0 0 0 >/sys/class/ptp/ptp0/period");
      const [stopped] = await during();
      expect(stopped).toBeLessThan(3);
    });

    test("magic packets wake: the driver offers it, and says so", async () => {
      const wol = await sh(pc(), "ethtool eth0 | grep Wake; ethtool -s eth0 wol ug; ethtool eth0 | grep '^.Wake'");
      expect(wol).toMatch(/Supports Wake-on: pumbg\n\s*Wake-on: g\n\s*Wake-on: ug\n/);
    });
  },
);

for (const profile of ["i350", "82576"] as const) {
  describeGuest(`igb of Linux on ${profile}: INTx`, { cards: [{ profile, ports: 2 }], wire: joinNeighbours }, (pc) => {
    test("without MSI-X and MSI the ports share the chipset's lines: ping over the cable, interrupts counted", async () => {
      const result = await sh(
        pc(),
        `cd /sys/bus/pci/drivers/igb
         for n in 0 1; do
           echo 0000:01:00.$n >unbind; echo 0 >/sys/bus/pci/devices/0000:01:00.$n/msi_bus; echo 0000:01:00.$n >bind
         done
         dmesg | grep -c 'Using legacy interrupts'
         joined a eth0 10.0.0.1/24; joined b eth1 10.0.0.2/24
         until_true has_link a eth0; until_true has_link b eth1
         answered 50 a 10.0.0.2
         awk '/fasteoi.*eth[01]/ && $2 > 20 { print $NF }' /proc/interrupts | sort`,
      );
      expect(result).toBe("2\n50 of 50 answered\neth0\neth1\n");
    });
  });
}
