// One running Linux guest: its console, and scripts that run in it.
import { GuestError } from "./guests/failure.ts";
import { AGENT_READY, NO_INPUT, PROMPT, SEPARATOR } from "./guests/init.ts";
import type { Emulator } from "./linux-emulator.ts";
import { inputWanted, ScriptEnd, shellLeft } from "./script-end.ts";

const CONSOLE = 0;
const AGENT = 1;
const INPUT = 2;
/** Bytes of a piece of input: what the guest's driver takes in one go, and more than its processes do. */
const PIECE = 16384;
/** Of the console, kept to tell what was last seen there. */
const TAIL_LENGTH = 4000;
const NEWLINE = 0x0a;
const PROMPT_END = PROMPT.charCodeAt(PROMPT.length - 1);
const PANIC = "---[ end Kernel panic";
/** The kernel's last line, when it was told to end. */
const DOWN = /\[ *\d+\.\d+\] reboot: (Power down|System halted|Restarting system)\r?\n$/;

/** What a script wrote, and how it ended. */
export interface ScriptResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** What scripts read from their standard input. */
export interface ScriptInput {
  /** The next bytes, at most `limit`; none of them at the end. Asked for when there is room; the answer may take its time. */
  next(limit: number): Promise<Uint8Array>;
}

/** What a running script is joined to. */
export interface ScriptStreams {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** Without it there is nothing to read. What a script leaves of it is there for the next script with the same. */
  stdin?: ScriptInput | undefined;
}

interface Waiting {
  output: ScriptStreams;
  end: ScriptEnd;
  resolve(status: number): void;
  reject(error: Error): void;
}

/** A guest in `emulator`, from the moment on at which that runs. */
export class LinuxGuest {
  readonly emulator: Emulator;
  /** Hears every byte that the guest writes to its console. */
  onConsole: (bytes: Uint8Array) => void = () => {};
  /** Hears the status with which a shell on the console was left; 0 when the whole guest goes down. */
  onLeft: (status: number) => void = () => {};
  /** Hears that the guest is lost. */
  onFailure: (error: GuestError) => void = () => {};
  #tail = "";
  /** The beginning of a line of the agent's own. */
  #line = "";
  #waiting: Waiting | undefined;
  #ready: { resolve(): void; reject(error: Error): void } | undefined;
  #agentReady = false;
  #scripts = 0;
  #input: { name: string; source: ScriptInput } | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #failure: GuestError | undefined;

  constructor(emulator: Emulator) {
    this.emulator = emulator;
    emulator.add_listener("serial0-output-byte", (byte) => this.#consoleByte(byte));
    collectBytes(emulator, 1, (bytes) => this.#agentBytes(bytes));
    collectBytes(emulator, 2, (bytes) => this.#waiting?.output.stderr(bytes));
  }

  /** The end of what the guest wrote to its console. */
  get consoleTail(): string {
    return this.#tail;
  }

  /** Waits until a guest that boots can run scripts and its console has a shell. Throws GuestError when it cannot within `seconds`. */
  async booted(seconds: number): Promise<void> {
    await this.#within(
      seconds,
      `does not boot within ${seconds} s`,
      new Promise<void>((resolve, reject) => {
        this.#ready = { resolve, reject };
      }),
    );
  }

  /** Types on the guest's console. */
  type(bytes: Uint8Array): void {
    this.emulator.serial_send_bytes(CONSOLE, bytes);
  }

  /**
   * Runs the shell script `script` after those that were given before; its exit status. Throws GuestError when the guest
   * is lost, or when the script has not ended after `seconds`.
   */
  run(script: string, output: ScriptStreams, seconds: number = Number.POSITIVE_INFINITY): Promise<number> {
    const result = this.#last.then(() => this.#start(script, output, seconds));
    this.#last = result.catch(() => {});
    return result;
  }

  /** Runs `script` and collects what it writes. */
  async collect(script: string, seconds?: number): Promise<ScriptResult> {
    const stdout: Uint8Array[] = [];
    const stderr: Uint8Array[] = [];
    const output: ScriptStreams = {
      stdout: (part) => void stdout.push(part),
      stderr: (part) => void stderr.push(part),
    };
    const status = await this.run(script, output, seconds);
    return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  }

  /** Ends the emulation; scripts that run fail. */
  async stop(): Promise<void> {
    this.#fail(new GuestError("the guest was stopped"));
    await this.emulator.stop();
    await this.emulator.destroy();
  }

  async #start(script: string, output: ScriptStreams, seconds: number): Promise<number> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#scripts += 1;
    const input = this.#inputOf(output);
    const end = new ScriptEnd(`script-${this.#scripts}-${randomName()}`, input);
    const bytes = Buffer.from(script);
    const ended = new Promise<number>((resolve, reject) => {
      this.#waiting = { output, end, resolve, reject };
    });
    this.emulator.serial_send_bytes(
      AGENT,
      Buffer.concat([Buffer.from(`${end.tag} ${bytes.length} ${input}\n`), bytes]),
    );
    return await this.#within(seconds, `has not ended a script after ${seconds} s`, ended);
  }

  /** The name of what `output` has as standard input. */
  #inputOf({ stdin }: ScriptStreams): string {
    if (stdin === undefined) this.#input = undefined;
    else if (this.#input?.source !== stdin) this.#input = { name: randomName(), source: stdin };
    return this.#input?.name ?? NO_INPUT;
  }

  /** Hands over the next piece of the input. */
  async #feed(): Promise<void> {
    const input = this.#input;
    if (input === undefined) return;
    const bytes = await input.source.next(PIECE);
    if (this.#failure !== undefined || this.#input !== input) return;
    const piece = Buffer.concat([Buffer.from(`\n${input.name} ${bytes.length}\n`), bytes]);
    this.emulator.serial_send_bytes(INPUT, piece);
  }

  async #within<Value>(seconds: number, complaint: string, value: Promise<Value>): Promise<Value> {
    if (seconds === Number.POSITIVE_INFINITY) return await value;
    let left = seconds;
    // One by one: whatever stopped this process stopped its guest too, and counts as one second.
    const timer = setInterval(() => {
      if (--left > 0) return;
      clearInterval(timer);
      const shown = this.#tail.trimEnd().split("\n").slice(-5).join("\n");
      this.#fail(new GuestError(`the guest ${complaint}; its console ends with:\n${shown}`));
    }, 1000);
    try {
      return await value;
    } finally {
      clearInterval(timer);
    }
  }

  #consoleByte(byte: number): void {
    this.onConsole(Uint8Array.of(byte));
    this.#tail += String.fromCharCode(byte);
    if (this.#tail.length > 2 * TAIL_LENGTH) this.#tail = this.#tail.slice(-TAIL_LENGTH);
    if (byte === PROMPT_END) this.#checkReady();
    if (byte === NEWLINE) this.#checkAlive();
  }

  #checkAlive(): void {
    if (this.#tail.includes(PANIC)) {
      this.#fail(new GuestError(`the guest's kernel panics:\n${this.#tail.slice(-1000)}`));
    }
    const down = DOWN.exec(this.#tail)?.[1];
    if (down === undefined) return;
    this.onLeft(0);
    this.#fail(new GuestError(`the guest went down in the middle of it: ${down}`));
  }

  #agentBytes(bytes: Buffer): void {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#agentLines(bytes);
      return;
    }
    const { output, left, wanted, status, after } = waiting.end.add(bytes);
    if (output.length > 0) waiting.output.stdout(output);
    if (wanted !== undefined) void this.#feed();
    if (left !== undefined) this.onLeft(left);
    if (status === undefined) return;
    this.#waiting = undefined;
    waiting.resolve(status);
    if (after !== undefined) this.#agentLines(Buffer.from(after));
  }

  #agentLines(bytes: Buffer): void {
    const lines = (this.#line + bytes.toString("latin1")).split("\n");
    this.#line = lines.pop() ?? "";
    for (const text of lines) {
      // What a script has left running may still write.
      const line = text.slice(Math.max(0, text.lastIndexOf(SEPARATOR)));
      const left = shellLeft(line);
      if (left !== undefined) this.onLeft(left);
      if (line === inputWanted(this.#input?.name ?? NO_INPUT)) void this.#feed();
      if (line !== `${SEPARATOR}${AGENT_READY}`) continue;
      this.#agentReady = true;
      this.#checkReady();
    }
  }

  #checkReady(): void {
    if (this.#ready === undefined || !this.#agentReady || !this.#tail.includes(PROMPT)) return;
    this.#ready.resolve();
    this.#ready = undefined;
  }

  #fail(error: GuestError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#ready?.reject(error);
    this.#ready = undefined;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.onFailure(error);
  }
}

/** Distinguishes what the host and the guest's agent speak of. */
function randomName(): string {
  return Math.random().toString(36).slice(2);
}

/** Bytes of a serial port come one by one: gathers those of one turn of the event loop. */
function collectBytes(emulator: Emulator, port: 1 | 2, listener: (bytes: Buffer) => void): void {
  let gathered: number[] = [];
  emulator.add_listener(`serial${port}-output-byte`, (byte) => {
    if (gathered.push(byte) > 1) return;
    setImmediate(() => {
      const bytes = Buffer.from(gathered);
      gathered = [];
      listener(bytes);
    });
  });
}
