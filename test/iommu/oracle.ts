// VT-d 5.10 legacy-mode DMA remapping written a second time, from the specification's tables and for clarity: every
// number is transcribed here, nothing comes from assembly/spec. Memory may have several possible contents per word
// (what a cache may still hold), so a request has a set of possible outcomes.

export interface OracleUnit {
  /** HAW, MGAW: bits. */
  hostWidth: number;
  guestWidth: number;
  /** Which of 39, 48, 57 SAGAW reports. */
  widths: readonly number[];
  has2M: boolean;
  has1G: boolean;
  snoop: boolean;
  passThrough: boolean;
  domainWidth: number;
  rootTable: bigint;
}

/** The possible values of the 64-bit word at an address; undefined where nothing can be read. */
export type Words = (address: bigint) => readonly bigint[] | undefined;

/** "hpa <hex>" or "fault <hex>". */
export type Outcome = string;

const fault = (reason: number): Outcome => `fault ${reason.toString(16)}`;
const inInterruptRange = (address: bigint): boolean => address >> 20n === 0xfeen;
const bit = (value: bigint, index: number): boolean => ((value >> BigInt(index)) & 1n) === 1n;
/** Bits hi:lo of a value, §-style. */
const bits = (value: bigint, hi: number, lo: number): bigint =>
  (value >> BigInt(lo)) & ((1n << BigInt(hi - lo + 1)) - 1n);

/** §9.3: what a context-entry of two words says; a number is a fault reason. */
function context(
  unit: OracleUnit,
  low: bigint,
  high: bigint,
): number | { table: bigint; aw: number; domain: number; pass: boolean } {
  if (!bit(low, 0)) return 0x2;
  const type = Number(bits(low, 3, 2));
  const aw = Number(bits(high, 2, 0));
  const domain = bits(high, 23, 8);
  if (bits(low, 11, 4) !== 0n) return 0xb;
  if (type !== 2 && unit.hostWidth < 64 && bits(low, 63, unit.hostWidth) !== 0n) return 0xb;
  if (bit(high, 7) || bits(high, 63, 24) !== 0n) return 0xb;
  if (domain >> BigInt(unit.domainWidth) !== 0n) return 0xb;
  if (type === 1 || type === 3) return 0x3;
  if (type === 2 && !unit.passThrough) return 0x3;
  if (aw < 1 || aw > 3 || !unit.widths.includes(30 + 9 * aw)) return 0x3;
  return { table: low & ~0xfffn, aw, domain: Number(domain), pass: type === 2 };
}

/** All outcomes of an untranslated request without PASID (read, write or both). */
export function outcomes(
  unit: OracleUnit,
  words: { contexts: Words; tables: (domain: number) => Words },
  requesterId: number,
  address: bigint,
  access: { read: boolean; write: boolean },
): Set<Outcome> {
  const found = new Set<Outcome>();
  if (inInterruptRange(address)) return found.add(`hpa ${address.toString(16)}`);
  const rootAt = unit.rootTable + BigInt(requesterId >> 8) * 16n;
  const rootLow = words.contexts(rootAt);
  const rootHigh = words.contexts(rootAt + 8n);
  if (rootLow === undefined || rootHigh === undefined) return found.add(fault(0x8));
  for (const low of rootLow) {
    for (const high of rootHigh) {
      if (!bit(low, 0)) found.add(fault(0x1));
      else if (high !== 0n || bits(low, 11, 1) !== 0n || bits(low, 63, unit.hostWidth) !== 0n) found.add(fault(0xa));
      else throughContext(unit, words, (low & ~0xfffn) + BigInt(requesterId & 0xff) * 16n, address, access, found);
    }
  }
  return found;
}

function throughContext(
  unit: OracleUnit,
  words: { contexts: Words; tables: (domain: number) => Words },
  at: bigint,
  address: bigint,
  access: { read: boolean; write: boolean },
  found: Set<Outcome>,
): void {
  const lows = words.contexts(at);
  const highs = words.contexts(at + 8n);
  if (lows === undefined || highs === undefined) {
    found.add(fault(0x9));
    return;
  }
  for (const low of lows) {
    for (const high of highs) {
      const entry = context(unit, low, high);
      if (typeof entry === "number") found.add(fault(entry));
      else if (entry.pass) {
        const beyond = address >> BigInt(unit.hostWidth) !== 0n;
        found.add(beyond ? fault(0x4) : `hpa ${address.toString(16)}`);
      } else if (address >> BigInt(Math.min(unit.guestWidth, 30 + 9 * entry.aw)) !== 0n) found.add(fault(0x4));
      else {
        const level = entry.aw + 1;
        secondStage(
          unit,
          words.tables(entry.domain),
          entry.table,
          level,
          true,
          address,
          { read: true, write: true },
          access,
          found,
        );
      }
    }
  }
}

/** §9.8, one level: `level` 0 holds 4 KiB pages. */
function secondStage(
  unit: OracleUnit,
  words: Words,
  table: bigint,
  level: number,
  top: boolean,
  address: bigint,
  above: { read: boolean; write: boolean },
  access: { read: boolean; write: boolean },
  found: Set<Outcome>,
): void {
  const shift = 12 + 9 * level;
  const entries = words(table + bits(address, shift + 8, shift) * 8n);
  if (entries === undefined) {
    found.add(fault(top ? 0x3 : 0x7));
    return;
  }
  for (const entry of entries) {
    const read = above.read && bit(entry, 0);
    const write = above.write && bit(entry, 1);
    const large = bit(entry, 7) && ((level === 1 && unit.has2M) || (level === 2 && unit.has1G));
    const leaf = level === 0 || large;
    if (access.write && !write) found.add(fault(0x5));
    else if (access.read && !read) found.add(fault(0x6));
    else if (reserved(unit, entry, level, leaf)) found.add(fault(0xc));
    else if (leaf) {
      const page = bits(entry, 51, shift) << BigInt(shift);
      const hpa = page | (address & ((1n << BigInt(shift)) - 1n));
      found.add(inInterruptRange(hpa) ? fault(0xe) : `hpa ${hpa.toString(16)}`);
    } else {
      const next = bits(entry, 51, 12) << 12n;
      secondStage(unit, words, next, level - 1, false, address, { read, write }, access, found);
    }
  }
}

function reserved(unit: OracleUnit, entry: bigint, level: number, leaf: boolean): boolean {
  if (bit(entry, 62)) return true;
  if (unit.hostWidth < 52 && bits(entry, 51, unit.hostWidth) !== 0n) return true;
  if (!leaf) return bit(entry, 11) || bit(entry, 7);
  if (bit(entry, 11) && !unit.snoop) return true;
  if (level === 1) return bits(entry, 20, 12) !== 0n;
  if (level === 2) return bits(entry, 29, 12) !== 0n;
  return false;
}
