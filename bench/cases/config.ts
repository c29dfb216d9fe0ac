// Configuration reads through the root complex, over the window that guests use. All of it is TypeScript, so that
// there is nothing to compare with.
import { type Case, timed } from "../rounds.ts";
import { BenchCard } from "../scene/card.ts";
import { framesImage } from "../scene/frames.ts";
import { ProductMachine } from "../scene/product.ts";

const PASSES = 64;
const FUNCTION_SHIFT = 12;
/** Vendor ID, status, revision, BAR 0, capability pointer, PCIe capability, extended capabilities. */
const READS = [
  [0x00, 4],
  [0x06, 2],
  [0x08, 1],
  [0x10, 4],
  [0x34, 1],
  [0xa0, 4],
  [0x100, 4],
  [0x150, 4],
] as const;

export async function configCases(): Promise<Case[]> {
  let card: BenchCard | undefined;
  await ProductMachine.create({
    image: (map, unit, engine) => {
      card = new BenchCard(engine, map, unit);
      return framesImage(card.requesters);
    },
  });
  const { root, requesters } = card as unknown as BenchCard;
  const { ecam } = root;
  const name = "config: read over ECAM (TypeScript)";
  let sink = 0;
  return [
    {
      name,
      wasm: timed(PASSES * requesters.length * READS.length, () => {
        let sum = 0;
        for (let pass = 0; pass < PASSES; pass++) {
          for (const id of requesters) {
            for (const [offset, width] of READS) sum += ecam.read((id << FUNCTION_SHIFT) + offset, width);
          }
        }
        sink = sum;
      }),
      c: null,
      js: null,
      bigint: null,
      check: async () => {
        const wrong: string[] = [];
        for (const id of requesters) {
          for (const [offset, width] of READS) {
            const value = ecam.read((id << FUNCTION_SHIFT) + offset, width);
            if (value !== root.configRead(id, offset, width)) wrong.push(`${name}: ECAM and the bus differ`);
          }
        }
        if (!Number.isFinite(sink)) wrong.push(`${name}: no sum`);
        return wrong;
      },
    },
  ];
}
