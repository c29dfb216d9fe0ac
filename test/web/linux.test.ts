// Linux in a page: the kernel that nobody here made, in a browser that nobody here made.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { guestFiles, START_TIMEOUT } from "../guests/harness.ts";
import { launch, openPage, requireBrowser, type Served, serve } from "./browser.ts";

let served: Served;
let browser: Browser | undefined;
beforeAll(async () => {
  served = await serve();
});
afterAll(async () => {
  await browser?.close();
  served.process.kill();
});

function requireGuest(context: TestContext): void {
  requireBrowser(context);
  const files = guestFiles();
  if (typeof files !== "string") return;
  if (process.env.CI) throw new Error(files);
  context.skip(files);
}

test("Linux boots in a page, igb binds both ports, and 40 pings over the cable lose nothing", {
  timeout: 2 * START_TIMEOUT,
}, async (context) => {
  requireGuest(context);
  browser ??= await launch();
  const { page, problems } = await openPage(browser, `${served.url}linux`);
  const main = page.locator("main");
  await page.locator("main:is([data-state=running], [data-state=error], [data-state=missing])").waitFor({
    timeout: START_TIMEOUT,
  });
  expect(await page.locator("[role=alert]").textContent()).toBe("");
  expect(await main.getAttribute("data-state")).toBe("running");
  expect(await page.locator("output").textContent()).toMatch(/^Linux 6\.1\.\d+-\d+-686 runs, booted in \d+ s$/);

  // As a reader does: a button, then the keyboard.
  const shows = (hasText: string | RegExp) => page.locator(".console", { hasText }).waitFor();
  await page.click("text=Ping from port to port");
  // A ping that ends by itself gives a machine that stood still no time for the last answer.
  await shows(/seq=0 [\s\S]*seq=1 [\s\S]*seq=2 [\s\S]*seq=3 [\s\S]*5 packets transmitted/);
  await page.locator(".keys").focus();
  await page.keyboard.type(
    `ping -i 0.02 10.0.0.2 | awk '/seq=/ { if ($0 !~ "seq=" got + 0 " ") { print; exit } if (++got == 40) exit } END { print got + 0, "of", 40 }'; echo driver:$(readlink /sys/class/net/eth0/device/driver)\n`,
  );
  await shows(/^40 of 40$/m);
  await shows(/^driver:\S+\/bus\/pci\/drivers\/igb$/m);

  await page.locator(".frames", { hasText: "ICMP echo reply" }).waitFor();
  expect(await page.locator(".topology").textContent()).toMatch(
    /^└─ 00:1c\.0 .*\n {3}├─ 01:00\.0 .*link up\)\n {3}└─ 01:00\.1 .*link up\)$/m,
  );
  const measured = (await page.locator(".measured").textContent()) ?? "";
  const [sent, received] = /(\d+) sent by port 0, (\d+) by port 1/.exec(measured)?.slice(1).map(Number) ?? [];
  expect(sent).toBeGreaterThanOrEqual(45);
  expect(received).toBeGreaterThanOrEqual(45);

  await page.locator(".keys").focus();
  await page.keyboard.type("poweroff -f\n");
  await page.locator("main[data-state=ended]").waitFor();
  expect(await page.locator("output").textContent()).toMatch(/^Linux \S+ is off \(Power down\);/);
  expect(await page.locator(".scripts button").first().isDisabled()).toBe(true);
  expect(problems).toEqual([]);
});

test("with --snapshot Linux starts as it was after a boot, finds the card, and runs what the address asks for", {
  timeout: 2 * START_TIMEOUT,
}, async (context) => {
  requireGuest(context);
  const other = await serve(["--snapshot"]);
  try {
    browser ??= await launch();
    const script = "ls /sys/bus/pci/drivers/igb | grep -c ^0";
    const { page, problems } = await openPage(browser, `${other.url}linux?run=${encodeURIComponent(script)}`);
    await page.locator("main[data-state=running]").waitFor({ timeout: START_TIMEOUT });
    expect(await page.locator("output").textContent()).toMatch(/^Linux \S+ runs, resumed in \d+ s$/);
    await page.locator(".console", { hasText: /grep -c \^0\n2\nguest:~# / }).waitFor();
    expect(problems).toEqual([]);
  } finally {
    other.process.kill();
  }
});

test("without guest files the page says which command fetches them", async (context) => {
  requireBrowser(context);
  const other = await serve([], { IOVIRT_GUESTS: "/nowhere/guests" });
  try {
    browser ??= await launch();
    const { page, problems } = await openPage(browser, `${other.url}linux`);
    await page.locator("main[data-state=missing]").waitFor();
    expect(await page.locator("[role=alert]").textContent()).toMatch(
      /^no guest files in \/nowhere\/guests\/\w+: `iovirt guests` fetches them$/,
    );
    expect(await page.locator(".scripts button").first().isDisabled()).toBe(true);
    expect(problems).toEqual([]);
    const kernel = await fetch(`${other.url}linux/vmlinuz`);
    expect([kernel.status, await kernel.text()]).toEqual([
      503,
      expect.stringMatching(/^no guest files in .*: `iovirt guests` fetches them\n$/),
    ]);
  } finally {
    other.process.kill();
  }
});
