// Nested translation: the product and C only.
import type { Native } from "../native.ts";
import { type Case, timed } from "../rounds.ts";
import { BATCH, DIGEST_SEED, digest } from "../scene/machine.ts";
import { nestedScene } from "../scene/nested.ts";
import { loadNative, ProductMachine } from "../scene/product.ts";

const PASSES = 64;

export async function nestedCases(native: Native | null): Promise<Case[]> {
  const { image, list, space } = nestedScene();
  const product = await ProductMachine.create({ image });
  const place = product.put(list);
  const name = "translate: nested miss, 4 levels by 4";
  if (native !== null) {
    const { line, domain, first, second } = space;
    await loadNative(native, image, product.identity);
    await native.ask("space", line, domain, first, second);
    const bytes = new Uint8Array(list.halves.buffer, list.halves.byteOffset, list.halves.byteLength);
    await native.ask("list", list.requesterId, BATCH, native.file(bytes));
  }
  return [
    {
      name,
      wasm: timed(PASSES * BATCH, () => {
        for (let pass = 0; pass < PASSES; pass++) product.batches(list, place);
      }),
      js: null,
      bigint: null,
      c: native === null ? null : { time: () => native.time("nested", PASSES) },
      check: async () => {
        const wrong: string[] = [];
        const { walks } = product.counters;
        if (product.batch(list.requesterId, place, BATCH) !== BATCH) wrong.push(`${name}: addresses are refused`);
        if (product.counters.walks - walks !== BATCH) wrong.push(`${name}: addresses are cached`);
        const sum = digest(DIGEST_SEED, product.out.subarray(0, BATCH * 2));
        if (native !== null && Number(await native.ask("digest-nested")) !== sum) {
          wrong.push(`${name}: c finds other addresses`);
        }
        return wrong;
      },
    },
  ];
}
