// QEMU's pcie-root-port: ports with slots into which devices come and from which they go while the machine runs.
import * as spec from "../../../assembly/spec/pc/root-port.ts";
import type { Endpoint } from "../../device/endpoint.ts";
import type { Machine } from "../../machine/machine.ts";
import { Bridge, profileConfig, rootPortProfile } from "../../pci/index.ts";
import { QemuError } from "./errors.ts";
import type { Properties } from "./options.ts";

/** What changes nothing here. */
const IGNORED = [
  ...["acpi-index", "addr", "bus", "bus-reserve", "chassis", "hotplug", "io-reserve", "mem-reserve", "multifunction"],
  ...["native-hotplug", "pref32-reserve", "pref64-reserve", "x-speed", "x-width", "x-native-hotplug"],
];
const SLOT_MAX = 0x1fff;

interface Port {
  bridge: Bridge;
  occupied: boolean;
}

export class RootPorts {
  readonly #machine: Machine;
  readonly #ports = new Map<string, Port>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  has(id: string): boolean {
    return this.#ports.has(id);
  }

  /** The port named `id`; undefined for the root bus. */
  bridge(id: string | undefined): Bridge | undefined {
    return id === undefined ? undefined : this.#ports.get(id)?.bridge;
  }

  /** Puts a port on the root bus. Throws QemuError for properties that it does not have, ArgumentError for its place. */
  add(id: string | undefined, name: string, properties: Properties, device: number, functionNumber: number): Endpoint {
    properties.ignore(...IGNORED);
    const slot = properties.number("slot", 0, SLOT_MAX);
    const port = properties.number("port", 0, 255);
    properties.finish();
    const profile = rootPortProfile({ slot: Math.max(slot, 1), port, present: false });
    const identity = {
      ...profile.identity,
      vendorId: spec.ROOT_PORT_VENDOR,
      deviceId: spec.ROOT_PORT_DEVICE,
      revision: 0,
    };
    const bridge = new Bridge(name, profileConfig({ ...profile, identity }));
    const endpoint: Endpoint = {
      functions: [bridge],
      nextDeadlineNs: Number.POSITIVE_INFINITY,
      service: () => 0,
      save: () => bridge.save(),
      restore: (state) => bridge.restore(state as ReturnType<Bridge["save"]>),
    };
    this.#machine.plug(endpoint, { device, functionNumber });
    this.#ports.set(id ?? name, { bridge, occupied: false });
    return endpoint;
  }

  /** Something was put below the port. */
  fill(id: string): void {
    const port = this.#port(id);
    port.occupied = true;
    port.bridge.linkTrained();
    port.bridge.express?.showLink(true);
  }

  /** What is below the port is about to go. */
  empty(id: string): void {
    const port = this.#port(id);
    port.occupied = false;
    port.bridge.linkDown();
  }

  /** After a reset each port shows again whether something is below. */
  settle(): void {
    for (const { bridge, occupied } of this.#ports.values()) if (occupied) bridge.express?.showLink(true);
  }

  #port(id: string): Port {
    const port = this.#ports.get(id);
    if (port === undefined) throw new QemuError(`Bus '${id}' not found`);
    return port;
  }
}
