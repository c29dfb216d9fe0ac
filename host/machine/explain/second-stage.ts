// Second-stage translation (VT-d 5.10 §3.7): of a request's address, or nested in a first stage (§3.8).
import { ACCESS_READ, ACCESS_WRITE } from "../../../assembly/spec/abi/iommu.ts";
import { ECAP_SC_LO } from "../../../assembly/spec/vtd/extended-capability.ts";
import * as ss from "../../../assembly/spec/vtd/second-stage.ts";
import { extract } from "../../core/bits.ts";
import { accessText } from "./access.ts";
import { beyond, pageText } from "./address.ts";
import type { DmaCondition } from "./conditions.ts";
import { SECOND_STAGE_ENTRIES } from "./structures.ts";
import type { Entry, Trail } from "./trail.ts";
import type { Halves } from "./types.ts";
import { extendedHas, supportsLargePage, type UnitView } from "./unit-view.ts";

/** What refuses a second-stage translation: legacy mode and scalable mode have conditions of their own. */
export interface SecondStageConditions {
  beyondWidth: DmaCondition;
  topAccess: DmaCondition;
  access: DmaCondition;
  reserved: DmaCondition;
  /** Nothing is granted at all; undefined in legacy mode, where the access that is lacking counts. */
  nothing: DmaCondition | undefined;
  write: DmaCondition;
  read: DmaCondition;
}

export const LEGACY_CONDITIONS: SecondStageConditions = {
  beyondWidth: "LGN.1.1",
  topAccess: "LCT.4.3",
  access: "LSS.1",
  reserved: "LSS.2",
  nothing: undefined,
  write: "LGN.2",
  read: "LGN.3",
};

export const SCALABLE_CONDITIONS: SecondStageConditions = {
  beyondWidth: "SGN.5",
  topAccess: "SSS.4",
  access: "SSS.1",
  reserved: "SSS.3",
  nothing: "SSS.2",
  write: "SGN.6",
  read: "SGN.7",
};

/** The second stage of a context-entry or PASID-table entry. */
export interface SecondStage {
  /** SSPTPTR. */
  table: number;
  /** Levels: 3, 4 or 5. */
  levels: number;
  /** Bits of the addresses that it translates: the smaller of MGAW and AGAW. */
  width: number;
  domainId: number;
  /** SSADE: accessed and dirty flags are kept. */
  flags: boolean;
  /** Whether page walks snoop: without it, no flag can be set (SSS.5). */
  snoops: boolean;
  conditions: SecondStageConditions;
}

/** A page that a translation ends in. */
export interface Page {
  /** HPA of the address that was translated. */
  hpa: number;
  /** log2 of the page's bytes. */
  shift: number;
  /** ACCESS_ bits that all entries grant. */
  granted: number;
}

const BOTH = ACCESS_READ | ACCESS_WRITE;
const PAGE_SHIFT = 12;

/** Translates `address` for an access of ACCESS_READ, ACCESS_WRITE or both; `writes` says whether the page gets dirty. */
export function translateSecondStage(
  trail: Trail,
  stage: SecondStage,
  address: Halves,
  access: number,
  conditions: SecondStageConditions = stage.conditions,
  writes: boolean = (access & ACCESS_WRITE) !== 0,
): Page {
  if (beyond(address, stage.width)) trail.refuse(conditions.beyondWidth);
  let table = stage.table;
  let granted = BOTH;
  for (let level = stage.levels - 1; ; level--) {
    const structure = SECOND_STAGE_ENTRIES[level] as (typeof SECOND_STAGE_ENTRIES)[number];
    const shift = PAGE_SHIFT + level * ss.SS_INDEX_WIDTH;
    const index = extract([address.lo, address.hi], shift + ss.SS_INDEX_WIDTH - 1, shift);
    const entry = trail.entry(structure, table, index, { kind: "second-stage", domainId: stage.domainId });
    if (entry === undefined) {
      trail.refuse(level === stage.levels - 1 ? conditions.topAccess : conditions.access);
    }
    granted &= (entry.is(ss.SS_R_LO) ? ACCESS_READ : 0) | (entry.is(ss.SS_W_LO) ? ACCESS_WRITE : 0);
    if (granted === 0 && conditions.nothing !== undefined) {
      trail.note("R and W of the entries so far leave nothing");
      trail.refuse(conditions.nothing);
    }
    lackOf(trail, access, granted, conditions);
    const leaf = level === 0 || (entry.is(ss.SS_PS_LO) && supportsLargePage(trail.unit, level));
    const wrong = reservedBits(trail.unit, entry, level, leaf);
    if (wrong !== undefined) {
      trail.note(`${wrong} is reserved`);
      trail.refuse(conditions.reserved);
    }
    const base = entry.address(ss.SS_ADDR_HI, leaf ? shift : ss.SS_ADDR_LO);
    if (stage.flags) setFlags(trail, stage, entry, leaf && writes);
    if (leaf) {
      trail.note(pageText(base, shift, granted));
      return { hpa: base + (address.lo % 2 ** shift), shift, granted };
    }
    trail.note(`the next table is at 0x${base.toString(16)}, ${accessText(granted)} so far`);
    table = base;
  }
}

/**
 * Rights are checked as the entries are met, from the top (§3.7.1), and before reserved bits: the specification does
 * not order conditions that hold together. A write that is lacking goes before a read.
 */
function lackOf(trail: Trail, access: number, granted: number, conditions: SecondStageConditions): void {
  const lacking = access & ~granted & BOTH;
  if (lacking === 0) return;
  const write = (lacking & ACCESS_WRITE) !== 0;
  trail.note(`${write ? "W" : "R"} is clear`);
  trail.refuse(write ? conditions.write : conditions.read);
}

/** What in an entry is reserved but set (§3.7, §9.8); undefined for nothing. */
function reservedBits(unit: UnitView, entry: Entry, level: number, leaf: boolean): string | undefined {
  if (entry.is(ss.SS_IW_LO)) return "IW without second-stage I/O read/write bits";
  if (entry.any(ss.SS_ADDR_HI, unit.hostAddressWidth)) return "an address bit beyond the host address width";
  if (entry.is(ss.SS_SNP_LO) && !leaf) return "SNP of an entry that references a table";
  if (entry.is(ss.SS_SNP_LO) && !extendedHas(unit, ECAP_SC_LO)) return "SNP without ECAP_REG.SC";
  if (entry.is(ss.SS_PS_LO) && !leaf) return level > 2 ? "PS at this level" : "PS of a size that SSLPS lacks";
  if (leaf && level > 0 && entry.any(PAGE_SHIFT + level * ss.SS_INDEX_WIDTH - 1, ss.SS_ADDR_LO)) {
    return "an address bit within the page";
  }
  return undefined;
}

/** Accessed and dirty flags (§3.7.2): whether they can be set. */
function setFlags(trail: Trail, stage: SecondStage, entry: Entry, dirty: boolean): void {
  const needed = !entry.is(ss.SS_A_LO) || (dirty && !entry.is(ss.SS_D_LO));
  if (needed && !stage.snoops) trail.refuse("SSS.5");
}
