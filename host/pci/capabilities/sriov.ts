// PCIe 6.0 §9.3.3 SR-IOV as data. What enabling VFs does, and when NumVFs may change, is sriov.ts of the folder above.
import * as header from "../../../assembly/spec/pci/header.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as sriov from "../../../assembly/spec/pci/sriov.ts";
import { ArgumentError } from "../../core/errors.ts";
import { barRows } from "../bar.ts";
import type { Capability } from "../capability.ts";
import type { RegisterRow } from "../config-space.ts";
import { type Fields, only, pack, row } from "./fields.ts";

/** One memory BAR that every VF has. */
export interface VfBar {
  /** 0–5; a 64-bit BAR takes the next one too. */
  index: number;
  kind: "memory32" | "memory64";
  prefetchable: boolean;
  /** Bytes of one VF's share: a power of two, 4 KiB to 2 GiB. */
  size: number;
}

export interface SriovOptions {
  /** Values of SRIOV_* fields at power-up. */
  fields: Fields<typeof sriov>;
  bars: readonly VfBar[];
  /** True in the device's first PF: only there ARI Capable Hierarchy can be set (§9.3.3.3.5). */
  ariControl: boolean;
}

/** Throws ArgumentError for a BAR that cannot be. */
export function sriovCapability(options: SriovOptions): Capability {
  const { fields } = options;
  const migration = Number(fields.SRIOV_CAP_VF_MIGRATION ?? 0) !== 0;
  const rows: RegisterRow[] = [
    row(sriov, "SRIOV_CAP", fields),
    row(sriov, "SRIOV_CTL", fields, {
      rw: only(
        "SRIOV_CTL_VF_ENABLE",
        "SRIOV_CTL_VF_MSE",
        migration && "SRIOV_CTL_MIGRATION_ENABLE",
        migration && "SRIOV_CTL_MIGRATION_INTERRUPT",
        options.ariControl && "SRIOV_CTL_ARI_CAPABLE",
        Number(fields.SRIOV_CAP_TAG10 ?? 0) !== 0 && "SRIOV_CTL_TAG10",
      ),
    }),
    row(sriov, "SRIOV_STA", fields, { w1c: only(migration && "SRIOV_STA_MIGRATION") }),
    row(sriov, "SRIOV_INITIAL_VFS", fields),
    row(sriov, "SRIOV_TOTAL_VFS", fields),
    row(sriov, "SRIOV_NUM_VFS", fields, { rw: ["SRIOV_NUM_VFS_VALUE"] }),
    row(sriov, "SRIOV_DEPENDENCY_LINK", fields),
    row(sriov, "SRIOV_VF_OFFSET", fields),
    row(sriov, "SRIOV_VF_STRIDE", fields),
    row(sriov, "SRIOV_VF_DEVICE_ID", fields),
    row(sriov, "SRIOV_SUPPORTED_PAGES", fields),
    {
      ...row(sriov, "SRIOV_SYSTEM_PAGE", fields),
      rw: pack(sriov, { SRIOV_SUPPORTED_PAGES_SIZES: fields.SRIOV_SUPPORTED_PAGES_SIZES }),
    },
    ...vfBarRows(options.bars),
    row(sriov, "SRIOV_MIGRATION_ARRAY", fields),
  ];
  return { id: ids.EXT_CAP_SRIOV, version: 1, extended: true, length: sriov.SRIOV_LENGTH, rows };
}

function vfBarRows(bars: readonly VfBar[]): RegisterRow[] {
  const rows = new Map<number, RegisterRow>();
  const end = sriov.SRIOV_VF_BAR0 + header.BAR_SIZE * sriov.SRIOV_VF_BAR_COUNT;
  for (const bar of bars) {
    if (!Number.isInteger(Math.log2(bar.size)) || bar.size < 0x1000 || bar.size > 0x8000_0000) {
      throw new ArgumentError("size", bar.size, "is not a power of two from 4 KiB to 2 GiB");
    }
    for (const row of barRows(bar, sriov.SRIOV_VF_BAR0 + header.BAR_SIZE * bar.index)) {
      if (row.offset < sriov.SRIOV_VF_BAR0 || row.offset >= end || rows.has(row.offset)) {
        throw new ArgumentError("index", bar.index, "is not a free VF BAR");
      }
      rows.set(row.offset, row);
    }
  }
  return [...rows.values()];
}
