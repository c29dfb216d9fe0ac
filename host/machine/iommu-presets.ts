// Ready-made sets of capabilities.
import { checkOptions } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";
import type { IommuCapabilities } from "./iommu-capabilities.ts";

/** PCIe 6.0 §10.3.1: a function has a minute to complete an invalidation. */
const MINUTE_NS = 60_000_000_000;

/** What no part of this kind has. */
const LEGACY = {
  enhancedSetInterruptPointer: false,
  postedInterrupts: false,
  interruptRemappingRequired: false,
  extendedInterruptRequired: false,
  abortDma: false,
  scalableMode: false,
  coherentScalableTables: false,
  secondStage: false,
  firstStage: false,
  firstStage1G: false,
  firstStage5Level: false,
  nested: false,
  secondStageAccessDirty: false,
  extendedAccessed: false,
  pasidWidth: 0,
  ridPasid: false,
  ridPrivilege: false,
  executeRequests: false,
  supervisorRequests: false,
  deviceTlb: false,
  deviceTlbTimeoutNs: MINUTE_NS,
  noWriteFlag: false,
  pageRequests: false,
  pageDrain: false,
  stopMarkers: false,
} as const satisfies Partial<IommuCapabilities>;

/** Everything that the model has. Version 5.0 is the last with invalidation by registers. */
const DEFAULT: IommuCapabilities = {
  ...LEGACY,
  majorVersion: 5,
  hostAddressWidth: 52,
  addressWidths: [39, 48, 57],
  guestAddressWidth: 57,
  largestPage: "1G",
  domainIdWidth: 16,
  faultRecords: 8,
  faultOffset: 0x400,
  iotlbOffset: 0x1f0,
  cachingMode: false,
  coherentTables: true,
  protectedLow: true,
  protectedHigh: true,
  registerInvalidation: true,
  queuedInvalidation: true,
  interruptRemapping: true,
  extendedInterruptMode: true,
  postedInterrupts: true,
  passThrough: true,
  snoopControl: true,
  pageSelectiveInvalidation: true,
  maximumAddressMask: 18,
  enhancedSetPointer: false,
  abortDma: true,
  scalableMode: true,
  coherentScalableTables: true,
  secondStage: true,
  firstStage: true,
  firstStage1G: true,
  firstStage5Level: true,
  nested: true,
  secondStageAccessDirty: true,
  extendedAccessed: true,
  pasidWidth: 20,
  ridPasid: true,
  ridPrivilege: true,
  supervisorRequests: true,
  deviceTlb: true,
  noWriteFlag: true,
  pageRequests: true,
  pageDrain: true,
  stopMarkers: true,
};

/** A desktop's unit in legacy mode: one fault record, 256 domains, 39-bit addresses in 4-level tables. */
const CLIENT: IommuCapabilities = {
  ...LEGACY,
  majorVersion: 1,
  hostAddressWidth: 39,
  addressWidths: [48],
  guestAddressWidth: 39,
  largestPage: "1G",
  domainIdWidth: 8,
  faultRecords: 1,
  faultOffset: 0x400,
  iotlbOffset: 0x500,
  cachingMode: false,
  coherentTables: false,
  protectedLow: true,
  protectedHigh: true,
  registerInvalidation: true,
  queuedInvalidation: true,
  interruptRemapping: true,
  extendedInterruptMode: true,
  passThrough: true,
  snoopControl: true,
  pageSelectiveInvalidation: true,
  maximumAddressMask: 18,
  enhancedSetPointer: false,
};

/** Properties of QEMU 11.1's `-device intel-iommu`, with its defaults. */
export interface QemuIommuProperties {
  /** `aw-bits`; default 48. */
  awBits?: 39 | 48;
  cachingMode?: boolean;
  deviceIotlb?: boolean;
  eim?: boolean;
  /** Default true; without effect unless `fsts`. */
  fs1gp?: boolean;
  /**
   * Needs scalableMode and 48 bits: first-stage translation in place of second-stage. AW of PASID-table entries is
   * reserved then (VT-d 5.10 §9.6) and refused here (5Ah); drivers that set it all the same, as Linux does and QEMU lets
   * pass, need `secondStage` added to what qemuCapabilities gives.
   */
  fsts?: boolean;
  /** Default true. */
  intremap?: boolean;
  /** 0 to 20; needs scalableMode. */
  pasidBits?: number;
  scalableMode?: boolean;
  snoopControl?: boolean;
  /** Needs fsts, deviceIotlb and pasidBits: page requests. */
  svm?: boolean;
}

const QEMU_DEFAULTS: Required<QemuIommuProperties> = {
  awBits: 48,
  cachingMode: false,
  deviceIotlb: false,
  eim: false,
  fs1gp: true,
  fsts: false,
  intremap: true,
  pasidBits: 0,
  scalableMode: false,
  snoopControl: false,
  svm: false,
};

/**
 * What QEMU 11.1's unit reports for its properties, register for register. Throws ArgumentError for combinations that
 * it refuses.
 */
export function qemuCapabilities(properties: QemuIommuProperties = {}): IommuCapabilities {
  checkOptions("properties", properties, Object.keys(QEMU_DEFAULTS));
  const given = { ...QEMU_DEFAULTS, ...properties };
  if (given.awBits !== 39 && given.awBits !== 48) throw new ArgumentError("awBits", given.awBits, "is not 39 or 48");
  const needs = (name: keyof QemuIommuProperties, other: keyof QemuIommuProperties): void => {
    if (given[name] && !given[other]) throw new ArgumentError(name, given[name], `needs ${other}`);
  };
  if (given.fsts && given.awBits !== 48) throw new ArgumentError("awBits", given.awBits, "is not 48, which fsts needs");
  needs("eim", "intremap");
  needs("fsts", "scalableMode");
  needs("pasidBits", "scalableMode");
  needs("svm", "fsts");
  needs("svm", "deviceIotlb");
  needs("svm", "pasidBits");
  return {
    ...LEGACY,
    majorVersion: 1,
    hostAddressWidth: given.awBits,
    addressWidths: given.awBits === 48 ? [39, 48] : [39],
    guestAddressWidth: given.awBits,
    largestPage: "1G",
    domainIdWidth: 16,
    faultRecords: 1,
    faultOffset: 0x220,
    iotlbOffset: 0xf0,
    cachingMode: given.cachingMode,
    coherentTables: false,
    protectedLow: false,
    protectedHigh: false,
    registerInvalidation: true,
    queuedInvalidation: true,
    interruptRemapping: given.intremap,
    extendedInterruptMode: given.eim,
    passThrough: true,
    snoopControl: given.snoopControl,
    pageSelectiveInvalidation: true,
    maximumAddressMask: 18,
    enhancedSetPointer: true,
    scalableMode: given.scalableMode,
    secondStage: given.scalableMode && !given.fsts,
    firstStage: given.fsts,
    firstStage1G: given.fsts && given.fs1gp,
    pasidWidth: given.pasidBits,
    supervisorRequests: given.scalableMode && !given.fsts,
    deviceTlb: given.deviceIotlb,
    noWriteFlag: given.svm,
    pageRequests: given.svm,
    pageDrain: given.svm,
  };
}

/** `default` is everything that the model has, `qemu-11.1` QEMU's unit without properties, `client` a desktop's. */
export type PresetName = "default" | "qemu-11.1" | "client";

/** What can be named in place of a list of capabilities. */
export const presets: Readonly<Record<PresetName, IommuCapabilities>> = {
  default: DEFAULT,
  "qemu-11.1": qemuCapabilities(),
  client: CLIENT,
};
