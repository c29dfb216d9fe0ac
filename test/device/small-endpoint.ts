// A machine around one small endpoint: RAM from 0, the endpoint's BAR 0 at BAR, an IOMMU unit that is switched off.
import { type Hpa, hpa } from "../../host/core/address.ts";
import type { Endpoint, EndpointPorts } from "../../host/device/endpoint.ts";
import { Machine } from "../../host/machine/machine.ts";
import type { PciFunction } from "../../host/pci/function.ts";

export const BAR = 0xe000_0000;
export const RAM = 0x20_0000;

export class SmallBench<Device extends Endpoint> {
  readonly machine: Machine;
  readonly device: Device;

  private constructor(machine: Machine, device: Device) {
    this.machine = machine;
    this.device = device;
  }

  static async create<Device extends Endpoint>(make: (ports: EndpointPorts) => Device): Promise<SmallBench<Device>> {
    const machine = await Machine.create({ board: {} });
    machine.map.addRam({ base: hpa(0), size: RAM });
    machine.map.addMmio({ base: hpa(BAR), size: 0x10_0000, handler: machine.root.memoryWindow(hpa(BAR)) });
    const device = make({
      clock: machine.clock,
      dma: machine.iommu.dma,
      readMemory: (address, target) => machine.map.readBytes(address, target),
    });
    machine.plug(device, { device: 4 });
    const bench = new SmallBench(machine, device);
    bench.fn.configWrite(0x10, 4, BAR);
    bench.fn.configWrite(0x04, 2, 0x6);
    return bench;
  }

  get fn(): PciFunction {
    return this.device.functions[0] as PciFunction;
  }

  read(offset: number): number {
    return this.machine.map.read((BAR + offset) as Hpa, 4);
  }

  /** Writes registers in the order in which they are given. */
  write(...registers: [offset: number, value: number][]): void {
    for (const [offset, value] of registers) this.machine.map.write((BAR + offset) as Hpa, 4, value);
  }

  memory(address: number, length: number): number[] {
    const bytes = new Uint8Array(length);
    this.machine.map.readBytes(address as Hpa, bytes);
    return [...bytes];
  }

  fill(address: number, ...bytes: number[]): void {
    this.machine.map.writeBytes(address as Hpa, Uint8Array.from(bytes));
  }
}
