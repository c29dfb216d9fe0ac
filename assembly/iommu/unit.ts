// One IOMMU unit: its wiring and its scalar state. The layout as a whole is drawn in spec/abi/iommu.ts.
// Whatever a request needs is reached from the unit's pointer; there is no other state.

import { hostTrace } from "../core/env";
import { MemoryMap } from "../core/memory-map";
import {
  UNIT_BUSES,
  UNIT_CONTEXT_GENERATION,
  UNIT_DERIVED,
  UNIT_DERIVED_FORMAT,
  UNIT_DERIVED_MASKS,
  UNIT_DERIVED_SCALABLE,
  UNIT_EVENTS,
  UNIT_FAULT_INDEX,
  UNIT_FAULTS,
  UNIT_INTERRUPT_TABLE,
  UNIT_INTERRUPTS,
  UNIT_INTERRUPTS_BLOCKED,
  UNIT_INVALIDATIONS,
  UNIT_LAST_REASON,
  UNIT_MAP_GENERATION,
  UNIT_MISSES,
  UNIT_PASIDS_USED,
  UNIT_REGISTERS,
  UNIT_REMAPPING,
  UNIT_REMEMBERED,
  UNIT_ROOT_TABLE,
  UNIT_SCALABLE,
  UNIT_SCALARS_END,
  UNIT_STATE,
  UNIT_STRICT,
  UNIT_TABLE_ERROR,
  UNIT_TRANSLATING,
  UNIT_TRANSLATIONS,
  UNIT_UNWALKED,
  UNIT_USED,
} from "../spec/abi/iommu";

@unmanaged
export class Unit {
  /** The machine's MemoryMap. */
  map: usize;
  /** Where the RAM lies that tables were last read from: hpa + windowDelta, for windowSpan bytes from windowBase. */
  windowDelta: u32;
  windowBase: u64;
  windowSpan: u64;
  /** The region that an HPA was last found in. */
  lastBase: u64;
  lastSpan: u64;
  lastRegion: u32;
  /** The MemoryMap.generation that window and last region belong to. */
  windowGeneration: u32;

  translations: u64;
  misses: u64;
  unwalked: u64;
  faults: u64;
  interrupts: u64;
  interruptsBlocked: u64;
  invalidations: u64;
  events: u32;
  lastReason: u32;

  /** The MemoryMap.generation that cached region numbers belong to. */
  mapGeneration: u32;
  /** TES: 1 while DMA remapping is enabled. */
  translating: u32;
  /** IRES: 1 while interrupt remapping is enabled. */
  remapping: u32;
  /** The generation of valid context-cache entries, 1 to 4095. */
  contextGeneration: u32;
  /** Which fault recording register is next. */
  faultIndex: u32;
  /** 1 after a table could not be read, until the walk has reported it. */
  tableError: u32;
  /** RTADDR_REG and IRTA_REG as the last SRTP and SIRTP latched them. */
  rootTable: u64;
  interruptTable: u64;
  /** The context of every requester while translation is disabled: a Context in place. */
  identityTag: u64;
  identityInfo: u64;

  /** From CAP_REG, ECAP_REG and the host address width, see configure.ts: HAW and MGAW in bits, */
  hostAddressWidth: u32;
  guestAddressWidth: u32;
  /** SAGAW, */
  supportedWidths: u32;
  cachingMode: u32;
  passThrough: u32;
  deviceTlb: u32;
  /** 1 when the IOTLB may hold something; the paging-structure caches likewise. */
  iotlbUsed: u32;
  pagingUsed: u32;
  /** bits of a domain-id that ND leaves reserved, */
  reservedDomain: u64;
  /** bits 63:HAW. */
  reservedAddress: u64;
  /** One bit per bus whose requesters have lines in the context cache. */
  buses0: u64;
  buses1: u64;
  buses2: u64;
  buses3: u64;
  /** A SecondStage in place. */
  secondStage: u64;
  secondStage1: u64;
  secondStage2: u64;
  secondStage3: u64;
  secondStage4: u64;
  secondStage5: u64;

  /** The generation of valid scalable-mode contexts. */
  scalableGeneration: u32;
  /** Counts the uses of lines of the PASID cache. */
  pasidTurn: u32;
  /** 1 when the PASID cache may hold something. */
  pasidsUsed: u32;
  /** 1 in strict mode, see strict.ts. */
  strict: u32;

  /** A FirstStage in place. */
  firstStage: u64;
  firstStage1: u64;
  firstStage2: u64;
  firstStage3: u64;
  firstStage4: u64;
  /** Reserved bits of scalable-mode context-entries, by quadwords; the upper two are all reserved, */
  reservedContext0: u64;
  reservedContext1: u64;
  /** and of PASID-table entries: from the fourth on all bits are. */
  reservedPasid0: u64;
  reservedPasid1: u64;
  reservedPasid2: u64;
  /** TTM values that are served, one bit each; FSPM values; PGTT values. */
  tableModes: u32;
  pagingModes: u32;
  translationTypes: u32;
  /** Bits of a PASID; ERS; whether requests to execute are refused (version 8). */
  pasidWidth: u32;
  executeRequests: u32;
  executeRefused: u32;

  @inline get memory(): MemoryMap {
    return changetype<MemoryMap>(this.map);
  }

  /** Tells of an event, while somebody listens (spec/abi/trace.ts). */
  @inline trace(kind: u32, requesterId: u32, address: u64, detail: u32): void {
    const memory = this.memory;
    if (memory.traced) hostTrace(memory.mapId, kind, requesterId, <u32>address, <u32>(address >> 32), detail);
  }

  @inline get base(): usize {
    return changetype<usize>(this);
  }

  /** A register's value; `offset` is a multiple of 4 below 4096. */
  @inline register(offset: u32): u32 {
    return load<u32>(this.base + <usize>offset, UNIT_REGISTERS);
  }

  @inline setRegister(offset: u32, value: u32): void {
    store<u32>(this.base + <usize>offset, value, UNIT_REGISTERS);
  }

  @inline register64(offset: u32): u64 {
    return load<u64>(this.base + <usize>offset, UNIT_REGISTERS);
  }

  @inline setRegister64(offset: u32, value: u64): void {
    store<u64>(this.base + <usize>offset, value, UNIT_REGISTERS);
  }
}

if (offsetof<Unit>("windowDelta") != UNIT_REMEMBERED) ERROR("UNIT_REMEMBERED");
if (offsetof<Unit>("translations") != UNIT_STATE) ERROR("UNIT_STATE");
if (offsetof<Unit>("translations") != UNIT_TRANSLATIONS) ERROR("UNIT_TRANSLATIONS");
if (offsetof<Unit>("misses") != UNIT_MISSES) ERROR("UNIT_MISSES");
if (offsetof<Unit>("unwalked") != UNIT_UNWALKED) ERROR("UNIT_UNWALKED");
if (offsetof<Unit>("faults") != UNIT_FAULTS) ERROR("UNIT_FAULTS");
if (offsetof<Unit>("interrupts") != UNIT_INTERRUPTS) ERROR("UNIT_INTERRUPTS");
if (offsetof<Unit>("interruptsBlocked") != UNIT_INTERRUPTS_BLOCKED) ERROR("UNIT_INTERRUPTS_BLOCKED");
if (offsetof<Unit>("invalidations") != UNIT_INVALIDATIONS) ERROR("UNIT_INVALIDATIONS");
if (offsetof<Unit>("events") != UNIT_EVENTS) ERROR("UNIT_EVENTS");
if (offsetof<Unit>("lastReason") != UNIT_LAST_REASON) ERROR("UNIT_LAST_REASON");
if (offsetof<Unit>("mapGeneration") != UNIT_MAP_GENERATION) ERROR("UNIT_MAP_GENERATION");
if (offsetof<Unit>("translating") != UNIT_TRANSLATING) ERROR("UNIT_TRANSLATING");
if (offsetof<Unit>("remapping") != UNIT_REMAPPING) ERROR("UNIT_REMAPPING");
if (offsetof<Unit>("contextGeneration") != UNIT_CONTEXT_GENERATION) ERROR("UNIT_CONTEXT_GENERATION");
if (offsetof<Unit>("faultIndex") != UNIT_FAULT_INDEX) ERROR("UNIT_FAULT_INDEX");
if (offsetof<Unit>("tableError") != UNIT_TABLE_ERROR) ERROR("UNIT_TABLE_ERROR");
if (offsetof<Unit>("rootTable") != UNIT_ROOT_TABLE) ERROR("UNIT_ROOT_TABLE");
if (offsetof<Unit>("interruptTable") != UNIT_INTERRUPT_TABLE) ERROR("UNIT_INTERRUPT_TABLE");
if (offsetof<Unit>("identityTag") != UNIT_DERIVED) ERROR("UNIT_DERIVED");
if (offsetof<Unit>("iotlbUsed") != UNIT_USED) ERROR("UNIT_USED");
if (offsetof<Unit>("reservedDomain") != UNIT_DERIVED_MASKS) ERROR("UNIT_DERIVED_MASKS");
if (offsetof<Unit>("buses0") != UNIT_BUSES) ERROR("UNIT_BUSES");
if (offsetof<Unit>("secondStage") != UNIT_DERIVED_FORMAT) ERROR("UNIT_DERIVED_FORMAT");
if (offsetof<Unit>("scalableGeneration") != UNIT_SCALABLE) ERROR("UNIT_SCALABLE");
if (offsetof<Unit>("pasidsUsed") != UNIT_PASIDS_USED) ERROR("UNIT_PASIDS_USED");
if (offsetof<Unit>("strict") != UNIT_STRICT) ERROR("UNIT_STRICT");
if (offsetof<Unit>("firstStage") != UNIT_DERIVED_SCALABLE) ERROR("UNIT_DERIVED_SCALABLE");
if (offsetof<Unit>() != UNIT_SCALARS_END) ERROR("UNIT_SCALARS_END");
if (offsetof<Unit>() > <usize>UNIT_REGISTERS) ERROR("UNIT_REGISTERS");
