// v86, as far as this program uses it, and how it is started.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { V86Emulator } from "../embed/v86/index.ts";
import { GuestError } from "./guests/failure.ts";

/** An emulated PC. */
export interface Emulator extends V86Emulator {
  add_listener(event: "emulator-loaded", listener: () => void): void;
  add_listener(event: SerialOutput, listener: (byte: number) => void): void;
  serial_send_bytes(port: number, bytes: Uint8Array): void;
  run(): Promise<void>;
  stop(): Promise<void>;
  destroy(): Promise<void>;
  save_state(): Promise<ArrayBuffer>;
  restore_state(state: ArrayBuffer): Promise<void>;
}

type SerialOutput = `serial${0 | 1 | 2}-output-byte`;

/** What the PC is made of. */
export interface EmulatorOptions {
  /** Bytes of RAM; a power of two. */
  memory: number;
  bios: Uint8Array;
  vgaBios: Uint8Array;
  /** A kernel that is started by the BIOS; none for a PC whose state will be restored. */
  kernel?: { image: Uint8Array; initramfs: Uint8Array; commandLine: string };
}

interface Installed {
  version: string;
  module: string;
  wasm: string;
}

/** The installed v86. Throws GuestError when there is none. */
export function findEmulator(): Installed {
  const require = createRequire(import.meta.url);
  try {
    const { version } = require("v86/package.json") as { version: string };
    return { version, module: require.resolve("v86"), wasm: require.resolve("v86/build/v86.wasm") };
  } catch {
    throw new GuestError("the package v86 is not installed: npm install v86");
  }
}

/** Throws GuestError for the state of a guest that was suspended in another v86 than the installed one. */
export function checkVersion(state: { version: string }): void {
  const { version } = findEmulator();
  if (state.version === version) return;
  throw new GuestError(`the guest was suspended in v86 ${state.version}, and this is ${version}`);
}

/** A PC that does not run yet. */
export async function createEmulator(options: EmulatorOptions): Promise<Emulator> {
  const installed = findEmulator();
  const { V86 } = (await import(pathToFileURL(installed.module).href)) as { V86: new (options: object) => Emulator };
  const { memory, bios, vgaBios, kernel } = options;
  const emulator = new V86({
    wasm_path: installed.wasm,
    memory_size: memory,
    vga_memory_size: 1 << 21,
    bios: image(bios),
    vga_bios: image(vgaBios),
    acpi: true,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    uart1: true,
    uart2: true,
    ...(kernel === undefined
      ? {}
      : { bzimage: image(kernel.image), initrd: image(kernel.initramfs), cmdline: kernel.commandLine }),
  });
  await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", resolve));
  return emulator;
}

function image(bytes: Uint8Array): { buffer: ArrayBuffer } {
  return { buffer: new Uint8Array(bytes).buffer };
}
