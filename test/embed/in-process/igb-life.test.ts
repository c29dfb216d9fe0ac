// Whatever happens to the card, in whatever order: when it is over, every driver finds back and every frame arrives.
import fc from "fast-check";
import { expect, test } from "vitest";
import { DEVCTL, DEVCTL_INITIATE_FLR_LO } from "../../../assembly/spec/pci/express.ts";
import { CAP_EXPRESS } from "../../../assembly/spec/pci/ids.ts";
import { HostileVf } from "../../../host/embed/in-process/misbehave.ts";
import { Bare, type Station } from "./bare.ts";

const VFS = 4;
const VLANS = [2, 3];

const vf = fc.integer({ min: 0, max: VFS - 1 });
const event = fc.oneof(
  fc.record({ what: fc.constant("traffic" as const), from: vf, to: vf, count: fc.integer({ min: 1, max: 120 }) }),
  fc.record({ what: fc.constant("broadcast" as const), from: vf, count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ what: fc.constant("pf reset" as const) }),
  fc.record({ what: fc.constant("vf reset" as const), vf }),
  fc.record({ what: fc.constant("vf flr" as const), vf }),
  fc.record({ what: fc.constant("vf down" as const), vf }),
  fc.record({ what: fc.constant("vlan" as const), vf, vlan: fc.constantFrom(...VLANS), on: fc.boolean() }),
  fc.record({ what: fc.constant("cable" as const), up: fc.boolean() }),
  fc.record({ what: fc.constant("watchdogs" as const) }),
  fc.record({ what: fc.constant("settle" as const) }),
  fc.record({ what: fc.constant("nonsense" as const), vf, seed: fc.nat() }),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function happen(bare: Bare, pf: Station, vfs: readonly Station[], hostile: readonly HostileVf[], one: Event): void {
  const station = (index: number): Station => vfs[index] as Station;
  switch (one.what) {
    case "traffic":
      station(one.from).send(station(one.to).mac, one.to, 60 + one.count, one.count);
      break;
    case "broadcast":
      station(one.from).send(new Uint8Array(6).fill(0xff), 0xffff, 60, one.count);
      break;
    case "pf reset":
      bare.pfDriver(pf).reset();
      break;
    case "vf reset":
      bare.vfDriver(station(one.vf)).up();
      break;
    case "vf flr": {
      const { requesterId, capabilities } = station(one.vf).driver.device;
      const express = capabilities.find((capability) => capability.id === CAP_EXPRESS)?.offset as number;
      bare.root.configWrite(requesterId, express + DEVCTL, 2, 1 << DEVCTL_INITIATE_FLR_LO);
      break;
    }
    case "vf down":
      bare.vfDriver(station(one.vf)).down();
      break;
    case "vlan":
      bare.vfDriver(station(one.vf)).requests.setVlan(one.vlan, one.on);
      break;
    case "cable":
      for (const port of bare.card.ports) port.linkUp = one.up;
      break;
    case "watchdogs":
      bare.watchdogs();
      break;
    case "settle":
      bare.settle();
      break;
    case "nonsense": {
      let state = one.seed;
      const random = (): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
      };
      hostile[one.vf]?.scramble(random, 300);
      break;
    }
  }
}

test.each(["i350", "82576"] as const)(
  "%s: after any history, a reset of each VF's driver brings it back",
  async (profile) => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 25 }), async (history) => {
        const bare = await Bare.create({ profile });
        const pf = bare.addPf({ vfs: VFS, vfMac: (index) => (index === 0 ? undefined : Bare.vfMac(index)) });
        const vfs = bare.addVfs(pf);
        const hostile = vfs.map((one) => new HostileVf(bare.guest, bare.vfDriver(one)));
        for (const one of history) happen(bare, pf, vfs, hostile, one);
        for (const port of bare.card.ports) port.linkUp = true;
        bare.settle();
        for (const one of vfs) expect(bare.vfDriver(one).up(), `VF ${one.id} comes up`).toBe(true);
        bare.settle();
        for (const one of [pf, ...vfs]) one.received.length = 0;
        for (const from of [pf, ...vfs]) {
          for (const to of [pf, ...vfs]) if (from !== to) from.send(to.mac, to.id, 64, 3);
        }
        bare.settle();
        expect([pf, ...vfs].map((one) => one.received.length)).toEqual(new Array(VFS + 1).fill(3 * VFS));
        expect([pf, ...vfs].every((one) => one.received.every((frame) => frame.to === one.id))).toBe(true);
      }),
      { numRuns: 12 },
    );
  },
);

test("after a reset of the PF, watchdogs alone bring every VF back, whatever the VFs did before", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        event.filter((one) => !["vf flr", "vf down", "nonsense"].includes(one.what)),
        { maxLength: 15 },
      ),
      async (history) => {
        const bare = await Bare.create({ profile: "i350" });
        const pf = bare.addPf({ vfs: VFS, vfMac: Bare.vfMac });
        const vfs = bare.addVfs(pf);
        for (const one of history) happen(bare, pf, vfs, [], one);
        for (const port of bare.card.ports) port.linkUp = true;
        expect(bare.pfDriver(pf).reset()).toBe(true);
        for (let round = 0; round < 6; round++) bare.watchdogs();
        expect(vfs.map((one) => one.driver.linkUp)).toEqual([true, true, true, true]);
        for (const one of vfs) one.received.length = 0;
        for (const from of vfs) for (const to of vfs) if (from !== to) from.send(to.mac, to.id, 64, 3);
        bare.settle();
        expect(vfs.map((one) => one.received.length)).toEqual([9, 9, 9, 9]);
      },
    ),
    { numRuns: 12 },
  );
});
