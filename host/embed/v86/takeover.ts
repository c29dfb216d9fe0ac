// Things of the emulator that are replaced while an attachment lasts, and put back in the reverse order.

export class Takeover {
  readonly #undo: (() => void)[] = [];

  /** Puts `value` in the place of `object[key]`. Gives what was there. */
  replace<Holder extends object, Key extends keyof Holder>(object: Holder, key: Key, value: Holder[Key]): Holder[Key] {
    const own = Object.hasOwn(object, key);
    const before = object[key];
    object[key] = value;
    this.#undo.push(() => {
      if (own) object[key] = before;
      else delete object[key];
    });
    return before;
  }

  /** Remembers how to take something else back. */
  onRelease(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Everything is as it was. */
  release(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}
