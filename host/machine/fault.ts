// Fault records in words (VT-d 5.10 §11.4.7.6 and the tables of §7.1.3 and §5.1.4.1).
import * as reason from "../../assembly/spec/vtd/fault-reason.ts";
import * as frcd from "../../assembly/spec/vtd/fault-recording.ts";
import { hex, hex64, type RequesterId } from "../core/address.ts";
import { extract } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";

const DWORDS = 4;

type Access = FaultRecord["access"];
type AddressType = FaultRecord["addressType"];

/** One fault recording register, decoded. */
export interface FaultRecord {
  /** The FR field. */
  reason: number;
  /** What the reason means, a few words. */
  text: string;
  requesterId: RequesterId;
  /** Whether the request concerned an interrupt rather than memory. */
  interrupt: boolean;
  /** Of a DMA fault: T1 and T2. */
  access: "read" | "write" | "page request" | "atomic";
  /** Of a DMA fault: AT. */
  addressType: "untranslated" | "translation request" | "translated";
  /** Of a DMA fault by a request with PASID. */
  pasid: number | undefined;
  /** Of such a request: whether it wanted to execute what it read, and with supervisor privilege. */
  execute: boolean;
  privileged: boolean;
  /** Of a DMA fault: the page, in two halves. */
  addressLo: number;
  addressHi: number;
  /** Of an interrupt fault: the index that the request named; 0 when it could not be decoded. */
  interruptIndex: number;
}

const TEXTS: Readonly<Record<number, string>> = {
  [reason.FAULT_ROOT_NOT_PRESENT]: "root entry not present",
  [reason.FAULT_CONTEXT_NOT_PRESENT]: "context entry not present",
  [reason.FAULT_CONTEXT_INVALID]: "context entry invalid",
  [reason.FAULT_ADDRESS_BEYOND_WIDTH]: "address beyond the supported width",
  [reason.FAULT_WRITE_DENIED]: "write permission missing",
  [reason.FAULT_READ_DENIED]: "read permission missing",
  [reason.FAULT_TABLE_ACCESS]: "page table not readable",
  [reason.FAULT_ROOT_ACCESS]: "root table not readable",
  [reason.FAULT_CONTEXT_ACCESS]: "context table not readable",
  [reason.FAULT_ROOT_RESERVED]: "reserved bit set in root entry",
  [reason.FAULT_CONTEXT_RESERVED]: "reserved bit set in context entry",
  [reason.FAULT_ENTRY_RESERVED]: "reserved bit set in paging entry",
  [reason.FAULT_TYPE_BLOCKED]: "request type blocked by the context entry",
  [reason.FAULT_INTERRUPT_RANGE]: "translation leads into the interrupt range",
  [reason.FAULT_INTERRUPT_REQUEST_RESERVED]: "reserved field set in interrupt request",
  [reason.FAULT_INTERRUPT_INDEX]: "interrupt index beyond the table",
  [reason.FAULT_INTERRUPT_NOT_PRESENT]: "interrupt entry not present",
  [reason.FAULT_INTERRUPT_TABLE_ACCESS]: "interrupt table not readable",
  [reason.FAULT_INTERRUPT_ENTRY_RESERVED]: "reserved bit set in interrupt entry",
  [reason.FAULT_INTERRUPT_COMPATIBILITY]: "compatibility-format interrupt blocked",
  [reason.FAULT_INTERRUPT_SOURCE]: "interrupt entry belongs to another requester",
  [reason.FAULT_INTERRUPT_DESCRIPTOR_ACCESS]: "posted-interrupt descriptor not accessible",
  [reason.FAULT_INTERRUPT_DESCRIPTOR_RESERVED]: "reserved bit set in posted-interrupt descriptor",
  [reason.FAULT_INTERRUPT_EXTENDED_REQUIRED]: "extended interrupt mode required",
  [reason.FAULT_INTERRUPT_REMAPPING_REQUIRED]: "interrupt remapping required",
  [reason.FAULT_INTERRUPT_MALFORMED]: "not a valid interrupt request",
  [reason.FAULT_ROOT_ADDRESS_INVALID]: "translation table mode not supported",
  [reason.FAULT_PASID_IN_LEGACY_MODE]: "request with PASID in legacy mode",
  [reason.FAULT_PAGE_REQUEST_IN_LEGACY_MODE]: "page request in legacy mode",
  [reason.FAULT_DMA_ABORTED]: "all DMA is aborted",
  [reason.FAULT_EXECUTE_REQUEST]: "request to execute",
  [reason.FAULT_SM_ROOT_ACCESS]: "root table not readable",
  [reason.FAULT_SM_ROOT_NOT_PRESENT]: "root entry not present",
  [reason.FAULT_SM_ROOT_RESERVED]: "reserved bit set in root entry",
  [reason.FAULT_SM_CONTEXT_ACCESS]: "context table not readable",
  [reason.FAULT_SM_CONTEXT_NOT_PRESENT]: "context entry not present",
  [reason.FAULT_SM_CONTEXT_RESERVED]: "reserved bit set in context entry",
  [reason.FAULT_SM_CONTEXT_INVALID]: "context entry invalid",
  [reason.FAULT_SM_DEVICE_TLB_DISABLED]: "device-TLB request while DTE is clear",
  [reason.FAULT_SM_PASID_DISABLED]: "request with PASID while PASIDE is clear",
  [reason.FAULT_SM_PASID_BEYOND_DIRECTORY]: "PASID beyond the directory",
  [reason.FAULT_SM_PAGE_REQUEST_DISABLED]: "page request while PRE is clear",
  [reason.FAULT_SM_PASID_OF_REQUESTER]: "request with the PASID of requests without",
  [reason.FAULT_SM_TRANSLATED_PASID_DISABLED]: "translated request with PASID while EPTR is clear",
  [reason.FAULT_SM_DIRECTORY_ACCESS]: "PASID directory not readable",
  [reason.FAULT_SM_DIRECTORY_NOT_PRESENT]: "PASID directory entry not present",
  [reason.FAULT_SM_DIRECTORY_RESERVED]: "reserved bit set in PASID directory entry",
  [reason.FAULT_SM_PASID_ACCESS]: "PASID table not readable",
  [reason.FAULT_SM_PASID_NOT_PRESENT]: "PASID table entry not present",
  [reason.FAULT_SM_PASID_RESERVED]: "reserved bit set in PASID table entry",
  [reason.FAULT_SM_PASID_INVALID]: "PASID table entry invalid",
  [reason.FAULT_SM_EXECUTE]: "execute requests are not supported",
  [reason.FAULT_SM_SUPERVISOR]: "privileged request while SRE is clear",
  [reason.FAULT_FS_TABLE_ACCESS]: "first-stage table not readable",
  [reason.FAULT_FS_NOT_PRESENT]: "first-stage entry not present",
  [reason.FAULT_FS_RESERVED]: "reserved bit set in first-stage entry",
  [reason.FAULT_FS_TOP_ACCESS]: "top first-stage table not readable",
  [reason.FAULT_FS_ADDRESS_BEYOND_WIDTH]: "first-stage entry names an address beyond the guest's width",
  [reason.FAULT_FS_TOP_READ_DENIED]: "second stage denies reading the top first-stage table",
  [reason.FAULT_FS_TABLE_READ_DENIED]: "second stage denies reading a first-stage table",
  [reason.FAULT_FS_TABLE_WRITE_DENIED]: "second stage denies setting a first-stage flag",
  [reason.FAULT_SS_TABLE_ACCESS]: "second-stage table not readable",
  [reason.FAULT_SS_NOT_PRESENT]: "second-stage entry not present",
  [reason.FAULT_SS_RESERVED]: "reserved bit set in second-stage entry",
  [reason.FAULT_SS_TOP_ACCESS]: "top second-stage table not readable",
  [reason.FAULT_SS_NOT_SNOOPED]: "second-stage flag to be set without snooping",
  [reason.FAULT_SS_UPDATE]: "second-stage flag could not be set",
  [reason.FAULT_SM_NOT_CANONICAL]: "address not canonical",
  [reason.FAULT_SM_USER_DENIED]: "page is for privileged requests only",
  [reason.FAULT_SM_BEYOND_HOST_WIDTH]: "address beyond the host's width",
  [reason.FAULT_SM_BEYOND_WIDTH]: "address beyond the supported width",
  [reason.FAULT_SM_WRITE_DENIED]: "write permission missing",
  [reason.FAULT_SM_READ_DENIED]: "read permission missing",
  [reason.FAULT_SM_INTERRUPT_RANGE]: "translation leads into the interrupt range",
  [reason.FAULT_SM_PASID_TOO_WIDE]: "PASID wider than supported",
  [reason.FAULT_FS_NOT_SNOOPED]: "first-stage flag to be set without snooping",
  [reason.FAULT_FS_UPDATE]: "first-stage flag could not be set",
};

/** T2 above T1. */
const ACCESSES = ["write", "read", "page request", "atomic"] as const;
/** AT=11b is reserved. */
const ADDRESS_TYPES = ["untranslated", "translation request", "translated", "untranslated"] as const;

/** What a fault reason means, in a few words. */
export function faultText(code: number): string {
  return TEXTS[code] ?? `reason ${hex(code)}`;
}

/** Whether a reason is one of interrupt remapping. */
export function isInterruptFault(code: number): boolean {
  return code >= reason.FAULT_INTERRUPT_REQUEST_RESERVED && code < reason.FAULT_ROOT_ADDRESS_INVALID;
}

/**
 * Decodes the four dwords of a fault recording register; undefined while its F is clear.
 * Throws ArgumentError for what is no four dwords.
 */
export function decodeFault(words: ArrayLike<number>): FaultRecord | undefined {
  const dwords: unknown = words;
  if (typeof dwords !== "object" || dwords === null || !(words.length >= DWORDS)) {
    throw new ArgumentError("words", words, "is not four dwords");
  }
  const field = (hi: number, lo: number): number => extract(words, hi, lo);
  if (field(frcd.FRCD_F_HI, frcd.FRCD_F_LO) === 0) return undefined;
  const code = field(frcd.FRCD_FR_HI, frcd.FRCD_FR_LO);
  const interrupt = isInterruptFault(code);
  return {
    reason: code,
    text: faultText(code),
    requesterId: field(frcd.FRCD_SID_HI, frcd.FRCD_SID_LO) as RequesterId,
    interrupt,
    access: ACCESSES[2 * field(frcd.FRCD_T2_HI, frcd.FRCD_T2_LO) + field(frcd.FRCD_T1_HI, frcd.FRCD_T1_LO)] as Access,
    addressType: ADDRESS_TYPES[field(frcd.FRCD_AT_HI, frcd.FRCD_AT_LO)] as AddressType,
    pasid: field(frcd.FRCD_PP_HI, frcd.FRCD_PP_LO) === 1 ? field(frcd.FRCD_PV_HI, frcd.FRCD_PV_LO) : undefined,
    execute: field(frcd.FRCD_EXE_HI, frcd.FRCD_EXE_LO) === 1,
    privileged: field(frcd.FRCD_PRIV_HI, frcd.FRCD_PRIV_LO) === 1,
    addressLo: interrupt ? 0 : (words[0] as number) >>> 0,
    addressHi: interrupt ? 0 : (words[1] as number) >>> 0,
    interruptIndex: interrupt ? field(frcd.FRCD_INTERRUPT_INDEX_HI, frcd.FRCD_INTERRUPT_INDEX_LO) : 0,
  };
}

/** The address of a DMA fault as text. */
export function faultAddress(fault: FaultRecord): string {
  return hex64(fault.addressLo, fault.addressHi);
}
