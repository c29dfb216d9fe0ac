// Whose the queues of each pool are, as the data path knows it.
import { QUEUE_FLAG_DMA, QUEUE_FLAGS, QUEUE_REQUESTER, QUEUE_SIZE } from "../../../assembly/spec/abi/port.ts";
import { POOLS } from "../../../assembly/spec/igb/virtualization.ts";
import type { PciFunction } from "../../pci/index.ts";
import type { PortState } from "./port-state.ts";
import { ringDoorbells } from "./queues.ts";

/** In place of an owner; no requester ID and no complement of one. */
const NOBODY = 0x7fff_ffff;

export interface QueueOwnersOptions {
  /** The function that owns a pool's queues. */
  owner(pool: number): PciFunction;
  /** Whether that is the PF. */
  pf(fn: PciFunction): boolean;
}

export class QueueOwners {
  readonly #state: PortState;
  readonly #queues: number;
  /** For each pool a requester ID, its complement while DMA is refused. */
  readonly #owners = new Int32Array(POOLS).fill(NOBODY);
  readonly #ask: QueueOwnersOptions;
  #refused = true;
  #forgotten = true;
  /** What the owners were derived from. */
  #version = Number.NaN;
  #master = false;

  /** @param queues of each direction; queue n is of pool n modulo 8. */
  constructor(state: PortState, queues: number, ask: QueueOwnersOptions) {
    this.#state = state;
    this.#queues = queues;
    this.#ask = ask;
  }

  /** Some function may not make requests, as far as was asked last. */
  get refused(): boolean {
    return this.#refused;
  }

  /**
   * Tells the data path who owns each queue and whether it may make DMA requests now. Who may is known until `version`
   * changes; `master` is whether the PF may as far as CTRL says.
   */
  renew(version: number, master: boolean): void {
    if (!this.#forgotten && version === this.#version && master === this.#master) return;
    this.#version = version;
    this.#master = master;
    this.#refused = false;
    this.#forgotten = false;
    for (let pool = 0; pool < POOLS; pool++) {
      const fn = this.#ask.owner(pool);
      this.#give(pool, fn.requesterId, fn.requestsReachRoot() && (master || !this.#ask.pf(fn)));
    }
  }

  /** Gives the queues of a pool to a requester. Doorbells that rang while it might not make requests ring again. */
  #give(pool: number, requesterId: number, allowed: boolean): void {
    if (!allowed) this.#refused = true;
    const owner = allowed ? requesterId : ~requesterId;
    if (this.#owners[pool] === owner) return;
    this.#owners[pool] = owner;
    for (let queue = pool; queue < this.#queues; queue += POOLS) {
      for (const direction of ["tx", "rx"] as const) {
        const row = this.#state.queue(direction, queue);
        const flags = this.#state.get(row + QUEUE_FLAGS);
        if (allowed && (flags & QUEUE_FLAG_DMA) === 0) ringDoorbells(this.#state, 1 << queue);
        const others = flags & ~QUEUE_FLAG_DMA;
        this.#state.set(row + QUEUE_FLAGS, others | (allowed ? QUEUE_FLAG_DMA : 0));
        this.#state.set(row + QUEUE_REQUESTER, requesterId);
      }
    }
  }

  /** The rows of a pool's queues no longer say whose they are. */
  forget(pool: number): void {
    this.#owners[pool] = NOBODY;
    this.#refused = true;
    this.#forgotten = true;
  }

  /** Empties the rows of a pool's queues. */
  reset(pool: number): void {
    for (let queue = pool; queue < this.#queues; queue += POOLS) {
      for (const direction of ["tx", "rx"] as const) this.#state.clear(this.#state.queue(direction, queue), QUEUE_SIZE);
    }
    this.forget(pool);
  }

  forgetAll(): void {
    for (let pool = 0; pool < POOLS; pool++) this.forget(pool);
  }
}
