/* Interrupt remapping as assembly/interrupt does it: decode, index, entry cache, source validation, reserved bits. */
#ifndef BENCH_REMAP_H
#define BENCH_REMAP_H
#include "translate.h"

enum { REMAP_BLOCKED, REMAP_DELIVER, REMAP_UNCHANGED };
enum { INTERRUPT_LINES = 512, REMAP_WORDS = 7 };
#define LINE_VALID 0x10000ull

static COLD u32 remap_block(Unit *unit, u32 reason) {
  unit->interrupts_blocked++;
  unit->last_reason = reason;
  return REMAP_BLOCKED;
}

static COLD bool remap_allows(u64 high, u32 requester) {
  u32 type = (u32)field(high, 19, 18), sid = (u32)field(high, 15, 0);
  if (type == 1) {
    u32 ignored = 7u & ~(7u >> field(high, 17, 16));
    return ((sid ^ requester) & ~ignored) == 0;
  }
  if (type == 2) {
    u32 bus = (requester >> 8) & 0xff;
    return bus >= sid >> 8 && bus <= (sid & 0xff);
  }
  return true;
}

static COLD u64 remap_invalid(u64 low, u64 high, bool extended) {
  u64 wrong = (low & 0xff00f000ull) | (high & ~0xfffffull);
  if (!extended) wrong |= low & 0xffff00ff00000000ull;
  u32 mode = (u32)field(low, 7, 5);
  if (field(high, 19, 18) == 3 || mode == 3 || mode == 6) wrong |= 1;
  return wrong;
}

static COLD u32 remap_entry(Unit *unit, u32 requester, u64 low, u64 high, bool extended, u32 *out) {
  if (!(low & 1)) return remap_block(unit, 0x22);
  if (!remap_allows(high, requester)) return remap_block(unit, 0x26);
  if (remap_invalid(low, high, extended)) return remap_block(unit, 0x24);
  out[0] = (u32)(extended ? field(low, 63, 32) : field(low, 47, 40));
  out[1] = (u32)field(low, 23, 16);
  out[2] = (u32)field(low, 7, 5);
  out[3] = (u32)field(low, 4, 4);
  out[4] = (u32)field(low, 2, 2);
  out[5] = (u32)field(low, 3, 3);
  out[6] = extended;
  return REMAP_DELIVER;
}

static COLD u32 remap_fetch(Unit *unit, u32 requester, u32 index, bool extended, u32 *out) {
  u64 hpa = (unit->interrupt_table & ~PAGE_OFFSET) + (u64)index * 16;
  if (hpa & unit->reserved_address) return remap_block(unit, 0x21);
  table_refresh(unit);
  u64 low = table_load(unit, hpa), high = table_load(unit, hpa + 8);
  if (unit->table_error) {
    unit->table_error = 0;
    return remap_block(unit, 0x23);
  }
  if ((!remap_invalid(low, high, extended) && low & 1) || unit->caching_mode) {
    u32 line = index % INTERRUPT_LINES;
    unit->interrupt_keys[line] = (Entry){LINE_VALID | index, low};
    unit->interrupt_uppers[line] = high;
  }
  return remap_entry(unit, requester, low, high, extended, out);
}

/* `out` gets destination, vector, delivery mode, trigger mode, destination mode, redirection hint,
   wide destination. */
static COLD u32 remap_request(Unit *unit, u32 requester, u32 address, u32 data, u32 *out) {
  unit->interrupts++;
  if (!unit->remapping) return REMAP_UNCHANGED;
  bool extended = (unit->interrupt_table >> 11) & 1;
  if (!(address & 0x10)) return remap_block(unit, 0x25);
  u32 index = (u32)field(address, 19, 5) | ((address >> 2) & 1) << 15;
  if (address & 8) {
    if (data >> 16) return remap_block(unit, 0x20);
    index += data & 0xffff;
  }
  if (index >= 2u << (unit->interrupt_table & 15)) return remap_block(unit, 0x21);
  u32 line = index % INTERRUPT_LINES;
  if (unit->interrupt_keys[line].tag == (LINE_VALID | index)) {
    return remap_entry(unit, requester, unit->interrupt_keys[line].value, unit->interrupt_uppers[line], extended, out);
  }
  return remap_fetch(unit, requester, index, extended, out);
}
#endif
