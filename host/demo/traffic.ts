// Traffic between all VMs and the outside: unicast and broadcast, several lengths, every choice from the seed.
import { TaggedFrame } from "../embed/in-process/frame.ts";
import { type Cast, macOf, type Player } from "./cast.ts";
import type { Random } from "./random.ts";
import { type Ledger, UPLINK_MAC, type Wire } from "./wire.ts";

const BROADCAST = new Uint8Array(6).fill(0xff);
const LENGTHS: readonly number[] = [60, 64, 300, 590, 1514];
/** Frames that a VM sends before the next one has its turn. */
const BATCH = 32;
/** One frame in so many is for everybody. */
const BROADCAST_SHARE = 64;
/** Machine time that a batch takes. */
const BATCH_NS = 20_000;
/** Turns that the cards get to deliver what is on its way at the end. */
const SETTLE_TURNS = 64;
/** Between two reports of progress. */
const REPORT_EVERY = 2048;

export class Traffic {
  sent = 0;
  /** Deliveries that the sent frames must give: one of a unicast frame, one at everybody else of a broadcast. */
  expected = 0;
  /** Frames that a driver's ring had no room for. */
  refused = 0;
  readonly #cast: Cast;
  readonly #wire: Wire;
  readonly #random: Random;
  readonly #frames = new Map<string, TaggedFrame>();
  readonly #sequences = new Map<number, number>();
  readonly #batch: Uint8Array[] = [];

  constructor(cast: Cast, wire: Wire, random: Random) {
    this.#cast = cast;
    this.#wire = wire;
    this.#random = random;
  }

  /** The number that stands for the outside. */
  get outside(): number {
    return this.#cast.players.length;
  }

  /** The number that stands for everybody. */
  get everybody(): number {
    return this.#cast.players.length + 1;
  }

  /** Sends `frames` frames, the senders taking turns, and lets everything arrive. */
  run(frames: number, ledger: Ledger, progress: (done: number) => void): void {
    const { players } = this.#cast;
    let reported = 0;
    for (let turn = 0; this.sent < frames; turn++) {
      const from = turn % (players.length + 1);
      const count = Math.min(BATCH, frames - this.sent);
      const player = players[from];
      if (player === undefined) this.#fromOutside(count);
      else this.#fromPlayer(player, count);
      this.turn();
      if (this.sent - reported >= REPORT_EVERY) {
        reported = this.sent;
        progress(this.sent);
      }
    }
    for (let turn = 0; turn < SETTLE_TURNS && ledger.delivered < this.expected; turn++) this.turn();
  }

  /** Time passes: the cards work, the wire carries, the guests handle their interrupts. */
  turn(): void {
    this.#cast.hypervisor.run(BATCH_NS);
    // A frame may cross two cards: out of one, over the wire, into the other.
    if (this.#wire.carry() > 0) {
      this.#cast.hypervisor.run(BATCH_NS);
      this.#wire.carry();
    }
  }

  /**
   * Puts `count` frames into a player's ring and rings its doorbell, and nothing more. Frames that are not to be
   * counted never arrive, and later ones take their numbers.
   */
  queue(player: Player, count: number, counted: boolean): void {
    const { sent, expected } = this;
    const sequences = new Map(this.#sequences);
    this.#fromPlayer(player, count);
    if (counted) return;
    this.sent = sent;
    this.expected = expected;
    this.#sequences.clear();
    for (const [stream, sequence] of sequences) this.#sequences.set(stream, sequence);
  }

  #fromPlayer(player: Player, count: number): void {
    const batch = this.#batch;
    batch.length = 0;
    for (let slot = 0; slot < count; slot++) {
      // One object a slot: all of a batch are copied into the ring at once.
      batch.push(this.#next(player.index, slot).slice());
    }
    const done = player.driver.send(batch);
    this.refused += count - done;
  }

  #fromOutside(count: number): void {
    for (let slot = 0; slot < count; slot++) this.#wire.send(this.#next(this.outside, slot));
  }

  /** The next frame of `from`, to somebody else. */
  #next(from: number, slot: number): Uint8Array {
    const everyone = this.outside + 1;
    let to = this.#random.below(BROADCAST_SHARE) === 0 ? this.everybody : this.#random.below(everyone);
    if (to === from) to = (to + 1) % everyone;
    const length = LENGTHS[(this.#random.below(LENGTHS.length) + slot) % LENGTHS.length] as number;
    const key = `${from}/${to}/${length}`;
    let frame = this.#frames.get(key);
    if (frame === undefined) {
      frame = new TaggedFrame({ destination: this.#mac(to), source: this.#mac(from), from, to, length });
      this.#frames.set(key, frame);
    }
    const stream = from * 256 + to;
    const sequence = this.#sequences.get(stream) ?? 0;
    this.#sequences.set(stream, sequence + 1);
    this.sent++;
    this.expected += to === this.everybody ? everyone - 1 : 1;
    return frame.stamp(sequence);
  }

  #mac(index: number): Uint8Array {
    if (index === this.everybody) return BROADCAST;
    return index === this.outside ? UPLINK_MAC : macOf(index);
  }
}
