// What a machine is to be built of, and what is wrong with it.
import { PAGE_SIZE } from "../core/address.ts";
import { checkChoice, checkOptions } from "../core/arguments.ts";
import { Engine } from "../core/engine.ts";
import { ArgumentError } from "../core/errors.ts";
import type { PciFunction } from "../pci/function.ts";
import type { IommuOptions } from "./iommu-capabilities.ts";

const DEFAULT_RAM = 16 * 2 ** 20;
const MAX_RAM = 2 ** 31;
const MAX_CARDS = 16;
const MAX_DEVICES = 8;
const LAST_DEVICE = 31;

/** One network card, in a slot of its own behind a root port. */
export interface CardOptions {
  /** Default "i350". */
  profile?: "i350" | "82576";
  /** Ports of the card, each a PF with up to 8 VFs: 1 to 4, of the 82576 1 or 2. Default 1. */
  ports?: number;
  /** MAC address of port 0; port n has the n-th after it. Default: 02:00:00:00:cc:00 for card cc. */
  mac?: Uint8Array;
  /** Serial number of the card, an EUI-64 of 8 bytes. Default: made of the MAC address. */
  serial?: Uint8Array;
  /**
   * What the card's flash holds from address 0 on, at most 4 MiB, the rest erased: an option ROM, say. `true`: an erased
   * flash; `false`: none is fitted. Default: erased in the 82576, none in the I350.
   */
  flash?: Uint8Array | boolean;
  /** "switch" puts a switch between the root port and the card. Default "root-port". */
  slot?: "root-port" | "switch";
}

/** A device that is no network card, in a slot of its own behind a root port. */
export interface DeviceOptions {
  /** "copy-engine": a DMA engine with PASID, ATS and page requests. */
  kind: "copy-engine";
}

export interface MachineOptions {
  /** Default: an engine of its own. */
  engine?: Engine;
  /** Bytes of host RAM from 0, a multiple of 4 KiB up to 2 GiB; for the hypervisor's tables. Default 16 MiB. */
  ram?: number;
  /** Default: one I350 with one port. At most 16. */
  cards?: readonly CardOptions[];
  /** Default: none. At most 8, in the slots after the cards. */
  devices?: readonly DeviceOptions[];
  /** What the VT-d unit can do: a preset and what differs from it. Default: everything that the model has. */
  iommu?: IommuOptions;
  /**
   * For who builds another board: an empty address map, into which RAM, windows of the root complex and the unit's
   * registers are put afterwards; cards and devices only where `slots` has a place for each.
   */
  board?: BoardOptions;
}

export interface BoardOptions {
  /** The function at 00:00.0. Default: the one that other machines have; null: another one answers there. */
  hostBridge?: PciFunction | null;
  /** Device numbers on bus 0 for the root ports of cards, then of devices; each 0–31, none twice. Default: none. */
  slots?: readonly number[];
}

/** Throws ArgumentError unless the options have no names but theirs, and an engine that is one. */
export function checkEngine(options: MachineOptions): void {
  checkOptions("options", options, ["engine", "ram", "cards", "devices", "iommu", "board"]);
  if (options.engine !== undefined && !(options.engine instanceof Engine)) {
    throw new ArgumentError("engine", options.engine, "is not an Engine");
  }
}

type Parts = Required<Omit<MachineOptions, "engine" | "board">> & Pick<MachineOptions, "board">;

/** The options with the defaults of those that are not given. Throws ArgumentError for what no machine can be built of. */
export function checkMachine(options: MachineOptions): Parts {
  const { ram = DEFAULT_RAM, board, cards = board === undefined ? [{}] : [], devices = [], iommu = {} } = options;
  if (!Number.isInteger(ram) || ram <= 0 || ram > MAX_RAM || ram % PAGE_SIZE !== 0) {
    throw new ArgumentError("ram", ram, "is not a multiple of 4 KiB up to 2 GiB");
  }
  if (!Array.isArray(cards)) throw new ArgumentError("cards", cards, "is no array of cards");
  if (board !== undefined && options.ram !== undefined) throw new ArgumentError("board", board, "comes without RAM");
  for (const card of cards) checkCard(card);
  checkDevices(devices);
  if (cards.length > MAX_CARDS) throw new ArgumentError("cards", cards.length, `are more than ${MAX_CARDS}`);
  if (board !== undefined) checkSlots(board, cards.length + devices.length);
  return { ram, cards, devices, iommu, ...(board === undefined ? {} : { board }) };
}

/** What a card is built of; its number goes into a MAC address that was not given. */
export function cardShape(
  { profile = "i350", ports = 1, slot = "root-port", mac, serial = new Uint8Array() }: CardOptions,
  index: number,
): Required<Omit<CardOptions, "mac" | "serial" | "flash">> & { mac: number[]; serial: number[] } {
  return { profile, ports, slot, mac: [...(mac ?? [0x02, 0, 0, 0, index, 0])], serial: [...serial] };
}

function checkSlots(board: unknown, wanted: number): void {
  checkOptions("board", board, ["hostBridge", "slots"]);
  const { slots = [] } = board as BoardOptions;
  if (!Array.isArray(slots)) throw new ArgumentError("slots", slots, "is no array of device numbers");
  for (const [place, slot] of slots.entries()) {
    if (!Number.isInteger(slot) || slot < 0 || slot > LAST_DEVICE) {
      throw new ArgumentError("slots", slot, `is not in 0–${LAST_DEVICE}`);
    }
    if (slots.indexOf(slot) !== place) throw new ArgumentError("slots", slot, "is there twice");
  }
  if (slots.length < wanted) throw new ArgumentError("slots", slots.length, `are not enough for ${wanted} root ports`);
}

function checkDevices(devices: unknown): void {
  if (!Array.isArray(devices)) throw new ArgumentError("devices", devices, "is no array of devices");
  for (const device of devices) {
    checkOptions("devices", device, ["kind"]);
    checkChoice("kind", (device as DeviceOptions).kind, ["copy-engine"]);
  }
  if (devices.length > MAX_DEVICES) {
    throw new ArgumentError("devices", devices.length, `are more than ${MAX_DEVICES}`);
  }
}

function checkCard(card: unknown): void {
  checkOptions("cards", card, ["profile", "ports", "mac", "serial", "flash", "slot"]);
  const { slot = "root-port", mac, serial } = card as CardOptions;
  checkChoice("slot", slot, ["root-port", "switch"]);
  if (mac !== undefined && !(mac instanceof Uint8Array)) throw new ArgumentError("mac", mac, "is not a Uint8Array");
  if (serial !== undefined && !(serial instanceof Uint8Array)) {
    throw new ArgumentError("serial", serial, "is not a Uint8Array");
  }
}
