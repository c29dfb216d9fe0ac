// The machine of the translation cases: one requester with 64 GiB of single 4 KiB pages, one whose pages lie so far
// apart that every translation misses all caches and walks from the top.
import { bigSlot } from "../partner/bigint-iommu.ts";
import { halvesSlot } from "../partner/halves-iommu.ts";
import { type AddressList, BATCH, type MachineImage, xorshift } from "./machine.ts";
import { TableBuilder } from "./tables.ts";

const PAGE = 4096;
const GIB = 2 ** 30;
const RAM = 136 * 2 ** 20;
const EXTERNAL_BASE = 64 * GIB;
/** An odd multiplier permutes the pages. */
const SCATTER = 2654435761;
const DOMAIN_DENSE = 5;
const DOMAIN_SPARSE = 6;
/** How many addresses of one slot a walk list repeats. */
const COLLIDING = 24;

export const REQUESTER_DENSE = 0x0108;
export const REQUESTER_SPARSE = 0x0210;

/** The pages of the dense requester when it has all of them: 64 GiB. */
export const DENSE_PAGES: number = 64 * (GIB / PAGE);

export interface TranslationScene {
  readonly image: MachineImage;
  /** 256 pages that fit every cache. */
  readonly hits: AddressList;
  /** For each kind of cache, addresses that all fall into the same line of it. */
  readonly walks: Record<"wasm" | "halves" | "bigint", AddressList>;
}

/** Fills `list` with random pages below `pages` (a power of two). */
export function randomPages(list: AddressList, pages: number, seed: number): void {
  let state = Math.imul(seed, 0x9e37_79b9) | 1;
  for (let index = 0; index < list.halves.length; index += 2) {
    state = xorshift(state);
    const page = state & (pages - 1);
    list.halves[index] = ((page << 12) | 0x40) >>> 0;
    list.halves[index + 1] = page >>> 20;
  }
}

export function addressList(requesterId: number, addresses: readonly number[]): AddressList {
  const halves = new Uint32Array(addresses.length * 2);
  for (const [index, address] of addresses.entries()) {
    halves[index * 2] = address % 2 ** 32;
    halves[index * 2 + 1] = Math.floor(address / 2 ** 32);
  }
  return { requesterId, halves };
}

/** An IOTLB slot of assembly/iommu: the top 13 bits of the tag by the golden ratio. Only for pages at a 1 GiB boundary. */
function wasmSlot(gibibyte: number): number {
  const tag = (BigInt(gibibyte) << 34n) | (1n << 63n) | BigInt(DOMAIN_SPARSE);
  return Number(BigInt.asUintN(64, tag * 0x9e37_79b9_7f4a_7c15n) >> 51n);
}

/** `COLLIDING` multiples of 1 GiB that fall into the slot of the first; then every level of the tables is walked. */
function colliding(slot: (gibibyte: number) => number): number[] {
  const found: number[] = [];
  for (let gibibyte = 1024; found.length < COLLIDING; gibibyte++) {
    if (slot(gibibyte) === slot(1024)) found.push(gibibyte * GIB);
  }
  return found;
}

/** Builds the scene with `pages` (a power of two, at least 512) in the dense requester's domain. */
export function translationScene(pages: number): TranslationScene {
  const ram = new ArrayBuffer(pages === DENSE_PAGES ? RAM : 8 * 2 ** 20);
  const tables = new TableBuilder(ram, PAGE, ram.byteLength);
  const dense = tables.attach(REQUESTER_DENSE, DOMAIN_DENSE);
  const scatter = (page: number): number => EXTERNAL_BASE + ((Math.imul(page, SCATTER) & (pages - 1)) >>> 0) * PAGE;
  tables.fill(dense, pages, scatter);
  const lists = {
    wasm: colliding(wasmSlot),
    halves: colliding((gibibyte) => halvesSlot(gibibyte << 18, (gibibyte >>> 14) | (1 << 31) | (DOMAIN_SPARSE << 13))),
    bigint: colliding((gibibyte) => (gibibyte & 1023) * 8192 + bigSlot(BigInt(gibibyte) << 18n, BigInt(DOMAIN_SPARSE))),
  };
  const sparse = tables.attach(REQUESTER_SPARSE, DOMAIN_SPARSE);
  let page = 0;
  for (const iova of [...lists.wasm, ...lists.halves, ...lists.bigint]) tables.map(sparse, iova, scatter(page++));
  const repeat = (addresses: number[]): AddressList =>
    addressList(
      REQUESTER_SPARSE,
      Array.from({ length: BATCH }, (_, index) => (addresses[index % addresses.length] as number) + 0x40),
    );
  return {
    image: {
      ram,
      external: { base: EXTERNAL_BASE, size: DENSE_PAGES * PAGE },
      rootTable: tables.rootTable,
      interruptTable: 0,
    },
    hits: addressList(
      REQUESTER_DENSE,
      Array.from({ length: BATCH }, (_, index) => ((index * 37) & 255) * PAGE + 0x80),
    ),
    walks: { wasm: repeat(lists.wasm), halves: repeat(lists.halves), bigint: repeat(lists.bigint) },
  };
}
