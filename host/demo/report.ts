// The demonstration's result as text: for a terminal, and piece by piece for a page.
import type { DemoCheck, DemoResult } from "./types.ts";

/** Of fewer frames, the first ones are most of the time that is measured. */
const FRAMES_TIMED = 1000;

/** The object that --json prints: the result without its picture. */
export function jsonOf(result: DemoResult): Omit<DemoResult, "topology"> {
  const { topology: _picture, ...json } = result;
  return json;
}

/** True when every claim held, and there was one. */
export function allHold(result: DemoResult): boolean {
  return result.checks.length > 0 && result.checks.every(({ ok }) => ok);
}

/** `found 16, victim: vm8` for a claim's figures. */
export function figuresOf(check: DemoCheck): string {
  return Object.entries(check.figures)
    .map(([name, value]) => (typeof value === "number" ? `${name} ${formatNumber(value)}` : `${name}: ${value}`))
    .join(", ");
}

/** What was measured: a heading and a sentence each. */
export function measured(result: DemoResult): [heading: string, text: string][] {
  const { frames, dma, interrupts } = result;
  return [
    [
      "frames",
      `${formatNumber(frames.sent)} sent, ${formatNumber(frames.delivered)} delivered, ${formatNumber(frames.bytes)} bytes; ` +
        (frames.delivered < FRAMES_TIMED
          ? "too few to time"
          : `${formatNumber(Math.round(frames.perSecond))} frames/s delivered by the wall clock, ` +
            `${formatNumber(Math.round(frames.nsPerFrame))} ns per frame, the guests' software included`),
    ],
    [
      "dma",
      `${formatNumber(dma.translations)} translations, IOTLB hit rate ${(dma.iotlbHitRate * 100).toFixed(2)} %, ` +
        `faults recorded: ${formatNumber(dma.faults.length)}`,
    ],
    [
      "interrupts",
      `${formatNumber(interrupts.raised)} raised, ${formatNumber(interrupts.delivered)} delivered, ` +
        `${formatNumber(interrupts.blocked)} blocked (foreign, forged and late ones), ${formatNumber(interrupts.misrouted)} misrouted; ` +
        `${formatNumber(interrupts.posted)} posted, ${formatNumber(interrupts.coalesced)} of them without a notification of ` +
        `their own, ${formatNumber(interrupts.wakeUps)} wake-up${interrupts.wakeUps === 1 ? "" : "s"}`,
    ],
  ];
}

/** One line for each kind of fault: who, why, where, and how often when more than once. */
export function faultLines(result: DemoResult): string[] {
  const kinds = new Map<string, { first: string; count: number }>();
  for (const { requesterId, iova, reason } of result.dma.faults) {
    const kind = `${requesterId}: ${reason}`;
    const seen = kinds.get(kind);
    if (seen === undefined) kinds.set(kind, { first: iova, count: 1 });
    else seen.count++;
  }
  return [...kinds].map(([kind, { first, count }]) =>
    count === 1 ? `${kind}, at ${first}` : `${kind}, ${formatNumber(count)} times, first at ${first}`,
  );
}

/** Digits in groups of three; at most three decimals. */
function formatNumber(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
