import { beforeEach, expect, test } from "vitest";
import { hpa } from "../../host/core/address.ts";
import { Harness, MIB, NOWHERE, RAM_BASE, READ, WRITE } from "./harness.ts";

const RID = 0x0215;
const REFUSED = 1n << 63n;
let h: Harness;
let root: number;
let table: number;
let list: number;
let out: number;

beforeEach(async () => {
  h = await Harness.create({}, 16 * MIB);
  root = h.page();
  table = h.page();
  list = h.engine.allocate(4096);
  out = h.engine.allocate(4096);
  h.context(root, RID, { table, domainId: 7 });
  for (let page = 0; page < 16; page += 2) h.mapPage(table, 4, page * 4096, RAM_BASE + page * 0x3000, READ);
  h.enable(root);
});

/** Runs a batch over addresses and gives the count and the raw results. */
function batch(of: "iommuTranslateBatch" | "iommuWalkBatch", addresses: bigint[], access = READ): [number, bigint[]] {
  const words = new BigUint64Array(h.engine.memory.buffer);
  words.set(addresses, list / 8);
  const done = h.engine.wasm[of](h.unit.pointer, RID, access, list, out, addresses.length);
  return [done, [...words.slice(out / 8, out / 8 + addresses.length)]];
}

test("iommuTranslateBatch: HPA and region of each, FAULT where refused, every one counted", () => {
  const region = 1n << 52n;
  const addresses = [0x0000n, 0x2123n, 0x1000n, 0x4fffn, 0x2000n];
  const [done, results] = batch("iommuTranslateBatch", addresses);
  expect(done).toBe(4);
  const base = BigInt(RAM_BASE);
  expect(results).toEqual([
    region | base,
    region | (base + 0x6123n),
    REFUSED,
    region | (base + 0xcfffn),
    region | (base + 0x6000n),
  ]);
  expect(h.unit.statistics()).toMatchObject({ translations: 5, hits: 1, walks: 4, faults: 1 });
  expect(batch("iommuTranslateBatch", [])[0]).toBe(0);
});

test("iommuTranslateBatch: a page where nothing answers has region 0 and is not kept", () => {
  h.mapPage(table, 4, 0x2_0000, NOWHERE & 0xff_ffff_f000);
  for (let round = 0; round < 2; round++) {
    const [done, [result]] = batch("iommuTranslateBatch", [0x2_0abcn]);
    expect(done).toBe(1);
    expect(result).toBe(BigInt(NOWHERE & 0xff_ffff_f000) | 0xabcn);
  }
  expect(h.unit.statistics().hits).toBe(0);
});

test("iommuTranslateBatch: a requester without a context is refused throughout, with one record", () => {
  const words = new BigUint64Array(h.engine.memory.buffer);
  words.set([0x1000n, 0x2000n], list / 8);
  expect(h.engine.wasm.iommuTranslateBatch(h.unit.pointer, 0x0999, READ, list, out, 2)).toBe(0);
  expect([...words.slice(out / 8, out / 8 + 2)]).toEqual([REFUSED, REFUSED]);
  expect(h.unit.faults()).toMatchObject([{ requesterId: 0x0999, reason: 1 }]);
});

test("iommuWalkBatch: the tables as they are now, past stale caches, without a fault", () => {
  expect(batch("iommuWalkBatch", [0x2000n])[0]).toBe(0);
  expect(h.translate(RID, 0x2000)).toBe(RAM_BASE + 0x6000);
  h.mapPage(table, 4, 0x2000, RAM_BASE + 0x9000, READ);
  expect(h.translate(RID, 0x2000)).toBe(RAM_BASE + 0x6000);
  const [done, results] = batch("iommuWalkBatch", [0x2abcn, 0x1000n, 1n << 48n]);
  expect(done).toBe(1);
  expect(results[0]).toBe(BigInt(RAM_BASE + 0x9000) | 1n);
  expect([(results[1] ?? 0n) & 0xffn, (results[2] ?? 0n) & 0xffn]).toEqual([6n, 4n]);
  expect(batch("iommuWalkBatch", [0x2000n], WRITE)[1][0]).toBe(REFUSED | 5n);
  expect(h.unit.faults()).toEqual([]);
});

test("tables in RAM outside the wasm are walked alike", () => {
  const buffer = new ArrayBuffer(0x8000);
  const base = 0x8000_0000;
  h.map.addExternalRam({ base: hpa(base), size: 0x8000, buffer });
  h.write64(base, BigInt(base + 0x1000) | 3n);
  h.write64(base + 0x1000, BigInt(base + 0x2000) | 3n);
  h.write64(base + 0x2000, BigInt(base + 0x3000) | 3n);
  h.write64(base + 0x3000 + 5 * 8, BigInt(base + 0x4000) | 3n);
  h.context(root, 0x0220, { table: base, domainId: 8 });
  expect(h.translate(0x0220, 0x5123)).toBe(base + 0x4123);
  expect(h.translate(0x0220, 0x6123)).toBe(-6);
  expect(h.dmaWrite(0x0220, 0x5000, Uint8Array.of(1, 2, 3))).toBe(true);
  expect([...new Uint8Array(buffer, 0x4000, 3)]).toEqual([1, 2, 3]);
});

test("DMA longer than any buffer, over RAM that is ours and RAM that is not", () => {
  const size = 0x4_0000;
  h.map.addExternalRam({ base: hpa(0x8000_0000), size, buffer: new ArrayBuffer(size) });
  const big = h.page();
  h.context(root, 0x0230, { table: big, domainId: 9 });
  for (let page = 0; page < 64; page++) {
    const target = page % 3 === 0 ? 0x8000_0000 + page * 4096 : RAM_BASE + 0x80_0000 + page * 4096;
    h.mapPage(big, 4, page * 4096, target);
  }
  const source = Uint8Array.from({ length: 200_003 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
  expect(h.dmaWrite(0x0230, 0x123, source)).toBe(true);
  expect(h.dmaRead(0x0230, 0x123, source.length)).toEqual(source);
  const target = new Uint8Array(8192);
  expect(h.unit.dma.read(0x0230 as never, 0x3_f800, 0, target)).toBe(false);
  expect([...target.subarray(0x800)].every((byte) => byte === 0xff)).toBe(true);
  expect(h.unit.faults()).toMatchObject([{ requesterId: 0x0230, reason: 6, addressLo: 0x4_0000 }]);
});
