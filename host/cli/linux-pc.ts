// An emulated PC with our cards: from the guest files to a Linux that runs scripts.

import { decodeSnapshot, encodeSnapshot } from "../core/snapshot.ts";
import { type Attachment, type AttachmentState, attach, createMachine } from "../embed/v86/index.ts";
import type { CardOptions, Machine } from "../machine/machine.ts";
import { KERNEL } from "./guests/collect.ts";
import { buildInitramfs } from "./guests/initramfs.ts";
import type { GuestFiles } from "./guests/store.ts";
import { checkVersion, createEmulator, type Emulator, findEmulator } from "./linux-emulator.ts";
import { LinuxGuest } from "./linux-guest.ts";
import { codeDigest, type Snapshots, wholeCode } from "./linux-snapshots.ts";

const MIB = 2 ** 20;
/** A boot takes 10 to 20 s of a processor. */
const BOOT_SECONDS = 900;
/** Finding the cards and starting their drivers takes a second or two. */
const PLUG_SECONDS = 300;

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
export const COMMAND_LINE: string = [
  "console=ttyS0",
  "quiet",
  "mitigations=off",
  "nokaslr",
  "tsc=reliable",
  "noisapnp",
  // A guest whose host stopped it for a while has not locked up.
  "nosoftlockup",
  "rcupdate.rcu_cpu_stall_suppress=1",
  "audit=0",
  "cryptomgr.notests=1",
  "random.trust_cpu=on",
  `initcall_blacklist=${SKIPPED_INITCALLS.join(",")}`,
].join(" ");

/** The code on which a booted guest without our cards depends: its root, what its firmware and its PCI bus were. */
const BOARD_CODE = ["./guests/", "../embed/v86/", "../device/pc/", "../pci/"] as const;

export interface PcOptions {
  /** MiB of RAM; a power of two. */
  memory: number;
  cards: readonly CardOptions[];
  /** More devices of the emulator's own; `name` stands for them in the snapshot's. */
  devices?: { name: string; add(emulator: Emulator): Promise<void> };
  /** Joins the ports to whatever they are to be joined to, before the guest sees them. */
  wire?: (machine: Machine) => void;
}

/** A suspended PC. */
export interface PcState {
  /** v86's. */
  version: string;
  emulator: Uint8Array;
  attachment: AttachmentState;
}

export type BoardOptions = Omit<PcOptions, "cards" | "wire">;

/** An emulated PC with a Linux that runs, and our machine in it. */
export class LinuxPc {
  readonly guest: LinuxGuest;
  readonly machine: Machine;
  readonly attachment: Attachment;

  private constructor(guest: LinuxGuest, machine: Machine, attachment: Attachment) {
    this.guest = guest;
    this.machine = machine;
    this.attachment = attachment;
  }

  /**
   * Boots a PC that has the cards from the start. Throws GuestError when it does not come up, or when something that it
   * needs is not installed.
   */
  static async boot(files: GuestFiles, options: PcOptions): Promise<LinuxPc> {
    const emulator = await createPc(files, options, true);
    const pc = await LinuxPc.#attach(emulator, options);
    try {
      const booted = pc.guest.booted(BOOT_SECONDS);
      await emulator.run();
      await booted;
    } catch (error) {
      await pc.stop();
      throw error;
    }
    return pc;
  }

  /**
   * Starts a PC without cards from its snapshot, which is made when there is none, and plugs the cards in.
   * Throws what `boot` throws.
   */
  static async resume(files: GuestFiles, options: PcOptions, snapshots: Snapshots): Promise<LinuxPc> {
    const { cards, wire, ...board } = options;
    const state = await bootedState(files, board, snapshots);
    const emulator = await createPc(files, options, false);
    const pc = await LinuxPc.#attach(emulator, options);
    try {
      await emulator.restore_state(new Uint8Array(state).buffer);
      await emulator.run();
      if (cards.length > 0) await pc.guest.collect("echo 1 >/sys/bus/pci/rescan", PLUG_SECONDS);
    } catch (error) {
      await pc.stop();
      throw error;
    }
    return pc;
  }

  /**
   * Goes on where `suspend` ended, in a process of the same build. The options are those of the suspended PC. Throws
   * FormatError or ArgumentError for what is no such state, GuestError for one of another v86.
   */
  static async goOn(files: GuestFiles, options: PcOptions, state: PcState): Promise<LinuxPc> {
    checkVersion(state);
    const emulator = await createPc(files, options, false);
    const pc = await LinuxPc.#attach(emulator, options);
    try {
      await emulator.restore_state(new Uint8Array(state.emulator).buffer);
      pc.attachment.restore(state.attachment);
      await emulator.run();
    } catch (error) {
      await pc.stop();
      throw error;
    }
    return pc;
  }

  /**
   * As `resume`, from a snapshot in which the cards are there already and their drivers have started. It is made when
   * there is none; then this takes as long as `resume` and more.
   */
  static async resumePlugged(files: GuestFiles, options: PcOptions, snapshots: Snapshots): Promise<LinuxPc> {
    const parts = [...snapshotParts(files, options), JSON.stringify(options.cards), wholeCode()];
    const state = await snapshots.get(parts, async () => {
      const pc = await LinuxPc.resume(files, options, snapshots);
      try {
        return encodeSnapshot(await pc.suspend());
      } finally {
        await pc.stop();
      }
    });
    return await LinuxPc.goOn(files, options, decodeSnapshot<PcState>(state));
  }

  /** Halts the PC, whatever its devices are in the middle of; what it is made of then. No script may run. */
  async suspend(): Promise<PcState> {
    const { emulator } = this.guest;
    await emulator.stop();
    const { version } = findEmulator();
    return { version, emulator: new Uint8Array(await emulator.save_state()), attachment: this.attachment.save() };
  }

  static async #attach(emulator: Emulator, { cards, wire }: PcOptions): Promise<LinuxPc> {
    const machine = await createMachine(emulator, { cards });
    wire?.(machine);
    const attachment = attach(emulator, machine, { measure: () => performance.now() });
    return new LinuxPc(new LinuxGuest(emulator), machine, attachment);
  }

  async stop(): Promise<void> {
    await this.guest.stop();
    this.attachment.detach();
    this.machine.dispose();
  }
}

/** Joins neighbouring ports, 0 and 1, 2 and 3 and so on, by cables; the last of an odd number stays without. */
export function joinNeighbours({ ports, cables }: Machine): void {
  for (const [place, port] of ports.entries()) {
    const neighbour = ports[place + 1];
    if (place % 2 === 0 && neighbour !== undefined) cables.plug(port, neighbour);
  }
}

/** The state of a PC without cards whose Linux has booted: from its snapshot if there is one. Throws what `boot` throws. */
export async function bootedState(files: GuestFiles, board: BoardOptions, snapshots?: Snapshots): Promise<Uint8Array> {
  const make = async (): Promise<Uint8Array> => {
    const booted = await LinuxPc.boot(files, { ...board, cards: [] });
    try {
      return new Uint8Array(await booted.guest.emulator.save_state());
    } finally {
      await booted.stop();
    }
  };
  return await (snapshots?.get(snapshotParts(files, board), make) ?? make());
}

/** @param boots whether it gets a kernel, or a state to restore. */
export async function createPc(
  files: GuestFiles,
  { memory, devices }: BoardOptions,
  boots: boolean,
): Promise<Emulator> {
  const emulator = await createEmulator({
    memory: memory * MIB,
    bios: files.read("bios.bin"),
    vgaBios: files.read("vgabios.bin"),
    ...(boots
      ? { kernel: { image: files.read(KERNEL), initramfs: buildInitramfs(files), commandLine: COMMAND_LINE } }
      : {}),
  });
  await devices?.add(emulator);
  return emulator;
}

function snapshotParts(files: GuestFiles, { memory, devices }: BoardOptions): string[] {
  return [
    findEmulator().version,
    files.digest,
    COMMAND_LINE,
    `${memory}`,
    devices?.name ?? "",
    codeDigest(BOARD_CODE.map((folder) => new URL(folder, import.meta.url))),
  ];
}
