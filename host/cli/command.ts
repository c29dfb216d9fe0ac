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
    if (name === undefined) throw new UsageError("no command given; `iovirt help` lists them");
    const all: Commands = { ...commands, ...ownCommands(commands, version) };
    const command = find(all, ALIASES.get(name) ?? name);
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

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["--help", "help"],
  ["-h", "help"],
  ["--version", "version"],
  ["-V", "version"],
]);

/** What the program has beside its commands. */
function ownCommands(commands: Commands, version: string): Commands {
  const own: Commands = {
    help: {
      summary: "print this, or what a command takes: iovirt help COMMAND",
      usage: "usage: iovirt help [COMMAND]\n\nPrints the list of commands, or what COMMAND takes.\n",
      run: async ([name, ...rest], io) => {
        refuse(rest);
        const all = { ...commands, ...own };
        io.out(name === undefined ? overview(all) : find(all, ALIASES.get(name) ?? name).usage);
        return 0;
      },
    },
    version: {
      summary: "print the version; --version and -V do the same",
      usage: "usage: iovirt version\n\nPrints the version.\n",
      run: async (args, io) => {
        refuse(args);
        io.out(`iovirt ${version}\n`);
        return 0;
      },
    },
  };
  return own;
}

function refuse([extra]: readonly string[]): void {
  if (extra !== undefined) throw new UsageError(`unexpected argument ${quote(extra)}`);
}

function find(commands: Commands, name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(`unknown command ${quote(name)}; \`iovirt help\` lists them`);
  return command;
}

function overview(commands: Commands): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return [
    "usage: iovirt COMMAND [OPTION]...",
    "",
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    "",
  ].join("\n");
}
