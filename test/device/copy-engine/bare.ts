// A bare machine as a guest's platform: nothing between the guest and the hardware.
import { type Gpa, type Hpa, PAGE_SIZE } from "../../../host/core/address.ts";
import type { GuestPlatform } from "../../../host/core/ports.ts";
import type { CopyEngine } from "../../../host/device/copy-engine/engine.ts";
import { CopyEngineDriver, isCopyEngine } from "../../../host/embed/in-process/copy-engine-driver.ts";
import { Guest } from "../../../host/embed/in-process/guest.ts";
import { type PageFault, SharedAddressing } from "../../../host/embed/in-process/shared-addressing.ts";
import type { IommuOptions } from "../../../host/machine/iommu-capabilities.ts";
import { IOMMU_BASE } from "../../../host/machine/layout.ts";
import { Machine } from "../../../host/machine/machine.ts";

const RAM = 4 * 2 ** 20;

function barePlatform(machine: Machine): GuestPlatform {
  const at = (address: Gpa) => address as number as Hpa;
  return {
    ram: {
      size: RAM,
      read32: (address) => machine.map.read(at(address), 4) >>> 0,
      write32: (address, value) => machine.map.write(at(address), 4, value),
      readBytes: (address, target) => void machine.map.readBytes(at(address), target),
      writeBytes: (address, source) => void machine.map.writeBytes(at(address), source),
    },
    configRead: (requesterId, offset, width) => machine.root.configRead(requesterId, offset, width),
    configWrite: (requesterId, offset, width, value) => machine.root.configWrite(requesterId, offset, width, value),
    mmioRead: (address, width) => machine.map.read(at(address), width) >>> 0,
    mmioWrite: (address, width, value) => machine.map.write(at(address), width, value),
    messageFor: (vector) => ({ addressLo: 0xfee0_0000, addressHi: 0, data: vector }),
    onInterrupt: () => {},
    wait: (ns) => void machine.run(ns),
  };
}

export interface Bare {
  machine: Machine;
  engine: CopyEngine;
  guest: Guest;
  driver: CopyEngineDriver;
}

/** A machine with one copy engine, configured as by firmware, its driver up. */
export async function bare(iommu: IommuOptions = {}): Promise<Bare> {
  const machine = await Machine.create({ ram: RAM, cards: [], devices: [{ kind: "copy-engine" }], iommu });
  const guest = new Guest(barePlatform(machine));
  guest.configure();
  const device = guest.probe().find(isCopyEngine);
  if (device === undefined) throw new Error("no copy engine was found");
  const driver = new CopyEngineDriver(guest, device);
  driver.up();
  return { machine, engine: machine.devices[0] as CopyEngine, guest, driver };
}

/** Shared addressing of the engine; `onFault` decides what its page requests get. */
export function shared({ guest, engine }: Bare, onFault: PageFault): SharedAddressing {
  return new SharedAddressing(guest, {
    unit: IOMMU_BASE as number as Gpa,
    requesterId: engine.fn.requesterId,
    onFault,
  });
}

/** A page of the guest's, filled with `byte`. */
export function page({ guest }: Bare, byte = 0): Gpa {
  const address = guest.allocate(PAGE_SIZE);
  guest.platform.ram.writeBytes(address, new Uint8Array(PAGE_SIZE).fill(byte));
  return address;
}

export function bytes({ guest }: Bare, address: Gpa, length: number): Uint8Array {
  const target = new Uint8Array(length);
  guest.platform.ram.readBytes(address, target);
  return target;
}
