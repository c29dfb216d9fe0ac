// The demonstration: VMs on virtual functions of network cards, and what keeps them apart, claim by claim.
import { ArgumentError } from "../core/errors.ts";
import { assemble, DEFAULT_VMS, topologyText } from "./cast.ts";
import {
  checkDelivery,
  checkInterrupts,
  checkIsolation,
  checkProbe,
  checkRevocation,
  checkSnapshot,
  type Stage,
} from "./checks.ts";
import { checkPosting, postingTotals } from "./posting.ts";
import { Random } from "./random.ts";
import { Routes } from "./routes.ts";
import { Traffic } from "./traffic.ts";
import type { DemoObserver, DemoOptions, DemoResult } from "./types.ts";
import { Ledger, Wire } from "./wire.ts";

export type { DemoCheck, DemoFault, DemoObserver, DemoOptions, DemoResult, RunDemo } from "./types.ts";

const DEFAULT_FRAMES = 200_000;
const DEFAULT_SEED = 1;
const MAX_VMS = 128;
const MAX_FRAMES = 10_000_000;
const NS_PER_MS = 1e6;
const MS_PER_S = 1000;

/** Runs the whole demonstration. Throws ArgumentError for an option out of range. */
export async function runDemo(options: DemoOptions = {}, observer: DemoObserver = {}): Promise<DemoResult> {
  const vms = whole("vms", options.vms ?? DEFAULT_VMS, 1, MAX_VMS);
  const frames = whole("frames", options.frames ?? DEFAULT_FRAMES, 1, MAX_FRAMES);
  const seed = whole("seed", options.seed ?? DEFAULT_SEED, 0, 2 ** 32 - 1);
  const ledger = new Ledger();
  let everybody = vms + 1;
  const cast = await assemble(
    vms,
    (player, frame) => ledger.arrive(player, everybody, frame),
    (done) => observer.progress?.(done, vms, "VMs"),
  );
  const { machine } = cast.hypervisor;
  if (observer.stale !== undefined) {
    machine.iommu.onStale((use) => observer.stale?.(use));
    machine.iommu.strict = true;
  }
  const routes = new Routes(machine.trace, () => cast);
  const wire = new Wire(machine, (frame) => ledger.arrive(vms, everybody, frame), options.capture);
  const traffic = new Traffic(cast, wire, new Random(seed));
  everybody = traffic.everybody;
  const stage: Stage = { cast, traffic, ledger, wire, routes, faults: [] };
  const topology = topologyText(cast);

  const checks = [checkProbe(stage)];
  const start = performance.now();
  traffic.run(frames, ledger, (done) => observer.progress?.(done, frames, "frames"));
  const ms = performance.now() - start;
  checks.push(checkDelivery(stage));
  const { delivered, bytes } = ledger;
  const { sent } = traffic;
  const { translations, hits } = machine.iommu.statistics();
  const posting = postingTotals(cast);

  ledger.replaying = true;
  replay(stage, options.replay ?? [], (done, total) => observer.progress?.(done, total, "replay"));
  checks.push(checkPosting(stage, posting));
  checks.push(checkInterrupts(stage));
  checks.push(checkIsolation(stage));
  observer.progress?.(0, 1, "snapshot");
  checks.push(await checkSnapshot(stage));
  checks.push(checkRevocation(stage));
  machine.trace.listener = undefined;

  const { counts } = machine.interrupts;
  return {
    vms,
    checks,
    frames: {
      sent,
      delivered,
      bytes,
      perSecond: (delivered / ms) * MS_PER_S,
      nsPerFrame: (ms * NS_PER_MS) / delivered,
    },
    dma: { translations, iotlbHitRate: translations === 0 ? 0 : hits / translations, faults: stage.faults },
    interrupts: {
      raised: counts.raised,
      delivered: counts.delivered + counts.posted,
      blocked: counts.blocked,
      misrouted: routes.misrouted,
      posted: counts.posted,
      coalesced: counts.coalesced,
      wakeUps: postingTotals(cast).wakeUps,
    },
    topology,
  };
}

/** Frames of a capture arrive at the uplink, in its order, as fast as the cards take them. */
function replay(stage: Stage, frames: readonly Uint8Array[], progress: (done: number, total: number) => void): void {
  for (const [index, frame] of frames.entries()) {
    stage.wire.send(frame);
    if (index % 32 !== 31 && index !== frames.length - 1) continue;
    stage.traffic.turn();
    progress(index + 1, frames.length);
  }
}

function whole(parameter: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ArgumentError(parameter, value, `is not a whole number from ${min} to ${max}`);
  }
  return value;
}
