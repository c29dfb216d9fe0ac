// JSON values out of a stream of text: a monitor's clients may or may not end them with a line.

/** Characters that one value may have. */
const LENGTH_MAX = 2 ** 20;
/** What JSON has outside strings. */
const OUTSIDE = /[\s{}[\]:,"\w+.-]/;
/** Where a reader that lost its place finds it again. */
const RESUMES = /[\n{[]/;
/** The first characters that no string holds: control characters begin below. U+FFFD stands for what is no UTF-8. */
const FIRST_PRINTABLE = " ";
const NO_TEXT = "\ufffd";

/** Cuts a stream into the texts of its objects and arrays. */
export class JsonStream {
  #text = "";
  #depth = 0;
  #quoted = false;
  #escaped = false;
  #lost = false;

  /**
   * The texts of the values that `chunk` completes, in their order. What can be no JSON ends a text at once, for its
   * reader to refuse, and what follows is skipped to where a value may begin. Text outside an object or array that is
   * no white space is a value of its own up to the line's end.
   */
  push(chunk: string): string[] {
    const values: string[] = [];
    for (const character of chunk) {
      if (this.#lost && !RESUMES.test(character)) continue;
      this.#lost = false;
      if (this.#depth === 0 && this.#text === "" && /\s/.test(character)) continue;
      this.#text += character;
      this.#lost = this.#impossible(character) || this.#text.length > LENGTH_MAX;
      if (!this.#lost && !this.#ends(character)) continue;
      values.push(this.#text);
      this.#text = "";
      this.#depth = 0;
      this.#quoted = false;
      this.#escaped = false;
    }
    return values;
  }

  #impossible(character: string): boolean {
    return this.#quoted ? character < FIRST_PRINTABLE || character === NO_TEXT : !OUTSIDE.test(character);
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
