// The real emulator runs real instructions: what its processor does to our functions, and what they do to it.
import { afterEach, describe, expect, test } from "vitest";
import * as igb from "../../../assembly/spec/igb/interrupt.ts";
import type { Hpa } from "../../../host/core/address.ts";
import { ArgumentError } from "../../../host/core/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../../../host/core/snapshot.ts";
import { type Attachment, type AttachmentState, attach } from "../../../host/embed/v86/attach.ts";
import { createMachine } from "../../../host/embed/v86/create-machine.ts";
import type { Machine } from "../../../host/machine/machine.ts";
import { type TestEmulator, testEmulator } from "./emulator.ts";
import { COUNTS, handlers, jump, program, store, WAIT } from "./program.ts";

interface Guest extends TestEmulator {
  machine: Machine;
  attachment: Attachment;
  ram: (address: number) => number;
  until: (what: () => boolean) => Promise<void>;
}

const open: Guest[] = [];
afterEach(async () => {
  for (const { emulator, attachment, machine, destroy } of open.splice(0)) {
    await emulator.stop();
    attachment.detach();
    machine.dispose();
    await destroy();
  }
});

async function guestOf(code: readonly number[], cards: readonly { ports?: number }[] = [{}]): Promise<Guest> {
  const made = await testEmulator({ code: program(code) });
  const { emulator, cpu } = made;
  for (const { address, bytes } of handlers()) emulator.write_memory(bytes, address);
  const machine = await createMachine(emulator, { cards });
  const attachment = attach(emulator, machine);
  const view = (): DataView => new DataView(cpu.wasm_memory.buffer, cpu.mem8.byteOffset, cpu.memory_size[0] as number);
  const guest: Guest = {
    ...made,
    machine,
    attachment,
    ram: (address) => view().getUint32(address, true),
    until: async (what) => {
      await expect.poll(what, { interval: 5, timeout: 300_000 }).toBe(true);
    },
  };
  open.push(guest);
  return guest;
}

const ECAM = 0xb000_0000;
const BAR0 = 0xc000_0000;
const BAR3 = 0xc008_0000;
const PORT = ECAM + (0x1c << 15);
const PF = ECAM + (1 << 20);
const SVR = 0xfee0_00f0;

/** As firmware does: buses, a window, the port's BARs, decoding and bus mastering; and the local APIC enabled. */
const FIRMWARE = [
  [SVR, 0x1ff],
  [PORT + 0x18, 0x0001_0100],
  [PORT + 0x20, 0xc000_c000],
  [PORT + 0x04, 0x0006],
  [PF + 0x10, BAR0],
  [PF + 0x1c, BAR3],
  [PF + 0x04, 0x0006],
].flatMap(([address, value]) => store(address as number, value as number));

/** As firmware does too: v86 restores no state in which the places of IDE's fixed ports were never sized. */
const SIZED = [0x10, 0x14, 0x18, 0x1c].flatMap((bar) => store(ECAM + (0x1e << 15) + bar, 0));

/** MSI-X entry 0 interrupts at `vector`; EICS makes it due. */
const messages = (vector: number): number[] =>
  [
    [BAR3, 0xfee0_0000],
    [BAR3 + 4, 0],
    [BAR3 + 8, vector],
    [BAR3 + 12, 0],
    [PF + 0x70, 0x8000_0000],
    [BAR0 + igb.GPIE, igb.GPIE_MULTIPLE_MSIX],
    [BAR0 + igb.EIAC, 1],
    [BAR0 + igb.EIMS, 1],
  ].flatMap(([address, value]) => store(address as number, value as number));

describe("PCIe 6.0 §6.1.4: messages of a function", () => {
  test("one that a register write causes interrupts the guest after that instruction, not inside it", async () => {
    const guest = await guestOf([
      ...FIRMWARE,
      ...messages(0x53),
      ...store(0x700, 0x11),
      ...store(BAR0 + igb.EICS, 1),
      ...store(0x704, 0x22),
      ...WAIT,
    ]);
    await guest.emulator.run();
    await guest.until(() => guest.ram(COUNTS + 4 * 0x53) === 1);
    expect([guest.ram(0x700), guest.ram(0x704)]).toEqual([0x11, 0x22]);
    const { interrupts, merged, writes } = guest.attachment.counters;
    expect([interrupts, merged]).toEqual([1, 0]);
    // Three of the port, three of the PF, four of the table, MSI-X control, four registers.
    expect(writes).toBe(15);
  });

  test("a guest that sleeps with interrupts enabled is woken by one that the host causes", async () => {
    const guest = await guestOf([...FIRMWARE, ...messages(0x71), ...store(0x700, 1), ...WAIT]);
    await guest.emulator.run();
    await guest.until(() => guest.ram(0x700) === 1);
    for (let count = 1; count <= 3; count++) {
      guest.machine.root.memoryWrite((BAR0 + igb.EICS) as Hpa, 4, 1);
      await guest.until(() => guest.ram(COUNTS + 4 * 0x71) === count);
    }
  });
});

describe("PCIe 6.0 §6.1.2: INTx", () => {
  const IOAPIC = 0xfec0_0000;
  const VECTOR = 0x5a;
  const IRQ = 11;
  // Of the port at 1c.0 with INTA of its first function: line (1ch + 0 + 3) mod 4 = 3, PIRQD#.
  const routed = [
    [ECAM + (1 << 15) + 0x60, 0x0b80_8080],
    [IOAPIC, 0x10 + 2 * IRQ],
    [IOAPIC + 0x10, 0x8000 | VECTOR],
    [IOAPIC, 0x11 + 2 * IRQ],
    [IOAPIC + 0x10, 0],
    [BAR0 + igb.IMS, igb.ICR_LSC],
  ].flatMap(([address, value]) => store(address as number, value as number));

  test("a pin pulls the line that the chipset routes, as long as its function asserts it", async () => {
    const guest = await guestOf([...FIRMWARE, ...routed, ...store(BAR0 + igb.ICS, igb.ICR_LSC), ...WAIT]);
    await guest.emulator.run();
    const count = (): number => guest.ram(COUNTS + 4 * VECTOR);
    // A level: the handler, which does not ask the card, is entered again and again.
    await guest.until(() => count() > 3);
    expect(guest.attachment.counters).toMatchObject({ lines: 1, interrupts: 0 });
    guest.machine.root.memoryRead((BAR0 + igb.ICR) as Hpa, 4);
    const calm = count();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(count() - calm).toBeLessThanOrEqual(1);
    guest.machine.root.memoryWrite((BAR0 + igb.ICS) as Hpa, 4, igb.ICR_LSC);
    await guest.until(() => count() > calm + 3);
    expect(guest.attachment.counters.lines).toBe(2);
  });

  test("a line that goes nowhere interrupts nobody", async () => {
    const nowhere = store(ECAM + (1 << 15) + 0x60, 0x8b0b_0b0b | 0);
    const raise = store(BAR0 + igb.ICS, igb.ICR_LSC);
    const guest = await guestOf([...FIRMWARE, ...routed, ...nowhere, ...raise, ...store(0x700, 1), ...WAIT]);
    await guest.emulator.run();
    await guest.until(() => guest.ram(0x700) === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([guest.ram(COUNTS + 4 * VECTOR), guest.attachment.counters.lines]).toEqual([0, 0]);
    expect(guest.machine.root.interruptPins(0x1c)).toBe(1);
  });
});

describe("DMA into the guest's RAM", () => {
  test("code that the emulator had compiled is what was written over it", async () => {
    const place = 0x9000;
    // MOV EAX, 1; MOV [700h], EAX; ADD [704h], EAX; JMP back
    const loop = [0xb8, 1, 0, 0, 0, 0xa3, 0, 7, 0, 0, 0x01, 0x05, 4, 7, 0, 0, 0xeb, 0xee];
    const guest = await guestOf(jump(place));
    guest.emulator.write_memory(Uint8Array.from(loop), place);
    await guest.emulator.run();
    await guest.until(() => guest.ram(0x704) > 20_000_000);
    expect(guest.ram(0x700)).toBe(1);
    guest.machine.map.writeBytes((place + 1) as Hpa, Uint8Array.from([7]));
    await guest.until(() => guest.ram(0x700) === 7);
    const from = guest.ram(0x704);
    await guest.until(() => guest.ram(0x704) !== from);
    expect((guest.ram(0x704) - from) % 7).toBe(0);
  });
});

test("the machine's clock follows the emulator's, and stands still with it", async () => {
  const guest = await guestOf(WAIT);
  await guest.emulator.run();
  await guest.until(() => guest.machine.clock.nowNs > 1e6);
  await guest.emulator.stop();
  await guest.until(() => !guest.emulator.is_running());
  const { nowNs } = guest.machine.clock;
  const { turns } = guest.attachment.counters;
  let stopped = 0;
  guest.emulator.add_listener("emulator-stopped", () => stopped++);
  guest.attachment.wake();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect([guest.machine.clock.nowNs, guest.attachment.counters.turns, stopped]).toEqual([nowNs, turns, 0]);
});

test("time in which the emulator stood still passes for devices up to a second, not more", async () => {
  const guest = await guestOf(WAIT);
  const { cpu, machine } = guest;
  // As the emulator's loop calls it, with the time of its clock in milliseconds.
  cpu.run_hardware_timers(1, 1000);
  expect(machine.clock.nowNs).toBe(0);
  cpu.run_hardware_timers(1, 1002.5);
  expect(machine.clock.nowNs).toBe(2_500_000);
  cpu.run_hardware_timers(1, 9_001_002.5);
  expect(machine.clock.nowNs).toBe(1_002_500_000);
  cpu.run_hardware_timers(1, 9_001_005.5);
  expect(machine.clock.nowNs).toBe(1_005_500_000);
});

test("a machine that was restored by itself goes on from there: it does not make up for what it had gone on", async () => {
  const { cpu, machine } = await guestOf(WAIT);
  cpu.run_hardware_timers(1, 1000);
  const state = machine.save();
  for (let now = 1900; now <= 91_000; now += 900) cpu.run_hardware_timers(1, now);
  expect(machine.clock.nowNs).toBe(90_000_000_000);
  machine.restore(state);
  cpu.run_hardware_timers(1, 91_001);
  expect(machine.clock.nowNs).toBe(0);
  cpu.run_hardware_timers(1, 91_004);
  expect(machine.clock.nowNs).toBe(3_000_000);
});

describe("states", () => {
  const code = [...FIRMWARE, ...SIZED, ...messages(0x66), ...store(0x700, 1), ...WAIT];

  test("a state beside the emulator's goes on in another process's emulator and machine", async () => {
    const first = await guestOf(code);
    await first.emulator.run();
    await first.until(() => first.ram(0x700) === 1);
    await first.emulator.stop();
    await first.until(() => !first.emulator.is_running());
    first.machine.root.memoryWrite((BAR0 + igb.EICS) as Hpa, 4, 1);
    const whole = await first.emulator.save_state();
    const state = encodeSnapshot(first.attachment.save());

    const second = await guestOf([0xf4]);
    await second.emulator.restore_state(whole);
    second.attachment.restore(decodeSnapshot<AttachmentState>(state));
    expect(second.machine.ports[0]?.pf.requesterId).toBe(0x0100);
    await second.emulator.run();
    // The interrupt that waited.
    await second.until(() => second.ram(COUNTS + 4 * 0x66) === 1);
    second.machine.root.memoryWrite((BAR0 + igb.EICS) as Hpa, 4, 1);
    await second.until(() => second.ram(COUNTS + 4 * 0x66) === 2);
  });

  test("of another moment, another machine or another place it is refused, and nothing changes", async () => {
    const first = await guestOf(code);
    const early = first.attachment.save();
    await first.emulator.run();
    await first.until(() => first.ram(0x700) === 1);
    await first.emulator.stop();
    await first.until(() => !first.emulator.is_running());
    const before = encodeSnapshot(first.attachment.save());
    expect(() => first.attachment.restore(early)).toThrow("snapshot: is of another moment than the emulator's state");
    const now = first.attachment.save();
    expect(() => first.attachment.restore({ ...now, kind: "vm" })).toThrow('state "vm" is not of a machine');
    expect(() => first.attachment.restore({ ...now, ecam: { base: 0xa000_0000, size: 1 } })).toThrow("elsewhere");
    const interrupts = { vectors: [0x41, 3] };
    expect(() => first.attachment.restore({ ...now, interrupts })).toThrow("interrupts: 3 is no vector");
    for (const none of [null, { vectors: 5 }] as unknown as AttachmentState["interrupts"][]) {
      const act = (): void => first.attachment.restore({ ...now, interrupts: none });
      expect(act).toThrow("interrupts: have no list of vectors");
    }
    expect(() => first.attachment.restore({ ...now, board: {} })).toThrow();
    for (const none of [undefined, null, 7] as unknown as AttachmentState[]) {
      expect(() => first.attachment.restore(none)).toThrow(new ArgumentError("state", none, "is no object"));
    }
    expect(encodeSnapshot(first.attachment.save())).toEqual(before);
  });
});
