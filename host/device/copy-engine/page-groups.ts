// The engine's page requests: groups that await a response, and the credits that they take (PCIe 6.0 §10.4).
import { RESPONSE_INVALID_REQUEST, RESPONSE_SUCCESS } from "../../../assembly/spec/pci/ats-messages.ts";
import { FormatError } from "../../core/errors.ts";
import type { PageGroupResponse, Snapshotable, TranslationPort } from "../../core/ports.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import type { PciFunction } from "../../pci/function.ts";
import { PageRequests } from "../../pci/translation.ts";
import type { AddressSpace } from "./atc.ts";
import type { Span } from "./translator.ts";

/** Page request group indices have 9 bits. */
const GROUPS = 512;

interface Group {
  index: number;
  /** -1 for none. */
  pasid: number;
  requests: number;
  /** Whose it is. */
  queue: number;
}

export interface PageGroupsState {
  groups: Group[];
  issued: number;
}

export interface PageGroupsOptions {
  fn: PciFunction;
  ats: TranslationPort;
  /** The pages of a queue's group came, or will not. */
  answered(queue: number, served: boolean): void;
}

export class PageGroups implements Snapshotable<PageGroupsState> {
  /** Messages sent since reset, Stop Markers included. */
  issued = 0;
  readonly #options: PageGroupsOptions;
  readonly #control: PageRequests;
  #groups: Group[] = [];

  constructor(options: PageGroupsOptions) {
    this.#options = options;
    this.#control = new PageRequests(
      options.fn,
      () => this.#cancel(() => true),
      () => this.#outstanding,
    );
  }

  /** Whether pages can be asked for at all. */
  get open(): boolean {
    return this.#control.open;
  }

  /** Whether credits are left for `requests` more; never, where even an idle interface has fewer. */
  affords(requests: number): "now" | "later" | "never" {
    if (requests > this.#control.allocation) return "never";
    return this.#outstanding + requests <= this.#control.allocation ? "now" : "later";
  }

  /** Asks for the pages of `spans` as one group, whose answer is for `queue`. The caller has asked `affords`. */
  request(queue: number, space: AddressSpace, spans: readonly Span[]): void {
    const taken = new Set(this.#groups.map((group) => group.index));
    let index = 0;
    while (taken.has(index)) index++;
    this.#groups.push({ index: index % GROUPS, pasid: space.pasid ?? -1, requests: spans.length, queue });
    for (const [place, { lo, hi, write }] of spans.entries()) {
      this.#send(space, { lo, hi, group: index, last: place === spans.length - 1, read: !write, write });
    }
  }

  /** Tells software that no more page requests of a PASID follow (§10.4.1.2). */
  stopMarker(space: AddressSpace): void {
    if (space.pasid === undefined || !this.open) return;
    this.#send(space, { lo: 0, hi: 0, group: 0, last: true, read: false, write: false });
  }

  /** A PRG Response arrived. */
  respond(response: PageGroupResponse): void {
    const group = this.#groups.find(
      (one) => one.index === response.group && (!this.#control.pasidRequired || one.pasid === (response.pasid ?? -1)),
    );
    if (group === undefined) {
      this.#control.unexpected();
      return;
    }
    if (response.code === RESPONSE_SUCCESS || response.code === RESPONSE_INVALID_REQUEST) {
      this.#groups = this.#groups.filter((one) => one !== group);
      this.#control.settle(this.#outstanding);
      this.#options.answered(group.queue, response.code === RESPONSE_SUCCESS);
      return;
    }
    // Response Failure, and what is reserved: no further answers are expected.
    this.#control.failed();
    this.#cancel(() => true);
  }

  /** Forgets the groups of a queue without waiting for their answers. */
  abandon(queue: number): void {
    this.#groups = this.#groups.filter((group) => group.queue !== queue);
    this.#control.settle(this.#outstanding);
  }

  reset(): void {
    this.#groups = [];
    this.issued = 0;
  }

  save(): PageGroupsState {
    return { groups: this.#groups.map((group) => ({ ...group })), issued: this.issued };
  }

  restore(state: PageGroupsState): void {
    if (!Array.isArray(state.groups) || state.groups.length > GROUPS) throw new FormatError("page requests", "no list");
    for (const { index, pasid, requests, queue } of state.groups) {
      checkStateNumber("page requests", index, GROUPS - 1);
      checkStateNumber("page requests", pasid + 1, 2 ** 20);
      for (const number of [requests, queue]) checkStateNumber("page requests", number);
    }
    this.#groups = state.groups.map((group) => ({ ...group }));
    this.issued = state.issued;
  }

  get #outstanding(): number {
    return this.#groups.reduce((sum, group) => sum + group.requests, 0);
  }

  #cancel(condition: (group: Group) => boolean): void {
    const cancelled = this.#groups.filter(condition);
    this.#groups = this.#groups.filter((group) => !condition(group));
    this.#control.settle(this.#outstanding);
    for (const { queue } of cancelled) this.#options.answered(queue, false);
  }

  #send(
    space: AddressSpace,
    request: { lo: number; hi: number; group: number; last: boolean; read: boolean; write: boolean },
  ): void {
    const { fn, ats } = this.#options;
    const { lo, hi, ...rest } = request;
    this.issued = (this.issued + 1) >>> 0;
    ats.requestPage(fn.requesterId, { addressLo: lo, addressHi: hi, ...space, ...rest });
  }
}
