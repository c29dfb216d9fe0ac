// First-stage translation (VT-d 5.10 §3.6), alone or with a second stage nested in it (§3.8): then every table and the
// page are found through the second stage.
import { ACCESS_PRIVILEGED, ACCESS_READ, ACCESS_WRITE } from "../../../assembly/spec/abi/iommu.ts";
import { CAP_FS1GP_LO } from "../../../assembly/spec/vtd/capability.ts";
import * as fs from "../../../assembly/spec/vtd/first-stage.ts";
import { SS_INDEX_WIDTH } from "../../../assembly/spec/vtd/second-stage.ts";
import { hex, hi32, lo32 } from "../../core/address.ts";
import { extract } from "../../core/bits.ts";
import { beyond, canonical, pageText } from "./address.ts";
import { type Page, type SecondStage, type SecondStageConditions, translateSecondStage } from "./second-stage.ts";
import { FIRST_STAGE_ENTRIES } from "./structures.ts";
import type { Entry, Trail } from "./trail.ts";
import type { Halves } from "./types.ts";
import { capabilityHas, type UnitView } from "./unit-view.ts";

/** The first stage of a PASID-table entry. */
export interface FirstStage {
  /** FSPTPTR: an HPA, or a GPA when nested. */
  table: number;
  /** Levels: 4 or 5. */
  levels: number;
  domainId: number;
  /** WPE: privileged requests heed R/W. */
  writeProtect: boolean;
  /** EAFE. */
  extendedAccessed: boolean;
  /** Whether page walks snoop: without it, no flag can be set (SFS.9). */
  snoops: boolean;
}

const PAGE_SHIFT = 12;
const LEVEL_1G = 2;

/**
 * Translates `address`; `access` are ACCESS_ bits. Where an entry gives several reasons to refuse, which the
 * specification does not order, presence goes before rights, rights before reserved bits, and those before flags.
 */
export function translateFirstStage(
  trail: Trail,
  first: FirstStage,
  second: SecondStage | undefined,
  address: Halves,
  access: number,
): Page {
  if (!canonical(address, PAGE_SHIFT + first.levels * SS_INDEX_WIDTH)) trail.refuse("SGN.1");
  const privileged = (access & ACCESS_PRIVILEGED) !== 0;
  const writes = (access & ACCESS_WRITE) !== 0;
  let table = first.table;
  let writable = true;
  for (let level = first.levels - 1; ; level--) {
    const top = level === first.levels - 1;
    const shift = PAGE_SHIFT + level * SS_INDEX_WIDTH;
    const index = extract([address.lo, address.hi], shift + SS_INDEX_WIDTH - 1, shift);
    const { entry, tableWritable } = readEntry(trail, first, second, table, index, level);
    if (entry === undefined) trail.refuse(top ? "SFS.4" : "SFS.1");
    if (!entry.is(fs.FS_P_LO)) trail.refuse("SFS.2");
    if (!privileged && !entry.is(fs.FS_US_LO)) {
      trail.note("U/S is clear: for privileged requests only");
      trail.refuse("SGN.2");
    }
    writable &&= entry.is(fs.FS_RW_LO) || (privileged && !first.writeProtect);
    if (writes && !writable) {
      trail.note("R/W is clear");
      trail.refuse("SGN.6");
    }
    const leaf = level === 0 || (entry.is(fs.FS_PS_LO) && isLargePage(trail.unit, level));
    const wrong = reservedBits(trail.unit, entry, level, leaf);
    if (wrong !== undefined) {
      trail.note(`${wrong} is reserved`);
      trail.refuse("SFS.3");
    }
    setFlags(trail, first, entry, leaf && writes, tableWritable);
    const base = entry.address(fs.FS_ADDR_HI, leaf ? shift : fs.FS_ADDR_LO);
    const output = base + (leaf ? address.lo % 2 ** shift : 0);
    if (second !== undefined && beyond({ lo: lo32(output), hi: hi32(output) }, second.width)) {
      trail.note(`${hex(output)} is beyond the guest's ${second.width} bits`);
      trail.refuse("SFS.5");
    }
    if (leaf) {
      const granted = ACCESS_READ | (writable ? ACCESS_WRITE : 0);
      trail.note(pageText(base, shift, granted));
      return finish(trail, second, output, shift, granted, access);
    }
    trail.note(`the next table is at ${hex(base)}`);
    table = base;
  }
}

/** Reads an entry; nested, its own address is translated first (§3.8.1). */
function readEntry(
  trail: Trail,
  first: FirstStage,
  second: SecondStage | undefined,
  table: number,
  index: number,
  level: number,
): { entry: Entry | undefined; tableWritable: boolean } {
  const structure = FIRST_STAGE_ENTRIES[level] as (typeof FIRST_STAGE_ENTRIES)[number];
  const place = { kind: "first-stage", domainId: first.domainId } as const;
  if (second === undefined) return { entry: trail.entry(structure, table, index, place), tableWritable: true };
  const gpa = table + index * structure.size;
  // With flags in the second stage, a first-stage table may be read only where it may be written.
  const denied = level === first.levels - 1 ? "SFS.6" : "SFS.7";
  const conditions: SecondStageConditions = { ...second.conditions, read: denied, write: denied };
  const access = second.flags ? ACCESS_READ | ACCESS_WRITE : ACCESS_READ;
  const page = trail.nested(() =>
    translateSecondStage(trail, second, { lo: lo32(gpa), hi: hi32(gpa) }, access, conditions),
  );
  const base = page.hpa - index * structure.size;
  return { entry: trail.entry(structure, base, index, place), tableWritable: (page.granted & ACCESS_WRITE) !== 0 };
}

function isLargePage(unit: UnitView, level: number): boolean {
  return level === 1 || (level === LEVEL_1G && capabilityHas(unit, CAP_FS1GP_LO));
}

/** What in a present entry is reserved but set (§3.6, §9.7); undefined for nothing. */
function reservedBits(unit: UnitView, entry: Entry, level: number, leaf: boolean): string | undefined {
  if (entry.any(fs.FS_ADDR_HI, unit.hostAddressWidth)) return "an address bit beyond the host address width";
  if (!leaf && entry.is(fs.FS_PS_LO)) return level === LEVEL_1G ? "PS without CAP_REG.FS1GP" : "PS at this level";
  const pageTop = PAGE_SHIFT + level * SS_INDEX_WIDTH - 1;
  if (leaf && level > 0 && entry.any(pageTop, fs.FS_PAT_LARGE_HI + 1)) return "an address bit within the page";
  return undefined;
}

/** Accessed, extended-accessed and dirty flags (§3.6.2): whether those that are missing can be set. */
function setFlags(trail: Trail, first: FirstStage, entry: Entry, dirty: boolean, tableWritable: boolean): void {
  const missing =
    !entry.is(fs.FS_A_LO) || (first.extendedAccessed && !entry.is(fs.FS_EA_LO)) || (dirty && !entry.is(fs.FS_D_LO));
  if (!missing) return;
  if (!tableWritable) trail.refuse("SFS.8");
  if (!first.snoops) trail.refuse("SFS.9");
}

/** The page that the first stage found; nested, through the second stage. */
function finish(
  trail: Trail,
  second: SecondStage | undefined,
  address: number,
  shift: number,
  granted: number,
  access: number,
): Page {
  if (second === undefined) return { hpa: address, shift, granted };
  const wanted = access & (ACCESS_READ | ACCESS_WRITE);
  const page = translateSecondStage(trail, second, { lo: lo32(address), hi: hi32(address) }, wanted);
  return { hpa: page.hpa, shift: Math.min(shift, page.shift), granted: granted & page.granted };
}
