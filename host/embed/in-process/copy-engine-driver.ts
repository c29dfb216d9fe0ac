// A driver of the copy engine: queues of work descriptors, each in an address space of its own.
import * as desc from "../../../assembly/spec/copy-engine/descriptor.ts";
import * as ids from "../../../assembly/spec/copy-engine/ids.ts";
import * as spec from "../../../assembly/spec/copy-engine/registers.ts";
import { ATS_CTL, ATS_CTL_ENABLE_LO } from "../../../assembly/spec/pci/ats.ts";
import {
  COMMAND,
  COMMAND_BUS_MASTER_ENABLE_LO,
  COMMAND_MEMORY_SPACE_ENABLE_LO,
} from "../../../assembly/spec/pci/header.ts";
import { EXT_CAP_ATS, EXT_CAP_PASID, EXT_CAP_PRI } from "../../../assembly/spec/pci/ids.ts";
import { PASID_CTL, PASID_CTL_ENABLE_LO } from "../../../assembly/spec/pci/pasid.ts";
import { PRI_ALLOCATION, PRI_CAPACITY, PRI_CTL, PRI_CTL_ENABLE_LO } from "../../../assembly/spec/pci/pri.ts";
import { type Gpa, hi32, lo32, PAGE_SIZE } from "../../core/address.ts";
import { bits, place } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type Guest, Registers } from "./guest.ts";
import type { FoundFunction } from "./probe.ts";

const RING_LOG2 = 4;
const RING_ENTRIES = 2 ** RING_LOG2;

/** Whether a function is a copy engine. */
export function isCopyEngine(device: FoundFunction): boolean {
  return device.vendorId === ids.VENDOR_ID && device.deviceId === ids.DEVICE_ID;
}

/** One copy: addresses in the queue's address space. */
export interface Copy {
  source: number;
  destination: number;
  length: number;
}

/** A queue in use. */
export interface CopyQueue {
  readonly number: number;
  /** Of its ring: in the queue's address space, and in the guest's RAM. */
  readonly ring: number;
  readonly page: Gpa;
}

export class CopyEngineDriver {
  readonly registers: Registers;
  readonly #guest: Guest;
  readonly #device: FoundFunction;
  readonly #tails = new Map<number, number>();

  /** Throws ArgumentError for a function that is no copy engine. */
  constructor(guest: Guest, device: FoundFunction) {
    const bar = device.bars.find(({ index }) => index === spec.REGISTERS_BAR);
    if (!isCopyEngine(device) || bar === undefined)
      throw new ArgumentError("device", device.deviceId, "is no copy engine");
    this.#guest = guest;
    this.#device = device;
    this.registers = new Registers(guest.platform, bar.address);
  }

  /** Lets the engine make requests, with PASIDs, ATS and page requests; in this order (PCIe 6.0 §10.5.1.3). */
  up(): void {
    this.#set(COMMAND, (1 << COMMAND_BUS_MASTER_ENABLE_LO) | (1 << COMMAND_MEMORY_SPACE_ENABLE_LO));
    this.#set(this.#capability(EXT_CAP_PASID) + PASID_CTL, 1 << PASID_CTL_ENABLE_LO);
    this.#set(this.#capability(EXT_CAP_ATS) + ATS_CTL, 1 << ATS_CTL_ENABLE_LO);
    const pri = this.#capability(EXT_CAP_PRI);
    const { platform } = this.#guest;
    const { requesterId } = this.#device;
    platform.configWrite(requesterId, pri + PRI_ALLOCATION, 4, platform.configRead(requesterId, pri + PRI_CAPACITY, 4));
    this.#set(pri + PRI_CTL, 1 << PRI_CTL_ENABLE_LO);
  }

  /**
   * Starts queue `number` (0–7) in the address space of `pasid`, with a ring of 16 descriptors at `ring` there, which
   * is, or will be, the page at `page` of the guest's RAM.
   */
  start(number: number, pasid: number, ring: number, page: Gpa): CopyQueue {
    if (!Number.isInteger(number) || number < 0 || number >= spec.QUEUES) {
      throw new ArgumentError("number", number, `is not one of ${spec.QUEUES} queues`);
    }
    this.#guest.platform.ram.writeBytes(page, new Uint8Array(PAGE_SIZE));
    this.#tails.set(number, 0);
    this.write(number, spec.QUEUE_CONTROL, 0);
    this.write(number, spec.QUEUE_RING_LOW, lo32(ring));
    this.write(number, spec.QUEUE_RING_HIGH, hi32(ring));
    this.write(number, spec.QUEUE_SIZE, RING_LOG2);
    const space = place(pasid, spec.QUEUE_PASID_VALUE_HI, spec.QUEUE_PASID_VALUE_LO);
    this.write(number, spec.QUEUE_PASID, space | place(1, spec.QUEUE_PASID_PRESENT_HI, spec.QUEUE_PASID_PRESENT_LO));
    this.write(number, spec.QUEUE_TAIL, 0);
    this.write(number, spec.QUEUE_CONTROL, 1 << spec.QUEUE_CONTROL_ENABLE_LO);
    return { number, ring, page };
  }

  /** Submits a copy whose missing pages shall be asked for. Returns its place in the ring. */
  copy(queue: CopyQueue, { source, destination, length }: Copy): number {
    const index = this.#tails.get(queue.number) as number;
    const at = queue.page + index * desc.DESCRIPTOR_SIZE;
    const put = (offset: number, value: number): void =>
      this.#guest.platform.ram.write32((at + offset) as Gpa, value >>> 0);
    put(desc.DESCRIPTOR_CONTROL, desc.OPCODE_COPY | (1 << desc.DESCRIPTOR_BLOCK_LO));
    put(desc.DESCRIPTOR_LENGTH, length);
    put(desc.DESCRIPTOR_SOURCE, lo32(source));
    put(desc.DESCRIPTOR_SOURCE + 4, hi32(source));
    put(desc.DESCRIPTOR_DESTINATION, lo32(destination));
    put(desc.DESCRIPTOR_DESTINATION + 4, hi32(destination));
    put(desc.DESCRIPTOR_STATUS, 0);
    const tail = (index + 1) % RING_ENTRIES;
    this.#tails.set(queue.number, tail);
    this.write(queue.number, spec.QUEUE_TAIL, tail);
    return index;
  }

  /** The STATUS_ code of a submitted copy, 0 while it is not done. */
  status(queue: CopyQueue, index: number): number {
    return this.#guest.platform.ram.read32((queue.page + index * desc.DESCRIPTOR_SIZE + desc.DESCRIPTOR_STATUS) as Gpa);
  }

  /** The STATE_ of a queue. */
  state(number: number): number {
    return bits(this.read(number, spec.QUEUE_STATUS), spec.QUEUE_STATUS_STATE_HI, spec.QUEUE_STATUS_STATE_LO);
  }

  read(number: number, register: number): number {
    return this.registers.read(spec.QUEUE_BASE + number * spec.QUEUE_STRIDE + register);
  }

  write(number: number, register: number, value: number): void {
    this.registers.write(spec.QUEUE_BASE + number * spec.QUEUE_STRIDE + register, value);
  }

  #capability(id: number): number {
    const found = this.#device.capabilities.find((one) => one.extended && one.id === id);
    if (found === undefined) throw new ArgumentError("device", this.#device.deviceId, `has no capability ${id}`);
    return found.offset;
  }

  #set(offset: number, flags: number): void {
    const { platform } = this.#guest;
    const { requesterId } = this.#device;
    platform.configWrite(requesterId, offset, 2, platform.configRead(requesterId, offset, 2) | flags);
  }
}
