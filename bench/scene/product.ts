// The product, set up as an embedder would on a machine image.
import { UNIT_MISSES, UNIT_TRANSLATIONS, UNIT_UNWALKED } from "../../assembly/spec/abi/iommu.ts";
import { CAP_REG } from "../../assembly/spec/vtd/capability.ts";
import { ECAP_REG } from "../../assembly/spec/vtd/extended-capability.ts";
import { GCMD_IRE_LO, GCMD_REG, GCMD_SIRTP_LO, GCMD_SRTP_LO, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { IRTA_REG } from "../../assembly/spec/vtd/interrupt-table-address.ts";
import { RTADDR_REG } from "../../assembly/spec/vtd/root-table-address.ts";
import { type Hpa, hi32, hpa, lo32 } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import type { WasmExports } from "../../host/core/exports.ts";
import { AddressMap } from "../../host/machine/address-map.ts";
import { IommuUnit } from "../../host/machine/iommu-unit.ts";
import type { Native } from "../native.ts";
import { GUEST_BASE, GUESTS_END } from "./frames.ts";
import { type AddressList, BATCH, type MachineImage, type UnitIdentity } from "./machine.ts";

const READ = 1;
const LIST_BYTES = 1 << 19;

export interface ProductOptions {
  /** The image, or how to make that of the frame cases once the unit is there. */
  image: MachineImage | ((map: number, unit: number, engine: Engine) => MachineImage);
  /** Guests' RAM, from GUEST_BASE on, lies in an ArrayBuffer instead of the wasm memory. */
  outside?: boolean;
}

/** An engine with an address map and an IOMMU unit, on a copy of an image. */
export class ProductMachine {
  readonly engine: Engine;
  readonly map: AddressMap;
  readonly wasm: WasmExports;
  readonly iommu: IommuUnit;
  /** The unit in linear memory. */
  readonly unit: number;
  readonly identity: UnitIdentity;
  readonly image: MachineImage;
  readonly #ram: number;
  readonly #external: ArrayBuffer | undefined;
  readonly #list: number;
  readonly #out: number;

  private constructor(engine: Engine, options: ProductOptions) {
    const { image, outside = false } = options;
    const ramBytes = typeof image === "function" ? GUESTS_END : image.ram.byteLength;
    this.engine = engine;
    this.wasm = engine.wasm;
    this.map = new AddressMap(engine, () => {});
    this.#ram = engine.allocate(outside ? GUEST_BASE : ramBytes, 4096);
    this.map.addRam({ base: hpa(0), size: outside ? GUEST_BASE : ramBytes, pointer: this.#ram });
    this.#external = outside ? new ArrayBuffer(ramBytes - GUEST_BASE) : undefined;
    if (this.#external !== undefined) {
      this.map.addExternalRam({ base: hpa(GUEST_BASE), size: ramBytes - GUEST_BASE, buffer: this.#external });
    }
    this.iommu = new IommuUnit(engine, this.map);
    this.unit = this.iommu.pointer;
    this.image = typeof image === "function" ? image(this.map.pointer, this.unit, engine) : image;
    this.map.addExternalRam({
      base: hpa(this.image.external.base),
      size: this.image.external.size,
      read: (_offset, target) => {
        target.fill(0);
      },
      write: () => {},
    });
    this.map.writeBytes(0 as Hpa, new Uint8Array(this.image.ram));
    this.#enable();
    const register = (offset: number): number => this.iommu.mmio.read(offset, 4);
    this.identity = {
      hostAddressWidth: this.iommu.capabilities.hostAddressWidth,
      capLo: register(CAP_REG),
      capHi: register(CAP_REG + 4),
      ecapLo: register(ECAP_REG),
      ecapHi: register(ECAP_REG + 4),
    };
    this.#list = engine.allocate(LIST_BYTES);
    this.#out = engine.allocate(BATCH * 8);
  }

  static async create(options: ProductOptions): Promise<ProductMachine> {
    return new ProductMachine(await Engine.create(), options);
  }

  /** Latches the tables and enables DMA and interrupt remapping, as a hypervisor does. */
  #enable(): void {
    const write = (offset: number, value: number): void => this.iommu.mmio.write(offset, 4, value >>> 0);
    write(RTADDR_REG, lo32(this.image.rootTable));
    write(RTADDR_REG + 4, hi32(this.image.rootTable));
    write(GCMD_REG, 1 << GCMD_SRTP_LO);
    write(IRTA_REG, lo32(this.image.interruptTable));
    write(IRTA_REG + 4, hi32(this.image.interruptTable));
    write(GCMD_REG, 1 << GCMD_SIRTP_LO);
    write(GCMD_REG, 1 << GCMD_TE_LO);
    write(GCMD_REG, (1 << GCMD_TE_LO) | (1 << GCMD_IRE_LO));
  }

  /** The guests' RAM as words; an address of the image lies `offset` bytes further on. Valid until memory grows. */
  guestRam(): { words: Uint32Array; offset: number } {
    if (this.#external !== undefined) return { words: new Uint32Array(this.#external), offset: -GUEST_BASE };
    return { words: this.engine.u32, offset: this.#ram };
  }

  /** The results of the last batch, two words each. */
  get out(): Uint32Array {
    return this.engine.u32.subarray(this.#out >>> 2, (this.#out >>> 2) + BATCH * 2);
  }

  /** Translations that were asked for, and second-stage walks. */
  get counters(): { translations: number; walks: number } {
    const at = (offset: number): number => this.engine.u32[(this.unit + offset) >>> 2] as number;
    return { translations: at(UNIT_TRANSLATIONS), walks: at(UNIT_MISSES) - at(UNIT_UNWALKED) };
  }

  /** Puts a list into linear memory. Returns its place. */
  put(list: AddressList): number {
    if (list.halves.byteLength > LIST_BYTES) throw new Error("the list is longer than its room");
    this.engine.u32.set(list.halves, this.#list >>> 2);
    return this.#list;
  }

  batch(requesterId: number, place: number, length: number): number {
    return this.wasm.iommuTranslateBatch(this.unit, requesterId, READ, place, this.#out, length);
  }

  /** Translates a whole list, put at `place`, in batches. */
  batches({ requesterId, halves }: AddressList, place: number): void {
    const end = place + halves.byteLength;
    for (let at = place; at < end; at += BATCH * 8) this.batch(requesterId, at, BATCH);
  }
}

/** Gives the C partner the same image and unit. */
export async function loadNative(native: Native, image: MachineImage, identity: UnitIdentity): Promise<void> {
  const wide = (hi: number, lo: number): string => (hi >>> 0).toString(16) + (lo >>> 0).toString(16).padStart(8, "0");
  await native.ask("reset");
  await native.ask("ram", 0, image.ram.byteLength, native.file(new Uint8Array(image.ram)));
  await native.ask("external", image.external.base, image.external.size);
  const { hostAddressWidth, capHi, capLo, ecapHi, ecapLo } = identity;
  const { rootTable, interruptTable } = image;
  await native.ask("unit", hostAddressWidth, wide(capHi, capLo), wide(ecapHi, ecapLo), rootTable, interruptTable);
}
