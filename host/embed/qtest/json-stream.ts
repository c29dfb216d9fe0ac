// JSON values out of a stream of text: a monitor's clients may or may not end them with a line.

/** Characters that one value may have. */
const LENGTH_MAX = 2 ** 20;

/** Cuts a stream into the texts of its objects and arrays. */
export class JsonStream {
  #text = "";
  #depth = 0;
  #quoted = false;
  #escaped = false;

  /**
   * The texts of the values that `chunk` completes, in their order. Text outside an object or array that is no white
   * space is a value of its own up to the line's end: no command is one, and its reader refuses it.
   */
  push(chunk: string): string[] {
    const values: string[] = [];
    for (const character of chunk) {
      if (this.#depth === 0 && this.#text === "" && /\s/.test(character)) continue;
      this.#text += character;
      if (this.#ends(character) || this.#text.length > LENGTH_MAX) {
        values.push(this.#text);
        this.#text = "";
        this.#depth = 0;
        this.#quoted = false;
        this.#escaped = false;
      }
    }
    return values;
  }

  #ends(character: string): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (this.#quoted) {
      if (character === "\\") this.#escaped = true;
      else if (character === '"') this.#quoted = false;
    } else if (character === '"') this.#quoted = true;
    else if (character === "{" || character === "[") this.#depth++;
    else if (character === "}" || character === "]") return --this.#depth <= 0;
    return this.#depth === 0 && character === "\n";
  }
}
