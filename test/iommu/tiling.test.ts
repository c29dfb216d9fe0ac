import { describe, expect, test } from "vitest";
import * as capability from "../../assembly/spec/vtd/capability.ts";
import * as contextCommand from "../../assembly/spec/vtd/context-command.ts";
import * as contextEntry from "../../assembly/spec/vtd/context-entry.ts";
import * as descriptors from "../../assembly/spec/vtd/descriptors.ts";
import * as deviceTlb from "../../assembly/spec/vtd/device-tlb-descriptors.ts";
import * as event from "../../assembly/spec/vtd/event.ts";
import * as extended from "../../assembly/spec/vtd/extended-capability.ts";
import * as recording from "../../assembly/spec/vtd/fault-recording.ts";
import * as status from "../../assembly/spec/vtd/fault-status.ts";
import * as firstStage from "../../assembly/spec/vtd/first-stage.ts";
import * as global from "../../assembly/spec/vtd/global.ts";
import * as request from "../../assembly/spec/vtd/interrupt-request.ts";
import * as table from "../../assembly/spec/vtd/interrupt-table-address.ts";
import * as queue from "../../assembly/spec/vtd/invalidation-queue.ts";
import * as iotlb from "../../assembly/spec/vtd/iotlb-registers.ts";
import * as irte from "../../assembly/spec/vtd/irte.ts";
import * as requestDescriptor from "../../assembly/spec/vtd/page-request-descriptor.ts";
import * as pageRequest from "../../assembly/spec/vtd/page-request-queue.ts";
import * as pasid from "../../assembly/spec/vtd/pasid-descriptors.ts";
import * as pasidDirectory from "../../assembly/spec/vtd/pasid-directory-entry.ts";
import * as pasidTable from "../../assembly/spec/vtd/pasid-table-entry.ts";
import * as descriptor from "../../assembly/spec/vtd/posted-descriptor.ts";
import * as posted from "../../assembly/spec/vtd/posted-irte.ts";
import * as protectedMemory from "../../assembly/spec/vtd/protected-memory.ts";
import * as rootEntry from "../../assembly/spec/vtd/root-entry.ts";
import * as rootTable from "../../assembly/spec/vtd/root-table-address.ts";
import * as scalableContext from "../../assembly/spec/vtd/scalable-context-entry.ts";
import * as scalableRoot from "../../assembly/spec/vtd/scalable-root-entry.ts";
import * as secondStage from "../../assembly/spec/vtd/second-stage.ts";

type Module = Record<string, number>;

/** Each word of the specification: its names' prefix, its bits, and fields within fields. */
const WORDS: [module: Module, prefix: string, bits: number, within?: string[]][] = [
  [capability, "VER", 32],
  [capability, "CAP", 64],
  [extended, "ECAP", 64],
  [global, "GCMD", 32],
  [global, "GSTS", 32],
  [rootTable, "RTADDR", 64],
  [contextCommand, "CCMD", 64],
  [iotlb, "IVA", 64],
  [iotlb, "IOTLB", 64],
  [status, "FSTS", 32],
  [event, "EVENT_CONTROL", 32],
  [event, "EVENT_DATA", 32],
  [event, "EVENT_ADDRESS", 32],
  [event, "EVENT_UPPER_ADDRESS", 32],
  [recording, "FRCD", 128, ["FRCD_INTERRUPT_INDEX"]],
  [queue, "IQH", 64],
  [queue, "IQT", 64],
  [queue, "IQA", 64],
  [queue, "ICS", 32],
  [queue, "IQERCD", 64],
  [requestDescriptor, "PAGE_REQ", 256],
  [table, "IRTA", 64],
  [rootEntry, "ROOT", 128],
  [contextEntry, "CONTEXT", 128],
  [scalableRoot, "SM_ROOT", 128],
  [scalableContext, "SM_CONTEXT", 256],
  [pasidDirectory, "PASID_DIRECTORY", 64],
  [pasidDirectory, "PASID_INDEX", 20],
  [pasidTable, "PASID_ENTRY", 512],
  [firstStage, "FS", 64, ["FS_PAT_LARGE"]],
  [secondStage, "SS", 64],
  [irte, "IRTE", 128, ["IRTE_DST_XAPIC", "IRTE_SID_FIRST_BUS", "IRTE_SID_LAST_BUS"]],
  [posted, "POSTED", 128],
  [descriptor, "PID", 512, ["PID_NDST_XAPIC"]],
  [request, "REQUEST_ADDRESS", 32],
  [request, "REQUEST_DATA", 32],
  [descriptors, "CONTEXT_INV", 128],
  [descriptors, "IOTLB_INV", 128],
  [descriptors, "IEC_INV", 128],
  [descriptors, "WAIT", 128],
  [pasid, "PASID_INV", 256],
  [pasid, "PASID_IOTLB_INV", 256],
  [deviceTlb, "DEVICE_TLB_INV", 128],
  [deviceTlb, "PASID_DEVICE_TLB_INV", 256],
  [deviceTlb, "PAGE_RESPONSE", 256],
  [pageRequest, "PQH", 64],
  [pageRequest, "PQT", 64],
  [pageRequest, "PQA", 64],
  [pageRequest, "PRS", 32],
  [protectedMemory, "PMEN", 32],
  [protectedMemory, "PLMBASE", 32],
  [protectedMemory, "PLMLIMIT", 32],
  [protectedMemory, "PHMBASE", 64],
  [protectedMemory, "PHMLIMIT", 64],
];

/** The fields of a word, as [name, hi, lo]. */
function fields(module: Module, prefix: string, within: string[] = []): [string, number, number][] {
  return Object.keys(module)
    .filter((name) => name.startsWith(`${prefix}_`) && name.endsWith("_HI"))
    .map((name) => name.slice(0, -3))
    .filter((name) => !within.includes(name))
    .map((name) => [name, module[`${name}_HI`] as number, module[`${name}_LO`] as number]);
}

describe("every _HI/_LO pair of assembly/spec/vtd", () => {
  test.each(WORDS)("%# %s tiles its word: no hole, no overlap", (module, prefix, bits, within) => {
    const owners = Array.from({ length: bits }, (): string[] => []);
    for (const [name, hi, lo] of fields(module, prefix, within)) {
      expect(hi, name).toBeGreaterThanOrEqual(lo);
      for (let bit = lo; bit <= hi; bit++) owners[bit]?.push(name);
      expect(hi, name).toBeLessThan(bits);
    }
    expect(owners.map((names, bit) => [bit, names] as const).filter(([, names]) => names.length !== 1)).toEqual([]);
  });

  test("each belongs to one of these words, or lies within a field of one", () => {
    const known = new Set(WORDS.flatMap(([module, prefix]) => fields(module, prefix).map(([name]) => name)));
    const all = new Set(WORDS.map(([module]) => module));
    for (const module of all) {
      for (const name of Object.keys(module).filter((key) => key.endsWith("_HI"))) {
        if (name.startsWith("DESCRIPTOR_TYPE_")) continue;
        expect(known.has(name.slice(0, -3)), name).toBe(true);
      }
    }
    for (const [module, prefix, , within] of WORDS) {
      for (const name of within ?? []) {
        const [hi, lo] = [module[`${name}_HI`] as number, module[`${name}_LO`] as number];
        expect(fields(module, prefix, within).some(([, high, low]) => low <= lo && hi <= high)).toBe(true);
      }
    }
  });
});
