// `iovirt linux` from outside: what it writes where, its exit status, and guests that outlive a process.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { encodeSnapshot } from "../../host/core/snapshot.ts";
import { requireJudge } from "../support/judge.ts";
import { describeWithFiles, guestFiles, PRELUDE, START_TIMEOUT } from "./harness.ts";

const MAIN = fileURLToPath(new URL("../../dist/host/cli/main.js", import.meta.url));

/**
 * Runs the program on a terminal of its own, types a command and Ctrl-], and asks how the terminal is then. A terminal that
 * is raw may still put a return before each line feed.
 */
const TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", '"$0" "$1" linux --snapshot; echo status $?; stty -a', *sys.argv[1:]])
shown, answers = b"", [(b"guest:", b"echo $((40+2))x\\r"), (b"\\n42x\\r", b"\\x1d")]
while True:
    try: part = os.read(terminal, 65536)
    except OSError: break
    if not part: break
    shown += part
    if answers and answers[0][0] in shown: os.write(terminal, answers.pop(0)[1])
os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
`;

const children: ChildProcess[] = [];

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `iovirt linux`; `typed` comes through its standard input. */
function linux(args: readonly string[], typed: string | Buffer = ""): Promise<Ended> {
  return run(process.execPath, [MAIN, "linux", ...args], typed);
}

function run(program: string, args: readonly string[], typed: string | Buffer = ""): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args);
    children.push(child);
    const ended: Ended = { status: null, stdout: "", stderr: "" };
    child.stdout.on("data", (data) => {
      ended.stdout += data;
    });
    child.stderr.on("data", (data) => {
      ended.stderr += data;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ ...ended, status }));
    child.stdin.end(typed);
  });
}

/** Guest files like those in `from`, but that the BIOS does nothing: it boots for ever. */
function layEndless(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) symlinkSync(join(from, name), join(to, name));
  // JMP to itself, where the processor begins.
  const bios = new Uint8Array(0x1_0000);
  bios.set([0xeb, 0xfe], 0xfff0);
  const manifest = JSON.parse(readFileSync(join(from, "manifest.json"), "utf8"));
  manifest.files["bios.bin"] = createHash("sha256").update(bios).digest("hex");
  for (const [name, content] of Object.entries({ "bios.bin": bios, "manifest.json": JSON.stringify(manifest) })) {
    rmSync(join(to, name));
    writeFileSync(join(to, name), content);
  }
}

describeWithFiles("iovirt linux", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "iovirt-linux-"));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("--exec: the commands' output on its own streams, byte for byte, and their status", {
    timeout: START_TIMEOUT,
  }, async () => {
    const script =
      "printf 'a\\r\\tb\\n\\n'; echo complaint >&2; ls /sys/bus/pci/drivers/igb | grep -c ^0000; seq 20000; exit 42";
    const { status, stdout, stderr } = await linux(["--snapshot", "--ports", "4", "--exec", script]);
    const numbers = Array.from({ length: 20000 }, (_, index) => `${index + 1}\n`).join("");
    expect(stdout).toBe(`a\r\tb\n\n4\n${numbers}`);
    expect({ status, stderr }).toEqual({ status: 42, stderr: "complaint\n" });
  });

  test("--exec: a line leaves when it is written, not when more comes", { timeout: START_TIMEOUT }, async () => {
    const child = spawn(process.execPath, [MAIN, "linux", "--snapshot", "--exec", "echo go; sleep 10000"]);
    children.push(child);
    let text = "";
    for await (const part of child.stdout) {
      text += part;
      if (text.includes("\n")) break;
    }
    expect(text).toBe("go\n");
  });

  test("--exec: the standard input, byte for byte to its end; what one command leaves of it is the next one's", {
    timeout: START_TIMEOUT,
  }, async () => {
    const bytes = Buffer.alloc(100_000);
    for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 0x9e3779b1) >>> 24;
    const scripts = ["head -c 5", "true", "wc -c </dev/null; md5sum", "cat"];
    const { status, stdout, stderr } = await linux(
      ["--snapshot", ...scripts.flatMap((script) => ["--exec", script])],
      Buffer.concat([Buffer.from("hello"), Buffer.alloc(4091), bytes]),
    );
    // As a shell's commands on a pipe: the first one's reads are of 4096 bytes.
    const sum = createHash("md5").update(bytes).digest("hex");
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `hello0\n${sum}  -\n`, stderr: "" });
  });

  test("--exec: a command that does not read the standard input does not wait for it", {
    timeout: START_TIMEOUT,
  }, async () => {
    const child = spawn(process.execPath, [MAIN, "linux", "--snapshot", "--exec", "exit 3"]);
    children.push(child);
    // More than there is room for, and no end.
    child.stdin.on("error", () => {});
    child.stdin.write(Buffer.alloc(1_000_000));
    expect(await once(child, "close")).toEqual([3, null]);
  });

  test("--vms without --exec: the first one's console, whose shell knows which guest it is", {
    timeout: START_TIMEOUT,
  }, async () => {
    const { status, stdout } = await linux(["--snapshot", "--vms", "2"], 'echo "vm $VM/$VMS" on $(hostname)\nexit 6\n');
    expect(stdout).toContain("\r\nvm 1/2 on vm1\r\n");
    expect(status).toBe(6);
  });

  test("without --exec: what comes in is typed on the console; its end ends the shell, whose status remains", {
    timeout: START_TIMEOUT,
  }, async () => {
    const { status, stdout, stderr } = await linux(["--snapshot"], "echo $((6 * 7)) from the $(hostname)\n(exit 5)\n");
    expect(stdout).toMatch(/42 from the guest\r\n/);
    expect({ status, stderr }).toEqual({ status: 5, stderr: "" });
  });

  test.each([
    [["--exec", "yes"], ""],
    [["--vms", "2", "--exec", "yes"], ""],
    [[], "yes\n"],
  ])(
    "%j: a reader of the output that goes away ends it, as SIGPIPE ends a program",
    {
      timeout: START_TIMEOUT,
    },
    async (args, typed) => {
      const child = spawn(process.execPath, [MAIN, "linux", "--snapshot", ...args], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      children.push(child);
      child.stdin.write(typed);
      child.stdout.once("data", () => child.stdout.destroy());
      expect(await new Promise((resolve) => child.on("close", resolve))).toBe(141);
    },
  );

  test.each([
    ["i350", 64],
    ["82576", 16],
  ])(
    "%s: --suspend under traffic, --resume in another process: the transfer ends whole, no ping is lost",
    {
      timeout: 2 * START_TIMEOUT,
    },
    async (profile, pieces) => {
      const file = join(folder, "guest.state");
      const before = await linux([
        ...["--snapshot", "--profile", profile],
        "--suspend",
        file,
        "--exec",
        `${PRELUDE}
       joined left eth0 10.0.0.1/24 && joined right eth1 10.0.0.2/24
       until_true has_link left eth0 && until_true has_link right eth1
       dd if=/dev/urandom of=/tmp/data bs=64k count=${pieces} 2>/dev/null; md5sum </tmp/data
       # Few at a time: ping's socket has no room for the answers to twenty.
       ip netns exec left ping -i 0.5 10.0.0.2 >/tmp/pings 2>&1 &
       (tail -f /dev/null | inside right nc -l -p 5000 >/tmp/got) &
       # In pieces, so that it lasts; the last one has to be asked for.
       pieces() {
         for n in $(seq 0 ${pieces - 2}); do dd if=/tmp/data bs=64k skip=$n count=1 2>/dev/null; sleep 0.15; done
         until [ -e /tmp/go ]; do sleep 0.1; done; dd if=/tmp/data bs=64k skip=${pieces - 1} count=1 2>/dev/null
       }
       until_true listens right 5000; (pieces | inside left nc 10.0.0.2 5000) &
       until_true grep -q 'seq=3 ' /tmp/pings; until_true test -s /tmp/got && wc -c </tmp/got`,
      ]);
      expect({ status: before.status, stderr: before.stderr }).toEqual({ status: 0, stderr: "" });
      const [sum, got] = before.stdout.trim().split("\n");
      // In the middle of it.
      expect(Number(got)).toBeGreaterThan(0);
      expect(Number(got)).toBeLessThan(pieces * 2 ** 16);
      expect(statSync(file).size).toBeGreaterThan(2 ** 24);
      const after = await linux([
        "--resume",
        file,
        "--exec",
        `${PRELUDE}
       wc -c </tmp/got; echo >/tmp/go; full() { [ $(wc -c </tmp/got) = ${pieces * 2 ** 16} ]; }; until_true full; md5sum </tmp/got
       answers() { sed -n 's/.*seq=\\([0-9]*\\) .*/\\1/p' /tmp/pings; }
       later() { [ $(answers | tail -1) -ge $last ]; }; last=$(($(answers | tail -1) + 10)); until_true later
       # What is on its way does not count.
       answers | tr '\\n' ' '`,
      ]);
      expect({ status: after.status, stderr: after.stderr }).toEqual({ status: 0, stderr: "" });
      const [gotThen, sumThen, pings] = after.stdout.trim().split("\n");
      expect(Number(gotThen)).toBeLessThan(pieces * 2 ** 16);
      expect(sumThen).toBe(sum);
      const answered = (pings as string).trim().split(" ").map(Number);
      expect(answered.length).toBeGreaterThan(10);
      expect(answered).toEqual(answered.map((_, place) => place));
    },
  );

  test("on a terminal: a progress line, then the console; Ctrl-] leaves, and the terminal is as before", {
    timeout: START_TIMEOUT,
  }, async (context) => {
    requireJudge(context, "python3");
    const { status, stdout } = await run("python3", ["-c", TERMINAL, process.execPath, MAIN]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/starting Linux 6\.1[\s\S]*Ctrl-\] leaves\.\r\n[\s\S]*\n42x\r+\n[\s\S]*status 0\r\n/);
    expect(stdout).toMatch(/[ ;]icanon[\s\S]*[ ;]echo /);
    expect(stdout).not.toMatch(/-icanon|-echo /);
  });

  test("--vms with --suspend under traffic, --resume in another process: VFs of an 82576 go on, no ping is lost", {
    timeout: START_TIMEOUT,
  }, async () => {
    const file = join(folder, "vms.state");
    const before = await linux([
      ...["--vms", "2", "--profile", "82576", "--snapshot", "--suspend", file, "--exec"],
      `${PRELUDE}
       ip link set eth0 up; ip addr add 10.9.0.$VM/24 dev eth0
       grep -H . /sys/class/net/eth0/device/device
       other=10.9.0.$((VMS + 1 - VM)); until_true ping -c 1 -W 1 $other
       # Few at a time: ping's socket has no room for the answers to twenty.
       (ping -i 0.2 $other >/tmp/pings 2>&1 &)
       until_true grep -q 'seq=19 ' /tmp/pings`,
    ]);
    expect({ status: before.status, stderr: before.stderr }).toEqual({ status: 0, stderr: "" });
    expect(before.stdout.match(/^vm[12]: .*:0x10ca$/gm)).toHaveLength(2);
    expect(await linux(["--resume", file, "--exec", "3:true"])).toEqual({
      status: 2,
      stdout: "",
      stderr: "iovirt: --exec 3: there are guests 1 to 2\n",
    });
    const after = await linux([
      ...["--resume", file, "--exec"],
      `${PRELUDE}
       answers() { sed -n 's/.*seq=\\([0-9]*\\) .*/\\1/p' /tmp/pings; }
       later() { [ $(answers | tail -1) -ge $last ]; }; last=$(($(answers | tail -1) + 10)); until_true later
       # What is on its way does not count.
       echo $(hostname) $(answers)`,
    ]);
    expect({ status: after.status, stderr: after.stderr }).toEqual({ status: 0, stderr: "" });
    for (const vm of ["vm1", "vm2"]) {
      const [text] = new RegExp(`(?<=^${vm}: ${vm} ).*$`, "m").exec(after.stdout) ?? [""];
      const answered = text.split(" ").map(Number);
      expect(answered.length).toBeGreaterThan(29);
      expect(answered).toEqual(answered.map((_, place) => place));
    }
  });

  test("Ctrl-C ends it as it ends any program, and leaves nothing behind: while it boots, while a script runs", {
    timeout: START_TIMEOUT,
  }, async () => {
    const files = guestFiles();
    if (typeof files === "string") throw new Error(files);
    const own = join(folder, "guests");
    layEndless(files.folder, join(own, basename(files.folder)));
    const boots = spawn(process.execPath, [MAIN, "linux", "--snapshot"], {
      env: { ...process.env, IOVIRT_GUESTS: own },
    });
    children.push(boots);
    const lock = (): boolean => existsSync(join(own, "snapshots")) && readdirSync(join(own, "snapshots")).length > 0;
    while (!lock()) {
      expect(boots.exitCode).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    boots.kill("SIGINT");
    expect(await once(boots, "exit")).toEqual([null, "SIGINT"]);
    expect(readdirSync(join(own, "snapshots"))).toEqual([]);

    const runs = spawn(process.execPath, [MAIN, "linux", "--snapshot", "--exec", "echo go; sleep 10000"]);
    children.push(runs);
    await once(runs.stdout, "data");
    runs.kill("SIGINT");
    expect(await once(runs, "exit")).toEqual([null, "SIGINT"]);
  });

  test("a guest that goes down ends it: its console's as if it was left, a script's as a failure", {
    timeout: START_TIMEOUT,
  }, async () => {
    for (const [command, said] of [
      ["poweroff -f", "Power down"],
      ["reboot -f", "Restarting system"],
    ] as const) {
      expect(await linux(["--snapshot", "--exec", `echo before; ${command}`])).toEqual({
        status: 1,
        stdout: "before\n",
        stderr: `iovirt: the guest went down in the middle of it: ${said}\n`,
      });
    }
    const { status, stdout, stderr } = await linux(["--snapshot"], "halt -f\n");
    expect(stdout).toMatch(/reboot: System halted\r\n$/);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("a guest whose process was stopped for long goes on, and its kernel takes that for no lockup and no stall", {
    timeout: START_TIMEOUT,
  }, async () => {
    const script = `
      read -r last idle </proc/uptime; echo go
      until read -r now idle </proc/uptime; [ $((\${now%.*} - \${last%.*})) -ge 20 ]; do last=$now; done
      dmesg | grep -E 'BUG:|WARNING:|self-detected|detected stalls' >&2; echo there`;
    const child = spawn(process.execPath, [MAIN, "linux", "--snapshot", "--exec", script]);
    children.push(child);
    const said = { stdout: "", stderr: "" };
    child.stderr.on("data", (data) => {
      said.stderr += data;
    });
    child.stdout.on("data", (data) => {
      said.stdout += data;
      if (said.stdout !== "go\n") return;
      child.kill("SIGSTOP");
      setTimeout(() => child.kill("SIGCONT"), 25_000);
    });
    const [status] = await once(child, "close");
    expect({ status, ...said }).toEqual({ status: 0, stdout: "go\nthere\n", stderr: "" });
  });

  test("commands that kill everything end as killed, and what comes after them is not waited for", {
    timeout: START_TIMEOUT,
  }, async () => {
    const commands = ["--exec", "echo a; kill -9 -1; sleep 100000", "--exec", "echo never"];
    expect(await linux(["--snapshot", ...commands])).toEqual({ status: 137, stdout: "a\n", stderr: "" });
  });

  test("a wrong call is one line and status 2, and boots nothing", async () => {
    const junk = join(folder, "junk");
    writeFileSync(junk, "no guest");
    const other = join(folder, "other");
    writeFileSync(other, encodeSnapshot({ kind: "machine" }));
    const damaged = join(folder, "damaged");
    writeFileSync(damaged, encodeSnapshot({ kind: "linux", memory: 128, state: new Uint8Array(64) }));
    const absent = join(folder, "absent", "file");
    for (const [args, said] of [
      [["--memory", "100"], "--memory 100 is not a power of two"],
      [["--profile", "e1000"], '--profile "e1000" is neither i350 nor 82576'],
      [["--ports", "5"], "--ports 5 is not in 1–4"],
      [["--ports", "4", "--profile", "82576"], "--ports 4 is not in 1–2, which a card of --profile 82576 has"],
      [["--resume", junk, "--ports", "1"], "--resume does not go with --ports"],
      [["--resume", absent], `${absent}: no such file or directory`],
      [["--resume", junk], `${junk}: snapshot: is none: it starts with "no guest"`],
      [["--resume", other], `${other}: holds no suspended guest`],
      [["--resume", damaged], `${damaged}: is damaged: it does not end with its SHA-256`],
      [["--resume", junk, "--vms", "2"], "--resume does not go with --vms"],
      [["--suspend", absent], `--suspend ${absent}: no such file or directory`],
      [["--suspend", folder], `--suspend ${folder}: is a directory`],
      [["--suspend", "/dev/null"], "--suspend /dev/null: is no regular file"],
      [["--suspend", "-"], "--suspend -: the console goes to the standard output; name a file"],
      [["--vms", "8", "--exec", "true"], "--vms 8 are more than --ports 1 have VFs"],
      [["--vms", "2", "--exec", "3:true"], "--exec 3: there are guests 1 to 2"],
      [["--verbose"], 'unknown option "--verbose"'],
    ] as const) {
      expect(await linux(args)).toEqual({ status: 2, stdout: "", stderr: `iovirt: ${said}\n` });
    }
  });
});
