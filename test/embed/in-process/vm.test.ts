// The drivers where they are meant to run: each in a VM of its own, behind the IOMMU, its RAM inside or outside the wasm.
import { beforeEach, describe, expect, test } from "vitest";
import { FrameReader, TaggedFrame } from "../../../host/embed/in-process/frame.ts";
import { Guest } from "../../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../../host/embed/in-process/pf-driver.ts";
import { IgbVfDriver, isIgbVf } from "../../../host/embed/in-process/vf-driver.ts";
import { Hypervisor } from "../../../host/hypervisor/hypervisor.ts";
import type { Vm } from "../../../host/hypervisor/vm.ts";
import { Machine } from "../../../host/machine/machine.ts";

const MIB = 2 ** 20;
const VFS = 4;
const macOf = (vf: number): Uint8Array => Uint8Array.of(0x02, 0x1b, 0x21, 0x44, 0x00, 0xd0 + vf);

/** A VM's software with what it received, as "from:sequence". */
class Software {
  readonly driver: IgbVfDriver;
  readonly received: string[] = [];
  readonly #reader = new FrameReader();
  #sequence = 0;

  constructor(vm: Vm) {
    const guest = new Guest(vm.platform);
    const device = guest.probe().find(isIgbVf);
    if (device === undefined) throw new Error("no VF");
    this.driver = new IgbVfDriver(guest, device, {
      descriptors: 64,
      onFrame: (frame) => {
        const intact = this.#reader.read(frame);
        this.received.push(intact ? `${this.#reader.from}:${this.#reader.sequence}` : "broken");
      },
    });
  }

  send(from: number, to: number, count: number, vlan?: number): number {
    const frame = new TaggedFrame({ destination: macOf(to), source: this.driver.mac, from, to, length: 333 });
    const frames = Array.from({ length: count }, () => frame.stamp(this.#sequence++).slice());
    return this.driver.send(frames, 0, count, vlan);
  }
}

describe.each(["i350", "82576"] as const)("%s", (profile) => {
  let hypervisor: Hypervisor;
  let pf: IgbPfDriver;
  let vms: Vm[];
  let software: Software[];
  const at = (index: number): Software => software[index] as Software;

  beforeEach(async () => {
    hypervisor = new Hypervisor(await Machine.create({ cards: [{ profile }] }), { administratorRam: 2 * MIB });
    const administrator = new Guest(hypervisor.administrator.platform);
    const device = administrator.probe().find(isIgbPf);
    if (device === undefined) throw new Error("no PF");
    pf = new IgbPfDriver(administrator, device, { vfs: VFS, descriptors: 64, vfMac: macOf });
    expect(pf.up()).toBe(true);
    const external = (): { size: number; buffer: ArrayBuffer } => ({ size: MIB, buffer: new ArrayBuffer(MIB) });
    vms = pf.vfs.map((vf, index) => {
      const vm = hypervisor.createVm({ ram: index % 2 === 0 ? MIB : external() });
      hypervisor.assign(vm, vf.requesterId);
      return vm;
    });
    software = vms.map((vm) => new Software(vm));
    for (const one of software) expect(one.driver.up()).toBe(true);
  });

  const settle = (): void => {
    for (let turn = 0; turn < 20; turn++) hypervisor.run(20_000);
  };
  const watchdogs = (): void => {
    for (const one of software) one.driver.watchdog();
    settle();
  };
  const everybodyTalks = (): void => {
    for (const one of software) one.received.length = 0;
    for (let from = 0; from < VFS; from++) {
      for (let to = 0; to < VFS; to++) if (from !== to) expect(at(from).send(from, to, 5)).toBe(5);
    }
    settle();
    expect(software.map((one) => one.received.filter((frame) => frame !== "broken").length)).toEqual([15, 15, 15, 15]);
    expect(hypervisor.faults()).toEqual([]);
  };

  test("frames pass between RAM inside and outside the wasm in every direction, and no DMA is refused", () => {
    everybodyTalks();
    expect(software.map((one) => one.driver.interrupts.rx > 0)).toEqual([true, true, true, true]);
  });

  test("VLANs and a reset of the PF in flight: every VM's driver finds back by its watchdog", () => {
    for (const index of [0, 1]) expect(at(index).driver.requests.setVlan(0x55, true)).toBe(true);
    at(0).send(0, 1, 20);
    expect(pf.reset()).toBe(true);
    for (let round = 0; round < 4; round++) watchdogs();
    expect(software.map((one) => one.driver.linkUp)).toEqual([true, true, true, true]);
    everybodyTalks();
    at(0).send(0, 1, 3, 0x55);
    at(0).send(0, 2, 3, 0x55);
    settle();
    expect([at(1).received.length, at(2).received.length]).toEqual([18, 15]);
  });

  test("a function that is taken away: its driver meets all-ones, gives up soon, and disturbs nobody", () => {
    const [assigned] = vms[1]?.assigned ?? [];
    if (assigned === undefined) throw new Error("nothing assigned");
    hypervisor.revoke(assigned);
    const before = hypervisor.machine.clock.nowNs;
    expect(at(1).driver.present).toBe(false);
    at(1).send(1, 0, 5);
    expect(at(1).driver.poll()).toBe(0);
    at(1).driver.watchdog();
    expect(at(1).driver.linkUp).toBe(false);
    expect(at(1).driver.up()).toBe(false);
    expect(hypervisor.machine.clock.nowNs - before).toBeLessThan(1e9);
    at(0).send(0, 2, 7);
    settle();
    expect(at(2).received.length).toBe(7);
  });

  test("a function that moves to another VM: the new owner has its address and its frames, the old one nothing", () => {
    const [assigned] = vms[1]?.assigned ?? [];
    if (assigned === undefined) throw new Error("nothing assigned");
    at(0).send(0, 1, 9);
    hypervisor.revoke(assigned);
    const heir = hypervisor.createVm({ ram: MIB });
    hypervisor.assign(heir, assigned.requesterId);
    const old = at(1);
    old.received.length = 0;
    software[1] = new Software(heir);
    expect(at(1).driver.up()).toBe(true);
    expect([...at(1).driver.mac]).toEqual([...macOf(1)]);
    everybodyTalks();
    expect(old.received).toEqual([]);
  });
});
