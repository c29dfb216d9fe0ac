// What devices with a device TLB do in the soak: translation requests, translated requests, page requests and
// completions of invalidations, sensible and not; each judged by what it changed.
import { ACCESS_READ, ACCESS_WRITE } from "../../assembly/spec/abi/iommu.ts";
import * as message from "../../assembly/spec/pci/ats-messages.ts";
import * as descriptor from "../../assembly/spec/vtd/page-request-descriptor.ts";
import { PQA_PQS_HI, PQA_PQS_LO, PQA_REG, PQT_REG } from "../../assembly/spec/vtd/page-request-queue.ts";
import { Clock } from "../../host/core/clock.ts";
import type { IommuUnit } from "../../host/machine/iommu-unit.ts";
import { pick, type Random } from "../iommu/random.ts";
import { describe, halves, shown } from "./asked.ts";
import { PAGE } from "./memory.ts";
import { REGISTERS, REQUESTERS } from "./tables.ts";
import type { World } from "./world.ts";

const NS = 1_000_000_000;

const bits = (word: bigint, hi: number, lo: number): bigint =>
  (word >> BigInt(lo)) & ((1n << BigInt(hi - lo + 1)) - 1n);
const bit = (on: boolean, at: number): bigint => (on ? 1n << BigInt(at % 64) : 0n);

export class Devices {
  readonly #world: World;
  readonly #unit: IommuUnit;
  readonly #random: Random;
  readonly #clock = new Clock();
  /** Invalidations that were not answered. */
  readonly #open: { requesterId: number; tag: number }[] = [];

  constructor(world: World, unit: IommuUnit, random: Random) {
    this.#world = world;
    this.#unit = unit;
    this.#random = random;
    unit.ats.connect({
      clock: this.#clock,
      find: (requesterId) => ({
        invalidate: ({ tag }) => {
          if (random(3) > 0) unit.ats.invalidated(requesterId, 2 ** tag, 1);
          else this.#open.push({ requesterId, tag });
        },
        respond: () => {},
      }),
    });
  }

  step(): void {
    const kind = this.#random(10);
    if (kind < 4) this.#translate();
    else if (kind < 6) this.#access();
    else if (kind < 8) this.#page();
    else if (kind < 9) this.#complete();
    else this.#wait();
  }

  /** A translation request tells of nothing but places that the tables grant, and changes nothing but flags. */
  #translate(): void {
    const world = this.#world;
    const asked = world.request();
    const { lo, hi } = halves(asked.iova);
    const options = { pasid: asked.pasid, noWrite: this.#random(3) === 0 };
    const completion = world.timed("slowestDma", () =>
      this.#unit.ats.translate(asked.requesterId as never, lo, hi, options),
    );
    const changes = world.memory.changes();
    world.onlyFlags(changes);
    const data = (BigInt(completion.hi) << 32n) | BigInt(completion.lo);
    if (completion.status !== message.COMPLETION_SUCCESS && data !== 0n) {
      throw new Error(`translation request ${shown(asked)}: status ${completion.status} with data`);
    }
    const access = Number(data) & (ACCESS_READ | ACCESS_WRITE);
    if (access !== 0 && bits(data, message.TRANSLATION_U_HI, message.TRANSLATION_U_LO) === 0n) {
      world.tally.translations++;
      const { places, open } = world.possible(asked, access);
      const { base, size } = range(data);
      const fits = [...places].some((place) => BigInt(place) >= base && BigInt(place) < base + size);
      if (!fits && !open) {
        const allowed = [...places].map((place) => place.toString(16));
        throw new Error(`translation request ${shown(asked)}: ${data.toString(16)}, possible ${allowed}`);
      }
    }
    world.memory.settle(changes);
  }

  /** A translated request goes where it says, or nowhere. */
  #access(): void {
    const world = this.#world;
    const random = this.#random;
    const requesterId = pick(random, REQUESTERS);
    const address = random(8) === 0 ? world.tables.iova() : world.tables.target() | BigInt(random(PAGE));
    const { lo, hi } = halves(address);
    const write = random(2) === 0;
    const value = 1 + random(255);
    const bytes = new Uint8Array(pick(random, [1, 4, 64, 1500, random(3 * PAGE)])).fill(value);
    const mode = world.mode();
    const done = world.timed("slowestDma", () =>
      write
        ? this.#unit.ats.writeTranslated(requesterId as never, lo, hi, bytes)
        : this.#unit.ats.readTranslated(requesterId as never, lo, hi, bytes),
    );
    const changes = world.memory.changes();
    const from = Number(address);
    const what = `translated ${write ? "write" : "read"} by ${requesterId.toString(16)} at ${address.toString(16)}`;
    const registers = from < REGISTERS + PAGE && from + bytes.length > REGISTERS;
    if (world.mode() !== mode || (write && registers)) world.tally.unjudged++;
    else {
      const able = this.#unit.capabilities.deviceTlb && this.#unit.view.translating;
      if (done && bytes.length > 0 && !able) throw new Error(`${what}: done, although nothing serves it`);
      if (done) world.tally.translated++;
      for (const { address: at, before, after } of changes) {
        for (let byte = 0; byte < 8; byte++) {
          const is = bits(after, 8 * byte + 7, 8 * byte);
          if (is === bits(before, 8 * byte + 7, 8 * byte)) continue;
          const inside = write && at + byte >= from && at + byte < from + bytes.length;
          if (!inside || Number(is) !== value) throw new Error(`${what}: changed ${describe(changes)}`);
        }
      }
      if (!registers && done && bytes.length > 0) this.#judgeData(what, from, bytes);
      if (!registers && !write && !done) this.#judgePart(what, from, bytes);
    }
    world.memory.settle(changes);
  }

  #judgeData(what: string, from: number, bytes: Uint8Array): void {
    const held = this.#world.memory.bytes(from, bytes.length, "now");
    if (held === undefined || Buffer.compare(held, bytes) !== 0) throw new Error(`${what}: other data`);
  }

  /** A read that ended early: pages of memory, then ones. */
  #judgePart(what: string, from: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const piece = bytes.subarray(done, done + PAGE - ((from + done) % PAGE));
      const held = this.#world.memory.bytes(from + done, piece.length, "now");
      if (held === undefined || Buffer.compare(held, piece) !== 0) {
        if (bytes.subarray(done).some((byte) => byte !== 0xff)) throw new Error(`${what}: other data, nor ones`);
        return;
      }
      done += piece.length;
    }
  }

  /** A page request becomes one descriptor in the page request queue, or nothing (VT-d 5.10 §7.4.1). */
  #page(): void {
    const world = this.#world;
    const random = this.#random;
    const asked = world.request();
    const { lo, hi } = halves(asked.iova);
    const [group, last, read, write] = [random(512), random(2) === 0, random(4) > 0, random(2) === 0];
    const privileged = asked.pasid !== undefined && random(3) === 0;
    const request = { addressLo: lo, addressHi: hi, group, last, read, write, pasid: asked.pasid, privileged };
    const [base, tail] = [world.peek64(PQA_REG), world.peek(PQT_REG)];
    world.timed("slowestDma", () => this.#unit.ats.requestPage(asked.requesterId as never, request));
    const changes = world.memory.changes();
    const size = BigInt(PAGE) << bits(base, PQA_PQS_HI, PQA_PQS_LO);
    const start = Number(base & ~0xfffn) + Number(BigInt(tail) % size);
    const pasid = asked.pasid === undefined ? 0n : BigInt(asked.pasid) << BigInt(descriptor.PAGE_REQ_PASID_LO);
    const low =
      BigInt(descriptor.PAGE_REQ_TYPE) |
      (BigInt(asked.requesterId) << BigInt(descriptor.PAGE_REQ_RID_LO)) |
      bit(asked.pasid !== undefined, descriptor.PAGE_REQ_PP_LO) |
      bit(privileged, descriptor.PAGE_REQ_PMR_LO) |
      pasid;
    const high =
      (asked.iova & ~0xfffn) |
      (BigInt(group) << BigInt(descriptor.PAGE_REQ_PRGI_LO - 64)) |
      bit(last, descriptor.PAGE_REQ_LPIG_LO) |
      bit(write, descriptor.PAGE_REQ_WRR_LO) |
      bit(read, descriptor.PAGE_REQ_RDR_LO);
    const wanted = [low, high, 0n, 0n];
    const appended = world.peek(PQT_REG) !== tail;
    if (appended) world.tally.pages++;
    const wrong = changes.filter(({ address, after }) => !appended || wanted[(address - start) / 8] !== after);
    if (wrong.length > 0) throw new Error(`page request ${shown(asked)}: memory changed by ${describe(wrong)}`);
    const missing = appended && wanted.some((word, at) => (world.memory.word(start + 8 * at, "now") ?? word) !== word);
    if (missing) throw new Error(`page request ${shown(asked)}: no descriptor at ${start.toString(16)}`);
    world.memory.settle(changes);
  }

  /** A completion of an invalidation, or of none. */
  #complete(): void {
    const random = this.#random;
    const found = random(4) > 0 ? this.#open.shift() : undefined;
    const requesterId = found?.requesterId ?? pick(random, REQUESTERS);
    const tags = found === undefined ? random(2 ** 32) : 2 ** found.tag;
    const count = found === undefined || random(8) === 0 ? random(10) : 1;
    this.#world.timed("slowestAccess", () => this.#unit.ats.invalidated(requesterId as never, tags, count));
    this.#world.onlyStatusWrites();
  }

  /** Time passes: invalidations that nobody completes come to their end. */
  #wait(): void {
    this.#clock.advance(this.#random(4) === 0 ? 100 * NS : NS / 100);
    this.#world.timed("slowestAccess", () => this.#unit.ats.expire());
    this.#world.onlyStatusWrites();
  }
}

/** What a completion's data entry covers (PCIe 6.0 §10.2.3.2). */
function range(data: bigint): { base: bigint; size: bigint } {
  const address = data & ~0xfffn;
  let size = BigInt(PAGE);
  if (bits(data, message.TRANSLATION_S_HI, message.TRANSLATION_S_LO) === 1n) {
    let at = BigInt(message.TRANSLATION_ADDRESS_LO);
    while (((data >> at) & 1n) === 1n) at++;
    size = 1n << (at + 1n);
  }
  return { base: address & ~(size - 1n), size };
}
