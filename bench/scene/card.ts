// The product's quad-port I350 with all VFs enabled and their rings set up, as a machine and its drivers do it.
import * as abi from "../../assembly/spec/abi/port.ts";
import * as rx from "../../assembly/spec/igb/receive.ts";
import * as offload from "../../assembly/spec/igb/receive-offload.ts";
import * as tx from "../../assembly/spec/igb/transmit.ts";
import * as virt from "../../assembly/spec/igb/virtualization.ts";
import * as header from "../../assembly/spec/pci/header.ts";
import * as sriov from "../../assembly/spec/pci/sriov.ts";
import type { RequesterId } from "../../host/core/address.ts";
import { Clock } from "../../host/core/clock.ts";
import type { Engine } from "../../host/core/engine.ts";
import type { MmioHandler } from "../../host/core/ports.ts";
import { IgbCard } from "../../host/device/igb/card.ts";
import { SRIOV_OFFSET } from "../../host/device/igb/config-common.ts";
import type { IgbPort } from "../../host/device/igb/port.ts";
import { type PciFunction, RootComplex } from "../../host/pci/index.ts";
import { macOf, PORTS, type PortSetup, RING, RX_RING, TX_RING, VFS_PER_PORT } from "./frames.ts";

const DEVICE = 3;
const CARD_MAC = Uint8Array.of(0x02, 0x1b, 0x21, 0xa0, 0x04, 0xf0);
const DESCRIPTOR = 16;
const SRRCTL = (rx.SRRCTL_DESCTYPE_ONE_BUFFER << rx.SRRCTL_DESCTYPE_LO) | (2 << rx.SRRCTL_BSIZEPACKET_LO);
const TAIL_TX = tx.TX_QUEUE_ALIAS_BASE + tx.TDT;
const TAIL_RX = rx.RX_QUEUE_ALIAS_BASE + rx.RDT;

/** BAR 0 of a function, as the bus reaches it. */
function registersOf(fn: PciFunction): MmioHandler {
  const found = fn.bars.find(({ index }) => index === 0);
  if (found === undefined) throw new Error(`${fn.name} has no BAR 0`);
  return found.handler;
}

/** The card on bus 0 of a root complex. */
export class BenchCard {
  readonly card: IgbCard;
  readonly root: RootComplex;
  /** VFs of port 0, then of port 1, and so on. */
  readonly requesters: RequesterId[] = [];
  readonly #vfs: MmioHandler[] = [];

  constructor(engine: Engine, map: number, unit: number) {
    this.card = new IgbCard({ engine, map, unit, clock: new Clock(), profile: "i350", ports: PORTS, mac: CARD_MAC });
    this.root = new RootComplex({ messages: { message: () => {} } });
    for (const [number, port] of this.card.ports.entries()) {
      this.root.attach(port.pf, DEVICE, number);
      this.#enable(port);
    }
    for (const [number, port] of this.card.ports.entries()) this.#program(port, number);
  }

  #enable({ pf }: IgbPort): void {
    const id = pf.requesterId;
    const command = (1 << header.COMMAND_MEMORY_SPACE_ENABLE_LO) | (1 << header.COMMAND_BUS_MASTER_ENABLE_LO);
    this.root.configWrite(id, header.COMMAND, 2, command);
    this.root.configWrite(id, SRIOV_OFFSET + sriov.SRIOV_NUM_VFS, 2, VFS_PER_PORT);
    const control = (1 << sriov.SRIOV_CTL_VF_ENABLE_LO) | (1 << sriov.SRIOV_CTL_VF_MSE_LO);
    this.root.configWrite(id, SRIOV_OFFSET + sriov.SRIOV_CTL, 2, control);
  }

  /** What the PF's driver and those of its VFs write before traffic starts. */
  #program({ pf, sriov: { vfs } }: IgbPort, number: number): void {
    const registers = registersOf(pf);
    const write = (offset: number, value: number): void => registers.write(offset, 4, value >>> 0);
    write(virt.MRQC, virt.MRQC_ENABLE_VMDQ);
    write(offload.RXCSUM, offload.RXCSUM_RESET | offload.RXCSUM_PCSD);
    write(virt.VT_CTL, virt.VT_CTL_REP_EN);
    const all = virt.POOL_MASK;
    write(virt.TXSWC, virt.TXSWC_LOOPBACK_EN | (all << virt.TXSWC_LLE_LO) | (all << virt.TXSWC_MACAS_LO));
    for (const [pool, vf] of vfs.entries()) {
      const [lo, hi] = macOf(number * VFS_PER_PORT + pool);
      write(virt.RA + pool * 8, lo);
      write(virt.RA + pool * 8 + 4, virt.RAH_AV | (1 << (virt.RAH_POOLSEL_LO + pool)) | hi);
      write(virt.VMOLR + pool * 4, virt.VMOLR_AUPE | virt.VMOLR_BAM | virt.VMOLR_STRCRC);
      this.root.configWrite(vf.requesterId, header.COMMAND, 2, 1 << header.COMMAND_BUS_MASTER_ENABLE_LO);
      this.requesters.push(vf.requesterId);
    }
    write(virt.VFRE, all);
    write(virt.VFTE, all);
    write(rx.RCTL, rx.RCTL_RXEN | rx.RCTL_BAM);
    write(tx.TCTL, tx.TCTL_EN | tx.TCTL_PSP);
    for (const vf of vfs) {
      const own = registersOf(vf);
      const set = (offset: number, value: number): void => own.write(offset, 4, value >>> 0);
      set(rx.RX_QUEUE_ALIAS_BASE + rx.RDBAL, RX_RING);
      set(rx.RX_QUEUE_ALIAS_BASE + rx.RDLEN, RING * DESCRIPTOR);
      set(rx.RX_QUEUE_ALIAS_BASE + rx.SRRCTL, SRRCTL);
      set(rx.RX_QUEUE_ALIAS_BASE + rx.RXDCTL, rx.RXDCTL_ENABLE);
      set(tx.TX_QUEUE_ALIAS_BASE + tx.TDBAL, TX_RING);
      set(tx.TX_QUEUE_ALIAS_BASE + tx.TDLEN, RING * DESCRIPTOR);
      set(tx.TX_QUEUE_ALIAS_BASE + tx.TXDCTL, tx.TXDCTL_ENABLE);
      this.#vfs.push(own);
    }
  }

  /** Gives the card the receive descriptors up to `tail`. */
  receiveTail(vf: number, tail: number): void {
    (this.#vfs[vf] as MmioHandler).write(TAIL_RX, 4, tail);
  }

  /** Rings the doorbell of a VF's transmit queue. */
  transmitTail(vf: number, tail: number): void {
    (this.#vfs[vf] as MmioHandler).write(TAIL_TX, 4, tail);
  }

  /** What partners without registers need to know of a port. */
  setup(number: number): PortSetup {
    const port = this.card.ports[number] as IgbPort;
    const { state } = port;
    return {
      rctl: state.get(abi.PORT_RCTL),
      tctl: state.get(abi.PORT_TCTL),
      vet: state.get(abi.PORT_VET),
      txswc: state.get(abi.PORT_TXSWC),
      vfre: state.get(abi.PORT_VFRE),
      vfte: state.get(abi.PORT_VFTE),
      plain: state.get(abi.PORT_PLAIN),
      direct: state.get(abi.PORT_DIRECT),
      virtual: state.get(abi.PORT_VIRTUAL),
      queues: port.sriov.vfs.map((vf, pool) => ({
        requesterId: vf.requesterId,
        txControl: state.get(state.queue("tx", pool) + abi.QUEUE_CONTROL),
        rxControl: state.get(state.queue("rx", pool) + abi.QUEUE_CONTROL),
        srrctl: state.get(state.queue("rx", pool) + abi.QUEUE_SRRCTL),
      })),
    };
  }

  /** Frames delivered, octets received with the CRC, octets that pool 0 of each port sent to others. */
  counters(): number[] {
    return this.card.ports.flatMap(({ state }) => [
      state.get(abi.COUNT_DELIVERED),
      state.get(abi.COUNT_RX_OCTETS),
      state.get(abi.PORT_POOLS + abi.POOL_LOOP_TX_OCTETS),
    ]);
  }

  /** Queues that the card stopped: there must be none. */
  get stopped(): number {
    return this.card.ports.reduce((sum, { state }) => sum + state.get(abi.COUNT_STOPS), 0);
  }
}
