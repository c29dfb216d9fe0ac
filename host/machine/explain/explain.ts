// Why a request goes where it goes: a slow walk through the tables, written from the specification alone and holding
// nothing of assembly/iommu, so that the two can judge each other. It changes no state: no counter, no flag in a table,
// no cache line, no fault record.
import { ACCESS_PRIVILEGED, ACCESS_WRITE } from "../../../assembly/spec/abi/iommu.ts";
import { ECAP_ADMS_LO, ECAP_SMTS_LO } from "../../../assembly/spec/vtd/extended-capability.ts";
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../../../assembly/spec/vtd/interrupt-range.ts";
import * as rta from "../../../assembly/spec/vtd/root-table-address.ts";
import { hex, hex64 } from "../../core/address.ts";
import { checkOptions, checkUnsigned } from "../../core/arguments.ts";
import { extract } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import { faultText } from "../fault.ts";
import { accessText } from "./access.ts";
import { halvesOf, inInterruptRange } from "./address.ts";
import { INTERRUPT_CLAUSE, INTERRUPT_CONDITIONS } from "./conditions.ts";
import { remapInterrupt } from "./interrupt.ts";
import { translateLegacy } from "./legacy.ts";
import { translateScalable } from "./scalable.ts";
import { type Read, Refused, Trail } from "./trail.ts";
import type { ExplainedStep, ExplainInterruptRequest, ExplainRequest, Explanation, Halves, Verdict } from "./types.ts";
import { extendedHas, type UnitView } from "./unit-view.ts";
import { passThrough } from "./widths.ts";

const DISABLED_CLAUSE = "VT-d 5.10 §11.4.4.2 GSTS_REG.TES";
/** The condition of a request in the interrupt address range that is no valid interrupt request. */
export const MALFORMED = "29h";
const MESSAGE_LENGTH = 4;
const RANGE_CLAUSE = "VT-d 5.10 §3.15";
const TRANSLATION_CLAUSE = "VT-d 5.10 §3.5";
const PROTECTED = {
  why: "dropped: PMEN_REG protects that memory from DMA",
  clause: "VT-d 5.10 §11.4.8.1 PMEN_REG.EPM",
};
const REQUESTER_WIDTH = 16;
const PASID_WIDTH = 20;
const ACCESS_WIDTH = 4;

/** Explains a DMA request. Throws ArgumentError for a request that cannot be. */
export function explainRequest(unit: UnitView, read: Read, request: ExplainRequest): Explanation {
  checkOptions("request", request, ["requesterId", "pasid", "iova", "access"]);
  const { requesterId, pasid, access } = request;
  checkUnsigned("requesterId", requesterId, REQUESTER_WIDTH);
  if (pasid !== undefined) checkUnsigned("pasid", pasid, PASID_WIDTH);
  if (!Number.isInteger(access) || access <= 0 || access >= 2 ** ACCESS_WIDTH) {
    throw new ArgumentError("access", access, "is no sum of access bits");
  }
  const steps: ExplainedStep[] = [];
  const verdict = decide(new Trail(unit, read, steps), request, halvesOf(request.iova));
  const explanation = { mode: modeOf(unit), steps, verdict };
  return isProtected(unit, verdict) ? { ...explanation, dropped: PROTECTED } : explanation;
}

/** The verdict alone, faster. */
export function judgeRequest(unit: UnitView, read: Read, request: ExplainRequest): Verdict {
  return decide(new Trail(unit, read, undefined), request, halvesOf(request.iova));
}

/** Explains an interrupt request. Throws ArgumentError for a request that cannot be. */
export function explainMessage(unit: UnitView, read: Read, request: ExplainInterruptRequest): Explanation {
  checkOptions("request", request, ["requesterId", "addressLo", "addressHi", "data"]);
  const { requesterId, addressLo, addressHi = 0, data } = request;
  checkUnsigned("requesterId", requesterId, REQUESTER_WIDTH);
  checkUnsigned("addressLo", addressLo, 32);
  checkUnsigned("addressHi", addressHi, 32);
  checkUnsigned("data", data, 32);
  const steps: ExplainedStep[] = [];
  const verdict = decideMessage(new Trail(unit, read, steps), request);
  return { mode: unit.remapping ? "interrupt remapping" : "interrupt remapping disabled", steps, verdict };
}

/** The verdict alone, faster. */
export function judgeMessage(unit: UnitView, read: Read, request: ExplainInterruptRequest): Verdict {
  return decideMessage(new Trail(unit, read, undefined), request);
}

function decide(trail: Trail, request: ExplainRequest, address: Halves): Verdict {
  try {
    return translate(trail, request, address);
  } catch (refused) {
    if (refused instanceof Refused) return refused.refusal;
    throw refused;
  }
}

function decideMessage(trail: Trail, request: ExplainInterruptRequest): Verdict {
  const { addressLo, addressHi = 0 } = request;
  if (addressHi !== 0 || addressLo < INTERRUPT_RANGE_BASE || addressLo > INTERRUPT_RANGE_LIMIT) {
    throw new ArgumentError(
      "address",
      hex64(addressLo, addressHi),
      "is not in the interrupt range fee0_0000–feef_ffff",
    );
  }
  try {
    return remapInterrupt(trail, request);
  } catch (refused) {
    if (refused instanceof Refused) return refused.refusal;
    throw refused;
  }
}

function isProtected(unit: UnitView, verdict: Verdict): boolean {
  if (verdict.kind !== "allowed") return false;
  return unit.protectedRanges.some(([first, last]) => verdict.hpa >= first && verdict.hpa <= last);
}

function tableMode(unit: UnitView): number {
  return extract([unit.rootTable.lo, unit.rootTable.hi], rta.RTADDR_TTM_HI, rta.RTADDR_TTM_LO);
}

function modeOf(unit: UnitView): string {
  if (!unit.translating) return "translation disabled";
  return ["legacy mode", "scalable mode", "reserved mode", "abort-DMA mode"][tableMode(unit)] as string;
}

function translate(trail: Trail, { requesterId, pasid, access }: ExplainRequest, address: Halves): Verdict {
  const { unit } = trail;
  // Without translation, prefixes are ignored (§3.1).
  if ((pasid === undefined || !unit.translating) && inInterruptRange(address)) {
    return inRange(unit, address, access);
  }
  if (!unit.translating) return { ...allowed(address, passThrough(address)), clause: DISABLED_CLAUSE };
  const mode = tableMode(unit);
  trail.register(
    "RTADDR_REG",
    "VT-d 5.10 §11.4.5",
    [unit.rootTable.lo, unit.rootTable.hi],
    [
      ["RTA", rta.RTADDR_RTA_HI, rta.RTADDR_RTA_LO],
      ["TTM", rta.RTADDR_TTM_HI, rta.RTADDR_TTM_LO],
    ],
    modeOf(unit),
  );
  if (mode === rta.RTADDR_TTM_ABORT) trail.refuse(extendedHas(unit, ECAP_ADMS_LO) ? "RTA.4" : "RTA.1.1");
  if (mode === rta.RTADDR_TTM_RESERVED) trail.refuse("RTA.1.2");
  if (mode === rta.RTADDR_TTM_SCALABLE) {
    if (!extendedHas(unit, ECAP_SMTS_LO)) trail.refuse("RTA.1.3");
    return allowed(address, translateScalable(trail, requesterId, pasid, address, access));
  }
  if (pasid !== undefined) trail.refuse("RTA.2");
  if (extract([unit.rootTable.lo], rta.RTADDR_SSIRWE_HI, rta.RTADDR_SSIRWE_LO) === 1) trail.refuse("RTA.1.4");
  return allowed(address, translateLegacy(trail, requesterId, address, access));
}

/** What a request in the interrupt address range is: an aligned write of 4 bytes is an interrupt, nothing else is valid. */
function inRange(unit: UnitView, { lo }: Halves, access: number): Verdict {
  const writes = (access & ~ACCESS_PRIVILEGED) === ACCESS_WRITE;
  const { reason, qualified } = INTERRUPT_CONDITIONS[MALFORMED];
  if (writes && lo % MESSAGE_LENGTH === 0) {
    const why = `never translated: a write of 4 bytes is an interrupt request, of any other length refused, reason ${hex(reason)}`;
    return { kind: "interrupt-range", why, clause: RANGE_CLAUSE };
  }
  const what = writes ? "a write at no multiple of 4" : "a read";
  return {
    kind: "refused",
    reason,
    why: `${what} in the interrupt range: ${faultText(reason)}`,
    condition: MALFORMED,
    clause: INTERRUPT_CLAUSE,
    qualified,
    suppressed: false,
    ...(unit.remapping ? {} : { unrecorded: "interrupt remapping is disabled (GSTS_REG.IRES)" }),
  };
}

function allowed(address: Halves, { hpa, granted }: { hpa: number; granted: number }): Verdict {
  const why = `${hex64(address.lo, address.hi)} is ${hex(hpa)}, for ${accessText(granted)}`;
  return { kind: "allowed", hpa, granted, why, clause: TRANSLATION_CLAUSE };
}
