import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../host/cli/command.ts";
import { webCommand } from "../../host/cli/web.ts";
import { testIo } from "../cli/io.ts";
import { type Served, serve } from "./browser.ts";

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(() => void served.process.kill());

/** Sends a request line as it stands: clients tidy up paths before they send them. */
async function raw(target: string): Promise<string> {
  const socket = connect(Number(new URL(served.url).port), "127.0.0.1");
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let text = "";
  for await (const data of socket) text += data;
  return text;
}

test("its address leads to the page; the wasm has the type that streaming compilation asks for", async () => {
  const page = await fetch(`${served.url}?vms=3`);
  expect(page.url).toBe(`${served.url}host/web/index.html?vms=3`);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await page.text()).toContain("<title>iovirt</title>");
  const wasm = await fetch(`${served.url}build/iovirt.wasm`);
  expect(wasm.headers.get("content-type")).toBe("application/wasm");
  expect(Buffer.from(await wasm.arrayBuffer())).toEqual(readFileSync("build/iovirt.wasm"));
});

test("/linux leads to its page, with a slash behind it too", async () => {
  for (const path of ["linux", "linux/", "linux?ports=2", "linux/?ports=2"]) {
    const page = await fetch(`${served.url}${path}`);
    expect([page.status, page.url]).toEqual([200, `${served.url}host/web/linux.html${path.replace(/^[^?]*/, "")}`]);
  }
});

test("it answers to GET and HEAD only", async () => {
  const head = await fetch(`${served.url}host/index.js`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  expect(Number(head.headers.get("content-length"))).toBeGreaterThan(0);
  expect((await fetch(served.url, { method: "POST" })).status).toBe(405);
});

test.each([
  "/../package.json",
  "/host/../../package.json",
  "/%2e%2e/package.json",
  "/host/..%2f..%2fpackage.json",
  "/..%5cpackage.json",
  "/host",
  "/nothing.js",
  "/host/core/loader.LICENSE",
  "/host/index.js%00",
  "/%",
  "//",
])("it serves nothing beside the built files: %s", async (target) => {
  expect(await raw(target)).toMatch(/^HTTP\/1\.1 404 /);
});

test("--snapshot where there is no guest: one line says what fetches it, and the rest is served", async () => {
  const folder = mkdtempSync(join(tmpdir(), "iovirt-web-"));
  const other = await serve(["--snapshot"], { IOVIRT_GUESTS: folder });
  expect((await fetch(other.url)).status).toBe(200);
  const exited = once(other.process, "exit");
  other.process.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(other.stderr()).toMatch(/^iovirt: \/linux: no guest files in [^\n]+: `iovirt guests` fetches them\n$/);
  rmSync(folder, { recursive: true });
});

test("a port that is taken is one line and status 2", async () => {
  const { port } = new URL(served.url);
  const io = testIo();
  expect(await runCli({ web: webCommand }, "0", ["web", "-p", port], io)).toBe(2);
  expect(io.stderr).toMatch(new RegExp(`^iovirt: --port ${port}: [^\\n]*in use[^\\n]*\\n$`));
});

test("an interrupt ends it with status 0", async () => {
  const other = await serve();
  const exited = once(other.process, "exit");
  other.process.kill("SIGINT");
  expect(await exited).toEqual([0, null]);
  expect(other.stderr()).toBe("");
});
