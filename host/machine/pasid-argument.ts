// PASIDs as the module takes them.
import * as abi from "../../assembly/spec/abi/iommu.ts";
import { checkOptions } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";
import type { PasidPrefix } from "../core/ports.ts";

/** A prefix as the module takes it; 0 for a request without PASID. Throws ArgumentError for a PASID beyond 20 bits. */
export function pasidArgument(prefix: PasidPrefix | undefined): number {
  if (prefix === undefined) return 0;
  if (typeof prefix !== "number") checkOptions("pasid", prefix, ["pasid", "execute", "privileged"]);
  const { pasid, execute = false, privileged = false } = typeof prefix === "number" ? { pasid: prefix } : prefix;
  if (!Number.isInteger(pasid) || pasid < 0 || pasid >= 2 ** (abi.PASID_HI + 1)) {
    throw new ArgumentError("pasid", pasid, "is not in 0–1048575");
  }
  const asked = (execute ? abi.PASID_EXECUTE : 0) + (privileged ? abi.PASID_PRIVILEGED : 0);
  return abi.PASID_PRESENT + asked + pasid;
}

/** The PASID of an argument as the module writes it. */
export function pasidOf(argument: number): number | undefined {
  return (argument & abi.PASID_PRESENT) === 0 ? undefined : argument & (2 ** (abi.PASID_HI + 1) - 1);
}
