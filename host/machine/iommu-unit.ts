// One IOMMU unit of a machine: its place in linear memory, its register block as MMIO, DMA and interrupts through
// it. All decisions are made in assembly/iommu and assembly/interrupt.
import * as abi from "../../assembly/spec/abi/iommu.ts";
import * as cap from "../../assembly/spec/vtd/capability.ts";
import * as event from "../../assembly/spec/vtd/event.ts";
import * as frcd from "../../assembly/spec/vtd/fault-recording.ts";
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../../assembly/spec/vtd/interrupt-range.ts";
import * as irta from "../../assembly/spec/vtd/interrupt-table-address.ts";
import { type Hpa, join32, type RequesterId } from "../core/address.ts";
import { checkFlag, checkFunction, checkUnsigned, checkWord } from "../core/arguments.ts";
import { extract } from "../core/bits.ts";
import type { Engine } from "../core/engine.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AccessWidth, DmaPort, MmioHandler } from "../core/ports.ts";
import type { AddressMap } from "./address-map.ts";
import { Explainer } from "./explain/explainer.ts";
import { peekOf } from "./explain/peek.ts";
import type { ExplainInterruptRequest, ExplainRequest, Explanation } from "./explain/types.ts";
import type { UnitView } from "./explain/unit-view.ts";
import { decodeFault, type FaultRecord } from "./fault.ts";
import { UnitAts } from "./iommu-ats.ts";
import { type IommuCapabilities, type IommuOptions, iommuCapabilities } from "./iommu-capabilities.ts";
import { capabilityRegisters } from "./iommu-capability-registers.ts";
import { UnitDma } from "./iommu-dma.ts";
import { registerRows, registerTables } from "./iommu-registers.ts";
import { type IommuState, restoreUnit, saveUnit } from "./iommu-state.ts";
import { pasidArgument } from "./pasid-argument.ts";
import { postedInterrupt, type RemapResult, remappedInterrupt } from "./remap-result.ts";
import { checkRequest } from "./request-argument.ts";
import { StrictMode } from "./strict/mode.ts";
import type { StaleListener } from "./strict/types.ts";

export type { PostedInterrupt, RemappedInterrupt, RemapResult } from "./remap-result.ts";
export type { IommuState };

/** Bytes of the register block. */
export const IOMMU_BLOCK_SIZE: number = abi.UNIT_REGISTER_BYTES;
const DWORD = 4;
const ACCESS_ALL = 2 * abi.ACCESS_PRIVILEGED - 1;
const BYTE = 8;
const WORD = 32;
const LANES: Record<AccessWidth, number> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

/** A message that a unit sends for itself: a fault, invalidation or page request event, never remapped (VT-d 5.10 §7.3). */
export interface EventMessage {
  addressLo: number;
  addressHi: number;
  data: number;
}

export type TranslateResult = { hpa: Hpa } | { reason: number };

/** Counts since reset. */
export interface IommuStatistics {
  /** Page translations asked for. */
  translations: number;
  /** Those that the IOTLB answered. */
  hits: number;
  /** Those that a walk of the tables decided. */
  walks: number;
  /** DMA requests refused. */
  faults: number;
  interrupts: number;
  interruptsBlocked: number;
  invalidations: number;
}

export class IommuUnit {
  /** The unit in linear memory: `Unit` of assembly/iommu. */
  readonly pointer: number;
  readonly capabilities: Readonly<IommuCapabilities>;
  /** The register block, IOMMU_BLOCK_SIZE bytes. */
  readonly mmio: MmioHandler;
  /** DMA of any length through the unit. */
  readonly dma: DmaPort;
  /** What devices with a device TLB ask of the unit, and the unit of them. */
  readonly ats: UnitAts;
  readonly #engine: Engine;
  readonly #map: AddressMap;
  readonly #staging: number;
  readonly #strict: StrictMode;
  #returned: (() => void) | undefined;
  #listener: (message: EventMessage) => void = () => {};

  /** Throws ArgumentError for capabilities that no hardware could report. */
  constructor(engine: Engine, map: AddressMap, options: IommuOptions = {}) {
    this.capabilities = iommuCapabilities(options);
    const registers = capabilityRegisters(this.capabilities);
    const tables = registerTables(registerRows(this.capabilities, registers), abi.UNIT_REGISTER_BYTES);
    this.#engine = engine;
    this.#map = map;
    this.pointer = engine.allocate(engine.wasm.iommuSize(), 64);
    this.#staging = engine.allocate(abi.REMAP_POSTED_SIZE, 64);
    engine.u32.set(tables.rw, (this.pointer + abi.UNIT_RW_MASKS) >>> 2);
    engine.u32.set(tables.w1c, (this.pointer + abi.UNIT_W1C_MASKS) >>> 2);
    engine.u32.set(tables.reset, (this.pointer + abi.UNIT_RESET_VALUES) >>> 2);
    engine.wasm.iommuInit(this.pointer, map.pointer, this.capabilities.hostAddressWidth);
    this.ats = new UnitAts({
      engine,
      unit: this.pointer,
      timeoutNs: this.capabilities.deviceTlbTimeoutNs,
      worked: () => this.deliverEvents(),
    });
    this.#strict = new StrictMode(engine, map, this.pointer, this.capabilities);
    this.mmio = {
      read: (offset, width) => this.#read(offset, width),
      write: (offset, width, value) => this.#write(offset, width, value),
    };
    this.dma = new UnitDma({ engine, unit: this.pointer, worked: () => this.deliverEvents() });
  }

  /** Called whenever the module has worked on this unit and returned. */
  onReturn(listener: (() => void) | undefined): void {
    this.#returned = listener;
  }

  /** Who receives the unit's own messages. They come after the call that caused them. */
  onEvent(listener: (message: EventMessage) => void): void {
    this.#listener = listener;
  }

  /**
   * Strict mode: every use of what the unit's caches hold is checked against memory, and `onStale` is told of what is
   * stale and of the invalidation that software left out. Slow; the unit answers as it does without.
   */
  get strict(): boolean {
    return this.#strict.on;
  }

  set strict(on: boolean) {
    checkFlag("strict", on);
    this.#engine.refuseReentry("strict");
    this.#strict.switch(on);
  }

  /**
   * Who is told, in strict mode, of stale entries that were used, after the call that used them: of each invalidation
   * that is missing once, until what it left stale is put right.
   */
  onStale(listener: StaleListener): void {
    checkFunction("listener", listener);
    this.#strict.listen(listener);
  }

  /** Back to the state after power-on. */
  reset(): void {
    this.#engine.wasm.iommuReset(this.pointer);
    this.#strict.apply();
  }

  /** Lets the invalidation queue go on, as time does, for about a millisecond at most. Returns whether some is left. */
  work(): boolean {
    const left = this.#engine.wasm.iommuWork(this.pointer) !== 0;
    this.deliverEvents();
    return left;
  }

  /**
   * Where one access leads, or the reason why it is refused. The address is two halves of 32 bits. `access` are ACCESS_
   * bits; a request without PASID has neither ACCESS_EXECUTE nor ACCESS_PRIVILEGED.
   * Throws ArgumentError for what is no request.
   */
  translate(
    requesterId: RequesterId,
    addressLo: number,
    addressHi: number,
    access: number,
    pasid?: number,
  ): TranslateResult {
    checkRequest(requesterId, addressLo, addressHi);
    if (typeof access !== "number" || (access & ACCESS_ALL) !== access || access === 0) {
      throw new ArgumentError("access", access, "is no sum of ACCESS_ bits");
    }
    const space = pasidArgument(pasid);
    const result = this.#engine.wasm.iommuTranslate(this.pointer, requesterId, space, addressLo, addressHi, access);
    this.deliverEvents();
    return result < 0 ? { reason: -result } : { hpa: result as Hpa };
  }

  /** Decides an interrupt request: a 4-byte write of `data` by a function. */
  remap(requesterId: RequesterId, addressLo: number, addressHi: number, data: number): RemapResult {
    checkRequest(requesterId, addressLo, addressHi);
    checkWord("data", data);
    const address = addressLo >>> 0;
    if (addressHi !== 0 || address < INTERRUPT_RANGE_BASE || address > INTERRUPT_RANGE_LIMIT) {
      return { kind: "refused", reason: 0 };
    }
    const out = this.#staging;
    const decision = this.#engine.wasm.iommuRemap(this.pointer, requesterId, address, data, out);
    const words = this.#engine.u32.subarray(out >>> 2, (out + abi.REMAP_POSTED_SIZE) >>> 2);
    if (decision === abi.REMAP_DELIVER) return { kind: "deliver", interrupt: remappedInterrupt(words) };
    if (decision === abi.REMAP_POSTED) return { kind: "posted", posted: postedInterrupt(words) };
    if (decision === abi.REMAP_UNCHANGED) return { kind: "unchanged" };
    const reason = this.#u32(abi.UNIT_LAST_REASON);
    this.deliverEvents();
    return { kind: "refused", reason };
  }

  /** Sends the messages that are due. Whoever lets the module work on this unit directly calls it afterwards. */
  deliverEvents(): void {
    this.#returned?.();
    this.ats.sendMessages();
    this.#strict.deliver();
    const due = this.#u32(abi.UNIT_EVENTS);
    if (due === 0) return;
    this.#engine.u32[(this.pointer + abi.UNIT_EVENTS) >>> 2] = 0;
    if ((due & abi.EVENT_FAULT) !== 0) this.#send(event.FEADDR_REG, event.FEUADDR_REG, event.FEDATA_REG);
    if ((due & abi.EVENT_INVALIDATION) !== 0) this.#send(event.IEADDR_REG, event.IEUADDR_REG, event.IEDATA_REG);
    if ((due & abi.EVENT_PAGE_REQUEST) !== 0) this.#send(event.PEADDR_REG, event.PEUADDR_REG, event.PEDATA_REG);
  }

  /** Whether interrupt destinations have 32 bits: IRTA_REG.EIME as it was latched. */
  get extendedDestinations(): boolean {
    const table = Uint32Array.of(this.#u32(abi.UNIT_INTERRUPT_TABLE), this.#u32(abi.UNIT_INTERRUPT_TABLE + 4));
    return extract(table, irta.IRTA_EIME_HI, irta.IRTA_EIME_LO) === 1;
  }

  /** The fault records that are set, in order of their registers. They stay set. */
  faults(): FaultRecord[] {
    const words = this.#engine.u32;
    const at = (offset: number): number => (this.pointer + abi.UNIT_REGISTERS + offset) >>> 2;
    const capability = words.subarray(at(cap.CAP_REG), at(cap.CAP_REG) + 2);
    const first = extract(capability, cap.CAP_FRO_HI, cap.CAP_FRO_LO) * 16;
    const records: FaultRecord[] = [];
    for (let index = 0; index < this.capabilities.faultRecords; index++) {
      const place = at(first + index * frcd.FRCD_SIZE);
      const record = decodeFault(words.subarray(place, place + 4));
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /**
   * Why a DMA request goes where it goes, step by step, as the tables are now. Changes no state.
   * Throws ArgumentError for what is no request.
   */
  explain(request: ExplainRequest): Explanation {
    return this.explainer.explain(request);
  }

  /** Likewise what becomes of an interrupt request: its address must lie in the interrupt range. */
  explainInterrupt(request: ExplainInterruptRequest): Explanation {
    return this.explainer.explainInterrupt(request);
  }

  /** Explains requests by the registers as they are now. */
  get explainer(): Explainer {
    return new Explainer((offset) => this.#u32(offset), this.capabilities.hostAddressWidth, peekOf(this.#map));
  }

  /** What software has latched and what the unit can do, as it is now. */
  get view(): UnitView {
    return this.explainer.view;
  }

  statistics(): IommuStatistics {
    const translations = this.#counter(abi.UNIT_TRANSLATIONS);
    const misses = this.#counter(abi.UNIT_MISSES);
    return {
      translations,
      hits: translations - misses,
      walks: misses - this.#counter(abi.UNIT_UNWALKED),
      faults: this.#counter(abi.UNIT_FAULTS),
      interrupts: this.#counter(abi.UNIT_INTERRUPTS),
      interruptsBlocked: this.#counter(abi.UNIT_INTERRUPTS_BLOCKED),
      invalidations: this.#counter(abi.UNIT_INVALIDATIONS),
    };
  }

  /** Strict mode is no part of it. */
  save(): IommuState {
    return this.#strict.without(() => saveUnit(this.#engine, this.pointer, this.#map.pointer));
  }

  /** Throws FormatError, with nothing changed, for what is not the state of a unit and map that were built alike. */
  restore(state: IommuState): void {
    restoreUnit(this.#engine, this.pointer, this.#map.pointer, state);
    this.#strict.apply();
  }

  /** An access that crosses the end of a dword is one to each of the two. */
  #read(offset: number, width: AccessWidth): number {
    checkAccess(offset, width);
    const wasm = this.#engine.wasm;
    const shift = (offset % DWORD) * BYTE;
    let value = wasm.iommuRead32(this.pointer, offset) >>> shift;
    if (shift + width * BYTE > WORD) value |= wasm.iommuRead32(this.pointer, offset + width - 1) << (WORD - shift);
    this.deliverEvents();
    return (value & LANES[width]) >>> 0;
  }

  #write(offset: number, width: AccessWidth, value: number): void {
    checkAccess(offset, width);
    const wasm = this.#engine.wasm;
    const shift = (offset % DWORD) * BYTE;
    const lanes = LANES[width];
    wasm.iommuWrite32(this.pointer, offset, value << shift, (lanes << shift) >>> 0);
    if (shift + width * BYTE > WORD) {
      const rest = WORD - shift;
      wasm.iommuWrite32(this.pointer, offset + width - 1, value >>> rest, lanes >>> rest);
    }
    this.deliverEvents();
  }

  #send(address: number, upper: number, data: number): void {
    const register = (offset: number): number => this.#u32(abi.UNIT_REGISTERS + offset);
    this.#listener({ addressLo: register(address), addressHi: register(upper), data: register(data) });
  }

  #u32(offset: number): number {
    return this.#engine.u32[(this.pointer + offset) >>> 2] as number;
  }

  #counter(offset: number): number {
    return join32(this.#u32(offset), this.#u32(offset + 4));
  }
}

function checkAccess(offset: number, width: AccessWidth): void {
  if (LANES[width] === undefined) throw new ArgumentError("width", width, "is none of 1, 2, 4");
  checkUnsigned("offset", offset, WORD);
}
