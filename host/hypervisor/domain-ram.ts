// The RAM that software in a domain addresses.
import type { Gpa, Hpa } from "../core/address.ts";
import type { GuestRam } from "../core/ports.ts";
import type { AddressMap } from "../machine/address-map.ts";

/** The RAM of one domain: guest-physical 0 lies at `base` of the host. */
export class DomainRam implements GuestRam {
  readonly base: Hpa;
  readonly size: number;
  readonly #map: AddressMap;

  constructor(map: AddressMap, base: Hpa, size: number) {
    this.#map = map;
    this.base = base;
    this.size = size;
  }

  read32(address: Gpa): number {
    return this.#map.read(this.#host(address, 4), 4);
  }

  write32(address: Gpa, value: number): void {
    this.#map.write(this.#host(address, 4), 4, value);
  }

  readBytes(address: Gpa, target: Uint8Array): void {
    this.#map.readBytes(this.#host(address, target.length), target);
  }

  writeBytes(address: Gpa, source: Uint8Array): void {
    this.#map.writeBytes(this.#host(address, source.length), source);
  }

  #host(address: number, length: number): Hpa {
    if (!(address >= 0 && address + length <= this.size)) {
      throw new RangeError(`${length} bytes at guest-physical ${address} are outside RAM of ${this.size} bytes`);
    }
    return (this.base + address) as Hpa;
  }
}
