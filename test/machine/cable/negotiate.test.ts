// Two PHYs at the ends of a cable, driven through MDIC. Numbers as in IEEE 802.3 clauses 22, 28 and 40.
import fc from "fast-check";
import { beforeEach, describe, expect, it, test } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../../../host/core/snapshot.ts";
import type { IgbPort } from "../../../host/device/igb/port.ts";
import type { Cable } from "../../../host/machine/cable/cable.ts";
import type { CableEnd, CableLine } from "../../../host/machine/cable/end.ts";
import { FunctionEnd } from "../../../host/machine/cable/function-end.ts";
import { Machine } from "../../../host/machine/machine.ts";

const CONTROL = 0;
const STATUS = 1;
const ADVERTISEMENT = 4;
const PARTNER = 5;
const EXPANSION = 6;
const GIGABIT_CONTROL = 9;
const GIGABIT_STATUS = 10;
const NEGOTIATE_ANEW = 0x1340;
const FORCED_100_FULL = 0x2100;
const FORCED_10_HALF = 0x0000;
const FORCED_1000 = 0x0140;
const LSC = 4;

function phy({ registers }: IgbPort) {
  return {
    read: (register: number): number => {
      registers.write(0x0020, 4, 0x0820_0000 | (register << 16));
      return registers.read(0x0020, 4) & 0xffff;
    },
    write: (register: number, value: number): void =>
      registers.write(0x0020, 4, 0x0420_0000 | (register << 16) | value),
  };
}

/** Speed and duplex mode as STATUS has them; nothing without a link. */
function seen(port: IgbPort): string {
  const status = port.registers.read(0x0008, 4);
  if ((status & 2) === 0) return "no link";
  return `${[10, 100, 1000, 1000][(status >>> 6) & 3]} ${(status & 1) !== 0 ? "full" : "half"}`;
}

/** Whether the link changed since this was asked last. */
const changed = ({ registers }: IgbPort): boolean => (registers.read(0x00c0, 4) & LSC) !== 0;

/** Sets what a port advertises, and negotiates anew. */
function advertise(port: IgbPort, abilities: number, gigabit: number): void {
  const registers = phy(port);
  registers.write(ADVERTISEMENT, abilities);
  registers.write(GIGABIT_CONTROL, gigabit);
  registers.write(CONTROL, NEGOTIATE_ANEW);
}

/** A machine with two ports on one cable. */
async function pair(
  profile: "i350" | "82576",
): Promise<{ machine: Machine; one: IgbPort; other: IgbPort; cable: Cable }> {
  const machine = await Machine.create({ ram: 2 ** 20, cards: [{ profile, ports: 2 }] });
  const [one, other] = machine.ports as [IgbPort, IgbPort];
  return { machine, one, other, cable: machine.cables.plug(one, other) };
}

describe.each(["i350", "82576"] as const)("%s: two ports and a cable", (profile) => {
  let machine: Machine;
  let one: IgbPort;
  let other: IgbPort;
  let cable: Cable;
  beforeEach(async () => {
    ({ machine, one, other, cable } = await pair(profile));
    for (const port of [one, other]) changed(port);
  });

  it.each([
    { title: "all and all", first: [0x0de1, 0x0200], second: [0x0de1, 0x0200], link: "1000 full" },
    { title: "100 Mb/s full duplex and all", first: [0x0101, 0], second: [0x0de1, 0x0200], link: "100 full" },
    { title: "1000 Mb/s and 100 Mb/s half duplex", first: [0x0de1, 0x0200], second: [0x0081, 0], link: "100 half" },
    { title: "10 Mb/s and not 10 Mb/s full duplex", first: [0x0061, 0], second: [0x01a1, 0x0200], link: "10 half" },
    { title: "100 Mb/s and 10 Mb/s", first: [0x0181, 0], second: [0x0061, 0], link: "no link" },
  ])("§28.2.3.3, annex 28B.3: $title make $link at both ends, whoever begins", ({ first, second, link }) => {
    for (const [near, far] of [
      [one, other],
      [other, one],
    ] as const) {
      advertise(near, first[0] as number, first[1] as number);
      advertise(far, second[0] as number, second[1] as number);
      expect([seen(near), seen(far), cable.carrier]).toEqual([link, link, link !== "no link"]);
    }
  });

  it("§28.2.4.1.4: register 5 is what the other end advertises, register 10 whether it does 1000BASE-T", () => {
    advertise(one, 0x0d61, 0);
    advertise(other, 0x01e1, 0x0200);
    const [near, far] = [phy(one), phy(other)];
    expect([near.read(PARTNER), far.read(PARTNER)]).toEqual([0x41e1, 0x4d61]);
    expect([near.read(GIGABIT_STATUS), far.read(GIGABIT_STATUS)]).toEqual([0x0800, 0]);
    expect([near.read(EXPANSION) & 1, seen(one)]).toEqual([1, "100 full"]);
  });

  it("§28.2.3.1: an end that negotiates detects the speed of one that does not, and takes half duplex", () => {
    phy(one).write(CONTROL, FORCED_100_FULL);
    expect([seen(one), seen(other)]).toEqual(["100 full", "100 half"]);
    const far = phy(other);
    far.read(STATUS);
    expect([far.read(STATUS) & 0x24, far.read(PARTNER), far.read(EXPANSION) & 1]).toEqual([0x04, 0x0080, 0]);
    phy(one).write(CONTROL, FORCED_10_HALF);
    expect([seen(one), seen(other), far.read(PARTNER)]).toEqual(["10 half", "10 half", 0x0020]);
    // Nothing detects what it does not advertise.
    advertise(other, 0x0de1 & ~0x0020, 0x0200);
    expect([seen(one), seen(other), cable.carrier]).toEqual(["no link", "no link", false]);
    phy(one).write(CONTROL, NEGOTIATE_ANEW);
    expect([seen(one), seen(other), cable.carrier]).toEqual(["1000 full", "1000 full", true]);
  });

  it("§40.5.1: without negotiation 1000 Mb/s make no link; two ends at one forced speed do", () => {
    phy(one).write(CONTROL, FORCED_1000);
    expect([seen(one), seen(other)]).toEqual(["no link", "no link"]);
    phy(one).write(CONTROL, FORCED_100_FULL);
    phy(other).write(CONTROL, FORCED_100_FULL);
    expect([seen(one), seen(other)]).toEqual(["100 full", "100 full"]);
    phy(other).write(CONTROL, FORCED_10_HALF);
    expect([seen(one), seen(other)]).toEqual(["no link", "no link"]);
  });

  it("a restart at one end takes the other's link down for a moment: ICR.LSC, and its status tells once", () => {
    const far = phy(other);
    far.read(STATUS);
    expect([far.read(STATUS) & 4, changed(other)]).toEqual([4, false]);
    phy(one).write(CONTROL, NEGOTIATE_ANEW);
    expect([changed(one), changed(other), far.read(STATUS) & 4, far.read(STATUS) & 4]).toEqual([true, true, 0, 4]);
    expect([changed(one), changed(other)]).toEqual([false, false]);
    // Powered down, there is nobody.
    phy(one).write(CONTROL, 0x1940);
    expect([seen(other), changed(other), far.read(PARTNER)]).toEqual(["no link", true, 0]);
  });

  it("a pulled cable takes its partner with it", () => {
    advertise(other, 0x0061, 0);
    expect(seen(one)).toBe("10 full");
    cable.pull();
    expect(seen(one)).toBe("no link");
    one.linkUp = true;
    expect(seen(one)).toBe("1000 full");
  });

  it("a restored machine has the link that was agreed on, and nobody hears of a change", async () => {
    advertise(other, 0x0101, 0);
    phy(one).write(CONTROL, NEGOTIATE_ANEW);
    for (const port of [one, other]) changed(port);
    const state = structuredClone(machine.save());
    const { machine: twin, one: near, other: far } = await pair(profile);
    twin.restore(state);
    expect([seen(near), seen(far), phy(near).read(PARTNER)]).toEqual(["100 full", "100 full", 0x4101]);
    expect([changed(near), changed(far)]).toEqual([false, false]);
    advertise(far, 0x0021, 0);
    expect(seen(near)).toBe("10 half");
  });

  it("§28.2.4.1.3: what is written to registers 4 and 9 counts from the next negotiation on, whoever begins it", () => {
    phy(other).write(ADVERTISEMENT, 0x0181);
    phy(other).write(GIGABIT_CONTROL, 0);
    expect([seen(one), seen(other), changed(one), changed(other)]).toEqual(["1000 full", "1000 full", false, false]);
    expect([phy(other).read(ADVERTISEMENT), phy(one).read(PARTNER)]).toEqual([0x0181, 0x4de1]);
    phy(one).write(CONTROL, NEGOTIATE_ANEW);
    expect([seen(one), seen(other), phy(one).read(PARTNER)]).toEqual(["100 full", "100 full", 0x4181]);
    phy(one).write(ADVERTISEMENT, 0x0061);
    machine.cables.pull();
    machine.cables.plug(other, one);
    expect([seen(one), seen(other)]).toEqual(["no link", "no link"]);
  });

  it("a restore tells nobody what is written and not negotiated yet", async () => {
    phy(other).write(ADVERTISEMENT, 0x0181);
    const state = machine.save();
    const bytes = encodeSnapshot(state);
    const { machine: twin, one: near, other: far } = await pair(profile);
    advertise(near, 0x0061, 0);
    for (const port of [near, far]) changed(port);
    for (const [at, [first, second]] of [
      [machine, [one, other]],
      [twin, [near, far]],
    ] as const) {
      at.restore(decodeSnapshot(bytes));
      expect(encodeSnapshot(at.save())).toEqual(bytes);
      expect([seen(first), changed(first), changed(second)]).toEqual(["1000 full", false, false]);
      expect(phy(first).read(PARTNER)).toBe(0x4de1);
    }
  });

  it("a port of another machine hears what a restored one shows", async () => {
    const far = await Machine.create({ ram: 2 ** 20, cards: [{ profile, ports: 1 }] });
    const [port] = far.ports as [IgbPort];
    machine.cables.pull();
    for (const end of [one, port]) end.linkUp = true;
    const state = far.save();
    machine.cables.plug(one, port);
    advertise(port, 0x0061, 0);
    changed(one);
    far.restore({ ...state, cables: [] });
    expect([seen(one), changed(one)]).toEqual(["1000 full", true]);
  });

  it("restored into another machine in the middle of any history, both go on alike", async () => {
    const write = fc.record({
      register: fc.constantFrom(CONTROL, ADVERTISEMENT, GIGABIT_CONTROL),
      value: fc.oneof(
        fc.constantFrom(
          NEGOTIATE_ANEW,
          FORCED_100_FULL,
          FORCED_10_HALF,
          FORCED_1000,
          0x1940,
          0x5140,
          0x0de1,
          0x0061,
          0x0200,
        ),
        fc.integer({ min: 0, max: 0xffff }),
      ),
    });
    const step = fc.record({
      first: fc.boolean(),
      what: fc.oneof(
        { weight: 8, arbitrary: write },
        { weight: 2, arbitrary: fc.constantFrom(0x0e14, 0x0e38, 0x0000).map((offset) => ({ offset })) },
        { weight: 1, arbitrary: fc.constantFrom(45, 106, 111).map((temperature) => ({ temperature })) },
        { weight: 1, arbitrary: fc.constantFrom("hot", "cold", "flr").map((reset) => ({ reset })) },
      ),
      value: fc.constantFrom(0, 0x20, 0x0c, 0x41, 0x0800_0040, 0x8000_0041),
      read: fc.boolean(),
    });
    const act = (
      at: { machine: Machine; one: IgbPort; other: IgbPort },
      { first, what, value, read }: Step,
    ): unknown => {
      const port = first ? at.one : at.other;
      if ("register" in what) phy(port).write(what.register, what.value);
      else if ("offset" in what) port.registers.write(what.offset, 4, value);
      else if ("reset" in what) port.pf.reset(what.reset);
      else for (const card of at.machine.cards) card.temperature = what.temperature;
      at.machine.run(100);
      return read ? [at.one, at.other].map((end) => [seen(end), changed(end), phy(end).read(STATUS)]) : [];
    };
    type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
    const history = fc.array(step, { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(history, history, history, async (past, elsewhere, future) => {
        const saved = await pair(profile);
        const restored = await pair(profile);
        for (const what of past) act(saved, what);
        for (const what of elsewhere) act(restored, what);
        const bytes = encodeSnapshot(saved.machine.save());
        restored.machine.restore(decodeSnapshot(bytes));
        expect(encodeSnapshot(restored.machine.save())).toEqual(bytes);
        for (const what of future) expect(act(restored, what)).toEqual(act(saved, what));
        expect(restored.machine.save().cards).toEqual(saved.machine.save().cards);
        expect(restored.machine.save().cables).toEqual(saved.machine.save().cables);
        for (const { machine: made } of [saved, restored]) made.dispose();
      }),
      { numRuns: 15 },
    );
  });
});

it("a function at the other end advertises everything, and hears when the port's speed makes no link", async () => {
  const machine = await Machine.create({ ram: 2 ** 20, cards: [{ ports: 1 }] });
  const port = machine.ports[0] as IgbPort;
  const links: boolean[] = [];
  machine.cables.plug(port, new FunctionEnd(() => undefined, { onLink: (up) => links.push(up) }));
  expect([seen(port), phy(port).read(PARTNER), links]).toEqual(["1000 full", 0xc5e1, [true]]);
  advertise(port, 0x0041, 0);
  expect([seen(port), links]).toEqual(["10 full", [true]]);
  phy(port).write(CONTROL, FORCED_1000);
  expect([seen(port), links]).toEqual(["no link", [true, false]]);
  phy(port).write(CONTROL, FORCED_100_FULL);
  expect([seen(port), links]).toEqual(["100 full", [true, false, true]]);
});

test.each([
  ["", null],
  ["", "100"],
  [".abilities", { abilities: Number.NaN, gigabit: true, eee: 0 }],
  [".abilities", { abilities: 0x1_0000, gigabit: true, eee: 0 }],
  [".gigabit", { abilities: 0x0061, gigabit: 1, eee: 0 }],
  [".eee", { abilities: 0x0061, gigabit: false }],
  [".speed", { gigabit: false, eee: 0, speed: 2500 }],
])("what is no partner of a link is refused by name, and nothing has changed: %s %o", async (name, shown) => {
  const { machine, one, cable } = await pair("i350");
  cable.pull();
  let line: CableLine | undefined;
  const attach = (given: CableLine | undefined): void => {
    line = given;
  };
  const end: CableEnd = { name: "end", attach, link: () => {}, receive: () => true };
  machine.cables.plug(one, end);
  const before = encodeSnapshot(machine.save());
  for (const [call, parameter] of [
    [() => line?.show(shown as never, false), "shown"],
    [() => one.meet(shown as never, true), "partner"],
  ] as const) {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(`${parameter}${name} `);
  }
  expect(encodeSnapshot(machine.save())).toEqual(before);
});
