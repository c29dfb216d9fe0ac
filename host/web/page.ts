// The demonstration in a page: its form, its progress, what it claims and what was observed.

import { allHold, faultLines, figuresOf, measured } from "../demo/report.ts";
import type { DemoResult } from "../demo/types.ts";
import { element, find } from "./elements.ts";
import type { RunMessage, WorkerMessage } from "./messages.ts";

const main = find("main", HTMLElement);
const form = find("form", HTMLFormElement);
const button = find("button[type=submit]", HTMLButtonElement);
const stop = find("button[type=button]", HTMLButtonElement);
const bar = find("progress", HTMLProgressElement);
const phase = find("output", HTMLOutputElement);
const problem = find("[role=alert]", HTMLElement);
let worker: Worker | undefined;

const mistakes: string[] = [];
for (const [name, value] of new URLSearchParams(location.search)) {
  const field = form.elements.namedItem(name);
  if (!(field instanceof HTMLInputElement)) continue;
  field.value = value;
  // A field takes no text that is no number.
  if (field.value === value && field.checkValidity()) continue;
  mistakes.push(`${name} ${JSON.stringify(value)} is not a whole number from ${field.min} to ${field.max}`);
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
stop.addEventListener("click", () => {
  worker?.terminate();
  phase.value = "stopped";
  bar.value = 0;
  enter("idle");
});
if (mistakes.length === 0) run();
else show({ kind: "error", message: mistakes.join("; ") });

function run(): void {
  worker?.terminate();
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", (event: MessageEvent<WorkerMessage>) => show(event.data));
  worker.addEventListener("error", (event) => show({ kind: "error", message: event.message || "the worker failed" }));
  enter("running");
  bar.removeAttribute("value");
  phase.value = "starting";
  problem.hidden = true;
  worker.postMessage(request());
}

function request(): RunMessage {
  const message: RunMessage = {};
  for (const name of ["vms", "frames", "seed"] as const) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.value !== "") message[name] = field.valueAsNumber;
  }
  return message;
}

function show(message: WorkerMessage): void {
  switch (message.kind) {
    case "progress":
      bar.value = message.total > 0 ? message.done / message.total : 0;
      phase.value = message.what;
      break;
    case "result":
      showResult(message.result);
      break;
    case "error":
      problem.textContent = message.message;
      problem.hidden = false;
      phase.value = "";
      bar.value = 0;
      enter("error");
      break;
  }
}

function showResult(result: DemoResult): void {
  find(".claims", HTMLElement).replaceChildren(
    ...result.checks.map((check) => {
      const item = element("li", element("strong", check.name), `: ${check.claim}`);
      const figures = element("span", figuresOf(check));
      figures.className = "figures";
      item.dataset.name = check.name;
      item.dataset.ok = String(check.ok);
      item.append(figures);
      return item;
    }),
  );
  find(".measured", HTMLElement).replaceChildren(
    ...measured(result).flatMap(([heading, text]) => [element("dt", heading), element("dd", text)]),
  );
  find(".faults", HTMLElement).replaceChildren(...faultLines(result).map((line) => element("li", line)));
  find(".topology", HTMLElement).textContent = result.topology;
  const held = result.checks.filter(({ ok }) => ok).length;
  phase.value = `${held} of ${result.checks.length} claims hold`;
  bar.value = 1;
  enter(allHold(result) ? "held" : "failed");
}

function enter(state: "idle" | "running" | "held" | "failed" | "error"): void {
  main.dataset.state = state;
  button.disabled = state === "running";
  stop.disabled = state !== "running";
}
