// A port of a card with rings in RAM that the test writes itself: no driver, no registers, no IOMMU tables.
import {
  POOL_DVMOLR,
  POOL_SIZE,
  POOL_VMOLR,
  PORT_MRQC,
  PORT_PENDING,
  PORT_POOLS,
  PORT_RAR,
  PORT_RCTL,
  PORT_RLPML,
  PORT_SCRATCH_SIZE,
  PORT_TCTL,
  PORT_TXSWC,
  PORT_VFRE,
  PORT_VFTE,
  PORT_VT_CTL,
  PROFILE_I350,
  QUEUE_BASE,
  QUEUE_CONTROL,
  QUEUE_FLAG_DMA,
  QUEUE_FLAGS,
  QUEUE_HEAD,
  QUEUE_LENGTH,
  QUEUE_REQUESTER,
  QUEUE_SRRCTL,
  QUEUE_TAIL,
} from "../../assembly/spec/abi/port.ts";
import { PORT_DTXTCPFLGH, PORT_DTXTCPFLGL, PORT_RXCSUM, PORT_VET_BOTH } from "../../assembly/spec/abi/port-offload.ts";
import { hpa } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { type Direction, PortState } from "../../host/device/igb/port-state.ts";
import { AddressMap } from "../../host/machine/address-map.ts";
import type { WriteListener } from "../../host/machine/backing.ts";

export const RING_ENTRIES = 64;
/** Where things lie in a function's own memory. */
export const TX_RING = 0x0000;
export const RX_RING = 0x1000;
export const TX_BUFFERS = 0x1_0000;
export const RX_BUFFERS = 0x4_0000;
export const AREA = 0x8_0000;
export const BUFFER = 2048;

/** The locally administered address of pool `n`: no two bytes alike. */
export function macOf(pool: number): Uint8Array {
  return Uint8Array.of(0x02, 0x1a, 0x2b, 0x3c, 0x4d, 0x50 + pool);
}

export const BROADCAST: Uint8Array = new Uint8Array(6).fill(0xff);

/** A frame of `length` bytes whose payload tells `seed`. */
export function frameOf(to: Uint8Array, from: Uint8Array, length: number, seed = 1, type = 0x88b5): Uint8Array {
  const frame = Uint8Array.from({ length }, (_, at) => (at * 7 + seed * 31) & 0xff);
  frame.set(to, 0);
  frame.set(from, 6);
  frame[12] = type >>> 8;
  frame[13] = type & 0xff;
  return frame;
}

export interface Received {
  data: Uint8Array;
  status: number;
  length: number;
  vlan: number;
  /** Dwords 0 and 1. */
  info: number;
  hash: number;
}

export class TestPort {
  readonly engine: Engine;
  readonly map: AddressMap;
  readonly unit: number;
  readonly state: PortState;
  readonly messages: { requesterId: number; address: number; data: number }[];
  readonly #next = new Map<number, { tx: number; rx: number }>();

  private constructor(engine: Engine, profile: number, external: boolean, written?: WriteListener) {
    this.engine = engine;
    this.messages = [];
    this.map = new AddressMap(engine, (requesterId, address, _hi, data) =>
      this.messages.push({ requesterId, address, data }),
    );
    this.unit = engine.allocate(engine.wasm.iommuSize(), 64);
    engine.wasm.iommuInit(this.unit, this.map.pointer, 39);
    const size = 16 * AREA;
    const told = written === undefined ? {} : { written };
    if (external) this.map.addExternalRam({ base: hpa(0), size, buffer: new ArrayBuffer(size), ...told });
    else this.map.addRam({ base: hpa(0), size });
    const scratch = engine.allocate(PORT_SCRATCH_SIZE, 64);
    this.state = new PortState(engine, {
      map: this.map.pointer,
      unit: this.unit,
      scratch,
      profile,
      queues: 8,
      uplinkBytes: 65536,
    });
  }

  /** A port in VT mode with loopback: pool n has the address macOf(n), takes broadcasts, and owns memory n. */
  static async create(
    options: { pools?: number; profile?: number; external?: boolean; written?: WriteListener } = {},
  ): Promise<TestPort> {
    const engine = await Engine.create();
    const port = new TestPort(engine, options.profile ?? PROFILE_I350, options.external === true, options.written);
    const { state } = port;
    state.set(PORT_VET_BOTH, 0x8100_8100);
    state.set(PORT_DTXTCPFLGL, 0x0f76_0ff6);
    state.set(PORT_DTXTCPFLGH, 0x0000_0f7f);
    state.set(PORT_RXCSUM, 0x0000_2300);
    state.set(PORT_RCTL, 0x0400_8002);
    state.set(PORT_TCTL, 0x0000_000a);
    state.set(PORT_RLPML, 0x2600);
    state.set(PORT_MRQC, 3);
    state.set(PORT_VT_CTL, 0x4000_0000);
    state.set(PORT_TXSWC, 0x8000_0000);
    const pools = options.pools ?? 2;
    state.set(PORT_VFRE, (1 << pools) - 1);
    state.set(PORT_VFTE, (1 << pools) - 1);
    for (let pool = 0; pool < pools; pool++) {
      port.address(pool, macOf(pool), 1 << pool);
      state.set(PORT_POOLS + pool * POOL_SIZE + POOL_VMOLR, 0x8900_2600);
      state.set(PORT_POOLS + pool * POOL_SIZE + POOL_DVMOLR, 0x8000_0000);
      port.ring("tx", pool, { base: pool * AREA + TX_RING, entries: RING_ENTRIES });
      port.ring("rx", pool, { base: pool * AREA + RX_RING, entries: RING_ENTRIES });
      for (let at = 0; at < RING_ENTRIES; at++) port.arm(pool, at);
      state.set(state.queue("rx", pool) + QUEUE_TAIL, RING_ENTRIES - 1);
      port.#next.set(pool, { tx: 0, rx: 0 });
    }
    state.update();
    return port;
  }

  /** Receive address `entry` for the pools in `mask`. */
  address(entry: number, mac: Uint8Array, mask: number): void {
    const view = new DataView(mac.buffer, mac.byteOffset);
    this.state.set(PORT_RAR + entry * 8, view.getUint32(0, true));
    this.state.set(PORT_RAR + entry * 8 + 4, (0x8000_0000 | (mask << 18) | view.getUint16(4, true)) >>> 0);
  }

  ring(direction: Direction, index: number, ring: { base: number; entries: number }): void {
    const row = this.state.queue(direction, index);
    this.state.set(row + QUEUE_BASE, ring.base);
    this.state.set(row + QUEUE_BASE + 4, 0);
    this.state.set(row + QUEUE_LENGTH, ring.entries * 16);
    this.state.set(row + QUEUE_CONTROL, 0x0200_0000);
    this.state.set(row + QUEUE_FLAGS, QUEUE_FLAG_DMA);
    this.state.set(row + QUEUE_REQUESTER, 0x0180 + 4 * index);
    if (direction === "rx") this.state.set(row + QUEUE_SRRCTL, 0x8200_0002);
  }

  /** Gives receive descriptor `at` of a pool its buffer. */
  arm(pool: number, at: number, address: number = pool * AREA + RX_BUFFERS + at * BUFFER): void {
    const place = pool * AREA + RX_RING + at * 16;
    this.map.write(hpa(place), 4, address >>> 0);
    this.map.write(hpa(place + 4), 4, Math.floor(address / 2 ** 32));
    this.map.write(hpa(place + 8), 4, 0);
    this.map.write(hpa(place + 12), 4, 0);
  }

  /** Writes one transmit descriptor and moves the tail behind it; no doorbell. */
  post(pool: number, words: readonly [number, number, number, number]): void {
    const next = this.#next.get(pool) as { tx: number };
    const place = pool * AREA + TX_RING + next.tx * 16;
    for (const [at, word] of words.entries()) this.map.write(hpa(place + at * 4), 4, word >>> 0);
    next.tx = (next.tx + 1) % RING_ENTRIES;
    this.state.set(this.state.queue("tx", pool) + QUEUE_TAIL, next.tx);
  }

  /** Puts a frame into one or more buffers and posts its data descriptors. */
  send(pool: number, frame: Uint8Array, options: { pieces?: number[]; command?: number; options?: number } = {}): void {
    const next = this.#next.get(pool) as { tx: number };
    const pieces = options.pieces ?? [frame.length];
    let done = 0;
    for (const [at, piece] of pieces.entries()) {
      const address = pool * AREA + TX_BUFFERS + next.tx * BUFFER;
      this.map.writeBytes(hpa(address), frame.subarray(done, done + piece));
      done += piece;
      const last = at === pieces.length - 1;
      const command = (options.command ?? 0x2b30_0000) & (last ? -1 : ~0x0900_0000);
      this.post(pool, [address, 0, (command | piece) >>> 0, ((frame.length << 14) | (options.options ?? 0)) >>> 0]);
    }
  }

  /** The next descriptor that `post` writes is the ring's first. */
  restart(pool: number): void {
    const next = this.#next.get(pool) as { tx: number };
    next.tx = 0;
  }

  doorbell(pool: number): void {
    this.state.set(PORT_PENDING, this.state.get(PORT_PENDING) | (1 << pool));
  }

  /** Rings every doorbell and moves what there is. */
  run(budget = 4096): number {
    for (const pool of this.#next.keys()) this.doorbell(pool);
    return this.state.service(budget);
  }

  /** The frames that a pool's driver finds, in order; the descriptors go back to the device. */
  receive(pool: number): Received[] {
    const next = this.#next.get(pool) as { rx: number };
    const found: Received[] = [];
    while (true) {
      const place = pool * AREA + RX_RING + next.rx * 16;
      const status = this.map.read(hpa(place + 8), 4);
      if ((status & 1) === 0) return found;
      const word = this.map.read(hpa(place + 12), 4);
      const data = new Uint8Array(word & 0xffff);
      this.map.readBytes(hpa(pool * AREA + RX_BUFFERS + next.rx * BUFFER), data);
      const [info, hash] = [this.map.read(hpa(place), 4), this.map.read(hpa(place + 4), 4)];
      found.push({ data, status, length: word & 0xffff, vlan: word >>> 16, info, hash });
      this.arm(pool, next.rx);
      this.state.set(this.state.queue("rx", pool) + QUEUE_TAIL, next.rx);
      next.rx = (next.rx + 1) % RING_ENTRIES;
    }
  }

  /** A word of a queue's row. */
  queueWord(direction: Direction, pool: number, offset: number): number {
    return this.state.get(this.state.queue(direction, pool) + offset);
  }

  setQueueWord(direction: Direction, pool: number, offset: number, value: number): void {
    this.state.set(this.state.queue(direction, pool) + offset, value);
  }

  head(direction: Direction, pool: number): number {
    return this.queueWord(direction, pool, QUEUE_HEAD);
  }

  /** The status word of a transmit descriptor. */
  txStatus(pool: number, at: number): number {
    return this.map.read(hpa(pool * AREA + TX_RING + at * 16 + 12), 4);
  }
}
