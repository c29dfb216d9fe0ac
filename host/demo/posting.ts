// How interrupts reach VMs that run, sleep or are off their processor: the totals of the traffic, and one VM's way
// through all three.
import { MIN_FRAME } from "../embed/in-process/frame.ts";
import type { VirtualProcessorStatistics } from "../hypervisor/virtual-processor.ts";
import type { InterruptCounts } from "../machine/interrupts.ts";
import type { Cast, Player } from "./cast.ts";
import type { Stage } from "./checks.ts";
import type { DemoCheck } from "./types.ts";
import { UPLINK_MAC } from "./wire.ts";

/** Machine time for a frame to arrive and its interrupt to be handled. */
const STEP_NS = 20_000;

/** What changed in one step. */
interface Step {
  vcpu: VirtualProcessorStatistics;
  counts: InterruptCounts;
  /** Receive interrupts that the driver handled. */
  handled: number;
}

/** Sums over all VMs of how their interrupts reached them. */
export function postingTotals({ players }: Cast): VirtualProcessorStatistics {
  const total = { posted: 0, collected: 0, notifications: 0, wakeUps: 0, spurious: 0, injected: 0 };
  for (const { vm } of players) {
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += vm.vcpu.statistics[name];
  }
  return total;
}

/**
 * An interrupt of a running VM is posted and taken without an exit, a sleeping one is woken, and that of a preempted one
 * waits. `traffic` are the totals of the traffic before.
 */
export function checkPosting(stage: Stage, traffic: VirtualProcessorStatistics): DemoCheck {
  const { cast } = stage;
  const { hypervisor } = cast;
  const { counts } = hypervisor.machine.interrupts;
  const player = cast.players[0] as Player;
  const { platform, vcpu } = player.vm;
  const before = vcpu.idle;
  for (let turn = 0; turn < 4; turn++) stage.traffic.turn();

  platform.idle?.("poll");
  const running = observe(stage, player, () => {
    player.driver.send([frameFrom(player.driver.mac, UPLINK_MAC)]);
    arrive(stage, player);
  });
  platform.idle?.("halt");
  hypervisor.run();
  const slept = vcpu.activity === "halted";
  const sleeping = observe(stage, player, () => arrive(stage, player));
  platform.idle?.("poll");
  vcpu.wake();
  hypervisor.preempt(player.vm);
  const preempted = observe(stage, player, () => arrive(stage, player));
  const resumed = observe(stage, player, () => {
    hypervisor.resume(player.vm);
    hypervisor.run(STEP_NS);
  });
  platform.idle?.(before);

  const waiting = cast.players.filter(({ vm }) => vm.vcpu.descriptor?.outstanding !== false || vm.vcpu.due).length;
  const { posted, notified, suppressed } = counts;
  return {
    name: "interrupt-posting",
    claim:
      "an interrupt of a running VM reaches it without an exit, one of a sleeping VM wakes it, one of a preempted VM waits",
    ok:
      traffic.posted > 0 &&
      traffic.injected === 0 &&
      (cast.players.length < 2 || traffic.wakeUps > 0) &&
      reached(running) &&
      running.counts.coalesced > 0 &&
      running.vcpu.posted > running.vcpu.notifications &&
      exits(running) === 0 &&
      slept &&
      reached(sleeping) &&
      sleeping.vcpu.wakeUps === 1 &&
      preempted.counts.suppressed > 0 &&
      preempted.counts.notified === 0 &&
      preempted.handled === 0 &&
      reached(resumed) &&
      resumed.vcpu.collected > 0 &&
      waiting === 0 &&
      posted === notified + counts.coalesced + suppressed,
    figures: {
      posted: traffic.posted + traffic.collected,
      withoutExit: traffic.posted,
      wakeUps: traffic.wakeUps,
      exitsWhileRunning: exits(running),
      wakeUpsWhileSleeping: sleeping.vcpu.wakeUps,
      noticesWhilePreempted: preempted.counts.notified,
      coalescedWhileRunning: running.counts.coalesced,
      handledWhenResumed: resumed.handled,
    },
  };
}

function reached({ handled, vcpu }: Step): boolean {
  return handled > 0 && vcpu.injected === 0;
}

/** Times that the hypervisor had to act for an interrupt. */
function exits({ vcpu }: Step): number {
  return vcpu.injected + vcpu.wakeUps + vcpu.spurious;
}

/** A frame arrives for the player, and time passes. */
function arrive({ cast }: Stage, { driver, port }: Player): void {
  cast.hypervisor.machine.ports[port]?.uplink.inject(frameFrom(UPLINK_MAC, driver.mac));
  cast.hypervisor.run(STEP_NS);
}

/** A frame without a tag, which nobody counts. */
function frameFrom(source: Uint8Array, destination: Uint8Array): Uint8Array {
  const frame = new Uint8Array(MIN_FRAME);
  frame.set(destination);
  frame.set(source, destination.length);
  return frame;
}

function observe({ cast }: Stage, { vm, driver }: Player, act: () => void): Step {
  const { counts } = cast.hypervisor.machine.interrupts;
  const { statistics } = vm.vcpu;
  const before = { vcpu: { ...statistics }, counts: { ...counts }, handled: driver.interrupts.rx };
  act();
  return {
    vcpu: difference(statistics, before.vcpu),
    counts: difference(counts, before.counts),
    handled: driver.interrupts.rx - before.handled,
  };
}

/** Each count less what it was. */
function difference<Counts extends { [Name in keyof Counts]: number }>(now: Counts, before: Counts): Counts {
  const change = { ...now };
  for (const name of Object.keys(now) as (keyof Counts)[]) {
    change[name] = (now[name] - before[name]) as Counts[keyof Counts];
  }
  return change;
}
