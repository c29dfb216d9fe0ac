// Hex dumps of configuration space, as lspci -x, -xxx and -xxxx write them and lspci -F reads them.
import * as spec from "../../assembly/spec/pci/header.ts";
import { formatBdf, type RequesterId, requesterId } from "../core/address.ts";
import { FormatError } from "../core/errors.ts";

/** One function of a dump. */
export interface DumpedFunction {
  /** PCI segment (Linux: domain, of which those behind Intel VMD are above 65535); 32 bits. */
  segment: number;
  requesterId: RequesterId;
  /** The line of the dump's text where the function begins. */
  line?: number;
  /** What stands behind the slot, for example "Ethernet controller: Intel Corporation …". */
  description: string;
  /** The bytes that the dump has: 64, 128 (a CardBus bridge), 256 or 4096. */
  bytes: Uint8Array;
  /** Sizes of BARs 0–5 in bytes, where the dump's text says them. */
  barSizes: ReadonlyMap<number, number>;
  /** Size of the expansion ROM in bytes, where the dump's text says it. */
  romSize?: number;
}

const ROW = 16;
const LENGTHS: readonly number[] = [
  spec.HEADER_SIZE,
  2 * spec.HEADER_SIZE,
  spec.CONFIG_SPACE_COMPATIBLE_SIZE,
  spec.CONFIG_SPACE_SIZE,
];
const SLOT = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-9a-f])(?: (.*))?$/i;
const HEX_ROW = /^([0-9a-f]{2,8}):(?: (.*))?$/i;
const REGION = /^\s+Region ([0-5]): .*\[size=(\d+)([KMGT]?)\]/;
const ROM = /^\s+Expansion ROM at .*\[size=(\d+)([KMGT]?)\]/;

interface Reading {
  line: number;
  name: string;
  segment: number;
  requesterId: RequesterId;
  description: string;
  bytes: number[];
  barSizes: Map<number, number>;
  romSize: number;
}

/**
 * Reads a dump; text that lspci decoded in between is skipped, except for the sizes of regions.
 * Throws FormatError, naming `source`, the line and the value, for rows that are short, out of order or no hexadecimal
 * bytes, a slot that occurs twice or cannot be, a function whose bytes end early, and text without any function.
 */
export function parseDump(text: string, source: string): DumpedFunction[] {
  const functions: DumpedFunction[] = [];
  const seen = new Map<string, number>();
  let current: Reading | undefined;
  const refuse = (line: number, reason: string): never => {
    throw new FormatError(source, `line ${line}: ${reason}`);
  };
  const finish = (): void => {
    if (current === undefined) return;
    const { line, bytes, name, romSize } = current;
    if (!LENGTHS.includes(bytes.length)) {
      refuse(line, `function ${name} has 0x${bytes.length.toString(16)} bytes instead of 0x40, 0x80, 0x100 or 0x1000`);
    }
    functions.push({ ...pick(current), bytes: Uint8Array.from(bytes), ...(romSize === 0 ? {} : { romSize }) });
    current = undefined;
  };
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    const number = i + 1;
    const slot = SLOT.exec(line);
    if (slot !== null) {
      finish();
      const name = slot[0].split(" ", 1)[0] as string;
      current = begin(slot, name, number, refuse);
      const key = `${current.segment}/${current.requesterId}`;
      const before = seen.get(key);
      if (before !== undefined) refuse(number, `slot ${name} was given on line ${before} already`);
      seen.set(key, number);
      continue;
    }
    const row = HEX_ROW.exec(line);
    if (row !== null) {
      if (current === undefined) {
        refuse(number, `bytes at 0x${row[1]} before any function`);
      } else {
        addRow(current, Number.parseInt(row[1] as string, 16), row[2] ?? "", number, refuse);
      }
      continue;
    }
    if (line.trim() === "") finish();
    else if (current !== undefined) addSizes(current, line);
  }
  finish();
  if (functions.length === 0) throw new FormatError(source, "no function found: is this the output of lspci -xxxx?");
  return functions;
}

/** The dump of `functions`; the segment is printed where it is not 0. */
export function formatDump(
  functions: readonly Pick<DumpedFunction, "segment" | "requesterId" | "description" | "bytes">[],
): string {
  const parts: string[] = [];
  for (const { segment, requesterId, description, bytes } of functions) {
    parts.push(`${formatSlot(segment, requesterId)} ${description}\n`, formatBytes(bytes), "\n");
  }
  return parts.join("");
}

/** Rows of 16 bytes. */
export function formatBytes(bytes: Uint8Array): string {
  const hex2 = (value: number): string => value.toString(16).padStart(2, "0");
  let text = "";
  for (let at = 0; at < bytes.length; at += ROW) {
    text += `${hex2(at)}: ${Array.from(bytes.subarray(at, at + ROW), hex2).join(" ")}\n`;
  }
  return text;
}

/** `bb:dd.f`, with `ssss:` before it unless `segment` is 0. */
export function formatSlot(segment: number, id: RequesterId | number): string {
  return segment === 0 ? formatBdf(id) : `${segment.toString(16).padStart(4, "0")}:${formatBdf(id)}`;
}

type Refuse = (line: number, reason: string) => never;

function begin(slot: RegExpExecArray, name: string, line: number, refuse: Refuse): Reading {
  const [segment, bus, device, functionNumber] = slot.slice(1, 5).map((part) => Number.parseInt(part ?? "0", 16)) as [
    number,
    number,
    number,
    number,
  ];
  if (device > 31) refuse(line, `slot ${name} has no device 0–1f`);
  if (functionNumber > 7) refuse(line, `slot ${name} has no function 0–7`);
  return {
    line,
    name,
    segment,
    requesterId: requesterId(bus, device, functionNumber),
    description: slot[5] ?? "",
    bytes: [],
    barSizes: new Map(),
    romSize: 0,
  };
}

function pick({ segment, requesterId, line, description, barSizes }: Reading) {
  return { segment, requesterId, line, description, barSizes };
}

function addRow(current: Reading, offset: number, text: string, line: number, refuse: Refuse): void {
  const due = current.bytes.length;
  if (offset >= spec.CONFIG_SPACE_SIZE) refuse(line, `offset 0x${offset.toString(16)} is beyond 0x1000 bytes`);
  if (offset !== due) refuse(line, `offset 0x${offset.toString(16)} where 0x${due.toString(16)} is due`);
  const words = text.split(" ").filter((word) => word !== "");
  for (const word of words) if (!/^[0-9a-f]{2}$/i.test(word)) refuse(line, `${JSON.stringify(word)} is not a byte`);
  if (words.length !== ROW) refuse(line, `${words.length} bytes instead of ${ROW}`);
  for (const word of words) current.bytes.push(Number.parseInt(word, 16));
}

function addSizes(current: Reading, line: string): void {
  const region = REGION.exec(line);
  if (region !== null) current.barSizes.set(Number(region[1]), sizeOf(region[2], region[3]));
  const rom = ROM.exec(line);
  if (rom !== null) current.romSize = sizeOf(rom[1], rom[2]);
}

function sizeOf(digits: string | undefined, unit: string | undefined): number {
  return Number(digits) * 2 ** (10 * " KMGT".indexOf(unit === undefined || unit === "" ? " " : unit));
}
