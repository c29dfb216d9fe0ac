// Random contents of a soak's memory: every kind of entry in pages of their own, paging entries of both stages in one
// pool, with loops, self-references, tables at the end of RAM, in registers and where nothing is, and plain garbage.
import type { IommuCapabilities } from "../../host/machine/iommu-capabilities.ts";
import { RAM_BASE } from "../iommu/harness.ts";
import { pick, type Random } from "../iommu/random.ts";
import { EXTERNAL_BASE, EXTERNAL_PAGES, type Memory, PAGE, RAM_PAGES } from "./memory.ts";

const at = (page: number): number => RAM_BASE + page * PAGE;

/** Where things are. */
export const ROOT: number = at(0);
export const INTERRUPT_TABLE: number = at(7);
export const QUEUE: number = at(8);
export const PAGE_QUEUE: number = at(32);
export const REGISTERS = 0xfed9_0000;
export const REQUESTERS: readonly number[] = [0x0208, 0x0289, 0x02ff, 0x0301];
export const PASIDS: readonly number[] = [0, 1, 64, 0x1041];
const CONTEXTS: readonly number[] = [at(1), at(2), at(3)];
const DIRECTORY: number = at(4);
const PASID_TABLES: readonly number[] = [at(5), at(6)];
const FIRST_POOL = 10;
const POOL: readonly number[] = [...Array(20).keys()].map((page) => at(FIRST_POOL + page));
const INDICES: readonly number[] = [0, 1, 511];
/** Flags that let an entry of either stage through. */
const GOOD = 0x367n;

export class Tables {
  readonly #memory: Memory;
  readonly #random: Random;
  readonly #caps: Readonly<IommuCapabilities>;
  #domain = 0;

  constructor(memory: Memory, random: Random, capabilities: Readonly<IommuCapabilities>) {
    this.#memory = memory;
    this.#random = random;
    this.#caps = capabilities;
    this.rebuild();
  }

  /** Writes every entry on the way anew: after much garbage, requests are to get somewhere again. */
  rebuild(): void {
    for (let n = 0; n < 12; n++) this.#root();
    for (let n = 0; n < 24; n++) this.#context();
    for (let n = 0; n < 12; n++) this.#directory();
    for (let n = 0; n < 24; n++) this.#pasid();
    for (let n = 0; n < 24; n++) this.#interrupt();
    for (let n = 0; n < 16; n++) this.#descriptor();
    for (let n = 0; n < 200; n++) this.#paging();
  }

  /** Changes an entry, or anything. Returns whether domains were used up, so that caches must be emptied. */
  change(): boolean {
    const random = this.#random;
    const kind = random(36);
    if (kind === 0) this.#write(ROOT + random(512) * 8, this.#garbage());
    else if (kind === 1) this.#root();
    else if (kind < 5) return this.#context();
    else if (kind < 6) this.#directory();
    else if (kind < 9) return this.#pasid();
    else if (kind < 11) this.#interrupt();
    else if (kind < 14) this.#descriptor();
    else if (kind === 14) this.#write(at(random(RAM_PAGES)) + random(512) * 8, this.#garbage());
    else this.#paging();
    return false;
  }

  /** An address to use. */
  iova(): bigint {
    const random = this.#random;
    let page = 0n;
    for (let level = 4; level >= 0; level--) {
      page = (page << 9n) | BigInt(pick(random, level > 1 && random(5) > 0 ? [0] : INDICES));
    }
    if (random(20) === 0) page = 0xfee01n;
    if (random(20) === 0) page |= BigInt(random(2 ** 20)) << 32n;
    if (random(6) === 0) page = BigInt(this.target() >> 12n);
    return BigInt.asUintN(64, (page << 12n) | BigInt(random(PAGE)));
  }

  /** Where an entry may lead. */
  target(): bigint {
    const random = this.#random;
    const kind = random(40);
    if (kind === 0) return BigInt(REGISTERS);
    if (kind === 1) return 0xfee0_0000n;
    if (kind === 2) return BigInt(random(2 ** 20)) * 0x1000n;
    if (kind === 3) return BigInt(random(16)) << 30n;
    if (kind === 4) return BigInt(at(RAM_PAGES));
    if (kind === 5) return BigInt(random(512)) << 21n;
    if (kind === 6) return BigInt(EXTERNAL_BASE + random(EXTERNAL_PAGES) * PAGE);
    if (kind === 7) return BigInt(random(64)) << 46n;
    if (kind < 14) return BigInt(at(random(RAM_PAGES)));
    return BigInt(pick(random, POOL));
  }

  #garbage(): bigint {
    return BigInt(this.#random(2 ** 32)) | (BigInt(this.#random(2 ** 32)) << 32n);
  }

  #spoil(value: bigint): bigint {
    return this.#random(50) === 0 ? value ^ (1n << BigInt(this.#random(64))) : value;
  }

  #root(): void {
    const random = this.#random;
    const bus = pick(random, [2, 3]);
    this.#write(ROOT + bus * 16, this.#spoil(BigInt(pick(random, CONTEXTS)) | 1n));
    this.#write(ROOT + bus * 16 + 8, this.#spoil(this.#caps.scalableMode ? BigInt(pick(random, CONTEXTS)) | 1n : 0n));
  }

  /** A domain of its own for every entry, as one that names other tables must have (§6.2.2.1). */
  #newDomain(): { domain: bigint; wrapped: boolean } {
    this.#domain = (this.#domain % 250) + 1;
    return { domain: BigInt(this.#domain), wrapped: this.#domain === 1 };
  }

  #context(): boolean {
    const random = this.#random;
    const requesterId = pick(random, REQUESTERS);
    const { domain, wrapped } = this.#newDomain();
    if (this.#caps.scalableMode) {
      const place = pick(random, CONTEXTS) + (requesterId & 0x7f) * 32;
      const pasids = this.#caps.pasidWidth > 0 ? 8n : 0n;
      const devices =
        this.#caps.deviceTlb && random(4) > 0 ? (this.#caps.pageRequests && random(4) > 0 ? 0x14n : 4n) : 0n;
      const low = BigInt(DIRECTORY) | 0x1n | pasids | devices | (BigInt(random(8)) << 9n) | (random(8) === 0 ? 2n : 0n);
      this.#write(place, 0n);
      this.#write(place + 8, this.#spoil(BigInt(this.#caps.ridPasid && random(4) === 0 ? pick(random, PASIDS) : 0)));
      this.#write(place + 16, this.#spoil(0n));
      this.#write(place, this.#spoil(low));
      return wrapped;
    }
    const place = pick(random, CONTEXTS) + (requesterId & 0xff) * 16;
    const type = pick(random, [0n, 0n, 0n, 0n, this.#caps.passThrough ? 8n : 0n, this.#caps.deviceTlb ? 4n : 0n]);
    this.#write(place, 0n);
    this.#write(place + 8, this.#spoil((domain << 8n) | this.#width()));
    this.#write(place, this.#spoil(this.target() | type | 1n | (random(8) === 0 ? 2n : 0n)));
    return wrapped;
  }

  /** AW of a width that the unit has. */
  #width(): bigint {
    return BigInt(((pick(this.#random, this.#caps.addressWidths) as number) - 30) / 9);
  }

  #directory(): void {
    const place = DIRECTORY + (pick(this.#random, PASIDS) >> 6) * 8;
    this.#write(place, this.#spoil(BigInt(pick(this.#random, PASID_TABLES)) | 1n));
  }

  #pasid(): boolean {
    const random = this.#random;
    const place = pick(random, PASID_TABLES) + (pick(random, PASIDS) & 63) * 64;
    const { domain, wrapped } = this.#newDomain();
    const caps = this.#caps;
    const types = [7, ...(caps.firstStage ? [1, 1, 1] : []), ...(caps.secondStage ? [2, 2, 2] : [])];
    if (caps.nested) types.push(3, 3, 3, 3);
    if (caps.passThrough) types.push(4);
    const type = BigInt(pick(random, types));
    this.#write(place, 0n);
    const snooped = caps.coherentScalableTables ? 0x80_0000n : 0n;
    this.#write(place + 8, (this.#spoil(snooped) & ~0xffffn) | domain);
    let high = caps.firstStage ? this.target() : 0n;
    if (caps.firstStage5Level && random(3) === 0) high |= 4n;
    if (caps.supervisorRequests && random(3) === 0) high |= 1n;
    if (caps.extendedAccessed && random(3) === 0) high |= 0x80n;
    this.#write(place + 16, this.#spoil(high));
    this.#write(place + 24, this.#spoil(0n));
    let low = (type << 6n) | 1n;
    if (caps.secondStage) low |= this.target() | (this.#width() << 2n);
    if (caps.secondStageAccessDirty && random(3) === 0) low |= 0x200n;
    this.#write(place, this.#spoil(low));
    return wrapped;
  }

  #paging(): void {
    const random = this.#random;
    const place = pick(random, POOL) + pick(random, INDICES) * 8;
    let entry = this.target() | GOOD;
    const twist = random(20);
    if (twist === 0) entry &= ~BigInt(1 + random(0x367));
    if (twist < 3) entry |= 0x80n;
    // A page of 1 GiB at 0 makes guest-physical addresses host-physical ones.
    if (twist > 14) entry = GOOD | 0x80n;
    if (twist === 5) entry = this.#garbage();
    if (twist < 12) entry |= 0x400n;
    this.#write(place, entry);
  }

  #interrupt(): void {
    const random = this.#random;
    const place = INTERRUPT_TABLE + random(16) * 16;
    const source = BigInt(pick(random, REQUESTERS)) | (BigInt(random(4)) << 18n) | (BigInt(random(4)) << 16n);
    const posted = random(3) === 0;
    const vector = BigInt(random(256)) << 16n;
    const descriptor = BigInt(at(30) + random(8) * 64);
    const low = posted
      ? ((descriptor >> 6n) << 38n) | vector | (1n << 15n) | (BigInt(random(2)) << 14n) | 1n
      : (BigInt(random(256)) << 40n) | vector | (BigInt(random(32)) << 2n) | 1n;
    this.#write(place, 0n);
    this.#write(place + 8, this.#spoil(source));
    this.#write(place, this.#spoil(low));
  }

  /** A descriptor of some type in the invalidation queue, in slots of 16 or 32 bytes. */
  #descriptor(): void {
    const random = this.#random;
    const wide = this.#caps.scalableMode;
    const place = QUEUE + (wide ? random(32) * 32 + (random(6) === 0 ? 16 : 0) : random(64) * 16);
    const domain = BigInt(random(256)) << 16n;
    const requesterId = BigInt(pick(random, REQUESTERS)) << 32n;
    const page = (this.iova() >> 12n) << 12n;
    const descriptors: (readonly [low: bigint, high: bigint])[] = [
      [0x1n | (BigInt(1 + random(3)) << 4n) | domain | requesterId, 0n],
      [0x2n | (BigInt(1 + random(3)) << 4n) | domain, page | BigInt(random(20)) | (BigInt(random(2)) << 6n)],
      [0x4n | (BigInt(random(2)) << 4n) | (BigInt(random(5)) << 27n) | (BigInt(random(16)) << 32n), 0n],
      [0x5n | (BigInt(random(8)) << 4n) | (BigInt(random(2 ** 32)) << 32n), this.target() | BigInt(random(1024) * 4)],
      [
        0x6n | (BigInt(2 + random(2)) << 4n) | domain | (BigInt(pick(random, PASIDS)) << 32n),
        page | BigInt(random(20)),
      ],
      [0x7n | (BigInt(random(4)) << 4n) | domain | (BigInt(pick(random, PASIDS)) << 32n), 0n],
      [0x3n | (BigInt(random(32)) << 16n) | requesterId, page | BigInt(random(2))],
      [0x8n | (requesterId >> 16n) | (BigInt(pick(random, PASIDS)) << 32n), page | BigInt(random(2))],
      [0x9n | (requesterId >> 16n) | (BigInt(random(3)) << 12n), BigInt(random(512)) << 3n],
    ];
    const [low, high] = pick(random, descriptors);
    this.#write(place, this.#spoil(low));
    this.#write(place + 8, this.#spoil(BigInt.asUintN(64, high)));
    if (!wide) return;
    this.#write(place + 16, 0n);
    this.#write(place + 24, 0n);
  }

  #write(address: number, value: bigint): void {
    this.#memory.write(address, value);
  }
}
