// What the two languages of assembly/ must not hold, line by line: the sentences of the design that a program can check.
import { withoutComments } from "./rooms.ts";

const NUMBER = String.raw`(?:[A-Z0-9_]+|0x[\da-fA-F_]+|\d[\d_]*)`;
const CONSTANT = new RegExp(
  String.raw`^export const [A-Z][A-Z0-9_]*: u32 =\s*${NUMBER}(?:\s*[-+*|]\s*${NUMBER})*;`,
  "gm",
);

/** What a table of assembly/spec holds besides constants that are annotated u32: each line of it. */
export function notConstants(source: string): string[] {
  const rest = withoutComments(source).replace(CONSTANT, "");
  return rest.split("\n").filter((line) => line.trim() !== "");
}

const FORBIDDEN: readonly [why: string, pattern: RegExp][] = [
  ["a free function is inlined by the compiler's own choice", /@inline\s+(?:export )?function\b.*/g],
  ["an allocation needs a runtime", /\bnew [A-Z]\w*/g],
  ["a bit field has a name in assembly/spec", /^.*>>>?\s*\d+\)\s*&\s*(?:0x)?[\da-f]+.*$/gm],
  ["a global is shared by all machines", /^(?:export )?(?:let|var)\b.*/gm],
];

/** What code of assembly/ outside spec/ must not hold: why, and the text. */
export function forbiddenInAssembly(source: string): string[] {
  const code = withoutComments(source);
  return FORBIDDEN.flatMap(([why, pattern]) => [...code.matchAll(pattern)].map(([text]) => `${why}: ${text.trim()}`));
}
