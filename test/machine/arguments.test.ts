import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/spec/abi/iommu.ts";
import * as iovirt from "../../host/index.ts";
import { Harness, RAM_BASE } from "../iommu/harness.ts";

const NO_NUMBERS: readonly unknown[] = ["x", Number.NaN, 1.5, null, undefined, {}, [], 5n, Infinity, true];
const NO_BYTES: readonly unknown[] = ["x", 5, {}, [], null, undefined];
const ID = 0x0281;

/** Calls of a unit and its map that an embedder makes with one argument that is none. */
const CALLS: Record<string, [values: readonly unknown[], call: (h: Harness, value: never) => unknown]> = {
  "translate: requesterId": [[...NO_NUMBERS, -1, 2 ** 16], (h, value) => h.unit.translate(value, 0, 0, 1)],
  "translate: addressLo": [[...NO_NUMBERS, 2 ** 32], (h, value) => h.unit.translate(ID as never, value, 0, 1)],
  "translate: addressHi": [[...NO_NUMBERS, 2 ** 32], (h, value) => h.unit.translate(ID as never, 0, value, 1)],
  "translate: access": [[...NO_NUMBERS, 0, 16], (h, value) => h.unit.translate(ID as never, 0, 0, value)],
  "translate: pasid": [["x", null, 5n, -1, true, {}], (h, value) => h.unit.translate(ID as never, 0, 0, 1, value)],
  "remap: addressLo": [NO_NUMBERS, (h, value) => h.unit.remap(ID as never, value, 0, 0)],
  "remap: data": [NO_NUMBERS, (h, value) => h.unit.remap(ID as never, 0xfee0_0000, 0, value)],
  "mmio.read: offset": [[...NO_NUMBERS, -1], (h, value) => h.unit.mmio.read(value, 4)],
  "mmio.read: width": [NO_NUMBERS, (h, value) => h.unit.mmio.read(0, value)],
  "dma.read: target": [NO_BYTES, (h, value) => h.unit.dma.read(ID as never, 0, 0, value)],
  "dma.write: source": [NO_BYTES, (h, value) => h.unit.dma.write(ID as never, 0, 0, value)],
  "dma.read: requesterId": [NO_NUMBERS, (h, value) => h.unit.dma.read(value, 0, 0, new Uint8Array(4))],
  "map.read: address": [NO_NUMBERS, (h, value) => h.map.read(value, 4)],
  "map.read: width": [[...NO_NUMBERS, 3, 8], (h, value) => h.map.read(RAM_BASE as never, value)],
  "map.write: width": [[new Uint8Array(8), "x", 0, 5n], (h, value) => h.map.write(RAM_BASE as never, value, 0)],
  "map.readBytes: address": [NO_NUMBERS, (h, value) => h.map.readBytes(value, new Uint8Array(4))],
  "map.readBytes: target": [NO_BYTES, (h, value) => h.map.readBytes(RAM_BASE as never, value)],
  "map.writeBytes: source": [NO_BYTES, (h, value) => h.map.writeBytes(RAM_BASE as never, value)],
  strict: [["x", {}, 1, null, undefined], (h, value) => (h.unit.strict = value)],
  onStale: [["x", {}, 5, null, undefined], (h, value) => h.unit.onStale(value)],
  "trace.listener": [["x", {}, 5, null], (_h, value) => (new iovirt.Trace().listener = value)],
  decodeFault: [["x", 5, null, undefined, {}, [1, 2, 3]], (_h, value) => iovirt.decodeFault(value)],
  readCapture: [NO_BYTES, (_h, value) => iovirt.readCapture(value, "a capture")],
};

describe("arguments of an embedder that are none", () => {
  test.each(Object.keys(CALLS))("%s: ArgumentError", async (title) => {
    const [values, call] = CALLS[title] as (typeof CALLS)[string];
    const h = await Harness.create();
    for (const value of values) expect(() => call(h, value as never), String(value)).toThrow(iovirt.ArgumentError);
    expect(h.unit.strict).toBe(false);
  });

  test("access bits are exported under their names", () => {
    const { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE, ACCESS_PRIVILEGED } = iovirt;
    expect([ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE, ACCESS_PRIVILEGED]).toEqual([1, 2, 4, 8]);
    expect(abi.ACCESS_WRITE).toBe(ACCESS_WRITE);
  });
});
