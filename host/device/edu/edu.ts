// QEMU's educational device: a factorial, a buffer of 4 KiB with a DMA engine, an MSI. A transfer takes 100 ms.
// A transfer that leaves the buffer is not made, and its command ends as any other.
import * as spec from "../../../assembly/spec/edu/edu.ts";
import * as header from "../../../assembly/spec/pci/header.ts";
import { join32 } from "../../core/address.ts";
import { FormatError } from "../../core/errors.ts";
import type { AccessWidth, MmioHandler } from "../../core/ports.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import { allOnes } from "../../pci/bits.ts";
import { msiCapability } from "../../pci/capabilities/msi.ts";
import type { PciFunctionState } from "../../pci/function.ts";
import { addCapability, ConfigSpace, PciFunction, type0Header } from "../../pci/index.ts";
import type { Endpoint, EndpointPorts } from "../endpoint.ts";

const MSI_OFFSET = 0x40;
const DMA_TIME_NS = 100_000_000;
/** The last one that is not 0 modulo 2^32: 34! has 32 factors of two. */
const LAST_FACTORIAL = 33;
const DMA_WORDS = (spec.EDU_DMA_REGISTERS_END - spec.EDU_DMA_SOURCE) / 4;

export interface EduOptions {
  /** Names the function in snapshots; unique in its machine. */
  name: string;
  /** Bits of an address that transfers keep; default 28 bits. */
  maskLo?: number;
  maskHi?: number;
}

interface Registers {
  liveness: number;
  factorial: number;
  status: number;
  interrupts: number;
  /** When the transfer ends; -1 while none runs. */
  endNs: number;
}

export interface EduState {
  fn: PciFunctionState;
  registers: Record<keyof Registers, number>;
  dma: readonly number[];
  buffer: Uint8Array;
}

const RESET: Readonly<Registers> = { liveness: 0, factorial: 0, status: 0, interrupts: 0, endNs: -1 };

export class Edu implements Endpoint {
  readonly fn: PciFunction;
  readonly functions: readonly PciFunction[];
  readonly #ports: EndpointPorts;
  readonly #maskLo: number;
  readonly #maskHi: number;
  #registers: Registers = { ...RESET };
  /** Source, destination, count, command: two words each. */
  readonly #dma = new Uint32Array(DMA_WORDS);
  readonly #buffer = new Uint8Array(spec.EDU_BUFFER_SIZE);

  constructor(options: EduOptions, ports: EndpointPorts) {
    this.#ports = ports;
    this.#maskLo = options.maskLo ?? spec.EDU_DMA_MASK;
    this.#maskHi = options.maskHi ?? 0;
    const config = new ConfigSpace(header.CONFIG_SPACE_COMPATIBLE_SIZE);
    config.define(
      type0Header({
        vendorId: spec.EDU_VENDOR,
        deviceId: spec.EDU_DEVICE,
        revision: spec.EDU_REVISION,
        classCode: spec.EDU_CLASS,
        subsystemVendorId: spec.EDU_SUBSYSTEM_VENDOR,
        subsystemId: spec.EDU_SUBSYSTEM,
        interruptPin: 1,
      }),
    );
    addCapability(config, MSI_OFFSET, msiCapability({ MSI_CONTROL_ADDRESS64: 1 }));
    this.fn = new PciFunction(options.name, config);
    this.functions = [this.fn];
    const handler: MmioHandler = {
      read: (offset, width) => this.#read(offset, width),
      write: (offset, width, value) => this.#write(offset, width, value),
    };
    this.fn.addBar({ index: 0, kind: "memory32", size: spec.EDU_BAR0_SIZE, handler });
    this.fn.onReset(() => {
      this.#registers = { ...RESET };
      this.#dma.fill(0);
      this.#buffer.fill(0);
    });
  }

  get nextDeadlineNs(): number {
    const { endNs } = this.#registers;
    return endNs < 0 ? Number.POSITIVE_INFINITY : endNs;
  }

  service(): number {
    const registers = this.#registers;
    if ((registers.status & spec.EDU_STATUS_COMPUTING) !== 0) {
      registers.factorial = factorial(registers.factorial);
      registers.status &= ~spec.EDU_STATUS_COMPUTING;
      if ((registers.status & spec.EDU_STATUS_INTERRUPT) !== 0) this.#raise(spec.EDU_INTERRUPT_FACTORIAL);
    }
    if (registers.endNs >= 0 && registers.endNs <= this.#ports.clock.nowNs) {
      registers.endNs = -1;
      this.#transfer();
    }
    return 0;
  }

  save(): EduState {
    return {
      fn: this.fn.save(),
      registers: { ...this.#registers },
      dma: [...this.#dma],
      buffer: this.#buffer.slice(),
    };
  }

  /** Throws FormatError, with nothing changed, for what is no state of this device. */
  restore(state: EduState): void {
    const registers = { ...RESET };
    for (const name of Object.keys(RESET) as (keyof Registers)[]) {
      const value = state.registers[name];
      if (name !== "endNs") checkStateNumber(name, value);
      else if (!Number.isSafeInteger(value)) throw new FormatError(name, `${value} is no time`);
      registers[name] = value;
    }
    if (state.dma.length !== DMA_WORDS || state.buffer.length !== spec.EDU_BUFFER_SIZE) {
      throw new FormatError("edu", `${state.dma.length} words and ${state.buffer.length} bytes do not fit`);
    }
    for (const word of state.dma) checkStateNumber("dma", word);
    this.fn.restore(state.fn);
    this.#registers = registers;
    this.#dma.set(state.dma);
    this.#buffer.set(state.buffer);
  }

  /** Dword accesses only: others read all-ones and are lost. */
  #read(offset: number, width: AccessWidth): number {
    if (width !== 4) return allOnes(width);
    const { liveness, factorial, status, interrupts } = this.#registers;
    if (offset >= spec.EDU_DMA_SOURCE && offset < spec.EDU_DMA_REGISTERS_END) {
      return this.#dma[(offset - spec.EDU_DMA_SOURCE) >>> 2] as number;
    }
    switch (offset) {
      case spec.EDU_ID:
        return spec.EDU_ID_VALUE;
      case spec.EDU_LIVENESS:
        return liveness;
      case spec.EDU_FACTORIAL:
        return factorial;
      case spec.EDU_STATUS:
        return status;
      case spec.EDU_INTERRUPT_STATUS:
        return interrupts;
      default:
        return allOnes(width);
    }
  }

  #write(offset: number, width: AccessWidth, value: number): void {
    if (width !== 4) return;
    const registers = this.#registers;
    if (offset >= spec.EDU_DMA_SOURCE && offset < spec.EDU_DMA_REGISTERS_END) {
      this.#writeDma(offset, value);
      return;
    }
    switch (offset) {
      case spec.EDU_LIVENESS:
        registers.liveness = ~value >>> 0;
        break;
      case spec.EDU_FACTORIAL:
        if ((registers.status & spec.EDU_STATUS_COMPUTING) !== 0) break;
        registers.factorial = value;
        registers.status |= spec.EDU_STATUS_COMPUTING;
        break;
      case spec.EDU_STATUS:
        registers.status = (registers.status & ~spec.EDU_STATUS_INTERRUPT) | (value & spec.EDU_STATUS_INTERRUPT);
        break;
      case spec.EDU_INTERRUPT_RAISE:
        this.#raise(value);
        break;
      case spec.EDU_INTERRUPT_ACKNOWLEDGE:
        registers.interrupts = (registers.interrupts & ~value) >>> 0;
        break;
    }
  }

  /** A dword written to the low half clears the high one, which comes after it in a 64-bit write. */
  #writeDma(offset: number, value: number): void {
    const dma = this.#dma;
    const word = (offset - spec.EDU_DMA_SOURCE) >>> 2;
    if (this.#registers.endNs >= 0) return;
    const high = offset % 8 === 4;
    const starts = offset === spec.EDU_DMA_COMMAND;
    if (starts && (value & spec.EDU_DMA_COMMAND_RUN) === 0) return;
    if (offset === spec.EDU_DMA_COMMAND + 4) return;
    dma[word] = value;
    if (!high) dma[word + 1] = 0;
    if (starts) this.#registers.endNs = this.#ports.clock.nowNs + DMA_TIME_NS;
  }

  #transfer(): void {
    const dma = this.#dma;
    const at = (offset: number): number => (offset - spec.EDU_DMA_SOURCE) >>> 2;
    const command = dma[at(spec.EDU_DMA_COMMAND)] as number;
    const outward = (command & spec.EDU_DMA_COMMAND_TO_MEMORY) !== 0;
    const inside = at(outward ? spec.EDU_DMA_SOURCE : spec.EDU_DMA_DESTINATION);
    const outside = at(outward ? spec.EDU_DMA_DESTINATION : spec.EDU_DMA_SOURCE);
    const count = join32(dma[at(spec.EDU_DMA_COUNT)] as number, dma[at(spec.EDU_DMA_COUNT) + 1] as number);
    const start = join32(dma[inside] as number, dma[inside + 1] as number) - spec.EDU_BUFFER;
    if (start >= 0 && count > 0 && start + count <= spec.EDU_BUFFER_SIZE && this.fn.requestsReachRoot()) {
      const lo = ((dma[outside] as number) & this.#maskLo) >>> 0;
      const hi = ((dma[outside + 1] as number) & this.#maskHi) >>> 0;
      const part = this.#buffer.subarray(start, start + count);
      const { requesterId } = this.fn;
      if (outward) this.#ports.dma.write(requesterId, lo, hi, part);
      else this.#ports.dma.read(requesterId, lo, hi, part);
    }
    dma[at(spec.EDU_DMA_COMMAND)] = (command & ~spec.EDU_DMA_COMMAND_RUN) >>> 0;
    if ((command & spec.EDU_DMA_COMMAND_INTERRUPT) !== 0) this.#raise(spec.EDU_INTERRUPT_DMA);
  }

  #raise(causes: number): void {
    const registers = this.#registers;
    registers.interrupts = (registers.interrupts | causes) >>> 0;
    if (registers.interrupts !== 0) this.fn.raiseInterrupt(0);
  }
}

/** n! modulo 2^32. */
function factorial(n: number): number {
  if (n > LAST_FACTORIAL) return 0;
  let product = 1;
  for (let factor = 2; factor <= n; factor++) product = Math.imul(product, factor);
  return product >>> 0;
}
