// What becomes of a DMA request without PASID in scalable mode: by VT-d 5.10, and as QEMU 11.1 decides it, both from
// the tables alone. QEMU has the fault reasons of legacy mode for everything but PASIDs and first-stage tables.
import * as reason from "../../assembly/spec/vtd/fault-reason.ts";
import * as fs from "../../assembly/spec/vtd/first-stage.ts";
import * as directory from "../../assembly/spec/vtd/pasid-directory-entry.ts";
import * as pasid from "../../assembly/spec/vtd/pasid-table-entry.ts";
import * as context from "../../assembly/spec/vtd/scalable-context-entry.ts";
import * as root from "../../assembly/spec/vtd/scalable-root-entry.ts";
import * as ss from "../../assembly/spec/vtd/second-stage.ts";
import { whole } from "./generate/choice.ts";
import { COHERENT, PLATFORMS, patternWord, RAM, TARGETS_BASE, TARGETS_SIZE } from "./machine.ts";
import { get, type MemoryBefore } from "./memory.ts";

export type Dialect = "specification" | "qemu";

/** Where a request that passes leads. */
export interface Place {
  hpa: bigint;
  /** Bytes of its page; none is cached of pass-through. */
  size: bigint;
  domain: number;
  cached: boolean;
}

export interface Verdict {
  /** The fault reason; undefined for a request that passes. */
  reason: number | undefined;
  /** FPD was met on the way, and the reason is one that it suppresses. */
  suppressed: boolean;
  place?: Place;
  /** Accessed and dirty flags that the walk sets: the entry's address, and the flags. */
  flags: [at: bigint, flags: bigint][];
}

export interface Request {
  requester: number;
  iova: bigint;
  write: boolean;
}

const PAGE = ~0xfffn;
const HALF = 128;
const INDEX_WIDTH = 9;

class Refusal extends Error {
  readonly reason: number;
  readonly suppressed: boolean;
  constructor(reason: number, suppressed: boolean) {
    super();
    this.reason = reason;
    this.suppressed = suppressed;
  }
}

export class ScalableRules {
  readonly #memory: MemoryBefore;
  readonly #qemu: boolean;
  readonly #width: number;
  readonly #firstStage: boolean;
  readonly #largest: number;
  readonly #snoop: boolean;
  readonly #pasids: boolean;

  constructor(memory: MemoryBefore, platform: string, dialect: Dialect) {
    const properties = PLATFORMS[platform] ?? {};
    this.#memory = memory;
    this.#qemu = dialect === "qemu";
    this.#width = Number(properties["aw-bits"] ?? "48");
    this.#firstStage = properties.fsts === "on";
    this.#largest = this.#qemu || properties.fs1gp !== "off" ? 30 : 21;
    this.#snoop = this.#qemu || properties["snoop-control"] === "on";
    this.#pasids = properties["pasid-bits"] !== undefined;
  }

  #flags: [bigint, bigint][] = [];

  decide(request: Request): Verdict {
    this.#flags = [];
    try {
      return { reason: undefined, suppressed: false, place: this.#walk(request), flags: this.#flags };
    } catch (error) {
      if (error instanceof Refusal) return { reason: error.reason, suppressed: error.suppressed, flags: this.#flags };
      throw error;
    }
  }

  /** The reason as this dialect numbers it. */
  #say(specification: number, qemu: number): number {
    return this.#qemu ? qemu : specification;
  }

  #word(at: bigint, unreadable: number, suppressed = false): bigint {
    if (at >= RAM) throw new Refusal(unreadable, suppressed);
    const place = Number(at) - TARGETS_BASE;
    if (place >= 0 && place < TARGETS_SIZE) return patternWord(place / 8);
    return this.#memory.word(at);
  }

  get #beyond(): bigint {
    return whole(63, this.#width);
  }

  #walk({ requester, iova, write }: Request): Place {
    const low = this.#context(requester);
    let quiet = get(low, context.SM_CONTEXT_FPD_HI, context.SM_CONTEXT_FPD_LO) === 1n;
    // Without ECAP_REG.RPS requests have PASID 0: the first entry of the directory and of its table.
    const upper = this.#word(low & PAGE, reason.FAULT_SM_DIRECTORY_ACCESS);
    const quietDirectory = get(upper, directory.PASID_DIRECTORY_FPD_HI, directory.PASID_DIRECTORY_FPD_LO) === 1n;
    // QEMU looks at the FPD bits of PASID structures only after they turned out valid.
    if (!this.#qemu) quiet ||= quietDirectory;
    if (get(upper, directory.PASID_DIRECTORY_P_HI, directory.PASID_DIRECTORY_P_LO) === 0n) {
      throw new Refusal(reason.FAULT_SM_DIRECTORY_NOT_PRESENT, quiet);
    }
    const reserved = this.#beyond | whole(directory.PASID_DIRECTORY_RESERVED_HI, directory.PASID_DIRECTORY_RESERVED_LO);
    if (!this.#qemu && (upper & reserved) !== 0n) throw new Refusal(reason.FAULT_SM_DIRECTORY_RESERVED, quiet);
    const at = upper & PAGE;
    const entry = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((word) =>
      this.#word(at + word * 8n, reason.FAULT_SM_PASID_ACCESS),
    );
    const [first = 0n, second = 0n, third = 0n] = entry;
    const quietEntry = get(first, pasid.PASID_ENTRY_FPD_HI, pasid.PASID_ENTRY_FPD_LO) === 1n;
    if (!this.#qemu) quiet ||= quietEntry;
    const present = get(first, pasid.PASID_ENTRY_P_HI, pasid.PASID_ENTRY_P_LO) === 1n;
    const type = Number(get(first, pasid.PASID_ENTRY_PGTT_HI, pasid.PASID_ENTRY_PGTT_LO));
    const width = Number(get(first, pasid.PASID_ENTRY_AW_HI, pasid.PASID_ENTRY_AW_LO));
    if (!this.#qemu && !present) throw new Refusal(reason.FAULT_SM_PASID_NOT_PRESENT, quiet);
    if (!this.#qemu && this.#entryReserved(entry)) throw new Refusal(reason.FAULT_SM_PASID_RESERVED, quiet);
    if (!this.#valid(type, width, third)) throw new Refusal(reason.FAULT_SM_PASID_INVALID, quiet);
    if (!present) throw new Refusal(reason.FAULT_SM_PASID_NOT_PRESENT, quiet);
    quiet ||= quietDirectory || quietEntry;
    const domain = Number(get(second, pasid.PASID_ENTRY_DID_HI - 64, pasid.PASID_ENTRY_DID_LO - 64));
    if (type === pasid.PGTT_PASS_THROUGH) {
      if (!this.#qemu && iova >> BigInt(this.#width) !== 0n)
        throw new Refusal(reason.FAULT_SM_BEYOND_HOST_WIDTH, quiet);
      return { hpa: iova, size: 4096n, domain, cached: false };
    }
    const snooped = get(second, pasid.PASID_ENTRY_PWSNP_HI - 64, pasid.PASID_ENTRY_PWSNP_LO - 64) === 1n;
    const [page, size] =
      type === pasid.PGTT_FIRST_STAGE
        ? this.#first(third & PAGE, width, iova, write, snooped, quiet)
        : this.#second(first & PAGE, width, iova, write, quiet);
    const last = this.#qemu ? page + size - 1n : page + (iova & (size - 1n));
    const from = this.#qemu ? page : last;
    if (from <= 0xfeef_ffffn && last >= 0xfee0_0000n) throw new Refusal(reason.FAULT_SM_INTERRUPT_RANGE, quiet);
    return { hpa: page + (iova & (size - 1n)), size, domain, cached: true };
  }

  #context(requester: number): bigint {
    const table = this.#memory.register("RTADDR") & PAGE & ~this.#beyond;
    const at = table + BigInt((requester >> 8) * root.SM_ROOT_ENTRY_SIZE);
    const lacking = this.#say(reason.FAULT_SM_ROOT_ACCESS, reason.FAULT_ROOT_ACCESS);
    const halves = [this.#word(at, lacking), this.#word(at + 8n, lacking)];
    const half = halves[(requester & 0xff) < HALF ? 0 : 1] as bigint;
    if ((half & 1n) === 0n)
      throw new Refusal(this.#say(reason.FAULT_SM_ROOT_NOT_PRESENT, reason.FAULT_ROOT_NOT_PRESENT), false);
    const bits = this.#beyond | whole(root.SM_ROOT_RESERVED_LOWER_HI, root.SM_ROOT_RESERVED_LOWER_LO);
    // QEMU looks at both halves, whether they are present or not.
    if (halves.some((word) => (this.#qemu || (word & 1n) === 1n) && (word & bits) !== 0n)) {
      throw new Refusal(this.#say(reason.FAULT_SM_ROOT_RESERVED, reason.FAULT_ROOT_RESERVED), false);
    }
    const place = (half & PAGE) + BigInt((requester % HALF) * context.SM_CONTEXT_ENTRY_SIZE);
    const unreadable = this.#say(reason.FAULT_SM_CONTEXT_ACCESS, reason.FAULT_CONTEXT_ACCESS);
    const [low = 0n, high = 0n, ...rest] = [0n, 8n, 16n, 24n].map((offset) => this.#word(place + offset, unreadable));
    const quiet = get(low, context.SM_CONTEXT_FPD_HI, context.SM_CONTEXT_FPD_LO) === 1n;
    if ((low & 1n) === 0n) {
      throw new Refusal(this.#say(reason.FAULT_SM_CONTEXT_NOT_PRESENT, reason.FAULT_CONTEXT_NOT_PRESENT), quiet);
    }
    if ((low & this.#contextLow) !== 0n || (high & this.#contextHigh) !== 0n || rest.some((word) => word !== 0n)) {
      // QEMU does not count this fault among the qualified ones.
      throw new Refusal(
        this.#say(reason.FAULT_SM_CONTEXT_RESERVED, reason.FAULT_CONTEXT_RESERVED),
        quiet && !this.#qemu,
      );
    }
    return low;
  }

  get #contextLow(): bigint {
    if (this.#qemu) return this.#beyond | whole(context.SM_CONTEXT_RESERVED_LOW_HI, context.SM_CONTEXT_HPTE_LO);
    const pasids = this.#pasids ? 0n : whole(context.SM_CONTEXT_PASIDE_HI, context.SM_CONTEXT_PASIDE_LO);
    const others = whole(context.SM_CONTEXT_RESERVED_LOW_HI, context.SM_CONTEXT_PRE_LO);
    return this.#beyond | others | pasids | whole(context.SM_CONTEXT_DTE_HI, context.SM_CONTEXT_DTE_LO);
  }

  /** Neither RID_PASID nor RID_PRIV exists here (ECAP_REG.RPS, RPRIVS): QEMU ignores both. */
  get #contextHigh(): bigint {
    return whole(63, this.#qemu ? context.SM_CONTEXT_RESERVED_HIGH_LO - 64 : 0);
  }

  #entryReserved([first = 0n, second = 0n, third = 0n, ...rest]: readonly bigint[]): boolean {
    let low = this.#beyond | whole(pasid.PASID_ENTRY_RESERVED_10_HI, pasid.PASID_ENTRY_SSADE_LO);
    low |= whole(pasid.PASID_ENTRY_RESERVED_5_HI, pasid.PASID_ENTRY_RESERVED_5_LO);
    if (this.#firstStage && !COHERENT.has(this.#memory.platform))
      low |= whole(63, pasid.PASID_ENTRY_SSPTPTR_LO) | whole(pasid.PASID_ENTRY_AW_HI, pasid.PASID_ENTRY_AW_LO);
    const usable =
      whole(pasid.PASID_ENTRY_DID_HI - 64, 0) |
      (COHERENT.has(this.#memory.platform)
        ? whole(pasid.PASID_ENTRY_PWSNP_HI - 64, pasid.PASID_ENTRY_PWSNP_LO - 64)
        : 0n);
    const middle = whole(63, 0) & ~usable;
    let high = this.#beyond | whole(11, pasid.PASID_ENTRY_EAFE_LO - 128) | 0b10n;
    if (this.#firstStage) high |= 1n;
    else
      high |=
        whole(63, pasid.PASID_ENTRY_FSPTPTR_LO - 128) |
        whole(pasid.PASID_ENTRY_WPE_HI - 128, pasid.PASID_ENTRY_FSPM_LO - 128);
    return (
      (first & low) !== 0n || (second & middle) !== 0n || (third & high) !== 0n || rest.some((word) => word !== 0n)
    );
  }

  #valid(type: number, width: number, third: bigint): boolean {
    if (type === pasid.PGTT_PASS_THROUGH) return true;
    const mode = Number(get(third, pasid.PASID_ENTRY_FSPM_HI - 128, pasid.PASID_ENTRY_FSPM_LO - 128));
    if (type === pasid.PGTT_FIRST_STAGE) return this.#firstStage && mode === pasid.FSPM_4_LEVELS;
    return (
      type === pasid.PGTT_SECOND_STAGE && !this.#firstStage && (width === 1 || (width === 2 && this.#width === 48))
    );
  }

  #first(top: bigint, width: number, iova: bigint, write: boolean, snooped: boolean, quiet: boolean): [bigint, bigint] {
    // QEMU takes AW, which is the second stage's, for the width of the first stage.
    const bits = this.#qemu ? Math.min(30 + 9 * width, 48) : 48;
    const sign = iova >> BigInt(bits - 1);
    if (sign !== 0n && sign !== whole(64 - bits, 0)) throw new Refusal(reason.FAULT_SM_NOT_CANONICAL, quiet);
    let table = top;
    for (let level = 3; ; level--) {
      const unreadable = level === 3 ? reason.FAULT_FS_TOP_ACCESS : reason.FAULT_FS_TABLE_ACCESS;
      const at = table + this.#index(iova, level);
      const entry = this.#word(at, unreadable, quiet);
      if (get(entry, fs.FS_P_HI, fs.FS_P_LO) === 0n) throw new Refusal(reason.FAULT_FS_NOT_PRESENT, quiet);
      if (get(entry, fs.FS_US_HI, fs.FS_US_LO) === 0n) throw new Refusal(reason.FAULT_SM_USER_DENIED, quiet);
      if (write && get(entry, fs.FS_RW_HI, fs.FS_RW_LO) === 0n) throw new Refusal(reason.FAULT_SM_WRITE_DENIED, quiet);
      const shift = 12 + level * INDEX_WIDTH;
      const large = get(entry, fs.FS_PS_HI, fs.FS_PS_LO) === 1n && level > 0;
      const leaf = level === 0 || (large && shift <= this.#largest);
      let reserved = whole(51, this.#width);
      if (large && !leaf) reserved |= whole(fs.FS_PS_HI, fs.FS_PS_LO);
      if (leaf && level > 0) reserved |= whole(shift - 1, fs.FS_PAT_LARGE_HI + 1);
      if ((entry & reserved) !== 0n) throw new Refusal(reason.FAULT_FS_RESERVED, quiet);
      const flags = whole(fs.FS_A_HI, fs.FS_A_LO) | (leaf && write ? whole(fs.FS_D_HI, fs.FS_D_LO) : 0n);
      if (!this.#qemu && !snooped && (flags & ~entry) !== 0n) throw new Refusal(reason.FAULT_FS_NOT_SNOOPED, quiet);
      this.#flags.push([at, flags]);
      if (leaf) return [entry & whole(this.#width - 1, shift), 1n << BigInt(shift)];
      table = entry & whole(this.#width - 1, fs.FS_ADDR_LO);
    }
  }

  #second(top: bigint, width: number, iova: bigint, write: boolean, quiet: boolean): [bigint, bigint] {
    const limit = BigInt(Math.min(30 + 9 * width, this.#width));
    if (iova >> limit !== 0n)
      throw new Refusal(this.#say(reason.FAULT_SM_BEYOND_WIDTH, reason.FAULT_ADDRESS_BEYOND_WIDTH), quiet);
    const wanted = write ? 2n : 1n;
    const denied = write
      ? this.#say(reason.FAULT_SM_WRITE_DENIED, reason.FAULT_WRITE_DENIED)
      : this.#say(reason.FAULT_SM_READ_DENIED, reason.FAULT_READ_DENIED);
    let table = top;
    let granted = 3n;
    for (let level = width + 1; ; level--) {
      const unreadable =
        level === width + 1
          ? this.#say(reason.FAULT_SS_TOP_ACCESS, reason.FAULT_CONTEXT_INVALID)
          : this.#say(reason.FAULT_SS_TABLE_ACCESS, reason.FAULT_TABLE_ACCESS);
      const entry = this.#word(table + this.#index(iova, level), unreadable, quiet);
      granted &= entry;
      if ((granted & wanted) === 0n)
        throw new Refusal(granted === 0n ? this.#say(reason.FAULT_SS_NOT_PRESENT, denied) : denied, quiet);
      const shift = 12 + level * INDEX_WIDTH;
      const large = level > 0 && get(entry, ss.SS_PS_HI, ss.SS_PS_LO) === 1n;
      const leaf = level === 0 || (large && level < 3);
      let reserved = whole(51, this.#width) | whole(ss.SS_IW_HI, ss.SS_IW_LO);
      if (!leaf || !this.#snoop) reserved |= whole(ss.SS_SNP_HI, ss.SS_SNP_LO);
      if (large && !leaf) reserved |= whole(ss.SS_PS_HI, ss.SS_PS_LO);
      if (leaf && level > 0) reserved |= whole(shift - 1, ss.SS_ADDR_LO);
      if ((entry & reserved) !== 0n)
        throw new Refusal(this.#say(reason.FAULT_SS_RESERVED, reason.FAULT_ENTRY_RESERVED), quiet);
      if (leaf) return [entry & whole(this.#width - 1, shift), 1n << BigInt(shift)];
      table = entry & whole(this.#width - 1, ss.SS_ADDR_LO);
    }
  }

  #index(iova: bigint, level: number): bigint {
    return ((iova >> BigInt(12 + level * INDEX_WIDTH)) & whole(INDEX_WIDTH - 1, 0)) * 8n;
  }
}
