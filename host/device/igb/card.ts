// A network card of one to four ports: Intel I350, or 82576 as the second profile.

import { PORT_SCRATCH_SIZE, PROFILE_82576, PROFILE_I350 } from "../../../assembly/spec/abi/port.ts";
import { FLASH_WINDOW_82576, FLASH_WINDOW_I350 } from "../../../assembly/spec/igb/flash.ts";
import { FLASH_SIZE } from "../../../assembly/spec/igb/flash-part.ts";
import * as nvm from "../../../assembly/spec/igb/nvm.ts";
import { ETHERNET_ADDRESS_SIZE } from "../../../assembly/spec/net/ethernet.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import type { Clock } from "../../core/clock.ts";
import type { Engine } from "../../core/engine.ts";
import { ArgumentError } from "../../core/errors.ts";
import { isStation } from "../../core/mac.ts";
import { applyOrUndo, checkShape } from "../../core/snapshot.ts";
import type { Trace } from "../../core/trace.ts";
import type { PciFunction, Sriov } from "../../pci/index.ts";
import type { FunctionProfile } from "../../pci/profile.ts";
import type { Endpoint } from "../endpoint.ts";
import { CardShared, type CardSharedState } from "./card-shared.ts";
import * as i82576 from "./config-82576.ts";
import { type PfOptions, VF_OFFSET_ARI } from "./config-common.ts";
import * as i350 from "./config-i350.ts";
import { type FlashInNvm, nvmWords } from "./nvm.ts";
import { I350_PHY, I82576_PHY, type PhyProfile } from "./phy/registers.ts";
import { IgbPort } from "./port.ts";
import type { IgbPortState } from "./port-options.ts";
import { type CardRegisters, I350_REGISTERS, I82576_REGISTERS } from "./registers-pf.ts";
import { I350_TIME, I82576_TIME, type TimeUnits } from "./system-time.ts";

/** What distinguishes one card from the other. */
export interface CardProfile {
  /** For the data path. */
  code: number;
  maxPorts: number;
  registers: CardRegisters;
  /** IVAR rows hold queues n and n + 8. */
  columnMajor: boolean;
  phy: PhyProfile;
  /** How it counts its own time. */
  time: TimeUnits;
  /** A thermal sensor, I2C pins, a reset of all ports together; without them EEWR. */
  extras: boolean;
  /** What the NVM says of the card: device, subsystem, part number. */
  nvm: { deviceId: number; subsystemId: number; part: readonly [number, number] };
  /** Where the NVM has the size of the flash's windows; whether a flash is fitted unless the options say so. */
  flash: FlashInNvm & { fitted: boolean };
  /** First VF Offset and VF Stride in an ARI hierarchy. */
  ari: { offset: number; stride: number };
  pfConfig(options: PfOptions): FunctionProfile;
  vfConfig(): FunctionProfile;
}

const PROFILES: Readonly<Record<IgbCardName, CardProfile>> = {
  i350: {
    code: PROFILE_I350,
    maxPorts: i350.MAX_PORTS,
    registers: I350_REGISTERS,
    columnMajor: false,
    phy: I350_PHY,
    time: I350_TIME,
    extras: true,
    nvm: { deviceId: ids.DEVICE_I350, subsystemId: i350.SUBSYSTEM_T4, part: [0x1350, 0x0401] },
    flash: {
      word: nvm.NVM_PCIE_CONTROL_2,
      lo: nvm.NVM_PCIE_CONTROL_2_FLASH_SIZE_LO,
      window: FLASH_WINDOW_I350,
      fitted: false,
    },
    ari: { offset: VF_OFFSET_ARI, stride: i350.VF_STRIDE },
    pfConfig: i350.pfConfig,
    vfConfig: i350.vfConfig,
  },
  "82576": {
    code: PROFILE_82576,
    maxPorts: i82576.MAX_PORTS,
    registers: I82576_REGISTERS,
    columnMajor: true,
    phy: I82576_PHY,
    time: I82576_TIME,
    extras: false,
    nvm: { deviceId: ids.DEVICE_82576, subsystemId: i82576.SUBSYSTEM_ET, part: [0x8257, 0x6201] },
    flash: {
      word: nvm.NVM_CONTROL_2,
      lo: nvm.NVM_CONTROL_2_FLASH_SIZE_LO,
      window: FLASH_WINDOW_82576,
      fitted: true,
    },
    ari: { offset: VF_OFFSET_ARI, stride: i82576.VF_STRIDE },
    pfConfig: i82576.pfConfig,
    vfConfig: i82576.vfConfig,
  },
};

export type IgbCardName = "i350" | "82576";

export interface IgbCardOptions {
  engine: Engine;
  /** The machine's address map and the IOMMU unit that covers the card, in linear memory. */
  map: number;
  unit: number;
  clock: Clock;
  /** Who is told of frames on the wire. */
  trace?: Trace;
  profile: IgbCardName;
  /** 1 to 4 (82576: 2). */
  ports: number;
  /** MAC address of port 0, unicast; the others count up. */
  mac: Uint8Array;
  /** Serial number of the card, an EUI-64 of 8 bytes. Default: made of the MAC address. */
  serial?: Uint8Array | undefined;
  /**
   * What the flash holds from address 0 on, at most 4 MiB, the rest erased: an option ROM, say. `true`: an erased flash;
   * `false`: none is fitted. Default: erased in the 82576, none in the I350.
   */
  flash?: Uint8Array | boolean | undefined;
  /** Bytes of each port's two frame rings to and from the wire; default 1 MiB. */
  uplinkBytes?: number;
  /** Names the card in snapshots; default "igb0". */
  name?: string;
}

export interface IgbCardState {
  shared: CardSharedState;
  ports: IgbPortState[];
}

/** Of what the ports share: what checks itself. */
const VARIABLE: ReadonlySet<string> = new Set(["cells"]);
const UPLINK_BYTES = 0x10_0000;
const UPLINK_MIN = 0x1_0000;

export class IgbCard implements Endpoint {
  readonly profile: IgbCardName;
  readonly ports: readonly IgbPort[];
  readonly #shared: CardShared;

  /** Throws ArgumentError for a profile, a number of ports or a MAC address that the card cannot have. */
  constructor(options: IgbCardOptions) {
    const profile = Object.hasOwn(PROFILES, options.profile) ? PROFILES[options.profile] : undefined;
    if (profile === undefined) throw new ArgumentError("profile", options.profile, "is neither i350 nor 82576");
    const { ports, mac, serial, engine, uplinkBytes = UPLINK_BYTES } = options;
    if (!Number.isInteger(ports) || ports < 1 || ports > profile.maxPorts) {
      throw new ArgumentError("ports", ports, `is not in 1–${profile.maxPorts}`);
    }
    if (mac.length !== ETHERNET_ADDRESS_SIZE || !isStation(mac)) {
      throw new ArgumentError("mac", [...mac].join(), "is not a unicast MAC address");
    }
    if (!Number.isInteger(uplinkBytes) || uplinkBytes % 8 !== 0 || uplinkBytes < UPLINK_MIN) {
      throw new ArgumentError("uplinkBytes", uplinkBytes, `is not a multiple of 8 from ${UPLINK_MIN} on`);
    }
    this.profile = options.profile;
    if (serial !== undefined && serial.length !== 8) {
      throw new ArgumentError("serial", [...serial].join(), "is not a serial number of 8 bytes");
    }
    const flash = flashImage(options.flash === undefined ? profile.flash.fitted : options.flash);
    // The 82576's windows are there with and without a flash.
    const windowed = flash !== undefined || profile.flash.fitted;
    const words = nvmWords({ ...profile.nvm, mac, ports, flash: windowed ? profile.flash : undefined });
    const shared = new CardShared(words, options.clock, flash);
    this.#shared = shared;
    const scratch = engine.allocate(PORT_SCRATCH_SIZE, 64);
    const made: IgbPort[] = [];
    let leader: Sriov | undefined;
    for (let number = 0; number < ports; number++) {
      const port = new IgbPort({
        engine,
        map: options.map,
        unit: options.unit,
        clock: options.clock,
        trace: options.trace,
        profile,
        number,
        ports,
        cardMac: mac,
        serial,
        flash: flash !== undefined,
        shared,
        scratch,
        uplinkBytes,
        leader,
        name: `${options.name ?? "igb0"}.${number}`,
      });
      leader ??= port.sriov;
      made.push(port);
    }
    this.ports = made;
  }

  /** The PFs. */
  get functions(): readonly PciFunction[] {
    return this.ports.map((port) => port.pf);
  }

  /** The words of the NVM, as drivers left them. */
  get nvm(): Uint16Array {
    return this.#shared.eeprom.words.slice();
  }

  /** The 4 MiB that the flash holds, as software left them; undefined where none is fitted. */
  get flash(): Uint8Array | undefined {
    return this.#shared.flash.bytes;
  }

  /** Degrees Celsius that the thermal sensor shows, 0–255. Throws ArgumentError for another value. */
  get temperature(): number {
    return this.#shared.temperature;
  }

  set temperature(celsius: number) {
    this.#shared.temperature = celsius;
  }

  /** Moves at most `budget` frames in each port. Returns how many moved in all. */
  service(budget: number): number {
    let moved = 0;
    for (const port of this.ports) moved += port.service(budget);
    return moved;
  }

  /** The earliest of the ports' deadlines. */
  get nextDeadlineNs(): number {
    return Math.min(...this.ports.map((port) => port.nextDeadlineNs));
  }

  save(): IgbCardState {
    return { shared: this.#shared.save(), ports: this.ports.map((port) => port.save()) };
  }

  /** Puts back what `save` gave. Throws, with nothing changed, for the state of another kind of card. */
  restore(state: IgbCardState): void {
    if (state.ports.length !== this.ports.length) {
      throw new ArgumentError("state", state.ports.length, `is not of a card with ${this.ports.length} ports`);
    }
    const before = this.save();
    checkShape("card state", state.shared, before.shared, VARIABLE);
    applyOrUndo(
      () => this.#apply(state),
      () => this.#apply(before),
    );
  }

  #apply(state: IgbCardState): void {
    this.#shared.restore(state.shared);
    for (const [number, port] of this.ports.entries()) port.restore(state.ports[number] as IgbPortState);
  }
}

/** What a flash is to hold; undefined for none. Throws ArgumentError for what does not fit into one. */
function flashImage(flash: Uint8Array | boolean): Uint8Array | undefined {
  if (flash === false) return undefined;
  if (flash === true) return new Uint8Array();
  if (!(flash instanceof Uint8Array)) throw new ArgumentError("flash", flash, "is neither bytes nor a boolean");
  if (flash.length > FLASH_SIZE) throw new ArgumentError("flash", flash.length, `bytes are more than ${FLASH_SIZE}`);
  return flash;
}
