// What lspci prints of single capabilities, against what a test expects in it.
import { expect, type TestContext } from "vitest";
import { requesterId } from "../../host/core/address.ts";
import { express, expressCapability } from "../../host/pci/capabilities/express.ts";
import { addCapability, type Capability } from "../../host/pci/capability.ts";
import { ConfigSpace } from "../../host/pci/config-space.ts";
import { formatDump } from "../../host/pci/dump.ts";
import { type0Header, type1Header } from "../../host/pci/header.ts";
import { lspci, needLspci } from "../pciutils.ts";

const identity = { vendorId: 0x8086, deviceId: 0x1521, classCode: 0x020000 };
const bridgeIdentity = { ...identity, classCode: 0x060400 };

/** What lspci prints of each capability, each in a function of its own, white space made single. */
function decode(capabilities: readonly Capability[]): string[] {
  const dump = formatDump(
    capabilities.map((capability, index) => {
      const config = new ConfigSpace();
      const port = [0x40, 0x50, 0x60].includes((capability.rows[0]?.reset ?? 0) & 0xf0) && capability.id === 0x10;
      const root = capability.id === 1 && capability.length >= 0x38;
      config.define(port || root ? type1Header(bridgeIdentity) : type0Header(identity));
      if (capability.extended) {
        // lspci looks for extended capabilities in PCI Express functions only.
        const EXPRESS_CAP_PORT_TYPE = root ? express.PORT_TYPE_ROOT_PORT : express.PORT_TYPE_ENDPOINT;
        addCapability(config, 0x40, expressCapability({ fields: { EXPRESS_CAP_PORT_TYPE } }));
      }
      addCapability(config, capability.extended ? 0x100 : 0x40, capability);
      return {
        segment: 0,
        requesterId: requesterId(index, 0, 0),
        description: "X",
        bytes: config.bytes(),
      };
    }),
  );
  const { out, complaints } = lspci(dump, "-vvv", "-n");
  expect(complaints).toEqual([]);
  const blocks = out.split("\n\n").filter((block) => block !== "");
  expect(blocks).toHaveLength(capabilities.length);
  return blocks.map((block) => block.slice(block.lastIndexOf("Capabilities: [")).replaceAll(/\s+/g, " "));
}

/** A capability, and what lspci prints of it. */
export type Case = readonly [Capability, ...string[]];

/** Skips without lspci; expects every text of every case. */
export function check(context: TestContext, cases: readonly Case[]): void {
  needLspci(context);
  const texts = decode(cases.map(([capability]) => capability));
  const misses = cases.flatMap(([, ...expected], index) =>
    expected
      .filter((text) => !texts[index]!.includes(text))
      .map((text) => `${index}: ${text}\n   not in ${texts[index]}`),
  );
  expect(misses).toEqual([]);
}
