import { expect, test } from "vitest";
import type { V86Cpu } from "../../../host/embed/v86/cpu.ts";
import { GuestRam } from "../../../host/embed/v86/guest-ram.ts";

function made() {
  const forgotten: [number, number][] = [];
  const cpu = {
    memory_size: [0x8_0000],
    mem8: { byteOffset: 64 },
    wasm_memory: new WebAssembly.Memory({ initial: 9 }),
    jit_dirty_cache: (start: number, end: number) => void forgotten.push([start, end]),
  };
  const ram = new GuestRam(cpu as unknown as V86Cpu);
  const write = ram.backing.written as (offset: number, length: number) => void;
  return { ram, write, forgotten };
}

test("outside a turn the guest may have compiled in between: each write is told of", () => {
  const { ram, write, forgotten } = made();
  write(0x3004, 60);
  write(0x3004, 60);
  ram.duringTurn(() => {});
  write(0x3004, 60);
  expect(forgotten).toEqual([
    [0x3004, 0x3040],
    [0x3004, 0x3040],
    [0x3004, 0x3040],
  ]);
  expect(ram.bytesWritten).toBe(180);
});

test("in one turn the emulator forgets a page once, in the next one again; a write over two pages always", () => {
  const { ram, write, forgotten } = made();
  const turn = (): void =>
    ram.duringTurn(() => {
      write(0x5000, 0x1000);
      write(0x9010, 16);
      write(0x5020, 32);
      write(0x5ff8, 16);
      write(0x9020, 16);
      // Page 45h is remembered in the place of page 5.
      write(0x4_5000, 4);
      write(0x5000, 4);
    });
  const once = [
    [0x5000, 0x6000],
    [0x9010, 0x9020],
    [0x5ff8, 0x6008],
    [0x4_5000, 0x4_5004],
    [0x5000, 0x5004],
  ];
  turn();
  expect(forgotten).toEqual(once);
  turn();
  expect(forgotten).toEqual([...once, ...once]);
});

test("a turn that fails is over", () => {
  const { ram, write, forgotten } = made();
  const failure = new Error("no");
  const fail = (): never => {
    write(0x2000, 4);
    throw failure;
  };
  expect(() => ram.duringTurn(fail)).toThrow(failure);
  write(0x2000, 4);
  expect(forgotten).toHaveLength(2);
});
