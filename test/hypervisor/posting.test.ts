// Posting with everything in place: a real VF's MSI-X, the unit's tables, descriptors in host RAM, VMs that run, halt and
// are preempted.
import { describe, expect, it } from "vitest";
import { FAULT_INTERRUPT_NOT_PRESENT, FAULT_WRITE_DENIED } from "../../assembly/spec/vtd/fault-reason.ts";
import { gpa, type Hpa, type RequesterId } from "../../host/core/address.ts";
import { ArgumentError } from "../../host/core/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../../host/core/snapshot.ts";
import { HostileVf } from "../../host/embed/in-process/misbehave.ts";
import { Hypervisor, type HypervisorState } from "../../host/hypervisor/hypervisor.ts";
import type { AssignOptions } from "../../host/hypervisor/options.ts";
import type { Vm } from "../../host/hypervisor/vm.ts";
import { Machine, type MachineOptions } from "../../host/machine/machine.ts";
import { boot, build, MIB, macOf } from "./fixture.ts";

const NOTHING = { posted: 0, collected: 0, notifications: 0, wakeUps: 0, spurious: 0, injected: 0 };

/** One VM with a VF, and frames from the wire to it. */
async function scene(options: MachineOptions = {}, assign: AssignOptions = {}) {
  const built = await build(2, options);
  const { hypervisor, machine, vfs } = built;
  const vm = hypervisor.createVm({ ram: MIB });
  const assigned = hypervisor.assign(vm, vfs[0] as RequesterId, assign);
  const frames: number[] = [];
  const { guest, driver } = boot(vm, (frame) => frames.push(frame[12] as number));
  hypervisor.run(100_000);
  Object.assign(vm.vcpu.statistics, NOTHING);
  Object.assign(machine.interrupts.counts, { raised: 0, delivered: 0, lost: 0, posted: 0, notified: 0, coalesced: 0 });
  const inject = (mark: number, to = 0): void => {
    const frame = new Uint8Array(60);
    frame.set(macOf(to));
    frame.set([2, 9, 9, 9, 9, 9, mark], 6);
    expect(machine.ports[0]?.uplink.inject(frame)).toBe(true);
  };
  return { ...built, vm, assigned, guest, driver, frames, inject };
}

describe("VT-d §5.2.5 interrupts of VMs", () => {
  it("of a running VM are posted and taken without an exit", async () => {
    const { hypervisor, machine, vm, inject, frames } = await scene();
    for (const mark of [11, 22, 33]) {
      inject(mark);
      hypervisor.run(5000);
    }
    expect(frames).toEqual([11, 22, 33]);
    expect(vm.vcpu.statistics).toEqual({ ...NOTHING, posted: 3, notifications: 3 });
    expect(machine.interrupts.counts).toMatchObject({ raised: 3, posted: 3, notified: 3, delivered: 0, lost: 0 });
    expect(vm.vcpu.activity).toBe("running");
  });

  it("coalesce while a notification is outstanding", async () => {
    const { hypervisor, machine, vm, inject, driver, frames } = await scene();
    // Nobody takes the notification until the hypervisor runs: receive and transmit meet in one.
    inject(44);
    machine.run(5000);
    driver.send([new Uint8Array(60).fill(2, 0, 12)]);
    machine.run(5000);
    expect(machine.interrupts.counts).toMatchObject({ posted: 2, notified: 1, coalesced: 1 });
    hypervisor.run();
    expect(vm.vcpu.statistics).toEqual({ ...NOTHING, posted: 2, notifications: 1 });
    expect(frames).toEqual([44]);
    expect(driver.interrupts).toMatchObject({ tx: 1, rx: 1 });
  });

  it("of a VM that halts when it is idle wake it, and it halts again", async () => {
    const { hypervisor, vm, guest, inject, frames } = await scene();
    guest.haltWhenIdle();
    hypervisor.run(1000);
    expect(vm.vcpu.activity).toBe("halted");
    for (const mark of [11, 22, 33]) {
      inject(mark);
      hypervisor.run(5000);
      expect(vm.vcpu.activity).toBe("halted");
    }
    expect(frames).toEqual([11, 22, 33]);
    expect(vm.vcpu.statistics).toEqual({ ...NOTHING, collected: 3, wakeUps: 3 });
  });

  it("HLT ends at the moment of the interrupt, or with its timer", async () => {
    const { hypervisor, machine, vm, guest, inject, frames } = await scene();
    let start = machine.clock.nowNs;
    expect(guest.halt(250)).toBe(false);
    expect(machine.clock.nowNs - start).toBe(250_000);
    expect(vm.vcpu.activity).toBe("running");
    inject(77);
    start = machine.clock.nowNs;
    expect(guest.halt(1000)).toBe(true);
    expect(frames).toEqual([77]);
    expect(machine.clock.nowNs - start).toBeLessThan(100_000);
    expect(vm.vcpu.activity).toBe("running");
    expect(vm.vcpu.statistics).toMatchObject({ wakeUps: 1, collected: 1 });
    expect(() => vm.platform.halt?.(1.5)).toThrow(ArgumentError);
    expect(() => vm.platform.idle?.("sleep" as "halt")).toThrow(/^how "sleep" is none of poll, halt/);
    expect(hypervisor.administrator.platform.halt).toBeUndefined();
  });

  it("two VMs that wait for each other by HLT both go on", async () => {
    const { hypervisor, vm, guest, driver, frames, vfs } = await scene();
    const other = hypervisor.createVm({ ram: MIB });
    hypervisor.assign(other, vfs[1] as RequesterId);
    const answer = new Uint8Array(60);
    answer.set(macOf(0));
    answer.set([...macOf(1), 99], 6);
    const second = boot(other, () => second.driver.send([answer]));
    second.guest.haltWhenIdle();
    hypervisor.run(1000);
    const question = new Uint8Array(60);
    question.set(macOf(1));
    question.set(macOf(0), 6);
    driver.send([question]);
    // One HLT ends with the transmit interrupt, the next with the answer.
    for (let turn = 0; turn < 3 && frames.length === 0; turn++) expect(guest.halt(1000)).toBe(true);
    expect(frames).toEqual([99]);
    expect(other.vcpu.statistics.wakeUps).toBeGreaterThan(0);
    expect(vm.vcpu.statistics.wakeUps).toBeGreaterThan(0);
  });

  it("of a preempted VM wait in its descriptor, without a notification, until it is resumed", async () => {
    const { hypervisor, machine, vm, inject, frames } = await scene();
    hypervisor.preempt(vm);
    expect(vm.vcpu.activity).toBe("preempted");
    for (const mark of [11, 22]) {
      inject(mark);
      hypervisor.run(5000);
    }
    expect(frames).toEqual([]);
    expect(machine.interrupts.counts).toMatchObject({ notified: 0, suppressed: 1, posted: 1 });
    expect(vm.vcpu.descriptor?.notification).toEqual({ vector: 0xf1, suppressed: true });
    hypervisor.resume(vm);
    hypervisor.run();
    expect(frames).toEqual([11, 22]);
    expect(vm.vcpu.statistics).toMatchObject({ collected: 1, wakeUps: 0, injected: 0, spurious: 0 });
    expect(vm.vcpu.descriptor?.notification).toEqual({ vector: 0xf2, suppressed: false });
  });

  it("of an urgent function end a preemption", async () => {
    const { hypervisor, machine, vm, assigned, inject, frames } = await scene({}, { urgent: true });
    expect(assigned.urgent).toBe(true);
    hypervisor.preempt(vm);
    inject(55);
    hypervisor.run(5000);
    expect(frames).toEqual([55]);
    expect(vm.vcpu.activity).toBe("running");
    expect(vm.vcpu.statistics).toEqual({ ...NOTHING, collected: 1, wakeUps: 1 });
    expect(machine.interrupts.counts).toMatchObject({ posted: 1, notified: 1, suppressed: 0 });
    hypervisor.preempt(vm);
    hypervisor.preempt(vm);
    hypervisor.resume(vm);
    hypervisor.resume(vm);
    expect(vm.vcpu.activity).toBe("running");
  });

  it("CAP_REG.PI clear: the hypervisor injects each, and wakes who is halted", async () => {
    const { hypervisor, machine, vm, guest, inject, frames } = await scene({ iommu: { postedInterrupts: false } });
    expect(vm.vcpu.descriptor).toBeUndefined();
    inject(11);
    hypervisor.run(5000);
    expect(vm.vcpu.statistics).toEqual({ ...NOTHING, injected: 1 });
    guest.haltWhenIdle();
    hypervisor.run();
    expect(vm.vcpu.activity).toBe("halted");
    inject(22);
    hypervisor.run(5000);
    hypervisor.preempt(vm);
    inject(33);
    hypervisor.run(5000);
    expect(frames).toEqual([11, 22]);
    hypervisor.resume(vm);
    hypervisor.run();
    expect(frames).toEqual([11, 22, 33]);
    expect(vm.vcpu.statistics).toMatchObject({ injected: 3, posted: 0, collected: 0, notifications: 0 });
    expect(machine.interrupts.counts).toMatchObject({ raised: 3, delivered: 3, posted: 0 });
  });

  it.each([
    { preset: "default" as const, posts: true },
    { preset: "qemu-11.1" as const, posts: false },
    { preset: "client" as const, posts: false },
  ])("preset $preset: a VM's interrupts arrive, posted: $posts", async ({ preset, posts }) => {
    const { hypervisor, vm, inject, frames } = await scene({ iommu: { preset } });
    inject(19);
    hypervisor.run(5000);
    expect(frames).toEqual([19]);
    expect([vm.vcpu.statistics.posted, vm.vcpu.statistics.injected]).toEqual(posts ? [1, 0] : [0, 1]);
  });

  it.each([{ extendedInterruptMode: true }, { extendedInterruptMode: false }])(
    "$extendedInterruptMode EIM: the APIC ID of the notification is in the format of the mode",
    async (iommu) => {
      const { hypervisor, machine, vm, inject, frames } = await scene({ iommu });
      expect(machine.iommu.extendedDestinations).toBe(iommu.extendedInterruptMode);
      inject(88);
      hypervisor.run(5000);
      expect(frames).toEqual([88]);
      const control = machine.map.read(((vm.vcpu.descriptor?.address ?? 0) + 36) as Hpa, 4);
      expect(control).toBe(iommu.extendedInterruptMode ? vm.domain.apicId : vm.domain.apicId << 8);
    },
  );

  it("x2APIC mode: APIC IDs beyond 255 are reached", async () => {
    const { hypervisor, vfs, machine } = await build(1, { ram: 16 * MIB });
    let vm: Vm | undefined;
    for (let count = 0; count < 259; count++) vm = hypervisor.createVm({ ram: 4096 });
    vm = hypervisor.createVm({ ram: MIB });
    expect(vm.domain.apicId).toBe(260);
    hypervisor.assign(vm, vfs[0] as RequesterId);
    let received = 0;
    boot(vm, () => received++);
    const frame = new Uint8Array(60);
    frame.set(macOf(0));
    frame[6] = 2;
    machine.ports[0]?.uplink.inject(frame);
    hypervisor.run(5000);
    expect([received, vm.vcpu.statistics.posted > 0]).toEqual([1, true]);
  });

  it("a function whose DMA is aimed at its VM's descriptor meets the VM's own RAM, or a fault", async () => {
    const { hypervisor, machine, vm, guest, driver, inject } = await scene();
    const descriptor = vm.vcpu.descriptor?.address as Hpa;
    expect(descriptor).toBeLessThan(vm.domain.ram.size);
    /** All but requests and ON, which the function's interrupts set. */
    const content = (): number[] => {
      const bytes = new Uint8Array(31);
      machine.map.readBytes((descriptor + 33) as Hpa, bytes);
      return [...bytes];
    };
    const before = content();
    const hostile = new HostileVf(guest, driver);
    hostile.writeTo(descriptor + 32);
    inject(66);
    machine.run(10_000);
    expect(vm.platform.ram.read32(gpa(descriptor + 32 + 12)) & 0xff).toBe(66);
    hostile.writeTo(vm.domain.ram.base + descriptor + 32);
    inject(67);
    machine.run(10_000);
    const [fault] = hypervisor.faults();
    expect(fault).toMatchObject({ reason: FAULT_WRITE_DENIED, access: "write" });
    expect(content()).toEqual(before);
  });

  it("a preempted VM, a halted one and notifications on their way are the same after a restore", async () => {
    const options = { ram: 8 * MIB };
    const { hypervisor, machine, vm, guest, inject, vfs } = await scene(options);
    const other = hypervisor.createVm({ ram: MIB });
    hypervisor.assign(other, vfs[1] as RequesterId, { urgent: true });
    const second = boot(other);
    second.guest.haltWhenIdle();
    hypervisor.run(100_000);
    hypervisor.preempt(vm);
    inject(12);
    inject(34, 1);
    machine.run(10_000);
    expect([vm.vcpu.activity, other.vcpu.activity, other.vcpu.due]).toEqual(["preempted", "halted", true]);
    const bytes = encodeSnapshot(hypervisor.save());
    const twin = new Hypervisor(await Machine.create(options), { administratorRam: 2 * MIB });
    twin.restore(decodeSnapshot<HypervisorState>(bytes));
    expect(Buffer.compare(encodeSnapshot(twin.save()), bytes)).toBe(0);
    expect(twin.vms[1]?.assigned[0]?.urgent).toBe(true);
    for (const one of [hypervisor, twin]) {
      // The twin's software is not there: its vectors are counted, and nobody handles them.
      for (const { processor } of one.vms.map((each) => each.vcpu)) {
        for (const vector of [0x20, 0x21, 0x22]) processor.onInterrupt(vector, () => undefined);
      }
      one.run(10_000);
      one.resume(one.vms[0] as Vm);
      one.run(10_000);
    }
    expect(twin.vms.map((one) => one.save())).toEqual(hypervisor.vms.map((one) => one.save()));
    expect(other.vcpu.statistics.wakeUps).toBeGreaterThan(0);
    expect(guest).toBeDefined();
  });

  it("late interrupts of a destroyed VM's function do not reach the VM that has its descriptor now", async () => {
    const { hypervisor, machine, vm, assigned, driver } = await scene();
    const descriptor = vm.vcpu.descriptor?.address;
    const messages = assigned.interruptHandles.map((handle) => hypervisor.remapping.message(handle));
    expect(messages).toHaveLength(3);
    expect(driver.linkUp).toBe(true);
    hypervisor.destroyVm(vm);
    const next = hypervisor.createVm({ ram: MIB });
    expect(next.vcpu.descriptor?.address).toBe(descriptor);
    const { posted } = machine.interrupts.counts;
    for (const { addressLo, addressHi, data } of messages) {
      machine.interrupts.message(assigned.requesterId, addressLo, addressHi, data);
    }
    hypervisor.run();
    expect(machine.interrupts.counts.posted).toBe(posted);
    expect(next.vcpu.processor.receivedVectors()).toEqual([]);
    expect(hypervisor.faults()).toMatchObject([{ reason: FAULT_INTERRUPT_NOT_PRESENT }]);
  });

  it("refuses who is no VM of its, and options that are none", async () => {
    const { hypervisor, vfs, vm } = await scene();
    const stranger = (await build(0)).hypervisor.createVm({ ram: MIB });
    expect(() => hypervisor.preempt(stranger)).toThrow(/vm "vm1" is not of this hypervisor/);
    expect(() => hypervisor.resume({} as Vm)).toThrow(/vm Object is no Vm/);
    const wrong = { urgent: 1 } as unknown as AssignOptions;
    expect(() => hypervisor.assign(vm, vfs[1] as RequesterId, wrong)).toThrow(/urgent 1 is neither true nor false/);
    expect(vm.assigned).toHaveLength(1);
  });
});
