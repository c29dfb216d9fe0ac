// The emulator's own network adapters: an NE2000, which v86 puts into every PC, and its virtio-net beside it.
import { pathToFileURL } from "node:url";
import { type Emulator, findEmulator } from "../../host/cli/linux-emulator.ts";
import { between, type Wire } from "./wire.ts";

/** What is reached of v86 here; its types do not declare it. */
interface Devices {
  net?: { bus: Bus };
  virtio_net?: VirtioNet;
}

interface Bus {
  send(event: string, frame: Uint8Array): void;
}

interface VirtioNet {
  id: number;
  bus: Bus;
  virtio: { queues: readonly { has_request(): boolean }[] };
}

type VirtioNetClass = new (cpu: object, bus: Bus, preserveMac: boolean, mtu: number) => VirtioNet;

interface Inner extends Omit<Emulator, "add_listener"> {
  v86: { cpu: { devices: Devices } };
  /** The outer ends of all devices. */
  bus: Bus;
  add_listener(event: string, listener: (value: never) => void): void;
  remove_listener(event: string, listener: (value: never) => void): void;
}

const MTU = 1500;
const DONOR_MEMORY = 2 ** 24;
const RECEIVE_QUEUE = 0;
/** Buffers of virtio-net's receive queue, and as many frames as the memory of an NE2000 holds, short ones too. */
const VIRTIO_GULP = 1024;
const NE2K_GULP = 48;

/**
 * Puts v86's virtio-net beside its NE2000 into a PC that does not run yet. v86 makes one adapter for each PC, and does not
 * export its classes: another PC, which never runs, has one.
 */
export async function addVirtioNet(emulator: Emulator): Promise<void> {
  const { module, wasm } = findEmulator();
  const { V86 } = (await import(pathToFileURL(module).href)) as { V86: new (options: object) => Inner };
  const donor = new V86({
    wasm_path: wasm,
    memory_size: DONOR_MEMORY,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    net_device: { type: "virtio" },
  });
  await new Promise<void>((resolve) => donor.add_listener("emulator-loaded", resolve));
  const { cpu } = innerOf(emulator).v86;
  const made = donor.v86.cpu.devices.virtio_net;
  const { net } = cpu.devices;
  if (made === undefined || net === undefined) throw new Error("this v86 has no virtio-net, or no NE2000");
  const VirtioNet = made.constructor as VirtioNetClass;
  cpu.devices.virtio_net = new VirtioNet(cpu, net.bus, false, MTU);
  await donor.destroy();
}

/** The wire of v86's NE2000, which drops what it has no room for. */
export function ne2kWire(emulator: Emulator): Wire {
  return busWire(emulator, 0, NE2K_GULP, () => true);
}

/** The wire of its virtio-net, which complains on the console of each frame for which there is no buffer. */
export function virtioWire(emulator: Emulator): Wire {
  const { id, virtio } = innerOf(emulator).v86.cpu.devices.virtio_net as VirtioNet;
  return busWire(emulator, id, VIRTIO_GULP, () => virtio.queues[RECEIVE_QUEUE]?.has_request() === true);
}

/** @param gulp frames that are worth a try at once. */
function busWire(emulator: Emulator, id: number, gulp: number, hasRoom: () => boolean): Wire {
  const inner = innerOf(emulator);
  return {
    listen: (receive) => {
      inner.add_listener(`net${id}-send`, receive);
      return () => inner.remove_listener(`net${id}-send`, receive);
    },
    flood: (frame) =>
      between(() => {
        for (let sent = 0; sent < gulp && hasRoom(); sent++) inner.bus.send(`net${id}-receive`, frame);
      }),
  };
}

function innerOf(emulator: Emulator): Inner {
  return emulator as unknown as Inner;
}
