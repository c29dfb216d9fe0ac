// What a machine makes of the deadlines of an embedder's parts, wrong ones too.
import { beforeEach, describe, expect, test } from "vitest";
import { ArgumentError } from "../../host/core/errors.ts";
import type { Endpoint } from "../../host/device/endpoint.ts";
import { IommuTestdev } from "../../host/device/iommu-testdev/iommu-testdev.ts";
import type { CableEnd } from "../../host/machine/cable/end.ts";
import { FunctionEnd } from "../../host/machine/cable/function-end.ts";
import { Machine } from "../../host/machine/machine.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.create({ board: {} });
});

/** A device with the deadline that is wished for; `work` is what it does in a turn. */
class Device implements Endpoint {
  readonly functions: Endpoint["functions"];
  nextDeadlineNs: number;
  turns = 0;
  work: () => number = () => 0;

  constructor(nextDeadlineNs: number) {
    this.nextDeadlineNs = nextDeadlineNs;
    const { clock, iommu, map } = machine;
    const readMemory = (...place: Parameters<typeof map.readBytes>): boolean => map.readBytes(...place);
    this.functions = new IommuTestdev("late", { clock, dma: iommu.dma, readMemory }).functions;
  }

  service(): number {
    this.turns++;
    return this.work();
  }

  save(): number {
    return this.turns;
  }

  restore(): void {}
}

const NO_MOMENTS = [Number.NaN, -1, Number.NEGATIVE_INFINITY, 0.5, "7", undefined, null] as number[];

describe("a device", () => {
  test.each([0, 70])(
    "whose deadline stays at %i ns ends the run by name, and time stands where it was found",
    (due) => {
      const device = new Device(due);
      machine.plug(device, { device: 3 });
      expect(() => machine.run(10_000_000_000)).toThrow(ArgumentError);
      expect([device.turns, machine.clock.nowNs]).toEqual([1001 + Math.min(due, 1), due + 1000]);
      expect(() => machine.run(10_000_000_000)).toThrow(
        /^nextDeadlineNs .* of late is still in the past after 1000 turns/,
      );
      expect(machine.clock.nowNs).toBe(due + 1000);
      device.nextDeadlineNs = due + 1500;
      device.work = () => {
        if (device.nextDeadlineNs <= machine.clock.nowNs) device.nextDeadlineNs = Number.POSITIVE_INFINITY;
        return 0;
      };
      machine.run(10_000_000_000);
      expect([device.turns, machine.clock.nowNs]).toEqual([1005 + Math.min(due, 1), due + 10_000_001_000]);
    },
  );

  test("that has more to do than fits in one turn has as many turns as it takes", () => {
    const device = new Device(0);
    let left = 5000;
    device.work = () => {
      if (left > 0) left--;
      else device.nextDeadlineNs = Number.POSITIVE_INFINITY;
      return left > 0 ? 1 : 0;
    };
    machine.plug(device, { device: 3 });
    expect(machine.run(1_000_000)).toBe(4999);
    expect(machine.clock.nowNs).toBe(1_000_000);
  });

  test("that is unplugged holds nothing up any more", () => {
    const device = new Device(0);
    machine.plug(device, { device: 3 });
    expect(() => machine.run(5000)).toThrow("of late");
    machine.unplug(device);
    machine.run(5000);
    expect(machine.clock.nowNs).toBe(6000);
  });

  test("has its turn at every moment that it names, and without time none is too much", () => {
    const device = new Device(0);
    const moments: number[] = [];
    device.work = () => {
      moments.push(machine.clock.nowNs);
      device.nextDeadlineNs = (Math.floor(machine.clock.nowNs / 40) + 1) * 40;
      return 0;
    };
    machine.plug(device, { device: 3 });
    machine.run(100);
    expect(moments).toEqual([0, 40, 80, 100]);
    device.nextDeadlineNs = 0;
    device.work = () => 0;
    for (let call = 0; call < 3000; call++) machine.run(0);
    expect(machine.clock.nowNs).toBe(100);
  });

  test.each([undefined, null, Number.NaN, -1, 0.5, "x", true, Number.POSITIVE_INFINITY])(
    "whose turn returns %s is named, and time stands where it was",
    (done) => {
      const device = new Device(40);
      machine.plug(device, { device: 3 });
      device.work = () => (machine.clock.nowNs < 40 ? 0 : (done as number));
      for (let again = 0; again < 2; again++) {
        expect(() => machine.run(1000)).toThrow(ArgumentError);
        expect(() => machine.run(1000)).toThrow(/^service\(\) .* of late is no number of frames or requests/);
        expect(machine.clock.nowNs).toBe(40);
      }
      device.work = () => {
        device.nextDeadlineNs = Number.POSITIVE_INFINITY;
        return 3;
      };
      expect(machine.run(1000)).toBe(6);
      expect(machine.clock.nowNs).toBe(1040);
    },
  );

  test.each(NO_MOMENTS)("whose deadline is %s is refused, and is not plugged in; later, run refuses it", (deadline) => {
    const device = new Device(deadline);
    expect(() => machine.plug(device, { device: 3 })).toThrow(ArgumentError);
    expect(() => machine.plug(device, { device: 3 })).toThrow(/^nextDeadlineNs .* of late is no moment in nanoseconds/);
    expect([...machine.root.bus.functions.keys()]).not.toContain(3 << 3);
    device.nextDeadlineNs = 50;
    machine.plug(device, { device: 3 });
    device.work = () => {
      if (machine.clock.nowNs === 50) device.nextDeadlineNs = deadline;
      return 0;
    };
    expect(() => machine.run(1_000_000)).toThrow(/^nextDeadlineNs .* of late is no moment/);
    expect(() => machine.nextDeadlineNs).toThrow(/^nextDeadlineNs .* of late is no moment/);
    expect(machine.clock.nowNs).toBe(50);
  });
});

describe("an end of a cable", () => {
  /** An end that has one frame, from `nextDeadlineNs` on. */
  function sender(nextDeadlineNs: number): { end: CableEnd; calls: () => number } {
    let calls = 0;
    let left = 1;
    const end: CableEnd = {
      name: "sender",
      attach: () => {},
      link: () => {},
      receive: () => true,
      next: () => {
        calls++;
        return nextDeadlineNs <= machine.clock.nowNs && left-- > 0 ? new Uint8Array(60) : undefined;
      },
      nextDeadlineNs,
    };
    return { end, calls: () => calls };
  }

  test("whose deadline stays in the past sends what it has and costs no turns", () => {
    const { end, calls } = sender(300);
    const arrivals: number[] = [];
    machine.cables.plug(end, new FunctionEnd(() => arrivals.push(machine.clock.nowNs) > 0), { latencyNs: 20 });
    machine.run(10_000_000_000);
    expect([arrivals, machine.clock.nowNs]).toEqual([[320], 10_000_000_000]);
    expect(calls()).toBeLessThan(20);
  });

  test.each(NO_MOMENTS.filter((moment) => moment !== undefined))("whose deadline is %s is refused", (deadline) => {
    expect(() => machine.cables.plug(new FunctionEnd(() => true), sender(deadline).end)).toThrow(ArgumentError);
    expect(machine.cables.all).toEqual([]);
    const { end } = sender(60);
    machine.cables.plug(end, new FunctionEnd(() => true));
    Object.assign(end, { nextDeadlineNs: deadline });
    expect(() => machine.run(1000)).toThrow(/^nextDeadlineNs .* of sender is no moment in nanoseconds/);
  });
});
