// Which cases are made, on which units, and how often.
import type { Case } from "./case.ts";
import { Choice } from "./generate/choice.ts";
import { interruptCase } from "./generate/interrupts.ts";
import { legacyCase } from "./generate/legacy.ts";
import { overflowCase } from "./generate/overflow.ts";
import { queueCase, registerCase } from "./generate/registers.ts";
import { scalableCase } from "./generate/scalable.ts";

export interface Kind {
  name: string;
  platform: string;
  weight: number;
  make(choice: Choice, platform: string): Case;
}

export const KINDS: readonly Kind[] = [
  { name: "legacy", platform: "legacy", weight: 20, make: legacyCase },
  { name: "legacy", platform: "legacy-39", weight: 8, make: legacyCase },
  { name: "legacy", platform: "legacy-caching", weight: 5, make: legacyCase },
  { name: "legacy", platform: "legacy-snoop", weight: 5, make: legacyCase },
  { name: "scalable", platform: "second-stage", weight: 12, make: scalableCase },
  { name: "scalable", platform: "second-stage-39", weight: 5, make: scalableCase },
  { name: "scalable", platform: "first-stage", weight: 2, make: scalableCase },
  { name: "scalable", platform: "first-stage-coherent", weight: 12, make: scalableCase },
  { name: "scalable", platform: "first-stage-2m", weight: 5, make: scalableCase },
  { name: "interrupts", platform: "legacy", weight: 8, make: interruptCase },
  { name: "interrupts", platform: "eim", weight: 8, make: interruptCase },
  { name: "overflow", platform: "legacy", weight: 4, make: overflowCase },
  { name: "queue", platform: "legacy", weight: 6, make: queueCase },
  { name: "registers", platform: "legacy", weight: 5, make: registerCase },
  { name: "registers", platform: "eim", weight: 2, make: registerCase },
];

/** Case `index` of a kind: the same for the same seed, whatever other cases there are. */
export function makeCase(seed: number, kind: Kind, index: number): Case {
  const place = KINDS.indexOf(kind);
  const mixed =
    Math.imul(seed ^ 0x5bd1_e995, 0x9e37_79b1) ^ Math.imul(place + 1, 0x85eb_ca6b) ^ Math.imul(index + 1, 0xc2b2_ae35);
  return kind.make(new Choice(mixed >>> 0), kind.platform);
}
