// `iovirt qtest`: the model behind QEMU's own test protocol, on the streams that a QEMU command line names.
import { createConnection, createServer, type Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import {
  Board,
  helpAsked,
  parseChardevAddress,
  parseCommandLine,
  QemuError,
  QmpServer,
  type QtestConfig,
  QtestServer,
} from "../embed/qtest/index.ts";
import { StreamEnd } from "../embed/wire/stream-end.ts";
import type { Command } from "./command.ts";
import { EXIT_FAILED } from "./io.ts";
import { InheritedStream, OpenedStream, systemReason } from "./qtest-stream.ts";

/** Characters that a line may have: data of the longest transfer in hexadecimal, and a command around it. */
const LINE_MAX = 2 ** 28;
const MICROSECONDS = 1000;

export const qtestCommand: Command = {
  summary: "be a PC with VT-d and an 82576 for programs that speak QEMU's test protocol",
  usage: [
    "usage: iovirt qtest [QEMU OPTION]...",
    "",
    "Takes the command line of a QEMU system emulator and speaks its test protocol (-qtest stdio, -qtest unix:PATH) and",
    "its monitor protocol (-qmp, -chardev socket with -mon). Machines (-M): pc, q35, none. Devices (-device): igb,",
    "intel-iommu, iommu-testdev, edu, pcie-root-port. Networks (-netdev): socket,fd=N; stream with addr.type=unix or fd.",
    "",
    "A file named qemu-system-x86_64 that holds",
    "",
    "  #!/bin/sh",
    '  exec iovirt qtest "$@"',
    "",
    "lets QEMU's own test programs run. As QEMU's, the exit status is 1 for a wrong command line; -machine help and",
    "-device help list what there is.",
    "",
  ].join("\n"),
  async run(args, io) {
    const help = helpAsked(args);
    if (help !== undefined) {
      io.out(help);
      return 0;
    }
    try {
      const config = parseCommandLine(args);
      return await serve(config);
    } catch (error) {
      if (!(error instanceof QemuError)) throw error;
      io.err(`iovirt qtest: ${error.message}\n`);
      return EXIT_FAILED;
    }
  },
};

/** Serves until whoever drives the test goes, or asks for the end. */
async function serve(config: QtestConfig): Promise<number> {
  const nets = await networks(config);
  const board = config.machine === "none" ? undefined : await Board.create(config, nets);
  const channels = new Set<Channel>();
  return await new Promise((resolve, reject) => {
    const end = (status: number): void => {
      for (const channel of channels) void hangUp(channel);
      resolve(status);
    };
    // Whoever said `quit` may send a signal next. Only process.exit leaves no moment in which that would be the end's
    // cause: QEMU's test programs take that for a crash.
    const quit = (): void => void Promise.all([...channels].map(hangUp)).then(() => process.exit(0));
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => process.exit(0));
    const closed = (channel: Channel): void => {
      channels.delete(channel);
      if (channel.leading || channels.size === 0) end(0);
    };
    const connect = async (): Promise<void> => {
      const monitors: QmpServer[] = [];
      if (board !== undefined) {
        board.onDeleted = ({ id }) => {
          const path = `/machine/peripheral/${id}`;
          for (const monitor of monitors) monitor.event("DEVICE_DELETED", { device: id, path });
        };
      }
      for (const id of config.monitors) {
        const channel = await openChannel(config.chardevs.get(id) ?? new Map(), config.qtest === undefined);
        channels.add(channel);
        const send = (message: object): void => void channel.output.write(`${JSON.stringify(message)}\r\n`);
        const now = (): number => Date.now() * MICROSECONDS;
        const monitor = new QmpServer({ board, send, quit: () => setImmediate(quit), now });
        monitors.push(monitor);
        channel.input.on("data", (chunk: Buffer) => monitor.receive(chunk.toString()));
        for (const event of ["end", "close"]) channel.input.once(event, () => closed(channel));
      }
      if (config.qtest !== undefined) {
        const channel = await openChannel(qtestAddress(config, config.qtest), true);
        channels.add(channel);
        speak(new QtestServer(board), channel);
        for (const event of ["end", "close"]) channel.input.once(event, () => closed(channel));
      }
      if (channels.size === 0) throw new QemuError("neither -qtest nor a monitor is given");
    };
    connect().catch((error: unknown) => {
      reject(error);
      end(EXIT_FAILED);
    });
  });
}

/** A stream that one protocol is spoken on. */
interface Channel {
  input: Readable;
  output: Writable;
  /** The program ends with it. */
  leading: boolean;
}

/** Reads no more, and lets what was written leave. */
function hangUp({ input, output }: Channel): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      input.destroy();
      resolve();
    };
    if (output === process.stdout) output.write("", done);
    else output.end(done);
  });
}

/** Answers every whole line. */
function speak(server: QtestServer, { input, output }: Channel): void {
  let held = "";
  input.on("data", (chunk: Buffer) => {
    const text = chunk.toString("latin1");
    const last = text.lastIndexOf("\n");
    if (last < 0) {
      held += text;
      if (held.length > LINE_MAX) input.destroy();
      return;
    }
    const lines = (held + text.slice(0, last)).split("\n");
    held = text.slice(last + 1);
    output.write(lines.map((line) => `${server.command(line)}\n`).join(""));
  });
}

function qtestAddress(config: QtestConfig, address: string): ReadonlyMap<string, string> {
  if (!address.startsWith("chardev:")) return parseChardevAddress(address);
  const id = address.slice("chardev:".length);
  const chardev = config.chardevs.get(id);
  if (chardev === undefined) throw new QemuError(`-qtest ${address}: chardev "${id}" not found`);
  return chardev;
}

async function openChannel(chardev: ReadonlyMap<string, string>, leading: boolean): Promise<Channel> {
  const backend = chardev.get("backend");
  if (backend === "stdio") {
    // A reader that goes away ends the test, not the program's other work.
    process.stdout.on("error", () => process.stdin.destroy());
    return { input: process.stdin, output: process.stdout, leading };
  }
  const path = chardev.get("path");
  if (backend !== "socket" || path === undefined) {
    throw new QemuError(`'${backend}' is not a valid char driver: stdio and socket with a path are`);
  }
  const socket = await open(path, chardev.get("server"));
  socket.on("error", () => socket.destroy());
  return { input: socket, output: socket, leading };
}

/** A socket at `path`: the first who connects, or a connection to who listens there. */
function open(path: string, server: string | undefined): Promise<Socket> {
  return server === "on" ? accept(path) : connectTo(path);
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => resolve(socket));
    socket.once("error", (error) => reject(new QemuError(`Failed to connect to '${path}': ${systemReason(error)}`)));
  });
}

function accept(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      server.close();
      resolve(socket);
    });
    server.once("error", (error) => reject(new QemuError(`Failed to listen on '${path}': ${systemReason(error)}`)));
    server.listen(path);
  });
}

/** Network backends that carry frames. The others are wires that lead nowhere. */
async function networks(config: QtestConfig): Promise<Map<string, StreamEnd>> {
  const nets = new Map<string, StreamEnd>();
  for (const [id, values] of config.netdevs) {
    const type = values.get("type");
    if (type === "user" || type === "hubport") continue;
    const fd = type === "socket" ? values.get("fd") : values.get("addr.str");
    const path = values.get("addr.path");
    if (fd !== undefined && /^\d+$/.test(fd)) nets.set(id, new StreamEnd(id, new InheritedStream(Number(fd))));
    else if (type === "stream" && values.get("addr.type") === "unix" && path !== undefined) {
      nets.set(id, new StreamEnd(id, new OpenedStream(await open(path, values.get("server")))));
    } else {
      throw new QemuError(
        `-netdev ${type},id=${id}: only socket,fd=N and stream with addr.type=unix or fd are supported`,
      );
    }
  }
  return nets;
}
