// The frame of the command line: commands by name, and what becomes of their mistakes.
import { ArgumentError, FormatError } from "../core/errors.ts";
import { EXIT_USAGE, type Io, UsageError } from "./io.ts";
import { quote } from "./options.ts";

/** One command of the program. */
export interface Command {
  /** One line for the list of commands. */
  summary: string;
  /** What --help prints, ending with a line break. */
  usage: string;
  /** Runs it; the result is the exit status. */
  run(args: readonly string[], io: Io): Promise<number>;
}

export type Commands = Readonly<Record<string, Command>>;

/** Runs the program with `args` (without the interpreter and script names). Returns the exit status. */
export async function runCli(commands: Commands, version: string, args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === "--version" || name === "-V") {
      io.out(`iovirt ${version}\n`);
      return 0;
    }
    if (name === "help" || name === "--help" || name === "-h") {
      io.out(rest[0] === undefined ? overview(commands) : find(commands, rest[0]).usage);
      return 0;
    }
    if (name === undefined) throw new UsageError("no command given; `iovirt help` lists them");
    const command = find(commands, name);
    if (rest.includes("--help") || rest.includes("-h")) {
      io.out(command.usage);
      return 0;
    }
    return await command.run(rest, io);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ArgumentError || error instanceof FormatError) {
      io.err(`iovirt: ${error.message}\n`);
      return EXIT_USAGE;
    }
    throw error;
  }
}

function find(commands: Commands, name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(`unknown command ${quote(name)}; \`iovirt help\` lists them`);
  return command;
}

function overview(commands: Commands): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length), "help".length);
  const rows = [
    ...Object.entries(commands).map(([name, command]) => [name, command.summary] as const),
    ["help", "print this, or what a command takes: iovirt help COMMAND"] as const,
  ];
  return [
    "usage: iovirt COMMAND [OPTION]...",
    "",
    ...rows.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "  --version, -V  print the version",
    "",
  ].join("\n");
}
