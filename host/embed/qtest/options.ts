// QEMU's option lists: "value,key=value,flag", a comma in a value doubled; or one JSON object.
import { QemuError } from "./errors.ts";
import { parseNumber, parseU64, type U64 } from "./numbers.ts";

/** The keys of one option in their order; a later one of the same name wins. */
export type KeyValues = Map<string, string>;

/** @param implied the key of a first value without one, as in `-device igb`. */
export function parseKeyValues(text: string, implied: string | undefined): KeyValues {
  const values: KeyValues = new Map();
  if (text.startsWith("{")) return fromJson(text);
  for (const [place, part] of cut(text).entries()) {
    const equals = part.indexOf("=");
    if (equals > 0) values.set(part.slice(0, equals), part.slice(equals + 1));
    else if (place === 0 && implied !== undefined) values.set(implied, part);
    else if (part !== "") values.set(part, "on");
  }
  return values;
}

/** What a monitor command or a JSON option gives: plain values become the text that a command line would have. */
export function fromObject(object: Readonly<Record<string, unknown>>): KeyValues {
  const values: KeyValues = new Map();
  for (const [key, value] of Object.entries(object)) {
    if (typeof value === "boolean") values.set(key, value ? "on" : "off");
    else if (typeof value === "number" || typeof value === "string") values.set(key, String(value));
    else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [inner, text] of fromObject(value as Record<string, unknown>)) values.set(`${key}.${inner}`, text);
    } else throw new QemuError(`Invalid parameter type for '${key}', expected: string`);
  }
  return values;
}

function fromJson(text: string): KeyValues {
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch {
    throw new QemuError("JSON parse error, invalid value");
  }
  return fromObject(object as Record<string, unknown>);
}

/** Cuts at single commas; two stand for one that belongs to the value. */
/** Cuts at single commas; two stand for one that belongs to the value. */
function cut(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let place = 0; place < text.length; place++) {
    if (text[place] !== ",") part += text[place];
    else if (text[place + 1] === ",") {
      part += ",";
      place++;
    } else {
      parts.push(part);
      part = "";
    }
  }
  parts.push(part);
  return parts;
}

/** Reads typed properties of `owner` and knows which were never asked for. */
export class Properties {
  readonly owner: string;
  readonly #values: KeyValues;
  readonly #read = new Set<string>();

  constructor(owner: string, values: KeyValues) {
    this.owner = owner;
    this.#values = values;
  }

  text(name: string): string | undefined {
    this.#read.add(name);
    return this.#values.get(name);
  }

  /** on/off, yes/no, true/false, y/n; `auto` is the default. */
  flag(name: string, byDefault: boolean): boolean {
    const value = this.text(name);
    if (value === undefined || value === "auto") return byDefault;
    if (["on", "yes", "true", "y"].includes(value)) return true;
    if (["off", "no", "false", "n"].includes(value)) return false;
    throw new QemuError(`Parameter '${name}' expects 'on' or 'off'`);
  }

  number(name: string, byDefault: number, most: number): number {
    const value = this.text(name);
    if (value === undefined) return byDefault;
    const number = parseNumber(value);
    if (number === undefined) throw new QemuError(`Parameter '${name}' expects a number`);
    if (number > most) throw new QemuError(`Property ${this.owner}.${name} doesn't take value ${value}`);
    return number;
  }

  wide(name: string): U64 | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = parseU64(value);
    if (number === undefined) throw new QemuError(`Parameter '${name}' expects uint64`);
    return number;
  }

  /** Names that are accepted without effect. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  /** Throws QemuError for a property that nobody asked for: the device has none of this name. */
  finish(): void {
    for (const name of this.#values.keys()) {
      if (!this.#read.has(name)) throw new QemuError(`Property '${this.owner}.${name}' not found`);
    }
  }
}

const UNITS: Readonly<Record<string, number>> = { "": 0, b: 0, k: 10, m: 20, g: 30, t: 40, p: 50, e: 60 };

/** Bytes of a size such as `128M`; without a unit in `unit`. Undefined for what is no size. */
export function parseSize(text: string, unit: "B" | "M"): number | undefined {
  const match = /^(0x[\da-f]+|\d+(?:\.\d+)?)([bkmgtpe]?)$/i.exec(text);
  if (match === null) return undefined;
  const shift = match[2] === "" ? UNITS[unit.toLowerCase()] : UNITS[(match[2] as string).toLowerCase()];
  const bytes = Math.floor(Number(match[1]) * 2 ** (shift as number));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
