// The standard input as commands in a guest get it: whole, in order, no more of it read than asked for.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { PassThrough, Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { StandardInput } from "../../host/cli/standard-input.ts";
import { testIo } from "./io.ts";

/** All that comes, in pieces of at most `limit` bytes. */
async function drain(input: StandardInput, limit: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await input.next(limit);
    expect(piece.length).toBeLessThanOrEqual(limit);
    if (piece.length === 0) return Buffer.concat(pieces);
    pieces.push(piece);
  }
}

test("every byte, in order, however it comes; then the end, as often as it is asked for", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 50 }),
      async (parts, limit) => {
        const input = new StandardInput(Readable.from(parts.map((part) => Buffer.from(part))), testIo());
        expect(await drain(input, limit)).toEqual(Buffer.concat(parts));
        expect(await input.next(limit)).toHaveLength(0);
      },
    ),
  );
});

test("calls that overlap get each byte once, in the order of the calls, and the end when it has come", async () => {
  const stream = new PassThrough();
  const input = new StandardInput(stream, testIo());
  const asked = Array.from({ length: 10 }, () => input.next(4));
  stream.write(Uint8Array.from({ length: 16 }, (_, place) => place));
  await new Promise(setImmediate);
  stream.end(Uint8Array.from({ length: 16 }, (_, place) => 16 + place));
  const pieces = await Promise.all(asked);
  expect(pieces.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 0, 0]);
  expect(Buffer.concat(pieces)).toEqual(Buffer.from(Uint8Array.from({ length: 32 }, (_, place) => place)));
});

test("a writer waits while nobody asks for more than has come", async () => {
  const stream = new PassThrough({ highWaterMark: 1000 });
  const input = new StandardInput(stream, testIo());
  let room = 0;
  stream.on("drain", () => room++);
  const write = async (first: number): Promise<void> => {
    expect(stream.write(new Uint8Array(1000).fill(first))).toBe(false);
    await new Promise(setImmediate);
  };
  await write(1);
  expect(room).toBe(0);
  expect(await input.next(400)).toEqual(Buffer.alloc(400, 1));
  await write(2);
  expect(room).toBe(1);
  expect(await input.next(600)).toEqual(Buffer.alloc(600, 1));
  expect(room).toBe(1);
  expect(await input.next(1)).toEqual(Buffer.of(2));
  expect(room).toBe(2);
});

test("a terminal is not read", async () => {
  const stream = Object.assign(Readable.from([Buffer.from("typed")]), { isTTY: true });
  expect(await new StandardInput(stream, testIo()).next(10)).toHaveLength(0);
  expect(stream.readableDidRead).toBe(false);
});

test("what cannot be read is told in one line, and ends the input", async () => {
  const io = testIo();
  const stream = new Readable({ read: () => void stream.destroy(new Error("EIO: i/o error, read")) });
  const input = new StandardInput(stream, io);
  expect(await input.next(10)).toHaveLength(0);
  expect(await input.next(10)).toHaveLength(0);
  expect(io.stderr).toBe("iovirt: standard input: i/o error\n");
});

test("calls that overlap on what cannot be read all hear the end, and it is told once", async () => {
  const io = testIo();
  const stream = new PassThrough();
  const input = new StandardInput(stream, io);
  const asked = [input.next(4), input.next(4), input.next(4)];
  stream.write(Uint8Array.of(7));
  await new Promise(setImmediate);
  stream.destroy(new Error("EIO: i/o error, read"));
  expect((await Promise.all(asked)).map((piece) => [...piece])).toEqual([[7], [], []]);
  expect(io.stderr).toBe("iovirt: standard input: i/o error\n");
});

test("a folder cannot be read, and is told; the process goes on to its end", async () => {
  const module = new URL("../../dist/host/cli/standard-input.js", import.meta.url);
  const folder = openSync(tmpdir(), "r");
  const child = spawn(
    process.execPath,
    [
      ...["--input-type=module", "--eval"],
      `import { processInput, StandardInput } from ${JSON.stringify(module.href)};
       const input = new StandardInput(processInput(), { err: (text) => process.stderr.write(text) });
       process.stdout.write(String([(await input.next(1)).length, (await input.next(1)).length]));
       input.close();`,
    ],
    { stdio: [folder, "pipe", "pipe"] },
  );
  closeSync(folder);
  const [told, heard, [status]] = await Promise.all([
    child.stderr?.toArray(),
    child.stdout?.toArray(),
    once(child, "exit"),
  ]);
  expect([String(told), String(heard), status]).toEqual(["iovirt: standard input: is a directory\n", "0,0", 0]);
});

test("closed: who still waits hears the end, nothing is told, and a pipe that stays open does not keep the program", async () => {
  const io = testIo();
  const input = new StandardInput(new PassThrough(), io);
  const waiting = input.next(10);
  input.close();
  expect(await waiting).toHaveLength(0);
  expect(io.stderr).toBe("");
  const module = new URL("../../dist/host/cli/standard-input.js", import.meta.url);
  const child = spawn(process.execPath, [
    ...["--input-type=module", "--eval"],
    `import { StandardInput } from ${JSON.stringify(module.href)};
     const input = new StandardInput(process.stdin, { err() {} });
     await input.next(1);
     input.next(1);
     input.close();`,
  ]);
  child.stdin.write("x");
  expect(await once(child, "exit")).toEqual([0, null]);
});
