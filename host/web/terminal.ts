// A serial terminal without pixels: what bytes make of a screen of text (ECMA-48), as far as a shell and its programs
// ask. Colours are left out.

const ESCAPE = 0x1b;
const DELETE = 0x7f;
const FIRST_PRINTED = 0x20;
/** What follows ESC [ : parameters, then a letter. */
const CONTROL = /^\[([0-?]*)[ -/]*([@-~])$/;
/** A sequence that is longer is none. */
const MAX_SEQUENCE = 64;
const TAB = 8;

export interface TerminalSize {
  columns: number;
  rows: number;
  /** Lines that are kept above the screen. */
  history: number;
}

const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 30, history: 2000 };

export class Terminal {
  /** Hears what the terminal answers by itself, as where its cursor is. */
  onReply: (text: string) => void = () => {};
  readonly #size: TerminalSize;
  readonly #decoder = new TextDecoder();
  #lines: string[] = [""];
  /** Of the cursor; the row counts from the first line that is kept. */
  #row = 0;
  #column = 0;
  /** Lines that are not kept any more. */
  #forgotten = 0;
  /** What came of a sequence after its ESC; undefined outside of one. */
  #sequence: string | undefined;

  constructor(size: Partial<TerminalSize> = {}) {
    this.#size = { ...DEFAULT_SIZE, ...size };
  }

  /** What is on the screen and above it, up to the cursor's line or the last one with text. */
  get text(): string {
    return this.#lines.join("\n");
  }

  /** Where the cursor is in `text`'s lines. */
  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** The number of the cursor's line, counted from the first one that ever was. */
  get lineNumber(): number {
    return this.#forgotten + this.#row;
  }

  /** The line of the cursor. */
  get line(): string {
    return this.#lines[this.#row] as string;
  }

  /** The line above the cursor's. */
  get lineBefore(): string {
    return this.#lines[this.#row - 1] ?? "";
  }

  /** Bytes come in pieces as they like, in UTF-8. */
  write(bytes: Uint8Array): void {
    let plain = "";
    for (const character of this.#decoder.decode(bytes, { stream: true })) {
      const code = character.charCodeAt(0);
      if (this.#sequence === undefined && code >= FIRST_PRINTED && code !== DELETE) {
        plain += character;
        continue;
      }
      this.#print(plain);
      plain = "";
      if (code === ESCAPE) this.#sequence = "";
      else if (code < FIRST_PRINTED) this.#control(character);
      else if (this.#sequence !== undefined) this.#continue(this.#sequence + character);
    }
    this.#print(plain);
  }

  /** Row of the first line on the screen. */
  get #top(): number {
    return Math.max(0, this.#lines.length - this.#size.rows);
  }

  #print(text: string): void {
    let rest = text;
    while (rest !== "") {
      if (this.#column >= this.#size.columns) {
        this.#column = 0;
        this.#feed();
      }
      const part = rest.slice(0, this.#size.columns - this.#column);
      const line = this.line.padEnd(this.#column);
      this.#set(line.slice(0, this.#column) + part + line.slice(this.#column + part.length));
      this.#column += part.length;
      rest = rest.slice(part.length);
    }
  }

  #control(character: string): void {
    if (character === "\n") this.#feed();
    else if (character === "\r") this.#column = 0;
    else if (character === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (character === "\t")
      this.#column = Math.min(this.#size.columns - 1, (Math.floor(this.#column / TAB) + 1) * TAB);
  }

  #feed(): void {
    this.#row++;
    if (this.#row === this.#lines.length) this.#lines.push("");
    const over = this.#lines.length - this.#size.rows - this.#size.history;
    if (over <= 0) return;
    this.#lines.splice(0, over);
    this.#forgotten += over;
    this.#row -= over;
  }

  #continue(sequence: string): void {
    const control = CONTROL.exec(sequence);
    if (control !== null) this.#obey(control[1] as string, control[2] as string);
    const open = control === null && sequence[0] === "[" && sequence.length < MAX_SEQUENCE;
    this.#sequence = open ? sequence : undefined;
  }

  #obey(parameters: string, final: string): void {
    const [first = 0, second = 0] = parameters.split(";").map((one) => Number.parseInt(one, 10) || 0);
    const count = Math.max(1, first);
    const { line } = this;
    const column = this.#column;
    if (final === "A") this.#moveTo(this.#row - count, column);
    else if (final === "B") this.#moveTo(this.#row + count, column);
    else if (final === "C") this.#moveTo(this.#row, column + count);
    else if (final === "D") this.#moveTo(this.#row, column - count);
    else if (final === "G") this.#moveTo(this.#row, count - 1);
    else if (final === "H" || final === "f") this.#moveTo(this.#top + count - 1, Math.max(1, second) - 1);
    else if (final === "J") this.#eraseScreen(first);
    else if (final === "K") this.#eraseLine(first);
    else if (final === "P") this.#set(line.slice(0, column) + line.slice(column + count));
    else if (final === "@") this.#set(line.padEnd(column).slice(0, column) + " ".repeat(count) + line.slice(column));
    else if (final === "n" && first === 6) this.onReply(`\x1b[${this.#row - this.#top + 1};${column + 1}R`);
  }

  /** Within the screen. */
  #moveTo(row: number, column: number): void {
    const top = this.#top;
    this.#row = Math.min(Math.max(row, top), top + this.#size.rows - 1);
    this.#column = Math.min(Math.max(column, 0), this.#size.columns - 1);
    while (this.#lines.length <= this.#row) this.#lines.push("");
  }

  #eraseLine(what: number): void {
    const { line } = this;
    if (what === 0) this.#set(line.slice(0, this.#column));
    else this.#set(what === 2 ? "" : " ".repeat(this.#column + 1) + line.slice(this.#column + 1));
  }

  #eraseScreen(what: number): void {
    const top = this.#top;
    this.#eraseLine(what);
    if (what === 0) this.#lines.splice(this.#row + 1);
    else for (let row = top; row < (what === 1 ? this.#row : this.#lines.length); row++) this.#lines[row] = "";
  }

  #set(line: string): void {
    this.#lines[this.#row] = line;
  }
}
