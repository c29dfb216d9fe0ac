// A machine that firmware has enumerated, with all VFs of two cards enabled, as lspci sees it.
import { describe, expect, it } from "vitest";
import { listFunctions } from "../../host/cli/lspci.ts";
import { hpa } from "../../host/core/address.ts";
import { Clock } from "../../host/core/clock.ts";
import { Engine } from "../../host/core/engine.ts";
import { IgbCard, type IgbCardName } from "../../host/device/igb/card.ts";
import { AddressMap } from "../../host/machine/address-map.ts";
import {
  Bridge,
  enumerate,
  flatten,
  profileConfig,
  RootComplex,
  rootPortProfile,
  switchDownstreamProfile,
  switchUpstreamProfile,
} from "../../host/pci/index.ts";
import { lspci, needLspci } from "../pciutils.ts";
import { output } from "./lspci-machine.ts";

const windows = {
  memory: { base: hpa(0xc000_0000), size: 0x1000_0000 },
  prefetchable: { base: hpa(0x10_0000_0000), size: 0x1_0000_0000 },
  io: { base: 0x1000, size: 0xe000 },
};

/** A quad-port I350 below a root port, a dual-port 82576 below a switch. */
async function live(ari: boolean): Promise<RootComplex> {
  const engine = await Engine.create();
  const map = new AddressMap(engine, () => {});
  const unit = engine.allocate(engine.wasm.iommuSize(), 64);
  engine.wasm.iommuInit(unit, map.pointer, 39);
  const card = (profile: IgbCardName, ports: number): IgbCard => {
    const mac = Uint8Array.of(0x02, 0x1b, 0x21, 0x2b, 0x46, ports << 4);
    return new IgbCard({ engine, map: map.pointer, unit, clock: new Clock(), profile, ports, mac, name: profile });
  };
  const complex = new RootComplex({ messages: { message: () => {} } });
  const bridge = (name: string, profile: ReturnType<typeof rootPortProfile>): Bridge =>
    new Bridge(name, profileConfig(profile));
  const [port1, port3] = [rootPortProfile({ slot: 1 }), rootPortProfile({ slot: 2 })];
  const first = bridge("port1", port1);
  const second = bridge("port3", port3);
  const upstream = bridge("up", switchUpstreamProfile());
  const downstream = bridge("down", switchDownstreamProfile({ slot: 3 }));
  complex.attach(first, 1, 0);
  complex.attach(second, 3, 0);
  second.attach(upstream, 0, 0);
  upstream.attach(downstream, 8, 0);
  const cards: [Bridge, IgbCard][] = [
    [first, card("i350", 4)],
    [downstream, card("82576", 2)],
  ];
  for (const [above, { ports }] of cards) for (const [number, { pf }] of ports.entries()) above.attach(pf, 0, number);
  for (const fn of flatten(enumerate(complex, windows, { ari }))) {
    if (fn.sriov === undefined) continue;
    complex.configWrite(fn.requesterId, 0x170, 2, 8);
    complex.configWrite(fn.requesterId, 0x168, 2, complex.configRead(fn.requesterId, 0x168, 2) | 0x0009);
  }
  return complex;
}

describe.each([
  ["without ARI: VFs on the bus after the PFs'", false, 384],
  ["with ARI: VFs on the bus of the PFs", true, 128],
])("the live machine %s", (_name, ari, offset) => {
  it("is decoded by lspci without a complaint, every PF with its VFs", async (context) => {
    needLspci(context);
    const complex = await live(ari);
    const dump = await output(["--dump"], listFunctions([complex]));
    const { out, complaints } = lspci(dump, "-vvv", "-n");
    expect(complaints).toEqual([]);
    const strange = out.split("\n").filter((line) => /<\?>|<chain|<access|[Uu]nknown|!!!|<unassigned>/.test(line));
    // The link of a VF is its PF's.
    expect(strange.filter((line) => !line.startsWith("\t\tLnkSta:\tSpeed unknown"))).toEqual([]);
    expect(out.match(/^[0-9a-f:.]+ 0200: 8086:1521 /gm)).toHaveLength(4);
    expect(out.match(/^[0-9a-f:.]+ 0200: 8086:10c9 /gm)).toHaveLength(2);
    expect(out.match(/^[0-9a-f:.]+ 0200: ffff:ffff /gm)).toHaveLength(6 * 8);
    expect(out.match(/Number of VFs: 8, Function Dependency Link: /g)).toHaveLength(6);
    expect(out.match(new RegExp(`VF offset: ${offset}, stride: 4, Device ID: 1520`, "g"))).toHaveLength(4);
    expect(out.match(new RegExp(`VF offset: ${offset}, stride: 2, Device ID: 10ca`, "g"))).toHaveLength(2);
  });

  it("-t draws the tree that lspci -t draws", async (context) => {
    needLspci(context);
    const functions = listFunctions([await live(ari)]);
    const dump = await output(["--dump"], functions);
    expect(await output(["-t"], functions)).toBe(lspci(dump, "-t").out);
  });

  it("comes back from its own dump with all VFs, each with the same bytes", async () => {
    const dump = await output(["--dump"], listFunctions([await live(ari)]));
    expect(dump.match(/^[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] /gm)).toHaveLength(1 + 2 + 2 + 6 + 48);
    expect(await output(["--from", "a", "--dump"], [], { a: dump })).toBe(dump);
  });
});
