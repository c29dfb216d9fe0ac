import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hpa, RequesterId } from "../../host/core/address.ts";
import { Harness } from "../iommu/harness.ts";

const bits = (word: bigint, hi: number, lo: number): number =>
  Number((word >> BigInt(lo)) & ((1n << BigInt(hi - lo + 1)) - 1n));

/** Posted-interrupt descriptors as one number of 512 bits each, by address. */
interface Descriptors {
  /** Undefined where there is no memory. */
  get(address: number): bigint | undefined;
  set(address: number, pid: bigint): void;
}

/** VT-d 5.10 §5.2.3 and §9.10, §9.11 a second time: posts, and says what comes of it. */
function post(descriptors: Descriptors, low: bigint, high: bigint, eime: boolean): string {
  if (bits(low, 7, 2) + bits(low, 13, 12) + bits(low, 37, 24) + bits(high, 31, 20) !== 0) return "refused 24";
  const address = bits(high, 63, 32) * 2 ** 32 + bits(low, 63, 38) * 64;
  if (address >= 2 ** 52) return "refused 24";
  const pid = descriptors.get(address);
  if (pid === undefined) return "refused 27";
  const narrow = eime ? 0n : ((pid >> 288n) & 0xffn) | ((pid >> 304n) & 0xffffn);
  if ((pid >> 320n) | ((pid >> 280n) & 0xffn) | ((pid >> 258n) & 0x3fffn) | narrow) return "refused 28";
  const vector = bits(low, 23, 16);
  const on = bits(pid, 256, 256) === 1;
  const quiet = bits(low, 14, 14) === 0 && bits(pid, 257, 257) === 1;
  const notifies = !on && !quiet;
  descriptors.set(address, pid | (1n << BigInt(vector)) | (notifies ? 1n << 256n : 0n));
  if (!notifies) return `posted ${address} ${vector} ${on ? "outstanding" : "suppressed"}`;
  return `posted ${address} ${vector} sent ${eime ? bits(pid, 319, 288) : bits(pid, 303, 296)} ${bits(pid, 279, 272)}`;
}

/** VT-d 5.10 §5.1.4 and §9.9 a second time, with their numbers. A string names what must come out. */
function oracle(
  unit: { cfis: boolean; eime: boolean; size: number; posting: boolean; descriptors: Descriptors },
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
  if (bits(low, 0, 0) === 0) return "refused 22";
  const sid = bits(high, 15, 0);
  const sq = bits(high, 17, 16);
  const svt = bits(high, 19, 18);
  const same = [0xffff, 0xfffb, 0xfff9, 0xfff8][sq] as number;
  if (svt === 1 && (sid & same) !== (requesterId & same)) return "refused 26";
  if (svt === 2 && (requesterId >> 8 < sid >> 8 || requesterId >> 8 > (sid & 0xff))) return "refused 26";
  if (svt !== 3 && unit.posting && bits(low, 15, 15) === 1) return post(unit.descriptors, low, high, unit.eime);
  const mode = bits(low, 7, 5);
  const reserved = bits(low, 15, 12) + bits(low, 31, 24) + bits(high, 63, 20);
  const narrow = unit.eime ? 0 : bits(low, 39, 32) + bits(low, 63, 48);
  if (svt === 3 || mode === 3 || mode === 6 || reserved + narrow !== 0) return "refused 24";
  const destination = unit.eime ? bits(low, 63, 32) : bits(low, 47, 40);
  const flags = [bits(low, 4, 4), bits(low, 2, 2), bits(low, 3, 3)].map((bit) => bit === 1);
  return `deliver ${destination} ${bits(low, 23, 16)} ${mode} ${flags}`;
}

test("VT-d §5.1.4: 100,000 random requests over random tables, as a second reading has it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.nat(5),
      async (seed, cfis, eime, posting, size) => {
        let state = seed >>> 0 || 1;
        const random = (below: number): number => {
          state ^= state << 13;
          state ^= state >>> 17;
          state ^= state << 5;
          state >>>= 0;
          return state % below;
        };
        const h = await Harness.create({ postedInterrupts: posting });
        const table = h.page();
        // No bit of a descriptor's address leads to the table.
        const first = [1, 2, 3, 4, 5, 6].map(() => h.page())[5] as number;
        const read = (at: number): bigint =>
          [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, word) => sum | (h.read64(at + word * 8) << BigInt(word * 64)), 0n);
        const posted = new Map<number, bigint>();
        const descriptors: Descriptors = {
          get: (at) => posted.get(at) ?? (h.map.regionAt(at as Hpa) === undefined ? undefined : read(at)),
          set: (at, pid) => posted.set(at, pid),
        };
        for (let place = 0; place < 64; place++) {
          let pid = BigInt(random(4)) << 256n;
          pid |= BigInt(random(256)) << 272n;
          pid |= BigInt(eime ? random(2 ** 32) : random(256) << 8) << 288n;
          if (random(5) === 0) pid ^= 1n << BigInt(256 + random(256));
          descriptors.set(first + place * 64, pid);
          for (let word = 0; word < 8; word++) {
            h.write64(first + place * 64 + word * 8, (pid >> BigInt(word * 64)) & 0xffff_ffff_ffff_ffffn);
          }
        }
        const written = new Map<number, [bigint, bigint]>();
        for (let index = 0; index < 64; index++) {
          let low =
            BigInt(random(256) << 16) |
            (BigInt([0, 1, 2, 4, 5, 7][random(6)] as number) << 5n) |
            BigInt(random(32) & 0x1c);
          low |= eime ? BigInt(random(2 ** 32)) << 32n : BigInt(random(256)) << 40n;
          low |= BigInt(random(16) << 8) | (random(8) > 0 ? 1n : 0n) | (random(8) === 0 ? 2n : 0n);
          let high = (BigInt(random(4)) << 18n) | (BigInt(random(4)) << 16n) | BigInt((random(8) << 8) | random(16));
          if (random(2) === 0) {
            const at = first + random(66) * 64;
            low = (low & 0xff_0f03n) | 0x8000n | (BigInt(random(2)) << 14n) | (BigInt(at >>> 6) << 38n);
          }
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
          const entries = (place: number): [bigint, bigint] => written.get(place) ?? [0n, 0n];
          const wanted = oracle({ cfis, eime, size, posting, descriptors }, entries, requesterId, address, data);
          const result = h.unit.remap(requesterId as RequesterId, address, 0, data);
          let seen: string = result.kind;
          if (result.kind === "refused") seen += ` ${result.reason.toString(16)}`;
          if (result.kind === "deliver") {
            const { destination, vector, deliveryMode, level, logical, redirectionHint } = result.interrupt;
            seen += ` ${destination} ${vector} ${deliveryMode} ${[level, logical, redirectionHint]}`;
          }
          if (result.kind === "posted") {
            const { descriptor, vector, outcome, notification } = result.posted;
            seen += ` ${descriptor} ${vector} ${outcome}`;
            if (notification !== undefined) {
              const { destination, deliveryMode, level, logical, redirectionHint, wide } = notification;
              seen += ` ${destination} ${notification.vector}`;
              expect([deliveryMode, level, logical, redirectionHint, wide]).toEqual([0, false, false, false, eime]);
            }
          }
          if (seen !== wanted) expect(seen).toBe(wanted);
          // What a descriptor's owner does: takes the requests out, and allows the next notification.
          if (random(8) === 0) {
            const at = first + random(64) * 64;
            const pid = (descriptors.get(at) as bigint) ^ (random(3) === 0 ? 2n << 256n : 1n << 256n);
            descriptors.set(at, pid);
            h.write64(at + 32, (pid >> 256n) & 0xffff_ffff_ffff_ffffn);
          }
        }
        for (const [at, pid] of posted) expect(read(at)).toBe(pid);
      },
    ),
    { numRuns: 40 },
  );
});
