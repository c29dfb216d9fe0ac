// Translations: hits, walks, random pages; in batches and one by one.
import type { Native } from "../native.ts";
import { BigUnit } from "../partner/bigint-iommu.ts";
import { HalvesUnit } from "../partner/halves-iommu.ts";
import { type Case, timed } from "../rounds.ts";
import { type AddressList, BATCH, DIGEST_SEED, digest } from "../scene/machine.ts";
import { loadNative, ProductMachine } from "../scene/product.ts";
import {
  DENSE_PAGES,
  REQUESTER_DENSE,
  randomPages,
  type TranslationScene,
  translationScene,
} from "../scene/translation.ts";

const READ = 1;
const RANDOM_LENGTH = 65536;

/** The four partners on one scene. */
export class TranslationBench {
  readonly product: ProductMachine;
  readonly js: HalvesUnit;
  readonly big: BigUnit;
  readonly native: Native | null;
  /** Addresses that the product refused while digests were made. */
  refused = 0;
  readonly #out = new Int32Array(BATCH * 2);
  readonly #bigOut = new BigUint64Array(BATCH);

  private constructor(scene: TranslationScene, product: ProductMachine, native: Native | null) {
    this.product = product;
    this.native = native;
    this.js = new HalvesUnit(scene.image, product.identity);
    this.big = new BigUnit(scene.image, product.identity);
  }

  static async create(scene: TranslationScene, native: Native | null): Promise<TranslationBench> {
    const product = await ProductMachine.create({ image: scene.image });
    if (native !== null) await loadNative(native, scene.image, product.identity);
    return new TranslationBench(scene, product, native);
  }

  /** Sums of where each partner finds a list's addresses. */
  async digests(list: AddressList): Promise<Record<"wasm" | "js" | "bigint" | "c", number | null>> {
    const { product, js, big, native } = this;
    const place = product.put(list);
    js.flush();
    big.flush();
    const sums = { wasm: DIGEST_SEED, js: DIGEST_SEED, bigint: DIGEST_SEED };
    const count = list.halves.length >>> 1;
    const bigList = new BigUint64Array(list.halves.slice().buffer);
    for (let from = 0; from < count; from += BATCH) {
      const length = Math.min(BATCH, count - from);
      this.refused += length - product.batch(list.requesterId, place + from * 8, length);
      sums.wasm = digest(sums.wasm, product.out.subarray(0, length * 2));
      js.batch(list.requesterId, list.halves, from, this.#out, length);
      sums.js = digest(sums.js, this.#out.subarray(0, length * 2));
      big.batch(list.requesterId, bigList, from, this.#bigOut, length);
      sums.bigint = digest(sums.bigint, new Uint32Array(this.#bigOut.buffer, 0, length * 2));
    }
    if (native === null) return { ...sums, c: null };
    await this.#list(list);
    await native.ask("flush");
    return { ...sums, c: Number(await native.ask("digest")) };
  }

  /** What differs from the wasm for `lists`. */
  async differences(name: string, lists: readonly AddressList[]): Promise<string[]> {
    const wrong: string[] = [];
    this.refused = 0;
    for (const [index, list] of lists.entries()) {
      const { wasm, ...others } = await this.digests(list);
      for (const [partner, sum] of Object.entries(others)) {
        if (sum !== null && sum !== wasm) wrong.push(`${name}: ${partner} finds other addresses (list ${index})`);
      }
    }
    if (this.refused > 0) wrong.push(`${name}: ${this.refused} addresses are refused`);
    return wrong;
  }

  async #list(list: AddressList): Promise<void> {
    const bytes = new Uint8Array(list.halves.buffer, list.halves.byteOffset, list.halves.byteLength);
    await this.native?.ask("list", list.requesterId, list.halves.length >>> 1, this.native.file(bytes));
  }

  /** A case in batches. `lists` are the addresses of each partner, `refresh` changes them before each round. */
  batches(
    name: string,
    lists: Record<"wasm" | "js" | "bigint", AddressList>,
    passes: number,
    refresh?: (list: AddressList, seed: number) => void,
  ): Case {
    const { product, js, big, native } = this;
    const operations = passes * (lists.wasm.halves.length >>> 1);
    let place = 0;
    const bigPasses = Math.max(1, passes >>> 3);
    const prepare = (list: AddressList) => (seed: number) => {
      refresh?.(list, seed);
      if (list === lists.wasm) place = product.put(list);
    };
    return {
      name,
      wasm: timed(
        operations,
        () => {
          for (let pass = 0; pass < passes; pass++) product.batches(lists.wasm, place);
        },
        prepare(lists.wasm),
      ),
      js: timed(
        operations,
        () => {
          for (let pass = 0; pass < passes; pass++) js.batches(lists.js, this.#out);
        },
        prepare(lists.js),
      ),
      bigint: timed(
        bigPasses * (lists.bigint.halves.length >>> 1),
        () => {
          for (let pass = 0; pass < bigPasses; pass++) big.batches(lists.bigint, this.#bigOut);
        },
        prepare(lists.bigint),
      ),
      c:
        native === null
          ? null
          : {
              prepare: async (seed) => {
                refresh?.(lists.wasm, seed);
                await this.#list(lists.wasm);
              },
              time: () => native.time("batch", passes),
            },
      check: () => {
        for (const list of Object.values(lists)) refresh?.(list, 1);
        return this.differences(name, [...new Set(Object.values(lists))]);
      },
    };
  }

  /** One call a translation. */
  singles(name: string, list: AddressList, passes: number): Case {
    const { product, js, big, native } = this;
    const { unit, wasm } = product;
    const { requesterId, halves } = list;
    const count = halves.length >>> 1;
    const bigList = new BigUint64Array(halves.slice().buffer);
    const operations = passes * count;
    // A sum that a closure keeps would be a new heap number for each addition.
    let sink = 0;
    const bigPasses = Math.max(1, passes >>> 3);
    return {
      name,
      wasm: timed(operations, () => {
        let sum = 0;
        for (let pass = 0; pass < passes; pass++) {
          for (let index = 0; index < halves.length; index += 2) {
            sum += wasm.iommuTranslate(
              unit,
              requesterId,
              0,
              halves[index] as number,
              halves[index + 1] as number,
              READ,
            );
          }
        }
        sink = sum;
      }),
      js: timed(operations, () => {
        let sum = 0;
        for (let pass = 0; pass < passes; pass++) {
          for (let index = 0; index < halves.length; index += 2) {
            sum += js.single(requesterId, (halves[index] as number) | 0, (halves[index + 1] as number) | 0, READ);
          }
        }
        sink = sum;
      }),
      bigint: timed(bigPasses * count, () => {
        let sum = 0n;
        for (let pass = 0; pass < bigPasses; pass++) {
          for (const iova of bigList) sum += big.single(requesterId, iova, 1n);
        }
        sink = Number(sum & 1n);
      }),
      c: native === null ? null : { prepare: () => this.#list(list), time: () => native.time("single", passes) },
      check: async () => {
        const wrong = await this.differences(name, [list]);
        for (let index = 0; index < count; index++) {
          const lo = halves[index * 2] as number;
          const hi = halves[index * 2 + 1] as number;
          const place = wasm.iommuTranslate(unit, requesterId, 0, lo, hi, READ);
          if (js.single(requesterId, lo | 0, hi | 0, READ) !== place) wrong.push(`${name}: js differs`);
          if (Number(big.single(requesterId, bigList[index] as bigint, 1n)) !== place)
            wrong.push(`${name}: bigint differs`);
        }
        if (!Number.isFinite(sink)) wrong.push(`${name}: no sum`);
        return wrong;
      },
    };
  }
}

/** All translation cases. */
export async function translationCases(native: Native | null): Promise<Case[]> {
  const scene = translationScene(DENSE_PAGES);
  const bench = await TranslationBench.create(scene, native);
  const { hits, walks } = scene;
  const random = (): AddressList => ({ requesterId: REQUESTER_DENSE, halves: new Uint32Array(RANDOM_LENGTH * 2) });
  const list = random();
  const same = { wasm: list, js: list, bigint: list };
  const within = (pages: number) => (addresses: AddressList, seed: number) => randomPages(addresses, pages, seed);
  return [
    bench.batches("translate: hit, batches of 256", { wasm: hits, js: hits, bigint: hits }, 512),
    bench.singles("translate: hit, one call each", hits, 512),
    bench.batches("translate: 4-level walk", { wasm: walks.wasm, js: walks.halves, bigint: walks.bigint }, 128),
    bench.batches("translate: random 4 KiB pages of 1 GiB", same, 1, within(DENSE_PAGES / 64)),
    bench.batches("translate: random 4 KiB pages of 64 GiB", same, 1, within(DENSE_PAGES)),
  ];
}
