/* The physical address map as assembly/core/memory-map.ts has it: regions, and which one answers. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define COLD __attribute__((noinline))

enum { REGION_KIND_NONE, REGION_KIND_RAM, REGION_KIND_EXTERNAL, REGION_KIND_MMIO };
enum { MAP_MAX_REGIONS = 2048 };

typedef struct {
  u64 base, limit;
  u8 *delta; /* the byte of an HPA is delta + HPA */
  u32 kind, reserved;
} Region;

typedef struct {
  u32 count, generation;
  Region regions[MAP_MAX_REGIONS];
  u16 order[MAP_MAX_REGIONS];
} MemoryMap;

static inline u64 load64(const u8 *at) { u64 value; memcpy(&value, at, 8); return value; }
static inline u32 load32(const u8 *at) { u32 value; memcpy(&value, at, 4); return value; }
static inline u16 load16(const u8 *at) { u16 value; memcpy(&value, at, 2); return value; }
static inline void store64(u8 *at, u64 value) { memcpy(at, &value, 8); }
static inline void store32(u8 *at, u32 value) { memcpy(at, &value, 4); }

static inline u8 *region_pointer(const Region *region, u64 hpa) { return region->delta + hpa; }

static COLD u32 map_find(const MemoryMap *map, u64 hpa) {
  u32 low = 0, high = map->count;
  while (low < high) {
    u32 middle = (low + high) >> 1, index = map->order[middle];
    const Region *region = &map->regions[index];
    if (hpa > region->limit) low = middle + 1;
    else if (hpa < region->base) high = middle;
    else return index;
  }
  return 0;
}

/* Regions are added by ascending base. */
static u32 map_add(MemoryMap *map, u64 base, u64 size, u32 kind, u8 *bytes) {
  u32 index = map->count + 1;
  map->regions[index] = (Region){base, base + size - 1, bytes - base, kind, 0};
  map->order[map->count++] = (u16)index;
  map->generation++;
  return index;
}
#endif
