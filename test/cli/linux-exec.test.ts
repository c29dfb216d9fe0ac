import { describe, expect, test } from "vitest";
import { UsageError } from "../../host/cli/io.ts";
import { forWhom, type NamedGuest, PrefixedLines, runEverywhere } from "../../host/cli/linux-exec.ts";
import type { ScriptInput, ScriptStreams } from "../../host/cli/linux-guest.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("commands for several guests", () => {
  test.each([
    ["ping -c 1 x", undefined, "ping -c 1 x"],
    ["2:ip a; date +%H:%M", 2, "ip a; date +%H:%M"],
    ["date +%H:%M", undefined, "date +%H:%M"],
    ["3:", 3, ""],
  ])("%s", (exec, only, commands) => {
    expect(forWhom(exec, 3)).toEqual({ only, commands });
  });

  test.each(["0:id", "4:id", "17:id"])("%s names a guest that there is not", (exec) => {
    expect(() => forWhom(exec, 3)).toThrow(UsageError);
  });

  test("each line carries its guest's name, however it came in pieces", () => {
    const text: string[] = [];
    const lines = new PrefixedLines("vm2: ", (part) => text.push(part));
    const whole = bytes("one\n\nzwölf\nlast");
    for (const cut of whole) lines.add(Uint8Array.of(cut));
    expect(text.join("")).toBe("vm2: one\nvm2: \nvm2: zwölf\n");
    lines.end();
    lines.end();
    expect(text.join("")).toBe("vm2: one\nvm2: \nvm2: zwölf\nvm2: last\n");
  });

  const guest = (name: string, status: number, scripts: string[]): NamedGuest => ({
    name,
    guest: {
      run: async (script, { stdout, stderr }) => {
        scripts.push(script);
        stdout(bytes(`${name} here\n`));
        stderr(bytes("careful"));
        return status;
      },
    },
  });

  test("all run them, know who they are, and the first that failed gives the status", async () => {
    const scripts: string[] = [];
    const [out, err]: string[][] = [[], []];
    const guests = [guest("vm1", 0, scripts), guest("vm2", 7, scripts), guest("vm3", 9, scripts)];
    const io = { out: (text: string) => void out?.push(text), err: (text: string) => void err?.push(text) };
    expect(await runEverywhere(guests, ["hostname"], io)).toBe(7);
    expect(scripts).toEqual([1, 2, 3].map((vm) => `export VM=${vm} VMS=3\nhostname`));
    expect(out).toEqual(["vm1: vm1 here\n", "vm2: vm2 here\n", "vm3: vm3 here\n"]);
    expect(err).toEqual(["vm1: careful\n", "vm2: careful\n", "vm3: careful\n"]);
    scripts.length = 0;
    expect(await runEverywhere(guests, ["3:id"], io)).toBe(9);
    expect(scripts).toEqual(["export VM=3 VMS=3\nid"]);
  });

  test("several: each guest runs those that are for it, in order, until one fails", async () => {
    const scripts: string[][] = [[], []];
    const guests = scripts.map((own, place) => guest(`vm${place + 1}`, place * 5, own));
    const io = { out: () => {}, err: () => {} };
    expect(await runEverywhere(guests, ["1:a", "2:b", "c", "1:d"], io)).toBe(5);
    const last = scripts.map((own) => own.map((script) => script.split("\n").at(-1)));
    expect(last).toEqual([["a", "c", "d"], ["b"]]);
  });

  test.each([
    [["a"], ["vm1"]],
    [
      ["2:a", "3:b", "2:c"],
      ["vm2", "vm2"],
    ],
  ])("%j: the standard input is the first one's that runs something: %j", async (exec, expected) => {
    const stdin: ScriptInput = { next: async () => bytes("") };
    const readers: string[] = [];
    const guests = ["vm1", "vm2", "vm3"].map((name) => ({
      name,
      guest: {
        run: async (_: string, streams: ScriptStreams) => {
          if (streams.stdin === stdin) readers.push(name);
          return 0;
        },
      },
    }));
    await runEverywhere(guests, exec, { out: () => {}, err: () => {} }, stdin);
    expect(readers).toEqual(expected);
  });
});
