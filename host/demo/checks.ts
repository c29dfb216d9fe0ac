// The demonstration's claims, each held against what is observed. Every check leaves the cast able to go on.

import { CLASS_ETHERNET, CLASS_HOST_BRIDGE, DEVICE_I350_VF, VENDOR_INTEL } from "../../assembly/spec/pci/ids.ts";
import {
  FAULT_CONTEXT_NOT_PRESENT,
  FAULT_INTERRUPT_COMPATIBILITY,
  FAULT_INTERRUPT_NOT_PRESENT,
  FAULT_INTERRUPT_SOURCE,
  FAULT_READ_DENIED,
  FAULT_WRITE_DENIED,
} from "../../assembly/spec/vtd/fault-reason.ts";
import { formatBdf, hex, join32 } from "../core/address.ts";
import { encodeSnapshot } from "../core/snapshot.ts";
import { HostileVf } from "../embed/in-process/misbehave.ts";
import { compatibilityMessage } from "../hypervisor/compatibility-message.ts";
import type { DomainRam } from "../hypervisor/domain-ram.ts";
import { Hypervisor } from "../hypervisor/hypervisor.ts";
import { type FaultRecord, faultAddress } from "../machine/fault.ts";
import { Machine } from "../machine/machine.ts";
import type { Cast, Player } from "./cast.ts";
import type { Routes } from "./routes.ts";
import type { Traffic } from "./traffic.ts";
import type { DemoCheck, DemoFault } from "./types.ts";
import type { Ledger, Wire } from "./wire.ts";

/** Machine time for what one attack sets in motion. */
const ATTACK_NS = 10_000;
/** Frames that are on their way when a snapshot is taken, and when a function is taken away. */
const PENDING_FRAMES = 8;
/** A vector that nobody uses. */
const FORGED_VECTOR = 0xe1;
const SNAPSHOT_STEPS = 5;
const SNAPSHOT_STEP_NS = 3000;

export interface Stage {
  readonly cast: Cast;
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly wire: Wire;
  readonly routes: Routes;
  /** Faults that the checks caused, in order. */
  readonly faults: DemoFault[];
}

/** Each VM's probe finds its host bridge and its own VF, and nothing else. */
export function checkProbe({ cast }: Stage): DemoCheck {
  let found = 0;
  let own = 0;
  for (const { guest } of cast.players) {
    const functions = guest.probe();
    found += functions.length;
    for (const one of functions) {
      const isVf = one.classCode === CLASS_ETHERNET && one.vendorId === VENDOR_INTEL && one.deviceId === DEVICE_I350_VF;
      if (isVf || one.classCode === CLASS_HOST_BRIDGE) own++;
    }
  }
  const expected = 2 * cast.players.length;
  return {
    name: "probe",
    claim: "a guest that probes for hardware finds its host bridge and its VF, and nothing else",
    ok: found === expected && own === expected,
    figures: { vms: cast.players.length, found, expected, foreign: found - own },
  };
}

/** Everything that was sent arrived, once, unchanged, in order, at whom it was addressed to. */
export function checkDelivery({ traffic, ledger, wire }: Stage): DemoCheck {
  const { sent, expected, refused } = traffic;
  const { delivered, misdelivered, corrupted, disordered, foreign } = ledger;
  const lost = expected - delivered;
  const wrong = lost + misdelivered + corrupted + disordered + refused + wire.refused;
  return {
    name: "delivery",
    claim: "every frame arrives once, unchanged, in order, and only at whom it is addressed to",
    ok: wrong === 0 && sent > 0,
    figures: {
      sent,
      expected,
      delivered,
      lost,
      misdelivered,
      corrupted,
      disordered,
      ...(foreign > 0 ? { foreign } : {}),
    },
  };
}

/** A VM that aims its VF at another VM's memory, or at the hypervisor's, is stopped. */
export function checkIsolation(stage: Stage): DemoCheck {
  const { cast } = stage;
  const attacker = cast.players[0] as Player;
  const others = cast.players.filter((player) => player !== attacker).map((player) => player.vm.domain);
  const victims = [cast.hypervisor.administrator.domain, ...others];
  const victim = victims.at(-1) ?? cast.hypervisor.administrator.domain;
  settle(stage);
  const before = victims.map((domain) => digest(stage, domain.ram));
  const target = victim.ram.base + 0x3000;
  const hostile = new HostileVf(attacker.guest, attacker.driver);

  hostile.readFrom(target);
  const [read] = attack(stage);
  hostile.behave();
  hostile.transmitRingAt(target);
  const [ring] = attack(stage);
  hostile.behave();
  hostile.writeTo(target);
  cast.hypervisor.machine.ports[attacker.port]?.uplink.inject(frameFor(attacker));
  const [write] = attack(stage);

  const after = victims.map((domain) => digest(stage, domain.ram));
  const unchanged = before.every((value, place) => value === after[place]);
  const recovered = hostile.behave();
  attacker.driver.watchdog();
  const requester = attacker.assigned.requesterId;
  const stopped = (fault: FaultRecord | undefined, reason: number): boolean =>
    fault?.reason === reason &&
    fault.requesterId === requester &&
    Math.floor(join32(fault.addressLo, fault.addressHi) / 0x1000) === Math.floor(target / 0x1000);
  return {
    name: "isolation",
    claim: "a VM that aims its VF at another VM's memory is stopped, and that memory stays as it was",
    ok:
      stopped(read, FAULT_READ_DENIED) &&
      stopped(ring, FAULT_READ_DENIED) &&
      stopped(write, FAULT_WRITE_DENIED) &&
      unchanged &&
      recovered,
    figures: {
      requester: formatBdf(requester),
      victim: victim.name,
      address: hex(target),
      read: read?.text ?? "not stopped",
      ring: ring?.text ?? "not stopped",
      write: write?.text ?? "not stopped",
      memory: unchanged ? "unchanged" : "changed",
    },
  };
}

/** Forged and foreign interrupts are refused; all others went to the right VM with the right vector. */
export function checkInterrupts(stage: Stage): DemoCheck {
  const { cast, routes } = stage;
  const { machine } = cast.hypervisor;
  const attacker = cast.players[0] as Player;
  const { physical } = attacker.assigned;
  const hostile = new HostileVf(attacker.guest, attacker.driver);
  const administrator = cast.hypervisor.administrator.domain;
  settle(stage);
  const { delivered, posted } = machine.interrupts.counts;
  const settled = delivered + posted;

  // The hypervisor's own handles are the foreign ones: the function is made to use each, as broken hardware might.
  const foreign = [...routes.handles()].filter(([, owner]) => owner !== physical.requesterId);
  let refusedForeign = 0;
  for (const [handle] of foreign) {
    const { addressLo, addressHi, data } = cast.hypervisor.remapping.message(handle);
    physical.sendMessage(addressLo, addressHi, data);
    if (attack(stage).some((fault) => fault.reason === FAULT_INTERRUPT_SOURCE)) refusedForeign++;
  }
  // A guest has DMA write a message by itself, in the format that knows no remapping.
  const forged = compatibilityMessage(administrator.apicId, FORGED_VECTOR);
  hostile.writeDword(forged.addressLo, FORGED_VECTOR);
  const [compatibility] = attack(stage);
  const taken = administrator.processor.received(FORGED_VECTOR);
  hostile.behave();
  attacker.driver.watchdog();
  return {
    name: "interrupt-remapping",
    claim: "a forged or foreign interrupt is refused; every other one reaches the right VM with the right vector",
    ok:
      foreign.length > 0 &&
      refusedForeign === foreign.length &&
      compatibility?.reason === FAULT_INTERRUPT_COMPATIBILITY &&
      taken === 0 &&
      routes.misrouted === 0 &&
      settled > 0,
    figures: {
      delivered: settled,
      misrouted: routes.misrouted,
      foreign: foreign.length,
      refused: refusedForeign,
      forged: compatibility?.text ?? "not refused",
    },
  };
}

/** After a function was taken away, its late DMA and its late interrupts fault. */
export function checkRevocation(stage: Stage): DemoCheck {
  const { cast, traffic } = stage;
  const { hypervisor } = cast;
  const player = cast.players.at(-1) as Player;
  const { assigned } = player;
  settle(stage);
  const handle = [...stage.routes.handles()].find(([, owner]) => owner === assigned.requesterId)?.[0];
  // Frames wait in the ring, the doorbell has rung: the function is in the middle of its work when it is taken away.
  traffic.queue(player, PENDING_FRAMES, false);
  const before = digest(stage, player.vm.domain.ram);
  hypervisor.revoke(assigned, { reset: "never" });
  const [dma] = attack(stage);
  const seen = player.guest.probe().length;
  let interrupt: FaultRecord | undefined;
  if (handle !== undefined) {
    const { addressLo, addressHi, data } = hypervisor.remapping.message(handle);
    assigned.physical.sendMessage(addressLo, addressHi, data);
    [interrupt] = attack(stage);
  }
  const unchanged = before === digest(stage, player.vm.domain.ram);
  assigned.resetPhysical();
  return {
    name: "revocation",
    claim: "after a function is taken away its late DMA and interrupts fault, and its VM no longer sees it",
    ok:
      dma?.reason === FAULT_CONTEXT_NOT_PRESENT &&
      dma.requesterId === assigned.requesterId &&
      interrupt?.reason === FAULT_INTERRUPT_NOT_PRESENT &&
      unchanged &&
      seen === 1,
    figures: {
      requester: formatBdf(assigned.requesterId),
      dma: dma?.text ?? "not stopped",
      interrupt: interrupt?.text ?? "not refused",
      functionsLeft: seen - 1,
    },
  };
}

/** A machine that is restored from a snapshot goes on exactly as the one that it was taken from. */
export async function checkSnapshot(stage: Stage): Promise<DemoCheck> {
  const { cast, traffic } = stage;
  settle(stage);
  for (const player of cast.players) traffic.queue(player, PENDING_FRAMES, true);
  const bytes = encodeSnapshot(cast.hypervisor.save());
  const twin = new Hypervisor(await Machine.create(cast.machineOptions), { administratorRam: cast.administratorRam });
  twin.restore(cast.hypervisor.save());
  const restored = equal(bytes, encodeSnapshot(twin.save()));
  let moved = 0;
  let same = 0;
  for (let step = 0; step < SNAPSHOT_STEPS; step++) {
    // Without the guests' software, which is not in a snapshot: the hardware goes on by itself.
    const here = cast.hypervisor.machine.run(SNAPSHOT_STEP_NS);
    moved += here;
    const alike = here === twin.machine.run(SNAPSHOT_STEP_NS);
    const one = encodeSnapshot(cast.hypervisor.save());
    if (alike && equal(one, encodeSnapshot(twin.save()))) same++;
  }
  settle(stage);
  return {
    name: "snapshot",
    claim: "a machine restored from a snapshot in the middle of its traffic goes on identically",
    ok: restored && same === SNAPSHOT_STEPS && moved > 0,
    figures: { bytes: bytes.length, steps: SNAPSHOT_STEPS, identical: same, framesMoved: moved },
  };
}

/** Lets what is on its way arrive. */
function settle({ traffic, cast }: Stage): void {
  for (let turn = 0; turn < 4; turn++) traffic.turn();
  cast.hypervisor.faults();
}

/** Lets the attack happen, and reads what the IOMMU recorded of it. */
function attack(stage: Stage): FaultRecord[] {
  const { hypervisor } = stage.cast;
  hypervisor.machine.run(ATTACK_NS);
  const faults = hypervisor.faults();
  for (const fault of faults) {
    stage.faults.push({
      reason: fault.text,
      requesterId: formatBdf(fault.requesterId),
      iova: fault.interrupt ? `interrupt index ${fault.interruptIndex}` : faultAddress(fault),
    });
  }
  hypervisor.run();
  return faults;
}

/** A number that changes with every byte of the memory at `base`. */
function digest({ cast }: Stage, { base, size }: DomainRam): number {
  const bytes = new Uint8Array(size);
  cast.hypervisor.machine.map.readBytes(base, bytes);
  const words = new Uint32Array(bytes.buffer);
  let hash = 0x811c_9dc5;
  for (let place = 0; place < words.length; place++) hash = Math.imul(hash ^ (words[place] as number), 0x0100_0193);
  return hash >>> 0;
}

/** A broadcast frame that nobody of the cast counts. */
function frameFor(player: Player): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set(player.driver.mac, 0);
  frame.fill(0x02, 6, 12);
  return frame;
}

/** Whether two snapshots are the same: tens of megabytes, so a word at a time. */
function equal(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  const [words, others] = [one, other].map(
    (bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2),
  ) as [Uint32Array, Uint32Array];
  let place = 0;
  while (place < words.length && words[place] === others[place]) place++;
  if (place < words.length) return false;
  place *= 4;
  while (place < one.length && one[place] === other[place]) place++;
  return place === one.length;
}
