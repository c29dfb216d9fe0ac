// RAM that an embedder keeps behind functions: what they do wrong reaches the embedder, and no other VM.
import { describe, expect, it } from "vitest";
import { ReentryError, RegionError } from "../../host/core/errors.ts";
import { boot, build, MIB, macOf } from "./fixture.ts";

const RAM = 2 * MIB;

/** EtherTypes whose frames the card looks into, and does not. */
const IPV6 = 0x86dd;
const EXPERIMENTAL = 0x88b5;
const PAYLOAD = 0x3c;

function frame(to: number, from: number, type = EXPERIMENTAL): Uint8Array {
  const bytes = new Uint8Array(64).fill(PAYLOAD);
  bytes.set(macOf(to));
  bytes.set(macOf(from), 6);
  bytes.set([type >>> 8, type & 0xff], 12);
  return bytes;
}

/** VM 0 with RAM behind functions, which `meddle` comes before, VM 1 with RAM inside and VM 2 with a buffer. */
async function scene() {
  const { hypervisor, machine, vfs } = await build(3);
  const store = new Uint8Array(RAM);
  const hooks: { meddle: (() => void) | undefined } = { meddle: undefined };
  const functions = {
    size: RAM,
    read: (offset: number, target: Uint8Array) => {
      hooks.meddle?.();
      target.set(store.subarray(offset, offset + target.length));
    },
    write: (offset: number, source: Uint8Array) => {
      hooks.meddle?.();
      store.set(source, offset);
    },
  };
  const received = [0, 0, 0];
  const vms = [functions, RAM, { size: RAM, buffer: new ArrayBuffer(RAM) }].map((ram, index) => {
    const vm = hypervisor.createVm({ name: `vm${index}`, ram });
    hypervisor.assign(vm, vfs[index] as (typeof vfs)[number]);
    const take = (bytes: Uint8Array): void => {
      // Nothing arrives that nobody sent.
      expect(bytes.subarray(14).every((byte) => byte === PAYLOAD)).toBe(true);
      received[index] = (received[index] as number) + 1;
    };
    return { vm, ...boot(vm, take) };
  });
  const [first, second, third] = vms;
  if (first === undefined || second === undefined || third === undefined) throw new Error("a VM is missing");
  return { hypervisor, machine, hooks, received, first, second, third };
}

function thrown(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("RAM behind functions", () => {
  it.each([EXPERIMENTAL, IPV6].flatMap((type) => [0, 1, 2, 3, 7, 20].map((after) => ({ type, after }))))(
    "that throw after $after calls, with frames of type $type: the turn ends, then run() names the region",
    async ({ type, after }) => {
      const { hypervisor, machine, hooks, received, first, second, third } = await scene();
      const stops = () => machine.ports[0]?.statistics.stops;
      let calls = 0;
      const cause = new Error("the embedder's disk is full");
      hooks.meddle = () => {
        if (calls++ >= after) throw cause;
      };
      for (let count = 0; count < 20; count++) {
        second.driver.send([frame(0, 1, type), frame(2, 1, type)]);
        third.driver.send([frame(0, 2, type), frame(1, 2, type)]);
      }
      const error = thrown(() => machine.run(1_000_000));
      expect(error).toBeInstanceOf(RegionError);
      expect((error as RegionError).base).toBe(first.vm.domain.ram.base);
      expect((error as RegionError).cause).toBe(cause);
      expect(stops()).toBeGreaterThan(0);
      hooks.meddle = undefined;
      // Nobody else lost anything, and the error comes once.
      hypervisor.run(1_000_000);
      expect(received.slice(1)).toEqual([20, 20]);
      // The VM's own queue stopped, as for any refused request: its driver starts it again.
      received[0] = 0;
      expect(first.driver.up()).toBe(true);
      first.driver.watchdog();
      second.driver.send([frame(0, 1, type), frame(0, 1, type)]);
      hypervisor.run(1_000_000);
      expect(received[0]).toBe(2);
    },
  );

  it.each([EXPERIMENTAL, IPV6].flatMap((type) => [0, 1, 2, 3, 5, 9].map((after) => ({ type, after }))))(
    "of a sender that throw after $after calls, with frames of type $type: no receiver's queue stops",
    async ({ type, after }) => {
      const { hypervisor, machine, hooks, received, first, second, third } = await scene();
      for (let count = 0; count < 10; count++) first.driver.send([frame(1, 0, type), frame(2, 0, type)]);
      let calls = 0;
      hooks.meddle = () => {
        if (calls++ >= after) throw new Error("gone");
      };
      expect(thrown(() => machine.run(1_000_000))).toBeInstanceOf(RegionError);
      hooks.meddle = undefined;
      hypervisor.run(1_000_000);
      expect(machine.ports[0]?.statistics.stops).toBe(1);
      const before = [...received] as [number, number, number];
      for (let count = 0; count < 5; count++) {
        second.driver.send([frame(2, 1, type)]);
        third.driver.send([frame(1, 2, type)]);
      }
      hypervisor.run(1_000_000);
      expect(received).toEqual([before[0], before[1] + 5, before[2] + 5]);
    },
  );

  it.each(["run", "save", "service"] as const)(
    "that call %s() get a ReentryError, and no frame comes twice",
    async (call) => {
      const { hypervisor, machine, hooks, received, second } = await scene();
      const refused: unknown[] = [];
      hooks.meddle = () => {
        const act = {
          run: () => machine.run(),
          save: () => machine.save(),
          service: () => machine.ports[0]?.service(1),
        };
        refused.push(thrown(() => act[call]()));
      };
      second.driver.send(Array.from({ length: 40 }, (_, at) => frame(0, 1, at % 2 === 0 ? EXPERIMENTAL : IPV6)));
      hypervisor.run(1_000_000);
      hooks.meddle = undefined;
      hypervisor.run(1_000_000);
      expect(received[0]).toBe(40);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.every((error) => error instanceof ReentryError)).toBe(true);
    },
  );

  it("a ReentryError that they let through is the cause of what run() throws", async () => {
    const { machine, hooks, second } = await scene();
    hooks.meddle = () => machine.run();
    second.driver.send([frame(0, 1)]);
    const error = thrown(() => machine.run(1_000_000));
    expect((error as RegionError).cause).toBeInstanceOf(ReentryError);
  });
});
