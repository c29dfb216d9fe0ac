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
import { bootedState, COMMAND_LINE } from "./linux-pc.ts";
import { Snapshots } from "./linux-snapshots.ts";

const MEMORY = 128;
const BINARY = "application/octet-stream";

type Files = ReadonlyMap<string, () => ServedFile | Promise<ServedFile>>;

/**
 * The files by their paths; each is looked up when it is asked for. The guest's lie in `folder`. `resumes` has guests
 * start from the snapshot, which is made when it is asked for and there is none.
 */
export function linuxFiles(resumes: boolean, folder: string = guestsFolder()): Files {
  const guest = (read: (files: GuestFiles) => Uint8Array) => () => ({ type: BINARY, bytes: read(openGuests(folder)) });
  const emulator = (type: string, path: (module: string) => string) => () => ({
    type,
    bytes: readFileSync(path(findEmulator().module)),
  });
  const state = async (): Promise<ServedFile> => ({
    type: BINARY,
    bytes: await bootedState(openGuests(folder), { memory: MEMORY }, new Snapshots(join(folder, "snapshots"))),
  });
  return new Map<string, () => ServedFile | Promise<ServedFile>>([
    [LINUX_FILES.description, () => json(describeLinux(folder, resumes))],
    ...(resumes ? [[LINUX_FILES.state, state] as const] : []),
    [LINUX_FILES.kernel, guest((files) => files.read(KERNEL))],
    [LINUX_FILES.initramfs, guest(buildInitramfs)],
    [LINUX_FILES.bios, guest((files) => files.read("bios.bin"))],
    [LINUX_FILES.vgaBios, guest((files) => files.read("vgabios.bin"))],
    [LINUX_FILES.emulator, emulator("text/javascript; charset=utf-8", (module) => module)],
    [LINUX_FILES.emulatorWasm, emulator("application/wasm", (module) => join(dirname(module), "v86.wasm"))],
  ]);
}

/** One sentence for each thing without which no Linux boots in the page, with the command that gets it. */
export function missingForLinux(folder: string = guestsFolder()): string[] {
  const description = describeLinux(folder, false);
  return "missing" in description ? description.missing : [];
}

function describeLinux(folder: string, resumes: boolean): LinuxDescription {
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
  return { kernelRelease, commandLine: COMMAND_LINE, memory: MEMORY, emulatorVersion: emulator.version, resumes };
}

function json(value: LinuxDescription): ServedFile {
  return { type: "application/json; charset=utf-8", bytes: Buffer.from(JSON.stringify(value)) };
}
