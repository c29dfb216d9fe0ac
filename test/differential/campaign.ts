// Many cases on both partners; what they agreed on, what is explained, what is not.

import type { Case, Outcome } from "./case.ts";
import { describe, type Pair, signature } from "./compare.ts";
import { KINDS, type Kind, makeCase } from "./kinds.ts";
import { PairOfPartners } from "./pair.ts";
import type { Seen } from "./run.ts";
import { shrink } from "./shrink.ts";
import { PartnerGone } from "./transport.ts";

export interface CampaignOptions {
  program: string;
  cases: number;
  seed: number;
  kind?: string | undefined;
  platform?: string | undefined;
  progress?: ((text: string) => void) | undefined;
  /** Differences that are shrunk and told; more are only counted. */
  tell?: number;
}

export interface Finding {
  signature: string;
  count: number;
  /** The smallest case that shows it, and what it shows. */
  test: Case;
  text: string;
}

export interface CampaignResult {
  seed: number;
  cases: Map<string, number>;
  /** How often each fault reason was recorded, on both sides. */
  reasons: Map<number, { qemu: number; ours: number }>;
  accesses: number;
  messages: number;
  explained: Map<string, number>;
  unexplained: Finding[];
  unexplainedCases: number;
  seconds: number;
}

const SIGNATURES_TOLD = 12;

export async function run(options: CampaignOptions): Promise<CampaignResult> {
  const kinds = KINDS.filter(
    ({ name, platform }) => name === (options.kind ?? name) && platform === (options.platform ?? platform),
  );
  const begin = performance.now();
  const result: CampaignResult = {
    seed: options.seed,
    cases: new Map(),
    reasons: new Map(),
    accesses: 0,
    messages: 0,
    explained: new Map(),
    unexplained: [],
    unexplainedCases: 0,
    seconds: 0,
  };
  let done = 0;
  const counts = shares(kinds, options.cases);
  for (const platform of new Set(kinds.map((kind) => kind.platform))) {
    const pair = new PairOfPartners(options.program, platform);
    for (const kind of kinds.filter((one) => one.platform === platform)) {
      const count = counts.get(kind) as number;
      for (let index = 0; index < count; index++) {
        await one(pair, kind, makeCase(options.seed, kind, index), options, result);
        if (++done % 100 === 0) {
          const speed = (done / (performance.now() - begin)) * 1000;
          options.progress?.(`${done} cases, ${speed.toFixed(0)} a second, ${result.unexplainedCases} unexplained`);
        }
      }
    }
    await pair.close();
  }
  result.seconds = (performance.now() - begin) / 1000;
  return result;
}

/** How many cases each kind gets, by weight; together exactly `cases`. */
function shares(kinds: readonly Kind[], cases: number): Map<Kind, number> {
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  const counts = new Map<Kind, number>();
  let weight = 0;
  for (const kind of kinds) {
    const before = Math.round((cases * weight) / total);
    weight += kind.weight;
    counts.set(kind, Math.round((cases * weight) / total) - before);
  }
  return counts;
}

async function one(
  pair: PairOfPartners,
  kind: Kind,
  test: Case,
  options: CampaignOptions,
  result: CampaignResult,
): Promise<void> {
  const label = `${kind.name} on ${kind.platform}`;
  result.cases.set(label, (result.cases.get(label) ?? 0) + 1);
  const outcome = await attempt(pair, test);
  if (outcome instanceof PartnerGone) {
    result.unexplainedCases++;
    result.unexplained.push({ signature: "a partner ended", count: 1, test, text: outcome.message });
    return;
  }
  const { unexplained, explained, qemu, ours } = outcome;
  for (const name of explained) result.explained.set(name, (result.explained.get(name) ?? 0) + 1);
  count(test, qemu, ours, result);
  const first = unexplained[0];
  if (first === undefined) return;
  result.unexplainedCases++;
  const seen = signature(first);
  const known = result.unexplained.find((finding) => finding.signature === seen);
  if (known !== undefined) {
    known.count++;
    return;
  }
  const finding: Finding = { signature: seen, count: 1, test, text: describe(first) };
  result.unexplained.push(finding);
  if (result.unexplained.length > (options.tell ?? SIGNATURES_TOLD)) return;
  let last: Pair = first;
  finding.test = await shrink(test, async (smaller) => {
    const outcome = await attempt(pair, smaller);
    if (outcome instanceof PartnerGone) return false;
    const found = outcome.unexplained.find((difference) => signature(difference) === seen);
    if (found !== undefined) last = found;
    return found !== undefined;
  });
  finding.text = describe(last);
}

/** A case on both partners; the error when one of them ended, which no case may bring about. */
async function attempt(
  pair: PairOfPartners,
  test: Case,
): Promise<Awaited<ReturnType<PairOfPartners["run"]>> | PartnerGone> {
  try {
    return await pair.run(test);
  } catch (error) {
    if (error instanceof PartnerGone) return error;
    throw error;
  }
}

function count(test: Case, qemu: Seen, ours: Seen, result: CampaignResult): void {
  for (const { op } of test.steps) {
    if (op === "dma" || op === "probe") result.accesses++;
    else if (op === "message") result.messages++;
  }
  const add = (outcomes: readonly Outcome[], side: "qemu" | "ours"): void => {
    for (const outcome of outcomes) {
      if (outcome?.kind !== "faults" || outcome.record === undefined) continue;
      const { reason } = outcome.record;
      const counts = result.reasons.get(reason) ?? { qemu: 0, ours: 0 };
      counts[side]++;
      result.reasons.set(reason, counts);
    }
  };
  add(qemu.steps, "qemu");
  add(ours.steps, "ours");
}
