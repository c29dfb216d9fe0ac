// A protection domain: RAM of its own, second-stage tables that reach no further, and one processor.
import type { Gpa, Hpa } from "../core/address.ts";
import type { AddressMap, Region } from "../machine/address-map.ts";
import { DomainRam } from "./domain-ram.ts";
import { Processor, type ProcessorState } from "./processor.ts";
import type { SecondStage, SecondStageState } from "./second-stage.ts";

export interface DomainState {
  name: string;
  domainId: number;
  apicId: number;
  ramBase: number;
  ramSize: number;
  stage: SecondStageState;
  processor: ProcessorState;
}

export class Domain {
  readonly name: string;
  /** VT-d's domain identifier, tagging this domain's translations; 1 and up. */
  readonly domainId: number;
  /** APIC ID of the processor that this domain's interrupts go to. */
  readonly apicId: number;
  readonly region: Region;
  readonly ram: DomainRam;
  readonly stage: SecondStage;
  readonly processor: Processor = new Processor();

  constructor(
    map: AddressMap,
    options: { name: string; domainId: number; apicId: number; region: Region; stage: SecondStage },
  ) {
    this.name = options.name;
    this.domainId = options.domainId;
    this.apicId = options.apicId;
    this.region = options.region;
    this.stage = options.stage;
    this.ram = new DomainRam(map, this.region.base, this.region.size);
  }

  /** Lets functions of this domain reach its RAM, guest-physical 0 and up. */
  mapRam(): void {
    this.stage.map(0 as Gpa, this.region.base as Hpa, this.region.size, { read: true, write: true });
  }

  save(): DomainState {
    return {
      name: this.name,
      domainId: this.domainId,
      apicId: this.apicId,
      ramBase: this.region.base,
      ramSize: this.region.size,
      stage: this.stage.save(),
      processor: this.processor.save(),
    };
  }

  /** Puts back tables and processor; RAM is the machine's. */
  restore(state: DomainState): void {
    this.stage.restore(state.stage);
    this.processor.restore(state.processor);
  }
}
