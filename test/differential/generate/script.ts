// A case in the making: pages for its tables, entries in them, registers, DMA and what is looked at afterwards.
import {
  GCMD_IRE_LO,
  GCMD_QIE_LO,
  GCMD_SIRTP_LO,
  GCMD_SRTP_LO,
  GCMD_TE_LO,
} from "../../../assembly/spec/vtd/global.ts";
import { type Case, type EduNumber, hex, type RegisterName, type Step } from "../case.ts";
import * as machine from "../machine.ts";
import type { Choice } from "./choice.ts";

const PAGE = 4096;
type Level = "TE" | "QIE" | "IRE";
type Command = "SRTP" | "SIRTP";
const LEVELS: Readonly<Record<Level, number>> = { TE: 2 ** GCMD_TE_LO, QIE: 2 ** GCMD_QIE_LO, IRE: 2 ** GCMD_IRE_LO };
const COMMANDS: Readonly<Record<Command, number>> = { SRTP: 2 ** GCMD_SRTP_LO, SIRTP: 2 ** GCMD_SIRTP_LO };

export class Script {
  readonly choice: Choice;
  readonly kind: string;
  readonly platform: string;
  readonly steps: Step[] = [];
  readonly #pages: number[];
  readonly #memory = new Map<bigint, bigint>();
  readonly #slots = new Map<EduNumber, number>();
  #levels = 0;
  #needed = false;

  constructor(choice: Choice, kind: string, platform: string) {
    this.choice = choice;
    this.kind = kind;
    this.platform = platform;
    // Not the first, which a 2 MiB page can begin at: an entry that leads to it would map all tables if it had PS.
    this.#pages = Array.from({ length: machine.TABLES_SIZE / PAGE - 1 }, (_, index) => index + 1);
  }

  get case(): Case {
    return { kind: this.kind, platform: this.platform, steps: this.steps };
  }

  /** A page of its own for a table, anywhere in the room for tables. */
  page(): bigint {
    const place = this.choice.below(this.#pages.length);
    const [page] = this.#pages.splice(place, 1);
    return BigInt(machine.TABLES_BASE + (page as number) * PAGE);
  }

  /** `count` pages in a row, where room is left at the end. */
  pages(count: number): bigint {
    const first = (this.#pages.at(-1) as number) - count + 1;
    for (let page = first; page < first + count; page++) {
      const place = this.#pages.indexOf(page);
      if (place >= 0) this.#pages.splice(place, 1);
    }
    return BigInt(machine.TABLES_BASE + first * PAGE);
  }

  /** 64-bit words into memory; what lies there is known afterwards. */
  put(at: bigint, ...words: bigint[]): void {
    this.steps.push({ op: "words", at: hex(at), words: words.map((word) => hex(word)), ...this.#mark });
    for (const [index, word] of words.entries()) this.#memory.set(at + BigInt(index * 8), word);
  }

  /** The word that the case put at `at`, 0 where it put none. */
  word(at: bigint): bigint {
    return this.#memory.get(at) ?? 0n;
  }

  register(name: RegisterName, value: bigint | number): void {
    this.steps.push({ op: "register", name, value: hex(value), ...this.#mark });
  }

  /** The steps that `make` adds have to stay when the case is made smaller. */
  needed(make: () => void): void {
    this.#needed = true;
    make();
    this.#needed = false;
  }

  get #mark(): { needed: true } | Record<string, never> {
    return this.#needed ? { needed: true } : {};
  }

  /** GCMD_REG: levels that change, and commands, all in one write. */
  command(levels: Partial<Record<Level, boolean>>, ...commands: Command[]): void {
    let value = this.#levels;
    for (const [name, on] of Object.entries(levels) as [Level, boolean][]) {
      value = on ? value | LEVELS[name] : value & ~LEVELS[name];
    }
    this.#levels = value;
    for (const name of commands) value |= COMMANDS[name];
    this.register("GCMD", value >>> 0);
  }

  /** DMA, and a look at the fault that it may have caused. */
  dma(direction: "read" | "write", device: EduNumber, iova: bigint, length: number, clear: boolean = true): void {
    const slot = this.#slots.get(device) ?? 0;
    if (slot >= machine.SLOTS) return;
    this.#slots.set(device, slot + 1);
    this.steps.push({ op: "dma", direction, device, iova: hex(iova), length, slot });
    this.look(clear);
  }

  probe(iova: bigint, hpa: bigint, length: number): void {
    this.steps.push({ op: "probe", iova: hex(iova), hpa: hex(hpa), length });
    this.look();
  }

  message(device: EduNumber, address: bigint, data: number): void {
    this.steps.push({ op: "message", device, address: hex(address), data });
    this.look();
  }

  look(clear: boolean = true): void {
    this.steps.push({ op: "faults", clear });
  }
}

/** An address in the target window, `align` bytes aligned. */
export function target(choice: Choice, align: number): bigint {
  return BigInt(machine.TARGETS_BASE + choice.below(machine.TARGETS_SIZE / align) * align);
}
