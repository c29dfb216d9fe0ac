// The devices that were plugged into a machine beside its cards: where they are, their turns, their states.
import { ArgumentError } from "../core/errors.ts";
import type { Endpoint } from "../device/endpoint.ts";
import type { Bridge } from "../pci/bridge.ts";
import type { PciFunction } from "../pci/function.ts";
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

interface Plugged {
  endpoint: Endpoint;
  above: Bridge | RootComplex;
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

  /** Puts a device into a slot. Throws ArgumentError, with nothing changed, for a place that is none or taken. */
  plug(endpoint: Endpoint, { above = undefined, device, functionNumber = 0 }: Slot): void {
    if (this.#plugged.some((one) => one.endpoint === endpoint)) {
      throw new ArgumentError("endpoint", endpoint.functions[0]?.name, "is plugged in already");
    }
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
    this.#plugged.push({ endpoint, above: bus });
    for (const fn of endpoint.functions) {
      for (const one of [fn, ...(fn.virtualFunctions?.allVfs ?? [])]) this.#onReset(one);
    }
  }

  /** Takes a device out of its slot. Throws ArgumentError when it is in none. */
  unplug(endpoint: Endpoint): void {
    const place = this.#plugged.findIndex((one) => one.endpoint === endpoint);
    const found = this.#plugged[place];
    if (found === undefined) throw new ArgumentError("endpoint", endpoint.functions[0]?.name, "is not plugged in");
    this.#plugged.splice(place, 1);
    for (const fn of endpoint.functions) found.above.detach(fn);
  }

  /** Gives each device its turn. Returns how many frames moved. */
  service(budget: number): number {
    let moved = 0;
    for (const { endpoint } of this.#plugged) moved += endpoint.service(budget);
    return moved;
  }

  get nextDeadlineNs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { endpoint } of this.#plugged) next = Math.min(next, endpoint.nextDeadlineNs);
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
