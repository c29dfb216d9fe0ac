import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, type OpenPage, openPage, PATIENCE, requireBrowser, type Served, serve } from "./browser.ts";

let served: Served;
let browser: Browser | undefined;
beforeAll(async () => {
  served = await serve();
});
afterAll(async () => {
  await browser?.close();
  served.process.kill();
});

async function open(path: string): Promise<OpenPage> {
  browser ??= await launch();
  return await openPage(browser, `${served.url}${path}`);
}

/** How the run ended. */
async function outcome(page: Page): Promise<string | null> {
  await page
    .locator("main:is([data-state=held], [data-state=failed], [data-state=error])")
    .waitFor({ timeout: PATIENCE });
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
  const names = [
    "probe",
    "delivery",
    "interrupt-posting",
    "isolation",
    "interrupt-remapping",
    "revocation",
    "snapshot",
  ];
  expect(claims).toEqual(expect.arrayContaining(names.map((name) => [name, "true"])));
  expect(await page.locator("output").textContent()).toBe(`${claims.length} of ${claims.length} claims hold`);
  expect(await page.locator(".measured dd").first().textContent()).toMatch(/^[\d,]+ sent, [\d,]+ delivered/);
  expect(await page.locator(".topology").textContent()).toMatch(/00:00\.0/);
  expect(problems).toEqual([]);
});

test("the form runs it again with its values, and refuses what is out of range", async (context) => {
  requireBrowser(context);
  const { page, problems } = await open("?vms=129");
  expect(await outcome(page)).toBe("error");
  expect(await page.locator("[role=alert]").textContent()).toBe('vms "129" is not a whole number from 1 to 128');
  await page.fill("[name=vms]", "2");
  await page.fill("[name=frames]", "100");
  await page.click("button");
  expect(await outcome(page)).toBe("held");
  expect(await page.locator(".claims li[data-ok=true]").count()).toBeGreaterThanOrEqual(6);
  expect(problems).toEqual([]);
});

test.for([
  ["?vms=0", 'vms "0" is not a whole number from 1 to 128'],
  ["?frames=-1&seed=1.5", 'frames "-1" is not .* to 10000000; seed "1.5" is not'],
  ["?frames=many", 'frames "many" is not a whole number'],
])("%s: the page says what is wrong and runs nothing", async ([query, text], context) => {
  requireBrowser(context);
  const { page } = await open(query as string);
  expect(await outcome(page)).toBe("error");
  expect(await page.locator("[role=alert]").textContent()).toMatch(new RegExp(text as string));
  expect(await page.locator("[role=alert]").isVisible()).toBe(true);
  expect(await page.locator(".claims li").count()).toBe(0);
});

test("a long run can be stopped, and another one started", async (context) => {
  requireBrowser(context);
  const { page, problems } = await open("?vms=129");
  await page.fill("[name=vms]", "8");
  await page.fill("[name=frames]", "10000000");
  // Inside the page, as soon as it says that it works: from here the click may come when the run is over.
  await page.evaluate(`new Promise((resolve) => {
    const main = document.querySelector("main");
    new MutationObserver((_, observer) => {
      const begun = main.dataset.state === "running" && document.querySelector("output").value !== "starting";
      if (!begun) return;
      observer.disconnect();
      document.querySelector("button[type=button]").click();
      resolve();
    }).observe(main, { attributes: true, childList: true, subtree: true });
    document.querySelector("button[type=submit]").click();
  })`);
  expect(await page.locator("main").getAttribute("data-state")).toBe("idle");
  expect(await page.locator("output").textContent()).toBe("stopped");
  expect(await page.locator("button[type=button]").isDisabled()).toBe(true);
  await page.fill("[name=frames]", "100");
  await page.click("text=Run");
  expect(await outcome(page)).toBe("held");
  expect(await page.locator(".measured dd").first().textContent()).toMatch(/^100 sent/);
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
