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

/** How the run ended. */
async function outcome(page: Page): Promise<string | null> {
  await page
    .locator("main:is([data-state=held], [data-state=failed], [data-state=error])")
    .waitFor({ timeout: 50_000 });
  return page.locator("main").getAttribute("data-state");
}

test("the demonstration runs in a page, and every claim holds", async (context) => {
  requireBrowser(context);
  const { page, problems } = await open("?vms=3&frames=600&seed=5");
  expect(await outcome(page)).toBe("held");
  const claims = await page
    .locator(".claims li")
    .evaluateAll((items) =>
      items.map((item) => [(item as HTMLElement).dataset.name, (item as HTMLElement).dataset.ok]),
    );
  const names = ["probe", "delivery", "isolation", "interrupt-remapping", "revocation", "snapshot"];
  expect(claims).toEqual(expect.arrayContaining(names.map((name) => [name, "true"])));
  expect(await page.locator("output").textContent()).toBe(`${claims.length} of ${claims.length} claims hold`);
  expect(await page.locator(".measured dd").first().textContent()).toMatch(/^[\d,]+ sent, [\d,]+ delivered/);
  expect(await page.locator(".topology").textContent()).toMatch(/00:00\.0/);
  expect(problems).toEqual([]);
});

test("the form runs it again with its values, and refuses what is out of range", async (context) => {
  requireBrowser(context);
  const { page, problems } = await open("?vms=129");
  expect(await page.locator("main").getAttribute("data-state")).toBe("idle");
  await page.fill("[name=vms]", "2");
  await page.fill("[name=frames]", "100");
  await page.click("button");
  expect(await outcome(page)).toBe("held");
  expect(await page.locator(".claims li[data-ok=true]").count()).toBeGreaterThanOrEqual(6);
  expect(problems).toEqual([]);
});

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
