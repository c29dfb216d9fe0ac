// A bus: which functions are on it, by device and function number. Whose bus it is decides what reaches it.
import type { RequesterId } from "../core/address.ts";
import { ArgumentError } from "../core/errors.ts";
import type { PciFunction } from "./function.ts";
import type { DecodedRange, Upstream } from "./upstream.ts";

export class PciBus {
  readonly #owner: Upstream;
  /** A link has one device, whose functions ARI may number up to 255. */
  readonly #link: boolean;
  readonly #functions = new Map<number, PciFunction>();

  constructor(owner: Upstream, link: boolean) {
    this.#owner = owner;
    this.#link = link;
  }

  /** The functions by their numbers (device × 8 + function), in ascending order. VFs are not among them. */
  get functions(): ReadonlyMap<number, PciFunction> {
    return this.#functions;
  }

  /** Throws ArgumentError when the place does not exist or is taken, or the function is a VF or attached already. */
  attach(fn: PciFunction, device: number, functionNumber: number): number {
    if (!Number.isInteger(device) || device < 0 || device > (this.#link ? 0 : 31)) {
      throw new ArgumentError("device", device, this.#link ? "is not 0, the only device of a link" : "is not in 0–31");
    }
    const most = this.#link ? 255 : 7;
    if (!Number.isInteger(functionNumber) || functionNumber < 0 || functionNumber > most) {
      throw new ArgumentError("functionNumber", functionNumber, `is not in 0–${most}`);
    }
    const number = device * 8 + functionNumber;
    if (this.#functions.has(number)) {
      throw new ArgumentError("functionNumber", functionNumber, `of device ${device} is taken`);
    }
    if (fn.virtual) throw new ArgumentError("fn", fn.name, "is a virtual function: it comes with its PF");
    if (fn.upstream !== undefined) throw new ArgumentError("fn", fn.name, "is attached already");
    this.#functions.set(number, fn);
    const sorted = [...this.#functions].sort(([a], [b]) => a - b);
    this.#functions.clear();
    for (const [key, value] of sorted) this.#functions.set(key, value);
    fn.upstream = this.#owner;
    this.#owner.routesChanged();
    return number;
  }

  /** Takes a function off. Throws ArgumentError when it is not on this bus. */
  detach(fn: PciFunction): void {
    for (const [number, present] of this.#functions) {
      if (present !== fn) continue;
      this.#functions.delete(number);
      fn.upstream = undefined;
      this.#owner.routesChanged();
      return;
    }
    throw new ArgumentError("fn", fn.name, "is not on this bus");
  }

  /** The VF with this requester ID, of a PF on this bus. */
  findVirtual(requesterId: number): PciFunction | undefined {
    for (const fn of this.#functions.values()) {
      const found = fn.virtualFunctions?.find(requesterId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What answers on this bus, VFs and what lies behind bridges included. */
  decodedRanges(): DecodedRange[] {
    const ranges: DecodedRange[] = [];
    for (const fn of this.#functions.values()) {
      ranges.push(...fn.decodedRanges());
      for (const vf of fn.virtualFunctions?.vfs ?? []) ranges.push(...vf.decodedRanges());
    }
    return ranges;
  }

  /** Resets every function on the bus, and through bridges what is below; captured bus numbers are lost. */
  reset(kind: "cold" | "hot"): void {
    for (const [number, fn] of this.#functions) {
      fn.reset(kind);
      fn.capture(number as RequesterId);
    }
  }
}
