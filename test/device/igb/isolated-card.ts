// A card on a bus of one, its VFs behind the IOMMU, each with memory of its own.
import type { RequesterId } from "../../../host/core/address.ts";
import type { Clock } from "../../../host/core/clock.ts";
import { Trace } from "../../../host/core/trace.ts";
import { IgbCard, type IgbCardName } from "../../../host/device/igb/card.ts";
import type { IgbPort } from "../../../host/device/igb/port.ts";
import type { Upstream } from "../../../host/pci/upstream.ts";
import type { Harness } from "../../iommu/harness.ts";

export interface IsolatedCardOptions {
  profile: IgbCardName;
  vfs: number;
  /** Where the memory of each VF is for the CPU; the VF has it at address 0. VFs without one, and the PF, reach none. */
  areas: readonly number[];
  /** Bytes of each area, whole pages. */
  areaSize: number;
  clock: Clock;
  trace?: Trace;
}

/** Puts a card of one port beside the harness's IOMMU, enables its VFs and ties them to their memory. */
export function isolatedCard(harness: Harness, options: IsolatedCardOptions): IgbCard {
  const { profile, vfs, areas, areaSize, clock, trace = new Trace() } = options;
  const { engine, map, unit, messages } = harness;
  const card = new IgbCard({
    engine,
    map: map.pointer,
    unit: unit.pointer,
    clock,
    trace,
    profile,
    ports: 1,
    mac: Uint8Array.of(0x02, 1, 2, 3, 4, 0),
  });
  const bus: Upstream = {
    passesRequests: () => true,
    message: (requesterId, addressLo, addressHi, data) => messages.push({ requesterId, addressLo, addressHi, data }),
    errorMessage: () => {},
    routesChanged: () => {},
  };
  const { pf, sriov } = card.ports[0] as IgbPort;
  pf.upstream = bus;
  pf.capture(0x0100 as RequesterId);
  pf.configWrite(0x04, 2, 6);
  pf.configWrite(0x170, 2, vfs);
  pf.configWrite(0x168, 2, 9);
  const root = harness.page();
  for (const [index, vf] of sriov.vfs.entries()) {
    vf.configWrite(0x04, 2, 4);
    const area = areas[index];
    if (area === undefined) continue;
    const table = harness.page();
    for (let at = 0; at < areaSize; at += 4096) harness.mapPage(table, 3, at, area + at);
    harness.context(root, vf.requesterId, { table, domainId: index + 1, width: 1 });
  }
  harness.enable(root);
  return card;
}
