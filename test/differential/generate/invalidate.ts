// Invalidation commands, by register or through a queue of the case's own.
import * as ccmd from "../../../assembly/spec/vtd/context-command.ts";
import * as inv from "../../../assembly/spec/vtd/descriptors.ts";
import { IQA_DW_HI, IQA_DW_LO } from "../../../assembly/spec/vtd/invalidation-queue.ts";
import * as iotlb from "../../../assembly/spec/vtd/iotlb-registers.ts";
import * as pasid from "../../../assembly/spec/vtd/pasid-descriptors.ts";
import { field, whole } from "./choice.ts";
import type { Script } from "./script.ts";

const QUEUE_BYTES = 4096n;

export interface Pages {
  domain: number;
  address: bigint;
  /** log2 of the pages. */
  mask: number;
  hint: boolean;
}

/** A queue of one page; without one, commands go through registers. */
export class Invalidator {
  readonly #script: Script;
  readonly #queue: bigint | undefined;
  /** Descriptors of 256 bits, as scalable mode wants them (§6.5.2.11 table 26). */
  readonly #wide: boolean;
  #tail = 0n;

  constructor(script: Script, queued: boolean, wide: boolean = false) {
    this.#script = script;
    this.#wide = wide;
    if (!queued) return;
    const queue = script.page();
    this.#queue = queue;
    script.needed(() => {
      script.register("IQT", 0);
      script.register("IQA", queue | (wide ? whole(IQA_DW_HI, IQA_DW_LO) : 0n));
      script.command({ QIE: true });
    });
  }

  /** Context entries: of all, of a domain, of a requester and those that differ in the masked function bits. */
  contexts(scope: "all" | { domain: number } | { domain: number; requester: number; mask: number }): void {
    const [granularity, domain, requester, mask] =
      scope === "all"
        ? [inv.GRANULARITY_GLOBAL, 0, 0, 0]
        : "requester" in scope
          ? [inv.GRANULARITY_FINE, scope.domain, scope.requester, scope.mask]
          : [inv.GRANULARITY_DOMAIN, scope.domain, 0, 0];
    if (this.#queue === undefined) {
      const command =
        field(ccmd.CCMD_ICC_HI, ccmd.CCMD_ICC_LO, 1) |
        field(ccmd.CCMD_CIRG_HI, ccmd.CCMD_CIRG_LO, granularity) |
        field(ccmd.CCMD_FM_HI, ccmd.CCMD_FM_LO, mask) |
        field(ccmd.CCMD_SID_HI, ccmd.CCMD_SID_LO, requester) |
        field(ccmd.CCMD_DID_HI, ccmd.CCMD_DID_LO, domain);
      this.#script.needed(() => this.#script.register("CCMD", command));
      return;
    }
    this.submit(
      field(inv.CONTEXT_INV_TYPE_LOW_HI, inv.CONTEXT_INV_TYPE_LOW_LO, inv.TYPE_CONTEXT) |
        field(inv.CONTEXT_INV_G_HI, inv.CONTEXT_INV_G_LO, granularity) |
        field(inv.CONTEXT_INV_DID_HI, inv.CONTEXT_INV_DID_LO, domain) |
        field(inv.CONTEXT_INV_SID_HI, inv.CONTEXT_INV_SID_LO, requester) |
        field(inv.CONTEXT_INV_FM_HI, inv.CONTEXT_INV_FM_LO, mask),
    );
  }

  /** Translations: of all, of a domain, of pages. */
  translations(scope: "all" | { domain: number } | Pages): void {
    const pages = typeof scope === "object" && "address" in scope ? scope : undefined;
    const domain = scope === "all" ? 0 : scope.domain;
    const granularity =
      scope === "all" ? inv.GRANULARITY_GLOBAL : pages ? inv.GRANULARITY_FINE : inv.GRANULARITY_DOMAIN;
    const where =
      pages === undefined
        ? 0n
        : (pages.address & ~0xfffn) |
          field(iotlb.IVA_AM_HI, iotlb.IVA_AM_LO, pages.mask) |
          field(iotlb.IVA_IH_HI, iotlb.IVA_IH_LO, Number(pages.hint));
    if (this.#queue === undefined) {
      const command =
        field(iotlb.IOTLB_IVT_HI, iotlb.IOTLB_IVT_LO, 1) |
        field(iotlb.IOTLB_IIRG_HI, iotlb.IOTLB_IIRG_LO, granularity) |
        field(iotlb.IOTLB_DID_HI, iotlb.IOTLB_DID_LO, domain);
      this.#script.needed(() => {
        this.#script.register("IVA", where);
        this.#script.register("IOTLB", command);
      });
      return;
    }
    this.submit(
      field(inv.IOTLB_INV_TYPE_LOW_HI, inv.IOTLB_INV_TYPE_LOW_LO, inv.TYPE_IOTLB) |
        field(inv.IOTLB_INV_G_HI, inv.IOTLB_INV_G_LO, granularity) |
        field(inv.IOTLB_INV_DID_HI, inv.IOTLB_INV_DID_LO, domain),
      where,
    );
  }

  /** Interrupt entries: all of them, or 2^mask from an index on. Needs a queue. */
  interruptEntries(scope: "all" | { index: number; mask: number }): void {
    const fine = scope === "all" ? 0 : 1;
    const { index, mask } = scope === "all" ? { index: 0, mask: 0 } : scope;
    this.submit(
      field(inv.IEC_INV_TYPE_LOW_HI, inv.IEC_INV_TYPE_LOW_LO, inv.TYPE_INTERRUPT_ENTRY) |
        field(inv.IEC_INV_G_HI, inv.IEC_INV_G_LO, fine) |
        field(inv.IEC_INV_IIDX_HI, inv.IEC_INV_IIDX_LO, index) |
        field(inv.IEC_INV_IM_HI, inv.IEC_INV_IM_LO, mask),
    );
  }

  /** A wait descriptor that writes `data` to `address`. */
  wait(address: bigint, data: number): void {
    this.submit(
      field(inv.WAIT_TYPE_LOW_HI, inv.WAIT_TYPE_LOW_LO, inv.TYPE_WAIT) |
        field(inv.WAIT_SW_HI, inv.WAIT_SW_LO, 1) |
        field(inv.WAIT_DATA_HI, inv.WAIT_DATA_LO, data),
      address,
    );
  }

  /** PASID-table entries of all domains, then translations of every kind: nothing cached is left of these domains. */
  everything(domains: readonly number[]): void {
    this.contexts("all");
    this.submit(
      field(pasid.PASID_INV_TYPE_LOW_HI, pasid.PASID_INV_TYPE_LOW_LO, pasid.TYPE_PASID_CACHE) |
        field(pasid.PASID_INV_G_HI, pasid.PASID_INV_G_LO, pasid.PASID_GRANULARITY_GLOBAL),
    );
    this.translations("all");
    for (const domain of domains) this.firstStage(domain);
  }

  /** First-stage translations of PASID 0 in a domain: all, or of pages. */
  firstStage(domain: number, pages?: { address: bigint; mask: number; hint: boolean }): void {
    const granularity = pages === undefined ? pasid.PASID_IOTLB_GRANULARITY_PASID : pasid.PASID_IOTLB_GRANULARITY_PAGES;
    this.submit(
      field(pasid.PASID_IOTLB_INV_TYPE_LOW_HI, pasid.PASID_IOTLB_INV_TYPE_LOW_LO, pasid.TYPE_PASID_IOTLB) |
        field(pasid.PASID_IOTLB_INV_G_HI, pasid.PASID_IOTLB_INV_G_LO, granularity) |
        field(pasid.PASID_IOTLB_INV_DID_HI, pasid.PASID_IOTLB_INV_DID_LO, domain),
      pages === undefined
        ? 0n
        : (pages.address & whole(63, 12)) |
            field(pasid.PASID_IOTLB_INV_AM_HI - 64, pasid.PASID_IOTLB_INV_AM_LO - 64, pages.mask) |
            field(pasid.PASID_IOTLB_INV_IH_HI - 64, pasid.PASID_IOTLB_INV_IH_LO - 64, Number(pages.hint)),
    );
  }

  submit(low: bigint, high = 0n): void {
    const words = this.#wide ? [low, high, 0n, 0n] : [low, high];
    this.#script.needed(() => {
      this.#script.put((this.#queue as bigint) + this.#tail, ...words);
      this.#tail = (this.#tail + BigInt(words.length * 8)) % QUEUE_BYTES;
      this.#script.register("IQT", this.#tail);
    });
  }
}
