import { describe, expect, it } from "vitest";
import { EVENT_CONTROL_IM_HI, FEADDR_REG, FECTL_REG, FEDATA_REG, FEUADDR_REG } from "../../assembly/spec/vtd/event.ts";
import { GCMD_REG, GCMD_SRTP_LO, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { RTADDR_REG } from "../../assembly/spec/vtd/root-table-address.ts";
import { type Hpa, hpa, type RequesterId } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { ArgumentError, FormatError } from "../../host/core/errors.ts";
import { IOMMU_BASE } from "../../host/machine/layout.ts";
import { Machine, type MachineOptions, type MachineState } from "../../host/machine/machine.ts";
import { build, MIB } from "../hypervisor/fixture.ts";

/** The state with another image of its RAM. */
function withImage(state: MachineState, image: object): object {
  const [first, ...rest] = state.ram;
  return { ...state, ram: [{ ...first, image: { ...first?.image, ...image } }, ...rest] };
}

describe("a machine", () => {
  it("PCIe 6.0 §6.1.4: a message to an address outside the interrupt range is a memory write like any other", async () => {
    const { machine, vfs, hypervisor } = await build(1);
    const vm = hypervisor.createVm({ ram: 2 * MIB });
    const { requesterId } = hypervisor.assign(vm, vfs[0] as RequesterId);
    const { raised } = machine.interrupts.counts;
    machine.interrupts.message(requesterId, 0x1_2344, 0, 0xfeed_beef);
    expect(vm.platform.ram.read32(0x1_2344 as never)).toBe(0xfeed_beef);
    expect(machine.interrupts.counts.raised).toBe(raised);
    machine.interrupts.message(requesterId, 0x7000_0000, 0, 1);
    expect(hypervisor.faults()).toMatchObject([{ requesterId, access: "write", addressLo: 0x7000_0000 }]);
  });

  it("run stops at the first moment at which its condition holds, and refuses a condition that is no function", async () => {
    const { machine, pf } = await build(0);
    const start = machine.clock.nowNs;
    machine.run(5000, () => true);
    expect(machine.clock.nowNs).toBe(start);
    expect(pf.send([new Uint8Array(60).fill(0xff, 0, 6)])).toBe(1);
    const { raised } = machine.interrupts.counts;
    machine.run(50_000_000, () => machine.interrupts.counts.raised > raised);
    expect(machine.interrupts.counts.raised).toBe(raised + 1);
    expect(machine.clock.nowNs - start).toBeLessThan(50_000_000);
    machine.run(700, () => false);
    expect(() => machine.run(5, 1 as never)).toThrow(/^until 1 is not a function/);
  });

  it("VT-d §7.3: a fault raises the unit's own message, which is not remapped", async () => {
    const { machine } = await build(1);
    const taken: number[] = [];
    machine.interrupts.fabric.connect(0x77, (interrupt) => taken.push(interrupt.vector));
    const register = (offset: number): Hpa => hpa(IOMMU_BASE + offset);
    machine.map.write(register(FEDATA_REG), 4, 0x5a);
    machine.map.write(register(FEADDR_REG), 4, 0xfee7_7000);
    machine.map.write(register(FECTL_REG), 4, 0);
    machine.iommu.dma.write(0x0310 as RequesterId, 0x4000, 0, new Uint8Array(4));
    expect(taken).toEqual([0x5a]);
    machine.map.write(register(FECTL_REG), 4, 2 ** EVENT_CONTROL_IM_HI);
  });

  /** Has every requester's DMA refused, with the fault event at an address; then takes a fault. */
  async function faultEvent(upper: number, address: number): Promise<{ machine: Machine; taken: string[] }> {
    const machine = await Machine.create({ ram: MIB });
    const taken: string[] = [];
    for (const id of [0, 0x107]) {
      machine.interrupts.fabric.connect(id, ({ vector }) => taken.push(`${id}: ${vector}`));
    }
    const register = (offset: number, value: number): void => machine.map.write(hpa(IOMMU_BASE + offset), 4, value);
    register(FEDATA_REG, 0x4a);
    register(FEADDR_REG, address);
    register(FEUADDR_REG, upper);
    register(FECTL_REG, 0);
    register(RTADDR_REG, 0x2_0000);
    register(GCMD_REG, 2 ** GCMD_SRTP_LO);
    register(GCMD_REG, 2 ** GCMD_TE_LO);
    machine.iommu.dma.write(0x0310 as RequesterId, 0x4000, 0, new Uint8Array(4));
    return { machine, taken };
  }

  it("VT-d §11.4.7.5: the upper address of an event extends its destination to an x2APIC ID", async () => {
    expect((await faultEvent(0x100, 0xfee0_7000)).taken).toEqual(["263: 74"]);
    expect((await faultEvent(0, 0xfee0_0000)).taken).toEqual(["0: 74"]);
  });

  it("VT-d §7.3: an event whose address is no interrupt's is a write of its data to memory, never to registers", async () => {
    const { machine, taken } = await faultEvent(0, 0x1234);
    expect(taken).toEqual([]);
    expect(machine.map.read(hpa(0x1234), 4)).toBe(0x4a);
    const registers = await faultEvent(0, IOMMU_BASE + FEDATA_REG);
    expect(registers.machine.map.read(hpa(IOMMU_BASE + FEDATA_REG), 4)).toBe(0x4a);
    expect((await faultEvent(0x12_3456, 0x1000)).taken).toEqual([]);
  });

  it("shares an engine with another machine, and neither sees the other's RAM", async () => {
    const engine = await Engine.create();
    const one = await Machine.create({ engine, ram: MIB });
    const two = await Machine.create({ engine, ram: MIB });
    one.map.write(hpa(0x400), 4, 0x0102_0304);
    expect(two.map.read(hpa(0x400), 4)).toBe(0);
    expect(one.map.read(hpa(0x400), 4)).toBe(0x0102_0304);
  });

  it("lives in another emulator's memory without touching what was there", async () => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4096 });
    const foreign = new Uint8Array(memory.buffer).fill(0xa5).length;
    const machine = await Machine.create({ engine: await Engine.create({ memory }), ram: MIB });
    machine.map.write(hpa(0), 4, 1);
    machine.run(1000);
    expect(new Uint8Array(memory.buffer, 0, foreign).every((byte) => byte === 0xa5)).toBe(true);
  });

  it.each([
    [{ ram: 1000 }, /ram 0x3e8 \(1000\) is not a multiple of 4 KiB/],
    [{ cards: [{ ports: 5 }] }, /ports 5 is not in 1–4/],
    [{ cards: [{ profile: "82576", ports: 3 }] }, /ports 3 is not in 1–2/],
    [{ cards: [{ serial: new Uint8Array(6) }] }, /serial/],
    [{ cards: [{ serial: "1" as never }] }, /serial "1" is not a Uint8Array/],
    [{ cards: [{ profile: "82599" as never }] }, /profile "82599"/],
    [{ cards: Array.from({ length: 17 }, () => ({})) }, /cards 0x11 \(17\) are more than 16/],
    [null, /options null is not an object/],
    [{ rom: 4096 }, /options "rom" is not an option/],
    [{ engine: {} }, /engine Object is not an Engine/],
    [{ cards: null }, /cards null is no array/],
    [{ cards: [null] }, /cards null is not an object/],
    [{ cards: [{ slot: "x" }] }, /slot "x" is none of root-port, switch/],
    [{ cards: [{ mac: "02:00:00:00:00:01" }] }, /mac "02:.*is not a Uint8Array/],
    [{ cards: [{ speed: 10 }] }, /cards "speed" is not an option/],
    [{ iommu: { bogus: 1 } }, /iommu "bogus" is not an option/],
    [{ iommu: { addressWidths: 39 } }, /addressWidths 0x27 \(39\) is no array/],
    [{ iommu: { cachingMode: "no" } }, /cachingMode "no" is neither true nor false/],
    [{ iommu: { largestPage: "toString" } }, /largestPage "toString" is none of 4K, 2M, 1G/],
  ])("refuses %j and names the value", async (options, message) => {
    const made = Machine.create(options as MachineOptions);
    await expect(made).rejects.toThrow(ArgumentError);
    await expect(made).rejects.toThrow(message);
  });

  it.each([-5, 0.5, Number.NaN, 2 ** 53, "7"])("does not run for %s ns, and no time passes", async (ns) => {
    const machine = await Machine.create({ ram: MIB });
    expect(() => machine.run(ns as number)).toThrow(/ns .* is not a time span/);
    expect(machine.clock.nowNs).toBe(0);
  });

  it.each<[string, MachineOptions]>([
    ["another profile", { cards: [{ profile: "82576" }] }],
    ["another slot", { cards: [{ slot: "switch" }] }],
    ["another MAC address", { cards: [{ mac: Uint8Array.of(2, 3, 4, 5, 6, 7) }] }],
    ["other capabilities", { iommu: { snoopControl: false } }],
  ])("refuses the state of a machine with %s, and stays as it was", async (_what, options) => {
    const machine = await Machine.create({ ram: MIB });
    const before = machine.save();
    const other = await Machine.create({ ram: MIB, ...options });
    expect(() => machine.restore(other.save())).toThrow(ArgumentError);
    expect(machine.save()).toEqual(before);
    expect(() => other.restore(before)).toThrow(/is of another machine/);
    const [[name]] = Object.entries(options) as [[string, unknown]];
    expect(() => other.restore(before)).toThrow(`"${name}.`);
  });

  it("leaves nothing in the engine of a machine that cannot be built", async () => {
    const engine = await Engine.create();
    const place = (): number => {
      const pointer = engine.allocate(64);
      engine.release(pointer, 64);
      return pointer;
    };
    const before = place();
    for (const cards of [[{}, { ports: 9 }], [{ profile: "82576", ports: 4 }]] as const) {
      await expect(Machine.create({ engine, ram: MIB, cards })).rejects.toThrow(/ports/);
      expect(place()).toBe(before);
    }
    const machine = await Machine.create({ engine, ram: MIB });
    machine.map.write(hpa(0x100), 4, 0x1234_5678);
    expect(machine.map.read(hpa(0x100), 4)).toBe(0x1234_5678);
  });

  it.each<[string, (state: MachineState) => unknown]>([
    ["a clock that runs backwards", (state) => ({ ...state, clock: -1 })],
    ["no shape", (state) => ({ ...state, shape: undefined })],
    ["counts that are none", (state) => ({ ...state, interrupts: { ...state.interrupts, counts: {} } })],
    [
      "a message that is none",
      (state) => ({ ...state, interrupts: { ...state.interrupts, queued: [{ requesterId: 1, data: 2 }] } }),
    ],
    ["RAM blocks beyond its RAM", (state) => withImage(state, { blocks: [256], bytes: new Uint8Array(4096) })],
    ["RAM blocks twice", (state) => withImage(state, { blocks: [3, 3], bytes: new Uint8Array(8192) })],
    ["fewer bytes than RAM blocks", (state) => withImage(state, { blocks: [3], bytes: new Uint8Array(4095) })],
    ["RAM bytes that are none", (state) => withImage(state, { blocks: [3], bytes: "x".repeat(4096) })],
  ])("refuses a state with %s, and stays as it was", async (_what, garble) => {
    const machine = await Machine.create({ ram: MIB });
    machine.map.write(hpa(0x3004), 4, 0xfeed);
    const before = machine.save();
    let thrown: unknown;
    try {
      machine.restore(garble(structuredClone(before)) as MachineState);
    } catch (error) {
      thrown = error;
    }
    expect(thrown instanceof ArgumentError || thrown instanceof FormatError, String(thrown)).toBe(true);
    expect(machine.save()).toEqual(before);
  });

  it("names what it was given instead of a machine's state", async () => {
    const machine = await Machine.create({ ram: MIB });
    const wrong = { machine: machine.save(), domains: {} } as unknown as MachineState;
    expect(() => machine.restore(wrong)).toThrow("snapshot: is no machine's: a state with machine, domains");
    expect(() => machine.restore(undefined as never)).toThrow("snapshot: is no machine's: undefined");
  });

  it("refuses the state of another machine, and stays as it was", async () => {
    const machine = await Machine.create({ ram: MIB });
    const before = machine.save();
    const other = await Machine.create({ ram: 2 * MIB });
    expect(() => machine.restore(other.save())).toThrow(/is of another machine/);
    const two = await Machine.create({ ram: MIB, cards: [{}, {}] });
    expect(() => machine.restore(two.save())).toThrow(/is of another machine/);
    expect(machine.save()).toEqual(before);
  });
});
