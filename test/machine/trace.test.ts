import { describe, expect, it } from "vitest";
import { FAULT_INTERRUPT_MALFORMED, FAULT_READ_DENIED } from "../../assembly/spec/vtd/fault-reason.ts";
import type { RequesterId } from "../../host/core/address.ts";
import type { TraceEvent } from "../../host/core/trace.ts";
import { boot, build, MIB, macOf } from "../hypervisor/fixture.ts";

type Kind = TraceEvent["kind"];

/** A machine with two VMs on a VF each, whose events are kept. */
async function watched() {
  const { hypervisor, machine, pf, vfs } = await build(2);
  const events: TraceEvent[] = [];
  const vms = vfs.map((requesterId, index) => {
    const vm = hypervisor.createVm({ ram: 2 * MIB, name: `vm${index}` });
    hypervisor.assign(vm, requesterId);
    return { vm, requesterId, ...boot(vm) };
  });
  machine.trace.listener = (event) => events.push(event);
  const of = <K extends Kind>(kind: K): Extract<TraceEvent, { kind: K }>[] =>
    events.filter((event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind);
  return { hypervisor, machine, pf, vms, events, of };
}

describe("the trace of a machine", () => {
  it("VT-d §7.1.3: tells of every DMA request that is refused, recorded or not, and of no other", async () => {
    const { machine, vms, of } = await watched();
    const requesterId = vms[0]?.requesterId as RequesterId;
    const { faults } = machine.iommu.statistics();
    machine.iommu.dma.read(requesterId, 0x4000, 0, new Uint8Array(16));
    for (let turn = 0; turn < 20; turn++) machine.iommu.dma.read(requesterId, 0x7000_0004, 3, new Uint8Array(8));
    machine.iommu.dma.write(requesterId, 0xfee0_0002, 0, new Uint8Array(8));
    const refused = of("dma-refused");
    expect(refused).toHaveLength(21);
    expect(machine.iommu.statistics().faults - faults).toBe(21);
    expect(refused[7]).toEqual({
      kind: "dma-refused",
      requesterId,
      addressLo: 0x7000_0004,
      addressHi: 3,
      access: "read",
      reason: FAULT_READ_DENIED,
    });
    expect(refused[20]).toMatchObject({ addressLo: 0xfee0_0002, access: "write", reason: FAULT_INTERRUPT_MALFORMED });
  });

  it("VT-d §6.5: tells of every invalidation", async () => {
    const { hypervisor, vms, of } = await watched();
    const assigned = vms[1]?.vm.assigned[0];
    if (assigned === undefined) throw new Error("nothing is assigned");
    const before = {
      handles: [...assigned.interruptHandles],
      requesterId: assigned.requesterId,
      domainId: assigned.domain.domainId,
    };
    expect(before.handles.length).toBeGreaterThan(0);
    hypervisor.revoke(assigned);
    const { handles, requesterId, domainId } = before;
    const one = { kind: "invalidation", scope: "one", addressLo: 0, addressHi: 0 };
    expect(of("invalidation")).toEqual([
      ...handles.map((id) => ({ ...one, cache: "interrupts", id })),
      { ...one, cache: "contexts", id: domainId, addressLo: requesterId },
      { ...one, cache: "translations", id: domainId, scope: "domain" },
    ]);
  });

  it("tells of an interrupt that remapping refuses, with the reason", async () => {
    const { machine, vms, of } = await watched();
    machine.interrupts.message(vms[0]?.requesterId as RequesterId, 0xfee0_0000, 0, 0x41);
    expect(of("interrupt-refused")).toMatchObject([{ data: 0x41, reason: 0x25 }]);
  });

  it("tells of frames that come from the wire and leave for it", async () => {
    const { hypervisor, machine, vms, of } = await watched();
    const frame = new Uint8Array(77);
    frame.set(macOf(0));
    machine.ports[0]?.uplink.inject(frame);
    const out = new Uint8Array(99);
    out.set([2, 9, 9, 9, 9, 9], 0);
    out.set(macOf(1), 6);
    vms[1]?.driver.send([out]);
    hypervisor.run(1_000_000);
    machine.ports[0]?.uplink.drain(() => undefined);
    const { requesterId } = machine.ports[0]?.pf ?? {};
    expect(of("frame")).toEqual([
      { kind: "frame", requesterId, direction: "in", length: 77 },
      { kind: "frame", requesterId, direction: "out", length: 99 },
    ]);
  });

  it("tells of the resets of functions", async () => {
    const { hypervisor, vms, of } = await watched();
    const assigned = vms[0]?.vm.assigned[0];
    if (assigned === undefined) throw new Error("nothing is assigned");
    hypervisor.revoke(assigned);
    expect(of("reset")).toEqual([{ kind: "reset", requesterId: vms[0]?.requesterId, reset: "flr" }]);
  });

  it("tells of the administrator's accesses as of a VM's", async () => {
    const { hypervisor, of } = await watched();
    const { platform } = hypervisor.administrator;
    platform.configWrite(0x0008 as RequesterId, 0x3c, 1, 0x55);
    expect(platform.configRead(0x0008 as RequesterId, 0x3c, 1)).toBe(0x55);
    platform.mmioRead(0xe000_0000 as never, 4);
    expect(of("config")).toMatchObject([
      { vm: "administrator", requesterId: 8, offset: 0x3c, width: 1, write: true, value: 0x55 },
      { vm: "administrator", requesterId: 8, offset: 0x3c, width: 1, write: false, value: 0x55 },
    ]);
    expect(of("mmio")).toMatchObject([{ vm: "administrator", address: 0xe000_0000, write: false }]);
  });

  it("is silent once nobody listens, and a listener that throws leaves the machine whole", async () => {
    const { machine, vms, events } = await watched();
    const requesterId = vms[0]?.requesterId as RequesterId;
    machine.trace.listener = undefined;
    machine.iommu.dma.read(requesterId, 0x7000_0000, 0, new Uint8Array(8));
    expect(events).toEqual([]);
    machine.trace.listener = () => {
      throw new Error("enough");
    };
    expect(() => machine.iommu.dma.read(requesterId, 0x7000_0000, 0, new Uint8Array(8))).toThrow("enough");
    machine.trace.listener = undefined;
    expect(machine.iommu.dma.read(requesterId, 0x4000, 0, new Uint8Array(8))).toBe(true);
  });
});
