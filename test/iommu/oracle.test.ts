// The raw numbers of VT-d 5.10, transcribed a second time: [value here, value in assembly/spec/vtd].
import { expect, test } from "vitest";
import * as capability from "../../assembly/spec/vtd/capability.ts";
import * as contextCommand from "../../assembly/spec/vtd/context-command.ts";
import * as contextEntry from "../../assembly/spec/vtd/context-entry.ts";
import * as descriptors from "../../assembly/spec/vtd/descriptors.ts";
import * as deviceTlb from "../../assembly/spec/vtd/device-tlb-descriptors.ts";
import * as event from "../../assembly/spec/vtd/event.ts";
import * as extended from "../../assembly/spec/vtd/extended-capability.ts";
import * as reason from "../../assembly/spec/vtd/fault-reason.ts";
import * as recording from "../../assembly/spec/vtd/fault-recording.ts";
import * as status from "../../assembly/spec/vtd/fault-status.ts";
import * as global from "../../assembly/spec/vtd/global.ts";
import * as table from "../../assembly/spec/vtd/interrupt-table-address.ts";
import * as queue from "../../assembly/spec/vtd/invalidation-queue.ts";
import * as iotlb from "../../assembly/spec/vtd/iotlb-registers.ts";
import * as irte from "../../assembly/spec/vtd/irte.ts";
import * as pages from "../../assembly/spec/vtd/page-request-queue.ts";
import * as pasid from "../../assembly/spec/vtd/pasid-descriptors.ts";
import * as pid from "../../assembly/spec/vtd/posted-descriptor.ts";
import * as posted from "../../assembly/spec/vtd/posted-irte.ts";
import * as protect from "../../assembly/spec/vtd/protected-memory.ts";
import * as rootTable from "../../assembly/spec/vtd/root-table-address.ts";

test("§11.3 register offsets", () => {
  expect([capability.VER_REG, capability.CAP_REG, extended.ECAP_REG]).toEqual([0x00, 0x08, 0x10]);
  expect([global.GCMD_REG, global.GSTS_REG, rootTable.RTADDR_REG]).toEqual([0x18, 0x1c, 0x20]);
  expect([contextCommand.CCMD_REG, status.FSTS_REG]).toEqual([0x28, 0x34]);
  expect([event.FECTL_REG, event.FEDATA_REG, event.FEADDR_REG, event.FEUADDR_REG]).toEqual([0x38, 0x3c, 0x40, 0x44]);
  expect([queue.IQH_REG, queue.IQT_REG, queue.IQA_REG, queue.ICS_REG]).toEqual([0x80, 0x88, 0x90, 0x9c]);
  expect([event.IECTL_REG, event.IEDATA_REG, event.IEADDR_REG, event.IEUADDR_REG]).toEqual([0xa0, 0xa4, 0xa8, 0xac]);
  expect([queue.IQERCD_REG, table.IRTA_REG]).toEqual([0xb0, 0xb8]);
  expect([iotlb.IVA_REG_OFFSET, iotlb.IOTLB_REG_OFFSET, recording.FRCD_SIZE]).toEqual([0, 8, 16]);
});

test("§7.1.3 and §5.1.4.1 fault reasons", () => {
  const dma = [
    reason.FAULT_ROOT_NOT_PRESENT,
    reason.FAULT_CONTEXT_NOT_PRESENT,
    reason.FAULT_CONTEXT_INVALID,
    reason.FAULT_ADDRESS_BEYOND_WIDTH,
    reason.FAULT_WRITE_DENIED,
    reason.FAULT_READ_DENIED,
    reason.FAULT_TABLE_ACCESS,
    reason.FAULT_ROOT_ACCESS,
    reason.FAULT_CONTEXT_ACCESS,
    reason.FAULT_ROOT_RESERVED,
    reason.FAULT_CONTEXT_RESERVED,
    reason.FAULT_ENTRY_RESERVED,
    reason.FAULT_TYPE_BLOCKED,
    reason.FAULT_INTERRUPT_RANGE,
  ];
  expect(dma).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const interrupt = [
    reason.FAULT_INTERRUPT_REQUEST_RESERVED,
    reason.FAULT_INTERRUPT_INDEX,
    reason.FAULT_INTERRUPT_NOT_PRESENT,
    reason.FAULT_INTERRUPT_TABLE_ACCESS,
    reason.FAULT_INTERRUPT_ENTRY_RESERVED,
    reason.FAULT_INTERRUPT_COMPATIBILITY,
    reason.FAULT_INTERRUPT_SOURCE,
  ];
  expect(interrupt).toEqual([0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26]);
  expect([reason.FAULT_INTERRUPT_DESCRIPTOR_ACCESS, reason.FAULT_INTERRUPT_DESCRIPTOR_RESERVED]).toEqual([0x27, 0x28]);
  expect(reason.FAULT_INTERRUPT_MALFORMED).toBe(0x29);
  expect([reason.FAULT_INTERRUPT_EXTENDED_REQUIRED, reason.FAULT_INTERRUPT_REMAPPING_REQUIRED]).toEqual([0x2a, 0x2b]);
  expect([reason.FAULT_ROOT_ADDRESS_INVALID, reason.FAULT_PASID_IN_LEGACY_MODE]).toEqual([0x30, 0x31]);
});

test("places of fields", () => {
  expect([capability.CAP_ND_HI, capability.CAP_CM_LO, capability.CAP_SAGAW_LO, capability.CAP_MGAW_LO]).toEqual([
    2, 7, 8, 16,
  ]);
  expect([capability.CAP_FRO_LO, capability.CAP_SSLPS_LO, capability.CAP_PSI_LO]).toEqual([24, 34, 39]);
  expect([capability.CAP_NFR_LO, capability.CAP_MAMV_LO, capability.CAP_PI_LO]).toEqual([40, 48, 59]);
  expect([extended.ECAP_QI_LO, extended.ECAP_DT_LO, extended.ECAP_IR_LO, extended.ECAP_EIM_LO]).toEqual([1, 2, 3, 4]);
  expect([extended.ECAP_PT_LO, extended.ECAP_SC_LO, extended.ECAP_IRO_LO, extended.ECAP_MHMV_LO]).toEqual([
    6, 7, 8, 20,
  ]);
  expect([extended.ECAP_SMTS_LO, extended.ECAP_PASID_LO, extended.ECAP_NEST_LO]).toEqual([43, 40, 26]);
  expect([global.GCMD_TE_LO, global.GCMD_SRTP_LO, global.GCMD_QIE_LO]).toEqual([31, 30, 26]);
  expect([global.GCMD_IRE_LO, global.GCMD_SIRTP_LO, global.GCMD_CFI_LO]).toEqual([25, 24, 23]);
  expect([recording.FRCD_F_LO, recording.FRCD_T1_LO, recording.FRCD_FR_LO, recording.FRCD_SID_LO]).toEqual([
    127, 126, 96, 64,
  ]);
  expect([contextEntry.CONTEXT_TT_LO, contextEntry.CONTEXT_AW_LO, contextEntry.CONTEXT_DID_LO]).toEqual([2, 64, 72]);
  expect([irte.IRTE_SVT_LO, irte.IRTE_SQ_LO, irte.IRTE_SID_LO, irte.IRTE_DST_LO]).toEqual([82, 80, 64, 32]);
  expect([irte.IRTE_V_LO, irte.IRTE_IM_LO, irte.IRTE_DLM_LO, irte.IRTE_TM_LO]).toEqual([16, 15, 5, 4]);
  expect([posted.POSTED_PDAH_LO, posted.POSTED_PDAL_LO, posted.POSTED_VV_LO, posted.POSTED_URG_LO]).toEqual([
    96, 38, 16, 14,
  ]);
  expect([pid.PID_ON_LO, pid.PID_SN_LO, pid.PID_NV_LO, pid.PID_NDST_LO, pid.PID_NDST_XAPIC_LO]).toEqual([
    256, 257, 272, 288, 296,
  ]);
  expect([irte.IRTE_RH_LO, irte.IRTE_DM_LO, irte.IRTE_FPD_LO]).toEqual([3, 2, 1]);
  expect([descriptors.TYPE_CONTEXT, descriptors.TYPE_IOTLB, deviceTlb.TYPE_DEVICE_TLB]).toEqual([1, 2, 3]);
  expect([descriptors.TYPE_INTERRUPT_ENTRY, descriptors.TYPE_WAIT]).toEqual([4, 5]);
  expect([pasid.TYPE_PASID_IOTLB, pasid.TYPE_PASID_CACHE]).toEqual([6, 7]);
  expect([deviceTlb.TYPE_PASID_DEVICE_TLB, deviceTlb.TYPE_PAGE_GROUP_RESPONSE]).toEqual([8, 9]);
  expect([pasid.PASID_INV_PASID_LO, pasid.PASID_INV_DID_LO, pasid.PASID_INV_G_LO]).toEqual([32, 16, 4]);
  expect([pasid.PASID_IOTLB_INV_ADDR_LO, pasid.PASID_IOTLB_INV_IH_LO, pasid.PASID_IOTLB_INV_AM_LO]).toEqual([
    76, 70, 64,
  ]);
  expect([deviceTlb.DEVICE_TLB_INV_SID_LO, deviceTlb.DEVICE_TLB_INV_S_LO]).toEqual([32, 64]);
  expect([deviceTlb.PASID_DEVICE_TLB_INV_SID_LO, deviceTlb.PASID_DEVICE_TLB_INV_S_LO]).toEqual([16, 75]);
  expect([deviceTlb.PAGE_RESPONSE_PP_LO, deviceTlb.PAGE_RESPONSE_RC_LO, deviceTlb.PAGE_RESPONSE_PRGI_LO]).toEqual([
    4, 12, 67,
  ]);
  expect([protect.PMEN_REG, protect.PLMBASE_REG, protect.PLMLIMIT_REG]).toEqual([0x64, 0x68, 0x6c]);
  expect([protect.PHMBASE_REG, protect.PHMLIMIT_REG]).toEqual([0x70, 0x78]);
  expect([pages.PQH_REG, pages.PQT_REG, pages.PQA_REG, pages.PRS_REG]).toEqual([0xc0, 0xc8, 0xd0, 0xdc]);
  expect([event.PECTL_REG, event.PEDATA_REG, event.PEADDR_REG, event.PEUADDR_REG]).toEqual([0xe0, 0xe4, 0xe8, 0xec]);
  expect([descriptors.IOTLB_INV_AM_LO, descriptors.IOTLB_INV_IH_LO, descriptors.IEC_INV_IM_LO]).toEqual([64, 70, 27]);
  expect([status.FSTS_PFO_LO, status.FSTS_PPF_LO, status.FSTS_IQE_LO, status.FSTS_FRI_LO]).toEqual([0, 1, 4, 8]);
});
