/* DMA remapping as assembly/iommu does it in legacy mode: the same caches, tags, hash, checks and counters:
   units, tables and contexts here, walk.h and translate.h for the rest.
   A fault is counted and its reason kept; the fault recording registers are left out, no case faults. */
#ifndef BENCH_IOMMU_H
#define BENCH_IOMMU_H
#include "memory.h"

#define FAULT 0x8000000000000000ull
#define TAG_VALID 0x8000000000000000ull
#define TAG_IDENTITY 0x4000000000000000ull
#define PAGE_ADDRESS 0x000ffffffffff000ull
#define PAGE_OFFSET 0xfffull
#define HPA_MASK 0x000fffffffffffffull
#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ull
#define WALK_REFUSED 0x8000000000000000ull
#define WALK_NOTHING 0x4000000000000000ull
#define INDEX_MASK 0xff8ull

enum { ACCESS_READ = 1, ACCESS_WRITE = 2, BOTH = 3 };
enum { TAG_SHIFT = 4, TAG_ADDRESS_WIDTH = 57, IOTLB_WIDTH = 13, PAGING_WIDTH = 10 };
#define WALK_AGAIN 0xffffffffffffffffull
enum { INFO_LEVELS = 7, INFO_REFUSED = 7, INFO_FPD = 8, INFO_REASON_LO = 4, INFO_WIDTH_LO = 4, INFO_CAREFUL = 0x400 };
enum { INFO_GENERATION_LO = 52 };
enum { HPA_WIDTH = 52, REGION_MASK = 0x7ff };

typedef struct { u64 tag, info; } Context;
typedef struct { u64 tag, value; } Entry;
typedef struct { u64 table_reserved, reserved_4k, reserved_2m, reserved_1g, large_2m, large_1g; } SecondStage;

typedef struct {
  MemoryMap *map;
  u8 *window;
  u64 window_base, window_span;
  u32 window_generation;
  u64 last_base, last_span;
  u32 last_region, iotlb_used, paging_used;
  u64 translations, misses, unwalked, faults, interrupts, interrupts_blocked;
  u32 last_reason, map_generation, translating, remapping, context_generation, table_error;
  u64 root_table, interrupt_table;
  Context identity;
  u32 host_width, guest_width, supported_widths, caching_mode, pass_through, device_tlb, posted;
  u64 reserved_domain, reserved_address;
  SecondStage second_stage;
  Entry interrupt_keys[512];
  u64 interrupt_uppers[512];
  Entry paging_1g[1 << PAGING_WIDTH], paging_2m[1 << PAGING_WIDTH];
  Entry iotlb[1 << IOTLB_WIDTH];
  Context contexts[65536];
} Unit;

static inline bool in_interrupt_range(u64 address) { return address - 0xfee00000ull <= 0xfffffull; }

static COLD u64 table_load_elsewhere(Unit *unit, u64 hpa) {
  u32 index = map_find(unit->map, hpa);
  const Region *region = &unit->map->regions[index];
  if (index != 0 && region->kind == REGION_KIND_RAM) {
    unit->window = region->delta;
    unit->window_base = region->base;
    unit->window_span = region->limit - region->base + 1;
    return load64(region_pointer(region, hpa));
  }
  unit->table_error = 1;
  return ~0ull;
}

static inline u64 table_load(Unit *unit, u64 hpa) {
  if (hpa - unit->window_base < unit->window_span) return load64(unit->window + hpa);
  return table_load_elsewhere(unit, hpa);
}

static inline void table_refresh(Unit *unit) {
  if (unit->window_generation != unit->map->generation) {
    unit->window_generation = unit->map->generation;
    unit->window_span = 0;
    unit->last_span = 0;
  }
}

/* The region at `hpa`, remembering the last one. */
static COLD u32 table_find_region(Unit *unit, u64 hpa) {
  u32 index = map_find(unit->map, hpa);
  if (index != 0) {
    const Region *region = &unit->map->regions[index];
    unit->last_region = index;
    unit->last_base = region->base;
    unit->last_span = region->limit - region->base + 1;
  }
  return index;
}

static inline u32 table_region(Unit *unit, u64 hpa) {
  return hpa - unit->last_base < unit->last_span ? unit->last_region : table_find_region(unit, hpa);
}

static inline Entry *iotlb_of(Unit *unit, u64 tag) { return &unit->iotlb[(tag * HASH_MULTIPLIER) >> (64 - IOTLB_WIDTH)]; }
static inline u64 paging_slot(u64 tag) { return (tag * HASH_MULTIPLIER) >> (64 - PAGING_WIDTH); }
static inline u64 tag_1g(u64 tag, u64 iova) { return ((iova >> 30) << (30 + TAG_SHIFT)) | tag; }
static inline u64 tag_2m(u64 tag, u64 iova) { return ((iova >> 21) << (21 + TAG_SHIFT)) | tag; }

static void unit_flush(Unit *unit) {
  unit->context_generation = (unit->context_generation + 1) % 4096;
  if (unit->context_generation == 0) {
    unit->context_generation = 1;
    memset(unit->contexts, 0, sizeof unit->contexts);
  }
  memset(unit->iotlb, 0, sizeof unit->iotlb);
  memset(unit->paging_1g, 0, sizeof unit->paging_1g);
  memset(unit->paging_2m, 0, sizeof unit->paging_2m);
}

static u64 field(u64 word, u32 hi, u32 lo) { return (word >> lo) & (~0ull >> (63 - hi + lo)); }

/* `cap` and `ecap` are CAP_REG and ECAP_REG; `root_table` and `interrupt_table` what RTADDR_REG and IRTA_REG hold. */
static void unit_init(Unit *unit, MemoryMap *map, u32 width, u64 cap, u64 ecap, u64 root_table, u64 interrupt_table) {
  memset(unit, 0, sizeof *unit);
  unit->map = map;
  unit->context_generation = 1;
  unit->identity.tag = TAG_VALID | TAG_IDENTITY;
  unit->host_width = width;
  unit->guest_width = (u32)field(cap, 21, 16) + 1;
  unit->supported_widths = (u32)field(cap, 12, 8);
  unit->caching_mode = (u32)field(cap, 7, 7);
  unit->posted = (u32)field(cap, 59, 59);
  unit->pass_through = (u32)field(ecap, 6, 6);
  unit->device_tlb = (u32)field(ecap, 2, 2);
  u32 domain = 4 + 2 * (u32)field(cap, 2, 0);
  unit->reserved_domain = domain < 16 ? (0xffffull >> domain) << domain : 0;
  unit->reserved_address = ~0ull << width;
  u64 always = (unit->reserved_address & PAGE_ADDRESS) | 1ull << 62, snoop = 1ull << 11;
  u64 leaf = field(ecap, 7, 7) ? always : always | snoop;
  unit->second_stage = (SecondStage){always | snoop | 0x80, leaf, leaf | 0x1ff000, leaf | 0x3ffff000,
                                     field(cap, 34, 34) ? 0x80 : 0, field(cap, 35, 35) ? 0x80 : 0};
  unit->root_table = root_table;
  unit->interrupt_table = interrupt_table;
  unit->translating = unit->remapping = 1;
}

static COLD u64 dma_refuse(Unit *unit, u32 reason) {
  unit->faults++;
  unit->last_reason = reason;
  return FAULT;
}

static inline bool context_valid(const Unit *unit, const Context *line) {
  return (u32)(line->info >> INFO_GENERATION_LO) == unit->context_generation;
}

/* Root-entry and context-entry; the reason of a refusal, or 0. */
static u32 context_decide(Unit *unit, u32 requester, Context *line) {
  *line = (Context){TAG_VALID, 0};
  if (unit->root_table & 0xc80) return 0x30;
  u64 at = (unit->root_table & PAGE_ADDRESS) + (requester >> 8) * 16;
  u64 root = table_load(unit, at), root_upper = table_load(unit, at + 8);
  if (unit->table_error) { unit->table_error = 0; return 0x8; }
  if (!(root & 1)) return 0x1;
  if ((root & (0xffe | unit->reserved_address)) | root_upper) return 0xa;
  at = (root & PAGE_ADDRESS) + (requester & 0xff) * 16;
  u64 entry = table_load(unit, at), upper = table_load(unit, at + 8);
  if (unit->table_error) { unit->table_error = 0; return 0x9; }
  if (!(entry & 1)) return 0x2;
  u32 type = (u32)field(entry, 3, 2), width = (u32)field(upper, 2, 0);
  u64 domain = field(upper, 23, 8), reserved = entry & 0xff0;
  if (type != 2) reserved |= entry & unit->reserved_address;
  reserved |= (upper & ~0xffffffull) | (upper & 0x80) | (domain & unit->reserved_domain);
  if (reserved) return 0xb;
  if (type > 2 || (type == 2 && !unit->pass_through) || (type == 1 && !unit->device_tlb)) return 0x3;
  if (width < 1 || width > 3 || !((unit->supported_widths >> width) & 1)) return 0x3;
  u64 info = (u64)unit->context_generation << INFO_GENERATION_LO | (entry & 2 ? INFO_FPD : 0);
  if (type == 2) *line = (Context){TAG_VALID | TAG_IDENTITY | domain, info};
  else {
    u64 bits = 30 + 9 * width < unit->guest_width ? 30 + 9 * width : unit->guest_width;
    u64 how = bits << INFO_WIDTH_LO | (unit->caching_mode ? INFO_CAREFUL : 0) | (width + 2);
    *line = (Context){TAG_VALID | domain, info | (entry & PAGE_ADDRESS) | how};
  }
  return 0;
}

static COLD Context *context_fill(Unit *unit, u32 requester) {
  table_refresh(unit);
  Context *line = &unit->contexts[requester & 0xffff];
  u32 reason = context_decide(unit, requester, line);
  if (reason == 0) return line;
  line->info = 0;
  dma_refuse(unit, reason);
  return NULL;
}

static COLD void map_changed(Unit *unit) {
  table_refresh(unit);
  if (unit->map_generation == unit->map->generation) return;
  unit->map_generation = unit->map->generation;
  memset(unit->iotlb, 0, sizeof unit->iotlb);
}

static inline Context *dma_open(Unit *unit, u32 requester) {
  u32 generation = unit->map->generation;
  if (unit->map_generation != generation || unit->window_generation != generation) map_changed(unit);
  if (!unit->translating) return &unit->identity;
  Context *line = &unit->contexts[requester & 0xffff];
  if (context_valid(unit, line) && (line->info & INFO_LEVELS) != INFO_REFUSED) return line;
  return context_fill(unit, requester);
}
#endif
