import { expect, test } from "vitest";
import { ArgumentError } from "../../host/core/errors.ts";
import type { EndpointPorts } from "../../host/device/endpoint.ts";
import { IgbCard } from "../../host/device/igb/card.ts";
import { IommuTestdev } from "../../host/device/iommu-testdev/iommu-testdev.ts";
import { Machine } from "../../host/machine/machine.ts";
import { Bridge, profileConfig, rootPortProfile } from "../../host/pci/index.ts";

const NOBODY = 0xffff_ffff;

function ports(machine: Machine): EndpointPorts {
  return {
    clock: machine.clock,
    dma: machine.iommu.dma,
    readMemory: (address, target) => machine.map.readBytes(address, target),
  };
}

const id = (machine: Machine, requesterId: number): number => machine.root.configRead(requesterId as never, 0, 4);

function card(machine: Machine, name = "card"): IgbCard {
  return new IgbCard({
    engine: machine.engine,
    map: machine.map.pointer,
    unit: machine.iommu.pointer,
    clock: machine.clock,
    profile: "82576",
    ports: 2,
    mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    name,
  });
}

test("a device's functions answer in its slot, from the number given on, until it is unplugged", async () => {
  const machine = await Machine.create({ board: {} });
  const device = card(machine);
  machine.plug(device, { device: 5, functionNumber: 3 });
  expect([0x2a, 0x2b, 0x2c, 0x2d].map((place) => id(machine, place))).toEqual([
    NOBODY,
    0x10c9_8086,
    0x10c9_8086,
    NOBODY,
  ]);
  expect(device.functions.map(({ requesterId }) => requesterId)).toEqual([0x2b, 0x2c]);
  machine.unplug(device);
  expect([0x2b, 0x2c].map((place) => id(machine, place))).toEqual([NOBODY, NOBODY]);
  expect(() => machine.unplug(device)).toThrow("is not plugged in");
  machine.plug(device, { device: 6 });
  expect(id(machine, 0x31)).toBe(0x10c9_8086);
});

test("where one of its functions has no place, none of them is plugged in", async () => {
  const machine = await Machine.create({ board: {} });
  machine.plug(new IommuTestdev("first", ports(machine)), { device: 5, functionNumber: 1 });
  const device = card(machine);
  expect(() => machine.plug(device, { device: 5 })).toThrow("functionNumber 1 of device 5 is taken");
  expect(id(machine, 0x28)).toBe(NOBODY);
  machine.plug(device, { device: 6 });
  expect(() => machine.plug(device, { device: 7 })).toThrow("is plugged in already");
});

test("what is no device, and a slot that is none, are ArgumentErrors; nothing is plugged in", async () => {
  const machine = await Machine.create({ board: {} });
  const whole = new IommuTestdev("device", ports(machine));
  const { functions } = whole;
  const parts = { functions, nextDeadlineNs: 0, service: () => 0, save: () => 0, restore: () => {} };
  const plug = (endpoint: unknown, slot: unknown): void => machine.plug(endpoint as never, slot as never);
  const none: [unknown, string][] = [
    [null, "endpoint null is no device"],
    [undefined, "endpoint undefined is no device"],
    [{}, "endpoint.functions undefined are not PciFunctions"],
    [{ ...parts, functions: [] }, "endpoint.functions"],
    [{ ...parts, functions: [{}] }, "endpoint.functions"],
    [{ ...parts, nextDeadlineNs: Number.NaN }, "nextDeadlineNs"],
    [{ ...parts, service: undefined }, "endpoint.service undefined is not a function"],
    [{ ...parts, save: 1 }, "endpoint.save 1 is not a function"],
    [{ ...parts, restore: undefined }, "endpoint.restore undefined is not a function"],
  ];
  for (const [endpoint, message] of none) {
    expect(() => plug(endpoint, { device: 5 })).toThrow(ArgumentError);
    expect(() => plug(endpoint, { device: 5 })).toThrow(message);
    expect(() => machine.unplug(endpoint as never)).toThrow("is not plugged in");
  }
  expect(() => machine.unplug({} as never)).toThrow("endpoint Object is not plugged in");
  for (const slot of [undefined, null, 5, { device: 5, bus: 1 }, { device: 5, above: machine.root }, {}]) {
    expect(() => plug(whole, slot)).toThrow(ArgumentError);
  }
  expect(id(machine, 0x28)).toBe(NOBODY);
  plug(parts, { device: 5 });
  expect(id(machine, 0x28)).toBe(0x0005_1b36);
});

test("a device below a port is reached through it", async () => {
  const machine = await Machine.create({ board: {} });
  const port = new Bridge("port", profileConfig(rootPortProfile()));
  machine.root.attach(port, 1, 0);
  machine.root.configWrite(0x08 as never, 0x18, 4, 0x0002_0200);
  machine.plug(new IommuTestdev("device", ports(machine)), { above: port, device: 0 });
  expect(id(machine, 0x200)).toBe(0x0005_1b36);
  expect(() => machine.plug(new IommuTestdev("other", ports(machine)), { above: port, device: 1 })).toThrow("device 1");
});

test("a board comes without cards, RAM and windows", async () => {
  const machine = await Machine.create({ board: {} });
  expect([machine.map.regions().length, machine.cards.length]).toEqual([0, 0]);
  await expect(Machine.create({ board: {}, ram: 2 ** 20 })).rejects.toThrow("board");
  await expect(Machine.create({ board: {}, cards: [{}] })).rejects.toThrow("slots 0 are not enough for 1 root ports");
});

test("a board's slots are the device numbers of the root ports: cards first, then devices", async () => {
  const board = { hostBridge: null, slots: [0x1d, 3, 9] };
  const machine = await Machine.create({ board, cards: [{ ports: 2 }], devices: [{ kind: "copy-engine" }] });
  expect([...machine.root.bus.functions.keys()]).toEqual([3 << 3, 0x1d << 3]);
  expect([machine.root.bus.functions.get(0x1d << 3)?.name, machine.ports.length]).toEqual(["root-port-0", 2]);
  expect(machine.map.regions()).toEqual([]);
  const wrong = (slots: readonly number[]): Promise<Machine> => Machine.create({ board: { slots }, cards: [{}] });
  await expect(wrong([32])).rejects.toThrow("slots 0x20 (32) is not in 0–31");
  await expect(wrong([4, 4])).rejects.toThrow("slots 4 is there twice");
  await expect(Machine.create({ board: { slot: 1 } as never })).rejects.toThrow('board "slot" is not an option');
});

test("the state of a machine with other devices is refused", async () => {
  const [one, other] = [await Machine.create({ board: {} }), await Machine.create({ board: {} })];
  one.plug(new IommuTestdev("device", ports(one)), { device: 1 });
  expect(() => other.restore(one.save())).toThrow();
  other.plug(new IommuTestdev("device", ports(other)), { device: 1 });
  other.restore(one.save());
});

test("a reset is a power-up's for every function and the unit; RAM and time stay", async () => {
  const machine = await Machine.create({ ram: 0x1_0000 });
  const fresh = machine.save();
  const pf = machine.ports[0]?.pf as NonNullable<(typeof machine.ports)[0]>["pf"];
  machine.root.configWrite(0x08 as never, 0x18, 4, 0x0001_0100);
  machine.root.configWrite(0x100 as never, 0x04, 2, 0x6);
  pf.configWrite(0x160 + 0x10, 2, 3);
  pf.configWrite(0x160 + 0x08, 2, 0x9);
  for (const [offset, value] of [
    [0x20, 0x8000],
    [0x18, 0x4000_0000],
    [0x18, 0x8000_0000],
  ] as const) {
    machine.iommu.mmio.write(offset, 4, value);
  }
  machine.map.write(0x2000 as never, 4, 0x1234_5678);
  machine.run(77);
  machine.reset();
  const state = machine.save();
  expect(state.clock).toBe(77);
  expect(machine.map.read(0x2000 as never, 4)).toBe(0x1234_5678);
  const configs = ({ pci }: typeof state) => Object.entries(pci.functions).map(([path, { config }]) => [path, config]);
  expect(configs(state)).toEqual(configs(fresh));
  expect(machine.iommu.mmio.read(0x1c, 4)).toBe(0);
  expect(machine.root.functions().filter((fn) => fn.virtual)).toEqual([]);
});
