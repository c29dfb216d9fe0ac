// A topology with everything that routes: two root ports, a switch, multi-function endpoints, SR-IOV with and without
// ARI.
//
//   00.0 host bridge
//   1c.0 root port A ── left.0, left.1: two PFs with 8 VFs each, ARI
//   1d.0 root port B ── upstream ─┬─ 00.0 down1 ── plain (SR-IOV, no ARI)
//                                 └─ 01.0 down2 ── tail.0, tail.3 (I/O BAR, ROM)
import type { Hpa, RequesterId } from "../../../host/core/address.ts";
import {
  Bridge,
  enumerate,
  MsixTable,
  type PciFunction,
  profileConfig,
  RootComplex,
  rootPortProfile,
  Sriov,
  switchDownstreamProfile,
  switchUpstreamProfile,
} from "../../../host/pci/index.ts";
import { device, Memory, MSIX, SRIOV } from "./device.ts";

export const WINDOWS = {
  memory: { base: 0xc000_0000, size: 0x1000_0000 },
  prefetchable: { base: 0x40_0000_0000, size: 0x10_0000_0000 },
  io: { base: 0x2000, size: 0xe000 },
};

export interface Message {
  requesterId: RequesterId;
  addressLo: number;
  addressHi: number;
  data: number;
}

export class Machine {
  readonly messages: Message[] = [];
  readonly root: RootComplex;
  readonly portA: Bridge = new Bridge("port-a", profileConfig(rootPortProfile({ slot: 1 })));
  readonly portB: Bridge = new Bridge("port-b", profileConfig(rootPortProfile({ slot: 2 })));
  readonly upstream: Bridge = new Bridge("upstream", profileConfig(switchUpstreamProfile()));
  readonly down1: Bridge = new Bridge("down1", profileConfig(switchDownstreamProfile({ slot: 3 })));
  readonly down2: Bridge = new Bridge("down2", profileConfig(switchDownstreamProfile({ slot: 4 })));
  readonly left: { pf: PciFunction; sriov: Sriov; memory: Memory }[] = [];
  readonly plain: { pf: PciFunction; sriov: Sriov; memory: Memory };
  readonly tail0: PciFunction;
  readonly tail3: PciFunction;
  readonly tailIo: Memory = new Memory(32);
  readonly tailRom: Memory = new Memory(0x1_0000);

  constructor() {
    this.root = new RootComplex({
      messages: {
        message: (requesterId, addressLo, addressHi, data) => {
          this.messages.push({ requesterId, addressLo, addressHi, data });
        },
      },
    });
    const { root } = this;
    root.attach(this.portA, 0x1c, 0);
    root.attach(this.portB, 0x1d, 0);
    this.portB.attach(this.upstream, 0, 0);
    this.upstream.attach(this.down1, 0, 0);
    this.upstream.attach(this.down2, 1, 0);
    this.left.push(card("left0", { ariNext: 1 }, { ari: { offset: 128, stride: 2 } }));
    const leader = (this.left[0] as { sriov: Sriov }).sriov;
    this.left.push(card("left1", { ariNext: 0 }, { ari: { offset: 128, stride: 2 }, leader }));
    for (const [index, one] of this.left.entries()) this.portA.attach(one.pf, 0, index);
    this.plain = card("plain", {}, {});
    this.down1.attach(this.plain.pf, 0, 0);
    this.tail0 = device({ name: "tail0", multiFunction: true });
    this.tail3 = device({ name: "tail3", multiFunction: true });
    const small = new Memory(0x1000);
    this.tail0.addBar({ index: 0, kind: "memory32", size: 0x1000, handler: small });
    this.tail0.addPart("memory", small);
    this.tail3.addBar({ index: 0, kind: "io", size: 32, handler: this.tailIo });
    const wide = new Memory(0x1_0000);
    this.tail3.addBar({ index: 1, kind: "memory64", size: 0x1_0000, handler: wide });
    this.tail3.addPart("io", this.tailIo);
    this.tail3.addPart("memory", wide);
    this.tail3.addPart("rom", this.tailRom);
    this.tail3.addRom(0x1_0000, this.tailRom);
    this.down2.attach(this.tail0, 0, 0);
    this.down2.attach(this.tail3, 0, 3);
  }

  /** A machine whose functions have the addresses that firmware gives them. */
  static running(ari = true): Machine {
    const machine = new Machine();
    enumerate(machine.root, WINDOWS, { ari });
    return machine;
  }

  read(requesterId: number, offset: number, width: 1 | 2 | 4 = 4): number {
    return this.root.configRead(requesterId as RequesterId, offset, width);
  }

  write(requesterId: number, offset: number, width: 1 | 2 | 4, value: number): void {
    this.root.configWrite(requesterId as RequesterId, offset, width, value);
  }

  memory(address: number, width: 1 | 2 | 4 = 4): number {
    return this.root.memoryRead(address as Hpa, width);
  }

  /** Turns on all VFs of a PF and their memory, keeping ARI Capable Hierarchy. */
  enableVfs(pf: PciFunction, count = 8): void {
    this.write(pf.requesterId, SRIOV + 0x10, 2, count);
    this.write(pf.requesterId, SRIOV + 0x08, 2, this.read(pf.requesterId, SRIOV + 0x08, 2) | 9);
  }
}

function card(
  name: string,
  options: { ariNext?: number },
  placement: ConstructorParameters<typeof Sriov>[3],
): { pf: PciFunction; sriov: Sriov; memory: Memory } {
  const pf = device({ name, totalVfs: 8, vectors: 10, multiFunction: name !== "plain", ...options });
  const memory = new Memory(0x2_0000);
  const ports = new Memory(32);
  pf.addPart("memory", memory);
  pf.addPart("io", ports);
  pf.addBar({ index: 0, kind: "memory32", size: 0x2_0000, handler: memory });
  pf.addBar({ index: 2, kind: "io", size: 32, handler: ports });
  const msix = new MsixTable(pf, { capabilityOffset: MSIX, vectors: 10, tableOffset: 0, pbaOffset: 0x2000 });
  pf.addBar({ index: 3, kind: "memory32", size: 0x4000, handler: msix.handler });
  const sriov = new Sriov(
    pf,
    SRIOV,
    (index) => {
      const vf = device({ name: `${name}-vf${index}`, virtual: true, vectors: 3 });
      const own = new Memory(0x4000);
      own.bytes[0] = index;
      vf.addPart("memory", own);
      vf.addBar({ index: 0, kind: "memory64", prefetchable: true, size: 0x4000, handler: own });
      const table = new MsixTable(vf, { capabilityOffset: MSIX, vectors: 3, tableOffset: 0, pbaOffset: 0x2000 });
      vf.addBar({ index: 3, kind: "memory64", prefetchable: true, size: 0x4000, handler: table.handler });
      return vf;
    },
    placement,
  );
  return { pf, sriov, memory };
}
