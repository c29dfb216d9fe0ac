import { beforeAll, describe, expect, it } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import { Machine } from "../../../host/machine/machine.ts";

describe("a port's uplink", () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await Machine.create();
  });

  it.each([
    ["a number", 5],
    ["a truth", true],
    ["nothing", undefined],
    ["null", null],
    ["an object", {}],
    ["an array", new Array(60).fill(1)],
    ["a text", "x".repeat(60)],
    ["a buffer", new ArrayBuffer(60)],
    ["a view of no bytes", new DataView(new ArrayBuffer(60))],
    ["wider elements", new Uint16Array(60)],
    ["13 bytes", new Uint8Array(13)],
    ["9733 bytes", new Uint8Array(9733)],
  ])("refuses %s with an ArgumentError that names the frame", (_what, frame) => {
    const uplink = machine.ports[0]?.uplink;
    expect(() => uplink?.inject(frame as never)).toThrow(ArgumentError);
    expect(() => uplink?.inject(frame as never)).toThrow(/^frame /);
  });

  it("takes a Buffer, which is a Uint8Array", () => {
    expect(machine.ports[0]?.uplink.inject(Buffer.alloc(60))).toBe(true);
  });
});
