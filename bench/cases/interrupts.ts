// Interrupt requests through the remapping table, one call each, all in the entry cache.
import { REMAP_SIZE } from "../../assembly/spec/abi/iommu.ts";
import type { Native } from "../native.ts";
import { BigRemap, DELIVER, HalvesRemap } from "../partner/remap.ts";
import { type Case, timed } from "../rounds.ts";
import { INTERRUPTS, interruptScene } from "../scene/interrupts.ts";
import { DIGEST_SEED, digest } from "../scene/machine.ts";
import { loadNative, ProductMachine } from "../scene/product.ts";

const WORDS = REMAP_SIZE / 4;
const PASSES = 256;
const BIG_PASSES = 32;

export async function interruptCases(native: Native | null): Promise<Case[]> {
  const name = "interrupt: remap, one call each";
  const { image, requests } = interruptScene();
  const product = await ProductMachine.create({ image });
  const js = new HalvesRemap(image);
  const big = new BigRemap(image);
  const { unit, wasm, engine } = product;
  const out = engine.allocate(REMAP_SIZE);
  const wide = BigUint64Array.from(requests, (word) => BigInt(word));
  if (native !== null) {
    await loadNative(native, image, product.identity);
    const bytes = new Uint8Array(requests.buffer);
    await native.ask("requests", INTERRUPTS, native.file(bytes));
  }
  const at = (index: number): number => requests[index] as number;
  let sink = 0;
  return [
    {
      name,
      wasm: timed(PASSES * INTERRUPTS, () => {
        let sum = 0;
        for (let pass = 0; pass < PASSES; pass++) {
          for (let index = 0; index < requests.length; index += 3) {
            sum += wasm.iommuRemap(unit, at(index), at(index + 1), at(index + 2), out);
          }
        }
        sink = sum;
      }),
      js: timed(PASSES * INTERRUPTS, () => {
        let sum = 0;
        for (let pass = 0; pass < PASSES; pass++) {
          for (let index = 0; index < requests.length; index += 3) {
            sum += js.request(at(index), at(index + 1), at(index + 2));
          }
        }
        sink = sum;
      }),
      bigint: timed(BIG_PASSES * INTERRUPTS, () => {
        let sum = 0;
        for (let pass = 0; pass < BIG_PASSES; pass++) {
          for (let index = 0; index < wide.length; index += 3) {
            sum += big.request(wide[index] as bigint, wide[index + 1] as bigint, wide[index + 2] as bigint);
          }
        }
        sink = sum;
      }),
      c: native === null ? null : { time: () => native.time("remap", PASSES) },
      check: async () => {
        let wasmSum = DIGEST_SEED;
        let jsSum = DIGEST_SEED;
        let bigSum = DIGEST_SEED;
        let refused = 0;
        for (let index = 0; index < requests.length; index += 3) {
          if (wasm.iommuRemap(unit, at(index), at(index + 1), at(index + 2), out) !== DELIVER) refused++;
          wasmSum = digest(wasmSum, engine.u32.subarray(out >>> 2, (out >>> 2) + WORDS));
          js.request(at(index), at(index + 1), at(index + 2));
          jsSum = digest(jsSum, js.out);
          big.request(wide[index] as bigint, wide[index + 1] as bigint, wide[index + 2] as bigint);
          bigSum = digest(bigSum, Uint32Array.from(big.out, Number));
        }
        const wrong: string[] = [];
        if (refused > 0) wrong.push(`${name}: ${refused} requests are refused`);
        if (jsSum !== wasmSum) wrong.push(`${name}: js delivers other interrupts`);
        if (bigSum !== wasmSum) wrong.push(`${name}: bigint delivers other interrupts`);
        if (native !== null && Number(await native.ask("remapped")) !== wasmSum) {
          wrong.push(`${name}: c delivers other interrupts`);
        }
        if (!Number.isFinite(sink)) wrong.push(`${name}: no sum`);
        return wrong;
      },
    },
  ];
}
