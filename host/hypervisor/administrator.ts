// The administrator's software: it runs on the machine itself, sees the real topology and drives the PFs.
// Its functions' DMA is remapped all the same, so that they reach its RAM and no other.
import type { Gpa, Hpa, RequesterId } from "../core/address.ts";
import type { AccessWidth, GuestPlatform } from "../core/ports.ts";
import type { Machine } from "../machine/machine.ts";
import type { Domain, DomainState } from "./domain.ts";
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

  constructor(machine: Machine, remapping: RemappingDriver, domain: Domain, run: (ns: number) => void) {
    this.domain = domain;
    this.#remapping = remapping;
    const { root, map, trace } = machine;
    const vm = domain.name;
    this.platform = {
      ram: domain.ram,
      configRead: (requesterId: RequesterId, offset: number, width: AccessWidth) => {
        const value = root.configRead(requesterId, offset, width);
        trace.listener?.({ kind: "config", vm, requesterId, offset, width, write: false, value });
        return value;
      },
      configWrite: (requesterId: RequesterId, offset: number, width: AccessWidth, value: number) => {
        trace.listener?.({ kind: "config", vm, requesterId, offset, width, write: true, value });
        root.configWrite(requesterId, offset, width, value);
      },
      mmioRead: (address: Gpa, width: AccessWidth) => {
        const value = map.read(address as number as Hpa, width);
        trace.listener?.({ kind: "mmio", vm, address, width, write: false, value });
        return value;
      },
      mmioWrite: (address: Gpa, width: AccessWidth, value: number) => {
        trace.listener?.({ kind: "mmio", vm, address, width, write: true, value });
        map.write(address as number as Hpa, width, value);
      },
      messageFor: (vector: number, requesterId: RequesterId) => remapping.message(this.#handle(vector, requesterId)),
      onInterrupt: (vector: number, handler: () => void) => domain.processor.onInterrupt(vector, handler),
      wait: run,
    };
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
