import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  busOf,
  deviceFunctionOf,
  deviceOf,
  formatBdf,
  functionOf,
  onBus,
  requesterId,
} from "../../host/core/address.ts";

describe("requester IDs", () => {
  it("PCIe 6.0 §2.2.6.2: bus, device and function come apart as they were put together", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(31), fc.nat(7), (bus, device, number) => {
        const id = requesterId(bus, device, number);
        expect([busOf(id), deviceOf(id), functionOf(id)]).toEqual([bus, device, number]);
        expect(onBus(bus, deviceFunctionOf(id))).toBe(id);
        expect([deviceOf(deviceFunctionOf(id)), functionOf(deviceFunctionOf(id))]).toEqual([device, number]);
      }),
    );
    expect(requesterId(0x3a, 0x15, 6)).toBe(0x3aae);
    expect(formatBdf(0x3aae)).toBe("3a:15.6");
    expect(busOf(0x1_0203)).toBe(0x102);
  });
});
