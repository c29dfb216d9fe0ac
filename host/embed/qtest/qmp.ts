// QEMU's monitor protocol, as much of it as test programs speak: a greeting, commands, events.
import type { Board } from "./board.ts";
import { MACHINES, typesBelow } from "./catalogue.ts";
import { QemuError } from "./errors.ts";
import { JsonStream } from "./json-stream.ts";
import { fromObject } from "./options.ts";

export interface QmpOptions {
  /** Undefined for a machine without anything. */
  board: Board | undefined;
  /** Hands one object to the client. */
  send(message: object): void;
  /** The client asked the program to end. */
  quit(): void;
  /** The time of day, microseconds since 1970. */
  now(): number;
}

type Arguments = Readonly<Record<string, unknown>>;
/** Carries a command out; nothing stands for an empty object. */
type Run = (given: Arguments) => unknown;
type ErrorClass = "GenericError" | "CommandNotFound" | "DeviceNotFound";

const VERSION = { qemu: { major: 11, minor: 1, micro: 0 }, package: "iovirt" };
const MICROSECONDS = 1_000_000;

/** An answer that is an error: its class and its sentence. */
class QmpError extends Error {
  readonly kind: ErrorClass;

  constructor(kind: ErrorClass, description: string) {
    super(description);
    this.kind = kind;
  }
}

export class QmpServer {
  readonly #options: QmpOptions;
  readonly #stream = new JsonStream();
  readonly #commands: ReadonlyMap<string, Run>;
  #ready = false;
  /** Events of the command that is being carried out: they follow its answer. */
  #events: object[] | undefined;

  /** Greets the client. */
  constructor(options: QmpOptions) {
    this.#options = options;
    this.#commands = this.#table();
    options.send({ QMP: { version: VERSION, capabilities: [] } });
  }

  /** Takes what the client sent and answers every command in it; what a command causes is told after its answer. */
  receive(chunk: string): void {
    for (const text of this.#stream.push(chunk)) {
      const events: object[] = [];
      this.#events = events;
      const answer = this.#answer(text);
      this.#events = undefined;
      for (const message of [answer, ...events]) this.#options.send(message);
    }
  }

  /** Tells the client of something that happened, once it has asked for capabilities. */
  event(name: string, data: object | undefined): void {
    if (!this.#ready) return;
    const now = this.#options.now();
    const timestamp = { seconds: Math.floor(now / MICROSECONDS), microseconds: now % MICROSECONDS };
    const message = { timestamp, event: name, ...(data === undefined ? {} : { data }) };
    if (this.#events === undefined) this.#options.send(message);
    else this.#events.push(message);
  }

  #answer(text: string): object {
    let id: object = {};
    try {
      const command = parse(text);
      if ("id" in command) id = { id: command.id };
      return { return: this.#execute(command), ...id };
    } catch (error) {
      if (error instanceof QmpError) return { ...id, error: { class: error.kind, desc: error.message } };
      if (error instanceof QemuError) return { ...id, error: { class: "GenericError", desc: error.message } };
      throw error;
    }
  }

  #execute(command: Arguments): unknown {
    const { execute: name, arguments: given = {}, id: _, ...extra } = command;
    if (typeof name !== "string") throw new QmpError("GenericError", "QMP input lacks member 'execute'");
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      throw new QmpError("GenericError", "QMP input member 'arguments' must be an object");
    }
    for (const key of Object.keys(extra)) {
      throw new QmpError("GenericError", `QMP input member '${key}' is unexpected`);
    }
    if (!this.#ready && name !== "qmp_capabilities") {
      throw new QmpError("CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'");
    }
    const run = this.#commands.get(name);
    if (run === undefined || (this.#ready && name === "qmp_capabilities")) {
      const why = run === undefined ? "has not been found" : "is not allowed after capabilities negotiation";
      throw new QmpError("CommandNotFound", `The command ${name} ${why}`);
    }
    return run(given as Arguments) ?? {};
  }

  #table(): ReadonlyMap<string, Run> {
    const { board } = this.#options;
    const commands: Map<string, Run> = new Map<string, Run>([
      [
        "qmp_capabilities",
        ({ enable = [] }) => {
          if (!Array.isArray(enable) || enable.length > 0)
            throw new QemuError("Parameter 'enable' names a capability that is not there");
          this.#ready = true;
        },
      ],
      ["query-version", () => VERSION],
      ["query-name", () => ({})],
      ["query-status", () => ({ status: "running", running: true })],
      ["query-commands", () => [...commands.keys()].map((name) => ({ name }))],
      ["query-machines", () => MACHINES.map(machineInfo)],
      [
        "qom-list-types",
        (given) => {
          const { implements: ancestor, abstract = false } = given as { implements?: string; abstract?: boolean };
          return typesBelow(ancestor, abstract).map(({ name, parent, ...rest }) => {
            return { name, parent, ...(rest.abstract === true ? { abstract: true } : {}) };
          });
        },
      ],
      [
        "system_reset",
        () => {
          board?.reset();
          this.event("RESET", { guest: false, reason: "host-qmp-system-reset" });
        },
      ],
      [
        "device_add",
        (given) => {
          if (board === undefined) throw new QemuError("There is no machine");
          board.addDevice(fromObject(given));
        },
      ],
      [
        "device_del",
        ({ id }) => {
          if (typeof id !== "string") throw new QmpError("GenericError", "Parameter 'id' is missing");
          if (board === undefined) throw new QmpError("DeviceNotFound", `Device '${id}' not found`);
          board.removeDevice(id);
        },
      ],
      [
        "human-monitor-command",
        (given) => {
          if (typeof given["command-line"] !== "string") throw new QemuError("Parameter 'command-line' is missing");
          throw new QemuError("There is no human monitor");
        },
      ],
      [
        "quit",
        () => {
          this.event("SHUTDOWN", { guest: false, reason: "host-qmp-quit" });
          this.#options.quit();
        },
      ],
    ]);
    return commands;
  }
}

function parse(text: string): Arguments {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new QmpError("GenericError", "JSON parse error, invalid value");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new QmpError("GenericError", "QMP input must be a JSON object");
  }
  return value as Arguments;
}

function machineInfo(machine: (typeof MACHINES)[number]): object {
  const { name, alias } = machine;
  const pc = machine.chipset !== undefined;
  return {
    name,
    ...(alias === undefined ? {} : { alias }),
    ...(alias === "pc" ? { "is-default": true } : {}),
    "cpu-max": pc ? 255 : 1,
    "hotpluggable-cpus": false,
    "numa-mem-supported": false,
    deprecated: false,
    acpi: pc,
  };
}
