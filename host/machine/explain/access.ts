// Accesses in words.
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED, ACCESS_READ, ACCESS_WRITE } from "../../../assembly/spec/abi/iommu.ts";

const NAMES: readonly (readonly [bit: number, name: string])[] = [
  [ACCESS_READ, "read"],
  [ACCESS_WRITE, "write"],
  [ACCESS_EXECUTE, "execute"],
  [ACCESS_PRIVILEGED, "privileged"],
];

/** `read and write`, `no access`. */
export function accessText(access: number): string {
  const names = NAMES.filter(([bit]) => (access & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? "no access" : names.join(" and ");
}
