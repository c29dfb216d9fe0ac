// A card on a bus of one, with RAM and an IOMMU unit that is switched off: addresses pass through.
import { hpa, type RequesterId } from "../../../host/core/address.ts";
import { Clock } from "../../../host/core/clock.ts";
import { Engine } from "../../../host/core/engine.ts";
import type { MmioHandler } from "../../../host/core/ports.ts";
import { Trace } from "../../../host/core/trace.ts";
import { IgbCard, type IgbCardName } from "../../../host/device/igb/card.ts";
import type { IgbPort } from "../../../host/device/igb/port.ts";
import { AddressMap } from "../../../host/machine/address-map.ts";
import type { PciFunction } from "../../../host/pci/index.ts";
import type { Upstream } from "../../../host/pci/upstream.ts";

export const RAM_SIZE = 0x40_0000;
export const MAC = Uint8Array.of(0x02, 0x1b, 0x21, 0xa0, 0x04, 0xf0);

export interface Message {
  requesterId: number;
  address: number;
  data: number;
}

export class Bench {
  readonly engine: Engine;
  readonly clock = new Clock();
  readonly map: AddressMap;
  readonly card: IgbCard;
  readonly messages: Message[] = [];
  readonly trace = new Trace();

  private constructor(engine: Engine, profile: IgbCardName, ports: number, flash: Uint8Array | boolean | undefined) {
    this.engine = engine;
    this.map = new AddressMap(engine, (requesterId, address, _hi, data) =>
      this.messages.push({ requesterId, address, data }),
    );
    this.map.addRam({ base: hpa(0), size: RAM_SIZE });
    const unit = engine.allocate(engine.wasm.iommuSize(), 64);
    engine.wasm.iommuInit(unit, this.map.pointer, 39);
    const { clock, trace } = this;
    this.card = new IgbCard({ engine, map: this.map.pointer, unit, clock, trace, profile, ports, mac: MAC, flash });
    const bus: Upstream = {
      passesRequests: () => true,
      message: (requesterId, address, _hi, data) => this.messages.push({ requesterId, address, data }),
      errorMessage: () => {},
      routesChanged: () => {},
    };
    for (const [number, port] of this.card.ports.entries()) {
      port.pf.upstream = bus;
      port.pf.capture((0x0300 + number) as RequesterId);
      port.pf.configWrite(0x04, 2, 0x0006);
    }
  }

  static async create(profile: IgbCardName = "i350", ports = 1, flash?: Uint8Array | boolean): Promise<Bench> {
    return new Bench(await Engine.create(), profile, ports, flash);
  }

  get port(): IgbPort {
    return this.card.ports[0] as IgbPort;
  }

  get pf(): MmioHandler {
    return handlerOf(this.port.pf, 0);
  }

  /** Enables VFs and their memory space and bus mastering. */
  enableVfs(count: number): MmioHandler[] {
    const { pf, sriov } = this.port;
    pf.configWrite(0x160 + 0x10, 2, count);
    pf.configWrite(0x160 + 0x08, 2, 0x0009);
    for (const vf of sriov.vfs) vf.configWrite(0x04, 2, 0x0004);
    return sriov.vfs.map((vf) => handlerOf(vf, 0));
  }

  /** Programs an MSI-X vector of a function and unmasks it. */
  unmask(fn: PciFunction, vector: number, data: number): void {
    fn.configWrite(0x72, 2, 0x8000);
    const table = handlerOf(fn, 3);
    table.write(vector * 16, 4, 0xfee0_0000);
    table.write(vector * 16 + 8, 4, data);
    table.write(vector * 16 + 12, 4, 0);
  }

  takeMessages(): Message[] {
    return this.messages.splice(0);
  }
}

export function handlerOf(fn: PciFunction, bar: number): MmioHandler {
  const found = fn.bars.find(({ index }) => index === bar);
  if (found === undefined) throw new Error(`no BAR ${bar}`);
  return found.handler;
}
