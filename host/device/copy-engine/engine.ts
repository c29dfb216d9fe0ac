// A DMA copy engine that uses ATS, PASID and page requests: an endpoint of this model's own. Registers and descriptors
// are assembly/spec/copy-engine.
import * as spec from "../../../assembly/spec/copy-engine/registers.ts";
import { bits, mask, place } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import { FormatError } from "../../core/errors.ts";
import type {
  AccessWidth,
  DmaPort,
  InvalidateRequest,
  MmioHandler,
  PageGroupResponse,
  TranslationListener,
  TranslationPort,
} from "../../core/ports.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import type { PciFunctionState } from "../../pci/function.ts";
import { MsixTable, PciFunction, profileConfig } from "../../pci/index.ts";
import { AddressSpaces, AddressTranslation } from "../../pci/translation.ts";
import type { Endpoint } from "../endpoint.ts";
import { AddressTranslationCache, ATC_ENTRIES, type AtcState } from "./atc.ts";
import { Completions, type CompletionsState } from "./completions.ts";
import { copyEngineConfig, MSIX_OFFSET } from "./config.ts";
import { PageGroups, type PageGroupsState } from "./page-groups.ts";
import { type QueueState, WorkQueue } from "./queue.ts";
import { Translator, type TranslatorState } from "./translator.ts";

export interface CopyEngineOptions {
  /** Names the function in snapshots and messages. */
  name: string;
  dma: DmaPort;
  ats: TranslationPort;
  clock: Clock;
}

export interface CopyEngineState {
  fn: PciFunctionState;
  cache: AtcState;
  translator: TranslatorState;
  groups: PageGroupsState;
  completions: CompletionsState;
  queues: QueueState[];
}

const REVISION = 1;
const DWORD = 4;
const ALL_LANES: Record<AccessWidth, number> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

export class CopyEngine implements Endpoint, TranslationListener {
  readonly fn: PciFunction;
  readonly functions: readonly PciFunction[];
  readonly #cache = new AddressTranslationCache();
  readonly #control: AddressTranslation;
  readonly #translator: Translator;
  readonly #groups: PageGroups;
  readonly #completions: Completions;
  readonly #queues: readonly WorkQueue[];

  constructor(options: CopyEngineOptions) {
    const { dma, ats, clock } = options;
    const profile = copyEngineConfig();
    const fn = new PciFunction(options.name, profileConfig(profile));
    this.fn = fn;
    this.functions = [fn];
    const msix = new MsixTable(fn, {
      capabilityOffset: MSIX_OFFSET,
      vectors: spec.QUEUES,
      tableOffset: spec.MSIX_TABLE_OFFSET,
      pbaOffset: spec.MSIX_PBA_OFFSET,
    });
    const handlers: Record<number, MmioHandler> = {
      [spec.REGISTERS_BAR]: {
        read: (offset, width) => this.#access(offset, width),
        write: (offset, width, value) => this.#change(offset, width, value),
      },
      [spec.MSIX_BAR]: msix.handler,
    };
    for (const bar of profile.bars) fn.addBar({ ...bar, handler: handlers[bar.index] as MmioHandler });
    this.#control = new AddressTranslation(fn, () => this.#translator.clear());
    const spaces = new AddressSpaces(fn);
    this.#translator = new Translator({ fn, dma, ats, control: this.#control, spaces, cache: this.#cache });
    this.#groups = new PageGroups({ fn, ats, answered: (queue, served) => this.#queues[queue]?.answered(served) });
    this.#completions = new Completions(clock, (tags, count) => ats.invalidated(fn.requesterId, tags, count));
    this.#queues = Array.from(
      { length: spec.QUEUES },
      (_, number) =>
        new WorkQueue({
          number,
          translator: this.#translator,
          groups: this.#groups,
          interrupt: (queue) => msix.raise(queue),
        }),
    );
    fn.onReset(() => this.#reset());
    fn.listenToTranslation(this);
  }

  /** Does at most `budget` pages of work, the queues in turn. Returns how many were done. */
  service(budget: number): number {
    this.#completions.tick();
    if (!this.fn.requestsReachRoot()) return 0;
    let done = 0;
    for (let busy = true; busy && done < budget; ) {
      busy = false;
      for (const queue of this.#queues) {
        if (done >= budget || !queue.step()) continue;
        done++;
        busy = true;
      }
    }
    return done;
  }

  /** When a delayed completion is due, in the machine's nanoseconds; Infinity when none waits. */
  get nextDeadlineNs(): number {
    return this.#completions.nextDeadlineNs;
  }

  /** An Invalidate Request: heeded whether ATS is enabled or not. Queues hold no translation between two steps. */
  invalidate(request: InvalidateRequest): void {
    if (this.fn.powerState !== 0) return;
    this.#cache.invalidate(request);
    this.#completions.add(request.tag);
  }

  respond(response: PageGroupResponse): void {
    if (this.fn.powerState === 0) this.#groups.respond(response);
  }

  save(): CopyEngineState {
    return {
      fn: this.fn.save(),
      cache: this.#cache.save(),
      translator: this.#translator.save(),
      groups: this.#groups.save(),
      completions: this.#completions.save(),
      queues: this.#queues.map((queue) => queue.save()),
    };
  }

  /** Throws ArgumentError or FormatError for the state of something else, which may be half done then. */
  restore(given: unknown): void {
    const state = given as CopyEngineState;
    if (!Array.isArray(state?.queues) || state.queues.length !== this.#queues.length) {
      throw new FormatError("copy engine", `has not ${this.#queues.length} queues`);
    }
    this.fn.restore(state.fn);
    this.#cache.restore(state.cache);
    checkStateNumber("copy engine", state.translator.hits);
    checkStateNumber("copy engine", state.translator.misses);
    this.#translator.restore(state.translator);
    this.#groups.restore(state.groups);
    this.#completions.restore(state.completions);
    for (const [number, queue] of this.#queues.entries()) queue.restore(state.queues[number] as QueueState);
    this.#control.restored();
  }

  #reset(): void {
    this.#translator.clear();
    this.#translator.hits = 0;
    this.#translator.misses = 0;
    this.#groups.reset();
    this.#completions.reset();
    for (const queue of this.#queues) queue.reset();
  }

  /** A misaligned access is one to each of the dwords that it touches. */
  #access(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let byte = width - 1; byte >= 0; byte--) {
      const at = offset + byte;
      value = (value << 8) | ((this.#read(at - (at % DWORD)) >>> (8 * (at % DWORD))) & 0xff);
    }
    return value >>> 0;
  }

  #change(offset: number, width: AccessWidth, value: number): void {
    for (let done = 0; done < width; ) {
      const at = offset + done;
      const register = at - (at % DWORD);
      const part = Math.min(width - done, DWORD - (at % DWORD)) as AccessWidth;
      const shift = 8 * (at % DWORD);
      const lanes = (ALL_LANES[part] ?? ALL_LANES[4]) << shift;
      const kept = part === DWORD ? 0 : this.#read(register) & ~lanes;
      this.#write(register, (kept | (((value >>> (8 * done)) << shift) & lanes)) >>> 0);
      done += part;
    }
  }

  #read(offset: number): number {
    const number = Math.floor((offset - spec.QUEUE_BASE) / spec.QUEUE_STRIDE);
    if (offset >= spec.QUEUE_BASE)
      return this.#queues[number]?.read((offset - spec.QUEUE_BASE) % spec.QUEUE_STRIDE) ?? 0;
    switch (offset) {
      case spec.VERSION:
        return (
          place(REVISION, spec.VERSION_REVISION_HI, spec.VERSION_REVISION_LO) |
          place(spec.QUEUES, spec.VERSION_QUEUES_HI, spec.VERSION_QUEUES_LO) |
          place(ATC_ENTRIES, spec.VERSION_ATC_ENTRIES_HI, spec.VERSION_ATC_ENTRIES_LO)
        );
      case spec.CONTROL:
        return this.#completions.control;
      case spec.DELAY:
        return this.#completions.delayNs;
      case spec.ATC_HITS:
        return this.#translator.hits;
      case spec.ATC_MISSES:
        return this.#translator.misses;
      case spec.INVALIDATIONS:
        return this.#completions.received;
      case spec.PAGE_REQUESTS:
        return this.#groups.issued;
      case spec.ATC_USED:
        return this.#cache.size;
      default:
        return 0;
    }
  }

  #write(offset: number, value: number): void {
    const number = Math.floor((offset - spec.QUEUE_BASE) / spec.QUEUE_STRIDE);
    if (offset >= spec.QUEUE_BASE) {
      this.#queues[number]?.write((offset - spec.QUEUE_BASE) % spec.QUEUE_STRIDE, value);
    } else if (offset === spec.CONTROL) {
      if (bits(value, spec.CONTROL_RESET_HI, spec.CONTROL_RESET_LO) === 1) this.#reset();
      else this.#completions.command(value & mask(spec.CONTROL_COMPLETIONS_HI, spec.CONTROL_HOLD_LO));
    } else if (offset === spec.DELAY) {
      this.#completions.delayNs = value;
    }
  }
}
