// MSI-X: the table and the pending bits behind a BAR, and when a vector's message is sent (PCIe 6.0 §6.1.4, §7.7.2).
import { CAP_MSIX } from "../../assembly/spec/pci/ids.ts";
import * as spec from "../../assembly/spec/pci/msix.ts";
import { ArgumentError, FormatError } from "../core/errors.ts";
import type { MmioHandler } from "../core/ports.ts";
import { bit, flag } from "./bits.ts";
import { findCapability } from "./capability.ts";
import { PciFunction } from "./function.ts";

export interface MsixOptions {
  capabilityOffset: number;
  /** 1–2048. */
  vectors: number;
  /** Of the table and of the pending bits, in the BAR that `handler` serves. */
  tableOffset: number;
  pbaOffset: number;
}

export interface MsixState {
  table: Uint8Array;
  pending: Uint8Array;
}

export class MsixTable {
  /** For the BAR that holds the table and the pending bits; other offsets read 0. Writes to pending bits vanish. */
  readonly handler: MmioHandler;
  readonly vectors: number;
  readonly #fn: PciFunction;
  readonly #control: number;
  readonly #table: DataView<ArrayBuffer>;
  readonly #pending: Uint8Array;

  /** Throws ArgumentError when the number of vectors or a place is impossible, or no MSI-X capability is where it should. */
  constructor(fn: PciFunction, options: MsixOptions) {
    if (!(fn instanceof PciFunction)) throw new ArgumentError("fn", fn, "is no PciFunction");
    if (typeof options !== "object" || options === null) throw new ArgumentError("options", options, "is no object");
    const { capabilityOffset, vectors, tableOffset, pbaOffset } = options;
    if (!Number.isInteger(capabilityOffset) || findCapability(fn.config, CAP_MSIX) !== capabilityOffset) {
      throw new ArgumentError("capabilityOffset", capabilityOffset, "is not where the function's MSI-X capability is");
    }
    if (!Number.isInteger(vectors) || vectors < 1 || vectors > spec.MSIX_MAX_VECTORS) {
      throw new ArgumentError("vectors", vectors, `is not in 1–${spec.MSIX_MAX_VECTORS}`);
    }
    const tableSize = vectors * spec.MSIX_ENTRY_SIZE;
    const pbaSize = Math.ceil(vectors / 64) * 8;
    for (const [name, value] of Object.entries({ tableOffset, pbaOffset })) {
      if (!Number.isInteger(value) || value < 0 || value % 8 !== 0) {
        throw new ArgumentError(name, value, "is not an offset that 8 divides");
      }
    }
    if (tableOffset < pbaOffset + pbaSize && pbaOffset < tableOffset + tableSize) {
      throw new ArgumentError("pbaOffset", pbaOffset, "overlaps the table");
    }
    this.#fn = fn;
    this.vectors = vectors;
    this.#control = capabilityOffset + spec.MSIX_CONTROL;
    this.#table = new DataView(new ArrayBuffer(tableSize));
    this.#pending = new Uint8Array(pbaSize);
    this.#clear();
    fn.addPart("msix", this);
    fn.useInterrupts((vector) => this.raise(vector % vectors));
    fn.onReset(() => this.#clear());
    fn.config.onWrite(this.#control, 2, () => this.#flush(0, vectors));
    this.handler = {
      read: (offset, width) => {
        let value = 0;
        for (let i = width - 1; i >= 0; i--) {
          const at = offset + i;
          let byte = 0;
          if (at >= tableOffset && at < tableOffset + tableSize) byte = this.#table.getUint8(at - tableOffset);
          else if (at >= pbaOffset && at < pbaOffset + pbaSize) byte = this.#pending[at - pbaOffset] as number;
          value = (value << 8) | byte;
        }
        return value >>> 0;
      },
      write: (offset, width, value) => {
        for (let i = 0; i < width; i++) this.#writeByte(offset + i - tableOffset, value >>> (8 * i));
        const first = Math.floor((offset - tableOffset) / spec.MSIX_ENTRY_SIZE);
        const last = Math.floor((offset + width - 1 - tableOffset) / spec.MSIX_ENTRY_SIZE);
        if (last >= 0) this.#flush(Math.max(first, 0), last + 1);
      },
    };
  }

  get enabled(): boolean {
    return bit(this.#fn.config.get(this.#control, 2), spec.MSIX_CONTROL_ENABLE_LO);
  }

  get functionMasked(): boolean {
    return bit(this.#fn.config.get(this.#control, 2), spec.MSIX_CONTROL_FUNCTION_MASK_LO);
  }

  /** Whether `vector` is masked, by itself or by the function's mask. */
  masked(vector: number): boolean {
    return this.functionMasked || bit(this.#word(vector, spec.MSIX_ENTRY_CONTROL), spec.MSIX_ENTRY_CONTROL_MASK_LO);
  }

  pending(vector: number): boolean {
    return bit(this.#pending[vector >>> 3] as number, vector & 7);
  }

  /**
   * Signals `vector`: sends its message, or makes it pending while masked. Nothing happens while MSI-X is disabled.
   * Throws ArgumentError when there is no such vector.
   */
  raise(vector: number): void {
    if (!Number.isInteger(vector) || vector < 0 || vector >= this.vectors) {
      throw new ArgumentError("vector", vector, `is not one of ${this.vectors}`);
    }
    if (!this.enabled) return;
    if (this.masked(vector)) {
      this.#pending[vector >>> 3] = (this.#pending[vector >>> 3] as number) | flag(vector & 7);
      return;
    }
    this.#fn.sendMessage(
      this.#word(vector, spec.MSIX_ENTRY_ADDRESS_LOWER),
      this.#word(vector, spec.MSIX_ENTRY_ADDRESS_UPPER),
      this.#word(vector, spec.MSIX_ENTRY_DATA),
    );
  }

  save(): MsixState {
    return { table: new Uint8Array(this.#table.buffer.slice(0)), pending: this.#pending.slice() };
  }

  restore(state: MsixState): void {
    if (state.table.length !== this.#table.byteLength || state.pending.length !== this.#pending.length) {
      throw new ArgumentError("state", state.table.length, "is the size of another MSI-X table");
    }
    if (!(state.table instanceof Uint8Array) || !(state.pending instanceof Uint8Array)) {
      throw new FormatError("MSI-X table", "is not of bytes");
    }
    new Uint8Array(this.#table.buffer).set(state.table);
    this.#pending.set(state.pending);
  }

  #word(vector: number, register: number): number {
    return this.#table.getUint32(vector * spec.MSIX_ENTRY_SIZE + register, true);
  }

  /** Writes one byte of the table but for its reserved bits. */
  #writeByte(at: number, value: number): void {
    if (at < 0 || at >= this.#table.byteLength) return;
    const register = at % spec.MSIX_ENTRY_SIZE;
    let writable = 0xff;
    if (register === spec.MSIX_ENTRY_ADDRESS_LOWER)
      writable = 0xff & ~(flag(spec.MSIX_ENTRY_ADDRESS_LOWER_VALUE_LO) - 1);
    if (register === spec.MSIX_ENTRY_CONTROL) writable = flag(spec.MSIX_ENTRY_CONTROL_MASK_LO);
    if (register > spec.MSIX_ENTRY_CONTROL) writable = 0;
    this.#table.setUint8(at, value & writable);
  }

  /** Sends what became sendable among vectors `first` to `end - 1`. */
  #flush(first: number, end: number): void {
    if (!this.enabled || this.functionMasked) return;
    for (let vector = first; vector < end && vector < this.vectors; vector++) {
      if (!this.pending(vector) || this.masked(vector)) continue;
      this.#pending[vector >>> 3] = (this.#pending[vector >>> 3] as number) & ~flag(vector & 7);
      this.raise(vector);
    }
  }

  /** Every vector masked, nothing pending. */
  #clear(): void {
    new Uint8Array(this.#table.buffer).fill(0);
    this.#pending.fill(0);
    for (let vector = 0; vector < this.vectors; vector++) {
      const at = vector * spec.MSIX_ENTRY_SIZE + spec.MSIX_ENTRY_CONTROL;
      this.#table.setUint32(at, flag(spec.MSIX_ENTRY_CONTROL_MASK_LO), true);
    }
  }
}
