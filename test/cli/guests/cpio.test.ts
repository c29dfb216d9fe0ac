// The initramfs' archive, read by Python's reading of its format: an ASCII header of thirteen numbers, name, content.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { CpioArchive } from "../../../host/cli/guests/cpio.ts";
import { requireJudge } from "../../support/judge.ts";

const READER = `
import sys, json, stat
data, at, entries = sys.stdin.buffer.read(), 0, []
while True:
    assert data[at:at + 6] == b"070701"
    ino, mode, uid, gid, links, time, size, dmaj, dmin, rmaj, rmin, length, check = (
        int(data[at + 6 + 8 * n:at + 14 + 8 * n], 16) for n in range(13))
    name = data[at + 110:at + 110 + length]
    assert name.endswith(b"\\0")
    at = (at + 110 + length + 3) // 4 * 4
    content = data[at:at + size]
    at = (at + size + 3) // 4 * 4
    if name == b"TRAILER!!!\\0": break
    entries.append([name[:-1].decode(), stat.filemode(mode), content.decode("latin1"), rmaj, rmin, ino])
assert at == len(data)
print(json.dumps(entries))
`;

test("newc: folders before what is in them, each once; modes, links, devices, contents of every length", (context) => {
  requireJudge(context, "python3");
  const archive = new CpioArchive()
    .folder("dev")
    .device("dev/null", 1, 3)
    .file("a/b/one", "1", 0o755)
    .file("a/b/four", Uint8Array.of(0x41, 0xff, 0, 0x42))
    .file("a/empty", "")
    .link("a/link", "../dev/null")
    .folder("a/b")
    .bytes();
  const { stdout, stderr } = spawnSync("python3", ["-c", READER], { input: archive, encoding: "utf8" });
  expect(stderr).toBe("");
  const entries = JSON.parse(stdout) as [string, string, string, number, number, number][];
  expect(entries.map(([name, mode, content, major, minor]) => [name, mode, content, major, minor])).toEqual([
    ["dev", "drwxr-xr-x", "", 0, 0],
    ["dev/null", "crw-------", "", 1, 3],
    ["a", "drwxr-xr-x", "", 0, 0],
    ["a/b", "drwxr-xr-x", "", 0, 0],
    ["a/b/one", "-rwxr-xr-x", "1", 0, 0],
    ["a/b/four", "-rw-r--r--", "A\u00ff\u0000B", 0, 0],
    ["a/empty", "-rw-r--r--", "", 0, 0],
    ["a/link", "lrwxrwxrwx", "../dev/null", 0, 0],
  ]);
  expect(new Set(entries.map((entry) => entry[5])).size).toBe(entries.length);
});
