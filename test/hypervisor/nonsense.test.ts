// A guest's nonsense: any access of any width anywhere, any ring address, any table content. Nothing throws, nothing
// hangs, and not a byte outside the guest's own domain changes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CTRL_RST } from "../../assembly/spec/igb/device.ts";
import { RX_QUEUE_ALIAS_BASE, RXDCTL_ENABLE } from "../../assembly/spec/igb/receive.ts";
import { TX_QUEUE_ALIAS_BASE } from "../../assembly/spec/igb/transmit.ts";
import { type Gpa, gpa, type RequesterId } from "../../host/core/address.ts";
import type { AccessWidth, GuestPlatform } from "../../host/core/ports.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../host/embed/in-process/pf-driver.ts";
import { IgbVfDriver, isIgbVf } from "../../host/embed/in-process/vf-driver.ts";
import { Hypervisor } from "../../host/hypervisor/hypervisor.ts";
import { Machine } from "../../host/machine/machine.ts";

const VM_RAM = 0x4_0000;
const OPERATIONS = 1_000_000;
const RUNS = 10;
const WIDTHS: readonly AccessWidth[] = [1, 2, 4];

/** A generator of 32-bit words that a seed repeats. */
function words(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** Addresses that tempt: own RAM, the end of it, other VMs' RAM as the host sees it, tables, registers, interrupts. */
function temptation(next: () => number, foreign: readonly number[]): number {
  const pick = next() % 8;
  const low = next() % 0x2000;
  if (pick < 3) return next() % VM_RAM;
  if (pick === 3) return VM_RAM - 0x100 + low;
  if (pick === 4) return (foreign[next() % foreign.length] as number) + low;
  if (pick === 5) return 0xfee0_0000 + (next() % 0x10_0000);
  if (pick === 6) return 0xc000_0000 + low;
  return next() * 0x10_0000 + next();
}

/** Operations between two times that the vandal behaves for a moment, so that its queues live again. */
const BEHAVE_EVERY = 2000;

class Vandal {
  readonly #platform: GuestPlatform;
  readonly #next: () => number;
  readonly #foreign: readonly number[];
  readonly #bars: readonly { base: number; size: number }[];
  readonly #functions: readonly RequesterId[];
  readonly #driver: IgbVfDriver;

  constructor(platform: GuestPlatform, next: () => number, foreign: readonly number[]) {
    this.#platform = platform;
    this.#next = next;
    this.#foreign = foreign;
    const guest = new Guest(platform, { ramBase: 0x1000 });
    const found = guest.probe();
    this.#driver = new IgbVfDriver(guest, found.find(isIgbVf) as (typeof found)[number], { descriptors: 8 });
    this.#functions = found.map((one) => one.requesterId);
    this.#bars = found.flatMap((one) => one.bars.map((bar) => ({ base: bar.address, size: bar.size })));
  }

  /** Brings the VF up as its driver does. */
  behave(): boolean {
    for (const [index, { base }] of this.#bars.entries()) {
      this.#platform.configWrite(this.#functions[1] as RequesterId, 0x10 + 12 * index, 4, base);
    }
    return this.#driver.up();
  }

  operate(): void {
    const next = this.#next;
    const platform = this.#platform;
    const width = WIDTHS[next() % 3] as AccessWidth;
    switch (next() % 10) {
      case 0: {
        const id = (
          next() % 4 === 0 ? next() & 0xffff : this.#functions[next() % this.#functions.length]
        ) as RequesterId;
        const offset = next() % (next() % 2 === 0 ? 0x100 : 0x1002);
        // COMMAND keeps bus mastering on most of the time, so that DMA goes on.
        if (offset < 0x40 && next() % 16 !== 0) platform.configRead(id, offset, width);
        else platform.configWrite(id, offset, width, next());
        return;
      }
      case 1:
        platform.configRead((next() & 0xffff) as RequesterId, next() % 0x1002, width);
        return;
      case 2:
        platform.mmioWrite(this.#place(), width, next());
        return;
      case 3:
        platform.mmioRead(this.#place(), width);
        return;
      case 4:
        platform.mmioWrite((next() * (next() % 16)) as Gpa, width, next());
        return;
      case 5:
        this.#ring(RX_QUEUE_ALIAS_BASE);
        return;
      case 6:
        this.#ring(TX_QUEUE_ALIAS_BASE);
        return;
      case 7:
        this.#register((next() % 2 === 0 ? TX_QUEUE_ALIAS_BASE : RX_QUEUE_ALIAS_BASE) + 0x18, next() % 300);
        return;
      case 8:
        this.#scribble();
        return;
      default:
        if (next() % 512 === 0) this.#register(0, CTRL_RST);
        else platform.mmioWrite(this.#place(), 4, next() % 2 === 0 ? 0 : next());
    }
  }

  /** Descriptors whose addresses tempt, or noise. */
  #scribble(): void {
    const next = this.#next;
    const row = new Uint32Array(4);
    const address = temptation(next, this.#foreign);
    row[0] = address >>> 0;
    row[1] = Math.floor(address / 2 ** 32);
    row[2] = next() % 3 === 0 ? next() : 0x2b30_0000 | (next() % 2000);
    row[3] = next() % 3 === 0 ? next() : (next() % 2000) << 14;
    this.#platform.ram.writeBytes(gpa((next() % (VM_RAM - 16)) & ~15), new Uint8Array(row.buffer));
  }

  #ring(block: number): void {
    const next = this.#next;
    const address = temptation(next, this.#foreign);
    this.#register(block + 0x28, 0);
    this.#register(block, address >>> 0);
    this.#register(block + 4, Math.floor(address / 2 ** 32));
    this.#register(block + 8, next() % 4 === 0 ? next() : 128 * (next() % 40));
    this.#register(block + 0x10, next() % 8 === 0 ? next() : 0);
    this.#register(block + 0x28, RXDCTL_ENABLE | (next() & 0x1f1f1f));
    this.#register(block + 0x18, next() % 4 === 0 ? next() : next() % 300);
  }

  #register(offset: number, value: number): void {
    const bar = this.#bars[0];
    if (bar !== undefined) this.#platform.mmioWrite((bar.base + offset) as Gpa, 4, value >>> 0);
  }

  #place(): Gpa {
    const bar = this.#bars[this.#next() % this.#bars.length];
    return ((bar?.base ?? 0) + (this.#next() % ((bar?.size ?? 0) + 8))) as Gpa;
  }
}

async function build() {
  const hypervisor = new Hypervisor(await Machine.create({ ram: 8 * 2 ** 20 }));
  const administrator = new Guest(hypervisor.administrator.platform);
  const device = administrator.probe().find(isIgbPf);
  if (device === undefined) throw new Error("no PF");
  const driver = new IgbPfDriver(administrator, device, {
    vfs: 3,
    descriptors: 8,
    vfMac: (vf) => Uint8Array.of(2, 0, 0, 0, 9, vf),
  });
  expect(driver.up()).toBe(true);
  const vms = driver.vfs.map((vf, index) => {
    const vm = hypervisor.createVm({ name: `vm${index}`, ram: VM_RAM });
    hypervisor.assign(vm, vf.requesterId);
    return vm;
  });
  return { hypervisor, vms };
}

describe("a guest's nonsense", () => {
  it(`changes nothing outside its own domain in ${OPERATIONS.toLocaleString("en")} random operations`, async () => {
    let done = 0;
    let faults = 0;
    let moved = 0;
    let behaved = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
        const { hypervisor, vms } = await build();
        const [vandal, ...victims] = vms;
        if (vandal === undefined) throw new Error("no VM");
        const { map } = hypervisor.machine;
        const pattern = (base: number) =>
          Uint8Array.from({ length: VM_RAM }, (_, place) => (place * 7 + base / 4096) & 0xff);
        for (const { domain } of victims) map.writeBytes(domain.ram.base, pattern(domain.ram.base));
        const next = words(seed);
        const foreign = victims.map((vm) => vm.domain.ram.base as number).concat(0x1000, 0xfed9_0000);
        const program = new Vandal(vandal.platform, next, foreign);
        for (let count = 0; count < OPERATIONS / RUNS; count++) {
          if (count % BEHAVE_EVERY === 0 && program.behave()) behaved++;
          program.operate();
          if (next() % 8 === 0) moved += hypervisor.run(next() % 2000);
          if (next() % 256 === 0) faults += hypervisor.faults().length;
          done++;
        }
        for (const { domain, name } of victims) {
          const bytes = new Uint8Array(VM_RAM);
          map.readBytes(domain.ram.base, bytes);
          const expected = pattern(domain.ram.base);
          expect(
            bytes.findIndex((byte, place) => byte !== expected[place]),
            `first changed byte of ${name}`,
          ).toBe(-1);
          expect(domain.processor.receivedVectors(), name).toEqual([]);
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(done).toBe(OPERATIONS);
    // The program reached what it is about: queues ran, and were stopped.
    expect(behaved).toBeGreaterThan(RUNS);
    expect(moved).toBeGreaterThan(1000);
    expect(faults).toBeGreaterThan(1000);
  }, 120_000);
});
