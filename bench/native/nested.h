/* Misses of a nested space as assembly/iommu/space-walk.ts and nested.ts have them: first-stage tables behind a second
   stage, both with the paging-structure caches of their levels. What the PASID table decided comes from the bench. */
#ifndef BENCH_NESTED_H
#define BENCH_NESTED_H
#include "translate.h"

#define TAG_SPACE 0x2000000000000000ull
enum { UPPER_WIDTH = 8, FS_REQUIRED = 0x25, FS_RESERVED = 0x80, FS_DIRTY = 0x40 };

typedef struct {
  Context context, second;
  u64 force, accessed;
} Space;

static Space space;
static Entry paging_512g[1 << UPPER_WIDTH];

static inline u64 tag_512g(u64 tag, u64 iova) { return ((iova >> 39) << (39 + TAG_SHIFT)) | tag; }

static COLD u64 second_page(Unit *unit, u64 gpa, u64 access) {
  if (gpa >> field(space.second.info, 9, 4)) return WALK_AGAIN;
  return walk_fast(unit, &space.second, gpa, access);
}

static inline u64 first_table(Unit *unit, u64 gpa) {
  u64 page = second_page(unit, gpa, ACCESS_READ);
  return page == WALK_AGAIN ? WALK_AGAIN : page & PAGE_ADDRESS;
}

static inline u64 first_rights(u64 entry) { return ((entry >> 2) & 1) | (entry & (entry >> 1) & 2); }

/* The guest-physical page of `iova`, or WALK_AGAIN: tables of four levels with their accessed bits set. */
static COLD u64 first_page(Unit *unit, u64 iova, u64 access) {
  const u8 *window = unit->window;
  u64 base = unit->window_base, span = unit->window_span, force = space.force, tag = space.context.tag;
  u64 required = FS_REQUIRED | (access & ACCESS_WRITE) | space.accessed;
  u64 in_table = required | (unit->reserved_address & PAGE_ADDRESS) | FS_RESERVED;
  u64 in_page = required | (access & ACCESS_WRITE ? FS_DIRTY : 0);
  u64 key_2m = tag_2m(tag, iova), table, granted, entry, at;
  Entry *line_2m = &unit->paging_2m[paging_slot(key_2m)];
  if (line_2m->tag == key_2m) {
    table = line_2m->value & PAGE_ADDRESS;
    granted = line_2m->value & BOTH;
    if (access & ~granted) return WALK_AGAIN;
  } else {
    u64 key_1g = tag_1g(tag, iova);
    Entry *line_1g = &unit->paging_1g[paging_slot(key_1g)];
    if (line_1g->tag == key_1g) {
      table = line_1g->value & PAGE_ADDRESS;
      granted = line_1g->value & BOTH;
      if (access & ~granted) return WALK_AGAIN;
    } else {
      u64 key_512g = tag_512g(tag, iova);
      Entry *line_512g = &paging_512g[(key_512g * HASH_MULTIPLIER) >> (64 - UPPER_WIDTH)];
      if (line_512g->tag == key_512g) {
        table = line_512g->value & PAGE_ADDRESS;
        granted = line_512g->value & BOTH;
        if (access & ~granted) return WALK_AGAIN;
      } else {
        table = first_table(unit, space.context.info & PAGE_ADDRESS);
        if (table == WALK_AGAIN) return WALK_AGAIN;
        granted = BOTH;
        at = table | ((iova >> 36) & INDEX_MASK);
        if (at - base >= span) return WALK_AGAIN;
        entry = load64(window + at) | force;
        granted &= first_rights(entry);
        if ((entry ^ required) & in_table) return WALK_AGAIN;
        table = first_table(unit, entry & PAGE_ADDRESS);
        if (table == WALK_AGAIN) return WALK_AGAIN;
        *line_512g = (Entry){key_512g, table | granted};
      }
      at = table | ((iova >> 27) & INDEX_MASK);
      if (at - base >= span) return WALK_AGAIN;
      entry = load64(window + at) | force;
      granted &= first_rights(entry);
      if ((entry ^ required) & in_table) return WALK_AGAIN;
      table = first_table(unit, entry & PAGE_ADDRESS);
      if (table == WALK_AGAIN) return WALK_AGAIN;
      unit->paging_used = 1;
      *line_1g = (Entry){key_1g, table | granted};
    }
    at = table | ((iova >> 18) & INDEX_MASK);
    if (at - base >= span) return WALK_AGAIN;
    entry = load64(window + at) | force;
    granted &= first_rights(entry);
    if ((entry ^ required) & in_table) return WALK_AGAIN;
    table = first_table(unit, entry & PAGE_ADDRESS);
    if (table == WALK_AGAIN) return WALK_AGAIN;
    unit->paging_used = 1;
    *line_2m = (Entry){key_2m, table | granted};
  }
  at = table | ((iova >> 9) & INDEX_MASK);
  if (at - base >= span) return WALK_AGAIN;
  entry = load64(window + at) | force;
  granted &= first_rights(entry);
  if ((entry ^ in_page) & (in_page | (unit->reserved_address & PAGE_ADDRESS))) return WALK_AGAIN;
  return (entry & PAGE_ADDRESS) | (granted & ~((~entry >> 5) & ACCESS_WRITE));
}

static COLD u64 space_miss(Unit *unit, Entry *entry, u64 tag, u64 iova, u32 access) {
  unit->misses++;
  if (in_interrupt_range(iova)) return iova;
  u32 above = 64 - (u32)field(space.context.info, 9, 4);
  if ((u64)((int64_t)(iova << above) >> above) != iova) return dma_refuse(unit, 0x80);
  u64 first = first_page(unit, iova, access);
  if (first == WALK_AGAIN) return dma_refuse(unit, 0x71);
  u64 value = second_page(unit, first & PAGE_ADDRESS, access);
  if (value == WALK_AGAIN) return dma_refuse(unit, 0x79);
  u64 page = value & PAGE_ADDRESS;
  if (in_interrupt_range(page)) return dma_refuse(unit, 0x87);
  u32 region = table_region(unit, page);
  u64 place = ((u64)region << HPA_WIDTH) | page;
  if (region != 0 && iova >> TAG_ADDRESS_WIDTH == 0) iotlb_fill(unit, entry, tag, place | (value & first & BOTH) | 0xc);
  return place | (iova & PAGE_OFFSET);
}

static inline u64 space_lookup(Unit *unit, u64 iova, u32 access) {
  u64 tag = ((iova & ~PAGE_OFFSET) << TAG_SHIFT) | space.context.tag;
  Entry *entry = iotlb_of(unit, tag);
  u64 value = entry->value;
  if (((entry->tag ^ tag) | (iova >> TAG_ADDRESS_WIDTH) | (access & ~value)) == 0) {
    return (value & ~PAGE_OFFSET) | (iova & PAGE_OFFSET);
  }
  return space_miss(unit, entry, tag, iova, access);
}

/* A space of four levels over a second stage of four: its line's number and domain, and where the tables begin. */
static void space_init(Unit *unit, u32 line, u32 domain, u64 first, u64 second) {
  space.context = (Context){TAG_VALID | TAG_SPACE | line, first | 48 << INFO_WIDTH_LO | 4};
  space.second = (Context){TAG_VALID | domain, second | 48 << INFO_WIDTH_LO | 4};
  space.force = 0;
  space.accessed = 0x20;
  memset(paging_512g, 0, sizeof paging_512g);
  table_refresh(unit);
  table_load(unit, second);
  table_find_region(unit, second);
}
#endif
