import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Terminal } from "../../host/web/terminal.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function shown(text: string, size = {}): string {
  const terminal = new Terminal(size);
  terminal.write(bytes(text));
  return terminal.text;
}

describe("ECMA-48: what a shell's bytes make of the screen", () => {
  test.each([
    ["lines, and a return to the left edge", "one\r\nfour\rp", "one\npour"],
    ["a line feed keeps the column", "ab\ncd", "ab\n  cd"],
    ["backspace moves, and text goes over what was there", "abc\b\bX", "aXc"],
    ["tabs go to columns of eight", "a\tb\tc", "a       b       c"],
    [
      "§8.3.41 EL: from the cursor, to it, all",
      "abcdef\x1b[3D\x1b[K\r\nabcdef\x1b[3D\x1b[1K\r\nabc\x1b[2K",
      "abc\n    ef\n",
    ],
    ["§8.3.39 ED: what is below goes", "one\r\ntwo\r\nthree\x1b[A\r\x1b[J", "one\n"],
    ["§8.3.26 DCH and §8.3.64 ICH", "abcdef\x1b[5D\x1b[2P\x1b[@", "a def"],
    ["§8.3.9 CHA, §8.3.20 CUF", "abcdef\x1b[2GX\x1b[2CY", "aXcdYf"],
    ["colours, modes and unknown sequences leave no text", "\x1b[1;32mok\x1b[0m\x1b[?25l\x1b(\x1b[>0q.", "ok."],
    ["other controls leave nothing", "a\x00\x07\x0e\x7fb", "ab"],
  ])("%s", (_what, text, wanted) => {
    expect(shown(text)).toBe(wanted);
  });

  test("§8.3.21 CUP counts from the top of the screen, which is not that of the history", () => {
    expect(shown("1\r\n2\r\n3\r\n4\x1b[1;3HX", { rows: 2 })).toBe("1\n2\n3 X\n4");
    expect(shown("1\r\n2\r\n3\x1b[9;99HX", { rows: 2, columns: 5 })).toBe("1\n2\n3   X");
    expect(shown("1\r\n2\r\n3\r\n4\x1b[2J", { rows: 2 })).toBe("1\n2\n\n");
  });

  test("long lines go on below, and lines beyond the history are forgotten", () => {
    expect(shown("abcdefg", { columns: 3 })).toBe("abc\ndef\ng");
    expect(shown("abc\r\nd", { columns: 3 })).toBe("abc\nd");
    expect(shown("1\r\n2\r\n3\r\n4\r\n5\r\n6", { rows: 2, history: 1 })).toBe("4\n5\n6");
  });

  test("lines keep their numbers when those before are forgotten", () => {
    const terminal = new Terminal({ rows: 2, history: 1 });
    terminal.write(bytes("0\r\n1\r\n2\r\n3\r\n4\r\n5"));
    expect([terminal.lineNumber, terminal.line]).toEqual([5, "5"]);
    terminal.write(bytes("\x1b[A"));
    expect([terminal.lineNumber, terminal.line]).toEqual([4, "4"]);
  });

  test("§8.3.35 DSR: it says where its cursor is", () => {
    const terminal = new Terminal({ rows: 3 });
    const replies: string[] = [];
    terminal.onReply = (text) => void replies.push(text);
    terminal.write(bytes("1\r\n2\r\n3\r\n4\r\nguest# \x1b[6n\x1b[5n"));
    expect(replies).toEqual(["\x1b[3;8R"]);
    expect(terminal.line).toBe("guest# ");
    expect(terminal.cursor).toEqual({ row: 4, column: 7 });
  });

  test("bytes in any pieces give the same screen, and any bytes at all one within its bounds", () => {
    const piece = fc.oneof(
      fc.constantFrom("\x1b[", "\x1b", "2J", "5;7H", "\r\n", "\b", "K", "99999999A", "ü", "→", "\t"),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(5), (parts, cut) => {
        const all = bytes(parts.join(""));
        const size = { columns: 11, rows: 4, history: 6 };
        const whole = new Terminal(size);
        whole.write(all);
        const pieces = new Terminal(size);
        for (let at = 0; at < all.length; at += cut + 1) pieces.write(all.subarray(at, at + cut + 1));
        expect(pieces.text).toBe(whole.text);
        expect(pieces.cursor).toEqual(whole.cursor);
        const lines = whole.text.split("\n");
        expect(lines.length).toBeLessThanOrEqual(10);
        expect(whole.cursor.row).toBeLessThan(lines.length);
      }),
      { numRuns: 500 },
    );
  });
});
