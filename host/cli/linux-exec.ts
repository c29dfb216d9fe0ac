// Commands for several guests at once: who runs what, and whose output a line is.
import { UsageError } from "./io.ts";
import type { LinuxGuest, ScriptInput, ScriptStreams } from "./linux-guest.ts";

/** A guest by its name. */
export interface NamedGuest {
  name: string;
  guest: Pick<LinuxGuest, "run">;
}

/** Hands over whole lines, each with `prefix` before it. */
export class PrefixedLines {
  readonly #prefix: string;
  readonly #write: (text: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(prefix: string, write: (text: string) => void) {
    this.#prefix = prefix;
    this.#write = write;
  }

  add(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    if (lines.length > 0) this.#write(lines.map((line) => `${this.#prefix}${line}\n`).join(""));
  }

  /** The last line came without its end. */
  end(): void {
    if (this.#rest !== "") this.#write(`${this.#prefix}${this.#rest}\n`);
    this.#rest = "";
  }
}

/**
 * Splits `N:commands` into the number of the guest that is to run them and the commands; without a number all run them.
 * Throws UsageError for a guest that there is not.
 */
export function forWhom(exec: string, guests: number): { only: number | undefined; commands: string } {
  const match = /^(\d+):/.exec(exec);
  if (match === null) return { only: undefined, commands: exec };
  const only = Number(match[1]);
  if (only < 1 || only > guests) throw new UsageError(`--exec ${match[0]} there are guests 1 to ${guests}`);
  return { only, commands: exec.slice(match[0].length) };
}

/** What a guest's shells find in their environment: the guest's number, from 1 on, and how many there are. */
export function vmVariables(vm: number, vms: number): string {
  return `VM=${vm} VMS=${vms}`;
}

/** Runs scripts in the guest, each in a shell of its own, until one fails; its status, or 0. */
export async function runInOrder(
  guest: NamedGuest["guest"],
  scripts: readonly string[],
  output: ScriptStreams,
): Promise<number> {
  for (const script of scripts) {
    const status = await guest.run(script, output);
    if (status !== 0) return status;
  }
  return 0;
}

/**
 * Runs what each guest is to run in all of them at the same time. $VM is the guest's number there, $VMS says how many
 * there are. The standard input is the first one's that has something to run. The result is the first one's status that is
 * not 0.
 */
export async function runEverywhere(
  guests: readonly NamedGuest[],
  exec: readonly string[],
  io: { out(text: string): void; err(text: string): void },
  stdin?: ScriptInput,
): Promise<number> {
  const wanted = exec.map((text) => forWhom(text, guests.length));
  const isFor = (place: number) => wanted.filter(({ only }) => only === undefined || only === place + 1);
  const reader = guests.findIndex((_, place) => isFor(place).length > 0);
  const statuses = await Promise.all(
    guests.map(async ({ name, guest }, place) => {
      const own = isFor(place);
      const scripts = own.map(({ commands }) => `export ${vmVariables(place + 1, guests.length)}\n${commands}`);
      const [stdout, stderr] = [(text: string) => io.out(text), (text: string) => io.err(text)].map(
        (write) => new PrefixedLines(`${name}: `, write),
      );
      const output: ScriptStreams = {
        stdout: (bytes) => stdout?.add(bytes),
        stderr: (bytes) => stderr?.add(bytes),
        stdin: place === reader ? stdin : undefined,
      };
      const status = await runInOrder(guest, scripts, output);
      stdout?.end();
      stderr?.end();
      return status;
    }),
  );
  return statuses.find((status) => status !== 0) ?? 0;
}
