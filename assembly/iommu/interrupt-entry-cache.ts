// The interrupt entry cache (VT-d 5.10 §6.4): 512 lines of one IRTE each, by interrupt index.

import {
  INTERRUPT_CACHE_ENTRIES,
  INTERRUPT_CACHE_ENTRY_SIZE,
  INTERRUPT_CACHE_VALID,
  UNIT_INTERRUPT_CACHE,
} from "../spec/abi/iommu";
import { Unit } from "./unit";

const VALID: u64 = INTERRUPT_CACHE_VALID;

@unmanaged
export class InterruptLine {
  tag: u64;
  low: u64;
  high: u64;

  @inline static of(unit: Unit, index: u32): InterruptLine {
    const offset = UNIT_INTERRUPT_CACHE + (index % INTERRUPT_CACHE_ENTRIES) * INTERRUPT_CACHE_ENTRY_SIZE;
    return changetype<InterruptLine>(unit.base + <usize>offset);
  }

  @inline holds(index: u32): bool {
    return this.tag == (VALID | <u64>index);
  }

  @inline fill(index: u32, low: u64, high: u64): void {
    this.tag = VALID | <u64>index;
    this.low = low;
    this.high = high;
  }
}

export class InterruptEntryCache {
  static flush(unit: Unit): void {
    memory.fill(unit.base + <usize>UNIT_INTERRUPT_CACHE, 0, INTERRUPT_CACHE_ENTRIES * INTERRUPT_CACHE_ENTRY_SIZE);
  }

  /** Drops the 2^indexMask entries around `index`. */
  static flushIndices(unit: Unit, index: u32, indexMask: u32): void {
    const inside = indexMask < 16 ? (1 << indexMask) - 1 : 0xffff;
    const wanted = VALID | <u64>(index & ~inside);
    for (let at: u32 = 0; at < INTERRUPT_CACHE_ENTRIES; at++) {
      const line = InterruptLine.of(unit, at);
      if ((line.tag & ~(<u64>inside)) == wanted) line.tag = 0;
    }
  }
}
