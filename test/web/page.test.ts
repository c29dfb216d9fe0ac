import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, requireBrowser, type Served, serve } from "./browser.ts";

let served: Served;
let browser: Browser | undefined;
beforeAll(async () => {
  served = await serve();
});
afterAll(async () => {
  await browser?.close();
  served.process.kill();
});

/** A page that keeps what went wrong in it. */
async function open(path: string): Promise<{ page: Page; problems: string[] }> {
  browser ??= await launch();
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("requestfailed", (request) => problems.push(`${request.url()} failed`));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.url()} ${response.status()}`);
  });
  await page.goto(`${served.url}${path}`);
  return { page, problems };
}

test("the built package is importable by a plain module script, and its engine runs", async (context) => {
  requireBrowser(context);
  const { page } = await open("?vms=129");
  // As text: the test runner would rewrite the import of a function.
  const pointers = await page.evaluate(`(async () => {
    const { Engine } = await import("/host/index.js");
    const engine = await Engine.create();
    const first = engine.allocate(64, 4096);
    return [first, engine.allocate(64, 4096) - first, engine.u8.length % 65536];
  })()`);
  expect(pointers).toEqual([65536, 4096, 0]);
});
