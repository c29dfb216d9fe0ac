// What the page and its worker say to each other.
import type { DemoOptions, DemoResult } from "../demo/types.ts";

/** Page to worker: run. */
export type RunMessage = Pick<DemoOptions, "vms" | "frames" | "seed">;

/** Worker to page. */
export type WorkerMessage =
  | { kind: "progress"; done: number; total: number; what: string }
  | { kind: "result"; result: DemoResult }
  | { kind: "error"; message: string };
