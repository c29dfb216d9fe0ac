// `iovirt qtest` from outside: the built program on pipes and sockets.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../dist/host/cli/main.js", import.meta.url));

let folder: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-qtest-"));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function start(args: string): ChildProcess {
  const child = spawn(process.execPath, [MAIN, "qtest", ...args.split(" ")], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  children.push(child);
  return child;
}

/** Runs the program with `input` to its end. */
async function run(args: string, input = ""): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = start(args);
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name]?.on("data", (data) => (texts[name] += data));
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const [status] = (await once(child, "close")) as [number];
  return { status, ...texts };
}

/** A listener, and the first who connects. */
async function listen(path: string): Promise<{ server: Server; client: Promise<Socket> }> {
  const server = createServer();
  const client = once(server, "connection").then(([socket]) => socket as Socket);
  server.listen(path);
  await once(server, "listening");
  return { server, client };
}

/** What arrives, until it ends with `end`. */
async function until(socket: Duplex, end: string): Promise<string> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.endsWith(end)) return text;
  }
  return text;
}

/** Port accesses that write dwords of the configuration space of 00:02.0. */
function configure(...registers: [offset: number, value: number][]): string[] {
  return registers.flatMap(([offset, value]) => [
    `outl 0xcf8 0x${(0x8000_1000 + offset).toString(16)}`,
    `outl 0xcfc 0x${value.toString(16)}`,
  ]);
}

/** Lines that let an 82576 at 00:02.0 send 60 bytes from 2000h, by a legacy descriptor at 1000h. */
const SEND = [
  ...configure([0x10, 0xe000_0000], [0x04, 0x6]),
  "write 0x2000 60 0x020000000007525400123456",
  "writeq 0x1000 0x2000",
  "writeq 0x1008 0x0b00003c",
  ...Object.entries({ 57344: 0x1000, 57352: 0x80, 1024: 0x2, 57368: 1 }).map(
    ([offset, value]) => `writel 0x${(0xe000_0000 + Number(offset)).toString(16)} 0x${value.toString(16)}`,
  ),
].map((line) => `${line}\n`);
const SENT = `0000003c020000000007525400123456${"00".repeat(48)}`;

describe("-qtest stdio", () => {
  test("answers each line and ends with its input", async () => {
    const input = "endianness\nwritel 0x1000 0x12345678\nread 0x1001 2\nnonsense\n";
    expect(await run("-machine q35 -qtest stdio", input)).toEqual({
      status: 0,
      stdout: "OK little\nOK\nOK 0x5634\nFAIL Unknown command 'nonsense'\n",
      stderr: "",
    });
  });

  test("takes a line that comes in pieces", async () => {
    const child = start("-m 16 -qtest stdio");
    child.stdin?.write("writel 0x1000 ");
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.stdin?.write("7\nreadl 0x10");
    expect(await until(child.stdout as unknown as Duplex, "\n")).toBe("OK\n");
    child.stdin?.write("00\n");
    expect(await until(child.stdout as unknown as Duplex, "\n")).toBe("OK 0x0000000000000007\n");
  });
});

test.each([
  ["-device nothing -qtest stdio", "-device nothing: 'nothing' is not a valid device model name"],
  ["-device intel-iommu,aw-bits=77 -qtest stdio", "-device intel-iommu: Supported values for aw-bits are: 39, 48"],
  [
    "-M q35 -device edu,addr=0 -qtest stdio",
    "-device edu,addr=0: PCI: slot 0 function 0 not available for edu, in use\n",
  ],
  ["-nothing", "-nothing: invalid option"],
  ["-M q35", "neither -qtest nor a monitor is given"],
  ["-qtest unix:/nowhere/sock", "Failed to connect to '/nowhere/sock': no such file or directory"],
  ["-netdev socket,fd=77,id=n -qtest stdio", "-netdev socket,fd=77: "],
  ["-netdev tap,id=n -qtest stdio", "-netdev tap,id=n: only socket,fd=N"],
])("%s: one line on the standard error output, status 1", async (args, message) => {
  const { status, stdout, stderr } = await run(args);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr.startsWith(`iovirt qtest: ${message}`)).toBe(true);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

test("-machine help and -device help list what there is, and each can be had", async () => {
  const machines = await run("-M help");
  expect(machines).toMatchObject({ status: 0, stderr: "" });
  for (const name of ["pc", "q35", "none"]) expect(machines.stdout).toMatch(new RegExp(`^${name} `, "m"));
  const devices = await run("-device help");
  expect(devices).toMatchObject({ status: 0, stderr: "" });
  const names = [...devices.stdout.matchAll(/^name "(.*)"$/gm)].map(([, name]) => name as string);
  expect(names).toEqual(["intel-iommu", "pcie-root-port", "igb", "edu", "iommu-testdev"]);
  const all = names.map((name) => `-device ${name}`).join(" ");
  expect(await run(`-machine q35 -qtest stdio ${all}`)).toEqual({ status: 0, stdout: "", stderr: "" });
});

describe("sockets", () => {
  test("the test protocol and the monitor each on its own; quit ends the program", async () => {
    const [lines, monitor] = [await listen(join(folder, "lines")), await listen(join(folder, "monitor"))];
    const child = start(
      `-qtest unix:${folder}/lines -qtest-log /dev/null -chardev socket,path=${folder}/monitor,id=char0 ` +
        "-mon chardev=char0,mode=control -display none -M pc -device edu,addr=4 -accel qtest",
    );
    const ended = once(child, "close");
    const qmp = await monitor.client;
    expect(JSON.parse(await until(qmp, "\n"))).toHaveProperty("QMP");
    qmp.write('{"execute":"qmp_capabilities"}');
    expect(JSON.parse(await until(qmp, "\n"))).toEqual({ return: {} });
    const qtest = await lines.client;
    qtest.write("outl 0xcf8 0x80002000\ninl 0xcfc\n");
    expect(await until(qtest, "1234\n")).toBe("OK\nOK 0x11e81234\n");
    qmp.write('{"execute":"quit"}');
    expect(await until(qmp, 'host-qmp-quit"}}\r\n')).toMatch(/^\{"return":\{\}\}\r\n.*"event":"SHUTDOWN"/);
    expect(await ended).toEqual([0, null]);
    for (const { server } of [lines, monitor]) server.close();
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s ends the program with status 0, as QEMU", async (signal) => {
    const { server, client } = await listen(join(folder, "lines"));
    const child = start(`-machine none -qtest unix:${folder}/lines`);
    const qtest = await client;
    qtest.write("endianness\n");
    await until(qtest, "\n");
    child.kill(signal);
    expect(await once(child, "close")).toEqual([0, null]);
    server.close();
  });

  test("-netdev socket,fd=N: a frame leaves by an inherited socket, its length before it", async () => {
    const child = start("-device igb,netdev=n -netdev socket,fd=3,id=n -m 16 -qtest stdio");
    const wire = child.stdio[3] as Duplex;
    const chunks: Buffer[] = [];
    wire.on("data", (chunk) => chunks.push(chunk));
    child.stdin?.write(SEND.join(""));
    expect(await until(child.stdout as unknown as Duplex, "OK\n".repeat(SEND.length))).not.toContain("FAIL");
    await expect.poll(() => Buffer.concat(chunks).toString("hex")).toBe(SENT);
  });

  test("-netdev stream: a frame leaves by a socket that is connected to", async () => {
    const { server, client } = await listen(join(folder, "wire"));
    const child = start(
      `-device igb,netdev=n -netdev stream,id=n,addr.type=unix,addr.path=${folder}/wire -m 16 -qtest stdio`,
    );
    const chunks: Buffer[] = [];
    (await client).on("data", (chunk) => chunks.push(chunk));
    child.stdin?.write(SEND.join(""));
    await expect.poll(() => Buffer.concat(chunks).toString("hex")).toBe(SENT);
    server.close();
  });
});
