// What an embedder can do wrong. A guest's mistakes never arrive here: they become what hardware does.

/** An argument that cannot be honoured; nothing was changed. */
export class ArgumentError extends Error {
  /** The parameter's name, as the caller wrote it. */
  readonly parameter: string;
  /** The value that was refused. */
  readonly value: unknown;

  /** @param reason completes the sentence "<parameter> <value> …", for example "must be a power of two". */
  constructor(parameter: string, value: unknown, reason: string) {
    super(`${parameter} ${printable(value)} ${reason}`);
    this.name = "ArgumentError";
    this.parameter = parameter;
    this.value = value;
  }
}

/** Input (a dump, a capture, a snapshot) that cannot be read. */
export class FormatError extends Error {
  /** What was read: a file's name or a kind of data. */
  readonly source: string;

  /** @param reason says where and why, for example "line 7: 15 bytes instead of 16". */
  constructor(source: string, reason: string) {
    super(`${source}: ${reason}`);
    this.name = "FormatError";
    this.source = source;
  }
}

/** A function of the embedder called what it is called from. */
export class ReentryError extends Error {
  /** @param call is what was called, `from` names the function. */
  constructor(call: string, from: string) {
    super(`${call} was called from ${from}, which must return first`);
    this.name = "ReentryError";
  }
}

/** A machine was used after its `dispose`. */
export class DisposedError extends Error {
  /** @param call is what was called, or would have been reached. */
  constructor(call: string) {
    super(`${call}: the machine is disposed`);
    this.name = "DisposedError";
  }
}

/** What stands behind a region of a machine's address map failed while a device used it: that access was refused. */
export class RegionError extends Error {
  /** The region's first address. */
  readonly base: number;

  /** @param cause is what was thrown. */
  constructor(kind: string, base: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the ${kind} region at 0x${base.toString(16)} failed: ${why}`, { cause });
    this.name = "RegionError";
    this.base = base;
  }
}

function printable(value: unknown): string {
  if (typeof value === "number" && Number.isInteger(value) && value > 9) return `0x${value.toString(16)} (${value})`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? `array of ${value.length}` : (value.constructor?.name ?? "object");
}
