// All cases, made one scene after the other: two scenes would not leave each other's caches alone.
import type { Native } from "../native.ts";
import type { Case } from "../rounds.ts";
import { translationCases } from "./translation.ts";

/** The cases whose names `wanted` takes. A scene's cases come together and must be measured before the next. */
export async function* allCases(
  native: Native | null,
  wanted: (name: string) => boolean,
): AsyncGenerator<Case> {
  for (const make of [translationCases]) {
    for (const subject of await make(native)) if (wanted(subject.name)) yield subject;
  }
}
