// The structures of VT-d 5.10 chapter 9 as an explanation shows them: names and places of their fields.
import * as ctx from "../../../assembly/spec/vtd/context-entry.ts";
import * as fs from "../../../assembly/spec/vtd/first-stage.ts";
import * as irte from "../../../assembly/spec/vtd/irte.ts";
import * as dir from "../../../assembly/spec/vtd/pasid-directory-entry.ts";
import * as pe from "../../../assembly/spec/vtd/pasid-table-entry.ts";
import * as pid from "../../../assembly/spec/vtd/posted-descriptor.ts";
import * as posted from "../../../assembly/spec/vtd/posted-irte.ts";
import * as root from "../../../assembly/spec/vtd/root-entry.ts";
import * as smctx from "../../../assembly/spec/vtd/scalable-context-entry.ts";
import * as smroot from "../../../assembly/spec/vtd/scalable-root-entry.ts";
import * as ss from "../../../assembly/spec/vtd/second-stage.ts";
import type { Structure } from "./trail.ts";

export const ROOT_ENTRY: Structure = {
  name: "root-entry",
  clause: "VT-d 5.10 §9.1",
  size: root.ROOT_ENTRY_SIZE,
  fields: [
    ["CTP", root.ROOT_CTP_HI, root.ROOT_CTP_LO],
    ["P", root.ROOT_P_HI, root.ROOT_P_LO],
  ],
  present: root.ROOT_P_LO,
};

export const CONTEXT_ENTRY: Structure = {
  name: "context-entry",
  clause: "VT-d 5.10 §9.3",
  size: ctx.CONTEXT_ENTRY_SIZE,
  fields: [
    ["DID", ctx.CONTEXT_DID_HI, ctx.CONTEXT_DID_LO],
    ["AW", ctx.CONTEXT_AW_HI, ctx.CONTEXT_AW_LO],
    ["SSPTPTR", ctx.CONTEXT_SSPTPTR_HI, ctx.CONTEXT_SSPTPTR_LO],
    ["TT", ctx.CONTEXT_TT_HI, ctx.CONTEXT_TT_LO],
    ["FPD", ctx.CONTEXT_FPD_HI, ctx.CONTEXT_FPD_LO],
    ["P", ctx.CONTEXT_P_HI, ctx.CONTEXT_P_LO],
  ],
  present: ctx.CONTEXT_P_LO,
};

export const SCALABLE_ROOT_ENTRY: Structure = {
  name: "scalable-mode root-entry",
  clause: "VT-d 5.10 §9.2",
  size: smroot.SM_ROOT_ENTRY_SIZE,
  fields: [
    ["UCTP", smroot.SM_ROOT_UCTP_HI, smroot.SM_ROOT_UCTP_LO],
    ["UP", smroot.SM_ROOT_UP_HI, smroot.SM_ROOT_UP_LO],
    ["LCTP", smroot.SM_ROOT_LCTP_HI, smroot.SM_ROOT_LCTP_LO],
    ["LP", smroot.SM_ROOT_LP_HI, smroot.SM_ROOT_LP_LO],
  ],
  present: undefined,
};

export const SCALABLE_CONTEXT_ENTRY: Structure = {
  name: "scalable-mode context-entry",
  clause: "VT-d 5.10 §9.4",
  size: smctx.SM_CONTEXT_ENTRY_SIZE,
  fields: [
    ["RID_PRIV", smctx.SM_CONTEXT_RID_PRIV_HI, smctx.SM_CONTEXT_RID_PRIV_LO],
    ["RID_PASID", smctx.SM_CONTEXT_RID_PASID_HI, smctx.SM_CONTEXT_RID_PASID_LO],
    ["PASIDDIRPTR", smctx.SM_CONTEXT_PASIDDIRPTR_HI, smctx.SM_CONTEXT_PASIDDIRPTR_LO],
    ["PDTS", smctx.SM_CONTEXT_PDTS_HI, smctx.SM_CONTEXT_PDTS_LO],
    ["EPTR", smctx.SM_CONTEXT_EPTR_HI, smctx.SM_CONTEXT_EPTR_LO],
    ["HPTE", smctx.SM_CONTEXT_HPTE_HI, smctx.SM_CONTEXT_HPTE_LO],
    ["PRE", smctx.SM_CONTEXT_PRE_HI, smctx.SM_CONTEXT_PRE_LO],
    ["PASIDE", smctx.SM_CONTEXT_PASIDE_HI, smctx.SM_CONTEXT_PASIDE_LO],
    ["DTE", smctx.SM_CONTEXT_DTE_HI, smctx.SM_CONTEXT_DTE_LO],
    ["FPD", smctx.SM_CONTEXT_FPD_HI, smctx.SM_CONTEXT_FPD_LO],
    ["P", smctx.SM_CONTEXT_P_HI, smctx.SM_CONTEXT_P_LO],
  ],
  present: smctx.SM_CONTEXT_P_LO,
};

export const PASID_DIRECTORY_ENTRY: Structure = {
  name: "scalable-mode PASID-directory entry",
  clause: "VT-d 5.10 §9.5",
  size: dir.PASID_DIRECTORY_ENTRY_SIZE,
  fields: [
    ["SMPTBLPTR", dir.PASID_DIRECTORY_SMPTBLPTR_HI, dir.PASID_DIRECTORY_SMPTBLPTR_LO],
    ["FPD", dir.PASID_DIRECTORY_FPD_HI, dir.PASID_DIRECTORY_FPD_LO],
    ["P", dir.PASID_DIRECTORY_P_HI, dir.PASID_DIRECTORY_P_LO],
  ],
  present: dir.PASID_DIRECTORY_P_LO,
};

export const PASID_TABLE_ENTRY: Structure = {
  name: "scalable-mode PASID-table entry",
  clause: "VT-d 5.10 §9.6",
  size: pe.PASID_ENTRY_SIZE,
  fields: [
    ["FSPTPTR", pe.PASID_ENTRY_FSPTPTR_HI, pe.PASID_ENTRY_FSPTPTR_LO],
    ["EAFE", pe.PASID_ENTRY_EAFE_HI, pe.PASID_ENTRY_EAFE_LO],
    ["WPE", pe.PASID_ENTRY_WPE_HI, pe.PASID_ENTRY_WPE_LO],
    ["FSPM", pe.PASID_ENTRY_FSPM_HI, pe.PASID_ENTRY_FSPM_LO],
    ["SRE", pe.PASID_ENTRY_SRE_HI, pe.PASID_ENTRY_SRE_LO],
    ["PAT", pe.PASID_ENTRY_PAT_HI, pe.PASID_ENTRY_PAT_LO],
    ["EMTE", pe.PASID_ENTRY_EMTE_HI, pe.PASID_ENTRY_EMTE_LO],
    ["CD", pe.PASID_ENTRY_CD_HI, pe.PASID_ENTRY_CD_LO],
    ["PGSNP", pe.PASID_ENTRY_PGSNP_HI, pe.PASID_ENTRY_PGSNP_LO],
    ["PWSNP", pe.PASID_ENTRY_PWSNP_HI, pe.PASID_ENTRY_PWSNP_LO],
    ["DID", pe.PASID_ENTRY_DID_HI, pe.PASID_ENTRY_DID_LO],
    ["SSPTPTR", pe.PASID_ENTRY_SSPTPTR_HI, pe.PASID_ENTRY_SSPTPTR_LO],
    ["SSADE", pe.PASID_ENTRY_SSADE_HI, pe.PASID_ENTRY_SSADE_LO],
    ["PGTT", pe.PASID_ENTRY_PGTT_HI, pe.PASID_ENTRY_PGTT_LO],
    ["AW", pe.PASID_ENTRY_AW_HI, pe.PASID_ENTRY_AW_LO],
    ["FPD", pe.PASID_ENTRY_FPD_HI, pe.PASID_ENTRY_FPD_LO],
    ["P", pe.PASID_ENTRY_P_HI, pe.PASID_ENTRY_P_LO],
  ],
  present: pe.PASID_ENTRY_P_LO,
};

/** Levels from the leaf table upwards. */
const LEVELS = ["PTE", "PDE", "PDPE", "PML4E", "PML5E"];

export const SECOND_STAGE_ENTRIES: readonly Structure[] = LEVELS.map((name) => ({
  name: `SS-${name}`,
  clause: "VT-d 5.10 §9.8",
  size: ss.SS_ENTRY_SIZE,
  fields: [
    ["ADDR", ss.SS_ADDR_HI, ss.SS_ADDR_LO],
    ["SNP", ss.SS_SNP_HI, ss.SS_SNP_LO],
    ["D", ss.SS_D_HI, ss.SS_D_LO],
    ["A", ss.SS_A_HI, ss.SS_A_LO],
    ["PS", ss.SS_PS_HI, ss.SS_PS_LO],
    ["W", ss.SS_W_HI, ss.SS_W_LO],
    ["R", ss.SS_R_HI, ss.SS_R_LO],
  ],
  present: undefined,
}));

export const FIRST_STAGE_ENTRIES: readonly Structure[] = LEVELS.map((name) => ({
  name: `FS-${name}`,
  clause: "VT-d 5.10 §9.7",
  size: fs.FS_ENTRY_SIZE,
  fields: [
    ["ADDR", fs.FS_ADDR_HI, fs.FS_ADDR_LO],
    ["EA", fs.FS_EA_HI, fs.FS_EA_LO],
    ["PS", fs.FS_PS_HI, fs.FS_PS_LO],
    ["D", fs.FS_D_HI, fs.FS_D_LO],
    ["A", fs.FS_A_HI, fs.FS_A_LO],
    ["U/S", fs.FS_US_HI, fs.FS_US_LO],
    ["R/W", fs.FS_RW_HI, fs.FS_RW_LO],
    ["P", fs.FS_P_HI, fs.FS_P_LO],
  ],
  present: fs.FS_P_LO,
}));

export const REMAPPED_ENTRY: Structure = {
  name: "IRTE (remapped)",
  clause: "VT-d 5.10 §9.9",
  size: irte.IRTE_SIZE,
  fields: [
    ["SVT", irte.IRTE_SVT_HI, irte.IRTE_SVT_LO],
    ["SQ", irte.IRTE_SQ_HI, irte.IRTE_SQ_LO],
    ["SID", irte.IRTE_SID_HI, irte.IRTE_SID_LO],
    ["DST", irte.IRTE_DST_HI, irte.IRTE_DST_LO],
    ["V", irte.IRTE_V_HI, irte.IRTE_V_LO],
    ["IM", irte.IRTE_IM_HI, irte.IRTE_IM_LO],
    ["AVAIL", irte.IRTE_AVAIL_HI, irte.IRTE_AVAIL_LO],
    ["DLM", irte.IRTE_DLM_HI, irte.IRTE_DLM_LO],
    ["TM", irte.IRTE_TM_HI, irte.IRTE_TM_LO],
    ["RH", irte.IRTE_RH_HI, irte.IRTE_RH_LO],
    ["DM", irte.IRTE_DM_HI, irte.IRTE_DM_LO],
    ["FPD", irte.IRTE_FPD_HI, irte.IRTE_FPD_LO],
    ["P", irte.IRTE_P_HI, irte.IRTE_P_LO],
  ],
  present: irte.IRTE_P_LO,
};

export const POSTED_ENTRY: Structure = {
  name: "IRTE (posted)",
  clause: "VT-d 5.10 §9.10",
  size: irte.IRTE_SIZE,
  fields: [
    ["PDAH", posted.POSTED_PDAH_HI, posted.POSTED_PDAH_LO],
    ["SVT", posted.POSTED_SVT_HI, posted.POSTED_SVT_LO],
    ["SQ", posted.POSTED_SQ_HI, posted.POSTED_SQ_LO],
    ["SID", posted.POSTED_SID_HI, posted.POSTED_SID_LO],
    ["PDAL", posted.POSTED_PDAL_HI, posted.POSTED_PDAL_LO],
    ["VV", posted.POSTED_VV_HI, posted.POSTED_VV_LO],
    ["IM", posted.POSTED_IM_HI, posted.POSTED_IM_LO],
    ["URG", posted.POSTED_URG_HI, posted.POSTED_URG_LO],
    ["AVAIL", posted.POSTED_AVAIL_HI, posted.POSTED_AVAIL_LO],
    ["FPD", posted.POSTED_FPD_HI, posted.POSTED_FPD_LO],
    ["P", posted.POSTED_P_HI, posted.POSTED_P_LO],
  ],
  present: posted.POSTED_P_LO,
};

export const POSTED_DESCRIPTOR: Structure = {
  name: "posted-interrupt descriptor",
  clause: "VT-d 5.10 §9.11",
  size: pid.PID_SIZE,
  fields: [
    ["NDST", pid.PID_NDST_HI, pid.PID_NDST_LO],
    ["NV", pid.PID_NV_HI, pid.PID_NV_LO],
    ["SN", pid.PID_SN_HI, pid.PID_SN_LO],
    ["ON", pid.PID_ON_HI, pid.PID_ON_LO],
  ],
  present: undefined,
};
