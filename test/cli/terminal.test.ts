// What is shown on terminals of every kind, on a real one each time.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { StatusLine } from "../../host/cli/status-line.ts";
import { requireJudge } from "../support/judge.ts";

const MAIN = fileURLToPath(new URL("../../dist/host/cli/main.js", import.meta.url));

/** Runs a program on a terminal of `columns` columns, 0 for one that does not know; prints what came there. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
while True:
    try: part = os.read(terminal, 65536)
    except OSError: break
    if not part: break
    shown += part
os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
`;
const DEMO = [process.execPath, MAIN, "demo", "--vms", "2", "--frames", "20000"];
const ESCAPE = "\x1b";

function shown(columns: number, environment: Record<string, string>): string {
  const { NO_COLOR: _, ...inherited } = process.env;
  const env = { ...inherited, TERM: "xterm", ...environment };
  const { stdout, stderr } = spawnSync("python3", ["-c", TERMINAL, `${columns}`, ...DEMO], { encoding: "utf8", env });
  expect(stderr).toBe("");
  return stdout;
}

/** The texts of the status line, one after the other. */
function progressOf(text: string): string[] {
  return text.split(`\r${ESCAPE}[K`).slice(1, -1);
}

describe("a terminal", () => {
  beforeEach((context) => requireJudge(context, "python3"));

  test.each([
    [40, 39],
    [0, 79],
  ])("of %i columns: progress on one line, of at most %i characters, which is removed", (columns, most) => {
    const lines = progressOf(shown(columns, {}));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line).toMatch(/^[█░]{24} +\d+ % /);
      expect([...line].length).toBeLessThanOrEqual(most);
    }
  });

  test("TERM=dumb: neither progress nor colours", () => {
    const text = shown(80, { TERM: "dumb" });
    expect(text).not.toContain(ESCAPE);
    expect(text).toMatch(/\n7 of 7 claims hold\r\n$/);
  });

  test("NO_COLOR: no colours; an empty one does not count", () => {
    const colours = (text: string): number => text.split(`${ESCAPE}[`).filter((part) => /^\d+m/.test(part)).length;
    expect(colours(shown(80, { NO_COLOR: "1" }))).toBe(0);
    expect(colours(shown(80, { NO_COLOR: "" }))).toBeGreaterThan(7);
  });
});

test("the status line is cut to what one line holds, by characters; without columns there is none", () => {
  const parts: (string | Uint8Array)[] = [];
  const io = { columns: 6, err: (part: string | Uint8Array) => void parts.push(part) };
  const line = new StatusLine(io);
  line.show("█░𝄞déf");
  line.show("ab");
  line.clear();
  line.clear();
  expect(parts.splice(0).join("")).toBe("\r\x1b[K█░𝄞dé\r\x1b[Kab\r\x1b[K");
  const none = new StatusLine({ ...io, columns: 0 });
  none.show("abc");
  none.clear();
  expect(parts).toEqual([]);
});
