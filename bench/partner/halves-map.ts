// A physical address map for careful JavaScript: RAM as words, regions as numbers.
import type { MachineImage } from "../scene/machine.ts";

export class HalvesMap {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Changes whenever a region comes or goes. */
  generation = 1;
  /** Which region was found last. */
  #last = 0;
  readonly #base: Float64Array;
  readonly #limit: Float64Array;

  constructor(image: MachineImage, ram: ArrayBuffer) {
    this.bytes = new Uint8Array(ram);
    this.words = new Int32Array(ram);
    const { base, size } = image.external;
    this.#base = Float64Array.of(0, base);
    this.#limit = Float64Array.of(ram.byteLength - 1, base + size - 1);
  }

  /** The word index of an HPA in RAM; -1 where there is none. */
  word(lo: number, hi: number): number {
    const index = lo >>> 2;
    return (hi & 0xf_ffff) === 0 && index < this.words.length ? index : -1;
  }

  /** The number of the region at an HPA, 0 for none. */
  find(lo: number, hi: number): number {
    const hpa = hi * 0x1_0000_0000 + (lo >>> 0);
    const last = this.#last;
    if (hpa >= (this.#base[last] as number) && hpa <= (this.#limit[last] as number)) return last + 1;
    let low = 0;
    let high = this.#base.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (hpa > (this.#limit[middle] as number)) low = middle + 1;
      else if (hpa < (this.#base[middle] as number)) high = middle;
      else {
        this.#last = middle;
        return middle + 1;
      }
    }
    return 0;
  }
}
