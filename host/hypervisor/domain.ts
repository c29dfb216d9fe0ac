// A protection domain: RAM of its own, second-stage tables that reach no further, and one processor.
import type { AddressMap, Region } from "../machine/address-map.ts";
import { DomainRam } from "./domain-ram.ts";
import type { Processor } from "./processor.ts";
import type { SecondStage, SecondStageState } from "./second-stage.ts";
import type { VirtualProcessor, VirtualProcessorState } from "./virtual-processor.ts";

export interface DomainState {
  name: string;
  domainId: number;
  apicId: number;
  ramBase: number;
  ramSize: number;
  /** The RAM is the embedder's. */
  external: boolean;
  stage: SecondStageState;
  vcpu: VirtualProcessorState;
}

export class Domain {
  readonly name: string;
  /** VT-d's domain identifier, tagging this domain's translations; 1 and up. */
  readonly domainId: number;
  /** APIC ID of the processor that this domain's interrupts go to. */
  readonly apicId: number;
  readonly region: Region;
  readonly external: boolean;
  readonly ram: DomainRam;
  readonly stage: SecondStage;
  /** The domain's processor as the hypervisor schedules it. */
  readonly vcpu: VirtualProcessor;

  constructor(
    map: AddressMap,
    options: {
      name: string;
      domainId: number;
      apicId: number;
      region: Region;
      stage: SecondStage;
      external: boolean;
      vcpu: VirtualProcessor;
    },
  ) {
    this.name = options.name;
    this.domainId = options.domainId;
    this.apicId = options.apicId;
    this.region = options.region;
    this.external = options.external;
    this.stage = options.stage;
    this.vcpu = options.vcpu;
    this.ram = new DomainRam(map, this.region.base, this.region.size);
  }

  /** The interrupts that the domain's software sees. */
  get processor(): Processor {
    return this.vcpu.processor;
  }

  save(): DomainState {
    return {
      name: this.name,
      domainId: this.domainId,
      apicId: this.apicId,
      ramBase: this.region.base,
      ramSize: this.region.size,
      external: this.external,
      stage: this.stage.save(),
      vcpu: this.vcpu.save(),
    };
  }

  /** Puts back tables and processor; RAM is the machine's. */
  restore(state: DomainState): void {
    this.stage.restore(state.stage);
    this.vcpu.restore(state.vcpu);
  }
}
