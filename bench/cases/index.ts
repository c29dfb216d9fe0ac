// All cases, made one scene after the other: two scenes would not leave each other's caches alone.
import type { Native } from "../native.ts";
import type { Case } from "../rounds.ts";
import { configCases } from "./config.ts";
import { frameCases } from "./frames.ts";
import { interruptCases } from "./interrupts.ts";
import { nestedCases } from "./nested.ts";
import { packetCases } from "./packets.ts";
import { translationCases } from "./translation.ts";

/** The cases whose names `wanted` takes. A scene's cases come together and must be measured before the next. */
export async function* allCases(native: Native | null, wanted: (name: string) => boolean): AsyncGenerator<Case> {
  const scenes = [
    () => translationCases(native),
    () => nestedCases(native),
    () => interruptCases(native),
    () => frameCases(native, false),
    () => frameCases(native, true),
    () => packetCases(false),
    () => packetCases(true),
    () => configCases(),
  ];
  for (const cases of scenes) {
    for (const subject of await cases()) if (wanted(subject.name)) yield subject;
  }
}
