// A PC as QEMU's command line describes it: chipset, RAM, IOMMU, devices in slots, wires.
import type { Hpa } from "../../core/address.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { AccessWidth } from "../../core/ports.ts";
import type { Endpoint } from "../../device/endpoint.ts";
import { IgbCard } from "../../device/igb/card.ts";
import { PcConfigPorts } from "../../device/pc/config-ports.ts";
import { FwCfg } from "../../device/pc/fw-cfg.ts";
import { type Chipset, pcHostBridge, pciWindow } from "../../device/pc/host-bridge.ts";
import { PciHotplug } from "../../device/pc/pci-hotplug.ts";
import type { Cable } from "../../machine/cable/cable.ts";
import type { CableEnd } from "../../machine/cable/end.ts";
import * as layout from "../../machine/layout.ts";
import { Machine } from "../../machine/machine.ts";
import type { PciFunction } from "../../pci/function.ts";
import { findMachine, typeNamed } from "./catalogue.ts";
import type { QtestConfig } from "./command-line.ts";
import { createEndpoint, findIommu } from "./devices.ts";
import { QemuError } from "./errors.ts";
import { type KeyValues, Properties } from "./options.ts";
import { placeRam, ramPlaces, windowsAround } from "./pc-memory.ts";
import { RootPorts } from "./root-ports.ts";

/** A device that was made by the command line or the monitor. */
export interface BoardDevice {
  id: string | undefined;
  driver: string;
  endpoint: Endpoint;
  /** The id of the root port above; undefined on the root bus. */
  bus: string | undefined;
  slot: number;
  /** The id of its network, and what joins it to that. */
  netdev: string | undefined;
  cable: Cable | undefined;
  /** The monitor asked for its removal. */
  leaving: boolean;
  /** Gives its memory back once it is unplugged. */
  release(): void;
}

const SLOTS = 32;
const MAC = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];

export class Board {
  readonly machine: Machine;
  readonly chipset: Chipset;
  readonly #config: PcConfigPorts;
  readonly #fwCfg: FwCfg;
  readonly #hotplug: PciHotplug;
  readonly #ports: RootPorts;
  readonly #nets: ReadonlyMap<string, CableEnd>;
  readonly #netdevs: ReadonlySet<string>;
  readonly #devices: BoardDevice[] = [];
  #made = 0;
  #macs = 0;
  /** Called when a device has gone that the monitor asked to go. */
  onDeleted: (device: BoardDevice) => void = () => {};

  private constructor(machine: Machine, chipset: Chipset, config: QtestConfig, nets: ReadonlyMap<string, CableEnd>) {
    this.machine = machine;
    this.chipset = chipset;
    this.#nets = nets;
    this.#netdevs = new Set(config.netdevs.keys());
    this.#config = new PcConfigPorts(machine.root);
    const { ram, processors, uuid, bootMenu, files } = config;
    this.#fwCfg = new FwCfg({ ram, processors, bootMenu, files, ...(uuid === undefined ? {} : { uuid }) });
    this.#hotplug = new PciHotplug({
      removable: (slot) => chipset === "i440fx" && this.#inSlot(slot) !== undefined,
      eject: (slot) => {
        const device = this.#inSlot(slot);
        if (device !== undefined) this.#remove(device);
      },
    });
    this.#ports = new RootPorts(machine);
  }

  /** Builds the machine. Throws QemuError, with nothing left behind, for what the command line cannot have. */
  static async create(config: QtestConfig, nets: ReadonlyMap<string, CableEnd> = new Map()): Promise<Board> {
    const model = findMachine(config.machine);
    if (model?.chipset === undefined) throw new QemuError(`unsupported machine type: "${config.machine}"`);
    const hostBridge = pcHostBridge(model.chipset);
    const iommu = findIommu(config.devices);
    const machine = await Machine.create({ board: { hostBridge }, ...(iommu === undefined ? {} : { iommu }) });
    try {
      return new Board(machine, model.chipset, config, nets).#build(config, iommu !== undefined);
    } catch (error) {
      machine.dispose();
      throw error;
    }
  }

  /** Fills the address map and the slots. */
  #build(config: QtestConfig, hasUnit: boolean): this {
    const { map, iommu } = this.machine;
    const places = ramPlaces(this.chipset, config.ram);
    placeRam(map, places);
    const unit = hasUnit ? [{ base: layout.IOMMU_BASE, size: layout.IOMMU_SIZE }] : [];
    for (const region of unit) map.addMmio({ ...region, handler: iommu.mmio });
    const bridge = this.chipset === "q35" ? (this.machine.root.functionAt(0) as PciFunction) : undefined;
    for (const window of windowsAround([...places, ...unit])) {
      map.addMmio({ ...window, handler: pciWindow(this.machine.root, bridge, window.base) });
    }
    for (const values of config.devices) {
      if (values.get("driver") === "intel-iommu") continue;
      const text = [...values].map(([key, value]) => (key === "driver" ? value : `${key}=${value}`)).join(",");
      try {
        this.#add(values, false);
      } catch (error) {
        if (error instanceof QemuError) throw new QemuError(`-device ${text}: ${error.message}`);
        throw error;
      }
    }
    return this;
  }

  /** Reads memory as a processor does: all-ones where nothing answers. */
  read(address: number, target: Uint8Array): void {
    this.machine.map.readBytes(address as Hpa, target);
  }

  /** Writes memory as a processor does, and lets the devices act on it. */
  write(address: number, source: Uint8Array): void {
    this.machine.map.writeBytes(address as Hpa, source);
    this.run(0);
  }

  /** A port read; all-ones where nothing answers. */
  ioRead(port: number, width: AccessWidth): number {
    for (const device of [this.#config, this.#fwCfg, this.#hotplug]) {
      const value = device.read(port, width);
      if (value !== undefined) return value;
    }
    return this.machine.root.ioRead(port, width);
  }

  ioWrite(port: number, width: AccessWidth, value: number): void {
    const devices = [this.#config, this.#fwCfg, this.#hotplug];
    if (!devices.some((device) => device.write(port, width, value))) this.machine.root.ioWrite(port, width, value);
    this.run(0);
  }

  /** Lets `ns` nanoseconds pass: what came over the wires goes in, what left goes out. */
  run(ns: number): void {
    this.machine.run(ns);
  }

  /** The reset of a power-up; RAM and time stay as they are. */
  reset(): void {
    for (const device of this.#devices.filter(({ leaving }) => leaving)) this.#remove(device);
    this.machine.reset();
    this.#ports.settle();
    this.#config.reset();
    this.#fwCfg.reset();
    this.#hotplug.reset();
  }

  /** Adds a device while the machine runs. Throws QemuError where that cannot be. */
  addDevice(values: KeyValues): void {
    const device = this.#add(values, true);
    if (device.bus === undefined) this.#hotplug.announce(device.slot);
    this.run(0);
  }

  /**
   * Asks the device with this id to go: on a PC's root bus software ejects it, below a root port the link goes down.
   * Throws QemuError where there is none, or it cannot go.
   */
  removeDevice(id: string): void {
    const device = this.#devices.find((one) => one.id === id);
    if (device === undefined) throw new QemuError(`Device '${id}' not found`);
    if (device.bus === undefined && this.chipset === "q35") {
      throw new QemuError("Bus 'pcie.0' does not support hotplugging");
    }
    if (device.leaving) throw new QemuError(`Device ${id} is already in the process of unplug`);
    device.leaving = true;
    if (device.bus === undefined) this.#hotplug.request(device.slot);
    else this.#remove(device);
  }

  #inSlot(slot: number): BoardDevice | undefined {
    return this.#devices.find((device) => device.bus === undefined && device.slot === slot);
  }

  #remove(device: BoardDevice): void {
    const { leaving } = device;
    this.#devices.splice(this.#devices.indexOf(device), 1);
    if (device.bus !== undefined) this.#ports.empty(device.bus);
    device.cable?.pull();
    this.machine.unplug(device.endpoint);
    device.release();
    if (leaving) this.onDeleted(device);
  }

  /** Makes a device and puts it into its slot. */
  #add(values: KeyValues, hot: boolean): BoardDevice {
    const driver = values.get("driver");
    if (driver === undefined) throw new QemuError("Parameter 'driver' is missing");
    const type = typeNamed(driver);
    if (type === undefined) throw new QemuError(`'${driver}' is not a valid device model name`);
    if (type.abstract === true || type.builtIn === true || (hot && driver === "intel-iommu")) {
      throw new QemuError("Parameter 'driver' expects a pluggable device type");
    }
    const properties = new Properties(driver, values);
    properties.ignore("driver");
    const id = properties.text("id");
    if (id !== undefined && (this.#ports.has(id) || this.#devices.some((one) => one.id === id))) {
      throw new QemuError(`Duplicate device ID '${id}'`);
    }
    const bus = this.#busOf(properties.text("bus"), hot);
    const { slot, functionNumber } = this.#place(driver, properties.text("addr"), bus);
    const netdev = values.get("netdev");
    if (netdev !== undefined && driver === "igb" && !this.#netdevs.has(netdev)) {
      throw new QemuError(`Property 'igb.netdev' can't find value '${netdev}'`);
    }
    if (netdev !== undefined && this.#devices.some((one) => one.netdev === netdev)) {
      throw new QemuError(`Property '${driver}.netdev' can't take value '${netdev}', it's in use`);
    }
    const above = this.#ports.bridge(bus)?.bus ?? this.machine.root.bus;
    if (above.functions.has(slot * 8 + functionNumber)) {
      throw new QemuError(`PCI: slot ${slot} function ${functionNumber} not available for ${driver}, in use`);
    }
    try {
      return this.#plug({ driver, properties, id, bus, slot, functionNumber, netdev });
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      throw new QemuError(`PCI: slot ${slot} function ${functionNumber} not available for ${driver}: ${error.message}`);
    }
  }

  #plug(made: {
    driver: string;
    properties: Properties;
    id: string | undefined;
    bus: string | undefined;
    slot: number;
    functionNumber: number;
    netdev: string | undefined;
  }): BoardDevice {
    const { driver, properties, id, bus, slot, functionNumber, netdev } = made;
    const name = `${driver}-${this.#made++}`;
    if (driver === "pcie-root-port") {
      const endpoint = this.#ports.add(id, name, properties, slot, functionNumber);
      return { id, driver, endpoint, bus, slot, netdev, cable: undefined, leaving: false, release: () => {} };
    }
    const context = {
      machine: this.machine,
      name,
      nextMac: () => Uint8Array.from(MAC, (byte, place) => (place === 5 ? (byte + this.#macs++) % 256 : byte)),
      ports: {
        clock: this.machine.clock,
        dma: this.machine.iommu.dma,
        readMemory: (address: Hpa, target: Uint8Array) => this.machine.map.readBytes(address, target),
      },
    };
    const engine = this.machine.engine.lease();
    const release = (): void => engine.close();
    let endpoint: Endpoint;
    let cable: Cable | undefined;
    try {
      endpoint = createEndpoint(driver, properties, { ...context, engine });
      this.machine.plug(endpoint, { above: this.#ports.bridge(bus), device: slot, functionNumber });
      cable = this.#cable(endpoint, netdev);
    } catch (error) {
      release();
      throw error;
    }
    if (bus !== undefined) this.#ports.fill(bus);
    const device = { id, driver, endpoint, bus, slot, netdev, cable, leaving: false, release };
    this.#devices.push(device);
    return device;
  }

  /** Joins a card to its network; without one its frames lead nowhere. */
  #cable(endpoint: Endpoint, netdev: string | undefined): Cable | undefined {
    const port = endpoint instanceof IgbCard ? endpoint.ports[0] : undefined;
    const end = this.#nets.get(netdev ?? "");
    if (port === undefined || end === undefined) return undefined;
    return this.machine.cables.plug(port, end);
  }

  /** The root port that `bus` names; undefined for the root bus. */
  #busOf(bus: string | undefined, hot: boolean): string | undefined {
    const rootBus = this.chipset === "q35" ? "pcie.0" : "pci.0";
    if (bus === undefined || bus === rootBus) {
      if (hot && this.chipset === "q35") throw new QemuError(`Bus '${rootBus}' does not support hotplugging`);
      return undefined;
    }
    if (!this.#ports.has(bus)) throw new QemuError(`Bus '${bus}' not found`);
    return bus;
  }

  /** Slot and function by `addr`, hexadecimal as `slot` or `slot.function`; the first free slot without one. */
  #place(driver: string, addr: string | undefined, bus: string | undefined): { slot: number; functionNumber: number } {
    if (addr === undefined) {
      if (bus !== undefined) return { slot: 0, functionNumber: 0 };
      const taken = new Set([...this.machine.root.bus.functions.keys()].map((number) => number >>> 3));
      // A PC's chipset has the slot after the host bridge.
      for (let slot = this.chipset === "i440fx" ? 2 : 1; slot < SLOTS; slot++) {
        if (!taken.has(slot)) return { slot, functionNumber: 0 };
      }
      throw new QemuError(`PCI: no slot/function available for ${driver}, all in use or reserved`);
    }
    const match = /^(?:0x)?([\da-f]{1,2})(?:\.([0-7]))?$/i.exec(addr);
    const slot = Number.parseInt(match?.[1] ?? "", 16);
    if (match === null || slot >= SLOTS) throw new QemuError(`Property '${driver}.addr' doesn't take value '${addr}'`);
    return { slot, functionNumber: Number(match[2] ?? 0) };
  }
}
