// The modules' tables, read by a reading of kmod's format in Python; the guest's own libkmod reads them in test/guests.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aliasPairs, dependencyPairs, moduleIndex } from "../../../host/cli/guests/module-index.ts";
import { requireJudge } from "../../support/judge.ts";

/** Walks each table from its root; prints all keys with their values in the order of their priorities. */
const READER = `
import sys, json, struct
def read(data):
    magic, version, root = struct.unpack_from(">III", data)
    assert (magic, version) == (0xB007F457, 0x00020001)
    found = []
    def text(at):
        end = data.index(b"\\0", at)
        return data[at:end].decode("latin1"), end + 1
    def visit(offset, key):
        at, flags = offset & 0x0FFFFFFF, offset >> 28
        if flags & 8:
            prefix, at = text(at)
            key += prefix
        children = []
        if flags & 2:
            first, last = data[at], data[at + 1]
            children = [(chr(first + n), c) for n, c in enumerate(struct.unpack_from(">%dI" % (last - first + 1), data, at + 2))]
            at += 2 + 4 * len(children)
        if flags & 4:
            count, = struct.unpack_from(">I", data, at)
            at, values = at + 4, []
            for _ in range(count):
                priority, = struct.unpack_from(">I", data, at)
                value, at = text(at + 4)
                values.append((priority, value))
            found.append([key, [value for _, value in sorted(values)]])
        for character, child in children:
            if child: visit(child, key + character)
    visit(root, "")
    return found
print(json.dumps([read(bytes.fromhex(line)) for line in sys.stdin.read().split()]))
`;

test("every key leads to its values, no other key to any; also none, the empty one, and prefixes of others", (context) => {
  requireJudge(context, "python3");
  const character = fc.constantFrom(..."ab*[_z");
  const pair = fc.tuple(fc.string({ unit: character, maxLength: 6 }), fc.string({ unit: character, maxLength: 3 }));
  const tables = fc.sample(fc.array(pair, { maxLength: 12 }), { numRuns: 500, seed: 0x6b6d6f64 });
  const input = tables.map((pairs) => Buffer.from(moduleIndex(pairs)).toString("hex")).join("\n");
  const { stdout, stderr } = spawnSync("python3", ["-c", READER], { input, encoding: "utf8" });
  expect(stderr).toBe("");
  const expected = tables.map((pairs) => {
    const values = new Map<string, string[]>();
    for (const [key, value] of pairs) values.set(key, [...(values.get(key) ?? []), value]);
    return [...values].sort();
  });
  const read = JSON.parse(stdout) as [string, string[]][][];
  expect(read.map((found) => found.sort())).toEqual(expected);
});

test("modules.dep and modules.alias: names with underscores, an alias too, but for what is in brackets", () => {
  expect(dependencyPairs("kernel/a/i2c-algo-bit.ko:\nkernel/b/igb.ko: kernel/a/i2c-algo-bit.ko\n")).toEqual([
    ["i2c_algo_bit", "kernel/a/i2c-algo-bit.ko:"],
    ["igb", "kernel/b/igb.ko: kernel/a/i2c-algo-bit.ko"],
  ]);
  expect(aliasPairs("alias rtnl-link-vlan 8021q\nalias usb:v1d[0-9]*-x dummy\n")).toEqual([
    ["rtnl_link_vlan", "8021q"],
    ["usb:v1d[0-9]*_x", "dummy"],
  ]);
});
