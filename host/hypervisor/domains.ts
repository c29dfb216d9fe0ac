// Makes and unmakes protection domains: their numbers, their RAM, their tables.
import { type Gpa, type Hpa, PAGE_SIZE } from "../core/address.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";
import type { Region } from "../machine/address-map.ts";
import type { RamFunctions } from "../machine/backing.ts";
import type { BufferRam } from "../machine/external-ram.ts";
import * as layout from "../machine/layout.ts";
import type { Machine } from "../machine/machine.ts";
import { Domain, type DomainState } from "./domain.ts";
import { PageAllocator, type PageAllocatorState } from "./page-allocator.ts";
import { PostedDescriptor, sharedWords } from "./posted-descriptor.ts";
import { PostedDescriptors, type PostedDescriptorsState } from "./posted-descriptors.ts";
import { SecondStage } from "./second-stage.ts";
import type { Levels, UnitCapabilities } from "./unit-capabilities.ts";
import { savedDescriptor, VirtualProcessor } from "./virtual-processor.ts";

/** RAM of a VM: bytes inside the WebAssembly memory, or RAM that the embedder keeps. */
export type VmRam = number | ExternalRam;
export type ExternalRam = { size: number } & (BufferRam | RamFunctions);

export interface DomainsState {
  pages: PageAllocatorState;
  space: PageAllocatorState;
  levels: number;
  descriptors: PostedDescriptorsState;
}

/** The administrator's domain; VMs have the following ones. */
export const ADMINISTRATOR_ID = 1;
/** APIC IDs of 8 bits, the last of which is the broadcast. */
const MAX_PROCESSORS = 255;
const LARGE_PAGE = 2 ** 21;
/** VM RAM beyond 4 GiB needs as many address bits as the layout's VM RAM ends with. */
const WIDE = Math.log2(layout.VM_RAM_BASE + layout.VM_RAM_SIZE);

export class Domains implements Snapshotable<DomainsState> {
  /** Pages of host RAM for tables. */
  readonly pages: PageAllocator;
  readonly #machine: Machine;
  readonly #space: PageAllocator;
  readonly #capabilities: UnitCapabilities;
  readonly #levels: Levels;
  readonly #taken = new Set<number>();
  readonly #descriptors: PostedDescriptors;

  /** Throws ArgumentError for a number of levels that the unit does not walk. */
  constructor(machine: Machine, pages: PageAllocator, capabilities: UnitCapabilities, levels: Levels | undefined) {
    this.#machine = machine;
    this.pages = pages;
    this.#capabilities = capabilities;
    this.#levels = capabilities.levels(levels);
    this.#descriptors = new PostedDescriptors(pages);
    const host = machine.map.wasmRam()[0] as Pick<Region, "base" | "size">;
    const end = Math.ceil((host.base + host.size) / LARGE_PAGE) * LARGE_PAGE;
    this.#space =
      machine.iommu.capabilities.hostAddressWidth >= WIDE
        ? new PageAllocator(layout.VM_RAM_BASE, layout.VM_RAM_SIZE)
        : new PageAllocator(end as Hpa, layout.ECAM_BASE - end);
  }

  /** The lowest free domain-id. Throws ArgumentError when all are taken. */
  freeId(): number {
    const processors = this.#capabilities.extendedInterrupts ? Number.POSITIVE_INFINITY : MAX_PROCESSORS;
    const limit = Math.min(processors, this.#capabilities.domainIds - 1);
    for (let domainId = ADMINISTRATOR_ID; domainId <= limit; domainId++) {
      if (!this.#taken.has(domainId)) return domainId;
    }
    throw new ArgumentError("vms", limit - ADMINISTRATOR_ID + 1, "are more than the machine has domains for");
  }

  /** A domain whose RAM is in the map and in its tables. Throws ArgumentError, with nothing left behind. */
  create(name: string, domainId: number, ram: VmRam): Domain {
    const size = sizeOf(ram);
    const base = this.#space.allocate(size, size >= LARGE_PAGE ? LARGE_PAGE : PAGE_SIZE);
    const undo = [() => this.#space.release(base, size)];
    try {
      const descriptor = this.#newDescriptor(domainId, undo);
      const domain = this.#build(name, domainId, ram, base, descriptor, undo);
      domain.vcpu.reset(domain.apicId, this.#capabilities.extendedInterrupts);
      domain.stage.map(0 as Gpa, base, size, { read: true, write: true });
      return domain;
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
  }

  /** A saved domain: RAM where it was; its tables come with host RAM. */
  recreate(saved: DomainState, external: ExternalRam | undefined): Domain {
    const { name, ramBase, ramSize } = saved;
    if (saved.external !== (external !== undefined)) {
      throw new ArgumentError(
        "external",
        name,
        saved.external ? "is missing: its RAM is the embedder's" : "has RAM of its own",
      );
    }
    if (external !== undefined && external.size !== ramSize) {
      throw new ArgumentError("external", external.size, `is not the size of ${name}'s RAM, ${ramSize}`);
    }
    sizeOf(ramSize);
    return this.#build(name, saved.domainId, external ?? ramSize, ramBase as Hpa, savedDescriptor(saved.vcpu), []);
  }

  /** Gives everything of a domain back. No function may be attached to it any more. */
  destroy(domain: Domain): void {
    const { base, size } = domain.region;
    const { descriptor } = domain.vcpu;
    domain.stage.release();
    if (descriptor !== undefined) this.#descriptors.release(descriptor.address);
    this.forget(domain);
    this.#space.release(base, size);
  }

  /** Takes a domain out of the machine; its pages are the caller's business. */
  forget(domain: Domain): void {
    this.#machine.interrupts.fabric.disconnect(domain.apicId);
    this.#machine.map.remove(domain.region);
    this.#taken.delete(domain.domainId);
  }

  save(): DomainsState {
    return {
      pages: this.pages.save(),
      space: this.#space.save(),
      levels: this.#levels,
      descriptors: this.#descriptors.save(),
    };
  }

  restore(state: DomainsState): void {
    if (state.levels !== this.#levels) throw new ArgumentError("levels", state.levels, `is not ${this.#levels}`);
    this.pages.restore(state.pages);
    this.#space.restore(state.space);
    this.#descriptors.restore(state.descriptors);
  }

  /** A descriptor for a VM's processor; the administrator's interrupts are its own and need none. */
  #newDescriptor(domainId: number, undo: (() => void)[]): Hpa | undefined {
    if (!this.#capabilities.postedInterrupts || domainId === ADMINISTRATOR_ID) return undefined;
    const descriptor = this.#descriptors.allocate();
    undo.push(() => this.#descriptors.release(descriptor));
    return descriptor;
  }

  #build(
    name: string,
    domainId: number,
    ram: VmRam,
    base: Hpa,
    descriptor: Hpa | undefined,
    undo: (() => void)[],
  ): Domain {
    const { map, interrupts } = this.#machine;
    const external = typeof ram !== "number";
    const region = external ? map.addExternalRam({ ...ram, base }) : map.addRam({ base, size: ram });
    undo.push(() => map.remove(region));
    const stage = new SecondStage(map, this.pages, this.#levels, this.#capabilities.largestLeaf);
    undo.push(() => stage.release());
    const apicId = domainId - ADMINISTRATOR_ID;
    const posted = descriptor === undefined ? undefined : new PostedDescriptor(sharedWords(map), descriptor);
    const vcpu = new VirtualProcessor(posted);
    const domain = new Domain(map, { name, domainId, apicId, region, stage, external, vcpu });
    interrupts.fabric.connect(apicId, domainId === ADMINISTRATOR_ID ? domain.processor.take : vcpu.take);
    undo.push(() => interrupts.fabric.disconnect(domain.apicId));
    this.#taken.add(domainId);
    undo.push(() => this.#taken.delete(domainId));
    return domain;
  }
}

/** Bytes of a VM's RAM. Throws ArgumentError for what is no RAM. */
function sizeOf(ram: unknown): number {
  const size = typeof ram === "object" && ram !== null && "size" in ram ? ram.size : ram;
  if (typeof size !== "number" || !Number.isInteger(size) || size <= 0 || size % PAGE_SIZE !== 0) {
    throw new ArgumentError("ram", size, "is not a multiple of 4 KiB");
  }
  return size;
}
