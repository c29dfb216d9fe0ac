// The command line's options as data: what each command takes, how it is checked, what --help says.
import { parseArgs } from "node:util";
import { UsageError } from "./io.ts";

interface OptionRowBase {
  /** Without the dashes. */
  name: string;
  /** One letter, without the dash. */
  short?: string;
  help: string;
}

/** An option without a value. */
export interface FlagRow extends OptionRowBase {
  kind: "flag";
}

/** An option without a value that says more the more often it is given. */
export interface CountRow extends OptionRowBase {
  kind: "count";
}

/** An option whose value is a whole number in `min`–`max`. */
export interface NumberRow extends OptionRowBase {
  kind: "number";
  min: number;
  max: number;
}

/** An option whose value is a file's name. */
export interface FileRow extends OptionRowBase {
  kind: "file";
}

/** An option whose value is text of some form. */
export interface TextRow extends OptionRowBase {
  kind: "text";
  /** What stands for the value in --help. */
  form: string;
}

/** A TextRow that may be given several times: each says something of its own. */
export interface TextsRow extends OptionRowBase {
  kind: "texts";
  form: string;
}

type ValueRow = NumberRow | FileRow | TextRow | TextsRow;
export type OptionRow = FlagRow | CountRow | ValueRow;

type ValueOf<Row extends OptionRow> = Row extends NumberRow | CountRow
  ? number
  : Row extends FileRow | TextRow
    ? string
    : Row extends TextsRow
      ? readonly string[]
      : true;

/** The options that were given, by name. */
export type Options<Rows extends readonly OptionRow[]> = {
  [Row in Rows[number] as Row["name"]]?: ValueOf<Row>;
};

/** Reads `args` by `rows`. Throws UsageError, naming the argument, for anything that `rows` does not allow. */
export function parseOptions<const Rows extends readonly OptionRow[]>(
  rows: Rows,
  args: readonly string[],
): Options<Rows> {
  const options = Object.fromEntries(
    rows.map((row) => [
      row.name,
      {
        type: takesValue(row) ? ("string" as const) : ("boolean" as const),
        ...(row.short === undefined ? {} : { short: row.short }),
      },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const found: Record<string, true | number | string | readonly string[]> = {};
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") throw new UsageError(`unexpected argument ${quote(token.value)}`);
    const row = rows.find((candidate) => candidate.name === token.name);
    if (row === undefined) throw new UsageError(`unknown option ${quote(token.rawName)}`);
    const value = checked(row, token.rawName, token.value, token.inlineValue === true);
    const before = found[row.name];
    if (row.kind === "count") found[row.name] = ((before as number | undefined) ?? 0) + 1;
    else if (row.kind === "texts") found[row.name] = [...((before as string[] | undefined) ?? []), value as string];
    else found[row.name] = value;
  }
  return found as Options<Rows>;
}

/** Columns of a line of --help. */
const HELP_WIDTH = 110;

/** The lines of --help for `rows`. */
export function describeOptions(rows: readonly OptionRow[]): string {
  const heads = rows.map((row) => {
    const value = takesValue(row) ? ` ${formOf(row)}` : "";
    return `${row.short === undefined ? "    " : `-${row.short}, `}--${row.name}${value}`;
  });
  const width = Math.max(...heads.map((head) => head.length));
  const indent = " ".repeat(width + 4);
  return rows
    .map(({ help }, index) => {
      const text = wrap(help, HELP_WIDTH - indent.length).join(`\n${indent}`);
      return `  ${(heads[index] as string).padEnd(width)}  ${text}\n`;
    })
    .join("");
}

/** `text` in lines of at most `width` columns, as far as its words allow. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** `text` in quotes, its control characters escaped: fit for one line of a message. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

function takesValue(row: OptionRow): row is ValueRow {
  return row.kind !== "flag" && row.kind !== "count";
}

function formOf(row: ValueRow): string {
  if (row.kind === "text" || row.kind === "texts") return row.form;
  return row.kind === "number" ? "N" : "FILE";
}

function checked(row: OptionRow, rawName: string, value: string | undefined, inline: boolean): true | number | string {
  if (!takesValue(row)) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value, but got ${quote(value)}`);
    return true;
  }
  const looksLikeOption = !inline && value !== undefined && /^-[^\d]/.test(value);
  if (value === undefined || value === "" || looksLikeOption) throw new UsageError(`${rawName} needs a value`);
  if (row.kind !== "number") return value;
  const number = Number(value);
  if (!/^-?\d+$/.test(value)) throw new UsageError(`${rawName} ${quote(value)} is not a whole number`);
  if (number < row.min || number > row.max) {
    throw new UsageError(`${rawName} ${value} is not in ${row.min}–${row.max}`);
  }
  return number;
}
