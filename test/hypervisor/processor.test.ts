import { describe, expect, it } from "vitest";
import { Processor } from "../../host/hypervisor/processor.ts";

const interrupt = (vector: number, deliveryMode = 0) => ({
  wide: false,
  destination: 3,
  vector,
  deliveryMode,
  logical: false,
  level: false,
  redirectionHint: false,
});

describe("a guest's processor", () => {
  it("handles requested vectors highest first, each once however often it was requested", () => {
    const processor = new Processor();
    const order: number[] = [];
    for (const vector of [0x31, 0x52, 0x90]) processor.onInterrupt(vector, () => order.push(vector));
    for (const vector of [0x31, 0x90, 0x31, 0x52]) processor.take(interrupt(vector));
    expect(processor.dispatch()).toBe(true);
    expect(order).toEqual([0x90, 0x52, 0x31]);
    expect(processor.received(0x31)).toBe(2);
    expect(processor.dispatch()).toBe(false);
  });

  it("does not enter a handler from within one, and handles what arrived meanwhile afterwards", () => {
    const processor = new Processor();
    let depth = 0;
    let deepest = 0;
    let handled = 0;
    processor.onInterrupt(0x40, () => {
      depth++;
      deepest = Math.max(deepest, depth);
      if (handled++ === 0) processor.take(interrupt(0x41));
      processor.dispatch();
      depth--;
    });
    processor.onInterrupt(0x41, () => handled++);
    processor.take(interrupt(0x40));
    while (processor.dispatch());
    expect([deepest, handled]).toEqual([1, 2]);
  });

  it("counts messages without a legal vector or delivery mode, and requests nothing for them", () => {
    const processor = new Processor();
    processor.take(interrupt(0x0f));
    processor.take(interrupt(0x50, 4));
    expect([processor.illegal, processor.dispatch()]).toEqual([2, false]);
  });

  it("keeps what is requested across save and restore", () => {
    const processor = new Processor();
    processor.take(interrupt(0x77));
    const other = new Processor();
    let handled = 0;
    other.onInterrupt(0x77, () => handled++);
    other.restore(processor.save());
    expect(other.dispatch()).toBe(true);
    expect([handled, other.received(0x77)]).toEqual([1, 1]);
  });
});
