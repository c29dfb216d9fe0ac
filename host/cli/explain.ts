// `iovirt explain`: where a DMA request or an interrupt goes, and why, through the tables of a machine.
import { writeFileSync } from "node:fs";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED, ACCESS_READ, ACCESS_WRITE } from "../../assembly/spec/abi/iommu.ts";
import { INTERRUPT_RANGE_BASE } from "../../assembly/spec/vtd/interrupt-range.ts";
import * as request from "../../assembly/spec/vtd/interrupt-request.ts";
import { formatBdf, hex, hex64, requesterId as requesterIdOf } from "../core/address.ts";
import { place } from "../core/bits.ts";
import { FormatError } from "../core/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../core/snapshot.ts";
import { inInterruptRange } from "../machine/explain/address.ts";
import { type Explainer, explainerOf } from "../machine/explain/explainer.ts";
import type { Explanation, Halves } from "../machine/explain/types.ts";
import type { Machine, MachineState } from "../machine/machine.ts";
import type { Command } from "./command.ts";
import { renderExplanation } from "./explain/render.ts";
import { type Io, inputName, reasonOf, UsageError } from "./io.ts";
import { describeOptions, type Options, parseOptions, quote } from "./options.ts";

const ROWS = [
  { kind: "text", name: "requester", form: "BB:DD.F", help: "who makes the request, as lspci prints it" },
  { kind: "text", name: "iova", form: "ADDRESS", help: "the address of a DMA request, up to 64 bits" },
  { kind: "text", name: "pasid", form: "N", help: "its PASID, 20 bits (none)" },
  { kind: "flag", name: "write", help: "it writes (it reads)" },
  { kind: "flag", name: "privileged", help: "with a PASID: it asks for supervisor privilege" },
  { kind: "flag", name: "execute", help: "with a PASID: it reads to execute" },
  { kind: "text", name: "interrupt", form: "ADDRESS", help: "an interrupt request instead, to this address" },
  { kind: "text", name: "data", form: "VALUE", help: "what it writes (0)" },
  {
    kind: "file",
    name: "from",
    help: "explain a saved machine instead of the demonstration's; - is the standard input",
  },
  { kind: "file", name: "save", help: "write the demonstration's machine to a file that --from reads" },
  { kind: "flag", name: "json", help: "print JSON" },
] as const;

type Given = Options<typeof ROWS>;

/** Interrupt entries and requesters that are listed before the rest is only counted. */
const LISTED = 40;

/** The command; `machine` is explained when no saved one is given. */
export function explainCommand(machine: () => Promise<Machine>): Command {
  return {
    summary: "show why a DMA request or an interrupt goes where it goes, table by table",
    usage:
      `usage: iovirt explain [OPTION]...\n\n${describeOptions(ROWS)}\n` +
      "Without a request, lists the requesters and interrupts that can be explained.\n",
    async run(args, io) {
      const given = parseOptions(ROWS, args);
      checkTogether(given);
      if (given.save !== undefined) saveTo(given.save, (await machine()).save());
      const asks = given.iova !== undefined || given.interrupt !== undefined;
      if (given.save !== undefined && !asks) return 0;
      const explainer = given.from === undefined ? (await machine()).iommu.explainer : await saved(given.from, io);
      if (!asks) {
        io.out(given.json ? `${JSON.stringify(overview(explainer), null, 2)}\n` : list(explainer));
        return 0;
      }
      const { requesterId, title, explanation, hint } = explainOne(explainer, given);
      if (given.json) io.out(`${JSON.stringify(explanation, null, 2)}\n`);
      else {
        const present = given.from !== undefined || hasFunction(await machine(), requesterId);
        const notes = present ? [] : [`no function of this machine is ${formatBdf(requesterId)}: see iovirt lspci`];
        if (hint !== undefined) notes.push(hint);
        io.out(renderExplanation(title, explanation, io.colour) + notes.map((note) => `      ${note}\n`).join(""));
      }
      return 0;
    },
  };
}

/** Options that say nothing without others, or against them. */
function checkTogether(given: Given): void {
  const needs = (name: keyof Given, other: keyof Given): void => {
    if (given[name] !== undefined && given[other] === undefined) throw new UsageError(`--${name} needs --${other}`);
  };
  const excludes = (name: keyof Given, other: keyof Given): void => {
    if (given[name] !== undefined && given[other] !== undefined) {
      throw new UsageError(`--${name} and --${other} exclude each other`);
    }
  };
  needs("iova", "requester");
  needs("interrupt", "requester");
  if (given.interrupt === undefined) needs("requester", "iova");
  for (const name of ["pasid", "write"] as const) needs(name, "iova");
  for (const name of ["privileged", "execute"] as const) needs(name, "pasid");
  needs("data", "interrupt");
  excludes("iova", "interrupt");
  excludes("from", "save");
  if (given.save === "-") throw new UsageError("--save -: text goes to the standard output; name a file");
}

function saveTo(path: string, state: MachineState): void {
  try {
    writeFileSync(path, encodeSnapshot(state));
  } catch (error) {
    throw new UsageError(`${path}: ${reasonOf(error)}`);
  }
}

/** The explainer of a saved machine: what Machine.save gave, or a hypervisor's save with the machine in it. */
async function saved(path: string, io: Io): Promise<Explainer> {
  const bytes = await io.readFile(path);
  try {
    const state = decodeSnapshot<MachineState & { machine?: MachineState }>(bytes);
    return explainerOf(state.machine ?? state);
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(inputName(path), error.message);
    throw error;
  }
}

function hasFunction({ root }: Machine, requesterId: number): boolean {
  return root.functions().some((fn) => fn.requesterId === requesterId);
}

/** One request, explained; `hint` is a call that says more. */
interface Explained {
  requesterId: number;
  title: string;
  explanation: Explanation;
  hint?: string;
}

function explainOne(explainer: Explainer, given: Given): Explained {
  const requesterId = parseRequester(given.requester as string);
  const who = formatBdf(requesterId);
  if (given.interrupt !== undefined) {
    const address = parseHalves("interrupt", given.interrupt, 64);
    if (!inInterruptRange(address)) {
      throw new UsageError(`--interrupt ${given.interrupt} is not in the interrupt range 0xfee00000–0xfeefffff`);
    }
    const { lo: data } = parseHalves("data", given.data ?? "0", 32);
    const explanation = explainer.explainInterrupt({ requesterId, addressLo: address.lo, data });
    return { requesterId, title: `interrupt by ${who}: ${hex(data)} to ${hex(address.lo)}`, explanation };
  }
  const access =
    (given.write ? ACCESS_WRITE : ACCESS_READ) |
    (given.privileged ? ACCESS_PRIVILEGED : 0) |
    (given.execute ? ACCESS_EXECUTE : 0);
  const iova = parseHalves("iova", given.iova as string, 64);
  const pasid = given.pasid === undefined ? undefined : parseHalves("pasid", given.pasid, 20).lo;
  const explanation = explainer.explain({ requesterId, pasid, iova, access });
  const address = hex64(iova.lo, iova.hi);
  const prefix = pasid === undefined ? "" : ` with PASID ${hex(pasid)}`;
  const title = `${given.write ? "write" : "read"} by ${who}${prefix} at ${address}`;
  if (explanation.verdict.kind !== "interrupt-range") return { requesterId, title, explanation };
  const hint = `as an interrupt request: iovirt explain --requester ${who} --interrupt ${address}`;
  return { requesterId, title, explanation, hint };
}

/** `bb:dd.f` in hexadecimal, with or without lspci's domain, of which there is one. */
function parseRequester(text: string): number {
  const match = /^(?:0{1,4}:)?([\da-f]{1,2}):([\da-f]{1,2})\.([0-7])$/i.exec(text);
  const [bus, device, fn] = (match?.slice(1) ?? []).map((part) => Number.parseInt(part, 16));
  if (bus === undefined || device === undefined || fn === undefined || device > 31) {
    throw new UsageError(`--requester ${quote(text)} is not bus:device.function, such as 02:10.0`);
  }
  return requesterIdOf(bus, device, fn);
}

/** A number of up to `width` bits, hexadecimal with 0x. */
function parseHalves(option: string, text: string, width: number): Halves {
  if (!/^(0x[\da-f]+|\d+)$/i.test(text) || BigInt(text) >> BigInt(width) !== 0n) {
    throw new UsageError(`--${option} ${quote(text)} is not a number of at most ${width} bits, such as 0x12 or 18`);
  }
  const value = BigInt(text);
  return { lo: Number(value & 0xffff_ffffn), hi: Number(value >> 32n) };
}

/** The address of a remappable interrupt request for an entry. */
function messageAddress(index: number): number {
  const low = place(index, request.REQUEST_ADDRESS_HANDLE_LOW_HI - request.REQUEST_ADDRESS_HANDLE_LOW_LO, 0);
  const high = index >>> request.REQUEST_HANDLE_LOW_WIDTH;
  const address =
    INTERRUPT_RANGE_BASE +
    low * 2 ** request.REQUEST_ADDRESS_HANDLE_LOW_LO +
    high * 2 ** request.REQUEST_ADDRESS_HANDLE_HIGH_LO;
  return address + 2 ** request.REQUEST_ADDRESS_FORMAT_LO;
}

function overview(explainer: Explainer) {
  return { requesters: explainer.requesters(), interruptIndices: explainer.interruptIndices() };
}

/** What can be asked, and how. */
function list(explainer: Explainer): string {
  const { requesters, interruptIndices } = overview(explainer);
  const lines: string[] = [];
  const [first] = requesters;
  if (first === undefined)
    lines.push("No requester has a context-entry: without translation, addresses go as they are.");
  else lines.push("Requesters with a context-entry:");
  for (const { requesterId, note } of requesters.slice(0, LISTED)) lines.push(`  ${formatBdf(requesterId)}  ${note}`);
  if (requesters.length > LISTED) lines.push(`  and ${requesters.length - LISTED} more`);
  lines.push("", `Interrupt-remapping entries that are present: ${rangesOf(interruptIndices)}`, "", "Try:");
  const who = formatBdf(first?.requesterId ?? 0);
  lines.push(`  iovirt explain --requester ${who} --iova 0x1000`);
  lines.push(`  iovirt explain --requester ${who} --iova 0xffffffff000 --write`);
  const address = hex(messageAddress(interruptIndices[0] ?? 0));
  lines.push(`  iovirt explain --requester ${who} --interrupt ${address}`, "");
  return lines.join("\n");
}

/** `0–5, 8`. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range !== undefined && range[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  const texts = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
  return texts.length === 0 ? "none" : texts.join(", ");
}
