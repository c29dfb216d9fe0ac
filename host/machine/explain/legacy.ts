// From a requester to its second stage in legacy mode (VT-d 5.10 §3.4.2): root-entry, context-entry.
import * as ctx from "../../../assembly/spec/vtd/context-entry.ts";
import { ECAP_DT_LO, ECAP_PT_LO } from "../../../assembly/spec/vtd/extended-capability.ts";
import * as root from "../../../assembly/spec/vtd/root-entry.ts";
import { busOf, deviceFunctionOf } from "../../core/address.ts";
import { extract } from "../../core/bits.ts";
import { beyond, inInterruptRange } from "./address.ts";
import { LEGACY_CONDITIONS, type Page, translateSecondStage } from "./second-stage.ts";
import { CONTEXT_ENTRY, ROOT_ENTRY } from "./structures.ts";
import type { Entry, Trail } from "./trail.ts";
import type { Halves } from "./types.ts";
import { domainIdWidth, extendedHas, guestAddressWidth, supportsWidth } from "./unit-view.ts";
import { passThrough, widthOf } from "./widths.ts";

const TOP = 63;
const PLACE = { kind: "context", domainId: 0 } as const;

/** Where a request without PASID leads. */
export function translateLegacy(trail: Trail, requesterId: number, address: Halves, access: number): Page {
  const { unit } = trail;
  const entry = contextEntry(trail, requesterId);
  const type = entry.get(ctx.CONTEXT_TT_HI, ctx.CONTEXT_TT_LO);
  if (type === ctx.CONTEXT_TT_PASS_THROUGH) {
    trail.note("TT 10b: requests pass through untranslated");
    if (beyond(address, unit.hostAddressWidth)) trail.refuse("LGN.1.3");
    return passThrough(address);
  }
  const aw = entry.get(ctx.CONTEXT_AW_HI, ctx.CONTEXT_AW_LO);
  const page = translateSecondStage(
    trail,
    {
      table: entry.address(ctx.CONTEXT_SSPTPTR_HI, ctx.CONTEXT_SSPTPTR_LO),
      levels: aw + 2,
      width: Math.min(widthOf(aw), guestAddressWidth(unit)),
      domainId: entry.get(ctx.CONTEXT_DID_HI, ctx.CONTEXT_DID_LO),
      flags: false,
      snoops: true,
      conditions: LEGACY_CONDITIONS,
    },
    address,
    access,
  );
  if (inInterruptRange({ lo: page.hpa % 2 ** 32, hi: Math.floor(page.hpa / 2 ** 32) })) trail.refuse("LGN.4");
  return page;
}

/** The context-entry of a requester, checked. */
function contextEntry(trail: Trail, requesterId: number): Entry {
  const { unit } = trail;
  const table = new Uint32Array([unit.rootTable.lo, unit.rootTable.hi]);
  const base = extract(table, 31, 12) * 2 ** 12 + extract(table, 51, 32) * 2 ** 32;
  const rootEntry = trail.entry(ROOT_ENTRY, base, busOf(requesterId), PLACE);
  if (rootEntry === undefined) trail.refuse("LRT.1");
  if (!rootEntry.is(root.ROOT_P_LO)) trail.refuse("LRT.2");
  const rootReserved =
    rootEntry.any(root.ROOT_RESERVED_HIGH_HI, root.ROOT_RESERVED_HIGH_LO) ||
    rootEntry.any(root.ROOT_RESERVED_LOW_HI, root.ROOT_RESERVED_LOW_LO) ||
    rootEntry.any(root.ROOT_CTP_HI, unit.hostAddressWidth);
  if (rootReserved) trail.refuse("LRT.3");
  trail.note(`the context table of bus 0x${busOf(requesterId).toString(16)}`);

  const contexts = rootEntry.address(root.ROOT_CTP_HI, root.ROOT_CTP_LO);
  const entry = trail.entry(CONTEXT_ENTRY, contexts, deviceFunctionOf(requesterId), PLACE);
  if (entry === undefined) trail.refuse("LCT.1");
  trail.suppressing = entry.is(ctx.CONTEXT_FPD_LO);
  if (!entry.is(ctx.CONTEXT_P_LO)) trail.refuse("LCT.2");
  const type = entry.get(ctx.CONTEXT_TT_HI, ctx.CONTEXT_TT_LO);
  if (reserved(trail, entry, type)) trail.refuse("LCT.3");
  const aw = entry.get(ctx.CONTEXT_AW_HI, ctx.CONTEXT_AW_LO);
  if (!supportsWidth(unit, aw)) trail.refuse("LCT.4.1");
  const supported =
    type === ctx.CONTEXT_TT_UNTRANSLATED ||
    (type === ctx.CONTEXT_TT_DEVICE_TLB && extendedHas(unit, ECAP_DT_LO)) ||
    (type === ctx.CONTEXT_TT_PASS_THROUGH && extendedHas(unit, ECAP_PT_LO));
  if (!supported) trail.refuse("LCT.4.2");
  trail.note(`domain ${entry.get(ctx.CONTEXT_DID_HI, ctx.CONTEXT_DID_LO)}, ${aw + 2} levels for ${widthOf(aw)} bits`);
  return entry;
}

/** Whether a reserved field of a present context-entry is set (§9.3). */
function reserved(trail: Trail, entry: Entry, type: number): boolean {
  const domainTop = ctx.CONTEXT_DID_LO + domainIdWidth(trail.unit);
  return (
    entry.any(ctx.CONTEXT_RESERVED_LOW_HI, ctx.CONTEXT_RESERVED_LOW_LO) ||
    entry.any(ctx.CONTEXT_RESERVED_MIDDLE_HI, ctx.CONTEXT_RESERVED_MIDDLE_LO) ||
    entry.any(ctx.CONTEXT_RESERVED_HIGH_HI, ctx.CONTEXT_RESERVED_HIGH_LO) ||
    entry.any(ctx.CONTEXT_DID_HI, domainTop) ||
    (type !== ctx.CONTEXT_TT_PASS_THROUGH && entry.any(TOP, trail.unit.hostAddressWidth))
  );
}
