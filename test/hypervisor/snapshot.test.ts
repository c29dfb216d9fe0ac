// A restored machine continues identically: random histories, cut at a random point.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Gpa, gpa, type RequesterId } from "../../host/core/address.ts";
import { ArgumentError, FormatError } from "../../host/core/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../../host/core/snapshot.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../host/embed/in-process/pf-driver.ts";
import { IgbVfDriver, isIgbVf } from "../../host/embed/in-process/vf-driver.ts";
import { Hypervisor, type HypervisorState } from "../../host/hypervisor/hypervisor.ts";
import { Machine } from "../../host/machine/machine.ts";

const VM_RAM = 0x10_0000;
const VMS = 3;
const OPTIONS = { ram: 4 * 2 ** 20, cards: [{ slot: "switch" }] } as const;

type Step =
  | { kind: "send"; vm: number; slot: number; length: number; to: number }
  | { kind: "run"; ns: number }
  | { kind: "inject"; to: number; length: number }
  | { kind: "mmio"; vm: number; bar: number; offset: number; value: number }
  | { kind: "config"; vm: number; offset: number; value: number }
  | { kind: "revoke"; vm: number }
  | { kind: "assign"; vm: number; vf: number }
  | { kind: "create"; pages: number }
  | { kind: "destroy"; vm: number }
  | { kind: "schedule"; vm: number; how: "preempt" | "resume" | "halt" | "wake" }
  | { kind: "faults" };

const vm = fc.nat(VMS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      vm,
      slot: fc.nat(30),
      length: fc.integer({ min: 40, max: 1600 }),
      to: fc.nat(4),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("run" as const), ns: fc.nat(20_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("inject" as const),
      to: fc.nat(4),
      length: fc.integer({ min: 60, max: 1514 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("mmio" as const),
      vm,
      bar: fc.nat(1),
      offset: fc.nat(0x3ff0),
      value: fc.nat(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("config" as const), vm, offset: fc.nat(0xfff), value: fc.nat() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("revoke" as const), vm }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("assign" as const), vm, vf: fc.nat(VMS - 1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("create" as const), pages: fc.integer({ min: 1, max: 600 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("destroy" as const), vm: fc.nat(VMS) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("schedule" as const),
      vm,
      how: fc.constantFrom("preempt" as const, "resume" as const, "halt" as const, "wake" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("faults" as const) }) },
);

const mac = (index: number): Uint8Array =>
  index >= VMS ? new Uint8Array(6).fill(0xff) : Uint8Array.of(2, 0, 0, 0, 7, index);

/** Applies one step and gives what an outsider sees of it. */
function apply(hypervisor: Hypervisor, vfs: readonly RequesterId[], one: Step): unknown {
  const guest = "vm" in one ? hypervisor.vms[one.vm] : undefined;
  const assigned = guest?.assigned[0];
  const id = ((assigned?.device ?? 1) << 3) as RequesterId;
  const bar = (index: number): number => guest?.platform.configRead(id, 0x10 + index * 12, 4) ?? 0;
  switch (one.kind) {
    case "send": {
      // Straight into the ring that the driver left behind: a descriptor, a frame, the doorbell.
      if (guest === undefined || assigned === undefined) return;
      const registers = (bar(0) & ~15) >>> 0;
      const ring = guest.platform.mmioRead((registers + 0x3800) as Gpa, 4);
      const tail = guest.platform.mmioRead((registers + 0x3818) as Gpa, 4);
      if (ring === 0 || ring + 4096 > guest.platform.ram.size || tail > 31) return tail;
      const buffer = 0x2000 + one.slot * 2048;
      const frame = new Uint8Array(one.length);
      frame.set(mac(one.to), 0);
      frame.set(mac(one.vm), 6);
      guest.platform.ram.writeBytes(gpa(buffer), frame);
      const row = Uint32Array.of(buffer, 0, (0x2b30_0000 | one.length) >>> 0, (one.length << 14) >>> 0);
      guest.platform.ram.writeBytes(gpa(ring + tail * 16), new Uint8Array(row.buffer));
      guest.platform.mmioWrite((registers + 0x3818) as Gpa, 4, (tail + 1) % 32);
      return;
    }
    case "run": {
      const frames: number[][] = [];
      const moved = hypervisor.machine.run(one.ns);
      hypervisor.machine.ports[0]?.uplink.drain((frame) => frames.push([...frame]));
      return { moved, frames };
    }
    case "inject": {
      const frame = new Uint8Array(one.length);
      frame.set(mac(one.to));
      return hypervisor.machine.ports[0]?.uplink.inject(frame);
    }
    case "mmio":
      guest?.platform.mmioWrite(((bar(one.bar) & ~15) + (one.offset & ~3)) as Gpa, 4, one.value);
      return guest?.platform.mmioRead(((bar(one.bar) & ~15) + (one.offset & ~3)) as Gpa, 4);
    case "config":
      guest?.platform.configWrite(id, one.offset, 1, one.value & 0xff);
      return guest?.platform.configRead(id, one.offset, 1);
    case "revoke":
      if (assigned !== undefined) hypervisor.revoke(assigned);
      return;
    case "assign":
      if (guest === undefined || assigned !== undefined) return;
      if (hypervisor.vms.some((other) => other.assigned.some((taken) => taken.requesterId === vfs[one.vf]))) return;
      hypervisor.assign(guest, vfs[one.vf] as RequesterId);
      return;
    case "create": {
      const { base, size, index } = hypervisor.createVm({ ram: one.pages * 4096 }).domain.region;
      return { base, size, index };
    }
    case "destroy":
      if (guest !== undefined) hypervisor.destroyVm(guest);
      return;
    case "schedule":
      guest?.vcpu[one.how]();
      return guest?.vcpu.activity;
    case "faults":
      return hypervisor.faults();
  }
}

async function build(): Promise<{ hypervisor: Hypervisor; vfs: RequesterId[] }> {
  const hypervisor = new Hypervisor(await Machine.create(OPTIONS), { administratorRam: 0x10_0000 });
  const administrator = new Guest(hypervisor.administrator.platform);
  const device = administrator.probe().find(isIgbPf);
  if (device === undefined) throw new Error("no PF");
  const driver = new IgbPfDriver(administrator, device, { vfs: VMS, vfMac: mac, descriptors: 32 });
  if (!driver.up()) throw new Error("the PF does not come up");
  const vfs = driver.vfs.map((vf) => vf.requesterId);
  for (const [index, vf] of vfs.entries()) {
    const guest = hypervisor.createVm({ name: `vm${index}`, ram: VM_RAM });
    hypervisor.assign(guest, vf);
    const software = new Guest(guest.platform, { ramBase: 0x2_0000 });
    const found = software.probe().find(isIgbVf);
    if (found === undefined) throw new Error("no VF");
    const vfDriver = new IgbVfDriver(software, found, { descriptors: 32 });
    if (!vfDriver.up()) throw new Error("a VF does not come up");
  }
  return { hypervisor, vfs };
}

describe("snapshots of a machine with its hypervisor", () => {
  it("a machine restored from bytes in a random history goes on exactly like the one they were taken from", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), fc.nat(), async (history, where) => {
        const { hypervisor, vfs } = await build();
        const cut = where % history.length;
        for (const one of history.slice(0, cut)) apply(hypervisor, vfs, one);
        const bytes = encodeSnapshot(hypervisor.save());
        const twin = new Hypervisor(await Machine.create(OPTIONS), { administratorRam: 0x10_0000 });
        twin.restore(decodeSnapshot<HypervisorState>(bytes));
        expect(Buffer.compare(encodeSnapshot(twin.save()), bytes)).toBe(0);
        for (const one of history.slice(cut)) {
          expect(apply(twin, vfs, one), JSON.stringify(one)).toEqual(apply(hypervisor, vfs, one));
        }
        const end = encodeSnapshot(hypervisor.save());
        expect(Buffer.compare(encodeSnapshot(twin.save()), end)).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it("a machine whose first VM is gone restores, with the translations that it has cached of the others", async () => {
    const { hypervisor, vfs } = await build();
    const [first] = hypervisor.vms;
    if (first === undefined) throw new Error("no VM");
    hypervisor.destroyVm(first);
    const send: Step = { kind: "send", vm: 1, slot: 3, length: 77, to: 1 };
    apply(hypervisor, vfs, send);
    apply(hypervisor, vfs, { kind: "run", ns: 5000 });
    const { hits } = hypervisor.machine.iommu.statistics();
    const twin = new Hypervisor(await Machine.create(OPTIONS), { administratorRam: 0x10_0000 });
    twin.restore(decodeSnapshot<HypervisorState>(encodeSnapshot(hypervisor.save())));
    for (const one of [hypervisor, twin]) {
      apply(one, vfs, send);
      apply(one, vfs, { kind: "run", ns: 5000 });
    }
    expect(hypervisor.machine.iommu.statistics().hits).toBeGreaterThan(hits);
    expect(twin.machine.iommu.statistics()).toEqual(hypervisor.machine.iommu.statistics());
    expect(Buffer.compare(encodeSnapshot(twin.save()), encodeSnapshot(hypervisor.save()))).toBe(0);
  });

  it("refuses a state that lacks or garbles a part, and stays as it was", async () => {
    const { hypervisor } = await build();
    const good = hypervisor.save();
    const twin = new Hypervisor(await Machine.create(OPTIONS), { administratorRam: 0x10_0000 });
    const before = encodeSnapshot(twin.save());
    const garbled: [string, unknown][] = [
      ["no VMs", { ...good, vms: undefined }],
      ["no cards", { ...good, machine: { ...good.machine, cards: [] } }],
      ["a card without ports", { ...good, machine: { ...good.machine, cards: [{ ports: [] }] } }],
      ["no PCI functions", { ...good, machine: { ...good.machine, pci: { functions: {}, configAddress: 0 } } }],
      ["no map", { ...good, machine: { ...good.machine, map: undefined } }],
      [
        "two regions with one number",
        {
          ...good,
          machine: {
            ...good.machine,
            map: { ...good.machine.map, regions: good.machine.map.regions.map((one) => ({ ...one, index: 1 })) },
          },
        },
      ],
      ["no IOMMU", { ...good, machine: { ...good.machine, iommu: undefined } }],
      [
        "a function that is not there",
        { ...good, vms: good.vms.map((one) => ({ ...one, assigned: [{ physical: 9, device: 1, msix: null }] })) },
      ],
      [
        "RAM of another size",
        { ...good, administrator: { ...good.administrator, domain: { ...good.administrator.domain, ramSize: 4096 } } },
      ],
    ];
    for (const [what, state] of garbled) {
      let thrown: unknown;
      try {
        twin.restore(state as HypervisorState);
      } catch (error) {
        thrown = error;
      }
      expect(thrown instanceof ArgumentError || thrown instanceof FormatError, `${what}: ${thrown}`).toBe(true);
      expect(twin.vms, what).toEqual([]);
      expect(Buffer.compare(encodeSnapshot(twin.save()), before), what).toBe(0);
    }
    twin.restore(good);
    expect(Buffer.compare(encodeSnapshot(twin.save()), encodeSnapshot(good))).toBe(0);
  });
});
