// Makes a case that differs smaller, as long as it still shows the same difference.
import type { Case, Hex, Step } from "./case.ts";

/** `differs` says whether a case still shows it; it is asked at most `budget` times. */
export async function shrink(test: Case, differs: (test: Case) => Promise<boolean>, budget = 300): Promise<Case> {
  let best = test;
  let left = budget;
  const attempt = async (steps: Step[]): Promise<boolean> => {
    if (left-- <= 0) return false;
    const candidate = { ...best, steps };
    if (!(await differs(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = best.steps.length - size; at >= 0; at -= size) {
      const rest = best.steps.filter((step, place) => place < at || place >= at + size || needed(step));
      if (rest.length < best.steps.length) await attempt(rest);
    }
  }
  for (let at = 0; at < best.steps.length; at++) {
    for (const simpler of simplerSteps(best.steps[at] as Step)) {
      const steps = [...best.steps];
      steps[at] = simpler;
      await attempt(steps);
    }
  }
  return best;
}

function needed(step: Step): boolean {
  return "needed" in step && step.needed === true;
}

function* simplerSteps(step: Step): Generator<Step> {
  if (needed(step)) return;
  if (step.op === "words") {
    for (const [index, word] of step.words.entries()) {
      for (const value of simplerWords(word)) {
        const words = [...step.words];
        words[index] = value;
        yield { ...step, words };
      }
    }
  } else if (step.op === "register") {
    for (const value of simplerWords(step.value)) yield { ...step, value };
  } else if (step.op === "dma" && step.length > 8) yield { ...step, length: 8 };
}

/** Nothing; without its upper ignored bits; without the bits below the address that are not the lowest two. */
function* simplerWords(word: Hex): Generator<Hex> {
  const value = BigInt(word);
  for (const mask of [0n, 0x000f_ffff_ffff_ffffn, ~0xf00n, ~0x07cn]) {
    const simpler = value & mask & 0xffff_ffff_ffff_ffffn;
    if (simpler !== value) yield `0x${simpler.toString(16)}`;
  }
}
