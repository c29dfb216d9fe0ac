// Where posted-interrupt descriptors lie: 64 to a page of host RAM that no function's tables lead to.
import { PID_SIZE } from "../../assembly/spec/vtd/posted-descriptor.ts";
import { type Hpa, PAGE_SIZE } from "../core/address.ts";
import { FormatError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";
import { checkStateNumber } from "../core/snapshot.ts";
import type { PageAllocator } from "./page-allocator.ts";

const PER_PAGE = PAGE_SIZE / PID_SIZE;

/** Pages with the places in them that are taken, both ascending. */
export type PostedDescriptorsState = readonly { base: number; taken: readonly number[] }[];

export class PostedDescriptors implements Snapshotable<PostedDescriptorsState> {
  readonly #allocator: PageAllocator;
  #pages: { base: number; taken: Set<number> }[] = [];

  constructor(allocator: PageAllocator) {
    this.#allocator = allocator;
  }

  /** The address of a descriptor that nobody has; what lies there is anything. */
  allocate(): Hpa {
    let page = this.#pages.find(({ taken }) => taken.size < PER_PAGE);
    if (page === undefined) {
      page = { base: this.#allocator.allocate(PAGE_SIZE), taken: new Set() };
      this.#pages.push(page);
      this.#pages.sort((one, other) => one.base - other.base);
    }
    let place = 0;
    while (page.taken.has(place)) place++;
    page.taken.add(place);
    return (page.base + place * PID_SIZE) as Hpa;
  }

  /** Takes one back; no interrupt entry may name it any more. */
  release(descriptor: Hpa): void {
    const base = descriptor - (descriptor % PAGE_SIZE);
    const page = this.#pages.find((one) => one.base === base);
    page?.taken.delete((descriptor - base) / PID_SIZE);
    if (page?.taken.size !== 0) return;
    this.#allocator.release(base as Hpa, PAGE_SIZE);
    this.#pages = this.#pages.filter((one) => one !== page);
  }

  save(): PostedDescriptorsState {
    return this.#pages.map(({ base, taken }) => ({ base, taken: [...taken].sort((one, other) => one - other) }));
  }

  /** Throws FormatError, with nothing changed, for what are no pages. */
  restore(state: PostedDescriptorsState): void {
    const pages = state.map(({ base, taken }) => {
      if (!Number.isSafeInteger(base) || base % PAGE_SIZE !== 0) {
        throw new FormatError("posted descriptors", `${String(base)} is no page`);
      }
      for (const place of taken) checkStateNumber("posted descriptors", place, PER_PAGE - 1);
      return { base, taken: new Set(taken) };
    });
    this.#pages = pages;
  }
}
