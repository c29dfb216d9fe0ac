// Random scalable-mode tables in memory: every kind of entry, first and second stage over the same pool of pages, loops
// and self-references, tables where nothing answers, spoilt bits. What a word held since the last invalidation of
// everything is remembered.
import { GCMD_SRTP_LO } from "../../assembly/spec/vtd/global.ts";
import { RTADDR_REG, RTADDR_TTM_LO, RTADDR_TTM_SCALABLE } from "../../assembly/spec/vtd/root-table-address.ts";
import { hpa } from "../../host/core/address.ts";
import type { IommuCapabilities } from "../../host/machine/iommu-capabilities.ts";
import { type Harness, NOWHERE, RAM_BASE } from "./harness.ts";
import type { Words } from "./possible.ts";
import { pick, type Random } from "./random.ts";

export const REQUESTERS: readonly number[] = [0x0208, 0x0289, 0x02ff, 0x0300, 0x05f1];
export const PASIDS: readonly number[] = [0, 1, 63, 64, 0x41, 0x1234, 0x2000, 0xf_ffff];
const INDICES = [0, 1, 511];
const POOL = 12;
const RAM_END = RAM_BASE + 0x100_0000;
const PAGE = 4096;
/** Every flag that lets a first-stage or second-stage entry through: P R/W U/S A D, R W A D. */
const GOOD = 0x367n;

export function scalableCapabilities(random: Random): Partial<IommuCapabilities> {
  const secondStage = random(8) > 0;
  const firstStage = random(4) > 0;
  const supervisorRequests = random(2) === 0;
  const coherentScalableTables = random(4) > 0;
  const nested = secondStage && firstStage && random(4) > 0;
  return {
    hostAddressWidth: pick(random, [40, 46, 52]),
    addressWidths: pick(random, [[39, 48, 57], [48], [39, 48], [48, 57]] as (39 | 48 | 57)[][]),
    guestAddressWidth: pick(random, [52, 57]),
    largestPage: pick(random, ["4K", "2M", "1G", "1G"] as const),
    snoopControl: random(2) === 0,
    passThrough: random(4) > 0,
    domainIdWidth: pick(random, [8, 16]),
    scalableMode: true,
    coherentScalableTables,
    secondStage,
    firstStage,
    nested,
    firstStage1G: firstStage && random(2) === 0,
    firstStage5Level: firstStage && random(2) === 0,
    secondStageAccessDirty: secondStage && coherentScalableTables && random(2) === 0,
    extendedAccessed: firstStage && coherentScalableTables && random(2) === 0,
    pasidWidth: pick(random, [0, 14, 20, 20, 20, 20]),
    ridPasid: random(3) > 0,
    ridPrivilege: supervisorRequests && random(2) === 0,
    supervisorRequests,
    deviceTlb: random(2) === 0,
    abortDma: true,
    enhancedSetPointer: true,
  };
}

export class ScalableTables {
  readonly random: Random;
  readonly h: Harness;
  readonly root: number;
  readonly external: number = 0x4000_0000;
  /** Pages that paging entries lie in. */
  readonly #pool: number[];
  readonly #contexts = new Map<number, number>();
  readonly #directories: number[];
  readonly #pasidTables: number[];
  /** Second-stage tables that map RAM to itself, by levels. */
  readonly #identity = new Map<number, number>();
  #domain = 0;
  readonly #now = new Map<number, bigint>();
  readonly #past = new Map<number, bigint[]>();

  constructor(h: Harness, random: Random) {
    this.h = h;
    this.random = random;
    h.map.addExternalRam({ base: hpa(this.external), size: PAGE, buffer: new ArrayBuffer(PAGE) });
    this.root = h.page();
    this.#pool = Array.from({ length: POOL }, () => h.page());
    this.#pool.push(this.external);
    this.#directories = [h.page(), h.page()];
    this.#pasidTables = [h.page(), h.page(), h.page()];
    for (const levels of [3, 4, 5]) this.#identity.set(levels, this.#identityTables(levels));
    for (const requesterId of REQUESTERS) this.writeContext(requesterId);
    for (const directory of this.#directories) {
      for (const pasid of PASIDS) this.writeDirectory(directory + (pasid >>> 6) * 8);
    }
    for (const table of this.#pasidTables) for (const pasid of PASIDS) this.writePasid(table + (pasid & 63) * 64);
    for (let n = 0; n < 160; n++) this.writeEntry();
  }

  /** Latches the root table: with ESRTPS, that invalidates everything (§11.4.4.1 SRTP). */
  invalidate(): void {
    this.h.set64(RTADDR_REG, BigInt(this.root) | (BigInt(RTADDR_TTM_SCALABLE) << BigInt(RTADDR_TTM_LO)));
    this.h.command(GCMD_SRTP_LO);
    this.#past.clear();
  }

  /** Remembers what became of entries: a walk may have set flags in them. */
  observe(): void {
    for (const [address, value] of this.#now) {
      const now = this.h.read64(address);
      if (now !== value) this.#remember(address, value, now);
    }
  }

  /** What a word may be to a walk; `exact`, what it is. */
  words(exact: boolean): Words {
    return (address) => {
      const ram = address >= RAM_BASE && address < RAM_END;
      if (!ram && !(address >= this.external && address < this.external + PAGE)) return undefined;
      const now = this.h.read64(address);
      const past = exact ? undefined : this.#past.get(address);
      return past === undefined || past.includes(now) ? (past ?? [now]) : [...past, now];
    };
  }

  /** Changes some entry. */
  change(): void {
    const kind = this.random(20);
    if (kind === 0) this.writeContext(pick(this.random, REQUESTERS));
    else if (kind === 1)
      this.writeDirectory(pick(this.random, this.#directories) + (pick(this.random, PASIDS) >>> 6) * 8);
    else if (kind < 5) this.writePasid(pick(this.random, this.#pasidTables) + (pick(this.random, PASIDS) & 63) * 64);
    else this.writeEntry();
  }

  iova(): bigint {
    let page = 0n;
    for (let level = 4; level >= 0; level--) {
      page = (page << 9n) | BigInt(pick(this.random, level > 2 && this.random(6) > 0 ? [0] : INDICES));
    }
    if (this.random(8) === 0) page |= 0xfff0_0000_0000n << 4n;
    if (this.random(60) === 0) page = 0xfee01n;
    if (this.random(30) === 0) page |= 1n << BigInt(30 + this.random(22));
    return ((page << 12n) | BigInt(this.random(PAGE))) & 0xffff_ffff_ffff_ffffn;
  }

  writeContext(requesterId: number): void {
    const half = ((requesterId >> 8) << 1) | ((requesterId >> 7) & 1);
    let table = this.#contexts.get(half);
    if (table === undefined) {
      table = this.h.page();
      this.#contexts.set(half, table);
    }
    const rootAt = this.root + (requesterId >> 8) * 16 + (half & 1) * 8;
    this.#write(rootAt, this.#spoil(BigInt(table) | 1n, 200));
    const at = table + (requesterId & 0x7f) * 32;
    let low = BigInt(pick(this.random, this.#directories)) | 1n | (BigInt(pick(this.random, [1, 7, 7, 7, 7, 7])) << 9n);
    const { ridPasid, ridPrivilege, pasidWidth, deviceTlb } = this.h.unit.capabilities;
    if (pasidWidth > 0 && this.random(12) > 0) low |= 8n;
    if (deviceTlb && this.random(2) === 0) low |= 4n;
    if (this.random(8) === 0) low |= 2n;
    let high = ridPasid && this.random(2) === 0 ? BigInt(pick(this.random, PASIDS)) : 0n;
    if (ridPrivilege && this.random(4) === 0) high |= 1n << 20n;
    this.#write(at, 0n);
    this.#write(at + 8, this.#spoil(high, 40));
    this.#write(at + 16, this.#spoil(0n, 100));
    this.#write(at + 24, this.#spoil(0n, 100));
    this.#write(at, this.#spoil(low, 40));
  }

  writeDirectory(at: number): void {
    // A directory is one page here; PDTS may name more of it than there is.
    if (at >= pick(this.random, this.#directories) + 8 * PAGE) return;
    let entry = BigInt(pick(this.random, this.#pasidTables)) | 1n;
    if (this.random(12) === 0) entry |= 2n;
    this.#write(at, this.#spoil(entry, 40));
  }

  writePasid(at: number): void {
    const caps = this.h.unit.capabilities;
    const types = [
      ...(caps.firstStage ? [1, 1] : []),
      ...(caps.secondStage ? [2, 2] : []),
      ...(caps.nested ? [3, 3, 3] : []),
      ...(caps.passThrough ? [4] : []),
    ];
    const type = types.length === 0 || this.random(20) === 0 ? this.random(8) : pick(this.random, types);
    const width = BigInt(((pick(this.random, caps.addressWidths) as number) - 30) / 9);
    const identity = this.random(4) > 0;
    const second = identity ? (this.#identity.get(Number(width) + 2) as number) : pick(this.random, this.#pool);
    let low = (BigInt(type) << 6n) | 1n;
    if (caps.secondStage) low |= (width << 2n) | BigInt(second);
    if (caps.secondStageAccessDirty && this.random(2) === 0) low |= 1n << 9n;
    if (this.random(12) === 0) low |= 2n;
    let middle = BigInt(this.#newDomain());
    if (caps.coherentScalableTables && this.random(6) > 0) middle |= 1n << 23n;
    let high = 0n;
    if (caps.firstStage) high |= BigInt(pick(this.random, this.#pool));
    if (caps.firstStage5Level && this.random(2) === 0) high |= 4n;
    if (caps.firstStage && this.random(2) === 0) high |= 16n;
    if (caps.extendedAccessed && this.random(2) === 0) high |= 128n;
    if (caps.supervisorRequests && this.random(2) === 0) high |= 1n;
    this.#write(at, 0n);
    this.#write(at + 8, this.random(40) === 0 ? middle ^ (1n << BigInt(16 + this.random(48))) : middle);
    this.#write(at + 16, this.#spoil(high, 40));
    this.#write(at + 24 + 8 * this.random(5), this.#spoil(0n, 60));
    this.#write(at, this.#spoil(low, 40));
  }

  /** Every entry has a domain of its own, as one that names another second stage must (§6.2.3.1). */
  #newDomain(): number {
    if (++this.#domain === 2 ** this.h.unit.capabilities.domainIdWidth) {
      this.#domain = 1;
      this.invalidate();
    }
    return this.#domain;
  }

  writeEntry(): void {
    const table = this.random(12) === 0 ? (this.#identity.get(pick(this.random, [3, 4, 5])) as number) : undefined;
    const at = (table ?? pick(this.random, this.#pool)) + pick(this.random, INDICES) * 8;
    let entry = this.#target() | GOOD;
    const twist = this.random(24);
    if (twist === 0) entry &= ~BigInt(1 + this.random(0x367));
    if (twist < 3) entry |= 0x80n;
    if (twist === 3) entry ^= 1n << BigInt(this.random(64));
    if (twist === 4) entry = BigInt(this.random(2 ** 32)) | (BigInt(this.random(2 ** 32)) << 32n);
    if (twist === 5) entry &= ~0x4n;
    if (twist === 6) entry &= ~0x2n;
    if (twist < 12) entry |= 0x400n;
    this.#write(at, entry);
  }

  #target(): bigint {
    const kind = this.random(40);
    if (kind === 0) return BigInt(NOWHERE) & 0xff_ffff_f000n;
    if (kind === 1) return 0xfee0_0000n;
    if (kind === 2) return BigInt(this.random(2 ** 20)) * 0x1000n;
    if (kind === 3) return BigInt(this.random(64)) << 30n;
    if (kind === 4) return BigInt(RAM_END);
    if (kind === 5) return BigInt(this.random(512)) << 21n;
    if (kind === 6) return BigInt(this.random(16)) << 48n;
    return BigInt(pick(this.random, this.#pool));
  }

  /** `value`, once in `odds` with a random bit flipped. */
  #spoil(value: bigint, odds: number): bigint {
    return this.random(odds) === 0 ? value ^ (1n << BigInt(this.random(64))) : value;
  }

  #write(address: number, value: bigint): void {
    this.#remember(address, this.h.read64(address), value);
    this.h.write64(address, value);
  }

  #remember(address: number, before: bigint, value: bigint): void {
    const past = this.#past.get(address) ?? [before];
    if (!past.includes(value)) past.push(value);
    this.#past.set(address, past);
    this.#now.set(address, value);
  }

  /** Tables of so many levels that map the first 32 MiB to themselves, in pages of 4 KiB. */
  #identityTables(levels: number): number {
    let below = this.h.page();
    for (let place = 0; place < 16; place++) {
      const leaves = this.h.page();
      this.h.write64(below + place * 8, BigInt(leaves) | GOOD);
      for (let index = 0; index < 512; index++) {
        this.h.write64(leaves + index * 8, BigInt(place * 0x20_0000 + index * PAGE) | GOOD);
      }
    }
    for (let level = 2; level < levels; level++) {
      const table = this.h.page();
      this.h.write64(table, BigInt(below) | GOOD);
      below = table;
    }
    return below;
  }
}
