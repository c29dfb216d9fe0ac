// What a partner is reached through: lines of QEMU's test protocol, one answer a line.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import * as format from "../../assembly/spec/vtd/compatibility-format.ts";
import { bits } from "../../host/core/bits.ts";
import type { InterruptOutcome } from "./case.ts";
import { machineArguments } from "./machine.ts";

export interface Transport {
  readonly name: string;
  /** Sends commands without waiting in between; their answers without "OK", in order. */
  exchange(lines: readonly string[]): Promise<string[]>;
  /**
   * What became of the interrupt requests since the last call, null for one that was blocked, and the unit's own.
   * Call it after SIRTP latched a table at `mark`.
   */
  passed(mark: bigint): Promise<Passed>;
  close(): Promise<void>;
}

export interface Passed {
  messages: (InterruptOutcome | null)[];
  events: InterruptOutcome[];
}

/** A partner that is gone: a case that kills its partner is a finding of its own. */
export class PartnerGone extends Error {}

const REMAPPED = /^vtd_ir_remap_msi \(addr 0x(\w+), data 0x(\w+)\) -> \(addr 0x(\w+), data 0x(\w+)\)/;
const REQUESTED = /^vtd_ir_remap_msi_req addr 0x(\w+) data 0x(\w+)/;
const EVENT = /^vtd_irq_generate addr 0x(\w+) data 0x(\w+)/;
/** What the I/O APIC's unprogrammed entries are remapped from when QEMU takes a new table. */
const IO_APIC = [0xfee0_0000, 0];
const TABLE = /^vtd_reg_ir_root addr 0x([0-9a-f]+)/;

/** QEMU as a child process. Interrupts that it lets pass are in its trace, on standard error. */
export class QemuTransport implements Transport {
  readonly name = "QEMU";
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #waiting: ((line: string) => void)[] = [];
  #failed: ((error: Error) => void)[] = [];
  #text = "";
  #trace = "";
  readonly #messages: (InterruptOutcome | null)[] = [];
  readonly #events: InterruptOutcome[] = [];
  #tables: bigint[] = [];
  #noticed: (() => void) | undefined;
  #gone: Error | undefined;
  #last: string[] = [];

  constructor(program: string, platform: string) {
    const options = [
      "-accel",
      "qtest",
      "-qtest",
      "stdio",
      "-qtest-log",
      "/dev/null",
      "-nodefaults",
      "-display",
      "none",
    ];
    const trace = [
      "-d",
      "trace:vtd_ir_remap_msi_req,trace:vtd_ir_remap_msi,trace:vtd_irq_generate,trace:vtd_reg_ir_root",
    ];
    this.#process = spawn(program, [...machineArguments(platform), ...options, ...trace]);
    this.#process.stdout.setEncoding("latin1").on("data", (text: string) => this.#answers(text));
    this.#process.stderr.setEncoding("latin1").on("data", (text: string) => this.#traced(text));
    this.#process.stdin.on("error", () => {});
    this.#process.on("error", (error) => this.#end(error.message));
    // QEMU does not notice that nobody is left to speak to.
    const orphan = (): void => {
      this.#process.kill("SIGKILL");
    };
    process.once("exit", orphan);
    this.#process.on("exit", (code, signal) => {
      process.removeListener("exit", orphan);
      this.#end(signal ?? `exit status ${code}`);
    });
  }

  exchange(lines: readonly string[]): Promise<string[]> {
    if (lines.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) return reject(this.#gone);
      const answers: string[] = [];
      const take = (line: string): void => {
        answers.push(line);
        if (answers.length < lines.length) return;
        this.#failed.pop();
        const wrong = answers.findIndex((answer) => !answer.startsWith("OK"));
        if (wrong < 0) resolve(answers.map((answer) => answer.slice(3)));
        else reject(new Error(`${this.name}: ${lines[wrong]}: ${answers[wrong]}`));
      };
      for (let index = 0; index < lines.length; index++) this.#waiting.push(take);
      this.#failed.push(reject);
      this.#process.stdin.write(`${lines.join("\n")}\n`);
    });
  }

  async passed(mark: bigint): Promise<Passed> {
    while (this.#tables.at(-1) !== mark) {
      if (this.#gone !== undefined) throw this.#gone;
      await new Promise<void>((resolve) => {
        this.#noticed = resolve;
      });
    }
    this.#tables = [];
    return { messages: this.#messages.splice(0), events: this.#events.splice(0) };
  }

  async close(): Promise<void> {
    if (this.#gone !== undefined) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await gone;
  }

  #answers(text: string): void {
    this.#text += text;
    const lines = this.#text.split("\n");
    this.#text = lines.pop() as string;
    for (const line of lines) {
      if (!line.startsWith("IRQ ")) this.#waiting.shift()?.(line);
    }
  }

  #traced(text: string): void {
    this.#trace += text;
    const lines = this.#trace.split("\n");
    this.#trace = lines.pop() as string;
    for (const line of lines) {
      const message = REMAPPED.exec(line);
      const event = EVENT.exec(line);
      const table = TABLE.exec(line);
      const request = REQUESTED.exec(line);
      if (request !== null) {
        const [address, data] = request.slice(1).map((digits) => Number.parseInt(digits, 16));
        if (address !== IO_APIC[0] || data !== IO_APIC[1]) this.#messages.push(null);
      } else if (message !== null) {
        const [address, data, , toData] = message.slice(1).map((digits) => Number.parseInt(digits, 16));
        if (address === IO_APIC[0] && data === IO_APIC[1]) continue;
        this.#messages.pop();
        this.#messages.push(interrupt(BigInt(`0x${message[3]}`), toData as number));
      } else if (event !== null) {
        this.#events.push(interrupt(BigInt(`0x${event[1]}`), Number.parseInt(event[2] as string, 16)));
      } else if (table !== null) this.#tables.push(BigInt(`0x${table[1]}`));
      else this.#last = [...this.#last.slice(-5), line];
    }
    this.#noticed?.();
  }

  #end(reason: string): void {
    this.#gone ??= new PartnerGone(`${this.name} ended: ${reason}: ${this.#last.join(" | ")}`);
    for (const fail of this.#failed.splice(0)) fail(this.#gone);
    this.#noticed?.();
  }
}

/** What a message as the processors see it asks for; the upper half of its address extends the destination. */
export function interrupt(address: bigint, data: number): InterruptOutcome {
  const low = Number(address & 0xffff_ffffn);
  const upper = bits(
    Number(address >> 32n),
    format.COMPATIBILITY_UPPER_DESTINATION_HI,
    format.COMPATIBILITY_UPPER_DESTINATION_LO,
  );
  const destination = bits(
    low,
    format.COMPATIBILITY_ADDRESS_DESTINATION_HI,
    format.COMPATIBILITY_ADDRESS_DESTINATION_LO,
  );
  const flag = (word: number, bit: number): boolean => bits(word, bit, bit) === 1;
  return {
    destination: upper * 2 ** format.COMPATIBILITY_UPPER_DESTINATION_LO + destination,
    logical: flag(low, format.COMPATIBILITY_ADDRESS_DESTINATION_MODE_LO),
    redirectionHint: flag(low, format.COMPATIBILITY_ADDRESS_REDIRECTION_HINT_LO),
    vector: bits(data, format.COMPATIBILITY_DATA_VECTOR_HI, format.COMPATIBILITY_DATA_VECTOR_LO),
    deliveryMode: bits(data, format.COMPATIBILITY_DATA_DELIVERY_MODE_HI, format.COMPATIBILITY_DATA_DELIVERY_MODE_LO),
    level: flag(data, format.COMPATIBILITY_DATA_TRIGGER_MODE_LO),
  };
}
