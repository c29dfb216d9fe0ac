// Scalable mode without PASIDs in requests: root, context, PASID directory and table over one kind of paging structures.

import * as directory from "../../../assembly/spec/vtd/pasid-directory-entry.ts";
import * as pasid from "../../../assembly/spec/vtd/pasid-table-entry.ts";
import { RTADDR_TTM_HI, RTADDR_TTM_LO, RTADDR_TTM_SCALABLE } from "../../../assembly/spec/vtd/root-table-address.ts";
import * as context from "../../../assembly/spec/vtd/scalable-context-entry.ts";
import { SM_ROOT_LP_LO, SM_ROOT_UP_LO } from "../../../assembly/spec/vtd/scalable-root-entry.ts";
import type { Case, EduNumber } from "../case.ts";
import { COHERENT, EDU_FUNCTIONS, HOLE_BASE, PLATFORMS, PROBE_DEVICE, requesterId } from "../machine.ts";
import { type Choice, field } from "./choice.ts";
import { FirstStage } from "./first-stage.ts";
import { Invalidator } from "./invalidate.ts";
import { Script } from "./script.ts";
import { inside, type Mapping, SecondStage } from "./second-stage.ts";

const UPPER = 64;
const HALF = 128;

class Scalable {
  readonly script: Script;
  readonly tables: SecondStage | FirstStage;
  readonly #choice: Choice;
  readonly #width: number;
  readonly #firstStage: boolean;
  readonly #root: bigint;
  /** Context tables of devices 0 to 15 and 16 to 31. */
  readonly #contexts: readonly [bigint, bigint];
  /** Each requester's PASID directory and table. */
  readonly #pasids = new Map<number, [directory: bigint, table: bigint]>();
  readonly #domain: number;
  readonly #domains = new Set<number>();
  #invalidator: Invalidator | undefined;

  constructor(choice: Choice, platform: string) {
    this.#choice = choice;
    const properties = PLATFORMS[platform] ?? {};
    this.#width = Number(properties["aw-bits"] ?? "48");
    this.#firstStage = properties.fsts === "on";
    const script = new Script(choice, "scalable", platform);
    this.script = script;
    this.#root = script.page();
    this.#contexts = [script.page(), script.page()];
    this.#domain = choice.between(1, 0xffff);
    const shifts = properties.fs1gp === "off" ? [21, 21] : [21, 30];
    this.tables = this.#firstStage
      ? new FirstStage(script, this.#width, shifts)
      : new SecondStage(script, this.#width === 39 ? 3 : choice.one([3, 4, 4]), this.#width);
  }

  generate(): void {
    const { script, tables } = this;
    const choice = this.#choice;
    script.put(this.#root, this.#rootHalf(this.#contexts[0]), this.#rootHalf(this.#contexts[1]));
    for (const device of [0, 1, 2, 3] as const)
      if (choice.often(80)) this.#requester(requesterId(EDU_FUNCTIONS[device]));
    if (choice.often(60)) this.#requester(requesterId({ device: PROBE_DEVICE, fn: 0 }));
    for (let count = choice.between(1, 5); count > 0; count--) tables.mapRandom();
    if (choice.often(25)) tables.spoil();
    if (choice.often(50)) this.#invalidator = new Invalidator(script, true, true);
    script.register("RTADDR", this.#root | field(RTADDR_TTM_HI, RTADDR_TTM_LO, RTADDR_TTM_SCALABLE));
    script.command({}, "SRTP");
    script.command({ TE: true });
    this.#accesses(choice.between(1, 5));
    for (let round = choice.below(3); round > 0; round--) {
      this.#change();
      this.#accesses(choice.between(1, 4));
    }
  }

  #rootHalf(table: bigint): bigint {
    const choice = this.#choice;
    const present = 1n << BigInt(SM_ROOT_LP_LO);
    return choice.weighted(
      [95, table | present],
      [2, table],
      [
        1,
        table |
          present |
          (1n << BigInt(choice.one([choice.between(SM_ROOT_UP_LO - UPPER + 1, 11), choice.between(this.#width, 63)]))),
      ],
      [2, BigInt(HOLE_BASE) | present],
    );
  }

  #directoryEntry(table: bigint): bigint {
    const choice = this.#choice;
    const present = field(directory.PASID_DIRECTORY_P_HI, directory.PASID_DIRECTORY_P_LO, 1);
    const quiet = field(directory.PASID_DIRECTORY_FPD_HI, directory.PASID_DIRECTORY_FPD_LO, Number(choice.often(3)));
    return choice.weighted(
      [95, table | present | quiet],
      [2, table | quiet],
      [1, table | present | (1n << BigInt(choice.between(2, 11)))],
      [2, BigInt(HOLE_BASE) | present],
    );
  }

  /** A requester's context entry and the PASID table entry that its RID_PASID names. */
  #requester(requester: number): void {
    const choice = this.#choice;
    const known = this.#pasids.get(requester);
    const [top, table] = known ?? [this.script.page(), this.script.page()];
    this.#pasids.set(requester, [top, table]);
    // Without ECAP_REG.RPS the field is reserved; QEMU uses it all the same.
    const number = choice.often(97) ? 0 : choice.below(64);
    let low =
      (choice.often(97) ? top : BigInt(HOLE_BASE)) |
      field(context.SM_CONTEXT_PDTS_HI, context.SM_CONTEXT_PDTS_LO, choice.below(8)) |
      field(context.SM_CONTEXT_FPD_HI, context.SM_CONTEXT_FPD_LO, Number(choice.often(6))) |
      field(context.SM_CONTEXT_P_HI, context.SM_CONTEXT_P_LO, Number(choice.often(96)));
    let high = field(context.SM_CONTEXT_RID_PASID_HI - UPPER, context.SM_CONTEXT_RID_PASID_LO - UPPER, number);
    if (choice.often(2)) low |= 1n << BigInt(choice.one([7, 8, choice.between(this.#width, 63)]));
    if (choice.often(2)) high |= 1n << BigInt(choice.between(21, 63));
    const half = (requester & 0xff) < HALF ? this.#contexts[0] : this.#contexts[1];
    const at = half + BigInt((requester % HALF) * context.SM_CONTEXT_ENTRY_SIZE);
    this.script.put(at, low, high, choice.often(99) ? 0n : choice.bits(64), 0n);
    this.script.put(top, this.#directoryEntry(table));
    this.#pasid(requester, table + BigInt(number * pasid.PASID_ENTRY_SIZE));
  }

  #pasid(requester: number, at: bigint): void {
    const choice = this.#choice;
    const usual = this.#firstStage ? pasid.PGTT_FIRST_STAGE : pasid.PGTT_SECOND_STAGE;
    const others = COHERENT.has(this.script.platform) ? [0, 5, 6, 7] : [0, 1, 2, 3, 5, 6, 7];
    const type = choice.weighted([86, usual], [8, pasid.PGTT_PASS_THROUGH], [6, choice.one(others)]);
    const levels = this.tables.levels - 2;
    const top = choice.often(97) ? this.tables.top : BigInt(HOLE_BASE);
    // Without second-stage translation AW is reserved.
    const usualWidth = this.#firstStage && !COHERENT.has(this.script.platform) ? 0 : levels;
    const width = choice.often(96) ? usualWidth : choice.below(8);
    const same = type === usual && top === this.tables.top && width === usualWidth;
    const domain = same ? this.#domain : (this.#domain ^ (requester << 1) ^ 1) & 0xffff;
    this.#domains.add(domain);
    let first =
      field(pasid.PASID_ENTRY_P_HI, pasid.PASID_ENTRY_P_LO, Number(choice.often(95))) |
      field(pasid.PASID_ENTRY_FPD_HI, pasid.PASID_ENTRY_FPD_LO, Number(choice.often(6))) |
      field(pasid.PASID_ENTRY_AW_HI, pasid.PASID_ENTRY_AW_LO, width) |
      field(pasid.PASID_ENTRY_PGTT_HI, pasid.PASID_ENTRY_PGTT_LO, type) |
      (this.#firstStage ? 0n : top);
    let second = field(pasid.PASID_ENTRY_DID_HI - UPPER, pasid.PASID_ENTRY_DID_LO - UPPER, domain);
    if (COHERENT.has(this.script.platform))
      second |= field(pasid.PASID_ENTRY_PWSNP_HI - UPPER, pasid.PASID_ENTRY_PWSNP_LO - UPPER, 1);
    let third = this.#firstStage ? top : 0n;
    if (choice.often(2)) first |= 1n << BigInt(choice.one([10, 11, choice.between(this.#width, 63)]));
    if (choice.often(2)) third |= 1n << BigInt(choice.one([2, 3, choice.between(this.#width, 63)]));
    this.script.put(at, first, second, third, 0n, 0n, 0n, 0n, 0n);
  }

  #accesses(count: number): void {
    for (; count > 0; count--) this.#access();
  }

  #access(): void {
    const choice = this.#choice;
    const { script, tables } = this;
    const device = choice.weighted([6, 0], [2, 1], [1, 2], [2, 3]) as EduNumber;
    const length = choice.weighted([6, 8], [2, 16], [2, 64], [1, 4]);
    const mapping = tables.mappings.length > 0 ? choice.one(tables.mappings) : undefined;
    const iova = this.#address(mapping);
    if (iova >> 20n === 0xfeen) return;
    if (choice.often(10)) {
      const hpa = mapping === undefined ? 0n : mapping.hpa + (iova - mapping.iova);
      script.probe(iova, hpa >= 0x10_0000n && hpa < 0x400_0000n ? hpa : 0x28_0000n, length);
    } else script.dma(choice.often(60) ? "write" : "read", device, iova, length);
  }

  #address(mapping: Mapping | undefined): bigint {
    const choice = this.#choice;
    const random = choice.bits(this.tables.bits) & ~63n;
    if (mapping === undefined) return random;
    return choice.weighted(
      [85, inside(choice, mapping, 64)],
      // Within a large page only where no tables lie.
      [mapping.shift === 12 ? 6 : 0, (mapping.iova + (BigInt(choice.between(0, 8)) << 12n)) & ((1n << 64n) - 4096n)],
      [4, random],
      [3, inside(choice, mapping, 64) ^ (1n << BigInt(choice.between(this.tables.bits - 1, 63)))],
      [2, BigInt(HOLE_BASE)],
    );
  }

  /** Changes entries; the queue, or a Set Root Table Pointer (§6.6, ESRTPS), drops all that may have been cached. */
  #change(): void {
    const choice = this.#choice;
    const { script, tables } = this;
    const kind = choice.weighted([4, "leaf"], [2, "inner"], [3, "requester"], [2, "map"]);
    if (kind === "map") tables.mapRandom();
    else if (kind === "requester") this.#requester(requesterId(EDU_FUNCTIONS[choice.one([0, 0, 1, 2, 3] as const)]));
    else {
      const mapping = tables.mappings.length > 0 ? choice.one(tables.mappings) : undefined;
      const at = kind === "leaf" ? mapping?.entry : choice.one([undefined, ...tables.inner]);
      if (at === undefined) return;
      script.put(at, tables.wrong(script.word(at)));
      if (this.#invalidator !== undefined) {
        this.#invalidateTables(this.#invalidator, kind === "leaf" ? mapping : undefined);
        return;
      }
    }
    if (kind === "map") return;
    if (this.#invalidator === undefined) script.needed(() => script.command({}, "SRTP"));
    else this.#invalidator.everything([...this.#domains]);
  }

  /** Drops what may be cached of the changed tables, or of one changed page: every domain may share them. */
  #invalidateTables(invalidator: Invalidator, mapping: Mapping | undefined): void {
    const choice = this.#choice;
    const selective = mapping !== undefined && choice.often(70);
    for (const domain of this.#domains) {
      const pages = selective
        ? { domain, address: mapping.iova, mask: mapping.shift - 12, hint: mapping.shift === 12 && choice.often(50) }
        : undefined;
      if (this.#firstStage) invalidator.firstStage(domain, pages);
      else invalidator.translations(pages ?? { domain });
    }
  }
}

export function scalableCase(choice: Choice, platform: string): Case {
  const scalable = new Scalable(choice, platform);
  scalable.generate();
  return scalable.script.case;
}
