// What a Linux guest is made of: which packages of which Debian suite, and which of their files.
import { createHash } from "node:crypto";

/** Debian's suite; its kernels of the flavour 686 need neither PAE nor 64 bits. */
export const SUITE = "bookworm";
export const ARCHITECTURE = "i386";
/** The package that depends on the newest kernel of the flavour. */
export const KERNEL_METAPACKAGE = "linux-image-686";
/** What its dependency is called. */
export const KERNEL_PACKAGE: RegExp = /\blinux-image-(\d[\w.]*-\d+-686)(?=\s|$)/;
/** Fetched with all that they depend on. */
export const PACKAGES = ["busybox", "ethtool", "iproute2", "pci.ids", "pciutils", "seabios"] as const;

/** Programs of the packages, each in one of `PROGRAM_FOLDERS`; their libraries come with them. */
export const PROGRAMS = ["bridge", "busybox", "ethtool", "ip", "lspci", "setpci"] as const;
export const PROGRAM_FOLDERS = ["bin", "sbin", "usr/bin", "usr/sbin"] as const;
export const LIBRARY_FOLDERS = ["lib/i386-linux-gnu", "usr/lib/i386-linux-gnu", "lib", "usr/lib"] as const;

/** Modules of the kernel; those that they depend on come with them. */
export const MODULES = [
  "8021q",
  "bridge",
  "dummy",
  "igb",
  "igbvf",
  "macvlan",
  "ne2k-pci",
  "pktgen",
  "uio_pci_generic",
  "veth",
  "virtio_net",
  "virtio_pci",
] as const;

/** Other files of the packages: where they lie there, and what they are called here. */
export const FIRMWARE = {
  "usr/share/seabios/bios-256k.bin": "bios.bin",
  "usr/share/seabios/vgabios-stdvga.bin": "vgabios.bin",
} as const;
export const PCI_IDS = "usr/share/misc/pci.ids";

/** Changes with every line above: files that were fetched by another recipe are not taken. */
export function recipeId(): string {
  const recipe = [
    SUITE,
    ARCHITECTURE,
    KERNEL_METAPACKAGE,
    PACKAGES,
    PROGRAMS,
    PROGRAM_FOLDERS,
    LIBRARY_FOLDERS,
    MODULES,
    FIRMWARE,
    PCI_IDS,
  ];
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
}
