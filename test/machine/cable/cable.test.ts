import { beforeEach, describe, expect, test } from "vitest";
import { ArgumentError, DisposedError, FormatError, ReentryError } from "../../../host/core/errors.ts";
import type { CableState } from "../../../host/machine/cable/cable.ts";
import { FunctionEnd } from "../../../host/machine/cable/function-end.ts";
import { Machine } from "../../../host/machine/machine.ts";

/** A frame of `length` bytes that begins with `number`. */
const frame = (number: number, length = 60): Uint8Array => new Uint8Array(length).fill(number, 12);

class Station extends FunctionEnd {
  readonly got: number[] = [];
  readonly links: boolean[] = [];
  room = Number.POSITIVE_INFINITY;

  constructor(name = "station") {
    const take = (bytes: Uint8Array): boolean => {
      if (this.got.length >= this.room) return false;
      this.got.push(bytes[12] as number);
      return true;
    };
    super(take, { name, onLink: (up) => this.links.push(up) });
  }
}

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.create({ ram: 2 ** 20, cards: [{ ports: 2 }] });
});

describe("carrier", () => {
  test("plugging brings both links up, pulling takes them down, and a pulled end can be plugged in again", () => {
    const [port] = machine.ports as [Machine["ports"][0]];
    port.linkUp = false;
    const station = new Station();
    const cable = machine.cables.plug(port, station);
    expect([port.linkUp, station.carrier, station.links]).toEqual([true, true, [true]]);
    cable.pull();
    cable.pull();
    expect([port.linkUp, station.carrier, station.links]).toEqual([false, false, [true, false]]);
    expect(machine.cables.all).toEqual([]);
    expect(station.send(frame(1))).toBe(false);
    machine.cables.plug(station, port);
    expect([port.linkUp, station.links]).toEqual([true, [true, false, true]]);
  });

  test("an end that goes down takes the other one's link down, and what is on its way with it", () => {
    const one = new Station("one");
    const other = new Station("other");
    const cable = machine.cables.plug(one, other);
    one.send(frame(1));
    other.power(false);
    expect([cable.carrier, one.carrier, one.links]).toEqual([false, false, [true, false]]);
    other.power(true);
    one.send(frame(2));
    machine.run(0);
    expect(other.got).toEqual([2]);
    expect(cable.statistics[0]).toMatchObject({ sent: 2, lost: 1 });
  });

  test("an end that is plugged in already is refused by name, and the other end stays free", () => {
    const [first, second] = machine.ports as [Machine["ports"][0], Machine["ports"][0]];
    machine.cables.plug(first, second);
    const free = new Station();
    expect(() => machine.cables.plug(free, first)).toThrow(ArgumentError);
    expect(() => machine.cables.plug(free, first)).toThrow(/^end "i350-0\.0" is plugged in already/);
    expect(() => machine.cables.plug(first, free)).toThrow(/is plugged in already/);
    expect([free.carrier, machine.cables.all.length]).toEqual([false, 1]);
    expect(() => machine.cables.plug(free, free)).toThrow(/^end "station" is plugged in already/);
    machine.cables.plug(free, new Station("other"));
  });

  test.each([
    ["one", undefined, new Station(), {}],
    ["other", new Station(), {}, {}],
    ["latencyNs", new Station(), new Station(), { latencyNs: -1 }],
    ["bitsPerSecond", new Station(), new Station(), { bitsPerSecond: 0.5 }],
    ["buffer", new Station(), new Station(), { buffer: 100 }],
    ["options", new Station(), new Station(), { speed: 5 }],
  ])("what is no end and no option is refused: %s", (name, one, other, options) => {
    expect(() => machine.cables.plug(one as never, other as never, options as never)).toThrow(ArgumentError);
    expect(() => machine.cables.plug(one as never, other as never, options as never)).toThrow(new RegExp(`^${name} `));
    expect(machine.cables.all).toEqual([]);
  });
});

test.each([
  [
    "cables.restore()",
    () => machine.cables.restore(undefined as never),
    /^state undefined is not a list of cables' states/,
  ],
  ["cables.restore(5)", () => machine.cables.restore(5 as never), /^state 5 is not a list/],
  ["name", () => new FunctionEnd(() => undefined, { name: 5 as never }), /^name 5 is no text/],
  ["name", () => new FunctionEnd(() => undefined, { name: "" }), /^name "" is empty/],
  [
    "an end without a name",
    () => machine.cables.plug(machine.ports[0] as never, { attach() {}, link() {}, receive() {} } as never),
    /^other\.name undefined is no text/,
  ],
])("what is none is refused by name: %s", (_, call, message) => {
  expect(call).toThrow(ArgumentError);
  expect(call).toThrow(message);
});

test("a disposed machine has no cables any more, and says so", () => {
  machine.dispose();
  expect(() => machine.cables.plug(new Station("one"), new Station("other"))).toThrow(DisposedError);
  expect(() => machine.cables.plug(new Station("one"), new Station("other"))).toThrow("plug: the machine is disposed");
});

describe("delivery", () => {
  test("frames arrive in order, in the machine's next turn and not before", () => {
    const one = new Station("one");
    const other = new Station("other");
    machine.cables.plug(one, other);
    for (const number of [3, 5, 9]) expect(one.send(frame(number, 60 + number))).toBe(true);
    expect(other.got).toEqual([]);
    machine.run(0);
    expect(other.got).toEqual([3, 5, 9]);
  });

  test("a short frame of software is padded to 60 bytes; what is no frame is refused", () => {
    const lengths: number[] = [];
    const one = new Station("one");
    machine.cables.plug(one, new FunctionEnd((bytes) => lengths.push(bytes.length)));
    one.send(frame(1, 14));
    one.send(frame(1, 9732));
    machine.run(0);
    expect(lengths).toEqual([60, 9732]);
    expect(() => one.send(frame(1, 13))).toThrow(/^frame 0xd \(13\) is not 14 to 9732 bytes long/);
    expect(() => one.send(new Uint8Array(9733))).toThrow(ArgumentError);
    expect(() => one.send("frame" as never)).toThrow(ArgumentError);
  });

  test("the sender's array is its own again after the call", () => {
    const one = new Station("one");
    const other = new Station("other");
    machine.cables.plug(one, other);
    const bytes = frame(7);
    one.send(bytes);
    bytes.fill(8);
    machine.run(0);
    expect(other.got).toEqual([7]);
  });

  test("latency: a frame arrives so many nanoseconds later, to the nanosecond", () => {
    const one = new Station("one");
    const other = new Station("other");
    machine.cables.plug(one, other, { latencyNs: 700 });
    machine.run(50);
    one.send(frame(1));
    expect(machine.nextDeadlineNs).toBe(750);
    machine.run(699);
    expect(other.got).toEqual([]);
    machine.run(1);
    expect(other.got).toEqual([1]);
  });

  test("IEEE 802.3 §4.4.2 bandwidth: at 1 Gb/s a full frame takes 12,304 ns with CRC, preamble and gap", () => {
    const arrivals: number[] = [];
    const one = new Station("one");
    const cable = machine.cables.plug(one, new Station("other"), { bitsPerSecond: 1e9, latencyNs: 100 });
    const end = cable.tap((_frame, to, timeNs) => {
      expect(to).toBe(1);
      arrivals.push(timeNs);
    });
    for (let count = 0; count < 3; count++) one.send(frame(count, 1514));
    machine.run(40_000);
    expect(arrivals).toEqual([12_404, 24_708, 37_012]);
    end();
    one.send(frame(9));
    machine.run(20_000);
    expect(arrivals).toHaveLength(3);
  });

  test("an end without room gets the frame later; beyond the buffer frames are lost and counted there", () => {
    const one = new Station("one");
    const other = new Station("other");
    const cable = machine.cables.plug(one, other, { buffer: 16384 });
    other.room = 2;
    const sent = Array.from({ length: 14 }, (_, number) => one.send(frame(number, 1500)));
    expect(sent.filter(Boolean)).toHaveLength(10);
    machine.run(1000);
    expect(other.got).toEqual([0, 1]);
    other.room = 100;
    one.send(frame(77, 1500));
    machine.run(0);
    expect(other.got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 77]);
    expect(cable.statistics).toEqual([
      { sent: 15, sentBytes: 22_500, received: 0, receivedBytes: 0, dropped: 0, lost: 0 },
      { sent: 0, sentBytes: 0, received: 11, receivedBytes: 16_500, dropped: 4, lost: 0 },
    ]);
  });

  test("two ends that answer each other keep nobody from coming to an end", () => {
    let answers = 0;
    const one: FunctionEnd = new FunctionEnd((bytes) => {
      answers++;
      one.send(bytes);
    });
    const other: FunctionEnd = new FunctionEnd((bytes) => {
      answers++;
      other.send(bytes);
    });
    machine.cables.plug(one, other);
    one.send(frame(1));
    machine.run(0);
    expect(answers).toBeGreaterThan(0);
    expect(answers).toBeLessThan(16);
    const before = answers;
    machine.run(10);
    expect(answers).toBeGreaterThan(before);
  });

  test("an end that calls the machine from within its turn is told so; one that pulls the cable may", () => {
    const errors: unknown[] = [];
    const one = new Station("one");
    const other = new FunctionEnd(() => {
      for (const call of [() => machine.run(0), () => machine.cables.plug(new Station(), new Station())]) {
        try {
          call();
        } catch (error) {
          errors.push(error);
        }
      }
      cable.pull();
    });
    const cable = machine.cables.plug(one, other);
    one.send(frame(1));
    one.send(frame(2));
    machine.run(0);
    expect(errors).toHaveLength(2);
    for (const error of errors) expect(error).toBeInstanceOf(ReentryError);
    expect(machine.cables.all).toEqual([]);
    expect(cable.statistics[0]).toMatchObject({ lost: 2 });
  });
});

describe("state", () => {
  test("frames on their way arrive after a restore in another machine, when they were due", async () => {
    const build = async () => {
      const made = await Machine.create({ ram: 2 ** 20, cards: [{ ports: 2 }] });
      const one = new Station("one");
      const other = new Station("other");
      const cable = made.cables.plug(one, other, { latencyNs: 500, bitsPerSecond: 1e8 });
      return { made, one, other, cable };
    };
    const before = await build();
    for (const number of [4, 6]) before.one.send(frame(number));
    before.other.send(frame(5));
    before.made.run(6000);
    const state = structuredClone(before.made.save());
    const after = await build();
    after.made.restore(state);
    for (const { made } of [before, after]) made.run(20_000);
    expect(after.other.got).toEqual([4, 6]);
    expect(after.one.got).toEqual([5]);
    expect(after.cable.statistics).toEqual(before.cable.statistics);
    expect(after.made.save().cables).toEqual(before.made.save().cables);
  });

  test("a state of other cables, or with what is no frame, is refused and changes nothing", async () => {
    const one = new Station("one");
    const other = new Station("other");
    machine.cables.plug(one, other);
    one.send(frame(3));
    const state = machine.save();
    expect(() => machine.restore({ ...state, cables: [] })).toThrow(/cables are not the 1 of this machine/);
    const [cable] = state.cables as [CableState];
    const directions = cable.directions.map((way) => ({ ...way, frames: [{ dueNs: 0, bytes: new Uint8Array(5) }] }));
    expect(() => machine.restore({ ...state, cables: [{ ...cable, directions }] })).toThrow(FormatError);
    for (const none of [undefined, null, {}, [], { ...cable, shown: [] }, { ...cable, statistics: [{}, {}] }]) {
      expect(() => machine.cables.all[0]?.restore(none as never)).toThrow(FormatError);
      expect(() => machine.cables.restore([none] as never)).toThrow(FormatError);
    }
    for (const frames of [5, [null], [{ dueNs: -1, bytes: frame(1) }]]) {
      const ways = cable.directions.map((way) => ({ ...way, frames }));
      expect(() => machine.cables.restore([{ ...cable, directions: ways as never }])).toThrow(FormatError);
    }
    machine.run(0);
    expect(other.got).toEqual([3]);
  });
});
