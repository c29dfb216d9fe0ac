// A function's base address registers and expansion ROM: their rows in the configuration space, and where they lead.
import * as spec from "../../assembly/spec/pci/header.ts";
import { ArgumentError } from "../core/errors.ts";
import type { MmioHandler } from "../core/ports.ts";
import { type BarOptions, barBase, barRows, checkBar, checkRom, romBase, romRows } from "./bar.ts";
import type { PciFunction } from "./function.ts";
import type { DecodedRange } from "./upstream.ts";

export class BaseAddresses {
  readonly #fn: PciFunction;
  readonly #bars: BarOptions[] = [];
  #rom: { size: number; handler: MmioHandler } | undefined;

  constructor(fn: PciFunction) {
    this.#fn = fn;
  }

  /** By index. */
  get bars(): readonly BarOptions[] {
    return this.#bars;
  }

  /** Throws ArgumentError when the BAR's place is taken or its size is none that hardware could have. */
  addBar(options: BarOptions): void {
    const fn = this.#fn;
    checkBar(options, this.#isBridge ? spec.TYPE1_BARS : spec.TYPE0_BARS);
    const last = (bar: BarOptions): number => (bar.kind === "memory64" ? bar.index + 1 : bar.index);
    if (this.#bars.some((bar) => options.index <= last(bar) && bar.index <= last(options))) {
      throw new ArgumentError("index", options.index, "is taken by another BAR");
    }
    if (fn.virtual && options.kind === "io") throw new ArgumentError("kind", "io", "does not exist in a VF");
    this.#bars.push(options);
    this.#bars.sort((a, b) => a.index - b.index);
    if (fn.virtual) return;
    const rows = barRows(options, offsetOf(options));
    fn.config.define(rows);
    for (const row of rows) fn.config.onWrite(row.offset, row.width, () => fn.routesChanged());
  }

  /** Throws ArgumentError for a VF, a second ROM, or an impossible size. */
  addRom(size: number, handler: MmioHandler): void {
    const fn = this.#fn;
    checkRom(size);
    if (fn.virtual || this.#rom !== undefined) throw new ArgumentError("size", size, "has no place in this function");
    this.#rom = { size, handler };
    const offset = this.#romOffset;
    fn.config.define(romRows(size, offset));
    fn.config.onWrite(offset, 4, () => fn.routesChanged());
  }

  /** The ranges that are enabled and have an address. */
  ranges(): DecodedRange[] {
    const fn = this.#fn;
    const ranges: DecodedRange[] = [];
    const memory = fn.memorySpaceEnabled;
    const io = fn.ioSpaceEnabled;
    for (const bar of this.#bars) {
      if (!(bar.kind === "io" ? io : memory)) continue;
      const base = fn.virtual ? fn.decoder?.barBase(bar.index) : barBase(fn.config, offsetOf(bar), bar.kind);
      if (base === undefined) continue;
      ranges.push({
        space: bar.kind === "io" ? "io" : "memory",
        base,
        size: bar.size,
        origin: base,
        handler: bar.handler,
      });
    }
    if (this.#rom !== undefined && memory) {
      const base = romBase(fn.config, this.#romOffset);
      if (base !== undefined) ranges.push({ space: "memory", base, origin: base, ...this.#rom });
    }
    return ranges;
  }

  get #isBridge(): boolean {
    return this.#fn.headerLayout === spec.HEADER_TYPE_LAYOUT_1;
  }

  get #romOffset(): number {
    return this.#isBridge ? spec.TYPE1_EXPANSION_ROM : spec.TYPE0_EXPANSION_ROM;
  }
}

function offsetOf(bar: BarOptions): number {
  return spec.BAR0 + bar.index * spec.BAR_SIZE;
}
