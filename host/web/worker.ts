// Runs the demonstration apart from the page, which stays responsive.
import { runDemo } from "../demo/index.ts";
import type { RunMessage, WorkerMessage } from "./messages.ts";

/** Milliseconds between two reports of progress. */
const INTERVAL = 50;

addEventListener("message", (event: MessageEvent<RunMessage>) => {
  let reported = Number.NEGATIVE_INFINITY;
  const progress = (done: number, total: number, what: string): void => {
    const now = performance.now();
    if (now - reported < INTERVAL) return;
    reported = now;
    post({ kind: "progress", done, total, what });
  };
  runDemo(event.data, { progress }).then(
    (result) => post({ kind: "result", result }),
    (error: unknown) => post({ kind: "error", message: error instanceof Error ? error.message : String(error) }),
  );
});

function post(message: WorkerMessage): void {
  postMessage(message);
}
