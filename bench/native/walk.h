/* The page walk as assembly/iommu/walk.ts has it: one that calls nothing, and one for whatever it meets. */
#ifndef BENCH_WALK_H
#define BENCH_WALK_H
#include "iommu.h"

static COLD u64 walk_refuse(Unit *unit, const Context *context, u64 table, u64 granted, u64 access) {
  if (unit->table_error) {
    unit->table_error = 0;
    return WALK_REFUSED | WALK_NOTHING | (table == (context->info & PAGE_ADDRESS) ? 0x3 : 0x7);
  }
  if (access & ~granted) return WALK_REFUSED | (access & ~granted & ACCESS_WRITE ? 0x5 : 0x6) | (granted ? 0 : WALK_NOTHING);
  return WALK_REFUSED | WALK_NOTHING | 0xc;
}

static COLD u64 walk_page(Unit *unit, const Context *context, u64 iova, u64 access) {
  const SecondStage *format = &unit->second_stage;
  Entry *line_2m = &unit->paging_2m[paging_slot(tag_2m(context->tag, iova))];
  u64 table, granted, entry;
  if (line_2m->tag == tag_2m(context->tag, iova)) {
    table = line_2m->value & PAGE_ADDRESS;
    granted = line_2m->value & BOTH;
    if (access & ~granted) return walk_refuse(unit, context, table, granted, access);
  } else {
    Entry *line_1g = &unit->paging_1g[paging_slot(tag_1g(context->tag, iova))];
    if (line_1g->tag == tag_1g(context->tag, iova)) {
      table = line_1g->value & PAGE_ADDRESS;
      granted = line_1g->value & BOTH;
      if (access & ~granted) return walk_refuse(unit, context, table, granted, access);
    } else {
      table = context->info & PAGE_ADDRESS;
      granted = BOTH;
      u32 levels = (u32)(context->info & INFO_LEVELS);
      if (levels > 3) {
        if (levels > 4) {
          entry = table_load(unit, table | ((iova >> 45) & INDEX_MASK));
          granted &= entry & BOTH;
          if ((access & ~granted) | (entry & format->table_reserved)) return walk_refuse(unit, context, table, granted, access);
          table = entry & PAGE_ADDRESS;
        }
        entry = table_load(unit, table | ((iova >> 36) & INDEX_MASK));
        granted &= entry & BOTH;
        if ((access & ~granted) | (entry & format->table_reserved)) return walk_refuse(unit, context, table, granted, access);
        table = entry & PAGE_ADDRESS;
      }
      entry = table_load(unit, table | ((iova >> 27) & INDEX_MASK));
      granted &= entry & BOTH;
      if (entry & format->large_1g) {
        if ((access & ~granted) | (entry & format->reserved_1g)) return walk_refuse(unit, context, table, granted, access);
        return (entry & PAGE_ADDRESS) | (iova & 0x3ffff000) | granted;
      }
      if ((access & ~granted) | (entry & format->table_reserved)) return walk_refuse(unit, context, table, granted, access);
      table = entry & PAGE_ADDRESS;
      *line_1g = (Entry){tag_1g(context->tag, iova), table | granted};
    }
    entry = table_load(unit, table | ((iova >> 18) & INDEX_MASK));
    granted &= entry & BOTH;
    if (entry & format->large_2m) {
      if ((access & ~granted) | (entry & format->reserved_2m)) return walk_refuse(unit, context, table, granted, access);
      return (entry & PAGE_ADDRESS) | (iova & 0x1ff000) | granted;
    }
    if ((access & ~granted) | (entry & format->table_reserved)) return walk_refuse(unit, context, table, granted, access);
    table = entry & PAGE_ADDRESS;
    *line_2m = (Entry){tag_2m(context->tag, iova), table | granted};
  }
  entry = table_load(unit, table | ((iova >> 9) & INDEX_MASK));
  granted &= entry & BOTH;
  if ((access & ~granted) | (entry & format->reserved_4k)) return walk_refuse(unit, context, table, granted, access);
  return (entry & PAGE_ADDRESS) | granted;
}

/* A walk through tables in the window that meets nothing wrong; else WALK_AGAIN. */
static inline u64 walk_fast(Unit *unit, const Context *context, u64 iova, u64 access) {
  const SecondStage *format = &unit->second_stage;
  const u8 *window = unit->window;
  u64 base = unit->window_base, span = unit->window_span, in_table = access | format->table_reserved;
  u64 key_2m = tag_2m(context->tag, iova), table, granted, entry, at;
  Entry *line_2m = &unit->paging_2m[paging_slot(key_2m)];
  if (line_2m->tag == key_2m) {
    table = line_2m->value & PAGE_ADDRESS;
    granted = line_2m->value & BOTH;
    if (access & ~granted) return WALK_AGAIN;
  } else {
    u64 key_1g = tag_1g(context->tag, iova);
    Entry *line_1g = &unit->paging_1g[paging_slot(key_1g)];
    if (line_1g->tag == key_1g) {
      table = line_1g->value & PAGE_ADDRESS;
      granted = line_1g->value & BOTH;
      if (access & ~granted) return WALK_AGAIN;
    } else {
      table = context->info & PAGE_ADDRESS;
      granted = BOTH;
      for (u32 level = (u32)(context->info & INFO_LEVELS); level > 3; level--) {
        at = table | ((iova >> (level > 4 ? 45 : 36)) & INDEX_MASK);
        if (at - base >= span) return WALK_AGAIN;
        entry = load64(window + at);
        granted &= entry;
        if ((entry ^ access) & in_table) return WALK_AGAIN;
        table = entry & PAGE_ADDRESS;
      }
      at = table | ((iova >> 27) & INDEX_MASK);
      if (at - base >= span) return WALK_AGAIN;
      entry = load64(window + at);
      granted &= entry;
      if ((entry ^ access) & in_table) {
        if (!(entry & format->large_1g) || (entry ^ access) & (access | format->reserved_1g)) return WALK_AGAIN;
        return (entry & PAGE_ADDRESS) | (iova & 0x3ffff000) | granted;
      }
      table = entry & PAGE_ADDRESS;
      unit->paging_used = 1;
      *line_1g = (Entry){key_1g, table | granted};
    }
    at = table | ((iova >> 18) & INDEX_MASK);
    if (at - base >= span) return WALK_AGAIN;
    entry = load64(window + at);
    granted &= entry;
    if ((entry ^ access) & in_table) {
      if (!(entry & format->large_2m) || (entry ^ access) & (access | format->reserved_2m)) return WALK_AGAIN;
      return (entry & PAGE_ADDRESS) | (iova & 0x1ff000) | granted;
    }
    table = entry & PAGE_ADDRESS;
    unit->paging_used = 1;
    *line_2m = (Entry){key_2m, table | granted};
  }
  at = table | ((iova >> 9) & INDEX_MASK);
  if (at - base >= span) return WALK_AGAIN;
  entry = load64(window + at);
  granted &= entry;
  if ((entry ^ access) & (access | format->reserved_4k)) return WALK_AGAIN;
  return (entry & PAGE_ADDRESS) | granted;
}
#endif
