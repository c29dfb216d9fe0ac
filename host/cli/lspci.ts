// `iovirt lspci`: the functions of a machine, or of a real server's dump.

import {
  CARDBUS_HEADER_SIZE,
  CONFIG_SPACE_COMPATIBLE_SIZE,
  CONFIG_SPACE_SIZE,
  HEADER_SIZE,
  HEADER_TYPE_LAYOUT_2,
} from "../../assembly/spec/pci/header.ts";
import { formatBytes, formatDump } from "../pci/dump.ts";
import type { RootComplex } from "../pci/root-complex.ts";
import type { Command } from "./command.ts";
import { type Io, inputName, UsageError } from "./io.ts";
import { describe, headerLayout, type Listed, listFunction } from "./lspci/describe.ts";
import { fromDump } from "./lspci/from-dump.ts";
import { drawTree } from "./lspci/tree.ts";
import { describeOptions, parseOptions } from "./options.ts";

export type { Listed } from "./lspci/describe.ts";

const ROWS = [
  { kind: "flag", name: "tree", short: "t", help: "draw the topology as a tree" },
  { kind: "flag", name: "verbose", short: "v", help: "decode registers and capabilities" },
  { kind: "count", name: "hex", short: "x", help: "add the first 64 bytes; -xxx 256 bytes, -xxxx all of them" },
  { kind: "flag", name: "dump", help: "print every byte, as lspci -F reads it" },
  { kind: "file", name: "from", help: "list a real server instead: the output of lspci -xxxx, - for standard input" },
] as const;

/** How often -x is given for 256 bytes, and for everything. */
const COMPATIBLE_BYTES = 3;
const ALL_BYTES = 4;

/** The functions of the machine that is listed without --from. */
export type Machine = () => Promise<readonly Listed[]>;

/** The functions of a machine with these root complexes, VFs that exist included, in the order of their slots. */
export function listFunctions(complexes: readonly RootComplex[]): Listed[] {
  const listed = complexes.flatMap((complex) =>
    complex.functions().map(({ requesterId, config }) => ({ segment: complex.segment, requesterId, config })),
  );
  return listed.sort((a, b) => a.segment - b.segment || a.requesterId - b.requesterId);
}

/** The command; `machine` is asked when no dump is given. */
export function lspciCommand(machine: Machine): Command {
  return {
    summary: "list the PCI functions of the demonstration machine, or of a real server's dump",
    usage: `usage: iovirt lspci [OPTION]...\n\n${describeOptions(ROWS)}`,
    run: (args, io) => run(args, io, machine),
  };
}

/**
 * Runs it; the result is the exit status.
 * Throws UsageError for wrong options or an unreadable file, FormatError for a dump that is none.
 */
export async function run(
  args: readonly string[],
  io: Pick<Io, "out" | "readFile">,
  machine: Machine,
): Promise<number> {
  const options = parseOptions(ROWS, args);
  if (options.dump === true && options.tree === true) throw new UsageError("--tree and --dump cannot both be printed");
  const functions =
    options.from === undefined
      ? await machine()
      : fromDump(new TextDecoder().decode(await io.readFile(options.from)), inputName(options.from));
  if (options.dump === true) {
    io.out(formatDump(functions.map((listed) => ({ ...listed, description: title(listed), bytes: bytesOf(listed) }))));
    return 0;
  }
  if (options.tree === true) {
    io.out(drawTree(functions));
    return 0;
  }
  for (const listed of functions) {
    let text = listFunction(listed, options.verbose === true);
    if (options.hex !== undefined) text += formatBytes(shownBytes(listed, options.hex));
    if (options.verbose === true || options.hex !== undefined) text += "\n";
    io.out(text);
  }
  return 0;
}

function title(listed: Listed): string {
  return listed.description ?? describe(listed.config);
}

/** What -x shows, given so many times: the header, 256 bytes or all of them; less when a dump has no more. */
function shownBytes(listed: Listed, times: number): Uint8Array {
  const bytes = bytesOf(listed);
  const cardBus = headerLayout(listed.config) === HEADER_TYPE_LAYOUT_2;
  let size = cardBus ? CARDBUS_HEADER_SIZE : HEADER_SIZE;
  if (times >= COMPATIBLE_BYTES && bytes.length >= CONFIG_SPACE_COMPATIBLE_SIZE) size = CONFIG_SPACE_COMPATIBLE_SIZE;
  if (times >= ALL_BYTES && bytes.length >= CONFIG_SPACE_SIZE) size = CONFIG_SPACE_SIZE;
  return bytes.subarray(0, size);
}

/** All bytes, or as many as a dump had. */
function bytesOf(listed: Listed): Uint8Array {
  return listed.config.bytes().subarray(0, listed.length ?? listed.config.size);
}
