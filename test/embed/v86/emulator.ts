// A v86 emulator of the npm package, with a BIOS of a few bytes instead of one that boots.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { V86 } from "v86";
import type { V86Cpu } from "../../../host/embed/v86/cpu.ts";

const MIB = 2 ** 20;
const BIOS_SIZE = 0x1_0000;
/** Where the processor begins, from the BIOS's first byte. */
const RESET = 0xfff0;

/** HLT with interrupts off, for ever. */
const IDLE = [0xfa, 0xf4, 0xeb, 0xfd];

export interface TestEmulator {
  emulator: V86;
  cpu: V86Cpu;
  destroy(): Promise<void>;
}

/** @param code runs at f000:0000 in real mode. */
export async function testEmulator(
  options: { code?: readonly number[]; acpi?: boolean; ram?: number; network?: "ne2k" | "virtio" | "none" } = {},
): Promise<TestEmulator> {
  const bios = new Uint8Array(BIOS_SIZE);
  bios.set(options.code ?? IDLE);
  // JMP f000:0000
  bios.set([0xea, 0x00, 0x00, 0x00, 0xf0], RESET);
  const wasm = fileURLToPath(new URL("../../../node_modules/v86/build/v86.wasm", import.meta.url));
  const code = readFileSync(wasm);
  const emulator = new V86({
    wasm_fn: async (env: WebAssembly.Imports) => (await WebAssembly.instantiate(code, env)).instance.exports,
    memory_size: options.ram ?? 8 * MIB,
    vga_memory_size: 2 * MIB,
    bios: { buffer: bios.buffer },
    acpi: options.acpi ?? true,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    ...(options.network === undefined ? {} : { net_device: { type: options.network } }),
  } as ConstructorParameters<typeof V86>[0]);
  await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", () => resolve()));
  const { cpu } = (emulator as unknown as { v86: { cpu: V86Cpu } }).v86;
  return { emulator, cpu, destroy: () => emulator.destroy() };
}
