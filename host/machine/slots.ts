// What is in a machine's slots when it is made: root ports, and below them switches, network cards and other devices.
import type { Clock } from "../core/clock.ts";
import type { Engine } from "../core/engine.ts";
import type { Trace } from "../core/trace.ts";
import { CopyEngine } from "../device/copy-engine/engine.ts";
import { IgbCard } from "../device/igb/card.ts";
import { Bridge } from "../pci/bridge.ts";
import type { PciFunction } from "../pci/function.ts";
import { rootPortProfile, switchDownstreamProfile, switchUpstreamProfile } from "../pci/port-profiles.ts";
import { type FunctionProfile, profileConfig } from "../pci/profile.ts";
import type { RootComplex } from "../pci/root-complex.ts";
import type { AddressMap } from "./address-map.ts";
import type { Endpoints } from "./endpoints.ts";
import type { IommuUnit } from "./iommu-unit.ts";
import { type CardOptions, cardShape } from "./machine-options.ts";

const FIRST_SLOT = 1;

/** What cards and devices are connected to. */
export interface SlotPorts {
  engine: Engine;
  map: AddressMap;
  iommu: IommuUnit;
  clock: Clock;
  trace: Trace;
  root: RootComplex;
  endpoints: Endpoints;
  /** Told of every function that comes. */
  watch: (fn: PciFunction) => void;
}

export class Slots {
  readonly #ports: SlotPorts;
  readonly #numbers: readonly number[] | undefined;
  #used = 0;

  /** @param numbers the root ports' device numbers; undefined: one after the other. */
  constructor(ports: SlotPorts, numbers: readonly number[] | undefined) {
    this.#ports = ports;
    this.#numbers = numbers;
  }

  /** A card in the next slot: a root port, a switch if it is wanted, the card's functions. */
  addCard(options: CardOptions, index: number): IgbCard {
    const { engine, map, iommu, clock, trace, watch } = this.#ports;
    const { profile, ports, slot, mac } = cardShape(options, index);
    let above = this.#addRootPort(`root-port-${index}`);
    if (slot === "switch") {
      const upstream = this.#addBridge(above, `switch-${index}`, switchUpstreamProfile());
      above = this.#addBridge(upstream, `switch-${index}-port-0`, switchDownstreamProfile({ slot: this.#used }));
    }
    const card = new IgbCard({
      engine,
      map: map.pointer,
      unit: iommu.pointer,
      clock,
      trace,
      profile,
      ports,
      serial: options.serial,
      flash: options.flash,
      mac: Uint8Array.from(mac),
      name: `${profile}-${index}`,
    });
    for (const [place, port] of card.ports.entries()) {
      above.attach(port.pf, 0, place);
      for (const fn of [port.pf, ...port.sriov.allVfs]) watch(fn);
    }
    return card;
  }

  /** A device in the next slot: a root port, and the device below it. */
  addDevice(index: number): CopyEngine {
    const { iommu, clock, endpoints } = this.#ports;
    const above = this.#addRootPort(`device-port-${index}`);
    const engine = new CopyEngine({ name: `copy-engine-${index}`, dma: iommu.dma, ats: iommu.ats, clock });
    endpoints.plug(engine, { above, device: 0 });
    return engine;
  }

  #addRootPort(name: string): Bridge {
    const { root, watch } = this.#ports;
    const place = this.#used++;
    const rootPort = new Bridge(name, profileConfig(rootPortProfile({ slot: place + 1 })));
    root.attach(rootPort, this.#numbers === undefined ? FIRST_SLOT + place : (this.#numbers[place] as number), 0);
    watch(rootPort);
    return rootPort;
  }

  #addBridge(above: Bridge, name: string, profile: FunctionProfile): Bridge {
    const bridge = new Bridge(name, profileConfig(profile));
    above.attach(bridge, 0, 0);
    this.#ports.watch(bridge);
    return bridge;
  }
}
