// Where a script's output ends: nothing of it is held back or lost, wherever the agent's bytes are cut.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScriptEnd } from "../../host/cli/script-end.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("a script's output", () => {
  test("comes out as it comes in, without waiting for more", () => {
    const end = new ScriptEnd("script-1-a");
    for (const piece of ["go\n", "g", "\n", "script-1-a 0\n", "\x1fscript"]) {
      const { output, status } = end.add(Buffer.from(piece));
      expect([text(output), status]).toEqual([piece, undefined]);
    }
  });

  test("what begins like its end waits until it is known not to be", () => {
    const end = new ScriptEnd("script-1-a");
    expect(text(end.add(Buffer.from("x\x1escr")).output)).toBe("x");
    expect(text(end.add(Buffer.from("ipt-2")).output)).toBe("\x1escript-2");
    expect(text(end.add(Buffer.from("\x1e")).output)).toBe("");
    expect(text(end.add(Buffer.from("\x1escript-1-a 1")).output)).toBe("\x1e");
    const { output, status } = end.add(Buffer.from("7\n"));
    expect([text(output), status]).toEqual(["", 17]);
  });

  test("the console's shell that is left meanwhile is not the script's; what comes after the end is not lost", () => {
    const end = new ScriptEnd("script-1-a");
    expect(end.add(Buffer.from("x\x1ele"))).toEqual({ output: Buffer.from("x") });
    expect(end.add(Buffer.from("ft 13"))).toEqual({ output: Buffer.from("") });
    expect(end.add(Buffer.from("7\nleft 5\n\x1eleft over\n"))).toEqual({
      output: Buffer.from("left 5\n\x1eleft over\n"),
      left: 137,
    });
    expect(end.add(Buffer.from("y\x1eleft 2\nz\x1escript-1-a 3\n\x1eagent ready\n"))).toEqual({
      output: Buffer.from("yz"),
      left: 2,
      status: 3,
      after: Buffer.from("\x1eagent ready\n"),
    });
  });

  test("its input that is wanted is not its output; another one's is", () => {
    const end = new ScriptEnd("script-1-a", "k3");
    expect(end.add(Buffer.from("x\x1einp"))).toEqual({ output: Buffer.from("x") });
    expect(end.add(Buffer.from("ut k3"))).toEqual({ output: Buffer.from("") });
    expect(end.add(Buffer.from("\ny\x1einput k3\n\x1einput k34\n\x1einput q9\n"))).toEqual({
      output: Buffer.from("y\x1einput k34\n\x1einput q9\n"),
      wanted: 2,
    });
    const none = Buffer.from("\x1einput k3\n");
    expect(new ScriptEnd("script-1-a").add(none)).toEqual({ output: none });
  });

  test("cut anywhere: all of it and the status, whatever it is made of", () => {
    const piece = fc.constantFrom(
      "\n",
      "\x1e",
      "\x1escript-7-q",
      "\x1escript-7-",
      "script-7-q 1\n",
      "\x1eleft ",
      "a",
      "ü",
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join("")),
        fc.nat(255),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (written, status, steps) => {
          const end = new ScriptEnd("script-7-qz");
          const bytes = Buffer.from(`${written}${end.tag} ${status}\n`);
          const got: Uint8Array[] = [];
          let ended: number | undefined;
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const next = at + (steps[turn % steps.length] as number);
            const piece = end.add(bytes.subarray(at, next));
            got.push(piece.output);
            ended = piece.status;
            at = next;
          }
          expect([Buffer.concat(got).toString(), ended]).toEqual([written, status]);
        },
      ),
    );
  });
});
