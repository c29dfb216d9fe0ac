// Linux in a page: its console, what passes between it and the card, the frames on the cable.

import { formatBdf } from "../core/address.ts";
import { Bridge } from "../pci/bridge.ts";
import type { PciFunction } from "../pci/function.ts";
import { element, find } from "./elements.ts";
import { frameLine } from "./frame-line.ts";
import { textOfKey } from "./keys.ts";
import { LINUX_FILES, type LinuxDescription } from "./linux-files.ts";
import { LinuxPc } from "./linux-pc.ts";
import { downBy, isPrompt, RESCAN, SCRIPTS } from "./linux-scripts.ts";
import { Terminal } from "./terminal.ts";

/** Frames of the cable that are shown. */
const FRAMES = 10;
/** Milliseconds between two looks at the counters. */
const INTERVAL = 500;
const NS_PER_S = 1e9;

const main = find("main", HTMLElement);
const bar = find("progress", HTMLProgressElement);
const phase = find("output", HTMLOutputElement);
const problem = find("[role=alert]", HTMLElement);
const screen = find(".console", HTMLElement);
const keys = find(".keys", HTMLTextAreaElement);
const scripts = find(".scripts", HTMLFieldSetElement);
const terminal = new Terminal();
/** Lines that wait for the shell. */
const waiting: string[] = [];
let pc: LinuxPc | undefined;
/** The line on which the shell was last seen to wait. */
let asked = -1;
let drawn = true;

for (const { title, lines } of SCRIPTS) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = title;
  button.addEventListener("click", () => {
    keys.focus();
    enter(lines);
  });
  scripts.append(button);
}
screen.addEventListener("mouseup", () => {
  if (getSelection()?.isCollapsed !== false) keys.focus();
});
keys.addEventListener("keydown", (event) => {
  const text = event.isComposing ? undefined : textOfKey(event);
  if (text === undefined) return;
  event.preventDefault();
  pc?.type(text);
});
keys.addEventListener("compositionend", typeValue);
keys.addEventListener("input", (event) => {
  if (!(event instanceof InputEvent && event.isComposing)) typeValue();
});
terminal.onReply = (text) => pc?.type(text);

start().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));

async function start(): Promise<void> {
  const description = (await (await fetch(LINUX_FILES.description)).json()) as LinuxDescription;
  if ("missing" in description) {
    fail(description.missing.join("; "), "missing");
    return;
  }
  const { kernelRelease, resumes } = description;
  const started = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - started) / 1000)} s`;
  become("booting");
  pc = await LinuxPc.start({
    description,
    step: (what) => {
      phase.value = what;
    },
    output: (bytes) => {
      terminal.write(bytes);
      draw();
      const down = downBy(terminal.lineBefore);
      if (down !== undefined && main.dataset.state === "running") {
        phase.value = `Linux ${kernelRelease} is off (${down}); the page, loaded again, starts it anew`;
        end();
      }
      if (!isPrompt(terminal.line) || terminal.lineNumber === asked) return;
      asked = terminal.lineNumber;
      // A guest that was resumed finds the card by the first command.
      if (main.dataset.state === "booting" && waiting.length === 0) {
        become("running");
        phase.value = `Linux ${kernelRelease} runs, ${resumes ? "resumed" : "booted"} in ${seconds()}`;
        waiting.push(...new URLSearchParams(location.search).getAll("run"));
      }
      typeNext();
    },
  });
  watchCable(pc);
  setInterval(() => {
    if (main.dataset.state === "booting") phase.value = `Linux ${kernelRelease} starts: ${seconds()}`;
    if (pc !== undefined) show(pc);
  }, INTERVAL);
  show(pc);
  if (!resumes) return;
  waiting.push(RESCAN);
  pc.type("\r");
}

/** The guest is down: its PC does not start it again. What was counted stays to be seen. */
function end(): void {
  become("ended");
  const last = pc;
  pc = undefined;
  void last?.stop();
}

/** Types what was pasted or composed. */
function typeValue(): void {
  pc?.type(keys.value.replace(/\r?\n/g, "\r"));
  keys.value = "";
}

/** Has the shell run these lines, each when it asks for one. */
function enter(lines: readonly string[]): void {
  waiting.push(...lines);
  if (isPrompt(terminal.line)) typeNext();
}

function typeNext(): void {
  const line = waiting.shift();
  if (line !== undefined) pc?.type(`${line}\r`);
}

function draw(): void {
  if (!drawn) return;
  drawn = false;
  requestAnimationFrame(() => {
    drawn = true;
    const { row, column } = terminal.cursor;
    const lines = terminal.text.split("\n");
    const line = lines[row] ?? "";
    const before = [...lines.slice(0, row), line.slice(0, column)].join("\n");
    const after = [line.slice(column + 1), ...lines.slice(row + 1)].join("\n");
    const cursor = element("span", line[column] ?? " ");
    cursor.className = "cursor";
    const atEnd = screen.scrollTop + screen.clientHeight >= screen.scrollHeight - 1;
    screen.replaceChildren(before, cursor, after);
    if (atEnd) screen.scrollTop = screen.scrollHeight;
  });
}

function watchCable({ cable }: LinuxPc): void {
  const list = find(".frames", HTMLElement);
  cable.tap((frame, to, timeNs) => {
    const item = element("li", `${(timeNs / NS_PER_S).toFixed(3)} `, element("b", to === 1 ? "0 → 1" : "1 → 0"));
    item.dataset.to = String(to);
    item.append(` ${frame.length} bytes  ${frameLine(frame)}`);
    list.append(item);
    while (list.childElementCount > FRAMES) list.firstElementChild?.remove();
  });
}

function show({ machine, cable, attachment }: LinuxPc): void {
  const { reads, writes, dmaWritten, interrupts } = attachment.counters;
  const [zero, one] = cable.statistics;
  const number = (value: number): string => value.toLocaleString("en");
  const rows: [string, string][] = [
    ["Register accesses", `${number(reads)} read, ${number(writes)} written`],
    ["Bytes by DMA", `${number(dmaWritten)} written`],
    ["Interrupts", number(interrupts)],
    ["Frames", `${number(zero.sent)} sent by port 0, ${number(one.sent)} by port 1`],
  ];
  find(".measured", HTMLElement).replaceChildren(
    ...rows.flatMap(([name, value]) => [element("dt", name), element("dd", value)]),
  );
  const link = new Map(machine.ports.map((port) => [port.pf, port.link === undefined ? "no link" : "link up"]));
  const lines = ["v86's bus 00"];
  const branch = (functions: readonly PciFunction[], indent: string): void => {
    for (const [place, fn] of functions.entries()) {
      const last = place === functions.length - 1;
      const state = link.get(fn);
      const name = [formatBdf(fn.requesterId), fn.name, ...(state === undefined ? [] : [`(${state})`])].join(" ");
      lines.push(`${indent}${last ? "└─" : "├─"} ${name}`);
      const below = fn instanceof Bridge ? fn.bus.functions.values() : (fn.virtualFunctions?.vfs ?? []);
      branch([...below], `${indent}${last ? "   " : "│  "}`);
    }
  };
  branch([...machine.root.bus.functions.values()], "");
  find(".topology", HTMLElement).textContent = lines.join("\n");
}

function fail(message: string, state: "missing" | "error" = "error"): void {
  problem.textContent = message;
  problem.hidden = false;
  phase.value = "";
  become(state);
}

function become(state: "missing" | "booting" | "running" | "ended" | "error"): void {
  main.dataset.state = state;
  bar.hidden = state !== "booting";
  scripts.disabled = state !== "running";
  if (state === "running") keys.focus();
}
