// The devices that were plugged into a machine beside its cards: where they are, their turns, their states.
import { checkFunction, checkOptions } from "../core/arguments.ts";
import { checkMoment } from "../core/clock.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Endpoint } from "../device/endpoint.ts";
import { Bridge } from "../pci/bridge.ts";
import { PciFunction } from "../pci/function.ts";
import type { RootComplex } from "../pci/root-complex.ts";

/** Where a device goes. */
export interface Slot {
  /** The port above; the root complex by default. */
  above?: Bridge | undefined;
  /** 0–31 on a root bus, 0 below a port. */
  device: number;
  /** Of the first function; the others follow. Default 0. */
  functionNumber?: number;
}

/** Turns that a device may have for one thing that is due, without doing any of it. */
const MOST_IDLE_TURNS = 1000;

interface Plugged {
  endpoint: Endpoint;
  above: Bridge | RootComplex;
  /** Turns in which it did nothing, while its deadline was in the past. */
  idleTurns: number;
}

export class Endpoints {
  readonly #root: RootComplex;
  readonly #onReset: (fn: PciFunction) => void;
  readonly #plugged: Plugged[] = [];

  /** @param watch is told of every function that comes. */
  constructor(root: RootComplex, watch: (fn: PciFunction) => void) {
    this.#root = root;
    this.#onReset = watch;
  }

  /** Puts a device into a slot. Throws ArgumentError, with nothing changed, for what is no device, a place that is none or taken. */
  plug(endpoint: Endpoint, slot: Slot): void {
    checkEndpoint(endpoint);
    checkOptions("slot", slot, ["above", "device", "functionNumber"]);
    const { above, device, functionNumber = 0 } = slot;
    if (above !== undefined && !(above instanceof Bridge)) throw new ArgumentError("above", above, "is no Bridge");
    if (this.#plugged.some((one) => one.endpoint === endpoint)) {
      throw new ArgumentError("endpoint", nameOf(endpoint), "is plugged in already");
    }
    deadlineOf(endpoint);
    const bus = above ?? this.#root;
    const attached: PciFunction[] = [];
    try {
      for (const [number, fn] of endpoint.functions.entries()) {
        bus.attach(fn, device, functionNumber + number);
        attached.push(fn);
      }
    } catch (error) {
      for (const fn of attached) bus.detach(fn);
      throw error;
    }
    this.#plugged.push({ endpoint, above: bus, idleTurns: 0 });
    for (const fn of endpoint.functions) {
      for (const one of [fn, ...(fn.virtualFunctions?.allVfs ?? [])]) this.#onReset(one);
    }
  }

  /** Takes a device out of its slot. Throws ArgumentError when it is in none. */
  unplug(endpoint: Endpoint): void {
    const place = this.#plugged.findIndex((one) => one.endpoint === endpoint);
    const found = this.#plugged[place];
    if (found === undefined) throw new ArgumentError("endpoint", nameOf(endpoint) ?? endpoint, "is not plugged in");
    this.#plugged.splice(place, 1);
    for (const fn of endpoint.functions) found.above.detach(fn);
  }

  /** Gives each device its turn. Returns how many frames moved. Throws ArgumentError for a device that does not say it. */
  service(budget: number): number {
    let moved = 0;
    for (const plugged of this.#plugged) {
      const done = serviceOf(plugged.endpoint, budget);
      if (done > 0) plugged.idleTurns = 0;
      moved += done;
    }
    return moved;
  }

  /** When a device has something to do; infinity when never. Throws ArgumentError for a deadline that is no moment. */
  get nextDeadlineNs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { endpoint } of this.#plugged) next = Math.min(next, deadlineOf(endpoint));
    return next;
  }

  /**
   * The same after everybody's turn at `nowNs`, before time goes on. Throws ArgumentError as well for a device whose
   * deadline stays in the past, turn by turn, while it does nothing.
   */
  nextAfterTurnNs(nowNs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const plugged of this.#plugged) {
      const deadline = deadlineOf(plugged.endpoint);
      if (deadline > nowNs) plugged.idleTurns = 0;
      else if (++plugged.idleTurns > MOST_IDLE_TURNS) {
        const problem = `of ${nameOf(plugged.endpoint)} is still in the past after ${MOST_IDLE_TURNS} turns at which it did nothing`;
        throw new ArgumentError("nextDeadlineNs", deadline, problem);
      }
      next = Math.min(next, deadline);
    }
    return next;
  }

  save(): unknown[] {
    return this.#plugged.map(({ endpoint }) => endpoint.save());
  }

  /** Throws ArgumentError for the state of another number of devices. */
  restore(states: readonly unknown[]): void {
    if (states.length !== this.#plugged.length) {
      throw new ArgumentError("state", states.length, `devices are not the ${this.#plugged.length} of this machine`);
    }
    for (const [place, { endpoint }] of this.#plugged.entries()) endpoint.restore(states[place]);
  }
}

function nameOf(endpoint: Endpoint | undefined): string | undefined {
  return endpoint?.functions?.[0]?.name;
}

function serviceOf(endpoint: Endpoint, budget: number): number {
  const done = endpoint.service(budget);
  if (Number.isSafeInteger(done) && done >= 0) return done;
  throw new ArgumentError("service()", done, `of ${nameOf(endpoint)} is no number of frames or requests`);
}

function deadlineOf(endpoint: Endpoint): number {
  return checkMoment("nextDeadlineNs", endpoint.nextDeadlineNs, nameOf(endpoint));
}

function checkEndpoint(endpoint: Endpoint): void {
  if (typeof endpoint !== "object" || endpoint === null) throw new ArgumentError("endpoint", endpoint, "is no device");
  const { functions } = endpoint;
  if (!Array.isArray(functions) || functions.length === 0 || !functions.every((fn) => fn instanceof PciFunction)) {
    throw new ArgumentError("endpoint.functions", functions, "are not PciFunctions, at least one");
  }
  for (const name of ["service", "save", "restore"] as const) checkFunction(`endpoint.${name}`, endpoint[name]);
}
