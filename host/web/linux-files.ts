// What the Linux page gets from its server, and where.

/** Leads to the page. */
export const LINUX_PATH = "/linux";
/** Where the page is, seen from the package's built files. */
export const LINUX_PAGE = "/host/web/linux.html";

/** The server's own paths, beside the package's files. */
export const LINUX_FILES = {
  description: "/linux/description.json",
  kernel: "/linux/vmlinuz",
  initramfs: "/linux/initramfs.cpio",
  bios: "/linux/bios.bin",
  vgaBios: "/linux/vgabios.bin",
  state: "/linux/booted.state",
  emulator: "/linux/libv86.mjs",
  emulatorWasm: "/linux/v86.wasm",
} as const;

/** What there is to boot. */
export interface Bootable {
  kernelRelease: string;
  commandLine: string;
  /** MiB of RAM. */
  memory: number;
  emulatorVersion: string;
  /** Whether the guest starts as it was when it had booted, without our card. */
  resumes: boolean;
}

/** Or one sentence for each thing that is not there, with the command that gets it. */
export type LinuxDescription = Bootable | { missing: string[] };
