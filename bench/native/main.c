/* The C partner of the bench. Commands come on stdin, one a line; each answers with one line on stdout.
   Timed commands answer nanoseconds per operation; `digest` and `delivered` let the caller compare results. */
#include <time.h>
#include "frames.h"
#include "nested.h"
#include "remap.h"

static MemoryMap map; /* map.generation survives a reset */
static Unit unit;
static u64 *list, *out;
static u32 count, requester;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static u8 *read_file(const char *name, size_t size, size_t room) {
  size_t bytes = (room + 65535) & ~(size_t)65535;
  u8 *target = aligned_alloc(65536, bytes);
  FILE *file = fopen(name, "rb");
  if (target == NULL || file == NULL || fread(target, 1, size, file) != size) {
    perror(name);
    exit(1);
  }
  fclose(file);
  return target;
}

/* Order counts: a digest of 32-bit words, as bench/digest.ts makes it. */
static u32 digest(u32 seed, const u64 *words, u32 length) {
  for (u32 index = 0; index < length; index++) {
    seed = (seed ^ (u32)words[index]) * 0x01000193u;
    seed ^= seed >> 15;
    seed = (seed ^ (u32)(words[index] >> 32)) * 0x01000193u;
    seed ^= seed >> 15;
  }
  return seed;
}

static COLD u32 batch(u32 id, u32 access, const u64 *from, u64 *to, u32 length) {
  Context *context = dma_open(&unit, id);
  u32 done = 0;
  if (context == NULL) {
    for (u32 index = 0; index < length; index++) to[index] = FAULT;
    return 0;
  }
  unit.translations += length;
  for (u32 index = 0; index < length; index++) {
    u64 result = dma_lookup(&unit, context, from[index], access);
    to[index] = result;
    done += (result & FAULT) == 0;
  }
  return done;
}

/* One translation for one call, as iommuTranslate answers it. */
static COLD double single(u32 id, u64 iova, u32 access) {
  if (in_interrupt_range(iova)) return (double)iova;
  Context *context = dma_open(&unit, id);
  if (context == NULL) return -(double)unit.last_reason;
  u64 result = dma_translate(&unit, context, iova, access);
  return result & FAULT ? -(double)unit.last_reason : (double)(result & HPA_MASK);
}

static double time_batches(u32 passes) {
  double start = now();
  for (u32 pass = 0; pass < passes; pass++) {
    for (u32 at = 0; at < count; at += 256) batch(requester, ACCESS_READ, list + at, out, 256);
  }
  return (now() - start) / ((double)passes * count);
}

static COLD u32 nested_batch(u32 access, const u64 *from, u64 *to, u32 length) {
  u32 done = 0;
  unit.translations += length;
  for (u32 index = 0; index < length; index++) {
    u64 result = space_lookup(&unit, from[index], access);
    to[index] = result;
    done += (result & FAULT) == 0;
  }
  return done;
}

static double time_nested(u32 passes) {
  double start = now();
  for (u32 pass = 0; pass < passes; pass++) {
    for (u32 at = 0; at < count; at += 256) nested_batch(ACCESS_READ, list + at, out, 256);
  }
  return (now() - start) / ((double)passes * count);
}

static u32 *requests, request_count;

static double time_remaps(u32 passes) {
  volatile u32 sink = 0;
  u32 sum = 0, remapped[REMAP_WORDS];
  double start = now();
  for (u32 pass = 0; pass < passes; pass++) {
    for (const u32 *request = requests; request < requests + request_count * 3; request += 3) {
      sum += remap_request(&unit, request[0], request[1], request[2], remapped);
    }
  }
  sink = sum + remapped[1];
  (void)sink;
  return (now() - start) / ((double)passes * request_count);
}

static u32 digest_remaps(void) {
  u32 sum = 0x811c9dc5u, remapped[REMAP_WORDS] = {0};
  for (const u32 *request = requests; request < requests + request_count * 3; request += 3) {
    remap_request(&unit, request[0], request[1], request[2], remapped);
    sum = digest32(sum, (const u8 *)remapped, sizeof remapped);
  }
  return sum;
}

static double time_singles(u32 passes) {
  volatile double sink = 0;
  double start = now(), sum = 0;
  for (u32 pass = 0; pass < passes; pass++) {
    for (u32 at = 0; at < count; at++) sum += single(requester, list[at], ACCESS_READ);
  }
  sink = sum;
  (void)sink;
  return (now() - start) / ((double)passes * count);
}

static u32 digest_all(void) {
  u32 sum = 0x811c9dc5u;
  for (u32 at = 0; at < count; at += 256) {
    u32 length = count - at < 256 ? count - at : 256;
    batch(requester, ACCESS_READ, list + at, out, length);
    sum = digest(sum, out, length);
  }
  return sum;
}

int main(void) {
  char line[1024], name[512];
  unsigned long long a, b, c, d, e;
  u32 r[9];
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (strcmp(line, "reset\n") == 0) {
      for (u32 index = 1; index <= map.count; index++) {
        const Region *region = &map.regions[index];
        if (region->kind == REGION_KIND_RAM) free(region_pointer(region, region->base));
      }
      map.count = 0;
      puts("ok");
    } else if (sscanf(line, "ram %llx %llx %511s", &a, &b, name) == 3) {
      map_add(&map, a, b, REGION_KIND_RAM, read_file(name, b, b));
      puts("ok");
    } else if (sscanf(line, "external %llx %llx", &a, &b) == 2) {
      map_add(&map, a, b, REGION_KIND_EXTERNAL, NULL);
      puts("ok");
    } else if (sscanf(line, "unit %llx %llx %llx %llx %llx", &a, &b, &c, &d, &e) == 5) {
      unit_init(&unit, &map, (u32)a, b, c, d, e);
      puts("ok");
    } else if (sscanf(line, "list %llx %llx %511s", &a, &b, name) == 3) {
      free(list);
      free(out);
      requester = (u32)a;
      count = (u32)b;
      list = (u64 *)read_file(name, count * 8, count * 8);
      out = aligned_alloc(64, 256 * 8);
      puts("ok");
    } else if (strcmp(line, "flush\n") == 0) {
      unit_flush(&unit);
      puts("ok");
    } else if (sscanf(line, "space %x %x %llx %llx", &r[0], &r[1], &a, &b) == 4) {
      space_init(&unit, r[0], r[1], a, b);
      puts("ok");
    } else if (sscanf(line, "nested %llx", &a) == 1) printf("%.4f\n", time_nested((u32)a));
    else if (strcmp(line, "digest-nested\n") == 0) {
      nested_batch(ACCESS_READ, list, out, 256);
      printf("%u\n", digest(0x811c9dc5u, out, 256));
    } else if (sscanf(line, "batch %llx", &a) == 1) printf("%.4f\n", time_batches((u32)a));
    else if (sscanf(line, "single %llx", &a) == 1) printf("%.4f\n", time_singles((u32)a));
    else if (sscanf(line, "requests %llx %511s", &a, name) == 2) {
      free(requests);
      request_count = (u32)a;
      requests = (u32 *)read_file(name, a * 12, a * 12);
      puts("ok");
    } else if (sscanf(line, "remap %llx", &a) == 1) printf("%.4f\n", time_remaps((u32)a));
    else if (strcmp(line, "remapped\n") == 0) printf("%u\n", digest_remaps());
    else if (sscanf(line, "port %llx %x %x %x %x %x %x %x %x %x", &a, &r[0], &r[1], &r[2], &r[3], &r[4], &r[5], &r[6], &r[7],
                    &r[8]) == 10) {
      port_setup((u32)a, &unit, r);
      puts("ok");
    } else if (sscanf(line, "queue %x %x %x %x %x %x", &r[0], &r[1], &r[2], &r[3], &r[4], &r[5]) == 6) {
      queue_setup(r[0], r[1], r[2], r[3], r[4], r[5]);
      puts("ok");
    } else if (sscanf(line, "frames %x %x %x", &r[0], &r[1], &r[2]) == 3) {
      double time = 0;
      for (u32 pass = 0; pass < r[2]; pass++) {
        time += turn(&map, r[0], r[1], now);
        next_turn(r[0]);
      }
      printf("%.4f\n", time / ((double)r[2] * r[0] * POSTED));
    } else if (sscanf(line, "deliver %x %x", &r[0], &r[1]) == 2) {
      turn(&map, r[0], r[1], now);
      printf("%u", delivered(&map, r[0], r[1]));
      for (u32 number = 0; number < PORTS; number++) {
        const Port *port = &ports[number];
        printf(" %u %u %u", port->delivered, (u32)port->rx_octets, port->pools[0].loop_tx_octets);
      }
      puts("");
      next_turn(r[0]);
    } else if (strcmp(line, "digest\n") == 0) printf("%u\n", digest_all());
    else puts("unknown");
    fflush(stdout);
  }
  return 0;
}
