// Header registers as data: which bits software writes, which it clears (PCIe 6.0 §7.5.1).
import * as spec from "../../assembly/spec/pci/header.ts";
import { checkFlag, checkOptions, checkUnsigned } from "../core/arguments.ts";
import { mask, place } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import { flag } from "./bits.ts";
import type { RegisterRow } from "./config-space.ts";

/** What a function says it is. */
export interface Identity {
  vendorId: number;
  deviceId: number;
  revision?: number;
  /** Base class, sub-class, programming interface: 24 bits. */
  classCode: number;
  subsystemVendorId?: number;
  subsystemId?: number;
  /** Another function of the same device exists. */
  multiFunction?: boolean;
  /** 0 none, 1–4 INTA–INTD. */
  interruptPin?: number;
}

const COMMAND_RW =
  flag(spec.COMMAND_IO_SPACE_ENABLE_LO) |
  flag(spec.COMMAND_MEMORY_SPACE_ENABLE_LO) |
  flag(spec.COMMAND_BUS_MASTER_ENABLE_LO) |
  flag(spec.COMMAND_PARITY_ERROR_RESPONSE_LO) |
  flag(spec.COMMAND_SERR_ENABLE_LO) |
  flag(spec.COMMAND_INTERRUPT_DISABLE_LO);
const STATUS_W1C =
  flag(spec.STATUS_MASTER_DATA_PARITY_ERROR_LO) |
  mask(spec.STATUS_DETECTED_PARITY_ERROR_HI, spec.STATUS_SIGNALED_TARGET_ABORT_LO);
const BRIDGE_CONTROL_RW =
  flag(spec.BRIDGE_CONTROL_PARITY_ERROR_RESPONSE_LO) |
  flag(spec.BRIDGE_CONTROL_SERR_ENABLE_LO) |
  flag(spec.BRIDGE_CONTROL_ISA_ENABLE_LO) |
  flag(spec.BRIDGE_CONTROL_SECONDARY_BUS_RESET_LO);
const MEMORY_WINDOW = mask(spec.MEMORY_WINDOW_ADDRESS_HI, spec.MEMORY_WINDOW_ADDRESS_LO);
const IO_WINDOW = mask(spec.IO_WINDOW_ADDRESS_HI, spec.IO_WINDOW_ADDRESS_LO);

/** Bits of what a function says it is. */
const REQUIRED = { vendorId: 16, deviceId: 16, classCode: 24 };
const OPTIONAL = { revision: 8, subsystemVendorId: 16, subsystemId: 16, interruptPin: 3 };
const PINS = 4;
const KEYS = [...Object.keys(REQUIRED), ...Object.keys(OPTIONAL), "multiFunction"];

function checkIdentity(identity: Partial<Identity>, required: Partial<typeof REQUIRED>): void {
  checkOptions("identity", identity, KEYS);
  for (const [name, width] of Object.entries(required)) checkUnsigned(name, identity[name as "vendorId"], width);
  for (const [name, width] of Object.entries(OPTIONAL)) {
    const value = identity[name as keyof typeof OPTIONAL];
    if (value !== undefined) checkUnsigned(name, value, width);
  }
  const { interruptPin = 0, multiFunction } = identity;
  if (interruptPin > PINS) throw new ArgumentError("interruptPin", interruptPin, "is not in 0–4");
  if (multiFunction !== undefined) checkFlag("multiFunction", multiFunction);
}

/** The header of an endpoint's function, without its BARs. Throws ArgumentError for a value that its register cannot hold. */
export function type0Header(identity: Identity): RegisterRow[] {
  return [
    ...common(identity, spec.HEADER_TYPE_LAYOUT_0),
    { offset: spec.SUBSYSTEM_VENDOR_ID, width: 2, reset: identity.subsystemVendorId ?? 0 },
    { offset: spec.SUBSYSTEM_ID, width: 2, reset: identity.subsystemId ?? 0 },
  ];
}

/**
 * The header of a VF (PCIe 6.0 §9.3.4.1): IDs read FFFFh, of COMMAND only Bus Master Enable exists, BARs, interrupt
 * line and pin read 0. Throws ArgumentError for a value that its register cannot hold.
 */
export function virtualFunctionHeader(identity: Omit<Identity, "vendorId" | "deviceId">): RegisterRow[] {
  checkIdentity(identity, { classCode: REQUIRED.classCode });
  return [
    { offset: spec.VENDOR_ID, width: 2, reset: spec.VENDOR_ID_NONE },
    { offset: spec.DEVICE_ID, width: 2, reset: spec.VENDOR_ID_NONE },
    { offset: spec.COMMAND, width: 2, rw: flag(spec.COMMAND_BUS_MASTER_ENABLE_LO) },
    { offset: spec.STATUS, width: 2, w1c: STATUS_W1C },
    { offset: spec.REVISION_ID, width: 4, reset: (identity.classCode << 8) | (identity.revision ?? 0) },
    { offset: spec.SUBSYSTEM_VENDOR_ID, width: 2, reset: identity.subsystemVendorId ?? 0 },
    { offset: spec.SUBSYSTEM_ID, width: 2, reset: identity.subsystemId ?? 0 },
  ];
}

/**
 * The header of a bridge: 64-bit prefetchable and 32-bit I/O windows, all closed as after a reset of the numbers.
 * Throws ArgumentError for a value that its register cannot hold.
 */
export function type1Header(identity: Identity): RegisterRow[] {
  return [
    ...common(identity, spec.HEADER_TYPE_LAYOUT_1),
    { offset: spec.PRIMARY_BUS, width: 1, rw: 0xff },
    { offset: spec.SECONDARY_BUS, width: 1, rw: 0xff },
    { offset: spec.SUBORDINATE_BUS, width: 1, rw: 0xff },
    { offset: spec.SECONDARY_STATUS, width: 2, w1c: STATUS_W1C },
    { offset: spec.IO_BASE, width: 1, reset: spec.IO_WINDOW_CAPABILITY_32, rw: IO_WINDOW },
    { offset: spec.IO_LIMIT, width: 1, reset: spec.IO_WINDOW_CAPABILITY_32, rw: IO_WINDOW },
    { offset: spec.MEMORY_BASE, width: 2, rw: MEMORY_WINDOW },
    { offset: spec.MEMORY_LIMIT, width: 2, rw: MEMORY_WINDOW },
    { offset: spec.PREFETCHABLE_BASE, width: 2, reset: spec.PREFETCHABLE_CAPABILITY_64, rw: MEMORY_WINDOW },
    { offset: spec.PREFETCHABLE_LIMIT, width: 2, reset: spec.PREFETCHABLE_CAPABILITY_64, rw: MEMORY_WINDOW },
    { offset: spec.PREFETCHABLE_BASE_UPPER, width: 4, rw: 0xffff_ffff },
    { offset: spec.PREFETCHABLE_LIMIT_UPPER, width: 4, rw: 0xffff_ffff },
    { offset: spec.IO_BASE_UPPER, width: 2, rw: 0xffff },
    { offset: spec.IO_LIMIT_UPPER, width: 2, rw: 0xffff },
    { offset: spec.BRIDGE_CONTROL, width: 2, rw: BRIDGE_CONTROL_RW },
  ];
}

function common(identity: Identity, layout: number): RegisterRow[] {
  checkIdentity(identity, REQUIRED);
  const multi = identity.multiFunction === true ? flag(spec.HEADER_TYPE_MULTI_FUNCTION_LO) : 0;
  return [
    { offset: spec.VENDOR_ID, width: 2, reset: identity.vendorId },
    { offset: spec.DEVICE_ID, width: 2, reset: identity.deviceId },
    { offset: spec.COMMAND, width: 2, rw: COMMAND_RW },
    { offset: spec.STATUS, width: 2, w1c: STATUS_W1C },
    { offset: spec.REVISION_ID, width: 4, reset: (identity.classCode << 8) | (identity.revision ?? 0) },
    { offset: spec.CACHE_LINE_SIZE, width: 1, rw: 0xff },
    {
      offset: spec.HEADER_TYPE,
      width: 1,
      reset: multi | place(layout, spec.HEADER_TYPE_LAYOUT_HI, spec.HEADER_TYPE_LAYOUT_LO),
    },
    { offset: spec.INTERRUPT_LINE, width: 1, rw: 0xff },
    { offset: spec.INTERRUPT_PIN, width: 1, reset: identity.interruptPin ?? 0 },
  ];
}
