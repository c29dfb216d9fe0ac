// The administrator's software: it runs on the machine itself, sees the real topology and drives the PFs.
// Its functions' DMA is remapped all the same, so that they reach its RAM and no other.
import type { Hpa, RequesterId } from "../core/address.ts";
import type { GuestPlatform } from "../core/ports.ts";
import type { Machine } from "../machine/machine.ts";
import type { Domain, DomainState } from "./domain.ts";
import { platformOf } from "./platform.ts";
import type { RemappingDriver } from "./remapping-driver.ts";

export interface AdministratorState {
  domain: DomainState;
  /** Interrupt-remapping handles by requester ID and vector. */
  handles: readonly (readonly [string, number])[];
}

export class Administrator {
  readonly domain: Domain;
  readonly platform: GuestPlatform;
  readonly #remapping: RemappingDriver;
  #handles = new Map<string, number>();

  constructor(machine: Machine, remapping: RemappingDriver, domain: Domain, run: (ns: number) => number) {
    this.domain = domain;
    this.#remapping = remapping;
    const { root, map, trace } = machine;
    this.platform = platformOf(
      domain,
      {
        configRead: (requesterId, offset, width) => root.configRead(requesterId, offset, width),
        configWrite: (requesterId, offset, width, value) => root.configWrite(requesterId, offset, width, value),
        mmioRead: (address, width) => map.read(address as number as Hpa, width),
        mmioWrite: (address, width, value) => map.write(address as number as Hpa, width, value),
        messageFor: (vector, requesterId) => remapping.message(this.#handle(vector, requesterId)),
      },
      trace,
      { run },
    );
  }

  /** Interrupt-remapping handles in use, with the function that each belongs to. */
  *interruptHandles(): Generator<[handle: number, requesterId: number]> {
    for (const [key, handle] of this.#handles) yield [handle, Number.parseInt(key, 10)];
  }

  save(): AdministratorState {
    return { domain: this.domain.save(), handles: [...this.#handles] };
  }

  restore(state: AdministratorState): void {
    this.domain.restore(state.domain);
    this.#handles = new Map(state.handles);
  }

  /** The interrupt-remapping entry by which `requesterId` may raise `vector` here, and nobody else. */
  #handle(vector: number, requesterId: RequesterId): number {
    const key = `${requesterId}/${vector}`;
    let handle = this.#handles.get(key);
    if (handle === undefined) {
      handle = this.#remapping.allocateInterrupt();
      this.#remapping.setInterrupt(handle, { destination: this.domain.apicId, vector, requesterId });
      this.#handles.set(key, handle);
    }
    return handle;
  }
}
