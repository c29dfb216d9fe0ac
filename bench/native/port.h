/* One port of the card as assembly/sriov has it, for the frames that the cases send: single-buffer, untagged, to one
   pool of the same port. Whatever needs another way (gather.ts there) is counted as `unsupported` and stops. */
#ifndef BENCH_PORT_H
#define BENCH_PORT_H
#include "translate.h"

enum { PAGE = 4096, BURST = 64, DESCRIPTOR = 16, FRAME_CRC = 4, FRAME_MIN = 60, RX_FRAME_MAX = 1518 };
enum { POOLS = 8, QUEUES = 16, MAC_SLOTS = 128, CAUSE_TX = 16 };
enum { QUEUE_FLAG_DMA = 1, QUEUE_FLAG_STOPPED = 2 };
enum { STOP_LENGTH = 1, STOP_INDEX, STOP_RING, STOP_BUFFER, STOP_DESCRIPTOR };
enum { REFUSED, DELIVERED, DROPPED };
#define QUEUE_ENABLE 0x02000000u
#define TXD_DEXT 0x20000000u
#define TXD_EOP 0x01000000u
#define TXD_RS 0x08000000u
#define TXD_VLE 0x40000000u
#define TXD_TSE 0x80000000u
#define TXD_TYPE 0x00f00000u
#define TXD_DATA 0x00300000u
#define TXD_OFFLOADS 0x300u
#define RXD_WRITEBACK 0x40003ull
#define MAC 0xffffffffffffull

typedef struct { u32 burst, left; u8 *descriptor; Context *context; u32 buffer_size, direct, frames, octets; } Cursor;
typedef struct {
  u32 vmolr, dvmolr, vmvir, spoofed, rx_frames, rx_octets, loop_rx_frames, loop_rx_octets;
  u32 tx_frames, tx_octets, loop_tx_frames, loop_tx_octets, rx_multicast, reserved[3];
} Pool;
typedef struct { u64 base; u32 length, head, tail, control, flags, requester, srrctl, drops; u64 reserved[3]; } Queue;
typedef struct { u64 mac; u32 pools, used; } MacSlot;

typedef struct {
  Unit *unit;
  MemoryMap *map;
  u32 burst;
  Cursor cursors[QUEUES];
  u32 queues, pending, causes, stops, next, rctl, tctl, vet, txswc, vfre, vfte, plain, direct, is_virtual;
  u32 rx_frames, tx_frames;
  u64 rx_octets, tx_octets;
  u32 missed, delivered, stop_count, unsupported;
  Pool pools[POOLS];
  Queue tx[QUEUES], rx[QUEUES];
  MacSlot macs[MAC_SLOTS];
} Port;

static COLD void port_stop(Port *port, Queue *queue, u32 cause, u32 reason) {
  queue->flags = (queue->flags & ~0xff00u) | QUEUE_FLAG_STOPPED | reason << 8;
  port->stops |= 1u << cause;
  port->stop_count++;
}

static inline u32 mac_slot(u64 mac) { return (u32)((mac * HASH_MULTIPLIER) >> 57); }

static inline u32 pools_of(const Port *port, u64 mac) {
  u32 number = mac_slot(mac);
  for (;;) {
    const MacSlot *slot = &port->macs[number];
    if (slot->mac == mac) return slot->pools;
    if (slot->mac == 0) return 0;
    number = (number + 1) & (MAC_SLOTS - 1);
  }
}

static void port_add_mac(Port *port, u64 mac, u32 pools) {
  u32 number = mac_slot(mac);
  while (port->macs[number].mac != 0 && port->macs[number].mac != mac) number = (number + 1) & (MAC_SLOTS - 1);
  port->macs[number].mac = mac;
  port->macs[number].pools |= pools;
}

static COLD bool receive_run(Port *port, u32 index, Cursor *cursor) {
  cursor->left = 0;
  Queue *queue = &port->rx[index];
  u32 head = queue->head, tail = queue->tail;
  if (cursor->context == NULL || head == tail || queue->flags & QUEUE_FLAG_STOPPED) return false;
  u64 iova = queue->base + (u64)head * DESCRIPTOR;
  u64 result = dma_translate(port->unit, cursor->context, iova, ACCESS_READ | ACCESS_WRITE);
  const Region *region = region_of(port->unit, result);
  if (result & FAULT || region->kind == REGION_KIND_NONE) {
    port_stop(port, queue, index, STOP_RING);
    return false;
  }
  u32 end = head < tail ? tail : queue->length / DESCRIPTOR, page = (PAGE - ((u32)iova & (PAGE - 1))) / DESCRIPTOR;
  cursor->left = end - head < page ? end - head : page;
  cursor->direct = 0;
  if (region->kind == REGION_KIND_RAM) {
    cursor->descriptor = region_pointer(region, result & HPA_MASK);
    cursor->direct = field(queue->srrctl, 27, 25) == 1;
  }
  return true;
}

static COLD void receive_begin(Port *port, u32 index, Cursor *cursor) {
  Queue *queue = &port->rx[index];
  *cursor = (Cursor){port->burst, 0, cursor->descriptor, NULL, cursor->buffer_size, 0, 0, 0};
  if (!(queue->control & QUEUE_ENABLE)) return;
  if ((queue->flags & (QUEUE_FLAG_DMA | QUEUE_FLAG_STOPPED)) != QUEUE_FLAG_DMA) return;
  u32 count = queue->length / DESCRIPTOR;
  if (count == 0) {
    if (queue->tail != queue->head) port_stop(port, queue, index, STOP_LENGTH);
    return;
  }
  if (queue->head >= count || queue->tail >= count) {
    port_stop(port, queue, index, STOP_INDEX);
    return;
  }
  u32 packet = (u32)field(queue->srrctl, 6, 0) * 1024, type = (u32)field(queue->srrctl, 27, 25);
  cursor->buffer_size = packet ? packet : 2048u >> field(port->rctl, 17, 16);
  if (type > 1) {
    port_stop(port, queue, index, STOP_DESCRIPTOR);
    return;
  }
  if (queue->head == queue->tail) return;
  cursor->context = dma_open(port->unit, queue->requester);
  if (cursor->context == NULL) port_stop(port, queue, index, STOP_RING);
  else receive_run(port, index, cursor);
}

static inline u32 deliver(Port *port, u32 index, const u8 *frame, u32 length) {
  Cursor *cursor = &port->cursors[index];
  if (cursor->burst != port->burst) receive_begin(port, index, cursor);
  Queue *queue = &port->rx[index];
  if (cursor->left == 0 && !receive_run(port, index, cursor)) {
    queue->drops++;
    port->missed++;
    return DROPPED;
  }
  if (!cursor->direct || length > cursor->buffer_size) return REFUSED;
  u8 *descriptor = cursor->descriptor;
  u64 address = load64(descriptor);
  if (((u32)address & (PAGE - 1)) + length > PAGE) return REFUSED;
  u64 result = dma_translate(port->unit, cursor->context, address, ACCESS_WRITE);
  if (result & FAULT) {
    port_stop(port, queue, index, STOP_BUFFER);
    cursor->left = 0;
    return DROPPED;
  }
  const Region *region = region_of(port->unit, result);
  if (region->kind != REGION_KIND_RAM) return REFUSED;
  memcpy(region_pointer(region, result & HPA_MASK), frame, length);
  store64(descriptor, 0);
  store64(descriptor + 8, RXD_WRITEBACK | (u64)length << 32);
  cursor->left--;
  cursor->descriptor += DESCRIPTOR;
  u32 next = queue->head + 1;
  queue->head = next * DESCRIPTOR == queue->length ? 0 : next;
  cursor->frames++;
  cursor->octets += length;
  return DELIVERED;
}

static COLD void receive_settle(Port *port, u32 pools) {
  for (u32 left = pools; left != 0; left &= left - 1) {
    u32 index = (u32)__builtin_ctz(left);
    Cursor *cursor = &port->cursors[index];
    Pool *pool = &port->pools[index];
    u32 frames = cursor->frames, octets = cursor->octets + frames * FRAME_CRC;
    pool->loop_rx_frames += frames;
    pool->loop_rx_octets += octets;
    port->rx_frames += frames;
    port->rx_octets += octets;
    port->delivered += frames;
    cursor->frames = cursor->octets = 0;
  }
  port->causes |= pools;
}

static COLD u32 transmit_run(Port *port, Queue *queue, u32 index, Context *context, u32 budget) {
  Unit *unit = port->unit;
  u32 pool = index & (POOLS - 1), own = 1u << pool;
  bool spoof_checked = (port->txswc >> pool) & 1, writable = false, reported = false;
  u32 to_self = (u32)field(port->txswc, 23, 16) & own;
  u32 reachable = port->plain & own ? port->direct & (~own | to_self) : 0;
  u16 tag_type = __builtin_bswap16((u16)port->vet);
  u32 tail = queue->tail, count = queue->length / DESCRIPTOR, head = queue->head;
  u32 frames = 0, octets = 0, looped = 0, touched = 0, left = 0;
  u8 *descriptor = NULL;
  while (frames < budget && head != tail) {
    if (left == 0) {
      u64 place = queue->base + (u64)head * DESCRIPTOR, result = dma_translate(unit, context, place, ACCESS_READ);
      const Region *region = region_of(unit, result);
      if (result & FAULT || region->kind != REGION_KIND_RAM) {
        port_stop(port, queue, CAUSE_TX + index, STOP_RING);
        break;
      }
      descriptor = region_pointer(region, result & HPA_MASK);
      left = (PAGE - ((u32)place & (PAGE - 1))) / DESCRIPTOR;
      if (count - head < left) left = count - head;
      writable = false;
    }
    u32 command = load32(descriptor + 8), length = command & 0xffff;
    bool sent = false;
    if ((command & (TXD_TYPE | TXD_DEXT | TXD_EOP | TXD_VLE | TXD_TSE)) == (TXD_DATA | TXD_DEXT | TXD_EOP) &&
        (load32(descriptor + 12) & TXD_OFFLOADS) == 0 && length - FRAME_MIN <= RX_FRAME_MAX - FRAME_CRC - FRAME_MIN) {
      u64 address = load64(descriptor);
      if (((u32)address & (PAGE - 1)) + length <= PAGE) {
        u64 result = dma_translate(unit, context, address, ACCESS_READ);
        if (result & FAULT) {
          port_stop(port, queue, CAUSE_TX + index, STOP_BUFFER);
          break;
        }
        const Region *region = region_of(unit, result);
        if (region->kind == REGION_KIND_RAM) {
          const u8 *frame = region_pointer(region, result & HPA_MASK);
          u32 pools = pools_of(port, load64(frame) & MAC) & reachable;
          if (pools != 0 && (pools & (pools - 1)) == 0 && load16(frame + 12) != tag_type && (frame[0] & 1) == 0 &&
              (!spoof_checked || pools_of(port, load32(frame + 6) | (u64)load16(frame + 10) << 32) & own)) {
            u32 done = deliver(port, (u32)__builtin_ctz(pools), frame, length);
            sent = done != REFUSED;
            if (done == DELIVERED) {
              looped++;
              octets += length;
              touched |= pools;
            }
          }
        }
      }
    }
    if (!sent) {
      port->unsupported++;
      port_stop(port, queue, CAUSE_TX + index, STOP_DESCRIPTOR);
      break;
    }
    if (command & TXD_RS) {
      reported = true;
      if (!writable) {
        if (dma_translate(unit, context, queue->base + (u64)head * DESCRIPTOR, ACCESS_WRITE) & FAULT) {
          port_stop(port, queue, CAUSE_TX + index, STOP_RING);
          break;
        }
        writable = true;
      }
      store32(descriptor + 12, load32(descriptor + 12) | 1);
    }
    frames++;
    left--;
    descriptor += DESCRIPTOR;
    if (++head == count) head = 0;
  }
  queue->head = head;
  if (reported) port->causes |= 1u << (CAUSE_TX + index);
  if (looped != 0) {
    Pool *sender = &port->pools[pool];
    u32 bytes = octets + looped * FRAME_CRC;
    sender->tx_frames += looped;
    sender->tx_octets += bytes;
    sender->loop_tx_frames += looped;
    sender->loop_tx_octets += bytes;
    port->tx_frames += looped;
    port->tx_octets += bytes;
    receive_settle(port, touched);
  }
  return frames;
}

static COLD u32 transmit_burst(Port *port, u32 index, u32 budget) {
  Queue *queue = &port->tx[index];
  u32 doorbell = 1u << index, count = queue->length / DESCRIPTOR, frames = 0, before = queue->head;
  bool ready = (port->tctl & 2) && (queue->control & QUEUE_ENABLE) &&
               (!port->is_virtual || ((port->vfte >> (index & (POOLS - 1))) & 1)) &&
               (queue->flags & (QUEUE_FLAG_DMA | QUEUE_FLAG_STOPPED)) == QUEUE_FLAG_DMA && queue->head != queue->tail;
  if (ready && (count == 0 || queue->head >= count || queue->tail >= count)) {
    port_stop(port, queue, CAUSE_TX + index, count == 0 ? STOP_LENGTH : STOP_INDEX);
    ready = false;
  }
  Context *context = ready ? dma_open(port->unit, queue->requester) : NULL;
  if (ready && context == NULL) port_stop(port, queue, CAUSE_TX + index, STOP_RING);
  if (context == NULL) {
    port->pending &= ~doorbell;
    return 0;
  }
  port->burst++;
  frames = transmit_run(port, queue, index, context, budget < BURST ? budget : BURST);
  if (queue->flags & QUEUE_FLAG_STOPPED || queue->head == queue->tail || queue->head == before) port->pending &= ~doorbell;
  return frames;
}

/* Moves at most `budget` frames, in turn over the doorbells that rang. */
static u32 port_service(Port *port, u32 budget) {
  u32 done = 0;
  while (done < budget) {
    port->burst++;
    u32 moved = 0, waiting = port->pending, index = port->next;
    while (waiting != 0 && done + moved < budget) {
      u32 above = waiting & (0xffffffffu << index);
      index = (u32)__builtin_ctz(above != 0 ? above : waiting);
      waiting &= ~(1u << index);
      moved += transmit_burst(port, index, budget - done - moved);
      index = (index + 1) & 31;
    }
    port->next = index;
    done += moved;
    if (moved == 0) break;
  }
  return done;
}
#endif
