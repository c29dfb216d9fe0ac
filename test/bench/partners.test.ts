import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configCases } from "../../bench/cases/config.ts";
import { frameCases } from "../../bench/cases/frames.ts";
import { interruptCases } from "../../bench/cases/interrupts.ts";
import { nestedCases } from "../../bench/cases/nested.ts";
import { packetCases } from "../../bench/cases/packets.ts";
import { TranslationBench } from "../../bench/cases/translation.ts";
import { Native } from "../../bench/native.ts";
import { BATCH } from "../../bench/scene/machine.ts";
import { TableBuilder } from "../../bench/scene/tables.ts";
import {
  addressList,
  REQUESTER_DENSE,
  REQUESTER_SPARSE,
  type TranslationScene,
  translationScene,
} from "../../bench/scene/translation.ts";

const PAGES = 512;
const PAGE = 4096;
const REQUESTER_ODD = 0x0311;
const REQUESTER_UNKNOWN = 0x0412;

/** The scene's tables and a third domain: a large page, a page that is not readable, a reserved bit. */
function oddScene(): TranslationScene {
  const scene = translationScene(PAGES);
  const { ram, rootTable } = scene.image;
  const tables = TableBuilder.extend(ram, rootTable);
  const top = tables.attach(REQUESTER_ODD, 9);
  tables.mapLarge(top, 0x20_0000, 0x10_4060_0000);
  tables.map(top, 0x1000, 0x10_0000_5000, 2);
  tables.map(top, 0x2000, 0x10_0000_6000 + 2 ** 51);
  tables.map(top, 0x3000, 0xfee0_0000);
  tables.map(top, 0x4000, 0x10_0000_7000, 1);
  return scene;
}

describe("the partners find what the wasm finds", () => {
  let native: Native | null = null;
  let bench: TranslationBench;
  let scene: TranslationScene;

  beforeAll(async () => {
    native = Native.start();
    scene = oddScene();
    bench = await TranslationBench.create(scene, native);
  });
  afterAll(() => native?.stop());

  const address = fc.oneof(
    fc.integer({ min: 0, max: PAGES * PAGE - 1 }),
    fc.integer({ min: 0, max: 0x5fff }),
    fc.integer({ min: 0x20_0000, max: 0x40_0000 }),
    fc.integer({ min: 0xfedf_ff00, max: 0xfef0_0100 }),
    fc.integer({ min: 2 ** 47, max: 2 ** 52 }),
    fc.integer({ min: 0, max: PAGES }).map((page) => page * 2 ** 30 + 8),
  );
  const requester = fc.constantFrom(REQUESTER_DENSE, REQUESTER_SPARSE, REQUESTER_ODD, REQUESTER_UNKNOWN);

  test("random addresses of random requesters, translated or refused", async () => {
    const property = fc.asyncProperty(
      requester,
      fc.array(address, { minLength: 1, maxLength: 40 }),
      async (id, list) => {
        const { wasm, c, ...others } = await bench.digests(addressList(id, list));
        expect(Object.values(others)).toEqual([wasm, wasm]);
        if (native !== null) expect(c).toBe(wasm);
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });

  test("a digest tells lists apart that differ in one bit or in their order", async () => {
    const sum = async (...list: number[]): Promise<number | null> =>
      (await bench.digests(addressList(REQUESTER_DENSE, list))).wasm;
    const one = await sum(0x1008, 0x2010);
    expect(await sum(0x1008, 0x2010)).toBe(one);
    expect(await sum(0x1008, 0x2011)).not.toBe(one);
    expect(await sum(0x2010, 0x1008)).not.toBe(one);
  });

  test("the walk lists really walk: each translation misses every cache of its partner", () => {
    const { product, js, big } = bench;
    const walks = (count: () => number, run: () => void): number => {
      run();
      const before = count();
      run();
      return count() - before;
    };
    const place = product.put(scene.walks.wasm);
    expect(
      walks(
        () => product.counters.walks,
        () => product.batches(scene.walks.wasm, place),
      ),
    ).toBe(BATCH);
    const out = new Int32Array(BATCH * 2);
    expect(
      walks(
        () => js.counters[2] as number,
        () => js.batches(scene.walks.halves, out),
      ),
    ).toBe(BATCH);
    const bigOut = new BigUint64Array(BATCH);
    expect(
      walks(
        () => big.walks,
        () => big.batches(scene.walks.bigint, bigOut),
      ),
    ).toBe(BATCH);
  });
});

test.each([false, true])(
  "datagrams arrive as they were sent, their checksums checked, RAM outside: %s",
  async (outside) => {
    for (const subject of await packetCases(outside)) expect(await subject.check()).toEqual([]);
  },
);

describe("the partners deliver what the wasm delivers", () => {
  test.each([false, true])("frames of 64 and 1500 bytes, RAM outside: %s", async (outside) => {
    const native = Native.start();
    try {
      for (const subject of await frameCases(native, outside)) expect(await subject.check()).toEqual([]);
    } finally {
      native?.stop();
    }
  });
});

test("the partners walk nested tables and remap interrupts as the wasm does; ECAM reads what the bus reads", async () => {
  const native = Native.start();
  try {
    // One after the other: each loads its own scene into the C partner.
    for (const cases of [nestedCases, interruptCases, configCases]) {
      for (const subject of await cases(native)) expect(await subject.check()).toEqual([]);
    }
  } finally {
    native?.stop();
  }
});
