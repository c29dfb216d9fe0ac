// The topology as a tree of text, drawn like lspci -t draws it.

import * as spec from "../../../assembly/spec/pci/header.ts";
import { busOf, deviceOf, functionOf } from "../../core/address.ts";
import { type BusRange, bridgeTo } from "../../pci/bus-range.ts";
import type { Listed } from "./describe.ts";
import { headerLayout } from "./describe.ts";

interface Bus {
  segment: number;
  number: number;
  functions: Listed[];
}

const hex2 = (value: number): string => value.toString(16).padStart(2, "0");
const hex4 = (value: number): string => value.toString(16).padStart(4, "0");

/** The tree of `functions`, one line after the other. */
export function drawTree(functions: readonly Listed[]): string {
  const segments = new Map<number, Listed[]>();
  for (const listed of functions) segments.set(listed.segment, [...(segments.get(listed.segment) ?? []), listed]);
  const roots: string[][] = [];
  for (const [segment, members] of [...segments].sort(([a], [b]) => a - b)) roots.push(...rootsOf(segment, members));
  return stack(roots, "-")
    .map((line) => `${line}\n`)
    .join("");
}

/** Blocks one below the other, joined by a line on the left; `alone` is the joint of a single one. */
function stack(blocks: readonly string[][], alone: string): string[] {
  if (blocks.length === 0) return [""];
  if (blocks.length === 1) return indent(alone, blocks[0] as string[]);
  return blocks.flatMap((block, index) => {
    const last = index === blocks.length - 1;
    const joint = alone === "-" ? (index === 0 ? "-+-" : last ? " \\-" : " +-") : last ? "\\-" : "+-";
    const rest = joint.replace(/[+\\-]/g, (mark) => (mark === "+" && !last ? "|" : " "));
    return block.map((line, row) => (row === 0 ? joint : rest) + line);
  });
}

function indent(first: string, block: readonly string[]): string[] {
  return block.map((line, row) => (row === 0 ? first : " ".repeat(first.length)) + line);
}

function rootsOf(segment: number, members: readonly Listed[]): string[][] {
  const sorted = [...members].sort((a, b) => a.requesterId - b.requesterId);
  const bridges = new Map<Listed, BusRange>();
  const buses = new Map<number, Bus>();
  const busAt = (number: number): Bus => {
    const bus = buses.get(number) ?? { segment, number, functions: [] };
    buses.set(number, bus);
    return bus;
  };
  for (const listed of sorted) {
    busAt(busOf(listed.requesterId)).functions.push(listed);
    if (headerLayout(listed.config) === spec.HEADER_TYPE_LAYOUT_0) continue;
    const secondary = listed.config.get(spec.SECONDARY_BUS, 1);
    const subordinate = listed.config.get(spec.SUBORDINATE_BUS, 1);
    bridges.set(listed, { bus: busOf(listed.requesterId), secondary, subordinate });
  }
  const owner = (number: number): BusRange | undefined => bridgeTo(number, bridges.values());
  for (const bridge of bridges.values()) if (bridge.bus < bridge.secondary) busAt(bridge.secondary);
  const draw = (bus: Bus): string[] =>
    stack(
      bus.functions.map((listed) => drawFunction(listed, bridges.get(listed))),
      "--",
    );
  const drawFunction = (listed: Listed, bridge: BusRange | undefined): string[] => {
    const slot = `${hex2(deviceOf(listed.requesterId))}.${functionOf(listed.requesterId)}`;
    if (bridge === undefined) return [slot];
    const { secondary, subordinate } = bridge;
    const range = secondary === subordinate ? hex2(secondary) : `${hex2(secondary)}-${hex2(subordinate)}`;
    const below = [...buses.values()]
      .filter((bus) => owner(bus.number) === bridge)
      .sort((a, b) => Number(b.number === secondary) - Number(a.number === secondary) || a.number - b.number);
    const head = secondary === 0 ? `${slot}--` : `${slot}-[${range}]--`;
    if (below.length === 0) return [head];
    if (below.length === 1) return indent(head, draw(below[0] as Bus));
    return indent(head, stack(below.map(titled), "--"));
  };
  const titled = (bus: Bus): string[] => indent(`[${hex4(bus.segment)}:${hex2(bus.number)}]-`, draw(bus));
  return [...buses.values()]
    .filter((bus) => owner(bus.number) === undefined)
    .sort((a, b) => a.number - b.number)
    .map(titled);
}
