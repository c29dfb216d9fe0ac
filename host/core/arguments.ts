// Checks of what an embedder hands over, where types were left behind at run time.
import { ArgumentError } from "./errors.ts";

/** Throws ArgumentError unless `value` is an object with no other keys than these. */
export function checkOptions(parameter: string, value: unknown, keys: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ArgumentError(parameter, value, "is not an object of options");
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of any realm.
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!plain && !keys.some((key) => key in value)) {
    throw new ArgumentError(parameter, value, `is not an object of options, which are ${keys.join(", ")}`);
  }
  const stranger = Object.keys(value).find((key) => !keys.includes(key));
  if (stranger !== undefined) {
    throw new ArgumentError(parameter, stranger, `is not an option; there are ${keys.join(", ")}`);
  }
}

/** Throws ArgumentError unless `value` is a function. */
export function checkFunction(parameter: string, value: unknown): void {
  if (typeof value !== "function") throw new ArgumentError(parameter, value, "is not a function");
}

/** Throws ArgumentError unless `value` is one of `choices`. */
export function checkChoice(parameter: string, value: unknown, choices: readonly string[]): void {
  if (!choices.includes(value as string)) {
    throw new ArgumentError(parameter, value, `is none of ${choices.join(", ")}`);
  }
}

/** Throws ArgumentError unless `value` is a whole number of at most `width` bits, at most 53. */
export function checkUnsigned(parameter: string, value: unknown, width: number): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** width) return;
  throw new ArgumentError(parameter, value, `is not a number of ${width} bits`);
}

/** Throws ArgumentError unless `value` is a boolean. */
export function checkFlag(parameter: string, value: unknown): void {
  if (typeof value !== "boolean") throw new ArgumentError(parameter, value, "is neither true nor false");
}

/** Throws ArgumentError unless `value` is a text with something in it. */
export function checkText(parameter: string, value: unknown): void {
  if (typeof value !== "string") throw new ArgumentError(parameter, value, "is no text");
  if (value === "") throw new ArgumentError(parameter, value, "is empty");
}

/** Throws ArgumentError unless `value` is a Uint8Array. */
export function checkBytes(parameter: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new ArgumentError(parameter, value, "is no Uint8Array");
}

/** Throws ArgumentError unless `value` is a whole number of 32 bits, signed or not. */
export function checkWord(parameter: string, value: unknown): void {
  if (typeof value === "number" && (value >>> 0 === value || (value | 0) === value)) return;
  throw new ArgumentError(parameter, value, "is not a number of 32 bits");
}
