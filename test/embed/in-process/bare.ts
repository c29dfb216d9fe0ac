// A bare machine for the drivers: one processor with RAM at 0, one card behind a root port, an IOMMU unit that passes
// addresses through, no hypervisor. And stations on it: a driver, an identity, and what it received.
import { type Hpa, hpa, type RequesterId } from "../../../host/core/address.ts";
import { Clock } from "../../../host/core/clock.ts";
import { Engine } from "../../../host/core/engine.ts";
import type { AccessWidth, GuestPlatform, GuestRam } from "../../../host/core/ports.ts";
import { IgbCard } from "../../../host/device/igb/card.ts";
import { FrameReader, TaggedFrame } from "../../../host/embed/in-process/frame.ts";
import { Guest } from "../../../host/embed/in-process/guest.ts";
import { IgbPfDriver, type IgbPfOptions, isIgbPf } from "../../../host/embed/in-process/pf-driver.ts";
import type { ReceiveHandler } from "../../../host/embed/in-process/rx-ring.ts";
import { IgbVfDriver } from "../../../host/embed/in-process/vf-driver.ts";
import { AddressMap } from "../../../host/machine/address-map.ts";
import { IommuUnit } from "../../../host/machine/iommu-unit.ts";
import { Bridge } from "../../../host/pci/bridge.ts";
import { rootPortProfile } from "../../../host/pci/port-profiles.ts";
import { profileConfig } from "../../../host/pci/profile.ts";
import { RootComplex } from "../../../host/pci/root-complex.ts";

const RAM_SIZE = 16 * 2 ** 20;
const INTERRUPT_RANGE = 0xfee0_0000;
const STEP_NS = 20_000;
const BUDGET = 1024;
const ROUNDS = 64;

export interface Received {
  from: number;
  to: number;
  sequence: number;
  /** The stripped tag or the one in the frame, −1 for none. */
  vlan: number;
  length: number;
}

export class Bare {
  readonly mac = Uint8Array.of(0x02, 0x1b, 0x21, 0xa0, 0x00, 0x10);
  readonly clock = new Clock();
  readonly map: AddressMap;
  readonly root: RootComplex;
  readonly card: IgbCard;
  readonly guest: Guest;
  readonly stations: Station[] = [];
  /** Interrupt messages in the order of their arrival: vector and requester ID. */
  readonly messages: { requesterId: number; address: number; data: number }[] = [];
  readonly #handlers = new Map<number, () => void>();
  readonly #queue: number[] = [];

  static async create(options: { profile: "i350" | "82576"; ports?: number }): Promise<Bare> {
    return new Bare(await Engine.create(), options.profile, options.ports ?? 1);
  }

  /** The address that the tests' administrator gives VF `vf`. */
  static vfMac(vf: number): Uint8Array {
    return Uint8Array.of(0x02, 0x1b, 0x21, 0x5f, 0x00, 0xc0 + vf);
  }

  /** What a VF of another port than 0 asks for. */
  static portMac(port: number, vf: number): Uint8Array {
    return Uint8Array.of(0x02, 0x1b, 0x21, 0x5f, port, 0xc0 + vf);
  }

  private constructor(engine: Engine, profile: "i350" | "82576", ports: number) {
    this.map = new AddressMap(engine, (requesterId, lo, _hi, data) => this.#message(requesterId, lo, data));
    this.map.addRam({ base: hpa(0), size: RAM_SIZE });
    const unit = new IommuUnit(engine, this.map);
    this.root = new RootComplex({ messages: { message: (rid, lo, _hi, data) => this.#message(rid, lo, data) } });
    const port = new Bridge("root-port", profileConfig(rootPortProfile({ slot: 1 })));
    this.root.attach(port, 1, 0);
    this.card = new IgbCard({
      engine,
      map: this.map.pointer,
      unit: unit.pointer,
      clock: this.clock,
      profile,
      ports,
      mac: this.mac,
    });
    for (const [index, one] of this.card.ports.entries()) port.attach(one.pf, 0, index);
    this.guest = new Guest(this.#platform());
    this.guest.configure();
  }

  /** The PF of one of the card's ports with its driver, up. Its station is 100 and the port's number. */
  addPf(options: IgbPfOptions, port = 0): Station {
    const device = this.guest.probe().filter(isIgbPf)[port];
    if (device === undefined) throw new Error("no PF");
    const onFrame: ReceiveHandler = (frame, vlan) => station.take(frame, vlan);
    const station: Station = new Station(100 + port, this.guest, (guest) => {
      return new IgbPfDriver(guest, device, { ...options, onFrame });
    });
    this.stations.push(station);
    if (!this.pfDriver(station).up()) throw new Error("the PF does not come up");
    return station;
  }

  /** All VFs of the PF with their drivers, up. Their stations count from 16 times the port's number. */
  addVfs(pf: Station): Station[] {
    const port = pf.id - 100;
    return this.pfDriver(pf).vfs.map((device, index) => {
      const mac = Bare.portMac(port, index);
      const onFrame: ReceiveHandler = (frame, vlan) => station.take(frame, vlan);
      const station: Station = new Station(16 * port + index, this.guest, (guest) => {
        return new IgbVfDriver(guest, device, { mac, onFrame });
      });
      this.stations.push(station);
      if (!this.vfDriver(station).up()) throw new Error(`VF ${index} does not come up`);
      return station;
    });
  }

  /** The guest's software starts anew from what its drivers saved; the machine goes on as it is. */
  replaceSoftware(): void {
    const states = this.stations.map((station) => station.save());
    const guest = new Guest(this.#platform());
    for (const [index, station] of this.stations.entries()) station.replace(guest, states[index] as SavedDriver);
  }

  pfDriver(station: Station): IgbPfDriver {
    if (!(station.driver instanceof IgbPfDriver)) throw new Error("not a PF");
    return station.driver;
  }

  vfDriver(station: Station): IgbVfDriver {
    if (!(station.driver instanceof IgbVfDriver)) throw new Error("not a VF");
    return station.driver;
  }

  /** Lets everything that is under way happen. */
  settle(): void {
    for (let round = 0; round < ROUNDS; round++) {
      const moved = this.#run(STEP_NS);
      if (moved === 0 && this.#queue.length === 0) return;
    }
  }

  /** The two-second timers of all VF drivers. */
  watchdogs(): void {
    for (const station of this.stations) if (station.driver instanceof IgbVfDriver) station.driver.watchdog();
    this.settle();
  }

  /** Frames from outside into the card. */
  inject(destination: Uint8Array, source: Uint8Array, from: number, to: number, count: number, port = 0): void {
    const frame = new TaggedFrame({ destination, source, from, to });
    for (let sequence = 0; sequence < count; sequence++) {
      if (!this.card.ports[port]?.uplink.inject(frame.stamp(sequence))) throw new Error("the uplink is full");
    }
  }

  /** What left the card. */
  drainUplink(port = 0): Received[] {
    const reader = new FrameReader();
    const left: Received[] = [];
    this.card.ports[port]?.uplink.drain((frame) => {
      if (!reader.read(frame)) throw new Error("a broken frame left the card");
      const { from, to, sequence, vlan } = reader;
      left.push({ from, to, sequence, vlan, length: frame.length });
    });
    return left;
  }

  #message(requesterId: number, address: number, data: number): void {
    this.messages.push({ requesterId, address, data });
    if (address >>> 20 === INTERRUPT_RANGE >>> 20) this.#queue.push(data & 0xff);
  }

  #run(ns: number): number {
    let moved = 0;
    for (const port of this.card.ports) moved += port.service(BUDGET);
    this.clock.advance(ns);
    for (const port of this.card.ports) moved += port.service(BUDGET);
    // What a handler causes waits for the next step: a function that interrupts without end does not stop time.
    for (const vector of this.#queue.splice(0)) this.#handlers.get(vector)?.();
    return moved;
  }

  #platform(): GuestPlatform {
    const { map, root } = this;
    const at = (address: number): Hpa => address as Hpa;
    const inRam = (address: number, length: number): Hpa => {
      if (address < 0 || address + length > RAM_SIZE) throw new RangeError(`0x${address.toString(16)} is no RAM`);
      return at(address);
    };
    const ram: GuestRam = {
      size: RAM_SIZE,
      read32: (address) => map.read(inRam(address, 4), 4),
      write32: (address, value) => map.write(inRam(address, 4), 4, value),
      readBytes: (address, target) => map.readBytes(inRam(address, target.length), target),
      writeBytes: (address, source) => map.writeBytes(inRam(address, source.length), source),
    };
    return {
      ram,
      configRead: (id: RequesterId, offset: number, width: AccessWidth) => root.configRead(id, offset, width),
      configWrite: (id: RequesterId, offset: number, width: AccessWidth, value: number) =>
        root.configWrite(id, offset, width, value),
      mmioRead: (address, width) => root.memoryRead(at(address), width),
      mmioWrite: (address, width, value) => root.memoryWrite(at(address), width, value),
      messageFor: (vector) => ({ addressLo: INTERRUPT_RANGE, addressHi: 0, data: vector }),
      onInterrupt: (vector, handler) => this.#handlers.set(vector, handler),
      wait: (ns) => {
        this.#run(ns);
      },
    };
  }
}

/** A driver's state as text would hold it. */
type SavedDriver = Record<string, unknown>;

function bytesToArrays(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: [...value] } : value;
}

function arraysToBytes(_key: string, value: unknown): unknown {
  const bytes = (value as { bytes?: unknown } | null)?.bytes;
  return Array.isArray(bytes) ? Uint8Array.from(bytes) : value;
}

/** One function with its driver and the frames that it got. */
export class Station {
  readonly id: number;
  driver: IgbPfDriver | IgbVfDriver;
  readonly received: Received[] = [];
  /** Frames that were no tagged frames or had changed. */
  broken = 0;
  readonly #reader = new FrameReader();
  readonly #sequences = new Map<number, number>();

  readonly #make: (guest: Guest) => IgbPfDriver | IgbVfDriver;

  constructor(id: number, guest: Guest, make: (guest: Guest) => IgbPfDriver | IgbVfDriver) {
    this.id = id;
    this.#make = make;
    this.driver = make(guest);
  }

  save(): SavedDriver {
    return JSON.parse(JSON.stringify(this.driver.save(), bytesToArrays)) as SavedDriver;
  }

  replace(guest: Guest, state: SavedDriver): void {
    this.driver = this.#make(guest);
    const restored = JSON.parse(JSON.stringify(state), arraysToBytes);
    this.driver.restore(restored);
  }

  get mac(): Uint8Array {
    return this.driver.mac;
  }

  take(frame: Uint8Array, vlan: number): void {
    const reader = this.#reader;
    if (!reader.read(frame)) {
      this.broken++;
      return;
    }
    const { from, to, sequence } = reader;
    this.received.push({ from, to, sequence, vlan: vlan < 0 ? reader.vlan : vlan, length: frame.length });
  }

  /** Sends `count` frames, numbered on for each addressee. Returns how many the ring took. */
  send(destination: Uint8Array, to: number, length: number, count: number, vlan?: number): number {
    return this.#send(this.mac, destination, to, length, count, vlan);
  }

  /** Sends frames under another's address. */
  sendAs(source: Uint8Array, destination: Uint8Array, to: number, count: number): number {
    return this.#send(source, destination, to, 60, count);
  }

  #send(source: Uint8Array, destination: Uint8Array, to: number, length: number, count: number, vlan?: number): number {
    const frame = new TaggedFrame({ destination, source, from: this.id, to, length });
    const first = this.#sequences.get(to) ?? 0;
    const frames = Array.from({ length: count }, (_, index) => frame.stamp(first + index).slice());
    const sent = this.driver.send(frames, 0, count, vlan);
    this.#sequences.set(to, first + sent);
    return sent;
  }
}
