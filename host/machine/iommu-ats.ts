// ATS between a unit and the functions behind it: requests and completions one way, messages the other. What they mean
// is decided in assembly/iommu; here they are carried, and the clock is watched.
import * as abi from "../../assembly/spec/abi/ats.ts";
import { UNIT_ATS } from "../../assembly/spec/abi/iommu.ts";
import * as message from "../../assembly/spec/pci/ats-messages.ts";
import type { RequesterId } from "../core/address.ts";
import { mask, place } from "../core/bits.ts";
import type { Clock } from "../core/clock.ts";
import type { Engine } from "../core/engine.ts";
import type {
  PageRequest,
  PasidPrefix,
  TranslationCompletion,
  TranslationListener,
  TranslationOptions,
  TranslationPort,
} from "../core/ports.ts";
import { pasidArgument, pasidOf } from "./pasid-argument.ts";

const STAGING_SIZE = 4096;
const ALL_ONES = 0xff;

export interface UnitAtsOptions {
  engine: Engine;
  /** The unit in linear memory. */
  unit: number;
  /** How long a device may take to complete an invalidation, in ns. */
  timeoutNs: number;
  /** Called after the module has worked. */
  worked(): void;
}

/** What a unit needs of its machine to reach devices. */
export interface AtsSurroundings {
  clock: Clock;
  /** Who takes messages to a function; undefined where nobody does: they are lost. */
  find(requesterId: RequesterId): TranslationListener | undefined;
}

export class UnitAts implements TranslationPort {
  readonly #options: UnitAtsOptions;
  readonly #staging: number;
  #surroundings: AtsSurroundings | undefined;
  #sending = false;

  constructor(options: UnitAtsOptions) {
    this.#options = options;
    this.#staging = options.engine.allocate(STAGING_SIZE, 64);
  }

  /** Says how functions are reached. Until then messages wait, and no time passes. */
  connect(surroundings: AtsSurroundings): void {
    this.#surroundings = surroundings;
  }

  translate(
    requesterId: RequesterId,
    addressLo: number,
    addressHi: number,
    options: TranslationOptions = {},
  ): TranslationCompletion {
    const { engine, unit } = this.#options;
    const pasid = pasidArgument(prefixOf(options));
    const readOnly = Number(options.noWrite ?? false);
    const out = this.#staging;
    const status = engine.wasm.iommuTranslationRequest(unit, requesterId, pasid, addressLo, addressHi, readOnly, out);
    const completion = {
      status,
      lo: engine.u32[out >>> 2] as number,
      hi: engine.u32[(out >>> 2) + 1] as number,
    };
    this.#options.worked();
    return completion;
  }

  readTranslated(requesterId: RequesterId, addressLo: number, addressHi: number, target: Uint8Array): boolean {
    const { engine, unit } = this.#options;
    target.fill(ALL_ONES);
    const whole = this.#pieces(target, addressLo, addressHi, (piece, lo, hi) => {
      engine.u8.fill(ALL_ONES, this.#staging, this.#staging + piece.length);
      const done = engine.wasm.iommuTranslatedRead(unit, requesterId, lo, hi, this.#staging, piece.length) !== 0;
      piece.set(engine.u8.subarray(this.#staging, this.#staging + piece.length));
      return done;
    });
    this.#options.worked();
    return whole;
  }

  writeTranslated(requesterId: RequesterId, addressLo: number, addressHi: number, source: Uint8Array): boolean {
    const { engine, unit } = this.#options;
    const whole = this.#pieces(source, addressLo, addressHi, (piece, lo, hi) => {
      engine.u8.set(piece, this.#staging);
      return engine.wasm.iommuTranslatedWrite(unit, requesterId, lo, hi, this.#staging, piece.length) !== 0;
    });
    this.#options.worked();
    return whole;
  }

  invalidated(requesterId: RequesterId, tags: number, count: number): void {
    const { engine, unit } = this.#options;
    engine.wasm.iommuInvalidationCompletion(unit, requesterId, tags, count);
    this.#options.worked();
  }

  requestPage(requesterId: RequesterId, request: PageRequest): void {
    const { engine, unit } = this.#options;
    const { pasid, group } = request;
    const prefix = pasidArgument(prefixOf(request));
    const code = engine.wasm.iommuPageRequest(unit, requesterId, prefix, bodyOf(request), request.addressHi);
    this.#options.worked();
    if (code >>> 0 !== abi.RESPONSE_NONE) this.#surroundings?.find(requesterId)?.respond({ group, code, pasid });
  }

  /** Sends the messages that wait, and those to which the answers lead. */
  sendMessages(): void {
    if (this.#sending || this.#surroundings === undefined) return;
    const { engine, unit } = this.#options;
    this.#sending = true;
    try {
      while (this.#u32(abi.ATS_MESSAGE_COUNT) > 0) {
        const send = this.#takeFirst();
        engine.wasm.iommuMessagesSent(unit, 1);
        send();
      }
    } finally {
      this.#sending = false;
    }
  }

  /** When the next invalidation times out; Infinity when none can. */
  get nextDeadlineNs(): number {
    if (this.#u32(abi.ATS_TAGS) === 0) return Infinity;
    let next = Infinity;
    for (let tag = 0; tag < message.INVALIDATE_TAGS; tag++) {
      const deadline = this.#options.engine.f64[this.#deadlineAt(tag)] as number;
      if (((this.#u32(abi.ATS_TAGS) >>> tag) & 1) !== 0 && deadline > 0) next = Math.min(next, deadline);
    }
    return next;
  }

  /** Reports invalidations whose time is up. */
  expire(): void {
    const { engine, unit } = this.#options;
    const now = this.#surroundings?.clock.nowNs ?? 0;
    if (this.nextDeadlineNs > now) return;
    engine.wasm.iommuExpireInvalidations(unit, now);
    this.#options.worked();
  }

  /** The sending of the first message, whose time begins now. */
  #takeFirst(): () => void {
    const { clock, find } = this.#surroundings as AtsSurroundings;
    const at = abi.ATS_MESSAGES + this.#u32(abi.ATS_MESSAGE_FIRST) * abi.ATS_MESSAGE_SIZE;
    const field = (offset: number): number => this.#u32(at + offset);
    const requesterId = field(abi.ATS_MESSAGE_REQUESTER) as RequesterId;
    const pasid = pasidOf(field(abi.ATS_MESSAGE_PASID));
    const code = field(abi.ATS_MESSAGE_CODE);
    const lo = field(abi.ATS_MESSAGE_BODY);
    const hi = field(abi.ATS_MESSAGE_BODY + 4);
    if (field(abi.ATS_MESSAGE_KIND) === abi.ATS_INVALIDATE) {
      this.#options.engine.f64[this.#deadlineAt(code)] = clock.nowNs + this.#options.timeoutNs;
      return () => find(requesterId)?.invalidate({ tag: code, pasid, lo, hi });
    }
    return () => find(requesterId)?.respond({ group: lo, code, pasid });
  }

  /** Runs `move` for pieces that lie in one page each; what comes after a refused one is all-ones, or not written. */
  #pieces(
    bytes: Uint8Array,
    addressLo: number,
    addressHi: number,
    move: (piece: Uint8Array, lo: number, hi: number) => boolean,
  ): boolean {
    let lo = addressLo >>> 0;
    let hi = addressHi >>> 0;
    for (let done = 0; done < bytes.length; ) {
      const piece = bytes.subarray(done, done + STAGING_SIZE - (lo % STAGING_SIZE));
      if (!move(piece, lo, hi)) return false;
      done += piece.length;
      lo += piece.length;
      if (lo >= 2 ** 32) hi = (hi + 1) >>> 0;
      lo >>>= 0;
    }
    return true;
  }

  #deadlineAt(tag: number): number {
    const at = abi.ATS_INVALIDATIONS + tag * abi.ATS_INVALIDATION_SIZE + abi.ATS_INVALIDATION_DEADLINE;
    return (this.#options.unit + UNIT_ATS + at) >>> 3;
  }

  #u32(offset: number): number {
    return this.#options.engine.u32[(this.#options.unit + UNIT_ATS + offset) >>> 2] as number;
  }
}

function prefixOf({ pasid, execute = false, privileged = false }: TranslationOptions): PasidPrefix | undefined {
  return pasid === undefined ? undefined : { pasid, execute, privileged };
}

/** The lower half of a Page Request message's body. */
function bodyOf({ addressLo, group, last, read, write }: PageRequest): number {
  const bit = (on: boolean, number: number): number => (on ? 2 ** number : 0);
  const address = addressLo & mask(31, message.PAGE_REQUEST_ADDRESS_LO);
  const index = place(group, message.PAGE_REQUEST_GROUP_HI, message.PAGE_REQUEST_GROUP_LO);
  const wants =
    bit(read, message.PAGE_REQUEST_R_LO) | bit(write, message.PAGE_REQUEST_W_LO) | bit(last, message.PAGE_REQUEST_L_LO);
  return (address | index | wants) >>> 0;
}
