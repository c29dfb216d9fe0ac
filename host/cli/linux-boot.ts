// From the guest files to a Linux that runs scripts.
import { KERNEL } from "./guests/collect.ts";
import { buildInitramfs } from "./guests/initramfs.ts";
import type { GuestFiles } from "./guests/store.ts";
import { createEmulator } from "./linux-emulator.ts";
import { LinuxGuest } from "./linux-guest.ts";

const MIB = 2 ** 20;
/** A boot takes 10 to 20 s of a processor. */
const BOOT_SECONDS = 300;

/** What an emulated processor spends long on and nobody here needs. */
const SKIPPED_INITCALLS = [
  "cmos_init",
  "crypto_algapi_init",
  "crypto_kdf108_init",
  "digsig_init",
  "init_kprobe_trace",
  "isapnp_init",
  "load_system_certificate_list",
];
const COMMAND_LINE = [
  "console=ttyS0",
  "quiet",
  "mitigations=off",
  "nokaslr",
  "tsc=reliable",
  "noisapnp",
  "audit=0",
  "cryptomgr.notests=1",
  "random.trust_cpu=on",
  `initcall_blacklist=${SKIPPED_INITCALLS.join(",")}`,
].join(" ");

export interface BootOptions {
  /** MiB of RAM; a power of two. */
  memory: number;
}

/** Boots a guest. Throws GuestError when it does not come up, or when something that it needs is not installed. */
export async function bootLinux(files: GuestFiles, { memory }: BootOptions): Promise<LinuxGuest> {
  const emulator = await createEmulator({
    memory: memory * MIB,
    bios: files.read("bios.bin"),
    vgaBios: files.read("vgabios.bin"),
    kernel: { image: files.read(KERNEL), initramfs: buildInitramfs(files), commandLine: COMMAND_LINE },
  });
  const guest = new LinuxGuest(emulator);
  const booted = guest.booted(BOOT_SECONDS);
  await emulator.run();
  try {
    await booted;
  } catch (error) {
    await guest.stop();
    throw error;
  }
  return guest;
}
