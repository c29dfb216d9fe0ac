// QEMU's test protocol: a command a line, an answer a line. Bad input is answered with FAIL; nothing ends the server.
import { TWO_32 } from "../../core/address.ts";
import type { AccessWidth } from "../../core/ports.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { Board } from "./board.ts";
import { exact, formatU64, parseNumber, parseU64, type U64 } from "./numbers.ts";

/** Bytes that one command may move. */
const LENGTH_MAX = 2 ** 26;
const CHUNK = 2 ** 16;
const PORT_MAX = 0xffff;
const WIDTHS: Readonly<Record<string, number>> = { b: 1, w: 2, l: 4, q: 8 };

/** A command that cannot be carried out: the text after FAIL. */
class Refusal extends Error {}

export class QtestServer {
  readonly #board: Board | undefined;

  /** @param board undefined for a machine without anything. */
  constructor(board: Board | undefined) {
    this.#board = board;
  }

  /** Carries out one line, without its end, and returns the answer, without its end. */
  command(line: string): string {
    try {
      return this.#run(line.replace(/\r$/, "").split(" "));
    } catch (error) {
      if (error instanceof Refusal) return `FAIL ${error.message}`;
      throw error;
    }
  }

  #run(words: readonly string[]): string {
    const [name = ""] = words;
    if (name === "endianness") return "OK little";
    if (!COMMANDS.test(name)) throw new Refusal(`Unknown command '${name}'`);
    const board = this.#board;
    if (board === undefined) throw new Refusal("There is no machine");
    const width = WIDTHS[name.at(-1) as string] as number;
    if (/^in[bwl]$/.test(name)) {
      const value = board.ioRead(port(words[1]), width as AccessWidth);
      return `OK 0x${value.toString(16).padStart(4, "0")}`;
    }
    if (/^out[bwl]$/.test(name)) {
      board.ioWrite(port(words[1]), width as AccessWidth, wide(words[2]).lo % 2 ** (8 * width));
      return "OK";
    }
    if (/^read[bwlq]$/.test(name)) return `OK ${formatU64(load(board, address(words[1]), width))}`;
    if (/^write[bwlq]$/.test(name)) {
      board.write(address(words[1]), bytesOf(wide(words[2]), width));
      return "OK";
    }
    switch (name) {
      case "read":
      case "b64read": {
        const bytes = new Uint8Array(length(words[2], name === "read" ? 1 : 0));
        board.read(address(words[1]), bytes);
        return name === "read" ? `OK 0x${hexOf(bytes)}` : `OK ${encodeBase64(bytes)}`;
      }
      case "write":
        board.write(address(words[1]), dataOf(words[3], length(words[2])));
        return "OK";
      case "b64write":
        board.write(address(words[1]), base64Of(words[3], length(words[2])));
        return "OK";
      case "memset":
        fill(board, address(words[1]), length(words[2]), wide(words[3]).lo & 0xff);
        return "OK";
      case "clock_step":
      case "clock_set":
        return clock(board, name, words[1]);
      default:
        return intercept(words[1]);
    }
  }
}

const COMMANDS =
  /^(in[bwl]|out[bwl]|read[bwlq]?|write[bwlq]?|b64read|b64write|memset|clock_step|clock_set|irq_intercept_(in|out)|set_irq_in)$/;

/** Advances the clock by a span, to a moment, or to the next thing that is due; it never goes back. */
function clock(board: Board, name: string, text: string | undefined): string {
  const { machine } = board;
  const { nowNs } = machine.clock;
  let ns: number;
  if (text === undefined) {
    const next = machine.nextDeadlineNs;
    ns = Number.isFinite(next) ? next - nowNs : 0;
  } else {
    const value = text.startsWith("-") ? 0 : parseNumber(text);
    if (value === undefined) throw new Refusal(`malformed argument '${text}'`);
    ns = name === "clock_set" ? value - nowNs : value;
  }
  if (nowNs + ns > Number.MAX_SAFE_INTEGER) throw new Refusal(`the clock does not reach ${text}`);
  board.run(Math.max(ns, 0));
  return `OK ${machine.clock.nowNs}`;
}

/** The only interrupt controller with pins is the I/O APIC; functions of this machine drive none of them. */
function intercept(path: string | undefined): string {
  if (path === undefined) throw new Refusal("an argument is missing");
  if (path !== "ioapic" && path !== "/machine/ioapic") throw new Refusal("Unknown device");
  return "OK";
}

function load(board: Board, place: number, width: number): U64 {
  const bytes = new Uint8Array(8);
  board.read(place, bytes.subarray(0, width));
  const view = new DataView(bytes.buffer);
  return { lo: view.getUint32(0, true), hi: view.getUint32(4, true) };
}

function bytesOf({ lo, hi }: U64, width: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, lo, true);
  view.setUint32(4, hi, true);
  return bytes.subarray(0, width);
}

function fill(board: Board, place: number, count: number, value: number): void {
  const bytes = new Uint8Array(Math.min(count, CHUNK)).fill(value);
  for (let done = 0; done < count; done += CHUNK) board.write(place + done, bytes.subarray(0, count - done));
}

function wide(text: string | undefined): U64 {
  if (text === undefined) throw new Refusal("an argument is missing");
  const value = parseU64(text);
  if (value === undefined) throw new Refusal(`malformed argument '${text}'`);
  return value;
}

/** An address; above 2^53 nothing answers, as nothing does anywhere beyond the machine's 52 bits. */
function address(text: string | undefined): number {
  return exact(wide(text)) ?? Number.MAX_SAFE_INTEGER - TWO_32;
}

function length(text: string | undefined, least = 0): number {
  const value = exact(wide(text));
  if (value === undefined || value > LENGTH_MAX) throw new Refusal(`length ${text} is more than ${LENGTH_MAX}`);
  if (value < least) throw new Refusal(`length ${text} is less than ${least}`);
  return value;
}

function port(text: string | undefined): number {
  const value = exact(wide(text));
  if (value === undefined || value > PORT_MAX) throw new Refusal(`port ${text} is above ${PORT_MAX}`);
  return value;
}

/** Hexadecimal data: cut off at `count` bytes, filled with zeros up to them. */
function dataOf(text: string | undefined, count: number): Uint8Array {
  const match = /^0x((?:[\da-fA-F]{2})+)[\da-fA-F]?$/.exec(text ?? "");
  if (match === null) throw new Refusal("malformed data");
  const digits = match[1] as string;
  const bytes = new Uint8Array(count);
  const given = Math.min(count, digits.length / 2);
  for (let index = 0; index < given; index++) {
    bytes[index] = Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

/** As many bytes as `count` and the data allow. */
function base64Of(text: string | undefined, count: number): Uint8Array {
  const bytes = decodeBase64(text ?? "");
  if (bytes === undefined) throw new Refusal("malformed data");
  return bytes.subarray(0, count);
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}
