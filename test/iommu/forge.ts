// States of a unit with words changed on purpose, and memory that nothing may reach.
import * as ats from "../../assembly/spec/abi/ats.ts";
import * as abi from "../../assembly/spec/abi/iommu.ts";
import { INVALIDATE_TAGS } from "../../assembly/spec/pci/ats-messages.ts";
import { hpa } from "../../host/core/address.ts";
import { Clock } from "../../host/core/clock.ts";
import type { IommuState } from "../../host/machine/iommu-state.ts";
import type { Harness } from "./harness.ts";

const GUARD_SIZE = 2 ** 20;
const MIDDLE = GUARD_SIZE / 2;
const SPARE = hpa(0x4000_0000);

/** A state as 32-bit words by their offset in the unit. */
export class Forge {
  readonly words: Uint32Array;

  constructor(state: IommuState) {
    const image = new Uint8Array(abi.UNIT_SIZE);
    for (const { offset, bytes } of state.pieces) image.set(bytes, offset);
    this.words = new Uint32Array(image.buffer);
  }

  get(offset: number): number {
    return this.words[offset >>> 2] as number;
  }

  set(offset: number, value: number): void {
    this.words[offset >>> 2] = value;
  }

  /** Where the lines of the IOTLB that are in use lie. */
  get translations(): number[] {
    const places = Array.from({ length: abi.IOTLB_ENTRIES }, (_, entry) => abi.UNIT_IOTLB + entry * 16);
    return places.filter((place) => this.get(place + 4) !== 0);
  }

  /** Makes a message that waits, the first of `count`. */
  message(kind: number, requesterId: number, code: number, body: number, count = 1): void {
    const first = this.get(abi.UNIT_ATS + ats.ATS_MESSAGE_FIRST) % ats.ATS_MESSAGE_LIMIT;
    const at = abi.UNIT_ATS + ats.ATS_MESSAGES + first * ats.ATS_MESSAGE_SIZE;
    this.set(abi.UNIT_ATS + ats.ATS_MESSAGE_COUNT, count);
    this.set(at + ats.ATS_MESSAGE_KIND, kind);
    this.set(at + ats.ATS_MESSAGE_REQUESTER, requesterId);
    this.set(at + ats.ATS_MESSAGE_CODE, code);
    this.set(at + ats.ATS_MESSAGE_BODY, body);
  }

  get state(): IommuState {
    return { pieces: [{ offset: abi.UNIT_STATE, bytes: new Uint8Array(this.words.buffer.slice(abi.UNIT_STATE)) }] };
  }
}

/** Linear memory outside all regions, and what would lead a unit there. */
export class Guard {
  readonly #h: Harness;
  readonly #at: number;

  constructor(h: Harness) {
    this.#h = h;
    this.#at = h.engine.allocate(GUARD_SIZE, 4096);
    h.unit.ats.connect({ clock: new Clock(), find: () => undefined });
  }

  /** The lower half of an IOTLB value of the RAM's region that leads here. */
  get value(): number {
    const [row] = this.#h.map.wasmRam();
    if (row === undefined) throw new Error("no RAM");
    return ((row.base + this.#at + MIDDLE - row.pointer) | 3) >>> 0;
  }

  /** An ITag whose deadline would lie here. */
  get tag(): number {
    const deadlines = this.#h.unit.pointer + abi.UNIT_ATS + ats.ATS_INVALIDATIONS;
    return Math.floor((this.#at + MIDDLE - deadlines) / ats.ATS_INVALIDATION_SIZE) + INVALIDATE_TAGS;
  }

  get untouched(): boolean {
    return this.#h.engine.u8.subarray(this.#at, this.#at + GUARD_SIZE).every((byte) => byte === 0);
  }

  /** A region of RAM comes, or the one that came goes. */
  changeMap(): void {
    const spare = this.#h.map.regionAt(SPARE);
    if (spare === undefined) this.#h.map.addRam({ base: SPARE, size: 4096 });
    else this.#h.map.remove(spare);
  }
}
