// From a requester and PASID to its stages in scalable mode (VT-d 5.10 §3.4.3): root-entry, context-entry,
// PASID-directory entry, PASID-table entry.
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED } from "../../../assembly/spec/abi/iommu.ts";
import * as cap from "../../../assembly/spec/vtd/capability.ts";
import * as ecap from "../../../assembly/spec/vtd/extended-capability.ts";
import * as dir from "../../../assembly/spec/vtd/pasid-directory-entry.ts";
import * as pe from "../../../assembly/spec/vtd/pasid-table-entry.ts";
import * as ctx from "../../../assembly/spec/vtd/scalable-context-entry.ts";
import * as root from "../../../assembly/spec/vtd/scalable-root-entry.ts";
import { busOf, deviceFunctionOf, hi32, lo32 } from "../../core/address.ts";
import { bits } from "../../core/bits.ts";
import { beyond, inInterruptRange } from "./address.ts";
import { translateFirstStage } from "./first-stage.ts";
import { type Page, SCALABLE_CONDITIONS, type SecondStage, translateSecondStage } from "./second-stage.ts";
import { PASID_DIRECTORY_ENTRY, PASID_TABLE_ENTRY, SCALABLE_CONTEXT_ENTRY, SCALABLE_ROOT_ENTRY } from "./structures.ts";
import type { Entry, Trail } from "./trail.ts";
import type { Halves } from "./types.ts";
import {
  capabilityHas,
  domainIdWidth,
  extendedHas,
  guestAddressWidth,
  supportsWidth,
  type UnitView,
} from "./unit-view.ts";
import { passThrough, widthOf } from "./widths.ts";

const TOP = 63;
const WORD = 64;
const FUNCTIONS_PER_TABLE = 128;
const CONTEXT_PLACE = { kind: "context", domainId: 0 } as const;
const PASID_PLACE = { kind: "pasid", domainId: 0 } as const;
/** Hardware of later major versions knows no requests to execute. */
const LAST_VERSION_TO_EXECUTE = 7;
const PGTT_NAMES = ["", "first stage", "second stage", "nested", "pass-through"];

/** Where a request, with or without PASID, leads. */
export function translateScalable(
  trail: Trail,
  requesterId: number,
  pasid: number | undefined,
  address: Halves,
  access: number,
): Page {
  const executes = pasid !== undefined && (access & ACCESS_EXECUTE) !== 0;
  if (executes && trail.unit.majorVersion > LAST_VERSION_TO_EXECUTE) trail.refuse("RTA.5");
  const context = contextEntry(trail, requesterId);
  const effective = effectivePasid(trail, context, pasid);
  const entry = pasidEntry(trail, context, effective);
  checkRequest(trail, context, entry, pasid !== undefined, access);
  const page = throughStages(trail, entry, address, access | privilege(trail.unit, context, pasid));
  if (inInterruptRange({ lo: lo32(page.hpa), hi: hi32(page.hpa) })) trail.refuse("SGN.8.1");
  return page;
}

/** The scalable-mode context-entry of a requester, checked. */
function contextEntry(trail: Trail, requesterId: number): Entry {
  const { unit } = trail;
  const deviceFunction = deviceFunctionOf(requesterId);
  const upper = deviceFunction >= FUNCTIONS_PER_TABLE;
  const base = bits(unit.rootTable.lo, 31, 12) * 2 ** 12 + bits(unit.rootTable.hi, 19, 0) * 2 ** 32;
  const rootEntry = trail.entry(SCALABLE_ROOT_ENTRY, base, busOf(requesterId), CONTEXT_PLACE);
  if (rootEntry === undefined) trail.refuse("SRT.1");
  if (!rootEntry.is(upper ? root.SM_ROOT_UP_LO : root.SM_ROOT_LP_LO)) trail.refuse("SRT.2");
  // Either half is checked while it is present, whichever the request needs.
  const reserved =
    (rootEntry.is(root.SM_ROOT_UP_LO) &&
      (rootEntry.any(root.SM_ROOT_RESERVED_UPPER_HI, root.SM_ROOT_RESERVED_UPPER_LO) ||
        rootEntry.any(root.SM_ROOT_UCTP_HI, WORD + unit.hostAddressWidth))) ||
    (rootEntry.is(root.SM_ROOT_LP_LO) &&
      (rootEntry.any(root.SM_ROOT_RESERVED_LOWER_HI, root.SM_ROOT_RESERVED_LOWER_LO) ||
        rootEntry.any(root.SM_ROOT_LCTP_HI, unit.hostAddressWidth)));
  if (reserved) trail.refuse("SRT.3");
  const half = upper ? "upper context table: devices 16 to 31" : "lower context table: devices 0 to 15";
  trail.note(half);

  const contexts = rootEntry.address(root.SM_ROOT_LCTP_HI, root.SM_ROOT_LCTP_LO, upper ? 1 : 0);
  const entry = trail.entry(SCALABLE_CONTEXT_ENTRY, contexts, deviceFunction % FUNCTIONS_PER_TABLE, CONTEXT_PLACE);
  if (entry === undefined) trail.refuse("SCT.1");
  trail.suppressing = entry.is(ctx.SM_CONTEXT_FPD_LO);
  if (!entry.is(ctx.SM_CONTEXT_P_LO)) trail.refuse("SCT.2");
  if (contextReserved(unit, entry)) trail.refuse("SCT.3");
  if (entry.is(ctx.SM_CONTEXT_PRE_LO) && !entry.is(ctx.SM_CONTEXT_DTE_LO)) trail.refuse("SCT.4.1");
  if (ridPasid(entry) >= pasidLimit(entry)) trail.refuse("SCT.4.2");
  if (entry.is(ctx.SM_CONTEXT_EPTR_LO) && !entry.is(ctx.SM_CONTEXT_PASIDE_LO)) trail.refuse("SCT.4.3");
  trail.note(`PASIDs below ${pasidLimit(entry)}; requests without PASID use ${ridPasid(entry)}`);
  return entry;
}

/** Whether a reserved field of a present scalable-mode context-entry is set (§9.4). */
function contextReserved(unit: UnitView, entry: Entry): boolean {
  return (
    entry.any(ctx.SM_CONTEXT_RESERVED_HIGH_HI, ctx.SM_CONTEXT_RESERVED_HIGH_LO) ||
    entry.any(ctx.SM_CONTEXT_RESERVED_LOW_HI, ctx.SM_CONTEXT_RESERVED_LOW_LO) ||
    entry.any(TOP, unit.hostAddressWidth) ||
    (entry.is(ctx.SM_CONTEXT_RID_PRIV_LO) && !extendedHas(unit, ecap.ECAP_RPRIVS_LO)) ||
    (ridPasid(entry) !== 0 && !extendedHas(unit, ecap.ECAP_RPS_LO)) ||
    (entry.is(ctx.SM_CONTEXT_EPTR_LO) && !extendedHas(unit, ecap.ECAP_PTRS_LO)) ||
    (entry.is(ctx.SM_CONTEXT_HPTE_LO) && !extendedHas(unit, ecap.ECAP_HPTS_LO)) ||
    (entry.is(ctx.SM_CONTEXT_PRE_LO) && !extendedHas(unit, ecap.ECAP_PRS_LO)) ||
    (entry.is(ctx.SM_CONTEXT_PASIDE_LO) && !extendedHas(unit, ecap.ECAP_PASID_LO)) ||
    (entry.is(ctx.SM_CONTEXT_DTE_LO) && !extendedHas(unit, ecap.ECAP_DT_LO))
  );
}

function ridPasid(entry: Entry): number {
  return entry.get(ctx.SM_CONTEXT_RID_PASID_HI, ctx.SM_CONTEXT_RID_PASID_LO);
}

/** The directory has 2^(PDTS + 7) entries, each of 2^6 PASIDs. */
function pasidLimit(entry: Entry): number {
  const size = entry.get(ctx.SM_CONTEXT_PDTS_HI, ctx.SM_CONTEXT_PDTS_LO);
  return 2 ** (size + ctx.SM_CONTEXT_LEAST_PASID_WIDTH);
}

/** The PASID that a request is processed with (§9.4). */
function effectivePasid(trail: Trail, context: Entry, pasid: number | undefined): number {
  if (pasid === undefined) return ridPasid(context);
  const { unit } = trail;
  if (!context.is(ctx.SM_CONTEXT_PASIDE_LO)) trail.refuse("SCT.6");
  const sizeSupported = extendedHas(unit, ecap.ECAP_PASID_LO)
    ? bits(unit.extended[1] as number, ecap.ECAP_PSS_HI - 32, ecap.ECAP_PSS_LO - 32) + 1
    : 0;
  if (pasid >= 2 ** sizeSupported) trail.refuse("SGN.10");
  if (pasid >= pasidLimit(context)) trail.refuse("SCT.7");
  if (pasid === ridPasid(context)) trail.refuse("SCT.9");
  return pasid;
}

/** RID_PRIV speaks for requests without PASID. */
function privilege(unit: UnitView, context: Entry, pasid: number | undefined): number {
  const privileged =
    pasid === undefined && extendedHas(unit, ecap.ECAP_RPRIVS_LO) && context.is(ctx.SM_CONTEXT_RID_PRIV_LO);
  return privileged ? ACCESS_PRIVILEGED : 0;
}

/** The PASID-table entry, checked as far as it does not depend on the request. */
function pasidEntry(trail: Trail, context: Entry, pasid: number): Entry {
  const { unit } = trail;
  const base = context.address(ctx.SM_CONTEXT_PASIDDIRPTR_HI, ctx.SM_CONTEXT_PASIDDIRPTR_LO);
  const place = bits(pasid, dir.PASID_INDEX_DIRECTORY_HI, dir.PASID_INDEX_DIRECTORY_LO);
  const directory = trail.entry(PASID_DIRECTORY_ENTRY, base, place, PASID_PLACE);
  if (directory === undefined) trail.refuse("SPD.1");
  trail.suppressing ||= directory.is(dir.PASID_DIRECTORY_FPD_LO);
  if (!directory.is(dir.PASID_DIRECTORY_P_LO)) trail.refuse("SPD.2");
  const reserved =
    directory.any(dir.PASID_DIRECTORY_RESERVED_HI, dir.PASID_DIRECTORY_RESERVED_LO) ||
    directory.any(TOP, unit.hostAddressWidth);
  if (reserved) trail.refuse("SPD.3");
  trail.note(`the PASID table of PASIDs ${place * 64} to ${place * 64 + 63}`);

  const table = directory.address(dir.PASID_DIRECTORY_SMPTBLPTR_HI, dir.PASID_DIRECTORY_SMPTBLPTR_LO);
  const index = bits(pasid, dir.PASID_INDEX_TABLE_HI, dir.PASID_INDEX_TABLE_LO);
  const entry = trail.entry(PASID_TABLE_ENTRY, table, index, PASID_PLACE);
  if (entry === undefined) trail.refuse("SPT.1");
  trail.suppressing ||= entry.is(pe.PASID_ENTRY_FPD_LO);
  if (!entry.is(pe.PASID_ENTRY_P_LO)) trail.refuse("SPT.2");
  if (pasidReserved(unit, entry)) trail.refuse("SPT.3");
  checkProgramming(trail, entry);
  const type = entry.get(pe.PASID_ENTRY_PGTT_HI, pe.PASID_ENTRY_PGTT_LO);
  trail.note(`PASID ${pasid}: ${PGTT_NAMES[type]}, domain ${entry.get(pe.PASID_ENTRY_DID_HI, pe.PASID_ENTRY_DID_LO)}`);
  return entry;
}

/** Whether a reserved field of a present PASID-table entry is set (§9.6). */
function pasidReserved(unit: UnitView, entry: Entry): boolean {
  const lacks = (lo: number): boolean => !extendedHas(unit, lo);
  return (
    entry.any(pe.PASID_ENTRY_RESERVED_192_HI, pe.PASID_ENTRY_RESERVED_192_LO) ||
    entry.any(pe.PASID_ENTRY_FSPTPTR_HI, 2 * WORD + unit.hostAddressWidth) ||
    entry.any(pe.PASID_ENTRY_RESERVED_136_HI, pe.PASID_ENTRY_RESERVED_136_LO) ||
    entry.any(pe.PASID_ENTRY_RESERVED_129_HI, pe.PASID_ENTRY_RESERVED_129_LO) ||
    entry.any(pe.PASID_ENTRY_RESERVED_91_HI, pe.PASID_ENTRY_RESERVED_91_LO) ||
    entry.any(pe.PASID_ENTRY_RESERVED_80_HI, pe.PASID_ENTRY_RESERVED_80_LO) ||
    entry.any(pe.PASID_ENTRY_DID_HI, pe.PASID_ENTRY_DID_LO + domainIdWidth(unit)) ||
    entry.any(TOP, unit.hostAddressWidth) ||
    entry.any(pe.PASID_ENTRY_RESERVED_10_HI, pe.PASID_ENTRY_RESERVED_10_LO) ||
    entry.any(pe.PASID_ENTRY_RESERVED_5_HI, pe.PASID_ENTRY_RESERVED_5_LO) ||
    (lacks(ecap.ECAP_FSTS_LO) &&
      (entry.any(pe.PASID_ENTRY_FSPTPTR_HI, pe.PASID_ENTRY_FSPTPTR_LO) ||
        entry.is(pe.PASID_ENTRY_WPE_LO) ||
        entry.any(pe.PASID_ENTRY_FSPM_HI, pe.PASID_ENTRY_FSPM_LO))) ||
    (lacks(ecap.ECAP_EAFS_LO) && entry.is(pe.PASID_ENTRY_EAFE_LO)) ||
    (lacks(ecap.ECAP_SRS_LO) && entry.is(pe.PASID_ENTRY_SRE_LO)) ||
    (lacks(ecap.ECAP_MTS_LO) &&
      (entry.any(pe.PASID_ENTRY_PAT_HI, pe.PASID_ENTRY_PAT_LO) ||
        entry.is(pe.PASID_ENTRY_EMTE_LO) ||
        entry.is(pe.PASID_ENTRY_CD_LO))) ||
    (lacks(ecap.ECAP_SC_LO) && entry.is(pe.PASID_ENTRY_PGSNP_LO)) ||
    (lacks(ecap.ECAP_SMPWCS_LO) && entry.is(pe.PASID_ENTRY_PWSNP_LO)) ||
    (lacks(ecap.ECAP_SSTS_LO) &&
      (entry.any(pe.PASID_ENTRY_SSPTPTR_HI, pe.PASID_ENTRY_SSPTPTR_LO) ||
        entry.any(pe.PASID_ENTRY_AW_HI, pe.PASID_ENTRY_AW_LO))) ||
    ((lacks(ecap.ECAP_SSTS_LO) || lacks(ecap.ECAP_SSADS_LO)) && entry.is(pe.PASID_ENTRY_SSADE_LO))
  );
}

/** What is programmed into an entry must be something that the unit does (SPT.4). */
function checkProgramming(trail: Trail, entry: Entry): void {
  const { unit } = trail;
  const type = entry.get(pe.PASID_ENTRY_PGTT_HI, pe.PASID_ENTRY_PGTT_LO);
  const supported =
    (type === pe.PGTT_FIRST_STAGE && extendedHas(unit, ecap.ECAP_FSTS_LO)) ||
    (type === pe.PGTT_SECOND_STAGE && extendedHas(unit, ecap.ECAP_SSTS_LO)) ||
    (type === pe.PGTT_NESTED && extendedHas(unit, ecap.ECAP_NEST_LO)) ||
    (type === pe.PGTT_PASS_THROUGH && extendedHas(unit, ecap.ECAP_PT_LO));
  if (!supported) trail.refuse("SPT.4.2");
  const second = type === pe.PGTT_SECOND_STAGE || type === pe.PGTT_NESTED;
  const first = type === pe.PGTT_FIRST_STAGE || type === pe.PGTT_NESTED;
  if (second && !supportsWidth(unit, entry.get(pe.PASID_ENTRY_AW_HI, pe.PASID_ENTRY_AW_LO))) trail.refuse("SPT.4.1");
  const mode = entry.get(pe.PASID_ENTRY_FSPM_HI, pe.PASID_ENTRY_FSPM_LO);
  const modeSupported =
    mode === pe.FSPM_4_LEVELS || (mode === pe.FSPM_5_LEVELS && capabilityHas(unit, cap.CAP_FS5LP_LO));
  if (first && !modeSupported) trail.refuse("SPT.4.3");
  if (type !== pe.PGTT_NESTED) return;
  const table = entry.address(TOP, pe.PASID_ENTRY_FSPTPTR_LO % WORD, 2);
  if (beyond({ lo: lo32(table), hi: hi32(table) }, secondStageOf(unit, entry).width)) trail.refuse("SPT.4.4");
}

/** Checks of the request's attributes against the entry (SPT.5, SPT.6). */
function checkRequest(trail: Trail, context: Entry, entry: Entry, withPasid: boolean, access: number): void {
  const { unit } = trail;
  const privileged =
    ((withPasid ? access : 0) | privilege(unit, context, withPasid ? 0 : undefined)) & ACCESS_PRIVILEGED;
  if (privileged !== 0 && !entry.is(pe.PASID_ENTRY_SRE_LO)) trail.refuse("SPT.6");
  if (withPasid && (access & ACCESS_EXECUTE) !== 0 && !extendedHas(unit, ecap.ECAP_ERS_LO)) trail.refuse("SPT.5");
}

/** The entry's second stage. */
function secondStageOf(unit: UnitView, entry: Entry): SecondStage {
  const aw = entry.get(pe.PASID_ENTRY_AW_HI, pe.PASID_ENTRY_AW_LO);
  return {
    table: entry.address(pe.PASID_ENTRY_SSPTPTR_HI, pe.PASID_ENTRY_SSPTPTR_LO),
    levels: aw + 2,
    width: Math.min(widthOf(aw), guestAddressWidth(unit)),
    domainId: entry.get(pe.PASID_ENTRY_DID_HI, pe.PASID_ENTRY_DID_LO),
    flags: entry.is(pe.PASID_ENTRY_SSADE_LO),
    snoops: entry.is(pe.PASID_ENTRY_PWSNP_LO),
    conditions: SCALABLE_CONDITIONS,
  };
}

function throughStages(trail: Trail, entry: Entry, address: Halves, access: number): Page {
  const { unit } = trail;
  const type = entry.get(pe.PASID_ENTRY_PGTT_HI, pe.PASID_ENTRY_PGTT_LO);
  if (type === pe.PGTT_PASS_THROUGH) {
    if (beyond(address, unit.hostAddressWidth)) trail.refuse("SGN.4.2");
    return passThrough(address);
  }
  if (type === pe.PGTT_SECOND_STAGE) return translateSecondStage(trail, secondStageOf(unit, entry), address, access);
  const first = {
    table: entry.address(TOP, pe.PASID_ENTRY_FSPTPTR_LO % WORD, 2),
    levels: entry.get(pe.PASID_ENTRY_FSPM_HI, pe.PASID_ENTRY_FSPM_LO) === pe.FSPM_5_LEVELS ? 5 : 4,
    domainId: entry.get(pe.PASID_ENTRY_DID_HI, pe.PASID_ENTRY_DID_LO),
    writeProtect: entry.is(pe.PASID_ENTRY_WPE_LO),
    extendedAccessed: entry.is(pe.PASID_ENTRY_EAFE_LO),
    snoops: entry.is(pe.PASID_ENTRY_PWSNP_LO),
  };
  return translateFirstStage(
    trail,
    first,
    type === pe.PGTT_NESTED ? secondStageOf(unit, entry) : undefined,
    address,
    access,
  );
}
