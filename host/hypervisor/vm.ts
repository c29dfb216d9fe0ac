// A virtual machine: a domain, and the hardware that its software finds when it probes.
import { BAR_SIZE, BAR0 } from "../../assembly/spec/pci/header.ts";
import { type Hpa, PAGE_SIZE } from "../core/address.ts";
import { ArgumentError } from "../core/errors.ts";
import type { GuestPlatform } from "../core/ports.ts";
import type { Trace } from "../core/trace.ts";
import { RootComplex, type RootComplexState } from "../pci/root-complex.ts";
import type { AssignedFunction, AssignedFunctionState } from "./assigned-function.ts";
import { compatibilityMessage, GUEST_APIC_ID } from "./compatibility-message.ts";
import type { Domain, DomainState } from "./domain.ts";
import { PageAllocator, type PageAllocatorState } from "./page-allocator.ts";
import { type PlatformTime, platformOf } from "./platform.ts";
import type { VirtualProcessor } from "./virtual-processor.ts";

/** Where a VM's firmware puts BARs, in guest-physical space: as on a PC, above RAM and below the local APIC. */
const MMIO_BASE = 0xc000_0000 as Hpa;
const MMIO_SIZE = 0x3e00_0000;

/** First device number for assigned functions; 0 is the host bridge. */
const FIRST_DEVICE = 1;
const LAST_DEVICE = 31;

export interface VmState {
  hostBridge: boolean;
  domain: DomainState;
  space: PageAllocatorState;
  root: RootComplexState;
  assigned: readonly AssignedFunctionState[];
}

interface Place {
  base: Hpa;
  size: number;
}

export class Vm {
  readonly domain: Domain;
  /** The VM's own PCI topology: a host bridge, and the functions that it was given. */
  readonly root: RootComplex;
  /** What the VM's software can do. */
  readonly platform: GuestPlatform;
  readonly #hostBridge: boolean;
  readonly #assigned = new Map<AssignedFunction, Place[]>();
  readonly #space = new PageAllocator(MMIO_BASE, MMIO_SIZE);

  /** @param hostBridge whether there is a host bridge at 00:00.0. */
  constructor(domain: Domain, trace: Trace, time: PlatformTime, hostBridge: boolean) {
    this.domain = domain;
    this.#hostBridge = hostBridge;
    // A message that an emulated function would send itself goes to the VM's own processor.
    const messages = { message: () => undefined };
    this.root = new RootComplex({ messages, ...(hostBridge ? {} : { hostBridge: null }) });
    const { root } = this;
    this.platform = platformOf(
      domain,
      {
        configRead: (requesterId, offset, width) => root.configRead(requesterId, offset, width),
        configWrite: (requesterId, offset, width, value) => root.configWrite(requesterId, offset, width, value),
        mmioRead: (address, width) => root.memoryRead(address as number as Hpa, width),
        mmioWrite: (address, width, value) => root.memoryWrite(address as number as Hpa, width, value),
        messageFor: (vector) => compatibilityMessage(GUEST_APIC_ID, vector),
      },
      trace,
      time,
    );
  }

  get name(): string {
    return this.domain.name;
  }

  /** Its processor: what it does, and how its interrupts reached it. */
  get vcpu(): VirtualProcessor {
    return this.domain.vcpu;
  }

  get assigned(): AssignedFunction[] {
    return [...this.#assigned.keys()];
  }

  /** Whether a function may have this device number: 1 to 31, and none has it. */
  isFree(device: number): boolean {
    const own = Number.isInteger(device) && device >= FIRST_DEVICE && device <= LAST_DEVICE;
    return own && this.assigned.every((one) => one.device !== device);
  }

  /** A device number that no function of this VM has. Throws ArgumentError when there is none. */
  freeDevice(): number {
    for (let device = FIRST_DEVICE; device <= LAST_DEVICE; device++) {
      if (this.isFree(device)) return device;
    }
    throw new ArgumentError("vm", this.name, "has no free slot");
  }

  /** Puts a function on the VM's bus, its BARs where firmware would have put them; decoding is left to its driver. */
  plug(assigned: AssignedFunction): void {
    const { virtual, device } = assigned;
    const places: Place[] = [];
    for (const { kind, size } of virtual.bars) {
      if (kind !== "io") places.push({ base: this.#space.allocate(size, Math.max(size, PAGE_SIZE)), size });
    }
    this.root.attach(virtual, device, 0);
    const memory = virtual.bars.filter((bar) => bar.kind !== "io");
    for (const [index, bar] of memory.entries()) {
      virtual.configWrite(BAR0 + bar.index * BAR_SIZE, 4, (places[index] as Place).base);
    }
    this.#assigned.set(assigned, places);
  }

  unplug(assigned: AssignedFunction): void {
    this.root.detach(assigned.virtual);
    for (const { base, size } of this.#assigned.get(assigned) ?? []) this.#space.release(base, size);
    this.#assigned.delete(assigned);
  }

  save(): VmState {
    return {
      hostBridge: this.#hostBridge,
      domain: this.domain.save(),
      space: this.#space.save(),
      root: this.root.save(),
      assigned: this.assigned.map((assigned) => assigned.save()),
    };
  }

  /** Puts back what `save` gave, once the functions are plugged in again. */
  restore(state: VmState): void {
    this.domain.restore(state.domain);
    this.#space.restore(state.space);
    this.root.restore(state.root);
    for (const [place, assigned] of this.assigned.entries()) {
      assigned.restore(state.assigned[place] as AssignedFunctionState);
    }
  }
}
