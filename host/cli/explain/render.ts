// An explanation as a tree of text.
import { styleText } from "node:util";
import { hex } from "../../core/address.ts";
import type { ExplainedField, ExplainedStep, Explanation, Verdict } from "../../machine/explain/types.ts";

type Style = "bold" | "dim" | "green" | "red" | "cyan" | "yellow";
/** Puts text into a style, or leaves it when the output is no terminal. */
type Paint = (style: Style, text: string) => string;

/** The explanation of `title`, with colours if `colour`. */
export function renderExplanation(
  title: string,
  { mode, steps, verdict, dropped, answer }: Explanation,
  colour: boolean,
): string {
  const paint: Paint = (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
  const lines = [`${paint("bold", title)} ${paint("dim", `(${mode})`)}`];
  for (const step of steps) lines.push(...renderStep(step, "", paint));
  lines.push(...renderVerdict(verdict, paint));
  if (dropped !== undefined) lines.push(`      ${paint("red", "✗")} ${dropped.why} ${paint("dim", dropped.clause)}`);
  if (answer !== undefined) lines.push(`   ${paint("yellow", "!")} ${answer.why} ${paint("dim", answer.clause)}`);
  return `${lines.join("\n")}\n`;
}

/** One structure: what had to be translated to find it, its place and value, its fields, what it says. */
function renderStep(step: ExplainedStep, indent: string, paint: Paint): string[] {
  const lines: string[] = [];
  for (const inner of step.within) lines.push(...renderStep(inner, `${indent}│  `, paint));
  const index = step.index === undefined ? "" : ` ${hex(step.index)}`;
  const place = step.address === undefined ? "" : ` at ${hex(step.address)}`;
  const value = step.raw === undefined ? paint("red", "unreadable") : paint("cyan", step.raw.join(" "));
  lines.push(`${indent}├─ ${paint("bold", step.structure)}${index}${place}: ${value} ${paint("dim", step.clause)}`);
  const inside = `${indent}│     `;
  if (step.fields.length > 0)
    lines.push(`${inside}${step.fields.map((field) => renderField(field, paint)).join("  ")}`);
  for (const { cache, holds, used, stale } of step.caches) {
    const state = stale ? paint("red", used ? "used, stale" : "stale") : used ? "used" : "not used";
    lines.push(`${inside}${paint("yellow", cache)} holds ${holds}: ${state}`);
  }
  if (step.note !== "") lines.push(`${inside}→ ${step.note}`);
  return lines;
}

function renderField({ name, value }: ExplainedField, paint: Paint): string {
  return `${paint("dim", name)} ${value}`;
}

function renderVerdict(verdict: Verdict, paint: Paint): string[] {
  if (verdict.kind === "interrupt-range") {
    return [`└─ ${paint("yellow", "?")} ${verdict.why} ${paint("dim", verdict.clause)}`];
  }
  if (verdict.kind !== "refused") return [`└─ ${paint("green", "✓")} ${verdict.why} ${paint("dim", verdict.clause)}`];
  const { reason, why, condition, clause, qualified, suppressed, unrecorded } = verdict;
  const code = `reason ${hex(reason)}, condition ${condition}`;
  const record =
    unrecorded !== undefined
      ? `not recorded: ${unrecorded}`
      : suppressed
        ? "FPD keeps it from being recorded"
        : qualified
          ? "recorded, as no FPD on the way forbids it"
          : "recorded whatever FPD says";
  return [`└─ ${paint("red", "✗")} ${why}: ${code} ${paint("dim", clause)}`, `      ${record}`];
}
