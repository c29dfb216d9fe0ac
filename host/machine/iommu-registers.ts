// The unit's register block as data: which bits software writes, which it clears by writing 1, what reset leaves.
// Side effects are assembly/iommu/registers.ts.
import * as cap from "../../assembly/spec/vtd/capability.ts";
import * as ccmd from "../../assembly/spec/vtd/context-command.ts";
import * as event from "../../assembly/spec/vtd/event.ts";
import * as ecap from "../../assembly/spec/vtd/extended-capability.ts";
import * as frcd from "../../assembly/spec/vtd/fault-recording.ts";
import * as fsts from "../../assembly/spec/vtd/fault-status.ts";
import * as irta from "../../assembly/spec/vtd/interrupt-table-address.ts";
import * as queue from "../../assembly/spec/vtd/invalidation-queue.ts";
import * as iotlb from "../../assembly/spec/vtd/iotlb-registers.ts";
import * as pages from "../../assembly/spec/vtd/page-request-queue.ts";
import * as protect from "../../assembly/spec/vtd/protected-memory.ts";
import * as root from "../../assembly/spec/vtd/root-table-address.ts";
import { dwordMask } from "../core/bits.ts";
import type { IommuCapabilities } from "./iommu-capabilities.ts";
import type { CapabilityRegisters } from "./iommu-capability-registers.ts";

/** Fields as pairs of bit numbers, `[hi, lo]`. */
type Fields = readonly (readonly [number, number])[];

/** One register of 32, 64 or 128 bits; what is in neither list is read-only. */
export interface IommuRegisterRow {
  offset: number;
  dwords: 1 | 2 | 4;
  rw?: Fields;
  w1c?: Fields;
  /** Value after reset, a dword each. */
  reset?: ArrayLike<number>;
}

/** The rows of a unit; what a missing capability makes RsvdZ has no row. */
export function registerRows(options: IommuCapabilities, registers: CapabilityRegisters): IommuRegisterRow[] {
  const top = options.hostAddressWidth - 1;
  const maskedAtReset = [dwordMask(event.EVENT_CONTROL_IM_HI, event.EVENT_CONTROL_IM_LO, 0)];
  const iva = options.iotlbOffset;
  const rows: IommuRegisterRow[] = [
    { offset: cap.VER_REG, dwords: 1, reset: [registers.version] },
    { offset: cap.CAP_REG, dwords: 2, reset: registers.capability },
    { offset: ecap.ECAP_REG, dwords: 2, reset: registers.extended },
    {
      offset: root.RTADDR_REG,
      dwords: 2,
      rw: [
        [top, root.RTADDR_RTA_LO],
        [root.RTADDR_TTM_HI, root.RTADDR_TTM_LO],
      ],
    },
    {
      offset: ccmd.CCMD_REG,
      dwords: 2,
      rw: [
        [ccmd.CCMD_ICC_HI, ccmd.CCMD_CIRG_LO],
        [ccmd.CCMD_FM_HI, ccmd.CCMD_FM_LO],
        [ccmd.CCMD_SID_HI, ccmd.CCMD_DID_LO],
      ],
    },
    { offset: fsts.FSTS_REG, dwords: 1, w1c: statusBits(options) },
    ...eventRows(event.FECTL_REG, maskedAtReset, options),
    {
      offset: iva + iotlb.IVA_REG_OFFSET,
      dwords: 2,
      rw: [
        [iotlb.IVA_ADDR_HI, iotlb.IVA_ADDR_LO],
        [iotlb.IVA_IH_HI, iotlb.IVA_AM_LO],
      ],
    },
    {
      offset: iva + iotlb.IOTLB_REG_OFFSET,
      dwords: 2,
      rw: [
        [iotlb.IOTLB_IVT_HI, iotlb.IOTLB_IVT_LO],
        [iotlb.IOTLB_IIRG_HI, iotlb.IOTLB_IIRG_LO],
        [iotlb.IOTLB_DR_HI, iotlb.IOTLB_DID_LO],
      ],
    },
  ];
  for (let index = 0; index < options.faultRecords; index++) {
    const offset = options.faultOffset + index * frcd.FRCD_SIZE;
    rows.push({ offset, dwords: 4, w1c: [[frcd.FRCD_F_HI, frcd.FRCD_F_LO]] });
  }
  rows.push(...protectedRows(top, options));
  if (options.queuedInvalidation) rows.push(...queueRows(top), ...eventRows(event.IECTL_REG, maskedAtReset, options));
  if (options.pageRequests) rows.push(...pageRequestRows(top), ...eventRows(event.PECTL_REG, maskedAtReset, options));
  if (options.interruptRemapping) {
    const rw: [number, number][] = [
      [top, irta.IRTA_IRTA_LO],
      [irta.IRTA_S_HI, irta.IRTA_S_LO],
    ];
    if (options.extendedInterruptMode) rw.push([irta.IRTA_EIME_HI, irta.IRTA_EIME_LO]);
    rows.push({ offset: irta.IRTA_REG, dwords: 2, rw });
  }
  return rows;
}

function statusBits(options: IommuCapabilities): Fields {
  const bits: [number, number][] = [[fsts.FSTS_PFO_HI, fsts.FSTS_PFO_LO]];
  if (options.queuedInvalidation) bits.push([fsts.FSTS_IQE_HI, fsts.FSTS_IQE_LO]);
  if (options.deviceTlb) bits.push([fsts.FSTS_ICE_HI, fsts.FSTS_ICE_LO], [fsts.FSTS_ITE_HI, fsts.FSTS_ITE_LO]);
  return bits;
}

/** The four registers of an event from its control register on. An address has an upper half in x2APIC's days only. */
function eventRows(control: number, reset: ArrayLike<number>, options: IommuCapabilities): IommuRegisterRow[] {
  const place = (register: number): number => register - event.FECTL_REG + control;
  const rows: IommuRegisterRow[] = [
    { offset: control, dwords: 1, rw: [[event.EVENT_CONTROL_IM_HI, event.EVENT_CONTROL_IM_LO]], reset },
    { offset: place(event.FEDATA_REG), dwords: 1, rw: [[event.EVENT_DATA_IMD_HI, event.EVENT_DATA_IMD_LO]] },
    { offset: place(event.FEADDR_REG), dwords: 1, rw: [[event.EVENT_ADDRESS_MA_HI, event.EVENT_ADDRESS_MA_LO]] },
  ];
  const upper: [number, number] = [event.EVENT_UPPER_ADDRESS_MUA_HI, event.EVENT_UPPER_ADDRESS_MUA_LO];
  if (options.extendedInterruptMode) rows.push({ offset: place(event.FEUADDR_REG), dwords: 1, rw: [upper] });
  return rows;
}

function queueRows(top: number): IommuRegisterRow[] {
  return [
    { offset: queue.IQH_REG, dwords: 2 },
    { offset: queue.IQT_REG, dwords: 2, rw: [[queue.IQT_QT_HI, queue.IQT_QT_LO]] },
    {
      offset: queue.IQA_REG,
      dwords: 2,
      rw: [
        [top, queue.IQA_IQA_LO],
        [queue.IQA_DW_HI, queue.IQA_DW_LO],
        [queue.IQA_QS_HI, queue.IQA_QS_LO],
      ],
    },
    { offset: queue.ICS_REG, dwords: 1, w1c: [[queue.ICS_IWC_HI, queue.ICS_IWC_LO]] },
    { offset: queue.IQERCD_REG, dwords: 2 },
  ];
}

function pageRequestRows(top: number): IommuRegisterRow[] {
  return [
    { offset: pages.PQH_REG, dwords: 2, rw: [[pages.PQH_PQH_HI, pages.PQH_PQH_LO]] },
    { offset: pages.PQT_REG, dwords: 2, rw: [[pages.PQT_PQT_HI, pages.PQT_PQT_LO]] },
    {
      offset: pages.PQA_REG,
      dwords: 2,
      rw: [
        [top, pages.PQA_PQA_LO],
        [pages.PQA_PQS_HI, pages.PQA_PQS_LO],
      ],
    },
    {
      offset: pages.PRS_REG,
      dwords: 1,
      w1c: [
        [pages.PRS_PRO_HI, pages.PRS_PRO_LO],
        [pages.PRS_PPR_HI, pages.PRS_PPR_LO],
      ],
    },
  ];
}

function protectedRows(top: number, options: IommuCapabilities): IommuRegisterRow[] {
  const rows: IommuRegisterRow[] = [];
  if (options.protectedLow || options.protectedHigh) {
    rows.push({ offset: protect.PMEN_REG, dwords: 1, rw: [[protect.PMEN_EPM_HI, protect.PMEN_EPM_LO]] });
  }
  if (options.protectedLow) {
    rows.push({ offset: protect.PLMBASE_REG, dwords: 1, rw: [[protect.PLMBASE_PLMB_HI, protect.PLMBASE_PLMB_LO]] });
    rows.push({ offset: protect.PLMLIMIT_REG, dwords: 1, rw: [[protect.PLMLIMIT_PLML_HI, protect.PLMLIMIT_PLML_LO]] });
  }
  if (options.protectedHigh) {
    rows.push({ offset: protect.PHMBASE_REG, dwords: 2, rw: [[top, protect.PHMBASE_PHMB_LO]] });
    rows.push({ offset: protect.PHMLIMIT_REG, dwords: 2, rw: [[top, protect.PHMLIMIT_PHML_LO]] });
  }
  return rows;
}

/** The dwords of RW masks, W1C masks and reset values that the rows describe, each for the whole block. */
export function registerTables(
  rows: readonly IommuRegisterRow[],
  bytes: number,
): { rw: Uint32Array; w1c: Uint32Array; reset: Uint32Array } {
  const tables = { rw: new Uint32Array(bytes / 4), w1c: new Uint32Array(bytes / 4), reset: new Uint32Array(bytes / 4) };
  for (const row of rows) {
    for (let dword = 0; dword < row.dwords; dword++) {
      const place = row.offset / 4 + dword;
      const masks = (fields: Fields | undefined): number =>
        (fields ?? []).reduce((sum, [hi, lo]) => sum | dwordMask(hi, lo, dword), 0);
      tables.rw[place] = masks(row.rw);
      tables.w1c[place] = masks(row.w1c);
      tables.reset[place] = row.reset?.[dword] ?? 0;
    }
  }
  return tables;
}
