import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../host/cli/io.ts";
import { SocketEnd } from "../../host/cli/socket-end.ts";
import { ArgumentError } from "../../host/core/errors.ts";
import type { IgbPort } from "../../host/device/igb/port.ts";
import { FrameReader, TaggedFrame } from "../../host/embed/in-process/frame.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../host/embed/in-process/pf-driver.ts";
import { readCapture } from "../../host/embed/pcap/read.ts";
import { Hypervisor } from "../../host/hypervisor/hypervisor.ts";
import { FunctionEnd } from "../../host/machine/cable/function-end.ts";
import { Machine } from "../../host/machine/machine.ts";

let machine: Machine;
let folder: string;
const ends: SocketEnd[] = [];
const children: ChildProcess[] = [];
beforeEach(async () => {
  machine = await Machine.create({ ram: 2 ** 20, cards: [{ ports: 2 }] });
  folder = mkdtempSync(join(tmpdir(), "iovirt-socket-"));
});
afterEach(() => {
  for (const end of ends.splice(0)) end.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Lets machine and sockets work until `done`. */
async function until(done: () => boolean, run: () => void = () => machine.run(1000)): Promise<void> {
  const end = Date.now() + 300_000;
  while (!done()) {
    if (Date.now() > end) throw new Error("it does not come to that");
    run();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function listen(): Promise<SocketEnd & { port: number }> {
  const end = await SocketEnd.listen({ port: 0 });
  ends.push(end);
  return end as SocketEnd & { port: number };
}

describe("a socket at the end of a cable", () => {
  test("two of them carry frames both ways, and the links follow the connection", async () => {
    const server = await listen();
    const got: number[][] = [[], []];
    const stations = got.map((list) => new FunctionEnd((frame) => list.push(frame.length)));
    const [near, far] = stations as [FunctionEnd, FunctionEnd];
    machine.cables.plug(near, server);
    expect(near.carrier).toBe(false);
    let woken = 0;
    machine.cables.onWake(() => woken++);
    const client = await SocketEnd.connect({ port: server.port });
    ends.push(client);
    machine.cables.plug(far, client);
    await until(() => near.carrier && far.carrier);
    for (let count = 0; count < 300; count++) {
      near.send(new Uint8Array(60 + count));
      far.send(new Uint8Array(1000 + count));
      if (count % 50 === 49) machine.run(0);
    }
    await until(() => got.every((list) => list.length === 300));
    expect(got).toEqual([1000, 60].map((least) => Array.from({ length: 300 }, (_, count) => least + count)));
    expect(woken).toBeGreaterThan(600);
    client.close();
    await until(() => !near.carrier);
    const again = await SocketEnd.connect({ port: server.port });
    ends.push(again);
    await until(() => near.carrier);
  });

  test("a second client is turned away; an address where nobody listens, or that is taken, is told in a line", async () => {
    const server = await listen();
    const first = await SocketEnd.connect({ port: server.port });
    ends.push(first);
    const closed = await new Promise((resolve) => {
      createConnection(server.port, "127.0.0.1")
        .on("close", () => resolve("closed"))
        .on("error", () => {});
    });
    expect(closed).toBe("closed");
    await expect(SocketEnd.listen({ port: server.port })).rejects.toThrow(UsageError);
    await expect(SocketEnd.listen({ port: server.port })).rejects.toThrow(/address already in use$/);
    // A port that nobody else gets meanwhile: that of a connection.
    const listener = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const held = createConnection((listener.address() as AddressInfo).port, "127.0.0.1");
    await once(held, "connect");
    const silent = held.localPort as number;
    await expect(SocketEnd.connect({ port: silent })).rejects.toThrow(`127.0.0.1:${silent}: connection refused`);
    held.destroy();
    listener.close();
  });
});

const script = new URL("../qemu/get-qemu.sh", import.meta.url).pathname;

describe("QEMU 11.1 on the same wire", () => {
  test("frames of one port pass QEMU's hub to the other, by `-netdev socket` and `-netdev stream`", async (context) => {
    const found = spawnSync(script, ["--offline"], { encoding: "utf8" });
    const program = found.stdout.trim();
    if (found.status !== 0 || !existsSync(program)) {
      if (process.env.CI) throw new Error(`CI must have QEMU: ${found.stderr}`);
      context.skip(found.stderr.trim());
    }
    const hypervisor = new Hypervisor(machine);
    const guest = new Guest(hypervisor.administrator.platform);
    const got: number[][] = [[], []];
    const reader = new FrameReader();
    const drivers = guest
      .probe()
      .filter(isIgbPf)
      .map((device, place) => {
        const onFrame = (frame: Uint8Array): void => {
          if (!reader.read(frame)) throw new Error("a frame was changed");
          got[place]?.push(reader.sequence);
        };
        return new IgbPfDriver(guest, device, { onFrame });
      });
    const [near, far] = drivers as [IgbPfDriver, IgbPfDriver];
    const servers = [await listen(), await listen()];
    for (const [place, port] of machine.ports.entries())
      machine.cables.plug(port as IgbPort, servers[place] as SocketEnd);
    const dump = join(folder, "dump.pcap");
    const [first, second] = servers.map(({ port }) => port);
    const qemu = spawn(program, [
      ...["-M", "none", "-nodefaults", "-display", "none"],
      ...["-netdev", `socket,id=one,connect=127.0.0.1:${first}`],
      ...["-netdev", `stream,id=two,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=${second}`],
      ...["-netdev", "hubport,id=h1,hubid=0,netdev=one", "-netdev", "hubport,id=h2,hubid=0,netdev=two"],
      ...["-object", `filter-dump,id=dump,netdev=one,file=${dump}`],
    ]);
    children.push(qemu);
    let complaint = "";
    qemu.stderr.on("data", (chunk: Buffer) => {
      complaint += chunk;
    });
    const run = (): void => {
      if (qemu.exitCode !== null) throw new Error(`QEMU ended: ${complaint}`);
      hypervisor.run(1000);
    };
    await until(() => machine.cables.all.every(({ carrier }) => carrier), run);
    for (const driver of drivers) expect(driver.up()).toBe(true);
    const count = 150;
    const there = new TaggedFrame({ destination: far.mac, source: near.mac, from: 0, to: 1, length: 1514 });
    const back = new TaggedFrame({ destination: near.mac, source: far.mac, from: 1, to: 0, length: 60 });
    const frames = (tagged: TaggedFrame): Uint8Array[] =>
      Array.from({ length: count }, (_, sequence) => tagged.stamp(sequence).slice());
    expect(near.send(frames(there))).toBe(count);
    expect(far.send(frames(back))).toBe(count);
    await until(() => got.every((list) => list.length >= count), run);
    const all = Array.from({ length: count }, (_, sequence) => sequence);
    expect(got).toEqual([all, all]);
    qemu.kill("SIGTERM");
    await new Promise((resolve) => qemu.once("exit", resolve));
    await until(
      () => machine.cables.all.every(({ carrier }) => !carrier),
      () => hypervisor.run(1000),
    );
    hypervisor.run(1000);
    expect(drivers.map(({ linkUp }) => linkUp)).toEqual([false, false]);
    const dumped = readCapture(readFileSync(dump), dump).map(({ bytes }) => bytes.length);
    expect(dumped.filter((length) => length === 1514)).toHaveLength(count);
    expect(dumped.filter((length) => length === 60)).toHaveLength(count);
  });
});

test.each([
  ["address", undefined],
  ["address", null],
  ["address", 5],
  ["address", { port: 0, foo: 1 }],
  ["host", { host: 5, port: 5 }],
  ["host", { host: "", port: 5 }],
  ["port", {}],
  ["port", { port: "80" }],
  ["port", { port: -1 }],
  ["port", { port: 65536 }],
])("what is no address is refused, and names %s: %o", async (name, address) => {
  for (const call of [SocketEnd.listen, SocketEnd.connect]) {
    const refused = call(address as never);
    await expect(refused).rejects.toThrow(ArgumentError);
    await expect(refused).rejects.toThrow(new RegExp(`^${name} `));
  }
});
