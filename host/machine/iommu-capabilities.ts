// What an IOMMU unit can do, and how VER_REG, CAP_REG and ECAP_REG say it (VT-d 5.10 §11.4.1–3).
import * as cap from "../../assembly/spec/vtd/capability.ts";
import * as ecap from "../../assembly/spec/vtd/extended-capability.ts";
import { ArgumentError } from "../core/errors.ts";
import { setField } from "./fields.ts";

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
  setField(version, cap.VER_MAX_HI, cap.VER_MAX_LO, MAJOR_VERSION);

  const capability = new Uint32Array(2);
  const enhanced = Number(options.enhancedSetPointer);
  setField(capability, cap.CAP_ND_HI, cap.CAP_ND_LO, (options.domainIdWidth - LEAST_DOMAIN_WIDTH) / 2);
  setField(capability, cap.CAP_CM_HI, cap.CAP_CM_LO, Number(options.cachingMode));
  let widths = 0;
  for (const width of new Set(options.addressWidths)) widths += 2 ** ((width - 30) / 9);
  setField(capability, cap.CAP_SAGAW_HI, cap.CAP_SAGAW_LO, widths);
  setField(capability, cap.CAP_MGAW_HI, cap.CAP_MGAW_LO, options.guestAddressWidth - 1);
  setField(capability, cap.CAP_FRO_HI, cap.CAP_FRO_LO, FAULT_OFFSET);
  setField(capability, cap.CAP_SSLPS_HI, cap.CAP_SSLPS_LO, LARGE_PAGES[options.largestPage]);
  setField(capability, cap.CAP_PSI_HI, cap.CAP_PSI_LO, Number(options.pageSelectiveInvalidation));
  setField(capability, cap.CAP_NFR_HI, cap.CAP_NFR_LO, options.faultRecords - 1);
  const mask = options.pageSelectiveInvalidation ? options.maximumAddressMask : 0;
  setField(capability, cap.CAP_MAMV_HI, cap.CAP_MAMV_LO, mask);
  setField(capability, cap.CAP_DWD_HI, cap.CAP_DWD_LO, 1);
  setField(capability, cap.CAP_DRD_HI, cap.CAP_DRD_LO, 1);
  setField(capability, cap.CAP_ESRTPS_HI, cap.CAP_ESRTPS_LO, enhanced);
  setField(capability, cap.CAP_ESIRTPS_HI, cap.CAP_ESIRTPS_LO, options.interruptRemapping ? enhanced : 0);

  const extended = new Uint32Array(2);
  setField(extended, ecap.ECAP_C_HI, ecap.ECAP_C_LO, 1);
  setField(extended, ecap.ECAP_QI_HI, ecap.ECAP_QI_LO, Number(options.queuedInvalidation));
  setField(extended, ecap.ECAP_IR_HI, ecap.ECAP_IR_LO, Number(options.interruptRemapping));
  setField(extended, ecap.ECAP_EIM_HI, ecap.ECAP_EIM_LO, Number(options.extendedInterruptMode));
  setField(extended, ecap.ECAP_PT_HI, ecap.ECAP_PT_LO, Number(options.passThrough));
  setField(extended, ecap.ECAP_SC_HI, ecap.ECAP_SC_LO, Number(options.snoopControl));
  setField(extended, ecap.ECAP_IRO_HI, ecap.ECAP_IRO_LO, IOTLB_OFFSET);
  const handles = options.interruptRemapping ? MAXIMUM_HANDLE_MASK : 0;
  setField(extended, ecap.ECAP_MHMV_HI, ecap.ECAP_MHMV_LO, handles);
  return { version: version[0] as number, capability, extended };
}

function check(options: IommuCapabilities): void {
  integer("hostAddressWidth", options.hostAddressWidth, 32, 52);
  if (options.addressWidths.length === 0) throw new ArgumentError("addressWidths", "[]", "names no width");
  for (const width of options.addressWidths) {
    if (![39, 48, 57].includes(width)) throw new ArgumentError("addressWidths", width, "is not 39, 48 or 57");
  }
  integer("guestAddressWidth", options.guestAddressWidth, options.hostAddressWidth, 57);
  if (!(options.largestPage in LARGE_PAGES)) {
    throw new ArgumentError("largestPage", options.largestPage, "is not 4K, 2M or 1G");
  }
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
