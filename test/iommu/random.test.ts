import fc from "fast-check";
import { expect, test } from "vitest";
import { hpa } from "../../host/core/address.ts";
import type { IommuCapabilities } from "../../host/machine/iommu-capabilities.ts";
import { Harness, MIB, NOWHERE, RAM_BASE, READ, WRITE } from "./harness.ts";
import { isPossible, verdictsOf, type Words } from "./possible.ts";
import { generator } from "./random.ts";

const TABLES = 3;
const POOL = 14;
const REQUESTERS = [0x0208, 0x0209, 0x02ff, 0x0300, 0x0510];
const INDICES = [0, 1, 511];

function capabilities(random: (below: number) => number): Partial<IommuCapabilities> {
  const widths: (39 | 48 | 57)[][] = [[39, 48, 57], [48], [39, 48], [48, 57]];
  const hostAddressWidth = [40, 46, 52][random(3)] as number;
  return {
    hostAddressWidth,
    addressWidths: widths[random(4)] as (39 | 48 | 57)[],
    guestAddressWidth: [52, 57][random(2)] as number,
    largestPage: (["4K", "2M", "1G"] as const)[random(3)] as "4K" | "2M" | "1G",
    snoopControl: random(2) === 0,
    passThrough: random(4) > 0,
    domainIdWidth: [8, 16][random(2)] as number,
    cachingMode: random(3) === 0,
  };
}

class Run {
  readonly random: (below: number) => number;
  readonly h: Harness;
  readonly guestWidth: number;
  /** Table pages: the tops first, then a pool that entries lead to, loops included. */
  readonly pages: number[];
  readonly contexts = new Map<number, number>();
  /** All values that a word has had since the last global invalidation. */
  readonly past = new Map<number, bigint[]>();
  readonly now = new Map<number, bigint>();
  readonly external: number;
  #domains = 32;
  readonly #used: bigint[] = [];

  constructor(h: Harness, random: (below: number) => number) {
    this.h = h;
    this.random = random;
    this.external = 0x4000_0000;
    h.map.addExternalRam({ base: hpa(this.external), size: 4096, buffer: new ArrayBuffer(4096) });
    const root = h.page();
    this.pages = [...Array(TABLES + POOL).keys()].map(() => h.page());
    this.pages.push(this.external);
    this.guestWidth = h.unit.capabilities.guestAddressWidth;
    for (const requesterId of REQUESTERS) {
      const bus = requesterId >> 8;
      if (!this.contexts.has(bus)) {
        this.contexts.set(bus, h.page());
        this.write(root + bus * 16, BigInt(this.contexts.get(bus) as number) | 1n);
      }
      this.writeContext(requesterId);
    }
    for (let n = 0; n < 150; n++) this.writeEntry();
    h.enable(root);
    this.forget();
  }

  pick<T>(values: readonly T[]): T {
    return values[this.random(values.length)] as T;
  }

  write(address: number, value: bigint): void {
    this.h.write64(address, value);
    this.now.set(address, value);
    const past = this.past.get(address) ?? [0n];
    if (!past.includes(value)) past.push(value);
    this.past.set(address, past);
  }

  /** Nothing older than now can be cached any more. */
  forget(): void {
    for (const [address, value] of this.now) this.past.set(address, [value]);
  }

  writeContext(requesterId: number): void {
    const at = (this.contexts.get(requesterId >> 8) as number) + (requesterId & 0xff) * 16;
    const table = this.random(TABLES);
    // One domain per table and width, as §9.3 demands; a context that was spoilt gets a domain of its own.
    const widths = this.h.unit.capabilities.addressWidths;
    const width = BigInt(((widths[table % widths.length] as number) - 30) / 9);
    let high = width;
    let low = BigInt(this.pages[table] as number) | 1n;
    if (this.random(8) === 0) low |= 8n;
    if (this.random(20) === 0) low ^= 1n << BigInt(this.random(64));
    if (this.random(20) === 0) high ^= 1n << BigInt(this.pick([0, 1, 2, 3, 6, 7, 24, 40, 63]));
    const regular = (low >> 12n) << 12n === BigInt(this.pages[table] as number) && (high & 7n) === width;
    high |= BigInt(regular ? table + 3 : this.ownDomain()) << 8n;
    // Both words change at one time: what a cache holds of one goes with the other.
    this.write(at, 0n);
    this.write(at + 8, high);
    this.write(at, low);
  }

  ownDomain(): number {
    if (this.#domains > 250) {
      this.#domains = 32;
      this.invalidateEverything();
    }
    return this.#domains++;
  }

  invalidateEverything(): void {
    this.invalidateContexts(1, 0, 0);
    this.invalidateTranslations(1, 0, 0n, 0, 0);
    this.forget();
  }

  target(): bigint {
    const kind = this.random(36);
    if (kind === 0) return BigInt(NOWHERE) & 0xff_ffff_f000n;
    if (kind === 1) return 0xfee0_0000n + BigInt(this.random(2)) * 0x1000n;
    if (kind === 2) return BigInt(this.random(2 ** 20)) * 0x1000n;
    if (kind === 3) return BigInt(this.random(64)) << 30n;
    if (kind === 4) return BigInt(RAM_BASE + 0x100_0000);
    if (kind === 5) return BigInt(this.random(512)) << 21n;
    return BigInt(this.pick(this.pages));
  }

  writeEntry(): void {
    const at = this.pick(this.pages) + this.pick(INDICES) * 8;
    let entry = this.target() | 3n;
    const twist = this.random(30);
    if (twist === 0) entry &= ~BigInt(1 + this.random(3));
    if (twist === 1) entry |= 0x80n;
    if (twist === 2) entry ^= 1n << BigInt(this.random(64));
    if (twist === 3) entry = BigInt(this.random(2 ** 32)) | (BigInt(this.random(2 ** 32)) << 32n);
    if (twist === 4) entry = 0n;
    this.write(at, entry);
  }

  /** An address: often one of a few that were used before, so that caches answer. */
  iova(): bigint {
    if (this.#used.length === 24 && this.random(10) < 8) return this.pick(this.#used) ^ BigInt(this.random(4096));
    let page = 0n;
    const top = this.random(8) === 0 ? [0, 1] : [0];
    for (let level = 4; level >= 0; level--) page = (page << 9n) | BigInt(this.pick(level > 2 ? top : INDICES));
    if (this.random(100) === 0) page = 0xfee01n;
    if (this.random(60) === 0) page |= 1n << BigInt(36 + this.random(16));
    const iova = (page << 12n) | BigInt(this.random(4096));
    this.#used[this.#used.length < 24 ? this.#used.length : this.random(24)] = iova;
    return iova;
  }

  /** The values of words that a cache may hold; `exact` domains have nothing stale, contexts unless `staleContexts`. */
  words(staleContexts: boolean, exact: (domain: number) => boolean): Words {
    const end = RAM_BASE + 0x100_0000;
    return (place, { kind, domainId }) => {
      const ram = place >= RAM_BASE && place < end;
      if (!ram && !(place >= this.external && place < this.external + 4096)) return undefined;
      const stale = kind === "context" ? staleContexts : !exact(domainId);
      const now = this.now.get(place) ?? 0n;
      return stale ? (this.past.get(place) ?? [now]) : [now];
    };
  }

  /** Translates once and holds the result against the oracle; `exact` domains have nothing stale. */
  check(requesterId: number, iova: bigint, staleContexts: boolean, exact: (domain: number) => boolean): void {
    const access = this.pick([READ, WRITE, READ | WRITE]);
    const result = this.h.translate(requesterId, iova, access);
    const seen = result < 0 ? `fault ${(-result).toString(16)}` : `hpa ${result.toString(16)}`;
    const address = { lo: Number(iova & 0xffff_ffffn), hi: Number(iova >> 32n) };
    const verdicts = verdictsOf(this.h.unit.view, this.words(staleContexts, exact), {
      requesterId,
      iova: address,
      access,
    });
    const possible = isPossible(verdicts, iova, seen);
    if (possible !== true) {
      const shown = `${requesterId.toString(16)} ${iova.toString(16)} access ${access}`;
      throw new Error(`${shown}: ${seen}, possible ${[...possible].join(" | ")}`);
    }
  }

  invalidateContexts(granularity: number, domain: number, sourceId: number): void {
    const command = (1n << 63n) | (BigInt(granularity) << 61n);
    this.h.set64(0x28, command | (BigInt(sourceId) << 16n) | BigInt(domain));
  }

  invalidateTranslations(granularity: number, domain: number, address: bigint, mask: number, hint: number): void {
    const top = (1n << BigInt(this.guestWidth)) - 1n;
    this.h.set64(0x1f0, (address & top & ~0xfffn) | BigInt((hint << 6) | mask));
    this.h.set64(0x1f8, (1n << 63n) | (BigInt(granularity) << 60n) | (BigInt(domain) << 32n));
  }

  /** A domain-id that a table has, or another. */
  domain(): number {
    return this.pick([3, 4, 5, 9]);
  }

  step(): number {
    const kind = this.random(60);
    if (kind < 4) this.writeEntry();
    else if (kind < 5) this.writeContext(this.pick(REQUESTERS));
    else if (kind < 6) {
      this.invalidateEverything();
      for (const requesterId of REQUESTERS) this.check(requesterId, this.iova(), false, () => true);
      return REQUESTERS.length;
    } else if (kind < 7) {
      const domain = this.domain();
      this.invalidateTranslations(2, domain, 0n, 0, 0);
      for (const requesterId of REQUESTERS) this.check(requesterId, this.iova(), true, (other) => other === domain);
      return REQUESTERS.length;
    } else if (kind < 9) {
      const domain = this.domain();
      const address = this.iova();
      const mask = this.pick([0, 0, 1, 6, 7, 9, 12, 18]);
      this.invalidateTranslations(3, domain, address, mask, 0);
      for (const requesterId of REQUESTERS) {
        const near = address ^ ((BigInt(this.random(2 ** 18)) << 12n) & ((1n << BigInt(12 + mask)) - 1n));
        this.check(requesterId, near, true, (other) => other === domain);
      }
      return REQUESTERS.length;
    } else if (kind < 10) {
      this.invalidateTranslations(3, this.domain(), this.iova(), this.random(10), 1);
    } else if (kind < 11) {
      this.invalidateContexts(this.pick([2, 3]), this.domain(), this.pick(REQUESTERS));
    } else {
      this.check(this.pick(REQUESTERS), this.iova(), true, () => false);
      return 1;
    }
    return 0;
  }
}

test("VT-d legacy mode: 200,000 requests over random tables, each as the oracle allows", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = generator(seed);
      const caps = capabilities(random);
      const run = new Run(await Harness.create(caps, 16 * MIB), random);
      let done = 0;
      while (done < 5000) done += run.step();
      compared += done;
    }),
    { numRuns: 40 },
  );
  expect(compared).toBeGreaterThanOrEqual(200_000);
});

test("VT-d §11.4: 300,000 register accesses of any width and offset never trap", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = generator(seed);
      const h = await Harness.create({ faultRecords: 1 + random(16), cachingMode: random(2) === 0 });
      const pages = [...Array(8).keys()].map(() => h.page());
      for (const page of pages) {
        for (let n = 0; n < 512; n++) {
          const word = BigInt(pages[random(8)] as number) | BigInt(random(4096));
          h.write64(page + n * 8, random(3) > 0 ? word : BigInt(random(2 ** 32)) << BigInt(random(33)));
        }
      }
      const places = [0x18, 0x1c, 0x20, 0x24, 0x28, 0x2c, 0x34, 0x38, 0x80, 0x88, 0x90, 0x94, 0x9c, 0xa0, 0xb8, 0x1f0];
      for (let n = 0; n < 10_000; n++) {
        const width = ([1, 2, 4] as const)[random(3)] as 1 | 2 | 4;
        const near = random(3) > 0 ? (places[random(places.length)] as number) + random(4) : random(0x1100);
        const offset = near - (near % width);
        if (random(3) === 0) {
          const value = h.unit.mmio.read(offset, width);
          if (!(Number.isInteger(value) && value >= 0 && value < 2 ** (8 * width))) {
            throw new Error(`${width} bytes at ${offset.toString(16)} read ${value}`);
          }
        } else {
          const value = random(3) > 0 ? (pages[random(8)] as number) + random(4096) : random(2 ** 32);
          h.unit.mmio.write(offset, width, value % 2 ** (8 * width));
        }
        if (random(8) === 0) h.translate(random(0x10000), BigInt(random(2 ** 32)) << BigInt(random(33)), 1 + random(3));
        if (random(8) === 0)
          h.unit.remap(random(0x10000) as never, 0xfee0_0000 + random(0x10_0000), 0, random(2 ** 32));
      }
      h.unit.reset();
      expect(h.translate(1, RAM_BASE)).toBe(RAM_BASE);
    }),
    { numRuns: 30 },
  );
});
