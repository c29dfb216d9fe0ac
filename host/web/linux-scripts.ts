// Commands that the page types for its reader, line by line as the shell asks for them.

export interface Script {
  title: string;
  lines: readonly string[];
}

const CARRIER = "until grep -q 1 /sys/class/net/eth0/carrier; do sleep 0.1; done";

export const SCRIPTS: readonly Script[] = [
  {
    title: "Ping from port to port",
    lines: [
      "ip netns add other; ip link set eth1 netns other",
      "ip address replace 10.0.0.1/24 dev eth0; ip link set eth0 up",
      "ip -n other address replace 10.0.0.2/24 dev eth1; ip -n other link set eth1 up",
      CARRIER,
      "ping -c 5 10.0.0.2",
    ],
  },
  {
    title: "Two virtual functions",
    lines: [
      "echo 0 >/sys/class/net/eth0/device/sriov_numvfs",
      "echo 2 >/sys/class/net/eth0/device/sriov_numvfs",
      "ip -brief link",
    ],
  },
  { title: "PCI devices", lines: ["lspci -t", "lspci -k"] },
  { title: "Link", lines: ["ip link set eth0 up", "ethtool eth0"] },
  { title: "Interrupts", lines: ["grep eth /proc/interrupts"] },
];

/** Finds the card in a guest that had booted without it. */
export const RESCAN = "echo 1 >/sys/bus/pci/rescan";

/** What the shell shows when it waits for a command, at the end of a line. */
const PROMPT = /^guest:\S*# $/;

/** The kernel's last line, when it was told to end. */
const DOWN = /^\[ *\d+\.\d+\] reboot: (Power down|System halted|Restarting system)$/;

/** How the guest went down, if this line of the kernel's says so. */
export function downBy(line: string): string | undefined {
  return DOWN.exec(line)?.[1];
}

export function isPrompt(line: string): boolean {
  return PROMPT.test(line);
}
