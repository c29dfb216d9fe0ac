// A machine of RAM, one function's DMA and one IOMMU unit, programmed as a driver would: by registers and memory.
import { ACCESS_READ, ACCESS_WRITE } from "../../assembly/spec/abi/iommu.ts";
import { CONTEXT_TT_UNTRANSLATED } from "../../assembly/spec/vtd/context-entry.ts";
import { GCMD_REG, GCMD_SRTP_LO, GCMD_TE_LO, GSTS_REG } from "../../assembly/spec/vtd/global.ts";
import { RTADDR_REG } from "../../assembly/spec/vtd/root-table-address.ts";
import { hi32, hpa, lo32, type RequesterId } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { AddressMap } from "../../host/machine/address-map.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { IommuUnit } from "../../host/machine/iommu-unit.ts";

export const READ: number = ACCESS_READ;
export const WRITE: number = ACCESS_WRITE;
/** An address that nothing answers. */
export const NOWHERE = 0x7000_0000_0000;
export const RAM_BASE = 0x10_0000;
export const MIB: number = 2 ** 20;

export interface Message {
  requesterId: number;
  addressLo: number;
  addressHi: number;
  data: number;
}

export class Harness {
  readonly engine: Engine;
  readonly map: AddressMap;
  readonly unit: IommuUnit;
  readonly messages: Message[] = [];
  readonly events: { addressLo: number; addressHi: number; data: number }[] = [];
  readonly #end: number;
  #next: number;

  private constructor(engine: Engine, ramBytes: number, capabilities: IommuOptions) {
    this.engine = engine;
    this.map = new AddressMap(engine, (requesterId, addressLo, addressHi, data) => {
      this.messages.push({ requesterId, addressLo, addressHi, data });
    });
    this.map.addRam({ base: hpa(RAM_BASE), size: ramBytes });
    this.unit = new IommuUnit(engine, this.map, capabilities);
    this.unit.onEvent((event) => this.events.push(event));
    this.#next = RAM_BASE;
    this.#end = RAM_BASE + ramBytes;
  }

  static async create(capabilities: IommuOptions = {}, ramBytes: number = 4 * MIB): Promise<Harness> {
    return new Harness(await Engine.create(), ramBytes, capabilities);
  }

  /** A zeroed page of RAM. Throws when all of it is given away. */
  page(): number {
    const page = this.#next;
    if (page >= this.#end) throw new Error(`no page left below ${this.#end.toString(16)}`);
    this.#next += 4096;
    this.map.writeBytes(hpa(page), new Uint8Array(4096));
    return page;
  }

  write64(address: number, value: bigint): void {
    this.map.write(hpa(address), 4, Number(value & 0xffff_ffffn));
    this.map.write(hpa(address + 4), 4, Number((value >> 32n) & 0xffff_ffffn));
  }

  read64(address: number): bigint {
    const low = BigInt(this.map.read(hpa(address), 4) >>> 0);
    return low | (BigInt(this.map.read(hpa(address + 4), 4) >>> 0) << 32n);
  }

  get32(offset: number): number {
    return this.unit.mmio.read(offset, 4);
  }

  set32(offset: number, value: number): void {
    this.unit.mmio.write(offset, 4, value);
  }

  get64(offset: number): bigint {
    return BigInt(this.get32(offset)) | (BigInt(this.get32(offset + 4)) << 32n);
  }

  set64(offset: number, value: bigint): void {
    this.set32(offset, Number(value & 0xffff_ffffn));
    this.set32(offset + 4, Number((value >> 32n) & 0xffff_ffffn));
  }

  /** Sets or clears one bit of GCMD_REG as §11.4.4.1 prescribes. */
  command(bit: number, on = true): void {
    const levels = (this.get32(GSTS_REG) & 0x96ff_ffff) >>> 0;
    this.set32(GCMD_REG, on ? (levels | (2 ** bit)) >>> 0 : (levels & ~(2 ** bit)) >>> 0);
  }

  /** Latches a root table and enables translation. */
  enable(rootTable: number | bigint): void {
    this.set64(RTADDR_REG, BigInt(rootTable));
    this.command(GCMD_SRTP_LO);
    this.command(GCMD_TE_LO);
  }

  /** The context-entry's place, its root-entry and context table made as needed. */
  contextAt(rootTable: number, requesterId: number): number {
    const rootAt = rootTable + (requesterId >>> 8) * 16;
    if (this.read64(rootAt) === 0n) this.write64(rootAt, BigInt(this.page()) | 1n);
    return Number(this.read64(rootAt) & ~0xfffn) + (requesterId & 0xff) * 16;
  }

  /** Writes a context-entry: `width` is the AW field (1, 2, 3 for 39, 48, 57 bits). */
  context(
    rootTable: number,
    requesterId: number,
    options: { table?: number; domainId?: number; width?: number; type?: number; fpd?: boolean },
  ): void {
    const at = this.contextAt(rootTable, requesterId);
    const type = options.type ?? CONTEXT_TT_UNTRANSLATED;
    const low = BigInt(options.table ?? 0) | BigInt(type << 2) | (options.fpd ? 2n : 0n) | 1n;
    this.write64(at + 8, BigInt(options.width ?? 2) | (BigInt(options.domainId ?? 1) << 8n));
    this.write64(at, low);
  }

  /** The place of the entry that maps `iova` at `level` (0 is the leaf table), tables above made as needed. */
  entryAt(table: number, levels: number, iova: bigint, level = 0): number {
    let at = table;
    for (let above = levels - 1; above > level; above--) {
      const entry = at + Number((iova >> BigInt(12 + 9 * above)) & 511n) * 8;
      if (this.read64(entry) === 0n) this.write64(entry, BigInt(this.page()) | 3n);
      at = Number(this.read64(entry) & 0xf_ffff_ffff_f000n);
    }
    return at + Number((iova >> BigInt(12 + 9 * level)) & 511n) * 8;
  }

  /** Maps a page of `level` (0 4 KiB, 1 2 MiB, 2 1 GiB) with the R and W bits of `access`. */
  mapPage(
    table: number,
    levels: number,
    iova: bigint | number,
    target: bigint | number,
    access: number = READ | WRITE,
    level = 0,
  ): void {
    const size = level > 0 ? 0x80n : 0n;
    this.write64(this.entryAt(table, levels, BigInt(iova), level), BigInt(target) | size | BigInt(access));
  }

  /** The HPA, or minus the reason. */
  translate(requesterId: number, iova: bigint | number, access: number = READ): number {
    const address = BigInt(iova);
    const lo = Number(address & 0xffff_ffffn);
    const hi = Number((address >> 32n) & 0xffff_ffffn);
    const result = this.unit.translate(requesterId as RequesterId, lo, hi, access);
    return "hpa" in result ? result.hpa : -result.reason;
  }

  dmaRead(requesterId: number, iova: number, length: number): Uint8Array | undefined {
    const target = new Uint8Array(length);
    return this.unit.dma.read(requesterId as RequesterId, lo32(iova), hi32(iova), target) ? target : undefined;
  }

  dmaWrite(requesterId: number, iova: number, source: Uint8Array): boolean {
    return this.unit.dma.write(requesterId as RequesterId, lo32(iova), hi32(iova), source);
  }
}
