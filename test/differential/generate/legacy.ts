// Legacy mode: root and context tables over second-stage tables, changed and invalidated between accesses.
import * as context from "../../../assembly/spec/vtd/context-entry.ts";
import * as root from "../../../assembly/spec/vtd/root-entry.ts";
import type { Case, EduNumber } from "../case.ts";
import { EDU_FUNCTIONS, HOLE_BASE, PLATFORMS, PROBE_DEVICE, requesterId } from "../machine.ts";
import { type Choice, field } from "./choice.ts";
import { Invalidator } from "./invalidate.ts";
import { Script } from "./script.ts";
import { inside, type Mapping, SecondStage } from "./second-stage.ts";

const UPPER = 64;
const TYPES = [context.CONTEXT_TT_UNTRANSLATED, context.CONTEXT_TT_DEVICE_TLB, context.CONTEXT_TT_PASS_THROUGH];

class Legacy {
  readonly script: Script;
  readonly tables: SecondStage;
  readonly domain: number;
  readonly #choice: Choice;
  readonly #width: number;
  readonly #root: bigint;
  readonly #contexts: bigint;
  /** The domain of each requester's context entry. */
  readonly #domains = new Map<number, number>();

  constructor(choice: Choice, platform: string) {
    this.#choice = choice;
    this.#width = Number(PLATFORMS[platform]?.["aw-bits"] ?? "48");
    this.script = new Script(choice, "legacy", platform);
    this.#root = this.script.page();
    this.#contexts = this.script.page();
    this.domain = choice.between(1, 0xffff);
    this.tables = new SecondStage(this.script, this.#width === 39 ? 3 : choice.one([3, 4, 4]), this.#width);
  }

  generate(): void {
    const { script, tables } = this;
    const choice = this.#choice;
    script.put(this.#root, this.#rootEntry(), choice.often(2) ? choice.bits(64) : 0n);
    for (const device of [0, 1, 2, 3] as const) if (choice.often(80)) this.#context(requesterId(EDU_FUNCTIONS[device]));
    if (choice.often(60)) this.#context(requesterId({ device: PROBE_DEVICE, fn: 0 }));
    for (let count = choice.between(1, 5); count > 0; count--) tables.mapRandom();
    if (choice.often(25)) tables.spoil();
    const invalidator = new Invalidator(script, choice.often(50));
    script.register("RTADDR", this.#root);
    if (choice.often(10)) script.command({ TE: true }, "SRTP");
    else {
      script.command({}, "SRTP");
      script.command({ TE: true });
    }
    this.#accesses(choice.between(1, 5));
    for (let round = choice.below(3); round > 0; round--) {
      this.#change(invalidator);
      this.#accesses(choice.between(1, 4));
    }
  }

  get #caching(): boolean {
    return PLATFORMS[this.script.platform]?.["caching-mode"] === "on";
  }

  #rootEntry(): bigint {
    const choice = this.#choice;
    const present = field(root.ROOT_P_HI, root.ROOT_P_LO, 1);
    return choice.weighted(
      [94, this.#contexts | present],
      [2, this.#contexts],
      [
        2,
        this.#contexts |
          present |
          (1n << BigInt(choice.weighted([1, choice.between(1, 11)], [1, choice.between(this.#width, 63)]))),
      ],
      [2, BigInt(HOLE_BASE) | present],
    );
  }

  #context(requester: number, changed = false): void {
    const choice = this.#choice;
    const width = this.tables.levels - 2;
    const type = choice.weighted([85, TYPES[0]], [3, TYPES[1]], [10, TYPES[2]], [2, 3]) as number;
    const top = choice.often(96) ? this.tables.top : BigInt(HOLE_BASE);
    const levels = choice.often(94) ? width : choice.below(8);
    // Entries of one domain lead to the same tables in the same way (§6.2.1): any other has a domain of its own.
    const usual = top === this.tables.top && levels === width && type !== context.CONTEXT_TT_PASS_THROUGH;
    const domain = usual ? this.domain : (this.domain ^ (requester << 1) ^ 1) & 0xffff;
    this.#domains.set(requester, domain);
    let low =
      top |
      field(context.CONTEXT_TT_HI, context.CONTEXT_TT_LO, type) |
      field(context.CONTEXT_FPD_HI, context.CONTEXT_FPD_LO, Number(choice.often(10))) |
      field(context.CONTEXT_P_HI, context.CONTEXT_P_LO, Number(choice.often(changed ? 80 : 96)));
    let high =
      field(context.CONTEXT_AW_HI - UPPER, context.CONTEXT_AW_LO - UPPER, levels) |
      field(context.CONTEXT_DID_HI - UPPER, context.CONTEXT_DID_LO - UPPER, domain) |
      field(
        context.CONTEXT_IGNORED_HI - UPPER,
        context.CONTEXT_IGNORED_LO - UPPER,
        choice.often(90) ? 0 : choice.below(16),
      );
    if (choice.often(4)) low |= 1n << BigInt(choice.one([choice.between(4, 11), choice.between(this.#width, 63)]));
    if (choice.often(3)) high |= 1n << BigInt(choice.one([7, choice.between(24, 63)]));
    this.script.put(this.#contexts + BigInt(requester * context.CONTEXT_ENTRY_SIZE), low, high);
  }

  #accesses(count: number): void {
    for (; count > 0; count--) this.#access();
  }

  #access(): void {
    const choice = this.#choice;
    const { script, tables } = this;
    const device = choice.weighted([6, 0], [2, 1], [1, 2], [1, 3]) as EduNumber;
    const length = choice.weighted([6, 8], [2, 16], [2, 64], [1, 4]);
    const mapping = tables.mappings.length > 0 ? choice.one(tables.mappings) : undefined;
    const iova = this.#address(mapping, length);
    if (iova >> 20n === 0xfeen) return;
    if (choice.often(10)) {
      const hpa = mapping === undefined ? 0n : mapping.hpa + (iova - mapping.iova);
      script.probe(iova, hpa >= 0x10_0000n && hpa < 0x400_0000n ? hpa : 0x28_0000n, length);
    } else script.dma(choice.often(60) ? "write" : "read", device, iova, length);
  }

  #address(mapping: Mapping | undefined, length: number): bigint {
    const choice = this.#choice;
    const random = choice.bits(this.tables.bits) & ~7n;
    if (mapping === undefined) return random;
    return choice.weighted(
      [80, inside(choice, mapping, 64)],
      [mapping.shift > 12 ? 5 : 0, inside(choice, mapping, 4096) + BigInt(mapping.shift > 12 ? 4096 - length / 2 : 0)],
      // Within a large page only where no tables lie.
      [mapping.shift === 12 ? 5 : 0, mapping.iova + (BigInt(choice.between(0, 8)) << 12n)],
      [4, random],
      [3, inside(choice, mapping, 64) | (1n << BigInt(choice.between(this.tables.bits, 63)))],
      [3, BigInt(HOLE_BASE)],
    );
  }

  /** Changes entries and invalidates what they may have left in caches: exactly that, or more. */
  #change(invalidator: Invalidator): void {
    const choice = this.#choice;
    const { script, tables, domain } = this;
    const kind = choice.weighted([4, "leaf"], [2, "inner"], [3, "context"], [2, "map"]);
    if (kind === "map") {
      tables.mapRandom();
      // In Caching Mode what was not present may have been cached (§6.1).
      if (this.#caching) invalidator.translations({ domain });
      return;
    }
    if (kind === "context") {
      const requester = requesterId(EDU_FUNCTIONS[choice.one([0, 0, 1, 2, 3] as const)]);
      const old = { domain: this.#domains.get(requester) ?? domain };
      this.#context(requester, true);
      // What Caching Mode keeps of entries that are not present belongs to no domain but 0 (§6.2.2.1).
      if (this.#caching) {
        invalidator.contexts("all");
        invalidator.translations("all");
        return;
      }
      invalidator.contexts(choice.one(["all" as const, old, { ...old, requester, mask: choice.below(4) }]));
      invalidator.translations(choice.one(["all" as const, old]));
      return;
    }
    if (kind === "inner") {
      if (tables.inner.length === 0) return;
      const at = choice.one(tables.inner);
      script.put(at, tables.wrong(script.word(at)));
      invalidator.translations(choice.one(["all" as const, { domain }]));
      return;
    }
    if (tables.mappings.length === 0) return;
    const mapping = choice.one(tables.mappings);
    script.put(mapping.entry, tables.wrong(script.word(mapping.entry)));
    const least = mapping.shift - 12;
    const mask = choice.often(80) ? least : Math.min(18, least + choice.below(4));
    const pages = { domain, address: mapping.iova, mask, hint: mapping.shift === 12 && choice.often(50) };
    invalidator.translations(
      choice.weighted<typeof pages | { domain: number } | "all">([5, pages], [1, { domain }], [1, "all"]),
    );
  }
}

export function legacyCase(choice: Choice, platform: string): Case {
  const legacy = new Legacy(choice, platform);
  legacy.generate();
  return legacy.script.case;
}
