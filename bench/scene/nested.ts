// The machine of the nested case: addresses of a requester without PASID whose every translation misses all caches, of
// both stages, and walks four levels in each.
import { PGTT_NESTED } from "../../assembly/spec/vtd/pasid-table-entry.ts";
import { RTADDR_TTM_LO, RTADDR_TTM_SCALABLE } from "../../assembly/spec/vtd/root-table-address.ts";
import { type AddressList, BATCH, type MachineImage } from "./machine.ts";
import { TableBuilder } from "./tables.ts";
import { addressList } from "./translation.ts";

const PAGE = 4096;
const GIB = 2 ** 30;
const RAM = 4 * 2 ** 20;
const EXTERNAL_BASE = 64 * GIB;
const REQUESTER = 0x0310;
const DOMAIN = 6;
const LEVELS = 4;
/** P, R/W, U/S, accessed and dirty. */
const FIRST_RIGHTS = 0x67;
const PWSNP = 1 << 23;
/** AW of 48 bits. */
const WIDTH = 2 << 2;
const MULTIPLIER = 0x9e37_79b9_7f4a_7c15n;
const VALID = 1n << 63n;
const SPACE = 1n << 61n;

export interface NestedScene {
  readonly image: MachineImage;
  readonly list: AddressList;
  /** What the PASID table decides, for a partner that does not read it. */
  readonly space: { line: number; domain: number; first: number; second: number };
}

const hash = (key: bigint): bigint => BigInt.asUintN(64, key * MULTIPLIER);

/** The line of the PASID cache that an empty unit gives the requester: 256 sets of 16. */
function lineOf(requesterId: number): number {
  const hashed = hash(VALID | (BigInt(requesterId) << 32n));
  return Number(hashed >> 56n) * 16 + Number((hashed >> 32n) & 15n);
}

/** Groups of GiB-aligned addresses, in GiB, that share a line in every cache that `slots` tells of; the largest one. */
function colliding(least: number, slots: (gibibyte: bigint) => string): number[] {
  const groups = new Map<string, number[]>();
  for (let gibibyte = 1024; gibibyte < 2 ** 17; gibibyte++) {
    const slot = slots(BigInt(gibibyte));
    const group = groups.get(slot) ?? [];
    group.push(gibibyte);
    groups.set(slot, group);
    if (group.length === least) return group;
  }
  throw new Error("no addresses collide");
}

export function nestedScene(): NestedScene {
  const ram = new ArrayBuffer(RAM);
  const tables = new TableBuilder(ram, PAGE, RAM);
  const { words, rootTable } = tables;
  const store = (at: number, low: number, high = 0): void => {
    words[at >>> 2] = low;
    words[(at >>> 2) + 1] = high;
  };
  const [contexts, directory, pasids, second] = [tables.page(), tables.page(), tables.page(), tables.page()];
  const line = lineOf(REQUESTER);
  const own = VALID | SPACE | BigInt(line);
  // At a GiB boundary the IOTLB and both lower paging-structure caches have the same tag.
  const iovas = colliding(2, (gibibyte) => {
    const upper = hash(((gibibyte >> 9n) << 43n) | own) >> 56n;
    return `${hash((gibibyte << 34n) | own) >> 51n} ${upper}`;
  });
  const gpas = colliding(LEVELS + 1, (gibibyte) => `${hash((gibibyte << 34n) | VALID | BigInt(DOMAIN)) >> 54n}`);
  const pages = Array.from({ length: LEVELS }, () => tables.page());
  for (const [index, gpa] of gpas.entries()) tables.map(second, gpa * GIB, pages[index] ?? EXTERNAL_BASE + 5 * PAGE);
  for (const gibibyte of iovas) {
    for (let depth = 0; depth < LEVELS; depth++) {
      const index = Math.floor((gibibyte * GIB) / (PAGE * 512 ** (LEVELS - 1 - depth))) % 512;
      const next = (gpas[depth + 1] as number) * GIB;
      store((pages[depth] as number) + index * 8, (next % 2 ** 32) | FIRST_RIGHTS, Math.floor(next / 2 ** 32));
    }
  }
  const first = (gpas[0] as number) * GIB;
  store(rootTable + (REQUESTER >>> 8) * 16, contexts | 1);
  store(contexts + (REQUESTER & 0x7f) * 32, directory | 1);
  store(directory, pasids | 1);
  store(pasids, second | WIDTH | (PGTT_NESTED << 6) | 1);
  store(pasids + 8, DOMAIN | PWSNP);
  store(pasids + 16, first % 2 ** 32, Math.floor(first / 2 ** 32));
  const addresses = Array.from({ length: BATCH }, (_, index) => (iovas[index % iovas.length] as number) * GIB + 0x40);
  return {
    image: {
      ram,
      external: { base: EXTERNAL_BASE, size: GIB },
      rootTable: rootTable | (RTADDR_TTM_SCALABLE << RTADDR_TTM_LO),
      interruptTable: 0,
    },
    list: addressList(REQUESTER, addresses),
    space: { line, domain: DOMAIN, first, second },
  };
}
