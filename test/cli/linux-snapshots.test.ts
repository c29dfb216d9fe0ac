// Snapshots in a folder: made once for the same parts, by one at a time, the newest kept.
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codeDigest, Snapshots } from "../../host/cli/linux-snapshots.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-snapshots-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the same parts are made once, others anew; where one part ends matters", async () => {
  let made = 0;
  const make = async (): Promise<Uint8Array> => Uint8Array.of(++made);
  const first = await new Snapshots(folder).get(["ab", "c"], make);
  expect([...(await new Snapshots(folder).get(["ab", "c"], make))]).toEqual([...first]);
  expect([...(await new Snapshots(folder).get(["a", "bc"], make))]).toEqual([2]);
  expect(made).toBe(2);
});

test("one that is damaged, or empty, is made anew", async () => {
  const snapshots = new Snapshots(folder);
  const get = async (byte: number): Promise<number[]> => [
    ...(await snapshots.get(["x"], async () => Uint8Array.of(byte, 5, 6))),
  ];
  expect(await get(1)).toEqual([1, 5, 6]);
  const [name] = readdirSync(folder) as [string];
  const whole = readFileSync(join(folder, name));
  const damages = [whole.subarray(0, 0), whole.subarray(0, 2), whole.subarray(0, -1), whole.with(1, 7)];
  for (const [place, damaged] of damages.entries()) {
    writeFileSync(join(folder, name), damaged);
    expect(await get(place + 10)).toEqual([place + 10, 5, 6]);
    expect(await get(0)).toEqual([place + 10, 5, 6]);
  }
});

test("who comes while it is being made waits for it; who fails leaves the next to make it", async () => {
  const snapshots = new Snapshots(folder);
  let made = 0;
  const slow = async (): Promise<Uint8Array> => {
    made++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return Uint8Array.of(7);
  };
  const all = await Promise.all([snapshots.get(["x"], slow), snapshots.get(["x"], slow)]);
  expect(all.map((bytes) => [...bytes])).toEqual([[7], [7]]);
  expect(made).toBe(1);
  await expect(snapshots.get(["y"], () => Promise.reject(new Error("no boot")))).rejects.toThrow("no boot");
  expect([...(await snapshots.get(["y"], async () => Uint8Array.of(8)))]).toEqual([8]);
  expect(readdirSync(folder).filter((name) => !name.endsWith(".state"))).toEqual([]);
});

test("a lock whose process has died, and what it had begun to write, are in nobody's way", async () => {
  const snapshots = new Snapshots(folder);
  await snapshots.get(["x"], async () => Uint8Array.of(1));
  const [name] = readdirSync(folder) as [string];
  const gone = spawnSync(process.execPath, ["--version"]).pid;
  rmSync(join(folder, name));
  writeFileSync(join(folder, `${name}.lock`), `${gone}`);
  writeFileSync(join(folder, `${name}.${gone}.new`), "half");
  expect([...(await snapshots.get(["x"], async () => Uint8Array.of(2)))]).toEqual([2]);
  expect(readdirSync(folder)).toEqual([name]);
});

test("a lock whose process lives is waited for", async () => {
  const snapshots = new Snapshots(folder);
  await snapshots.get(["x"], async () => Uint8Array.of(1));
  const [name] = readdirSync(folder) as [string];
  rmSync(join(folder, name));
  const lock = join(folder, `${name}.lock`);
  writeFileSync(lock, `${process.ppid}`);
  let made = false;
  const got = snapshots.get(["x"], async () => {
    made = true;
    return Uint8Array.of(2);
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(made).toBe(false);
  rmSync(lock);
  expect([...(await got)]).toEqual([2]);
});

test("what cannot be kept is told by one line and used all the same, and nothing of it stays", async () => {
  const told: string[] = [];
  const snapshots = new Snapshots(folder, (reason) => told.push(reason));
  await snapshots.get(["x"], async () => Uint8Array.of(1));
  const [name] = readdirSync(folder) as [string];
  rmSync(join(folder, name));
  // A folder in the place of the snapshot.
  const make = async (): Promise<Uint8Array> => {
    mkdirSync(join(folder, name));
    return Uint8Array.of(2);
  };
  expect([...(await snapshots.get(["x"], make))]).toEqual([2]);
  expect(told).toEqual([`${folder}: is a directory`]);
  expect(readdirSync(folder)).toEqual([name]);
  // And where there can be no folder at all.
  const nowhere = new Snapshots("/dev/null/snapshots", (reason) => told.push(reason));
  expect([...(await nowhere.get(["x"], async () => Uint8Array.of(3)))]).toEqual([3]);
  expect(told.slice(1)).toEqual(["/dev/null/snapshots: not a directory"]);
});

test("processes that make, read and remove at once: each gets what it asked for", async () => {
  const program = `
    const { Snapshots } = await import(${JSON.stringify(new URL("../../dist/host/cli/linux-snapshots.js", import.meta.url))});
    const snapshots = new Snapshots(process.argv[1]);
    for (let turn = 0; turn < 300; turn++) {
      const part = turn % 8;
      const [made] = await snapshots.get([String(part)], async () => Uint8Array.of(part));
      if (made !== part) throw new Error(made + " for " + part);
    }`;
  const run = promisify(execFile);
  const runs = Array.from({ length: 3 }, () =>
    run(process.execPath, ["--input-type=module", "--eval", program, folder]),
  );
  expect((await Promise.all(runs)).map(({ stdout, stderr }) => stdout + stderr)).toEqual(["", "", ""]);
  // Those that removed at the same time may have removed different ones.
  const snapshots = new Snapshots(folder);
  for (let part = 0; part < 8; part++) await snapshots.get([`${part}`], async () => Uint8Array.of(part));
  expect(readdirSync(folder)).toHaveLength(6);
  expect(readdirSync(folder).filter((name) => !name.endsWith(".state"))).toEqual([]);
});

test("the number of those that are kept is bounded", async () => {
  for (let part = 0; part < 10; part++) await new Snapshots(folder).get([`${part}`], async () => Uint8Array.of(part));
  expect(readdirSync(folder)).toHaveLength(6);
});

test("the code's digest: a changed, a renamed or a new file makes another; declarations do not", () => {
  const code = join(folder, "code/inner");
  mkdirSync(code, { recursive: true });
  const url = pathToFileURL(`${join(folder, "code")}/`);
  const digests = new Set<string>();
  const write = (name: string, text: string): void => {
    writeFileSync(join(code, name), text);
    digests.add(codeDigest([url]));
  };
  write("a.js", "1");
  write("a.js", "2");
  write("b.js", "2");
  expect(digests.size).toBe(3);
  write("b.d.ts", "3");
  expect(digests.size).toBe(3);
});
