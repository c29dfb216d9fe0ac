// Snapshots as bytes: plain values and byte arrays in one self-contained, deterministic form.
//
//   "iovirt snapshot 1\n" │ u32 length │ JSON, byte arrays as {"$bytes": [offset, length]} │ the byte arrays
import { ArgumentError, FormatError } from "./errors.ts";

const MAGIC = "iovirt snapshot 1\n";
const HEADER = MAGIC.length + 4;

/**
 * The bytes of what a part's `save` gave. Equal states give equal bytes. Throws ArgumentError for what is no state: no
 * object, one that contains itself, or values that JSON has not.
 */
export function encodeSnapshot(state: object): Uint8Array {
  if (typeof state !== "object" || state === null) throw new ArgumentError("state", state, "is no object");
  const blobs: Uint8Array[] = [];
  let blobBytes = 0;
  let json: string;
  try {
    json = JSON.stringify(state, (_key, item: unknown) => {
      if (!(item instanceof Uint8Array)) return item;
      blobs.push(item);
      blobBytes += item.length;
      return { $bytes: [blobBytes - item.length, item.length] };
    });
  } catch (error) {
    throw new ArgumentError("state", state, `cannot be written (${(error as Error).message.split("\n")[0]})`);
  }
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(HEADER + text.length + blobBytes);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(MAGIC.length, text.length, true);
  bytes.set(text, HEADER);
  let place = HEADER + text.length;
  for (const blob of blobs) {
    bytes.set(blob, place);
    place += blob.length;
  }
  return bytes;
}

/**
 * What `encodeSnapshot` was given; the caller says of what kind that was.
 * Throws FormatError when the bytes are not a whole snapshot.
 */
export function decodeSnapshot<State extends object>(bytes: Uint8Array): State {
  if (!(bytes instanceof Uint8Array)) throw new ArgumentError("bytes", bytes, "is no Uint8Array");
  if (bytes.length === 0) throw new FormatError("snapshot", "is empty");
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC)
    throw new FormatError("snapshot", `is none: it starts with ${JSON.stringify(magic.slice(0, 20))}`);
  if (bytes.length < HEADER) throw new FormatError("snapshot", `ends after ${bytes.length} bytes`);
  // Whatever kind of Uint8Array that was: a Buffer's slices would be views of it.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const blobs = HEADER + length;
  if (blobs > bytes.length) throw new FormatError("snapshot", `ends after ${bytes.length} of ${blobs} bytes`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(HEADER, blobs)), (_key, item) => {
      const place: unknown = item?.$bytes;
      if (!Array.isArray(place)) return item;
      const [start, size] = place as [number, number];
      if (blobs + start + size > bytes.length) throw new RangeError(`byte array at ${start} is cut short`);
      return plain.slice(blobs + start, blobs + start + size);
    }) as State;
  } catch (error) {
    throw new FormatError("snapshot", `is not the state of such a machine (${(error as Error).message})`);
  }
}

/** Throws FormatError unless `state` has the property that states of `kind` have; it says what it has instead. */
export function checkKind(kind: string, state: unknown, property: string): void {
  const given = typeof state === "object" && state !== null ? Object.keys(state) : undefined;
  if (given?.includes(property)) return;
  const instead =
    given === undefined ? String(state) : `a state with ${given.slice(0, 6).join(", ") || "nothing in it"}`;
  throw new FormatError("snapshot", `is no ${kind}'s: ${instead}`);
}

/** Where two values differ first, as "cards.0.ports: 1 instead of 2"; undefined when they are equal. */
export function firstDifference(value: unknown, wanted: unknown, path = ""): string | undefined {
  const both = [value, wanted];
  if (both.some((one) => typeof one !== "object" || one === null)) {
    return value === wanted ? undefined : `${path}: ${JSON.stringify(value)} instead of ${JSON.stringify(wanted)}`;
  }
  const [left, right] = both as [Record<string, unknown>, Record<string, unknown>];
  for (const name of new Set([...Object.keys(right), ...Object.keys(left)])) {
    const found = firstDifference(left[name], right[name], path === "" ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Throws FormatError unless `value`, of the state of `source`, is a whole number from 0 to `most`. */
export function checkStateNumber(source: string, value: unknown, most = 0xffff_ffff): void {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > most) {
    throw new FormatError(source, `${String(value)} is not a whole number up to ${most}`);
  }
}

/**
 * Runs `apply`; when it fails half-way, `undo` takes back what it did. Throws ArgumentError or FormatError:
 * a state of another shape is data that cannot be read.
 */
export function applyOrUndo(apply: () => void, undo: () => void): void {
  try {
    apply();
  } catch (error) {
    undo();
    if (error instanceof ArgumentError || error instanceof FormatError) throw error;
    throw new FormatError("snapshot", `is not the state of such a machine (${(error as Error).message})`);
  }
}

/**
 * Throws FormatError unless `value` has the properties, kinds of value and array lengths of `like`. Properties named in
 * `free` are not looked into.
 */
export function checkShape(
  source: string,
  value: unknown,
  like: unknown,
  free: ReadonlySet<string>,
  path = "the state",
): void {
  const wrong = (what: string): never => {
    throw new FormatError(source, `${path} is ${what}`);
  };
  if (like instanceof Uint8Array) {
    if (!(value instanceof Uint8Array)) wrong("no byte array");
    else if (value.length !== like.length) wrong(`${value.length} bytes instead of ${like.length}`);
    return;
  }
  if (typeof like !== "object" || like === null) {
    if (typeof value !== typeof like || (typeof value === "number" && !Number.isFinite(value)))
      wrong(`no ${typeof like}`);
    return;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) !== Array.isArray(like)) {
    wrong(Array.isArray(like) ? "no array" : "no object");
  }
  const names = Object.keys(like);
  const own = Object.keys(value as object);
  if (Array.isArray(like) && own.length !== names.length) wrong(`${own.length} items instead of ${names.length}`);
  for (const name of names) {
    if (!own.includes(name)) wrong(`without ${name}`);
    if (free.has(name)) continue;
    const inner = (value as Record<string, unknown>)[name];
    checkShape(source, inner, (like as Record<string, unknown>)[name], free, `${path}.${name}`);
  }
}
