// Legacy-mode DMA remapping as one writes it with BigInt: 64-bit addresses and entries as they stand in the
// specification, 64-bit typed arrays, no thought for what a BigInt costs.
import { type AddressList, BATCH, type MachineImage, type UnitIdentity } from "../scene/machine.ts";

const VALID = 1n << 63n;
const IDENTITY = 1n << 62n;
const PAGE = 0x000f_ffff_ffff_f000n;
const OFFSET = 0xfffn;
/** A refusal, in place of a result. */
export const BIG_FAULT: bigint = 1n << 63n;

interface BigContext {
  tag: bigint;
  levels: number;
  table: bigint;
}

/** The IOTLB slot of a page of a domain. */
export function bigSlot(page: bigint, tag: bigint): number {
  return Number((page ^ (tag << 7n)) & 8191n);
}

export class BigUnit {
  lastReason = 0;
  translations = 0;
  misses = 0;
  walks = 0;
  faults = 0;
  readonly words: BigUint64Array;
  readonly bytes: Uint8Array;
  readonly #image: MachineImage;
  readonly #tags = new BigUint64Array(8192);
  readonly #values = new BigUint64Array(8192);
  readonly #tags1G = new BigUint64Array(1024);
  readonly #tables1G = new BigUint64Array(1024);
  readonly #tags2M = new BigUint64Array(1024);
  readonly #tables2M = new BigUint64Array(1024);
  readonly #contexts = new Map<number, BigContext>();
  readonly #cap: bigint;
  readonly #ecap: bigint;
  readonly #reserved: bigint;

  constructor(image: MachineImage, identity: UnitIdentity, ram: ArrayBuffer = image.ram) {
    this.#image = image;
    this.words = new BigUint64Array(ram);
    this.bytes = new Uint8Array(ram);
    this.#cap = (BigInt(identity.capHi >>> 0) << 32n) | BigInt(identity.capLo >>> 0);
    this.#ecap = (BigInt(identity.ecapHi >>> 0) << 32n) | BigInt(identity.ecapLo >>> 0);
    this.#reserved = BigInt.asUintN(64, -1n << BigInt(identity.hostAddressWidth));
  }

  flush(): void {
    this.#tags.fill(0n);
    this.#tags1G.fill(0n);
    this.#tags2M.fill(0n);
  }

  /** The context of a requester; undefined when it is refused. */
  open(requesterId: number): BigContext | undefined {
    return this.#contexts.get(requesterId) ?? this.#fill(requesterId);
  }

  /** Region in 62:52, HPA in 51:0; or BIG_FAULT. */
  translate(context: BigContext, iova: bigint, access: bigint): bigint {
    this.translations++;
    const tag = ((iova & ~OFFSET) << 4n) | context.tag;
    const slot = bigSlot(iova >> 12n, context.tag & 0xffffn);
    const value = this.#values[slot] as bigint;
    if (this.#tags[slot] === tag && (access & ~value) === 0n) return (value & ~OFFSET) | (iova & OFFSET);
    return this.#miss(context, iova, access, slot, tag);
  }

  /** The HPA of one access, or minus the reason of its refusal. */
  single(requesterId: number, iova: bigint, access: bigint): bigint {
    const context = this.open(requesterId);
    if (context === undefined) return BigInt(-this.lastReason);
    const result = this.translate(context, iova, access);
    return result === BIG_FAULT ? BigInt(-this.lastReason) : result & (PAGE | OFFSET);
  }

  batch(requesterId: number, list: BigUint64Array, from: number, out: BigUint64Array, length: number): number {
    const context = this.open(requesterId);
    let done = 0;
    for (let index = 0; index < length; index++) {
      const result = context === undefined ? BIG_FAULT : this.translate(context, list[from + index] as bigint, 1n);
      out[index] = result;
      if (result !== BIG_FAULT) done++;
    }
    return done;
  }

  batches({ requesterId, halves }: AddressList, out: BigUint64Array): void {
    const list = new BigUint64Array(halves.buffer, halves.byteOffset, halves.length >>> 1);
    for (let from = 0; from < list.length; from += BATCH) this.batch(requesterId, list, from, out, BATCH);
  }

  #refuse(reason: number): bigint {
    this.faults++;
    this.lastReason = reason;
    return BIG_FAULT;
  }

  /** A table entry; undefined where there is no RAM. */
  #load(hpa: bigint): bigint | undefined {
    return this.words[Number(hpa >> 3n)];
  }

  #fill(requesterId: number): BigContext | undefined {
    const context = this.#decide(requesterId);
    if (typeof context !== "number") {
      this.#contexts.set(requesterId, context);
      return context;
    }
    this.#refuse(context);
    return undefined;
  }

  #decide(requesterId: number): BigContext | number {
    const rootTable = BigInt(this.#image.rootTable);
    if (rootTable & 0xc80n) return 0x30;
    const rootAt = (rootTable & PAGE) + BigInt(requesterId >> 8) * 16n;
    const root = this.#load(rootAt);
    const rootUpper = this.#load(rootAt + 8n);
    if (root === undefined || rootUpper === undefined) return 0x08;
    if ((root & 1n) === 0n) return 0x01;
    if ((root & (0xffen | this.#reserved)) | rootUpper) return 0x0a;
    const at = (root & PAGE) + BigInt(requesterId & 0xff) * 16n;
    const entry = this.#load(at);
    const upper = this.#load(at + 8n);
    if (entry === undefined || upper === undefined) return 0x09;
    if ((entry & 1n) === 0n) return 0x02;
    const type = (entry >> 2n) & 3n;
    const domain = (upper >> 8n) & 0xffffn;
    const domainWidth = 4n + 2n * (this.#cap & 7n);
    let reserved = (entry & 0xff0n) | (upper >> 24n) | (upper & 0x80n) | (domain >> domainWidth);
    if (type !== 2n) reserved |= entry & this.#reserved;
    if (reserved) return 0x0b;
    if (type === 3n || (type === 2n && !(this.#ecap & 0x40n)) || (type === 1n && !(this.#ecap & 4n))) return 0x03;
    const width = upper & 7n;
    if (width < 1n || width > 3n || ((this.#cap >> (8n + width)) & 1n) === 0n) return 0x03;
    if (type === 2n) return { tag: VALID | IDENTITY | domain, levels: 0, table: 0n };
    return { tag: VALID | domain, levels: Number(width) + 2, table: entry & PAGE };
  }

  #miss(context: BigContext, iova: bigint, access: bigint, slot: number, tag: bigint): bigint {
    this.misses++;
    if (iova >= 0xfee0_0000n && iova <= 0xfeef_ffffn) return iova;
    let value = (iova & PAGE) | 3n;
    if ((context.tag & IDENTITY) === 0n) {
      const supported = Number((this.#cap >> 16n) & 63n) + 1;
      if (iova >> BigInt(Math.min(supported, 12 + 9 * context.levels))) return this.#refuse(0x04);
      this.walks++;
      const page = this.#walk(context, iova, access);
      if (typeof page === "number") return this.#refuse(page);
      if ((page & PAGE) >= 0xfee0_0000n && (page & PAGE) <= 0xfeef_ffffn) return this.#refuse(0x0e);
      value = page;
    } else if (iova & this.#reserved) return this.#refuse(0x04);
    const region = this.#find(value & PAGE);
    const place = (region << 52n) | (value & PAGE);
    if (region !== 0n) {
      this.#tags[slot] = tag;
      this.#values[slot] = place | (value & 3n);
    }
    return place | (iova & OFFSET);
  }

  #find(hpa: bigint): bigint {
    if (hpa < BigInt(this.bytes.length)) return 1n;
    const { base, size } = this.#image.external;
    return hpa >= BigInt(base) && hpa < BigInt(base + size) ? 2n : 0n;
  }

  /** The page and its rights, or the reason of a refusal. */
  #walk(context: BigContext, iova: bigint, access: bigint): bigint | number {
    const always = (this.#reserved & PAGE) | (1n << 62n);
    const leaf = this.#ecap & 0x80n ? always : always | 0x800n;
    let granted = 3n;
    let table = context.table;
    let level = context.levels - 1;
    const key2M = ((iova >> 21n) << 25n) | context.tag;
    const key1G = ((iova >> 30n) << 34n) | context.tag;
    const slot2M = Number((iova >> 21n) & 1023n);
    const slot1G = Number((iova >> 30n) & 1023n);
    if (this.#tags2M[slot2M] === key2M) {
      level = 0;
      table = (this.#tables2M[slot2M] as bigint) & PAGE;
      granted = (this.#tables2M[slot2M] as bigint) & 3n;
    } else if (this.#tags1G[slot1G] === key1G) {
      level = 1;
      table = (this.#tables1G[slot1G] as bigint) & PAGE;
      granted = (this.#tables1G[slot1G] as bigint) & 3n;
    }
    while (true) {
      const shift = BigInt(12 + 9 * level);
      const entry = this.#load(table + ((iova >> shift) & 511n) * 8n);
      if (entry === undefined) return table === context.table ? 0x03 : 0x07;
      granted &= entry;
      const large = level === 1 ? (this.#cap >> 34n) & 1n : level === 2 ? (this.#cap >> 35n) & 1n : 0n;
      const isPage = level === 0 || (large !== 0n && (entry & 0x80n) !== 0n);
      const inside = (1n << shift) - 1n;
      const reserved = isPage ? leaf | (inside & ~OFFSET) : always | 0x880n;
      if (access & ~granted) return access & ~granted & 2n ? 0x05 : 0x06;
      if (entry & reserved) return 0x0c;
      if (isPage) return (entry & PAGE) | (iova & inside & PAGE) | granted;
      table = entry & PAGE;
      if (level === 2) {
        this.#tags1G[slot1G] = key1G;
        this.#tables1G[slot1G] = table | granted;
      } else if (level === 1) {
        this.#tags2M[slot2M] = key2M;
        this.#tables2M[slot2M] = table | granted;
      }
      level--;
    }
  }
}
