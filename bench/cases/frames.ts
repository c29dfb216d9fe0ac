// Frames from VF to VF: the card moves what the guests' drivers have posted.
import type { Native } from "../native.ts";
import { BigUnit } from "../partner/bigint-iommu.ts";
import { BigPort } from "../partner/bigint-port.ts";
import { HalvesUnit } from "../partner/halves-iommu.ts";
import { HalvesPort } from "../partner/halves-port.ts";
import type { Case, Contender } from "../rounds.ts";
import { BenchCard } from "../scene/card.ts";
import {
  DIGEST_SEED,
  delivered,
  framesImage,
  guestBase,
  macOf,
  PORTS,
  POSTED,
  peerOf,
  post,
  RING,
  RX_RING,
  SEQUENCE,
  TX_RING,
  VFS,
  VFS_PER_PORT,
} from "../scene/frames.ts";
import { loadNative, ProductMachine } from "../scene/product.ts";

const NS_PER_MS = 1e6;
/** Turns of one VF in one round: many, so that the first, which finds the caches full of other partners, hardly counts. */
const TURNS = 1024;

/** A card as the guests' drivers reach it. */
export interface Card {
  /** The guests' RAM as words, and where guest 0's image address lies in it. */
  readonly words: Uint32Array;
  readonly offset: number;
  receiveTail(vf: number, tail: number): void;
  transmitTail(vf: number, tail: number): void;
  service(budget: number): number;
  /** Of each port: frames delivered, octets received, octets that pool 0 sent to others. */
  counters(): number[];
}

/** The drivers of one partner's card. */
export class Drivers {
  readonly #card: Card;
  readonly #sequence: number;
  readonly #first = new Uint32Array(VFS);

  /** @param sequence is where frames tell which one they are. */
  constructor(card: Card, sequence: number = SEQUENCE) {
    this.#card = card;
    this.#sequence = sequence;
  }

  /** Where each VF's turn begins in its rings. */
  get first(): Readonly<Uint32Array> {
    return this.#first;
  }

  post(vfs: number, length: number): void {
    const card = this.#card;
    for (let vf = 0; vf < vfs; vf++) {
      const first = this.#first[vf] as number;
      post(card.words, card.offset + guestBase(vf), first, vf, peerOf(vf, vfs), length, this.#sequence);
      card.receiveTail(vf, (first + POSTED) & (RING - 1));
    }
  }

  /** Rings the doorbells and lets the card work until all frames have moved. */
  run(vfs: number): void {
    const card = this.#card;
    for (let vf = 0; vf < vfs; vf++) card.transmitTail(vf, ((this.#first[vf] as number) + POSTED) & (RING - 1));
    const moved = card.service(vfs * POSTED);
    if (moved !== vfs * POSTED) throw new Error(`${moved} of ${vfs * POSTED} frames moved`);
  }

  next(vfs: number): void {
    for (let vf = 0; vf < vfs; vf++) this.#first[vf] = ((this.#first[vf] as number) + POSTED) & (RING - 1);
  }

  /** One turn. Returns a digest of what the guests then have, and the card's counters. */
  result(vfs: number, length: number): string {
    this.post(vfs, length);
    this.run(vfs);
    const { words, offset } = this.#card;
    let sum = DIGEST_SEED;
    for (let vf = 0; vf < vfs; vf++) {
      sum = delivered(words, offset + guestBase(vf), this.#first[vf] as number, length, sum);
    }
    this.next(vfs);
    return [sum, ...this.#card.counters()].join(" ");
  }

  /** `turns` turns, of which only the card's work is timed. */
  contender(vfs: number, length: number, turns: number): Contender {
    const operations = turns * vfs * POSTED;
    const turn = (): void => {
      this.post(vfs, length);
      this.run(vfs);
      this.next(vfs);
    };
    return {
      operations,
      work: () => {
        for (let count = 0; count < turns; count++) turn();
      },
      time: () => {
        let time = 0;
        for (let count = 0; count < turns; count++) {
          this.post(vfs, length);
          const start = performance.now();
          this.run(vfs);
          time += performance.now() - start;
          this.next(vfs);
        }
        return (time * NS_PER_MS) / operations;
      },
    };
  }
}

/** The product's card on a machine with the guests' RAM inside the wasm memory or outside. */
export async function productCard(
  outside: boolean,
): Promise<{ machine: ProductMachine; bench: BenchCard; card: Card }> {
  let bench: BenchCard | undefined;
  const machine = await ProductMachine.create({
    outside,
    image: (map, unit, engine) => {
      bench = new BenchCard(engine, map, unit);
      return framesImage(bench.requesters);
    },
  });
  const made = bench as unknown as BenchCard;
  const { words, offset } = machine.guestRam();
  const card: Card = {
    words,
    offset,
    receiveTail: (vf, tail) => made.receiveTail(vf, tail),
    transmitTail: (vf, tail) => made.transmitTail(vf, tail),
    service: (budget) => made.card.service(budget),
    counters: () => made.counters(),
  };
  return { machine, bench: made, card };
}

function halvesCard(machine: ProductMachine, bench: BenchCard): Card {
  const ram = machine.image.ram.slice();
  const unit = new HalvesUnit(machine.image, machine.identity, ram);
  const ports = Array.from({ length: PORTS }, (_, number) => {
    const port = new HalvesPort(unit, bench.setup(number), TX_RING, RX_RING);
    for (let pool = 0; pool < VFS_PER_PORT; pool++) port.macs.add(...macOf(number * VFS_PER_PORT + pool), 1 << pool);
    return port;
  });
  const portOf = (vf: number): HalvesPort => ports[Math.floor(vf / VFS_PER_PORT)] as HalvesPort;
  return {
    words: new Uint32Array(ram),
    offset: 0,
    receiveTail: (vf, tail) => {
      (portOf(vf).rx[vf % VFS_PER_PORT] as { tail: number }).tail = tail;
    },
    transmitTail: (vf, tail) => {
      const port = portOf(vf);
      (port.tx[vf % VFS_PER_PORT] as { tail: number }).tail = tail;
      port.pending |= 1 << (vf % VFS_PER_PORT);
    },
    service: (budget) => {
      let moved = 0;
      for (const port of ports) moved += port.service(budget);
      return moved;
    },
    counters: () => ports.flatMap(({ counters: { port, pools } }) => [port[4], port[1], pools[5]] as number[]),
  };
}

function bigCard(machine: ProductMachine, bench: BenchCard): Card {
  const ram = machine.image.ram.slice();
  const unit = new BigUnit(machine.image, machine.identity, ram);
  const ports = Array.from({ length: PORTS }, (_, number) => {
    const port = new BigPort(unit, bench.setup(number), TX_RING, RX_RING);
    for (let pool = 0; pool < VFS_PER_PORT; pool++) port.addMac(...macOf(number * VFS_PER_PORT + pool), 1 << pool);
    return port;
  });
  const portOf = (vf: number): BigPort => ports[Math.floor(vf / VFS_PER_PORT)] as BigPort;
  const pool = (vf: number) => portOf(vf).pools[vf % VFS_PER_PORT];
  return {
    words: new Uint32Array(ram),
    offset: 0,
    receiveTail: (vf, tail) => {
      (pool(vf) as { rx: { tail: number } }).rx.tail = tail;
    },
    transmitTail: (vf, tail) => {
      (pool(vf) as { tx: { tail: number } }).tx.tail = tail;
      portOf(vf).pending |= 1 << (vf % VFS_PER_PORT);
    },
    service: (budget) => {
      let moved = 0;
      for (const port of ports) moved += port.service(budget);
      return moved;
    },
    counters: () => ports.flatMap((port) => [port.delivered, port.octets, port.pools[0]?.sent.octets ?? 0]),
  };
}

async function nativeCard(native: Native, machine: ProductMachine, bench: BenchCard): Promise<void> {
  await loadNative(native, machine.image, machine.identity);
  for (let number = 0; number < PORTS; number++) {
    const { rctl, tctl, vet, txswc, vfre, vfte, plain, direct, virtual, queues } = bench.setup(number);
    await native.ask("port", number, rctl, tctl, vet, txswc, vfre, vfte, plain, direct, virtual);
    for (const [pool, { requesterId, txControl, rxControl, srrctl }] of queues.entries()) {
      await native.ask("queue", number, pool, requesterId, txControl, rxControl, srrctl);
    }
  }
}

/** All frame cases, with the guests' RAM inside the wasm memory or outside; the partners' is always their own. */
export async function frameCases(native: Native | null, outside: boolean): Promise<Case[]> {
  const { machine, bench, card } = await productCard(outside);
  const drivers = {
    wasm: new Drivers(card),
    js: new Drivers(halvesCard(machine, bench)),
    bigint: new Drivers(bigCard(machine, bench)),
  };
  if (native !== null) await nativeCard(native, machine, bench);
  const make = (vfs: number, length: number): Case => {
    const name = `frames: ${vfs} VF${vfs > 1 ? "s" : ""}, ${length} bytes, RAM ${outside ? "outside" : "inside"} the wasm`;
    const turns = Math.ceil(TURNS / vfs);
    return {
      name,
      wasm: drivers.wasm.contender(vfs, length, turns),
      js: drivers.js.contender(vfs, length, turns),
      bigint: drivers.bigint.contender(vfs, length, turns),
      c: native === null ? null : { time: () => native.time("frames", vfs, length, turns) },
      check: async () => {
        const wrong: string[] = [];
        for (let turn = 0; turn < 3; turn++) {
          const before = drivers.wasm.result(vfs, length);
          const others: Record<string, string> = {
            js: drivers.js.result(vfs, length),
            bigint: drivers.bigint.result(vfs, length),
          };
          if (native !== null) others.c = await native.ask("deliver", vfs, length);
          for (const [partner, result] of Object.entries(others)) {
            if (result.split(" ")[0] !== before.split(" ")[0]) {
              wrong.push(`${name}: ${partner} delivers other bytes (${result} instead of ${before})`);
            }
          }
        }
        if (bench.stopped > 0) wrong.push(`${name}: ${bench.stopped} queues were stopped`);
        return wrong;
      },
    };
  };
  return [64, 1500].flatMap((length) => [1, 8, 32].map((vfs) => make(vfs, length)));
}
