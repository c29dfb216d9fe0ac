// Posting between any two steps of the software that owns the descriptor: the unit is the real one.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GCMD_IRE_LO, GCMD_SIRTP_LO } from "../../assembly/spec/vtd/global.ts";
import { IRTA_REG } from "../../assembly/spec/vtd/interrupt-table-address.ts";
import { type Hpa, hpa, type RequesterId } from "../../host/core/address.ts";
import { PostedDescriptor, type SharedWords, sharedWords } from "../../host/hypervisor/posted-descriptor.ts";
import { ACTIVE_VECTOR, VirtualProcessor, WAKE_UP_VECTOR } from "../../host/hypervisor/virtual-processor.ts";
import type { DeliveredInterrupt } from "../../host/machine/interrupt-fabric.ts";
import { Harness } from "../iommu/harness.ts";

const RID = 0x0310 as RequesterId;
const APIC = 0x21;
/** Vectors of the test's entries: entry n posts FIRST + n, the odd ones are urgent. */
const FIRST = 0x3c;
const VECTORS = 12;

interface Scene {
  h: Harness;
  vcpu: VirtualProcessor;
  words: SharedWords;
  /** The word with ON (bit 0) and SN (bit 1). */
  control(): number;
  /** Whether the descriptor holds a request of `vector`. */
  requested(vector: number): boolean;
  /** An interrupt request by way of entry n. */
  post(n: number): { outcome: string; notification: DeliveredInterrupt | undefined };
}

/** Called after each step that the software does with the descriptor. */
type Between = () => void;

async function scene(between: Between = () => undefined): Promise<Scene> {
  const h = await Harness.create();
  const table = h.page();
  const address = (h.page() + 0x3c0) as Hpa;
  h.set64(IRTA_REG, BigInt(table) | 7n);
  h.command(GCMD_SIRTP_LO);
  h.command(GCMD_IRE_LO);
  for (let n = 0; n < VECTORS; n++) {
    const low = 0x8001n | (BigInt(FIRST + n) << 16n) | (BigInt(n & 1) << 14n) | (BigInt(address >>> 6) << 38n);
    h.write64(table + n * 16, low);
  }
  const plain = sharedWords(h.map);
  const words: SharedWords = {
    read: (at) => {
      const value = plain.read(at);
      between();
      return value;
    },
    update: (at, keep, set) => {
      const before = plain.update(at, keep, set);
      between();
      return before;
    },
  };
  new VirtualProcessor(new PostedDescriptor(plain, address)).reset(APIC, false);
  const vcpu = new VirtualProcessor(new PostedDescriptor(words, address));
  return {
    h,
    vcpu,
    words,
    control: () => h.map.read(hpa(address + 32), 4),
    requested: (vector) => ((h.map.read(hpa(address + (vector >>> 5) * 4), 4) >>> (vector & 31)) & 1) === 1,
    post: (n) => {
      const result = h.unit.remap(RID, 0xfee0_0010 | (n << 5), 0, 0);
      if (result.kind !== "posted") throw new Error(JSON.stringify(result));
      return { outcome: result.posted.outcome, notification: result.posted.notification };
    },
  };
}

type Act = "post" | "notify" | "dispatch" | "halt" | "wake" | "preempt" | "resume";
const ACTS: readonly Act[] = ["post", "notify", "dispatch", "halt", "wake", "preempt", "resume"];

describe("VT-d §5.2.5 a descriptor and its virtual processor", () => {
  test("random posts between any two steps: nothing is lost, doubled or left waiting; urgent ones end a preemption", async () => {
    let wakeUps = 0;
    let suppressed = 0;
    let urgentWakes = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...ACTS, "post", "dispatch"), { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.nat(0xffff)),
        fc.boolean(),
        async (acts, stream, late) => {
          const next = (below: number): number => (stream.next().value as number) % below;
          /** Vectors with a post that no handler has seen. */
          const unseen = new Set<number>();
          /** Of each entry: posts less runs of its handler. */
          const balance = new Array<number>(VECTORS).fill(0);
          const wires: DeliveredInterrupt[] = [];
          let depth = 0;
          /** An urgent request was posted while SN was set. */
          let urgent = false;
          const post = (): void => {
            const n = next(VECTORS);
            const before = s.control();
            const { outcome, notification } = s.post(n);
            const quiet = (before & 2) !== 0 && n % 2 === 0;
            expect(outcome).toBe((before & 1) !== 0 ? "outstanding" : quiet ? "suppressed" : "sent");
            if (quiet) suppressed++;
            if ((before & 2) !== 0 && n % 2 === 1) urgent = true;
            unseen.add(FIRST + n);
            balance[n] = (balance[n] as number) + 1;
            if (notification === undefined) return;
            expect(notification).toMatchObject({ destination: APIC, deliveryMode: 0, logical: false });
            if (late) wires.push(notification);
            else s.vcpu.take(notification);
          };
          const s = await scene(() => {
            if (depth > 0 || next(4) > 0) return;
            depth++;
            if (next(3) > 0) post();
            else for (const one of wires.splice(0, 1)) s.vcpu.take(one);
            depth--;
          });
          for (let n = 0; n < VECTORS; n++) {
            s.vcpu.processor.onInterrupt(FIRST + n, () => {
              balance[n] = (balance[n] as number) - 1;
              expect(balance[n], "handled more often than posted").toBeGreaterThanOrEqual(0);
              if (!s.requested(FIRST + n)) unseen.delete(FIRST + n);
            });
          }
          const settle = (): void => {
            for (const one of wires.splice(0)) s.vcpu.take(one);
            for (let round = 0; round < 200 && (s.vcpu.due || wires.length > 0); round++) {
              for (const one of wires.splice(0)) s.vcpu.take(one);
              s.vcpu.dispatch();
            }
          };
          for (const act of acts) {
            if (act === "post") post();
            else if (act === "notify") for (const one of wires.splice(0, 1)) s.vcpu.take(one);
            else s.vcpu[act]();
            if (s.vcpu.activity !== "preempted") urgent = false;
            if (next(8) > 0) continue;
            depth++;
            const wasUrgent = urgent && s.vcpu.activity === "preempted";
            settle();
            depth--;
            urgent = false;
            if (wasUrgent) {
              urgentWakes++;
              expect(s.vcpu.activity, "after an urgent request").not.toBe("preempted");
            }
            if (s.vcpu.activity !== "preempted") expect([...unseen], "left waiting").toEqual([]);
          }
          depth++;
          s.vcpu.resume();
          settle();
          expect([...unseen], "lost").toEqual([]);
          wakeUps += s.vcpu.statistics.wakeUps;
        },
      ),
      { numRuns: 400 },
    );
    expect(Math.min(wakeUps, suppressed, urgentWakes)).toBeGreaterThan(20);
  });

  test("a running VM takes what was posted with one notification, without an exit", async () => {
    const s = await scene();
    const seen: number[] = [];
    for (let n = 0; n < VECTORS; n++) s.vcpu.processor.onInterrupt(FIRST + n, () => seen.push(FIRST + n));
    const first = s.post(2);
    expect(first.notification).toMatchObject({ vector: ACTIVE_VECTOR });
    s.vcpu.take(first.notification as DeliveredInterrupt);
    expect([s.post(7), s.post(2)].map(({ outcome }) => outcome)).toEqual(["outstanding", "outstanding"]);
    expect([s.vcpu.due, s.vcpu.dispatch(), s.vcpu.due]).toEqual([true, true, false]);
    expect(seen).toEqual([FIRST + 7, FIRST + 2]);
    expect(s.vcpu.statistics).toMatchObject({ posted: 2, notifications: 1, wakeUps: 0, injected: 0, spurious: 0 });
    expect(s.control() & 1).toBe(0);
  });

  test("a halted VM is woken by the wake-up vector; HLT with a request outstanding does not halt", async () => {
    const s = await scene();
    let handled = 0;
    s.vcpu.processor.onInterrupt(FIRST, () => handled++);
    s.vcpu.halt();
    expect(s.vcpu.activity).toBe("halted");
    const { notification } = s.post(0);
    expect(notification).toMatchObject({ vector: WAKE_UP_VECTOR, destination: APIC });
    s.vcpu.take(notification as DeliveredInterrupt);
    expect(s.vcpu.dispatch()).toBe(true);
    expect([s.vcpu.activity, handled, s.vcpu.statistics.wakeUps, s.vcpu.statistics.collected]).toEqual([
      "running",
      1,
      1,
      1,
    ]);
    // Posted while running, its notification still on its way: no wake-up would follow.
    const late = s.post(0);
    s.vcpu.halt();
    expect(s.vcpu.activity).toBe("running");
    s.vcpu.take(late.notification as DeliveredInterrupt);
    expect(s.vcpu.dispatch()).toBe(true);
    expect(handled).toBe(2);
  });

  test("a preempted VM is not disturbed but by urgent requests, and finds the others when it is resumed", async () => {
    const s = await scene();
    const seen: number[] = [];
    for (let n = 0; n < VECTORS; n++) s.vcpu.processor.onInterrupt(FIRST + n, () => seen.push(n));
    s.vcpu.preempt();
    expect([s.post(4), s.post(6)]).toEqual([
      { outcome: "suppressed", notification: undefined },
      { outcome: "suppressed", notification: undefined },
    ]);
    expect([s.vcpu.due, s.vcpu.dispatch(), s.vcpu.activity]).toEqual([false, false, "preempted"]);
    s.vcpu.resume();
    expect([s.vcpu.dispatch(), seen]).toEqual([true, [6, 4]]);
    s.vcpu.preempt();
    s.post(4);
    const { notification } = s.post(5);
    expect(notification).toMatchObject({ vector: WAKE_UP_VECTOR });
    s.vcpu.take(notification as DeliveredInterrupt);
    expect([s.vcpu.dispatch(), s.vcpu.activity, seen]).toEqual([true, "running", [6, 4, 5, 4]]);
    expect(s.vcpu.statistics).toMatchObject({ wakeUps: 1, collected: 4, notifications: 0 });
  });

  test("x2APIC mode: NDST has all 32 bits of the APIC ID", async () => {
    const h = await Harness.create();
    const address = (h.page() + 0x40) as Hpa;
    new VirtualProcessor(new PostedDescriptor(sharedWords(h.map), address)).reset(0x8765_4321, true);
    expect(h.read64(address + 32)).toBe((BigInt(ACTIVE_VECTOR) << 16n) | (0x8765_4321n << 32n));
    new VirtualProcessor(new PostedDescriptor(sharedWords(h.map), address)).reset(0x21, false);
    expect(h.read64(address + 32)).toBe((BigInt(ACTIVE_VECTOR) << 16n) | (0x21n << 40n));
  });

  test("goes on after save and restore as it would have", async () => {
    const s = await scene();
    s.vcpu.idle = "halt";
    s.vcpu.dispatch();
    expect(s.vcpu.activity).toBe("halted");
    s.vcpu.take(s.post(3).notification as DeliveredInterrupt);
    const twin = new VirtualProcessor(s.vcpu.descriptor);
    twin.restore(JSON.parse(JSON.stringify(s.vcpu.save())));
    let handled = 0;
    twin.processor.onInterrupt(FIRST + 3, () => handled++);
    expect([twin.activity, twin.due, twin.dispatch(), handled]).toEqual(["halted", true, true, 1]);
    expect(twin.dispatch()).toBe(false);
    expect(twin.activity).toBe("halted");
    expect(twin.statistics).toMatchObject({ wakeUps: 1, collected: 1 });
  });
});
