import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../../host/cli/command.ts";
import { explainCommand } from "../../host/cli/explain.ts";
import { encodeSnapshot } from "../../host/core/snapshot.ts";
import { assemble } from "../../host/demo/cast.ts";
import type { Explanation } from "../../host/machine/explain/types.ts";
import type { Machine } from "../../host/machine/machine.ts";
import { testIo } from "./io.ts";

describe("iovirt explain", () => {
  let machine: Machine;

  beforeAll(async () => {
    const nothing = (): undefined => undefined;
    machine = (await assemble(2, nothing, nothing)).hypervisor.machine;
  });

  async function run(args: readonly string[], terminal = false) {
    const io = testIo(terminal);
    const status = await runCli({ explain: explainCommand(async () => machine) }, "0", ["explain", ...args], io);
    return { status, out: io.stdout, err: io.stderr };
  }

  test("without a request lists who can be explained, with calls that work", async () => {
    const { status, out } = await run([]);
    expect(status).toBe(0);
    expect(out).toContain("  02:10.0  domain 2, 4 levels for 48 bits\n");
    expect(out).toMatch(/Interrupt-remapping entries that are present: 0–\d+/);
    const calls = [...out.matchAll(/ {2}iovirt explain (.*)/g)].map((match) => (match[1] as string).split(" "));
    expect(calls).toHaveLength(3);
    for (const call of calls) expect((await run(call)).status).toBe(0);
  });

  test("draws the walk as a tree, plain in a pipe, coloured on a terminal", async () => {
    const args = ["--requester", "02:10.0", "--iova", "0x1234"];
    const { out } = await run(args);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toBe("read by 02:10.0 at 0x1234 (legacy mode)");
    expect(lines.filter((line) => /^├─ \S/.test(line)).map((line) => line.split(" ")[1])).toEqual([
      "RTADDR_REG:",
      "root-entry",
      "context-entry",
      "SS-PML4E",
      "SS-PDPE",
      "SS-PDE",
    ]);
    expect(lines.at(-1)).toMatch(/^└─ ✓ 0x1234 is 0x[\da-f]+234, for read and write VT-d/);
    const coloured = (await run(args, true)).out;
    expect(coloured).toContain("\u001b[");
    expect(stripVTControlCharacters(coloured)).toBe(out);
  });

  test("says why a request is refused", async () => {
    const { out, status } = await run(["--requester", "02:10.0", "--iova", "0xffffffff000", "--write"]);
    expect(status).toBe(0);
    expect(out).toContain("✗ write permission missing: reason 0x5, condition LGN.2 VT-d 5.10 §7.1.3 Table 30\n");
    const foreign = await run(["--requester", "02:10.0", "--interrupt", "0xfee00010"]);
    expect(foreign.out).toContain("→ for 01:00.0 only, and this is 02:10.0\n");
  });

  test("VT-d §5.1.4.1 29h: a read in the interrupt range is refused; a write depends on its length, and says so", async () => {
    const at = ["--requester", "02:10.0", "--iova", "0xfee00010"];
    const read = await run(at);
    expect(read.out).toContain("└─ ✗ a read in the interrupt range: not a valid interrupt request: reason 0x29, ");
    expect(read.out).not.toContain("✓");
    const write = await run([...at, "--write"]);
    expect(write.out).toContain(
      "└─ ? never translated: a write of 4 bytes is an interrupt request, of any other length",
    );
    const [, hint] = /(?:iovirt explain) (--requester .*)\n/.exec(write.out) as RegExpExecArray;
    expect((await run((hint as string).split(" "))).out).toContain("interrupt by 02:10.0: 0x0 to 0xfee00010");
    const odd = await run(["--requester", "02:10.0", "--iova", "0xfee00012", "--write"]);
    expect(odd.out).toContain("✗ a write at no multiple of 4 in the interrupt range");
  });

  test("numbers and requesters in the forms that tools print are taken, and printed in one", async () => {
    const at = (...args: string[]) => run(["--requester", "02:10.0", ...args]);
    const wanted = await at("--iova", "0x1000");
    expect(await at("--iova", "0X1000")).toEqual(wanted);
    expect(await at("--iova", "4096")).toEqual(wanted);
    expect(await run(["--requester", "0000:02:10.0", "--iova", "0x1000"])).toEqual(wanted);
    const title = "read by 02:10.0 with PASID 0x1f at 0x1000 (legacy mode)\n";
    for (const pasid of ["0x1f", "31"]) expect((await at("--iova", "0x1000", "--pasid", pasid)).out).toContain(title);
  });

  test("a requester that the machine has not is named as one", async () => {
    const note = "no function of this machine is 09:00.0";
    expect((await run(["--requester", "09:00.0", "--iova", "0x1000"])).out).toContain(note);
    expect((await run(["--requester", "02:10.0", "--iova", "0x1000"])).out).not.toContain("no function");
  });

  test("--json is the explanation as the unit gives it", async () => {
    const { out } = await run(["--requester", "02:10.0", "--iova", "0x7fff", "--json"]);
    const wanted: Explanation = machine.iommu.explain({ requesterId: 0x0280, iova: 0x7fff, access: 1 });
    expect(JSON.parse(out)).toEqual(wanted);
  });

  test("--save and --from: a saved machine is explained as the running one", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "explain-")), "machine");
    expect((await run(["--save", file])).status).toBe(0);
    expect(readFileSync(file).equals(encodeSnapshot(machine.save()))).toBe(true);
    for (const request of [
      [],
      ["--requester", "02:10.0", "--iova", "0x1234"],
      ["--requester", "01:00.0", "--interrupt", "0xfee00010"],
    ]) {
      expect((await run([...request, "--from", file])).out).toBe((await run(request)).out);
    }
    writeFileSync(file, "no machine");
    expect(await run(["--from", file])).toMatchObject({ status: 2, err: expect.stringContaining(file) });
    writeFileSync(file, encodeSnapshot({ shape: "{}" }));
    expect(await run(["--from", file])).toMatchObject({ status: 2, err: expect.stringContaining(file) });
  });

  test.each([
    [["--iova", "1"], "--iova needs --requester"],
    [["--requester", "02:10", "--iova", "1"], '--requester "02:10" is not bus:device.function'],
    [["--requester", "02:20.0", "--iova", "1"], '"02:20.0"'],
    [["--requester", "1:2.3", "--iova", "0x1ffffffffffffffff"], "at most 64 bits"],
    [["--requester", "1:2.3", "--iova", "-1"], "--iova"],
    [["--requester", "1:2.3"], "--requester needs --iova"],
    [["--requester", "1:2.3", "--iova", "1", "--execute"], "--execute needs --pasid"],
    [["--requester", "1:2.3", "--iova", "1", "--interrupt", "2"], "exclude each other"],
    [["--requester", "1:2.3", "--interrupt", "0x1000"], "--interrupt 0x1000 is not in"],
    [["--requester", "1:2.3", "--interrupt", "0xfee00010", "--data", "0x100000000"], "--data"],
    [["--requester", "1:2.3", "--iova", "1", "--pasid", "0x100000"], "at most 20 bits"],
    [["--requester", "0001:01:02.3", "--iova", "1"], "--requester"],
    [["--from", "/"], "/: is a directory"],
    [["--from", "/dev/null"], "snapshot: is empty"],
    [["--save", "-"], "name a file"],
  ])("a wrong call %j is one line and status 2", async (args, message) => {
    const { status, err, out } = await run(args);
    expect(status).toBe(2);
    expect(err).toContain(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(out).toBe("");
  });
});
