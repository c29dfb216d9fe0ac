// QEMU's own test programs, unmodified, with the built program in QEMU's place: qos-test is IOVIRT_QOS_TEST, or what
// test/qemu/fetch-qos-test.sh has built; the others lie beside it.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireJudge } from "../../support/judge.ts";

const MAIN = fileURLToPath(new URL("../../../dist/host/cli/main.js", import.meta.url));
const { IOVIRT_QOS_TEST, IOVIRT_QEMU_CACHE, XDG_CACHE_HOME = join(homedir(), ".cache") } = process.env;
const CACHE = IOVIRT_QEMU_CACHE ?? join(XDG_CACHE_HOME, "iovirt/qemu");
const QOS_TEST = IOVIRT_QOS_TEST ?? join(CACHE, "qos-test/run/qos-test");
const IGB = "/x86_64/pc/i440FX-pcihost/pci-bus-pc/pci-bus/igb/igb-tests";

describe("QEMU's test programs", () => {
  let folder: string;
  let qemu: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "iovirt-qos-"));
    // The architecture is read off the name.
    qemu = join(folder, "qemu-system-x86_64");
    writeFileSync(qemu, `#!/bin/sh\nexec ${process.execPath} ${MAIN} qtest "$@"\n`);
    chmodSync(qemu, 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (program: string, ...args: string[]) =>
    spawnSync(program, ["--tap", ...args], {
      encoding: "utf8",
      timeout: 500_000,
      env: { ...process.env, QTEST_QEMU_BINARY: qemu, TMPDIR: folder },
    });

  test.for(["init", "tx", "rx", "multiple_transfers", "hotplug"])("igb-tests/%s passes", (name, context) => {
    requireJudge(context, QOS_TEST);
    const { status, stdout, stderr } = run(QOS_TEST, "-p", `${IGB}/${name}`);
    expect(stdout + stderr).toContain(`ok 1 ${IGB}/${name}`);
    expect(status).toBe(0);
  });

  test("everything that it finds in this machine passes in one process, with resets between", (context) => {
    requireJudge(context, QOS_TEST);
    const { status, stdout } = run(QOS_TEST);
    const results = stdout.split("\n").filter((line) => /^(not )?ok /.test(line));
    expect(results.length).toBeGreaterThanOrEqual(5);
    expect(results.filter((line) => !line.startsWith("ok "))).toEqual([]);
    expect(status).toBe(0);
  });

  /** Programs and those of their tests that this machine can serve: all, or the named ones. */
  test.for<[program: string, count: number, ...paths: string[]]>([
    ["intel-iommu-test", 1],
    ["fw_cfg-test", 12],
    ["machine-none-test", 1],
    // Not /qmp/oob, which needs block devices, nor /qmp/preconfig.
    ["qmp-test", 1, "/x86_64/qmp/protocol"],
  ])("%s: %d pass", ([name, count, ...paths], context) => {
    const program = join(dirname(QOS_TEST), name);
    requireJudge(context, QOS_TEST);
    if (!existsSync(program)) context.skip(`${name} is not beside qos-test`);
    const { status, stdout } = run(program, ...paths.flatMap((path) => ["-p", path]));
    expect(stdout.split("\n").filter((line) => line.startsWith("ok "))).toHaveLength(count);
    expect(stdout).not.toMatch(/^not ok/m);
    expect(status).toBe(0);
  });
});
