// What an IOMMU unit can do, as its builder says it. How VER_REG, CAP_REG and ECAP_REG report it is
// iommu-capability-registers.ts; ready-made sets are iommu-presets.ts.
import { checkChoice, checkOptions } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";
import { type PresetName, presets } from "./iommu-presets.ts";

export { type PresetName, presets, type QemuIommuProperties, qemuCapabilities } from "./iommu-presets.ts";

/** Field names in brackets are those of VT-d 5.10 §11.4.2 CAP_REG and §11.4.3 ECAP_REG. */
export interface IommuCapabilities {
  /** VER_REG.MAX, 1 to 15. From 6 on there is no invalidation by registers. */
  majorVersion: number;
  /** Physical address bits of the platform (HAW), 32 to 52. */
  hostAddressWidth: number;
  /** Address bits that second-stage tables may translate (SAGAW): 39, 48, 57 in 3, 4, 5 levels. */
  addressWidths: readonly (39 | 48 | 57)[];
  /** Largest address that is translated at all (MGAW), in bits; at least hostAddressWidth. */
  guestAddressWidth: number;
  /** Largest second-stage page (SSLPS): 4 KiB, 2 MiB or 1 GiB. */
  largestPage: "4K" | "2M" | "1G";
  /** Bits of a domain-id (ND): 4, 6, … 16. */
  domainIdWidth: number;
  /** Fault recording registers (NFR), 1 to 128. */
  faultRecords: number;
  /** Where the fault recording registers lie in the block (FRO): bytes, a multiple of 16 from 0xf0. */
  faultOffset: number;
  /** Where IVA_REG and IOTLB_REG lie in the block (IRO): bytes, a multiple of 16 from 0xf0. */
  iotlbOffset: number;
  /** Not-present and erroneous entries may be cached (CM). */
  cachingMode: boolean;
  /** Tables are read coherently (C). What is reported; the model's caches of memory are coherent either way. */
  coherentTables: boolean;
  /** PMEN_REG protects a range below 4 GiB (PLMR), and one anywhere (PHMR). */
  protectedLow: boolean;
  protectedHigh: boolean;
  /** CCMD_REG and IOTLB_REG work: exactly the versions before 6 have them. */
  registerInvalidation: boolean;
  queuedInvalidation: boolean;
  /** Needs queuedInvalidation (IR). */
  interruptRemapping: boolean;
  /** 32-bit APIC IDs (EIM); needs interruptRemapping. */
  extendedInterruptMode: boolean;
  /** Interrupts are posted to descriptors in memory (PI); needs interruptRemapping. */
  postedInterrupts: boolean;
  /** No interrupt request passes while remapping is disabled (IRREQ); needs interruptRemapping. */
  interruptRemappingRequired: boolean;
  /** No interrupt request passes without IRTA_REG.EIME (EIMER); needs extendedInterruptMode. */
  extendedInterruptRequired: boolean;
  passThrough: boolean;
  /** SNP and PGSNP may be set (SC). */
  snoopControl: boolean;
  pageSelectiveInvalidation: boolean;
  /** Largest address mask of a page-selective second-stage invalidation (MAMV), 0 to 51. */
  maximumAddressMask: number;
  /** SRTP invalidates the caches of DMA remapping itself (ESRTPS). */
  enhancedSetPointer: boolean;
  /** SIRTP invalidates the interrupt entry cache itself (ESIRTPS); needs interruptRemapping. */
  enhancedSetInterruptPointer: boolean;
  /** RTADDR_REG.TTM=11b blocks all DMA (ADMS). */
  abortDma: boolean;
  /** RTADDR_REG.TTM=01b (SMTS); needs queuedInvalidation. */
  scalableMode: boolean;
  /** Tables of PASID-table entries are read as PWSNP says (SMPWCS); needs scalableMode. */
  coherentScalableTables: boolean;
  /** PGTT=010b (SSTS); needs scalableMode. */
  secondStage: boolean;
  /** PGTT=001b (FSTS); needs scalableMode. */
  firstStage: boolean;
  /** First-stage pages of 1 GiB (FS1GP); needs firstStage. */
  firstStage1G: boolean;
  /** First-stage tables of 5 levels (FS5LP); needs firstStage. */
  firstStage5Level: boolean;
  /** PGTT=011b (NEST); needs firstStage and secondStage. */
  nested: boolean;
  /** Accessed and dirty bits in second-stage entries (SSADS); needs secondStage and coherentScalableTables. */
  secondStageAccessDirty: boolean;
  /** Extended-accessed bits in first-stage entries (EAFS); needs firstStage and coherentScalableTables. */
  extendedAccessed: boolean;
  /** Bits of a PASID, 1 to 20; 0 for no requests with PASID (PASID, PSS). Needs scalableMode. */
  pasidWidth: number;
  /** Requests without PASID use the context-entry's RID_PASID rather than PASID 0 (RPS); needs scalableMode. */
  ridPasid: boolean;
  /** The context-entry's RID_PRIV is heeded (RPRIVS); needs supervisorRequests. */
  ridPrivilege: boolean;
  /** Requests may ask to execute (ERS); needs a PASID. Version 5.10 has it cleared in every implementation. */
  executeRequests: boolean;
  /** Requests may ask for supervisor privilege (SRS); needs scalableMode. */
  supervisorRequests: boolean;
  /** Device-TLBs: translation requests and translated requests (DT); needs queuedInvalidation. */
  deviceTlb: boolean;
  /** After this long without completion a Device-TLB invalidation times out: nanoseconds of the machine's clock. */
  deviceTlbTimeoutNs: number;
  /** The no-write flag of translation requests is heeded (NWFS); needs deviceTlb. */
  noWriteFlag: boolean;
  /** Page requests (PRS); needs deviceTlb and scalableMode. */
  pageRequests: boolean;
  /** A wait descriptor may drain page requests (PDS); needs deviceTlb. */
  pageDrain: boolean;
  /** A stop marker that finds the page request queue full is dropped (SMS); needs pageRequests. */
  stopMarkers: boolean;
}

/** A preset and what differs from it. */
export interface IommuOptions extends Partial<IommuCapabilities> {
  /** Default: `default`, everything that the model has. */
  preset?: PresetName;
}

/** Which capabilities a capability cannot be without. */
const NEEDS: readonly (readonly [name: keyof IommuCapabilities, ...needed: (keyof IommuCapabilities)[]])[] = [
  ["interruptRemapping", "queuedInvalidation"],
  ["extendedInterruptMode", "interruptRemapping"],
  ["postedInterrupts", "interruptRemapping"],
  ["interruptRemappingRequired", "interruptRemapping"],
  ["extendedInterruptRequired", "extendedInterruptMode"],
  ["enhancedSetInterruptPointer", "interruptRemapping"],
  ["scalableMode", "queuedInvalidation"],
  ["coherentScalableTables", "scalableMode"],
  ["secondStage", "scalableMode"],
  ["firstStage", "scalableMode"],
  ["firstStage1G", "firstStage"],
  ["firstStage5Level", "firstStage"],
  ["nested", "firstStage", "secondStage"],
  ["secondStageAccessDirty", "secondStage", "coherentScalableTables"],
  ["extendedAccessed", "firstStage", "coherentScalableTables"],
  ["pasidWidth", "scalableMode"],
  ["ridPasid", "scalableMode"],
  ["supervisorRequests", "scalableMode"],
  ["ridPrivilege", "supervisorRequests"],
  ["executeRequests", "pasidWidth"],
  ["deviceTlb", "queuedInvalidation"],
  ["noWriteFlag", "deviceTlb"],
  ["pageRequests", "deviceTlb", "scalableMode"],
  ["pageDrain", "deviceTlb"],
  ["stopMarkers", "pageRequests"],
];

/** The first version without invalidation by registers (§6.5.1). */
const QUEUE_ONLY_VERSION = 6;
const BLOCK_SIZE = 4096;
const RECORD_SIZE = 16;
/** The registers of fixed place that a unit may have end here. */
const FIRST_FREE_OFFSET = 0xf0;
const MOST_NANOSECONDS = Number.MAX_SAFE_INTEGER;

/**
 * The capabilities that the options mean. What the preset has and an override makes impossible goes with it; what the
 * overrides themselves name must be consistent. Throws ArgumentError for what no hardware could report.
 */
export function iommuCapabilities(options: IommuOptions = {}): IommuCapabilities {
  const names = Object.keys(presets.default) as (keyof IommuCapabilities)[];
  checkOptions("iommu", options, [...names, "preset"]);
  const { preset = "default", ...overrides } = options;
  checkChoice("preset", preset, Object.keys(presets));
  const given = { ...presets[preset], ...overrides };
  for (const name of names) checkKind(name, given[name], presets.default[name]);
  const inherited = (name: keyof IommuCapabilities): boolean => overrides[name] === undefined;
  const result = dropImpossible(given, inherited);
  if (inherited("registerInvalidation")) result.registerInvalidation = result.majorVersion < QUEUE_ONLY_VERSION;
  checkRanges(result);
  checkPlaces(result);
  return result;
}

function dropImpossible(
  given: IommuCapabilities,
  inherited: (name: keyof IommuCapabilities) => boolean,
): IommuCapabilities {
  const result: IommuCapabilities = { ...given };
  for (const [name, ...needed] of NEEDS) {
    const missing = needed.find((other) => !result[other]);
    if (!result[name] || missing === undefined) continue;
    if (!inherited(name)) throw new ArgumentError(name, result[name], `needs ${missing}`);
    if (name === "pasidWidth") result.pasidWidth = 0;
    else (result[name] as boolean) = false;
  }
  return result;
}

function checkKind(name: string, value: unknown, like: unknown): void {
  if (typeof like === "boolean" && typeof value !== "boolean") {
    throw new ArgumentError(name, value, "is neither true nor false");
  }
}

function checkRanges(options: IommuCapabilities): void {
  if (!Array.isArray(options.addressWidths)) {
    throw new ArgumentError("addressWidths", options.addressWidths, "is no array of widths");
  }
  integer("majorVersion", options.majorVersion, 1, 15);
  integer("hostAddressWidth", options.hostAddressWidth, 32, 52);
  if (options.addressWidths.length === 0) throw new ArgumentError("addressWidths", "[]", "names no width");
  for (const width of options.addressWidths) {
    if (![39, 48, 57].includes(width)) throw new ArgumentError("addressWidths", width, "is not 39, 48 or 57");
  }
  integer("guestAddressWidth", options.guestAddressWidth, options.hostAddressWidth, 57);
  checkChoice("largestPage", options.largestPage, ["4K", "2M", "1G"]);
  integer("domainIdWidth", options.domainIdWidth, 4, 16);
  if (options.domainIdWidth % 2 !== 0) throw new ArgumentError("domainIdWidth", options.domainIdWidth, "is not even");
  integer("faultRecords", options.faultRecords, 1, 128);
  integer("maximumAddressMask", options.maximumAddressMask, 0, 51);
  integer("pasidWidth", options.pasidWidth, 0, 20);
  integer("deviceTlbTimeoutNs", options.deviceTlbTimeoutNs, 1, MOST_NANOSECONDS);
  if (options.registerInvalidation !== options.majorVersion < QUEUE_ONLY_VERSION) {
    const reason = options.registerInvalidation ? "needs a majorVersion below 6" : "needs a majorVersion of 6 or more";
    throw new ArgumentError("registerInvalidation", options.registerInvalidation, reason);
  }
}

/** The registers whose place is free must not lie on one another. */
function checkPlaces(options: IommuCapabilities): void {
  const faultBytes = options.faultRecords * RECORD_SIZE;
  const places: [string, number, number][] = [
    ["faultOffset", options.faultOffset, faultBytes],
    ["iotlbOffset", options.iotlbOffset, RECORD_SIZE],
  ];
  for (const [name, offset, bytes] of places) {
    integer(name, offset, FIRST_FREE_OFFSET, BLOCK_SIZE - bytes);
    if (offset % RECORD_SIZE !== 0) throw new ArgumentError(name, offset, "is not a multiple of 16");
  }
  const { faultOffset, iotlbOffset } = options;
  if (iotlbOffset > faultOffset - RECORD_SIZE && iotlbOffset < faultOffset + faultBytes) {
    throw new ArgumentError("iotlbOffset", iotlbOffset, "lies in the fault recording registers");
  }
}

function integer(parameter: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ArgumentError(parameter, value, `is not in ${least}–${most}`);
  }
}
