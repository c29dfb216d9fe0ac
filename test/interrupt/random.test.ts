import fc from "fast-check";
import { expect, test } from "vitest";
import type { RequesterId } from "../../host/core/address.ts";
import { Harness } from "../iommu/harness.ts";

/** VT-d 5.10 §5.1.4 and §9.9 a second time, with their numbers. A string names what must come out. */
function oracle(
  unit: { cfis: boolean; eime: boolean; size: number },
  entries: (index: number) => [bigint, bigint],
  requesterId: number,
  address: number,
  data: number,
): string {
  const remappable = (address & 0x10) !== 0;
  if (!remappable) return unit.cfis && !unit.eime ? "unchanged" : "refused 25";
  let index = ((address >> 5) & 0x7fff) + ((address & 4) !== 0 ? 0x8000 : 0);
  if ((address & 8) !== 0) {
    if (data > 0xffff) return "refused 20";
    index += data;
  }
  if (index >= 2 ** (unit.size + 1)) return "refused 21";
  const [low, high] = entries(index);
  const bits = (word: bigint, hi: number, lo: number): number =>
    Number((word >> BigInt(lo)) & ((1n << BigInt(hi - lo + 1)) - 1n));
  if (bits(low, 0, 0) === 0) return "refused 22";
  const sid = bits(high, 15, 0);
  const sq = bits(high, 17, 16);
  const svt = bits(high, 19, 18);
  const same = [0xffff, 0xfffb, 0xfff9, 0xfff8][sq] as number;
  if (svt === 1 && (sid & same) !== (requesterId & same)) return "refused 26";
  if (svt === 2 && (requesterId >> 8 < sid >> 8 || requesterId >> 8 > (sid & 0xff))) return "refused 26";
  const mode = bits(low, 7, 5);
  const reserved = bits(low, 15, 12) + bits(low, 31, 24) + bits(high, 63, 20);
  const narrow = unit.eime ? 0 : bits(low, 39, 32) + bits(low, 63, 48);
  if (svt === 3 || mode === 3 || mode === 6 || reserved + narrow !== 0) return "refused 24";
  const destination = unit.eime ? bits(low, 63, 32) : bits(low, 47, 40);
  const flags = [bits(low, 4, 4), bits(low, 2, 2), bits(low, 3, 3)].map((bit) => bit === 1);
  return `deliver ${destination} ${bits(low, 23, 16)} ${mode} ${flags}`;
}

test("VT-d §5.1.4: 100,000 random requests over random tables, as a second reading has it", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.boolean(), fc.boolean(), fc.nat(5), async (seed, cfis, eime, size) => {
      let state = seed >>> 0 || 1;
      const random = (below: number): number => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        state >>>= 0;
        return state % below;
      };
      const h = await Harness.create();
      const table = h.page();
      const written = new Map<number, [bigint, bigint]>();
      for (let index = 0; index < 64; index++) {
        let low =
          BigInt(random(256) << 16) |
          (BigInt([0, 1, 2, 4, 5, 7][random(6)] as number) << 5n) |
          BigInt(random(32) & 0x1c);
        low |= eime ? BigInt(random(2 ** 32)) << 32n : BigInt(random(256)) << 40n;
        low |= BigInt(random(16) << 8) | (random(8) > 0 ? 1n : 0n) | (random(8) === 0 ? 2n : 0n);
        let high = (BigInt(random(4)) << 18n) | (BigInt(random(4)) << 16n) | BigInt((random(8) << 8) | random(16));
        if (random(5) === 0) low ^= 1n << BigInt(random(64));
        if (random(5) === 0) high ^= 1n << BigInt(random(64));
        h.write64(table + index * 16, low);
        h.write64(table + index * 16 + 8, high);
        written.set(index, [low, high]);
      }
      h.set64(0xb8, BigInt(table) | (eime ? 0x800n : 0n) | BigInt(size));
      h.set32(0x18, 0x0100_0000);
      h.set32(0x18, (0x0200_0000 | (cfis ? 0x0080_0000 : 0)) >>> 0);
      for (let n = 0; n < 2500; n++) {
        const requesterId = (random(8) << 8) | random(16);
        const handle = random(20) === 0 ? random(0x1_0000) : random(66);
        const shv = random(3) === 0;
        const compatible = random(20) === 0;
        const low =
          ((handle & 0x7fff) << 5) | ((handle >> 15) << 2) | (shv ? 8 : 0) | (compatible ? 0 : 0x10) | random(4);
        const address = (0xfee0_0000 + low) >>> 0;
        const data = random(4) === 0 ? random(2 ** 32) : random(4);
        const result = h.unit.remap(requesterId as RequesterId, address, 0, data);
        let seen: string = result.kind;
        if (result.kind === "refused") seen += ` ${result.reason.toString(16)}`;
        if (result.kind === "deliver") {
          const { destination, vector, deliveryMode, level, logical, redirectionHint } = result.interrupt;
          seen += ` ${destination} ${vector} ${deliveryMode} ${[level, logical, redirectionHint]}`;
        }
        const entries = (index: number): [bigint, bigint] => written.get(index) ?? [0n, 0n];
        expect(seen).toBe(oracle({ cfis, eime, size }, entries, requesterId, address, data));
      }
    }),
    { numRuns: 40 },
  );
});
