// What an explanation consists of: plain values, fit for JSON.

/** A 64-bit value in two u32 halves. */
export interface Halves {
  lo: number;
  hi: number;
}

/** A DMA request, untranslated as far as the unit is concerned (PCIe 6.0 §10.2.2, AT 00b). */
export interface ExplainRequest {
  /** 16 bits. */
  requesterId: number;
  /** 20 bits; undefined for a request without PASID. */
  pasid?: number | undefined;
  /** A number below 2^53, or any 64-bit address in two halves of 32 bits; no BigInt. */
  iova: number | Halves;
  /** ACCESS_ bits: 1 read, 2 write; with PASID also 4 execute, 8 privileged. */
  access: number;
}

/** An interrupt request: a 4-byte write of `data`. */
export interface ExplainInterruptRequest {
  /** 16 bits. */
  requesterId: number;
  /** 32 bits. */
  addressLo: number;
  /** 32 bits, default 0. */
  addressHi?: number;
  /** 32 bits. */
  data: number;
}

/** One field of an entry, as the specification names it. */
export interface ExplainedField {
  name: string;
  /** Bits as the specification prints them: `63:12`, `1`. */
  bits: string;
  /** `0x…`. */
  value: string;
}

/** What one of the unit's caches holds for a step. */
export interface ExplainedCache {
  /** The cache's name in VT-d 5.10 §6.2 or §6.4. */
  cache: string;
  /** What it holds, in words. */
  holds: string;
  /** Whether the unit would use it for this request. */
  used: boolean;
  /** Whether memory says something else by now: an invalidation is missing. */
  stale: boolean;
}

/** One structure on the way. */
export interface ExplainedStep {
  /** The structure's name in the specification: `context-entry`, `SS-PDPE`. */
  structure: string;
  /** Where the specification has its format. */
  clause: string;
  /** Which entry of its table; undefined for a register. */
  index: number | undefined;
  /** The entry's HPA; undefined for a register. */
  address: number | undefined;
  /** 64-bit words, `0x…`, bits 63:0 first; undefined when the entry could not be read. */
  raw: string[] | undefined;
  /** Fields that are not reserved or ignored; of an entry that is not present, FPD and P only. */
  fields: ExplainedField[];
  /** What the entry says, in words. */
  note: string;
  /** The second-stage translation that led to the entry (VT-d 5.10 §3.8). */
  within: ExplainedStep[];
  /** What caches hold for it. */
  caches: ExplainedCache[];
}

/** How a request ends. */
export type Verdict =
  /** It goes to `hpa`, 52 bits; `granted` are the ACCESS_ bits of its page. */
  | { kind: "allowed"; hpa: number; granted: number; why: string; clause: string }
  /** A write in the interrupt address range: of 4 bytes it is an interrupt request, see explainInterrupt; else refused. */
  | { kind: "interrupt-range"; why: string; clause: string }
  /** The interrupt is delivered as the entry says. */
  | { kind: "remapped"; interrupt: InterruptVerdict; why: string; clause: string }
  /** The interrupt is recorded in the posted-interrupt descriptor at `descriptor`; `notifies` says whether it is told. */
  | {
      kind: "posted";
      descriptor: number;
      vector: number;
      urgent: boolean;
      notifies: boolean;
      notification: { destination: number; vector: number };
      why: string;
      clause: string;
    }
  /** The interrupt message goes through as it is. */
  | { kind: "unchanged"; why: string; clause: string }
  | Refusal;

export interface Refusal {
  kind: "refused";
  /** The FR field; 0 when nothing is reported whatever the entries say. */
  reason: number;
  /** The reason in words. */
  why: string;
  /** The condition's code in VT-d 5.10 §7.1.3 Table 30; of interrupts, the reason. */
  condition: string;
  clause: string;
  /** Whether an FPD bit may keep the fault from being recorded, */
  qualified: boolean;
  /** and whether one does. */
  suppressed: boolean;
  /** Why it is not recorded whatever the entries say; undefined where they decide. */
  unrecorded?: string;
}

export interface InterruptVerdict {
  destination: number;
  vector: number;
  /** DLM. */
  deliveryMode: number;
  level: boolean;
  logical: boolean;
  redirectionHint: boolean;
  /** Whether the destination has 32 bits. */
  wide: boolean;
}

/** What the unit does while a cache holds what memory does not say any more. */
export interface CachedAnswer {
  /** How the request ends; `walked`: as the tables say that the cached entry leads to. */
  kind: Verdict["kind"] | "walked";
  /** The cache that decides: its name in VT-d 5.10 §6.2 or §6.4. */
  cache: string;
  /** Of a DMA request that is allowed: where it goes, and the ACCESS_ bits that the cache holds for its page. */
  hpa?: number;
  granted?: number;
  why: string;
  clause: string;
}

export interface Explanation {
  /** How the unit translates: what GSTS_REG and RTADDR_REG.TTM say. */
  mode: string;
  steps: ExplainedStep[];
  /** What the tables in memory say. */
  verdict: Verdict;
  /** What the unit does instead, or likewise, as it holds a stale entry; undefined while none decides. */
  answer?: CachedAnswer;
  /** Why a request that they allow is dropped all the same, and nothing recorded: memory is protected from DMA. */
  dropped?: { why: string; clause: string };
}
