// The figures as a table and as JSON.
import { type Figures, PARTNERS, type Result, ratio } from "./rounds.ts";

/** One row of `--json`. */
export interface JsonRow {
  case: string;
  unit: "ns";
  wasm: number | null;
  c: number | null;
  js: number | null;
  bigint: number | null;
}

/** Medians in nanoseconds per operation; absent partners are null. */
export function toJson(results: readonly Result[]): JsonRow[] {
  return results.map(({ name, figures }) => {
    const value = (figure: Figures | null): number | null =>
      figure === null ? null : Number(figure.median.toPrecision(5));
    return {
      case: name,
      unit: "ns",
      wasm: value(figures.wasm),
      c: value(figures.c),
      js: value(figures.js),
      bigint: value(figures.bigint),
    };
  });
}

function nanoseconds(value: number): string {
  return value < 100 ? value.toFixed(2) : value.toFixed(0);
}

function against(one: Figures | null, two: Figures | null): string {
  if (one === null || two === null) return "–";
  const { minimum, median } = ratio(one, two);
  return `${minimum.toFixed(2)} / ${median.toFixed(2)}`;
}

const HEADS = ["ns per operation", "wasm", "C -O2", "JS", "BigInt", "wasm÷C", "JS÷wasm", "BigInt÷wasm"];

/** A Markdown table: minimum (median), and ratios of the minima / medians of the rounds' ratios. */
export function toTable(results: readonly Result[]): string {
  const rows = results.map(({ name, figures }) => [
    name,
    ...PARTNERS.map((partner) => {
      const figure = figures[partner];
      return figure === null ? "–" : `${nanoseconds(figure.minimum)} (${nanoseconds(figure.median)})`;
    }),
    against(figures.wasm, figures.c),
    against(figures.js, figures.wasm),
    against(figures.bigint, figures.wasm),
  ]);
  const widths = HEADS.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number))).join(" | ")} |\n`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|\n`;
  return line(HEADS) + rule + rows.map(line).join("");
}

/** What a 64-byte frame costs with all ports busy, compared with one: a line, or nothing without both cases. */
export function scaling(results: readonly Result[]): string {
  const find = (vfs: number): Figures | null | undefined =>
    results.find(({ name }) => name.startsWith(`frames: ${vfs} VFs, 64 bytes, RAM inside`))?.figures.wasm;
  const few = find(8);
  const many = find(32);
  if (few == null || many == null) return "";
  const minimum = (many.minimum / few.minimum).toFixed(2);
  const median = (many.median / few.median).toFixed(2);
  return `\nA 64-byte frame with 32 VFs costs ${minimum} (median ${median}) times as much as with 8.\n`;
}
