/* Translations as assembly/iommu/translate.ts does them. */
#ifndef BENCH_TRANSLATE_H
#define BENCH_TRANSLATE_H
#include "walk.h"

static inline void iotlb_fill(Unit *unit, Entry *entry, u64 tag, u64 value) {
  unit->iotlb_used = 1;
  *entry = (Entry){tag, value};
}

/* Whatever the request meets. */
static COLD u64 dma_miss_elsewhere(Unit *unit, Context *context, Entry *entry, u64 tag, u64 iova, u32 access) {
  unit->unwalked++;
  if (in_interrupt_range(iova)) return iova;
  u64 value = (iova & PAGE_ADDRESS) | BOTH;
  if (!(context->tag & TAG_IDENTITY)) {
    if (iova >> field(context->info, 9, 4)) return dma_refuse(unit, 0x4);
    if (unit->caching_mode && entry->tag == tag && field(entry->value, 3, 2) == access) {
      return dma_refuse(unit, (u32)field(entry->value, 11, 4));
    }
    unit->unwalked--;
    value = walk_page(unit, context, iova, access);
    if (value & WALK_REFUSED) {
      if (unit->caching_mode && value & WALK_NOTHING) {
        iotlb_fill(unit, entry, tag, (value & 0xff) << INFO_REASON_LO | (u64)access << 2);
      }
      return dma_refuse(unit, (u32)value & 0xff);
    }
    if (in_interrupt_range(value & PAGE_ADDRESS)) return dma_refuse(unit, 0xe);
  } else if (context == &unit->identity) {
    if (iova >> HPA_WIDTH) return iova & HPA_MASK;
  } else if (iova >> unit->host_width) return dma_refuse(unit, 0x4);
  u32 region = table_region(unit, value & PAGE_ADDRESS);
  u64 place = ((u64)region << HPA_WIDTH) | (value & PAGE_ADDRESS);
  if (region != 0) iotlb_fill(unit, entry, tag, place | (value & BOTH));
  return place | (iova & PAGE_OFFSET);
}

/* The common case without a call: tables and page in RAM that was met before. */
static COLD u64 dma_miss(Unit *unit, Context *context, Entry *entry, u64 tag, u64 iova, u32 access) {
  unit->misses++;
  u64 info = context->info, careful = (tag & TAG_IDENTITY) | (info & INFO_CAREFUL) | (iova >> field(info, 9, 4));
  if (careful == 0 && !in_interrupt_range(iova)) {
    u64 value = walk_fast(unit, context, iova, access), page = value & PAGE_ADDRESS;
    if (value != WALK_AGAIN && page - unit->last_base < unit->last_span && !in_interrupt_range(page)) {
      u64 place = ((u64)unit->last_region << HPA_WIDTH) | page;
      iotlb_fill(unit, entry, tag, place | (value & BOTH));
      return place | (iova & PAGE_OFFSET);
    }
  }
  return dma_miss_elsewhere(unit, context, entry, tag, iova, access);
}

/* For a caller that adds to `translations` itself. */
static inline u64 dma_lookup(Unit *unit, Context *context, u64 iova, u32 access) {
  u64 tag = ((iova & ~PAGE_OFFSET) << TAG_SHIFT) | context->tag;
  Entry *entry = iotlb_of(unit, tag);
  u64 value = entry->value;
  if (((entry->tag ^ tag) | (iova >> TAG_ADDRESS_WIDTH) | (access & ~value)) == 0) {
    return (value & ~PAGE_OFFSET) | (iova & PAGE_OFFSET);
  }
  return dma_miss(unit, context, entry, tag, iova, access);
}

static inline u64 dma_translate(Unit *unit, Context *context, u64 iova, u32 access) {
  unit->translations++;
  return dma_lookup(unit, context, iova, access);
}

static inline const Region *region_of(const Unit *unit, u64 result) {
  return &unit->map->regions[(result >> HPA_WIDTH) & REGION_MASK];
}
#endif
