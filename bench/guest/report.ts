// The guest's figures as a table and as JSON.
import type { AttachmentCounters } from "../../host/embed/v86/index.ts";
import { median } from "../rounds.ts";
import type { Figure } from "./traffic.ts";

export const DIRECTIONS = ["transmit", "receive"] as const;
export type Direction = (typeof DIRECTIONS)[number];
export const ADAPTERS = ["igb", "virtio", "ne2k"] as const;
export type AdapterName = (typeof ADAPTERS)[number];

/** One direction and size; of each adapter a figure for each round. */
export interface Row {
  direction: Direction;
  /** Bytes of a frame without CRC. */
  size: number;
  figures: Record<AdapterName, Figure[]>;
}

/** What our adapter's frames took of us. */
export interface Ours {
  /** Of the time that passed, the part that the card took. */
  share: number;
  /** Of each frame. */
  nanoseconds: number;
  reads: number;
  writes: number;
  interrupts: number;
}

export interface JsonRow extends Record<AdapterName, number> {
  direction: Direction;
  size: number;
  unit: "frames/s";
  /** igb ÷ virtio: the median of the rounds' ratios. */
  ratio: number;
  /** Likewise for frames in a second of this process's processor time: what else the machine does counts less. */
  processorRatio: number;
  ours: Ours;
}

const DIGITS = 5;
const PERCENT = 100;
const NS_PER_MS = 1e6;
const MS_PER_S = 1000;

export function toJson(rows: readonly Row[]): JsonRow[] {
  return rows.map(({ direction, size, figures }) => {
    const rate = (name: AdapterName): number =>
      round(median(figures[name].map(({ framesPerSecond }) => framesPerSecond)));
    const ratio = (value: (figure: Figure) => number): number =>
      round(median(figures.igb.map((figure, turn) => value(figure) / value(figures.virtio[turn] as Figure))));
    return {
      direction,
      size,
      unit: "frames/s",
      igb: rate("igb"),
      virtio: rate("virtio"),
      ne2k: rate("ne2k"),
      ratio: ratio(({ framesPerSecond }) => framesPerSecond),
      processorRatio: ratio(({ framesPerSecond, elapsed, processor }) => (framesPerSecond * elapsed) / processor),
      ours: oursOf(figures.igb),
    };
  });
}

function oursOf(figures: readonly Figure[]): Ours {
  const sum = (value: (figure: Figure) => number): number => figures.reduce((total, each) => total + value(each), 0);
  const counted = (key: keyof AttachmentCounters): number => sum(({ counters }) => counters?.[key] ?? 0);
  const frames = counted("frames");
  const seconds = sum((figure) => figure.elapsed);
  const milliseconds = counted("milliseconds");
  return {
    share: round(milliseconds / MS_PER_S / seconds),
    nanoseconds: round((milliseconds * NS_PER_MS) / frames),
    reads: round(counted("reads") / frames),
    writes: round(counted("writes") / frames),
    interrupts: round(counted("interrupts") / frames),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

const HEADS = [
  "frames/s",
  "igb",
  "virtio-net",
  "ne2k",
  "igb÷virtio",
  "by CPU",
  "ours",
  "ns/frame",
  "reads",
  "writes",
  "IRQs",
];

/** A line for each row in which igb is less than `least` times as fast as virtio-net, by processor time. */
export function slower(rows: readonly Row[], least: number): string[] {
  return toJson(rows)
    .filter(({ processorRatio }) => processorRatio < least)
    .map(
      ({ direction, size, processorRatio }) => `${direction}, ${size} bytes: ${processorRatio} is less than ${least}`,
    );
}

/** "by CPU" is the ratio in processor time, "ours" the card's part of the time; behind it nanoseconds, register accesses and interrupts of one frame. */
export function toTable(rows: readonly Row[]): string {
  const lines = toJson(rows).map(({ direction, size, igb, virtio, ne2k, ratio, processorRatio, ours }) => [
    `${direction}, ${size} bytes`,
    ...[igb, virtio, ne2k].map((rate) => rate.toFixed(0)),
    ratio.toFixed(2),
    processorRatio.toFixed(2),
    `${(ours.share * PERCENT).toFixed(1)} %`,
    ours.nanoseconds.toFixed(0),
    ...[ours.reads, ours.writes, ours.interrupts].map((count) => count.toFixed(3)),
  ]);
  const widths = HEADS.map((head, column) =>
    Math.max(head.length, ...lines.map((line) => (line[column] ?? "").length)),
  );
  const show = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return `${[show(HEADS), rule, ...lines.map(show)].join("\n")}\n`;
}
