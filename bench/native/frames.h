/* What the guests' drivers do, as bench/scene/frames.ts does it: post descriptors, ring doorbells, look at what came. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H
#include "port.h"

enum { RING = 64, POSTED = 32, BUFFER = 2048, TX_RING = 0, RX_RING = 4096, TX_BUFFERS = 8192, SEQUENCE = 16 };
enum { RX_BUFFERS = TX_BUFFERS + RING * BUFFER, GUEST_BASE = 4 << 20, GUEST_STRIDE = RX_BUFFERS + RING * BUFFER + 4096 };
enum { VFS_PER_PORT = 8, PORTS = 4, VFS = VFS_PER_PORT * PORTS };

static Port ports[PORTS];
static u32 first[VFS];

static u64 mac_of(u32 vf) { return 0x504d3c2b1a02ull + ((u64)vf << 40); }

static u8 *guest(const MemoryMap *map, u32 vf) {
  return region_pointer(&map->regions[1], GUEST_BASE + (u64)vf * GUEST_STRIDE);
}

/* Register values as the product's port has them. */
static void port_setup(u32 number, Unit *unit, const u32 *registers) {
  Port *port = &ports[number];
  memset(port, 0, sizeof *port);
  port->unit = unit;
  port->map = unit->map;
  port->queues = VFS_PER_PORT;
  port->rctl = registers[0];
  port->tctl = registers[1];
  port->vet = registers[2];
  port->txswc = registers[3];
  port->vfre = registers[4];
  port->vfte = registers[5];
  port->plain = registers[6];
  port->direct = registers[7];
  port->is_virtual = registers[8];
  for (u32 pool = 0; pool < POOLS; pool++) port_add_mac(port, mac_of(number * VFS_PER_PORT + pool), 1u << pool);
  memset(first, 0, sizeof first);
}

static void queue_setup(u32 number, u32 pool, u32 requester, u32 tx_control, u32 rx_control, u32 srrctl) {
  Port *port = &ports[number];
  port->tx[pool] = (Queue){TX_RING, RING * DESCRIPTOR, 0, 0, tx_control, QUEUE_FLAG_DMA, requester, 0, 0, {0}};
  port->rx[pool] = (Queue){RX_RING, RING * DESCRIPTOR, 0, 0, rx_control, QUEUE_FLAG_DMA, requester, srrctl, 0, {0}};
}

static void post(const MemoryMap *map, u32 vf, u32 peer, u32 length) {
  u8 *base = guest(map, vf);
  u64 mac = mac_of(peer);
  for (u32 number = 0; number < POSTED; number++) {
    u32 index = (first[vf] + number) & (RING - 1);
    u8 *rx = base + RX_RING + index * DESCRIPTOR, *tx = base + TX_RING + index * DESCRIPTOR;
    u8 *frame = base + TX_BUFFERS + index * BUFFER;
    store64(rx, RX_BUFFERS + index * BUFFER);
    store64(rx + 8, 0);
    store64(tx, TX_BUFFERS + index * BUFFER);
    store64(tx + 8, (u64)(length << 14) << 32 | (0x2b300000u | length));
    store64(frame, (load64(frame) & ~MAC) | mac);
    store32(frame + SEQUENCE, vf << 16 | number);
  }
}

/* One turn of `vfs` VFs: everything that was posted moves. Returns how long that took. */
static double turn(const MemoryMap *map, u32 vfs, u32 length, double (*now)(void)) {
  u32 group = vfs < VFS_PER_PORT ? vfs : VFS_PER_PORT;
  for (u32 vf = 0; vf < vfs; vf++) {
    Port *port = &ports[vf / VFS_PER_PORT];
    post(map, vf, vf - vf % group + (vf + 1) % group, length);
    port->rx[vf % VFS_PER_PORT].tail = (first[vf] + POSTED) & (RING - 1);
  }
  double start = now();
  for (u32 vf = 0; vf < vfs; vf++) {
    Port *port = &ports[vf / VFS_PER_PORT];
    port->tx[vf % VFS_PER_PORT].tail = (first[vf] + POSTED) & (RING - 1);
    port->pending |= 1u << (vf % VFS_PER_PORT);
  }
  u32 moved = 0;
  for (u32 number = 0; number < PORTS; number++) moved += port_service(&ports[number], vfs * POSTED);
  double time = now() - start;
  return moved == vfs * POSTED ? time : -1e18;
}

static void next_turn(u32 vfs) {
  for (u32 vf = 0; vf < vfs; vf++) first[vf] = (first[vf] + POSTED) & (RING - 1);
}

static u32 digest32(u32 seed, const u8 *bytes, u32 length) {
  for (u32 at = 0; at < length; at += 4) {
    seed = (seed ^ load32(bytes + at)) * 0x01000193u;
    seed ^= seed >> 15;
  }
  return seed;
}

static u32 delivered(const MemoryMap *map, u32 vfs, u32 length) {
  u32 sum = 0x811c9dc5u;
  for (u32 vf = 0; vf < vfs; vf++) {
    const u8 *base = guest(map, vf);
    for (u32 number = 0; number < POSTED; number++) {
      u32 index = (first[vf] + number) & (RING - 1);
      sum = digest32(sum, base + RX_RING + index * DESCRIPTOR, DESCRIPTOR);
      sum = digest32(sum, base + RX_BUFFERS + index * BUFFER, length);
      sum = digest32(sum, base + TX_RING + index * DESCRIPTOR + 8, DESCRIPTOR - 8);
    }
  }
  return sum;
}
#endif
