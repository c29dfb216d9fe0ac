// Hostile drivers at random: nothing throws, only their own queues stop, and whoever behaves loses no frame.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AREA, DATA, ENABLE, HostileWorld, RING_ENTRIES, RX_RING, TX_RING } from "./hostile-world.ts";

/** What a hostile driver may do next. */
type Act =
  | { kind: "write"; vf: 0 | 3; offset: number; value: number }
  | { kind: "read"; vf: 0 | 3; offset: number }
  | { kind: "ring"; vf: 0 | 3; transmit: boolean }
  | { kind: "descriptor"; vf: 0 | 3; transmit: boolean; at: number; words: number[] }
  | { kind: "doorbell"; vf: 0 | 3; transmit: boolean; tail: number }
  | { kind: "reset"; vf: 0 | 3; how: "flr" | "register" | "master" }
  | { kind: "service"; budget: number }
  | { kind: "wait"; ns: number };

const vf = fc.constantFrom(0 as const, 3 as const);
const REGISTERS = [0x2800, 0x3800].flatMap((block) =>
  [0, 4, 8, 0x0c, 0x10, 0x14, 0x18, 0x28, 0x30, 0x38, 0x3c].map((at) => block + at),
);
const OTHERS = [
  0, 8, 0x800, 0x83c, 0xc40, 0xf10, 0x1520, 0x1524, 0x1528, 0x152c, 0x1530, 0x1580, 0x1680, 0x1700, 0x1740,
];
const offset = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...REGISTERS) },
  fc.constantFrom(...OTHERS),
  fc.nat(0x3fff),
);
const value = fc.oneof(
  fc.nat(AREA),
  fc.constantFrom(0, ENABLE, 0xffff_ffff, 0x8000_0000, AREA - 128),
  fc.nat(0xffff_ffff),
);
const address = fc.oneof({ weight: 4, arbitrary: fc.nat(AREA) }, fc.nat(0xffff_ffff));
const command = fc.oneof(
  { weight: 4, arbitrary: fc.nat(1600).map((length) => (DATA | length) >>> 0) },
  fc.nat(0xffff_ffff),
  fc.constantFrom(0x2020_0c00, 0xab30_0100, 0x0b00_0040, 0x2a30_0010),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), vf, offset, value }),
  fc.record({ kind: fc.constant("read" as const), vf, offset }),
  fc.record({ kind: fc.constant("ring" as const), vf, transmit: fc.boolean() }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("descriptor" as const),
      vf,
      transmit: fc.boolean(),
      at: fc.nat(RING_ENTRIES - 1),
      words: fc.tuple(address, fc.constantFrom(0, 0, 0, 1), command, fc.nat(0xffff_ffff)).map((words) => [...words]),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("doorbell" as const),
      vf,
      transmit: fc.boolean(),
      tail: fc.nat(RING_ENTRIES),
    }),
  },
  fc.record({
    kind: fc.constant("reset" as const),
    vf,
    how: fc.constantFrom("flr" as const, "register" as const, "master" as const),
  }),
  fc.record({ kind: fc.constant("service" as const), budget: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant("wait" as const), ns: fc.nat(100_000) }),
);

function perform(world: HostileWorld, step: Act): void {
  switch (step.kind) {
    case "write":
      world.vf(step.vf).write(step.offset & ~3, 4, step.value);
      return;
    case "read": {
      const read = world.vf(step.vf).read(step.offset & ~3, 4);
      expect(Number.isInteger(read) && read >= 0 && read <= 0xffff_ffff).toBe(true);
      return;
    }
    case "ring":
      world.ring(step.vf, step.transmit);
      return;
    case "descriptor":
      world.poke(step.vf, (step.transmit ? TX_RING : RX_RING) + step.at * 16, step.words);
      return;
    case "doorbell":
      world.vf(step.vf).write(step.transmit ? 0x3818 : 0x2818, 4, step.tail);
      return;
    case "reset":
      if (step.how === "flr") world.port.sriov.vfs[step.vf]?.reset("flr");
      else if (step.how === "register") world.vf(step.vf).write(0x0000, 4, 0x0400_0000);
      else world.port.sriov.vfs[step.vf]?.configWrite(0x04, 2, world.clock.nowNs % 2 === 0 ? 0 : 4);
      // The PF's driver puts the pool back into service.
      world.pf.write(0x0c8c, 4, 0xff);
      world.pf.write(0x0c90, 4, 0xff);
      return;
    case "service":
      world.card.service(step.budget);
      return;
    case "wait":
      world.clock.advance(step.ns);
  }
}

describe.each(["i350", "82576"] as const)("%s: random hostile programs", (profile) => {
  it("whatever VF 0 and VF 3 do, VF 1's frames reach VF 2, byte for byte", async () => {
    let stops = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 40, maxLength: 160 }), async (program) => {
        const world = await HostileWorld.create(profile);
        for (const [at, step] of program.entries()) {
          perform(world, step);
          if (at % 8 === 0) {
            const { sent, got } = world.exchange();
            expect(got).toEqual(sent);
          }
        }
        for (const event of world.stops) {
          expect("queue" in event && [0, 3].includes(event.queue & 7)).toBe(true);
        }
        expect(world.port.statistics.stops).toBe(world.stops.length);
        stops += world.stops.length;
      }),
      { numRuns: 60 },
    );
    expect(stops).toBeGreaterThan(20);
  });
});
