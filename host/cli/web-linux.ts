// What `iovirt web` serves beside the package's files: the Linux guest's, and the installed v86's.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LINUX_FILES, type LinuxDescription } from "../web/linux-files.ts";
import type { ServedFile } from "../web/serve.ts";
import { KERNEL } from "./guests/collect.ts";
import { GuestError } from "./guests/failure.ts";
import { buildInitramfs } from "./guests/initramfs.ts";
import { type GuestFiles, guestsFolder, openGuests } from "./guests/store.ts";
import { findEmulator } from "./linux-emulator.ts";
import { COMMAND_LINE } from "./linux-pc.ts";

const MEMORY = 128;
const BINARY = "application/octet-stream";

/** The files by their paths; each is looked up when it is asked for. The guest's lie in `folder`. */
export function linuxFiles(folder: string = guestsFolder()): ReadonlyMap<string, () => ServedFile> {
  const guest = (read: (files: GuestFiles) => Uint8Array) => () => ({ type: BINARY, bytes: read(openGuests(folder)) });
  const emulator = (type: string, path: (module: string) => string) => () => ({
    type,
    bytes: readFileSync(path(findEmulator().module)),
  });
  return new Map<string, () => ServedFile>([
    [LINUX_FILES.description, () => json(describeLinux(folder))],
    [LINUX_FILES.kernel, guest((files) => files.read(KERNEL))],
    [LINUX_FILES.initramfs, guest(buildInitramfs)],
    [LINUX_FILES.bios, guest((files) => files.read("bios.bin"))],
    [LINUX_FILES.vgaBios, guest((files) => files.read("vgabios.bin"))],
    [LINUX_FILES.emulator, emulator("text/javascript; charset=utf-8", (module) => module)],
    [LINUX_FILES.emulatorWasm, emulator("application/wasm", (module) => join(dirname(module), "v86.wasm"))],
  ]);
}

function describeLinux(folder: string): LinuxDescription {
  const missing: string[] = [];
  const look = <Found>(find: () => Found): Found | undefined => {
    try {
      return find();
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      missing.push(error.message);
      return undefined;
    }
  };
  const files = look(() => openGuests(folder));
  const emulator = look(findEmulator);
  if (files === undefined || emulator === undefined) return { missing };
  const { kernelRelease } = files;
  return { kernelRelease, commandLine: COMMAND_LINE, memory: MEMORY, emulatorVersion: emulator.version };
}

function json(value: LinuxDescription): ServedFile {
  return { type: "application/json; charset=utf-8", bytes: Buffer.from(JSON.stringify(value)) };
}
