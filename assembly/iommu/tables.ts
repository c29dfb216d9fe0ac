// Reading translation tables, which lie at host-physical addresses in whatever memory the machine has.

import { REGION_KIND_MMIO, REGION_KIND_RAM } from "../spec/abi/memory-map";
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../spec/vtd/interrupt-range";
import { ProtectedMemory } from "./protected-memory";
import { Unit } from "./unit";

/** What a table that could not be read seems to hold; reserved bits of every entry format are among them. */
const UNREADABLE: u64 = 0xffff_ffff_ffff_ffff;

export class Tables {
  /**
   * The 8 bytes at `hpa`, a multiple of 8 below 2^52. UNREADABLE with `unit.tableError` set when nothing
   * answers there or registers do: hardware does not walk through MMIO.
   */
  @inline static load(unit: Unit, hpa: u64): u64 {
    return Tables.loadNear(unit, unit.windowBase, unit.windowSpan, unit.windowDelta, hpa);
  }

  /** As `load`, with the unit's window in the caller's locals. */
  @inline static loadNear(unit: Unit, base: u64, span: u64, delta: u32, hpa: u64): u64 {
    return hpa - base < span ? load<u64>(<usize>(<u32>hpa + delta)) : Tables.loadElsewhere(unit, hpa);
  }

  static loadElsewhere(unit: Unit, hpa: u64): u64 {
    const memory = unit.memory;
    const index = memory.find(hpa);
    if (index != 0) {
      const region = memory.region(index);
      if (region.kind == REGION_KIND_RAM) {
        unit.windowDelta = region.delta;
        unit.windowBase = region.base;
        unit.windowSpan = region.limit - region.base + 1;
        return load<u64>(region.pointer(hpa));
      }
      if (region.kind != REGION_KIND_MMIO && memory.read(index, hpa, memory.scratch, 8)) {
        return load<u64>(memory.scratch);
      }
    }
    unit.tableError = 1;
    return UNREADABLE;
  }

  /**
   * Sets bits in the low half of a table entry that was read as `old` (VT-d 5.10 §3.6.2, §3.7.2). False when it has
   * changed since or is not in memory that can be written.
   */
  static update(unit: Unit, hpa: u64, old: u64, value: u64): bool {
    if (Tables.load(unit, hpa) != old || Tables.failed(unit)) return false;
    const memory = unit.memory;
    const index = memory.find(hpa);
    if (index == 0 || memory.region(index).kind == REGION_KIND_MMIO) return false;
    return memory.exchange(index, hpa, <u32>old, <u32>value) == <f64>(<u32>old);
  }

  /** Whether a table could not be read since the last time this was asked. */
  @inline static failed(unit: Unit): bool {
    const failed = unit.tableError != 0;
    unit.tableError = 0;
    return failed;
  }

  /** The number of the region at `hpa`, remembering the last one. */
  @inline static regionOf(unit: Unit, hpa: u64): u32 {
    return hpa - unit.lastBase < unit.lastSpan ? unit.lastRegion : Tables.findRegion(unit, hpa);
  }

  /** While memory is protected from DMA no region is remembered, so that every page is looked at here. */
  static findRegion(unit: Unit, hpa: u64): u32 {
    const protecting = ProtectedMemory.active(unit);
    if (protecting && ProtectedMemory.covers(unit, hpa)) return 0;
    const index = unit.memory.find(hpa);
    if (index != 0 && !protecting) {
      const region = unit.memory.region(index);
      unit.lastRegion = index;
      unit.lastBase = region.base;
      unit.lastSpan = region.limit - region.base + 1;
    }
    return index;
  }

  /** Writes `length` bytes to memory at `hpa`, not across a page; registers and nothing are left alone. */
  static write(unit: Unit, hpa: u64, pointer: usize, length: u32): void {
    const memory = unit.memory;
    const index = memory.find(hpa);
    if (index != 0 && memory.region(index).kind != REGION_KIND_MMIO) memory.write(index, hpa, pointer, length);
  }

  /** What is remembered of regions must not outlive them. */
  @inline static refresh(unit: Unit): void {
    if (unit.windowGeneration != unit.memory.generation) {
      unit.windowGeneration = unit.memory.generation;
      unit.windowSpan = 0;
      unit.lastSpan = 0;
    }
  }

  @inline static inInterruptRange(address: u64): bool {
    return address - <u64>INTERRUPT_RANGE_BASE <= <u64>(INTERRUPT_RANGE_LIMIT - INTERRUPT_RANGE_BASE);
  }

  /** Whether a request is for the interrupt range: it has no PASID, or one that is ignored (VT-d 5.10 §3.1). */
  @inline static isInterrupt(unit: Unit, pasid: u32, iova: u64): bool {
    return Tables.inInterruptRange(iova) && (pasid == 0 || !unit.translating);
  }

  /** Whether a byte of the range from `first` to `last`, whole pages both, lies in the interrupt range. */
  @inline static meetsInterruptRange(first: u64, last: u64): bool {
    return first <= <u64>INTERRUPT_RANGE_LIMIT && last >= <u64>INTERRUPT_RANGE_BASE;
  }
}
