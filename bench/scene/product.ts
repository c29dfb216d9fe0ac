// The product, set up as an embedder would on a machine image.
import { CAP_REG } from "../../assembly/spec/vtd/capability.ts";
import { UNIT_REGISTERS, UNIT_RESET_VALUES } from "../../assembly/spec/abi/iommu.ts";
import type { Hpa } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import type { WasmExports } from "../../host/core/exports.ts";
import { AddressMap } from "../../host/machine/address-map.ts";
import type { Native } from "../native.ts";
import { type AddressList, BATCH, type MachineImage, type UnitIdentity } from "./machine.ts";

const READ = 1;

/** An engine with an address map and an IOMMU unit, on a copy of an image. */
export class ProductMachine {
  readonly engine: Engine;
  readonly map: AddressMap;
  readonly wasm: WasmExports;
  readonly unit: number;
  readonly identity: UnitIdentity;
  readonly #list: number;
  readonly #out: number;
  readonly #listBytes: number;

  private constructor(engine: Engine, image: MachineImage, listBytes: number) {
    this.engine = engine;
    this.wasm = engine.wasm;
    this.map = new AddressMap(engine, () => {});
    this.map.addRam({ base: 0 as Hpa, size: image.ram.byteLength });
    this.map.addExternalRam({
      base: image.external.base as Hpa,
      size: image.external.size,
      read: (_offset, target) => {
        target.fill(0);
      },
      write: () => {},
    });
    this.map.writeBytes(0 as Hpa, new Uint8Array(image.ram));
    const unit = engine.allocate(engine.wasm.iommuSize());
    this.unit = unit;
    const w = engine.u32;
    const reset = (unit + UNIT_RESET_VALUES) >>> 2;
    w[reset + 2] = 0x002f0606;
    w[reset + 3] = 0x0000000c;
    w[reset + 4] = 0x00000040;
    engine.wasm.iommuInit(unit, this.map.pointer, 46);
    w[(unit + 100) >>> 2] = 1;
    w[(unit + 120) >>> 2] = image.rootTable;
    const at = (unit + UNIT_REGISTERS + CAP_REG) >>> 2;
    this.identity = {
      hostAddressWidth: 46,
      capLo: w[at] as number,
      capHi: w[at + 1] as number,
      ecapLo: w[at + 2] as number,
      ecapHi: w[at + 3] as number,
    };
    this.#listBytes = listBytes;
    this.#list = engine.allocate(listBytes);
    this.#out = engine.allocate(BATCH * 8);
  }

  static async create(image: MachineImage, listBytes: number = 1 << 19): Promise<ProductMachine> {
    return new ProductMachine(await Engine.create(), image, listBytes);
  }

  /** The results of the last batch, two words each. */
  get out(): Uint32Array {
    return this.engine.u32.subarray(this.#out >>> 2, (this.#out >>> 2) + BATCH * 2);
  }

  /** Puts a list into linear memory. Returns its place. */
  put(list: AddressList): number {
    if (list.halves.byteLength > this.#listBytes) throw new Error("the list is longer than its room");
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
  const wide = (hi: number, lo: number): string =>
    (hi >>> 0).toString(16) + (lo >>> 0).toString(16).padStart(8, "0");
  await native.ask("reset");
  await native.ask("ram", 0, image.ram.byteLength, native.file(new Uint8Array(image.ram)));
  await native.ask("external", image.external.base, image.external.size);
  const { hostAddressWidth, capHi, capLo, ecapHi, ecapLo } = identity;
  await native.ask(
    "unit",
    hostAddressWidth,
    wide(capHi, capLo),
    wide(ecapHi, ecapLo),
    image.rootTable,
    image.interruptTable,
  );
}
