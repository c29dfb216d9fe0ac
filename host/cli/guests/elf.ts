// What little is read of ELF files: the libraries that a 32-bit program needs, and a kernel module's own words.

const MAGIC = 0x7f45_4c46;
const CLASS_32 = 1;
const SECTION_DYNAMIC = 6;
const TAG_NEEDED = 1;
/** Offsets in the header and in a section's header of 32-bit ELF. */
const HEADER = { class: 4, sections: 32, sectionSize: 46, sectionCount: 48, namesIndex: 50 } as const;
const SECTION = { name: 0, type: 4, offset: 16, size: 20, link: 24 } as const;

interface Section {
  name: string;
  type: number;
  link: number;
  bytes: Uint8Array;
}

/** True when `file` is a 32-bit little-endian ELF file. */
export function isElf32(file: Uint8Array): boolean {
  return file.length >= 52 && viewOf(file).getUint32(0) === MAGIC && file[HEADER.class] === CLASS_32;
}

/** The names of the shared libraries that the program or library `file` needs; none when it is linked statically. */
export function neededLibraries(file: Uint8Array): string[] {
  const all = sections(file);
  const dynamic = all.find(({ type }) => type === SECTION_DYNAMIC);
  if (dynamic === undefined) return [];
  const strings = all[dynamic.link]?.bytes ?? new Uint8Array();
  const view = viewOf(dynamic.bytes);
  const needed: string[] = [];
  for (let at = 0; at + 8 <= dynamic.bytes.length; at += 8) {
    if (view.getUint32(at, true) === TAG_NEEDED) needed.push(text(strings, view.getUint32(at + 4, true)));
  }
  return needed;
}

/** What the kernel module `file` says of itself (`name=value`), the values by name. */
export function moduleInfo(file: Uint8Array): Map<string, string[]> {
  const info = new Map<string, string[]>();
  const bytes = sections(file).find(({ name }) => name === ".modinfo")?.bytes ?? new Uint8Array();
  for (const entry of new TextDecoder("latin1").decode(bytes).split("\0")) {
    const equals = entry.indexOf("=");
    if (equals <= 0) continue;
    const values = info.get(entry.slice(0, equals)) ?? [];
    info.set(entry.slice(0, equals), [...values, entry.slice(equals + 1)]);
  }
  return info;
}

function sections(file: Uint8Array): Section[] {
  if (!isElf32(file)) return [];
  const view = viewOf(file);
  const start = view.getUint32(HEADER.sections, true);
  const size = view.getUint16(HEADER.sectionSize, true);
  const count = view.getUint16(HEADER.sectionCount, true);
  const field = (index: number, offset: number): number => view.getUint32(start + index * size + offset, true);
  const content = (index: number): Uint8Array => {
    const offset = field(index, SECTION.offset);
    return file.subarray(offset, offset + field(index, SECTION.size));
  };
  const names = content(view.getUint16(HEADER.namesIndex, true));
  return Array.from({ length: count }, (_, index) => ({
    name: text(names, field(index, SECTION.name)),
    type: field(index, SECTION.type),
    link: field(index, SECTION.link),
    bytes: content(index),
  }));
}

function text(strings: Uint8Array, offset: number): string {
  const end = strings.indexOf(0, offset);
  return new TextDecoder("latin1").decode(strings.subarray(offset, end < 0 ? undefined : end));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
