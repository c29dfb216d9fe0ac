// From a device's properties to a device of the machine.
import type { Engine } from "../../core/engine.ts";
import { ArgumentError } from "../../core/errors.ts";
import { Edu } from "../../device/edu/edu.ts";
import type { Endpoint, EndpointPorts } from "../../device/endpoint.ts";
import { IgbCard } from "../../device/igb/card.ts";
import { IommuTestdev } from "../../device/iommu-testdev/iommu-testdev.ts";
import {
  type IommuCapabilities,
  type QemuIommuProperties,
  qemuCapabilities,
} from "../../machine/iommu-capabilities.ts";
import type { Machine } from "../../machine/machine.ts";
import { QemuError } from "./errors.ts";
import { type KeyValues, Properties } from "./options.ts";

/** Of every PCI device: what changes nothing here. */
const PCI_PROPERTIES = [
  ...["acpi-index", "bootindex", "failover_pair_id", "multifunction", "rombar", "romfile", "romsize"],
  ...["x-pcie-extcap-init", "x-pcie-lnksta-dllla", "x-pcie-flr-init", "x-pcie-pm-no-soft-reset"],
];
const BYTE = 8;

/** What a device's maker gets. */
export interface DeviceContext {
  machine: Machine;
  /** What the device allocates is this lease's. */
  engine: Engine;
  ports: EndpointPorts;
  /** Names the device in snapshots. */
  name: string;
  /** The MAC address of a network device that was given none. */
  nextMac(): Uint8Array;
}

/** Makes an endpoint of `driver`. Throws QemuError for properties that it does not have. */
export function createEndpoint(driver: string, properties: Properties, context: DeviceContext): Endpoint {
  properties.ignore(...PCI_PROPERTIES);
  if (driver === "edu") {
    const mask = properties.wide("dma_mask");
    properties.finish();
    const address = mask === undefined ? {} : { maskLo: mask.lo, maskHi: mask.hi };
    return new Edu({ name: context.name, ...address }, context.ports);
  }
  if (driver === "iommu-testdev") {
    properties.finish();
    return new IommuTestdev(context.name, context.ports);
  }
  properties.ignore("netdev");
  const mac = properties.text("mac");
  properties.finish();
  const { map, iommu, clock, trace } = context.machine;
  return new IgbCard({
    engine: context.engine,
    map: map.pointer,
    unit: iommu.pointer,
    clock,
    trace,
    profile: "82576",
    ports: 1,
    mac: mac === undefined ? context.nextMac() : parseMac(mac),
    name: context.name,
  });
}

function parseMac(text: string): Uint8Array {
  const bytes = text.split(/[:-]/).map((part) => (/^[\da-fA-F]{2}$/.test(part) ? Number.parseInt(part, 16) : -1));
  const valid = bytes.length === 6 && bytes.every((byte) => byte >= 0) && ((bytes[0] as number) & 1) === 0;
  if (!valid) throw new QemuError(`Property 'igb.mac' doesn't take value '${text}'`);
  return Uint8Array.from(bytes);
}

function iommuOf(properties: Properties): IommuCapabilities {
  const scalableMode = properties.flag("scalable-mode", properties.flag("x-scalable-mode", false));
  const intremap = properties.flag("intremap", true);
  const pasidBits = properties.number("pasid-bits", 0, 20);
  const awBits = properties.number("aw-bits", 48, 2 ** BYTE - 1);
  if (awBits !== 39 && awBits !== 48) throw new QemuError("Supported values for aw-bits are: 39, 48");
  const given: QemuIommuProperties = {
    awBits,
    cachingMode: properties.flag("caching-mode", false),
    deviceIotlb: properties.flag("device-iotlb", false),
    eim: properties.flag("eim", false),
    fs1gp: properties.flag("fs1gp", true),
    fsts: properties.flag("fsts", properties.flag("flts", properties.flag("x-flts", false))),
    intremap,
    pasidBits,
    scalableMode,
    snoopControl: properties.flag("snoop-control", false),
    svm: properties.flag("svm", false),
  };
  properties.ignore("dma-drain", "dma-translation", "pt", "stale-tm", "x-buggy-eim", "version", "id");
  properties.finish();
  try {
    return qemuCapabilities(given);
  } catch (error) {
    if (error instanceof ArgumentError) throw new QemuError(error.message);
    throw error;
  }
}

/**
 * What the VT-d unit can do, by the properties of `intel-iommu`; undefined when there is none. Throws QemuError for
 * impossible properties and for several units.
 */
export function findIommu(devices: readonly KeyValues[]): IommuCapabilities | undefined {
  const found = devices.filter((values) => values.get("driver") === "intel-iommu");
  const [values, second] = found;
  if (second !== undefined)
    throw new QemuError("-device intel-iommu: QEMU does not support multiple vIOMMUs for x86 yet.");
  if (values === undefined) return undefined;
  const properties = new Properties("intel-iommu", values);
  properties.ignore("driver");
  try {
    return iommuOf(properties);
  } catch (error) {
    if (error instanceof QemuError) throw new QemuError(`-device intel-iommu: ${error.message}`);
    throw error;
  }
}
