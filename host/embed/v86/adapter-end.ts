// A v86 emulator's own network adapter (ne2k, virtio) at the end of a cable: what its guest sends leaves by the
// emulator's bus, what arrives goes to the adapter.
import { checkOptions, checkText, checkUnsigned } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type CableEnd, type CableLine, isFrame, padded } from "../../machine/cable/end.ts";

type BusListener = (value: unknown) => void;

/** What of an emulator carries frames. */
interface AdapterBus {
  add_listener(event: string, listener: BusListener): void;
  remove_listener(event: string, listener: BusListener): void;
  readonly bus: { send(event: string, value: unknown): void };
}

/** Of an emulator that is loaded: its adapter, which is of one kind or the other. */
interface AdapterCpu {
  devices: { net?: { id: number }; virtio_net?: { id: number } };
}

export interface AdapterEndOptions {
  /** Which of the emulator's adapters. Default 0. */
  adapter?: number;
  /** For messages. Default "net0". */
  name?: string;
}

export class AdapterEnd implements CableEnd {
  readonly name: string;
  readonly #emulator: AdapterBus;
  readonly #event: string;
  #line: CableLine | undefined;
  readonly #sent = (frame: unknown): void => {
    if (!(frame instanceof Uint8Array)) return;
    const whole = padded(frame);
    if (isFrame(whole)) this.#line?.send(whole);
  };

  /**
   * `emulator` has an adapter (`net_device`) and may run or not. Frames reach the adapter in the machine's turns: they
   * must not be inside an access of this emulator's guest. Throws ArgumentError for what is no emulator, and for one that
   * is loaded and has no such adapter.
   */
  constructor(emulator: object, options: AdapterEndOptions = {}) {
    checkOptions("options", options, ["adapter", "name"]);
    const { adapter = 0 } = options;
    checkUnsigned("adapter", adapter, 8);
    const { add_listener, remove_listener, bus } = (emulator ?? {}) as Partial<AdapterBus>;
    for (const [path, found] of Object.entries({ add_listener, remove_listener, "bus.send": bus?.send })) {
      if (typeof found !== "function")
        throw new ArgumentError("emulator", path, "is missing: this is no emulator of v86");
    }
    const { devices } = (emulator as { v86?: { cpu?: Partial<AdapterCpu> } }).v86?.cpu ?? {};
    if (devices !== undefined) {
      const ids = [devices.net, devices.virtio_net].flatMap((found) => found?.id ?? []);
      if (!ids.includes(adapter)) throw new ArgumentError("adapter", adapter, "is none that the emulator has");
    }
    this.#emulator = emulator as AdapterBus;
    this.#event = `net${adapter}`;
    const { name = this.#event } = options;
    checkText("name", name);
    this.name = name;
  }

  attach(line: CableLine | undefined): void {
    if (line !== undefined && this.#line !== undefined) {
      throw new ArgumentError("end", this.name, "is plugged in already");
    }
    const event = `${this.#event}-send`;
    if (line !== undefined) this.#emulator.add_listener(event, this.#sent);
    else this.#emulator.remove_listener(event, this.#sent);
    this.#line = line;
  }

  /** v86's adapters have no link that could go down. */
  link(): void {}

  receive(frame: Uint8Array): boolean {
    this.#emulator.bus.send(`${this.#event}-receive`, frame);
    return true;
  }
}
