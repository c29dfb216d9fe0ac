// Functions to list: every profile once, at slots that fit together.
import { expect } from "vitest";
import { type Listed, run } from "../../host/cli/lspci.ts";
import { type RequesterId, requesterId } from "../../host/core/address.ts";
import * as c82576 from "../../host/device/igb/config-82576.ts";
import * as i350 from "../../host/device/igb/config-i350.ts";
import { barRows, romRows } from "../../host/pci/bar.ts";
import type { ConfigSpace } from "../../host/pci/config-space.ts";
import {
  hostBridgeProfile,
  rootPortProfile,
  switchDownstreamProfile,
  switchUpstreamProfile,
} from "../../host/pci/port-profiles.ts";
import { type FunctionProfile, profileConfig } from "../../host/pci/profile.ts";

/** The MAC address of the real card in pciutils' dump cap-pcie-2. */
const mac = Uint8Array.of(0x00, 0x1b, 0x21, 0x2b, 0x46, 0xe0);

/** A function of a list, at power-up but for what `setUp` writes. */
export function listed(
  id: RequesterId,
  profile: FunctionProfile,
  setUp: (config: ConfigSpace) => void = () => {},
): Listed {
  const config = profileConfig(profile);
  for (const bar of profile.layout === "virtual" ? [] : profile.bars) {
    config.define(barRows(bar, 0x10 + 4 * bar.index));
  }
  if (profile.romSize !== 0) config.define(romRows(profile.romSize, 0x30));
  setUp(config);
  return { segment: 0, requesterId: id, config };
}

/** Writes the bus numbers of a bridge. */
export function buses(primary: number, secondary: number, subordinate: number): (config: ConfigSpace) => void {
  return (config) => config.write(0x18, 4, primary | (secondary << 8) | (subordinate << 16));
}

/** A quad-port I350 below a root port, a dual-port 82576 below a switch, one VF of each. */
export function machine(): Listed[] {
  const at = requesterId;
  const i350Ports = [0, 1, 2, 3].map((functionNumber) =>
    listed(at(1, 0, functionNumber), i350.pfConfig({ functionNumber, ports: 4, mac })),
  );
  const ports82576 = [0, 1].map((functionNumber) =>
    listed(at(5, 0, functionNumber), c82576.pfConfig({ functionNumber, ports: 2, mac })),
  );
  return [
    listed(at(0, 0, 0), hostBridgeProfile()),
    listed(at(0, 1, 0), rootPortProfile({ slot: 1 }), buses(0, 1, 2)),
    listed(at(0, 3, 0), rootPortProfile({ slot: 2 }), buses(0, 3, 6)),
    ...i350Ports,
    listed(at(2, 16, 0), i350.vfConfig()),
    listed(at(3, 0, 0), switchUpstreamProfile(), buses(3, 4, 6)),
    listed(at(4, 8, 0), switchDownstreamProfile({ slot: 3 }), buses(4, 5, 6)),
    listed(at(4, 9, 0), switchDownstreamProfile({ present: false }), buses(4, 0, 0)),
    ...ports82576,
    listed(at(6, 16, 0), c82576.vfConfig()),
  ];
}

/** What `iovirt lspci` prints. */
export async function output(
  args: string[],
  functions: Listed[] = [],
  files: Record<string, string> = {},
): Promise<string> {
  let text = "";
  const io = {
    out: (more: string) => {
      text += more;
    },
    readFile: async (path: string) => new TextEncoder().encode(files[path]),
  };
  expect(await run(args, io, async () => functions)).toBe(0);
  return text;
}
