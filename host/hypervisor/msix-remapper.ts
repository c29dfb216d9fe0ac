// Turns the MSI-X entries that a guest writes into interrupt-remapping entries and real MSI-X entries.
//
//   guest writes   address, data = vector ─► IRTE {descriptor or destination, vector, source-id} at handle h
//   device holds   address = handle h, remappable format
import {
  MSIX_CONTROL,
  MSIX_CONTROL_ENABLE_HI,
  MSIX_CONTROL_ENABLE_LO,
  MSIX_CONTROL_FUNCTION_MASK_HI,
  MSIX_CONTROL_FUNCTION_MASK_LO,
  MSIX_ENTRY_ADDRESS_LOWER,
  MSIX_ENTRY_ADDRESS_UPPER,
  MSIX_ENTRY_CONTROL,
  MSIX_ENTRY_CONTROL_MASK_HI,
  MSIX_ENTRY_CONTROL_MASK_LO,
  MSIX_ENTRY_DATA,
  MSIX_ENTRY_SIZE,
} from "../../assembly/spec/pci/msix.ts";
import { mask } from "../core/bits.ts";
import type { AccessWidth, MmioHandler } from "../core/ports.ts";
import type { MsixTable } from "../pci/msix.ts";
import type { AssignedFunction } from "./assigned-function.ts";
import { GUEST_APIC_ID, guestMessageVector } from "./compatibility-message.ts";
import type { Domain } from "./domain.ts";
import type { InterruptTarget, RemappingDriver } from "./remapping-driver.ts";

export interface MsixRemapperState {
  /** Interrupt-remapping handle of each vector, -1 for none. */
  handles: readonly number[];
}

/** Where the real table and control register are. */
export interface MsixPlace {
  /** Writes the BAR that holds the table. */
  write: MmioHandler["write"];
  tableOffset: number;
  capability: number;
}

const MASK = mask(MSIX_ENTRY_CONTROL_MASK_HI, MSIX_ENTRY_CONTROL_MASK_LO);
const CONTROL_RW =
  mask(MSIX_CONTROL_ENABLE_HI, MSIX_CONTROL_ENABLE_LO) |
  mask(MSIX_CONTROL_FUNCTION_MASK_HI, MSIX_CONTROL_FUNCTION_MASK_LO);

export class MsixRemapper {
  readonly #remapping: RemappingDriver;
  readonly #domain: Domain;
  readonly #owner: AssignedFunction;
  readonly #shadow: MsixTable;
  readonly #place: MsixPlace;
  #handles: number[];

  constructor(
    remapping: RemappingDriver,
    domain: Domain,
    owner: AssignedFunction,
    shadow: MsixTable,
    place: MsixPlace,
  ) {
    this.#remapping = remapping;
    this.#domain = domain;
    this.#owner = owner;
    this.#shadow = shadow;
    this.#place = place;
    this.#handles = new Array<number>(shadow.vectors).fill(-1);
  }

  /** Bytes of the table. */
  get tableSize(): number {
    return this.#shadow.vectors * MSIX_ENTRY_SIZE;
  }

  /** The handles in use. */
  get handles(): number[] {
    return this.#handles.filter((handle) => handle >= 0);
  }

  read(offset: number, width: AccessWidth): number {
    return this.#shadow.handler.read(offset, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.#shadow.handler.write(offset, width, value);
    this.#synchronizeVector(Math.floor((offset - this.#place.tableOffset) / MSIX_ENTRY_SIZE));
  }

  /** Makes the real function's MSI-X what the guest's is. */
  synchronize(): void {
    const control = this.#place.capability + MSIX_CONTROL;
    const wanted = this.#owner.virtual.config.get(control, 2) & CONTROL_RW;
    for (let vector = 0; vector < this.#shadow.vectors; vector++) this.#synchronizeVector(vector);
    this.#owner.hostConfigWrite(control, 2, wanted);
  }

  /** Takes every handle back: messages of this function are refused from here on. */
  release(): void {
    for (const [vector, handle] of this.#handles.entries()) {
      if (handle >= 0) this.#remapping.freeInterrupt(handle);
      this.#handles[vector] = -1;
    }
  }

  save(): MsixRemapperState {
    return { handles: [...this.#handles] };
  }

  restore(state: MsixRemapperState): void {
    this.#handles = [...state.handles];
  }

  #synchronizeVector(vector: number): void {
    const entry = this.#place.tableOffset + vector * MSIX_ENTRY_SIZE;
    const shadow = this.#shadow.handler;
    const guestVector = guestMessageVector(GUEST_APIC_ID, {
      addressLo: shadow.read(entry + MSIX_ENTRY_ADDRESS_LOWER, 4),
      addressHi: shadow.read(entry + MSIX_ENTRY_ADDRESS_UPPER, 4),
      data: shadow.read(entry + MSIX_ENTRY_DATA, 4),
    });
    const masked = (shadow.read(entry + MSIX_ENTRY_CONTROL, 4) & MASK) !== 0;
    if (!this.#shadow.enabled || guestVector === undefined) {
      this.#writeReal(entry + MSIX_ENTRY_CONTROL, MASK);
      return;
    }
    let handle = this.#handles[vector] as number;
    if (handle < 0) {
      handle = this.#remapping.allocateInterrupt();
      this.#handles[vector] = handle;
    }
    this.#remapping.setInterrupt(handle, this.#target(guestVector));
    const message = this.#remapping.message(handle);
    this.#writeReal(entry + MSIX_ENTRY_ADDRESS_LOWER, message.addressLo);
    this.#writeReal(entry + MSIX_ENTRY_ADDRESS_UPPER, message.addressHi);
    this.#writeReal(entry + MSIX_ENTRY_DATA, message.data);
    this.#writeReal(entry + MSIX_ENTRY_CONTROL, masked ? MASK : 0);
  }

  /** A VM's descriptor, or, without posting, its physical processor, whose software injects the vector. */
  #target(vector: number): InterruptTarget {
    const { requesterId, urgent } = this.#owner;
    const { descriptor } = this.#domain.vcpu;
    if (descriptor === undefined) return { requesterId, vector, destination: this.#domain.apicId };
    return { requesterId, vector, descriptor: descriptor.address, urgent };
  }

  #writeReal(offset: number, value: number): void {
    this.#place.write(offset, 4, value);
  }
}
