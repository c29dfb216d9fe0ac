// What the guest's accesses reach while a machine is attached, made as the emulator's processor makes them.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Hpa, RequesterId } from "../../../host/core/address.ts";
import { type Attachment, attach } from "../../../host/embed/v86/attach.ts";
import { createMachine } from "../../../host/embed/v86/create-machine.ts";
import type { Machine } from "../../../host/machine/machine.ts";
import { type TestEmulator, testEmulator } from "./emulator.ts";

let guest: TestEmulator;
let machine: Machine;
let attachment: Attachment;

beforeEach(async () => {
  guest = await testEmulator();
  // A status that is set, as the emulator's hardware would set it.
  guest.cpu.io.port_write8(0xafe0, 0x0d);
  machine = await createMachine(guest.emulator, { cards: [{ ports: 2 }] });
  attachment = attach(guest.emulator, machine);
});

afterEach(async () => {
  attachment.detach();
  machine.dispose();
  await guest.destroy();
});

type Table = "memory_map_read8" | "memory_map_read32";
const read = (table: Table, address: number): number =>
  (guest.cpu[table][address >>> 17] as (address: number) => number)(address | 0) >>> 0;
const write8 = (address: number, value: number): void =>
  (guest.cpu.memory_map_write8[address >>> 17] as (address: number, value: number) => void)(address | 0, value);
const write32 = (address: number, value: number): void =>
  (guest.cpu.memory_map_write32[address >>> 17] as (address: number, value: number) => void)(address | 0, value | 0);

const ECAM = 0xb000_0000;
const PORT = ECAM + (0x1c << 15);
const PF = ECAM + (3 << 20);

/** Opens the port: bus 3 below, memory and I/O windows of one granule. */
function open(memory: number, io: number): void {
  write32(PORT + 0x18, 0x0003_0300);
  write32(PORT + 0x20, ((memory >>> 16) & 0xfff0) | (memory & 0xfff0_0000));
  write32(PORT + 0x1c, (io >>> 8) | (io & 0xf000));
  write32(PORT + 0x04, 0x0007);
}

describe("PCIe 6.0 §7.2.2: configuration space of the emulator's devices, in memory", () => {
  test("bytes and dwords are what the ports show; sizing a BAR does what v86 does", () => {
    const ide = ECAM + (0x1e << 15);
    guest.cpu.io.port_write32(0xcf8, 0x8000_f000 | 0);
    const id = guest.cpu.io.port_read32(0xcfc) >>> 0;
    expect(read("memory_map_read32", ide)).toBe(id);
    expect([0, 1, 2, 3].map((byte) => read("memory_map_read8", ide + byte))).toEqual([0x86, 0x80, 0x10, 0x70]);
    // BAR4: 16 ports of bus master registers.
    write32(ide + 0x20, 0xffff_ffff);
    expect(read("memory_map_read32", ide + 0x20)).toBe(0xffff_fff1);
    write8(ide + 0x3c, 0x2a);
    expect(read("memory_map_read32", ide + 0x3c) & 0xff).toBe(0x2a);
  });

  test("an access at an odd place is made of bytes", () => {
    guest.cpu.io.port_write32(0xcf8, 0x8000_f000 | 0);
    expect(guest.cpu.io.port_read16(0xcfd)).toBe(0x1080);
    guest.cpu.io.port_write32(0xcf8, 0x8000_f03c | 0);
    guest.cpu.io.port_write16(0xcfd, 0x5ab7);
    expect(read("memory_map_read32", ECAM + (0x1e << 15) + 0x3c)).toBe(0x005a_b700);
  });
});

describe("PCIe 6.0 §2.3.1: where no function is, writes of every width are dropped", () => {
  const EMPTY = 0x0d << 11;

  test("by ports", () => {
    const { io } = guest.cpu;
    const writes = [io.port_write8, io.port_write16, io.port_write32];
    for (const write of writes) {
      for (const port of [0xcfc, 0xcfd]) {
        io.port_write32(0xcf8, 0x8000_0000 | EMPTY | 0);
        write.call(io, port, 0x5a);
      }
    }
    io.port_write32(0xcf8, 0x8000_0000 | EMPTY | 0);
    expect(io.port_read32(0xcfc) >>> 0).toBe(0xffff_ffff);
  });

  test("in memory, at odd places too", () => {
    const place = ECAM + (EMPTY << 4);
    for (const at of [0, 1, 2, 3]) {
      write8(place + at, 0x5a);
      write32(place + at, 0x1234_5678);
    }
    expect(read("memory_map_read32", place)).toBe(0xffff_ffff);
  });
});

describe("BARs", () => {
  test("registers answer where the guest put them, and all ones where it closed the port", () => {
    open(0x9010_0000, 0xd000);
    write32(PF + 0x10, 0x9012_0000);
    write32(PF + 0x04, 0x0002);
    // I350 §8.2.2 STATUS: bits of 32, in bytes too.
    const status = machine.root.memoryRead(0x9012_0008 as Hpa, 4);
    expect(status).not.toBe(0xffff_ffff);
    expect(read("memory_map_read32", 0x9012_0008)).toBe(status);
    expect(read("memory_map_read8", 0x9012_0009)).toBe((status >>> 8) & 0xff);
    write32(PORT + 0x04, 0);
    expect(read("memory_map_read32", 0x9012_0008)).toBe(0xffff_ffff);
    expect(read("memory_map_read8", 0x9012_0009)).toBe(0xff);
  });

  test("I350 §8.1.1: IOADDR and IODATA reach the same registers by ports; other ports stay the emulator's", () => {
    open(0x9010_0000, 0xd000);
    write32(PF + 0x10, 0x9012_0000);
    write32(PF + 0x18, 0xd0e0);
    write32(PF + 0x04, 0x0003);
    const { io } = guest.cpu;
    io.port_write32(0xd0e0, 0x0008);
    expect(io.port_read32(0xd0e0)).toBe(0x0008);
    expect(io.port_read32(0xd0e4) >>> 0).toBe(machine.root.memoryRead(0x9012_0008 as Hpa, 4));
    // VET, which nothing else changes.
    io.port_write32(0xd0e0, 0x0038);
    io.port_write32(0xd0e4, 0x88a8_8100 | 0);
    expect(machine.root.memoryRead(0x9012_0038 as Hpa, 4)).toBe(0x88a8_8100);
    io.port_write16(0xd0e4, 0);
    io.port_write32(0xd0e0, 0x2_0038);
    expect(io.port_read32(0xd0e4)).toBe(0);
    const { reads } = attachment.counters;
    expect(io.port_read32(0xd0c0)).toBe(-1);
    io.port_read8(0x64);
    expect(attachment.counters.reads).toBe(reads);
  });

  test("where the emulator has memory of its own, ours is found if it lies there, the emulator's beside it", () => {
    const before = read("memory_map_read8", 0xe000_0003);
    write8(0xe000_0003, 0x77);
    const written = read("memory_map_read8", 0xe000_0003);
    open(0xe010_0000, 0xd000);
    write32(PF + 0x10, 0xe010_0000);
    write32(PF + 0x04, 0x0002);
    expect(read("memory_map_read32", 0xe010_0008)).toBe(machine.root.memoryRead(0xe010_0008 as Hpa, 4));
    expect(read("memory_map_read8", 0xe000_0003)).toBe(written);
    expect(before).not.toBe(undefined);
  });
});

describe("ACPI 6.5 §4.8.4.1: general purpose events", () => {
  test("a status bit is cleared by writing 1, enables are kept as written", () => {
    const { io } = guest.cpu;
    expect(io.port_read8(0xafe0)).toBe(0x0d);
    io.port_write8(0xafe0, 0x04);
    expect(io.port_read8(0xafe0)).toBe(0x09);
    io.port_write8(0xafe2, 0x3f);
    io.port_write8(0xafe2, 0x21);
    expect(io.port_read8(0xafe2)).toBe(0x21);
    io.port_write16(0xafe0, 0xff01);
    expect([io.port_read8(0xafe0), io.port_read8(0xafe1)]).toEqual([0x08, 0]);
  });

  test("no slot has come or is to go, and none can be ejected", () => {
    const { io } = guest.cpu;
    expect([0xae00, 0xae04, 0xae08, 0xae0c].map((port) => io.port_read32(port))).toEqual([0, 0, 0, 0]);
    io.port_write32(0xae08, 1 << 0x1c);
    expect(read("memory_map_read32", PORT)).toBe(0x340a_8086);
  });
});

describe("a reset of the guest's board", () => {
  test("by the chipset's register resets the machine too", () => {
    open(0x9010_0000, 0xd000);
    expect(machine.root.configRead(0x0300 as RequesterId, 0, 4)).toBe(0x1521_8086);
    guest.cpu.io.port_write8(0xcf9, 0x02);
    expect(machine.root.configRead(0x0300 as RequesterId, 0, 4)).toBe(0x1521_8086);
    guest.cpu.io.port_write8(0xcf9, 0x06);
    expect(machine.root.configRead(0x0300 as RequesterId, 0, 4)).toBe(0xffff_ffff);
    expect(read("memory_map_read32", PORT + 0x18)).toBe(0);
  });

  test("PCIe 6.0 §7.5.1.1.3: a root port passes its card's requests on though the firmware enables only its windows", () => {
    const { pf } = machine.ports[0] as (typeof machine.ports)[number];
    // SeaBIOS adds what it enables to what it finds.
    const boot = (): void => {
      const found = read("memory_map_read32", PORT + 0x04) & 0xffff;
      open(0x9010_0000, 0xd000);
      write32(PORT + 0x04, found | 0x0103);
      write32(PF + 0x04, 0x0006);
    };
    boot();
    expect(pf.requestsReachRoot()).toBe(true);
    guest.cpu.io.port_write8(0xcf9, 0x02);
    guest.cpu.io.port_write8(0xcf9, 0x06);
    expect(pf.requestsReachRoot()).toBe(false);
    boot();
    expect(pf.requestsReachRoot()).toBe(true);
    write32(PORT + 0x04, 0x0103);
    expect(pf.requestsReachRoot()).toBe(false);
  });
});
