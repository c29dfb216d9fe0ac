// A PC in the page: v86 with the guest's Linux, our card in it, a cable between the card's ports.
import { type Attachment, attach, createMachine, type V86Emulator } from "../embed/v86/index.ts";
import type { Cable } from "../machine/cable/cable.ts";
import type { Machine } from "../machine/machine.ts";
import { type Bootable, LINUX_FILES } from "./linux-files.ts";

const MIB = 2 ** 20;
const CONSOLE = 0;
const VGA_MEMORY = 2 * MIB;
const PORTS = 2;
/** The last bytes are the place in the row. */
const MAC = Uint8Array.of(0x02, 0x10, 0x35, 0x00, 0x00, 0x01);

interface Emulator extends V86Emulator {
  add_listener(event: "emulator-loaded", listener: () => void): void;
  add_listener(event: "serial0-output-byte", listener: (byte: number) => void): void;
  serial_send_bytes(port: number, bytes: Uint8Array): void;
  restore_state(state: ArrayBuffer): Promise<void>;
  run(): Promise<void>;
  destroy(): Promise<void>;
}

export interface LinuxPcOptions {
  description: Bootable;
  /** Hears what is being done before the PC runs. */
  step: (what: string) => void;
  /** Hears what the guest writes to its serial console. */
  output: (bytes: Uint8Array) => void;
}

export class LinuxPc {
  readonly machine: Machine;
  readonly attachment: Attachment;
  readonly cable: Cable;
  readonly #emulator: Emulator;

  private constructor(emulator: Emulator, machine: Machine, cable: Cable, attachment: Attachment) {
    this.#emulator = emulator;
    this.machine = machine;
    this.cable = cable;
    this.attachment = attachment;
  }

  /** Fetches everything and switches the PC on. Rejects when something cannot be had. */
  static async start({ description, step, output }: LinuxPcOptions): Promise<LinuxPc> {
    const { kernelRelease, commandLine, memory, emulatorVersion, resumes } = description;
    step(
      resumes ? "waiting for the snapshot; the first time it is made, with a boot" : `fetching Linux ${kernelRelease}`,
    );
    const module = import(LINUX_FILES.emulator) as Promise<{ V86: new (options: object) => Emulator }>;
    const [{ V86 }, bios, vgaBios, ...files] = await Promise.all([
      module,
      get(LINUX_FILES.bios),
      get(LINUX_FILES.vgaBios),
      ...(resumes ? [LINUX_FILES.state] : [LINUX_FILES.kernel, LINUX_FILES.initramfs]).map(get),
    ]);
    const [first, initramfs] = files as [ArrayBuffer, ArrayBuffer];
    step(`starting v86 ${emulatorVersion}`);
    const emulator = new V86({
      wasm_path: LINUX_FILES.emulatorWasm,
      memory_size: memory * MIB,
      vga_memory_size: VGA_MEMORY,
      bios: { buffer: bios },
      vga_bios: { buffer: vgaBios },
      ...(resumes ? {} : { bzimage: { buffer: first }, initrd: { buffer: initramfs }, cmdline: commandLine }),
      acpi: true,
      autostart: false,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      uart1: true,
      uart2: true,
    });
    emulator.add_listener("serial0-output-byte", gathered(output));
    await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", resolve));
    const machine = await createMachine(emulator, { cards: [{ ports: PORTS, mac: MAC }] });
    const [one, other] = machine.ports;
    if (one === undefined || other === undefined) throw new Error(`the card has not ${PORTS} ports`);
    const cable = machine.cables.plug(one, other);
    const attachment = attach(emulator, machine, { measure: () => performance.now() });
    if (resumes) await emulator.restore_state(first);
    await emulator.run();
    return new LinuxPc(emulator, machine, cable, attachment);
  }

  /** Types on the guest's serial console. */
  type(text: string): void {
    this.#emulator.serial_send_bytes(CONSOLE, new TextEncoder().encode(text));
  }

  /** Switches the PC off. */
  async stop(): Promise<void> {
    await this.#emulator.destroy();
    this.attachment.detach();
    this.machine.dispose();
  }
}

/** Bytes come one by one: those of one turn of the page together. */
function gathered(listener: (bytes: Uint8Array) => void): (byte: number) => void {
  let waiting: number[] = [];
  return (byte) => {
    if (waiting.push(byte) > 1) return;
    setTimeout(() => {
      const bytes = Uint8Array.from(waiting);
      waiting = [];
      listener(bytes);
    });
  };
}

async function get(path: string): Promise<ArrayBuffer> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${(await response.text()).trim()}`);
  return await response.arrayBuffer();
}
