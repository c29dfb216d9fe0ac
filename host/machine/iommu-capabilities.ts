// What an IOMMU unit can do, and how VER_REG, CAP_REG and ECAP_REG say it (VT-d 5.10 §11.4.1–3).
import * as cap from "../../assembly/spec/vtd/capability.ts";
import * as ecap from "../../assembly/spec/vtd/extended-capability.ts";
import { checkChoice } from "../core/arguments.ts";
import { insert } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";

export interface IommuCapabilities {
  /** Physical address bits of the platform (HAW), 32 to 52. */
  hostAddressWidth: number;
  /** Address bits that second-stage tables may translate (SAGAW): 39, 48, 57 in 3, 4, 5 levels. */
  addressWidths: readonly (39 | 48 | 57)[];
  /** Largest address that is translated at all (MGAW), in bits; at least hostAddressWidth. */
  guestAddressWidth: number;
  /** Largest page: 4 KiB, 2 MiB or 1 GiB. */
  largestPage: "4K" | "2M" | "1G";
  /** Bits of a domain-id: 4, 6, … 16. */
  domainIdWidth: number;
  /** Fault recording registers, 1 to 128. */
  faultRecords: number;
  /** Not-present and erroneous entries may be cached (CM). */
  cachingMode: boolean;
  queuedInvalidation: boolean;
  /** Needs queuedInvalidation. */
  interruptRemapping: boolean;
  /** 32-bit APIC IDs (EIM); needs interruptRemapping. */
  extendedInterruptMode: boolean;
  passThrough: boolean;
  snoopControl: boolean;
  pageSelectiveInvalidation: boolean;
  /** Largest address mask of a page-selective invalidation (MAMV), 0 to 51. */
  maximumAddressMask: number;
  /** SRTP and SIRTP invalidate the caches themselves (ESRTPS, ESIRTPS). */
  enhancedSetPointer: boolean;
}

/** A server's unit in legacy mode. */
export const DEFAULT_CAPABILITIES: IommuCapabilities = {
  hostAddressWidth: 52,
  addressWidths: [39, 48, 57],
  guestAddressWidth: 57,
  largestPage: "1G",
  domainIdWidth: 16,
  faultRecords: 8,
  cachingMode: false,
  queuedInvalidation: true,
  interruptRemapping: true,
  extendedInterruptMode: true,
  passThrough: true,
  snoopControl: true,
  pageSelectiveInvalidation: true,
  maximumAddressMask: 18,
  enhancedSetPointer: false,
};

/** Version 5.0: the last major version with invalidation by registers. */
const MAJOR_VERSION = 5;
/** The IOTLB registers lie at 0x1f0, the fault recording registers at 0x400: both in units of 16 bytes. */
const IOTLB_OFFSET = 0x1f;
const FAULT_OFFSET = 0x40;
const MAXIMUM_HANDLE_MASK = 15;
const LEAST_DOMAIN_WIDTH = 4;
const LARGE_PAGES = { "4K": 0, "2M": 1, "1G": 3 };

/** The registers that report capabilities, dwords in order of their bits. */
export interface CapabilityRegisters {
  version: number;
  capability: Uint32Array;
  extended: Uint32Array;
}

/** Composes the registers field by field. Throws ArgumentError for what no hardware could report. */
export function capabilityRegisters(options: IommuCapabilities): CapabilityRegisters {
  check(options);
  const version = new Uint32Array(1);
  insert(version, MAJOR_VERSION, cap.VER_MAX_HI, cap.VER_MAX_LO);

  const capability = new Uint32Array(2);
  const enhanced = Number(options.enhancedSetPointer);
  insert(capability, (options.domainIdWidth - LEAST_DOMAIN_WIDTH) / 2, cap.CAP_ND_HI, cap.CAP_ND_LO);
  insert(capability, Number(options.cachingMode), cap.CAP_CM_HI, cap.CAP_CM_LO);
  let widths = 0;
  for (const width of new Set(options.addressWidths)) widths += 2 ** ((width - 30) / 9);
  insert(capability, widths, cap.CAP_SAGAW_HI, cap.CAP_SAGAW_LO);
  insert(capability, options.guestAddressWidth - 1, cap.CAP_MGAW_HI, cap.CAP_MGAW_LO);
  insert(capability, FAULT_OFFSET, cap.CAP_FRO_HI, cap.CAP_FRO_LO);
  insert(capability, LARGE_PAGES[options.largestPage], cap.CAP_SSLPS_HI, cap.CAP_SSLPS_LO);
  insert(capability, Number(options.pageSelectiveInvalidation), cap.CAP_PSI_HI, cap.CAP_PSI_LO);
  insert(capability, options.faultRecords - 1, cap.CAP_NFR_HI, cap.CAP_NFR_LO);
  const mask = options.pageSelectiveInvalidation ? options.maximumAddressMask : 0;
  insert(capability, mask, cap.CAP_MAMV_HI, cap.CAP_MAMV_LO);
  insert(capability, 1, cap.CAP_DWD_HI, cap.CAP_DWD_LO);
  insert(capability, 1, cap.CAP_DRD_HI, cap.CAP_DRD_LO);
  insert(capability, enhanced, cap.CAP_ESRTPS_HI, cap.CAP_ESRTPS_LO);
  insert(capability, options.interruptRemapping ? enhanced : 0, cap.CAP_ESIRTPS_HI, cap.CAP_ESIRTPS_LO);

  const extended = new Uint32Array(2);
  insert(extended, 1, ecap.ECAP_C_HI, ecap.ECAP_C_LO);
  insert(extended, Number(options.queuedInvalidation), ecap.ECAP_QI_HI, ecap.ECAP_QI_LO);
  insert(extended, Number(options.interruptRemapping), ecap.ECAP_IR_HI, ecap.ECAP_IR_LO);
  insert(extended, Number(options.extendedInterruptMode), ecap.ECAP_EIM_HI, ecap.ECAP_EIM_LO);
  insert(extended, Number(options.passThrough), ecap.ECAP_PT_HI, ecap.ECAP_PT_LO);
  insert(extended, Number(options.snoopControl), ecap.ECAP_SC_HI, ecap.ECAP_SC_LO);
  insert(extended, IOTLB_OFFSET, ecap.ECAP_IRO_HI, ecap.ECAP_IRO_LO);
  const handles = options.interruptRemapping ? MAXIMUM_HANDLE_MASK : 0;
  insert(extended, handles, ecap.ECAP_MHMV_HI, ecap.ECAP_MHMV_LO);
  return { version: version[0] as number, capability, extended };
}

function check(options: IommuCapabilities): void {
  for (const [name, value] of Object.entries(DEFAULT_CAPABILITIES)) {
    const given = options[name as keyof IommuCapabilities];
    if (typeof value === "boolean" && typeof given !== "boolean") {
      throw new ArgumentError(name, given, "is neither true nor false");
    }
  }
  if (!Array.isArray(options.addressWidths)) {
    throw new ArgumentError("addressWidths", options.addressWidths, "is no array of widths");
  }
  integer("hostAddressWidth", options.hostAddressWidth, 32, 52);
  if (options.addressWidths.length === 0) throw new ArgumentError("addressWidths", "[]", "names no width");
  for (const width of options.addressWidths) {
    if (![39, 48, 57].includes(width)) throw new ArgumentError("addressWidths", width, "is not 39, 48 or 57");
  }
  integer("guestAddressWidth", options.guestAddressWidth, options.hostAddressWidth, 57);
  checkChoice("largestPage", options.largestPage, Object.keys(LARGE_PAGES));
  integer("domainIdWidth", options.domainIdWidth, LEAST_DOMAIN_WIDTH, 16);
  if (options.domainIdWidth % 2 !== 0) throw new ArgumentError("domainIdWidth", options.domainIdWidth, "is not even");
  integer("faultRecords", options.faultRecords, 1, 128);
  integer("maximumAddressMask", options.maximumAddressMask, 0, 51);
  if (options.interruptRemapping && !options.queuedInvalidation) {
    throw new ArgumentError("interruptRemapping", true, "needs queuedInvalidation");
  }
  if (options.extendedInterruptMode && !options.interruptRemapping) {
    throw new ArgumentError("extendedInterruptMode", true, "needs interruptRemapping");
  }
}

function integer(parameter: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ArgumentError(parameter, value, `is not in ${least}–${most}`);
  }
}
