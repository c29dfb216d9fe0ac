// Which parts of a stretch of memory are given out: first fit among what came back, else at the end.
import { ArgumentError } from "./errors.ts";

interface Gap {
  start: number;
  /** First byte behind it. */
  end: number;
}

export class Arena {
  readonly base: number;
  /** What came back or was left out for alignment, by ascending place; no two touch, and none touches `#end`. */
  #gaps: Gap[] = [];
  /** Bytes of every piece that is out, by its place. */
  readonly #pieces = new Map<number, number>();
  #end: number;

  constructor(base: number) {
    this.base = base;
    this.#end = base;
  }

  /** First byte that was never given out, or came back with all behind it. */
  get end(): number {
    return this.#end;
  }

  /** Where a piece would go that `take` is to be told of. */
  find(bytes: number, alignment: number): number {
    for (const { start, end } of this.#gaps) {
      const place = alignUp(start, alignment);
      if (place + bytes <= end) return place;
    }
    return alignUp(this.#end, alignment);
  }

  /** Gives out the piece at `place`, which `find` found for as many bytes. */
  take(place: number, bytes: number): void {
    const end = place + bytes;
    this.#pieces.set(place, bytes);
    if (place >= this.#end) {
      if (place > this.#end) this.#gaps.push({ start: this.#end, end: place });
      this.#end = end;
      return;
    }
    this.#gaps = this.#gaps.flatMap((gap) => {
      if (end <= gap.start || place >= gap.end) return [gap];
      const rest = [
        { start: gap.start, end: place },
        { start: end, end: gap.end },
      ];
      return rest.filter((one) => one.start < one.end);
    });
  }

  /** Takes a piece back. Throws ArgumentError unless exactly this one is out. */
  release(place: number, bytes: number): void {
    if (this.#pieces.get(place) !== bytes) throw new ArgumentError("pointer", place, "is no piece of this size");
    this.#pieces.delete(place);
    const gap = { start: place, end: place + bytes };
    const apart: Gap[] = [];
    for (const other of this.#gaps) {
      if (other.end === gap.start) gap.start = other.start;
      else if (other.start === gap.end) gap.end = other.end;
      else apart.push(other);
    }
    if (gap.end === this.#end) this.#end = gap.start;
    else apart.push(gap);
    this.#gaps = apart.sort((one, two) => one.start - two.start);
  }

  /** Whether these bytes lie in one piece that is out. */
  holds(place: number, bytes: number): boolean {
    for (const [start, length] of this.#pieces) {
      if (place >= start && place + bytes <= start + length) return true;
    }
    return false;
  }
}

function alignUp(place: number, alignment: number): number {
  return Math.ceil(place / alignment) * alignment;
}
