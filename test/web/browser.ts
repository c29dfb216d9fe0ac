// A headless Chromium and the package's own page server, for tests.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import type { TestContext } from "vitest";
import { requireJudge } from "../support/judge.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/host/cli/main.js", import.meta.url));
const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executable = process.env.IOVIRT_CHROMIUM ?? CANDIDATES.find((path) => existsSync(path)) ?? "/usr/bin/chromium";

/** No sandbox (tests run as root in containers) and nothing that looks for a network. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Skips the running test where there is no Chromium; fails in CI. */
export function requireBrowser(context: TestContext): void {
  requireJudge(context, executable);
}

/** Milliseconds after which a browser or a page has failed: the machine may have much else to do. */
export const PATIENCE = 900_000;

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executable, args: FLAGS, timeout: PATIENCE });
}

export interface Served {
  url: string;
  process: ChildProcess;
  /** What the server wrote to its standard error output. */
  stderr(): string;
}

/** Runs `iovirt web` on a free port, with these options and these variables added to its environment. */
export function serve(options: readonly string[] = [], environment: Record<string, string> = {}): Promise<Served> {
  const child = spawn(process.execPath, [PROGRAM, "web", "--port", "0", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  return new Promise((resolve, reject) => {
    let stdout = "";
    child.stdout.on("data", (data) => {
      stdout += data;
      const url = /^The demonstration is served [^\n]* at (http:\S+)\n$/.exec(stdout)?.[1];
      if (url !== undefined) resolve({ url, process: child, stderr: () => stderr });
    });
    child.on("error", reject);
    child.on("exit", (status) => reject(new Error(`iovirt web ended with ${status}: ${stderr}`)));
  });
}

export interface OpenPage {
  page: Page;
  /** What went wrong in it. */
  problems: string[];
}

/** Opens the page at `url`. */
export async function openPage(browser: Browser, url: string): Promise<OpenPage> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("requestfailed", (request) => problems.push(`${request.url()} failed`));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.url()} ${response.status()}`);
  });
  await page.goto(url);
  return { page, problems };
}
