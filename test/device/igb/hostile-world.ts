// A card with four VFs, each with memory of its own behind the IOMMU. VF 1 sends to VF 2 as drivers do; what VF 0 and
// VF 3 do is up to the test.
import { hpa } from "../../../host/core/address.ts";
import { Clock } from "../../../host/core/clock.ts";
import type { MmioHandler } from "../../../host/core/ports.ts";
import { Trace, type TraceEvent } from "../../../host/core/trace.ts";
import type { IgbCard, IgbCardName } from "../../../host/device/igb/card.ts";
import type { IgbPort } from "../../../host/device/igb/port.ts";
import { Harness, RAM_BASE } from "../../iommu/harness.ts";
import { handlerOf } from "./bench.ts";
import { isolatedCard } from "./isolated-card.ts";

/** What each VF owns, at address 0 of its own. */
export const AREA = 0x2_0000;
export const RING_ENTRIES = 8;
export const TX_RING = 0x0000;
export const RX_RING = 0x1000;
export const TX_BUFFER = 0x2000;
export const RX_BUFFERS = 0x8000;
/** RXDCTL.ENABLE, TXDCTL.ENABLE. */
export const ENABLE = 0x0200_0000;
/** Command of an advanced data descriptor (I350 §7.2.2.3): a whole frame, IFCS, RS. */
export const DATA = 0x2b30_0000;
const RAM_BYTES = 0x40_0000;
const OWNED = RAM_BASE + 0x20_0000;
const VFS = 4;
const LENGTH = 120;

export function macOf(vf: number): number[] {
  return [0x02, 0x5a, 0x11, 0x22, 0x33, vf];
}

export class HostileWorld {
  readonly harness: Harness;
  readonly card: IgbCard;
  readonly clock = new Clock();
  readonly events: TraceEvent[] = [];
  #sent = 0;
  #received = 0;

  private constructor(harness: Harness, profile: IgbCardName) {
    this.harness = harness;
    const trace = new Trace();
    trace.listener = (event) => this.events.push(event);
    const areas = Array.from({ length: VFS }, (_, vf) => OWNED + vf * AREA);
    const { clock } = this;
    this.card = isolatedCard(harness, { profile, vfs: VFS, areas, areaSize: AREA, clock, trace });
    this.#setUpPf(profile === "i350" ? 0x5acc : 0x3500);
    this.honestRings();
  }

  static async create(profile: IgbCardName = "i350"): Promise<HostileWorld> {
    return new HostileWorld(await Harness.create({}, RAM_BYTES), profile);
  }

  get port(): IgbPort {
    return this.card.ports[0] as IgbPort;
  }

  get pf(): MmioHandler {
    return handlerOf(this.port.pf, 0);
  }

  vf(index: number): MmioHandler {
    return handlerOf(this.port.sriov.allVfs[index] as (typeof this.port.sriov.allVfs)[number], 0);
  }

  /** Writes words into a VF's memory. */
  poke(vf: number, place: number, words: readonly number[]): void {
    for (const [at, word] of words.entries()) {
      this.harness.map.write(hpa(OWNED + vf * AREA + place + 4 * at), 4, word >>> 0);
    }
  }

  pokeBytes(vf: number, place: number, bytes: Uint8Array): void {
    this.harness.map.writeBytes(hpa(OWNED + vf * AREA + place), bytes);
  }

  peek(vf: number, place: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.harness.map.readBytes(hpa(OWNED + vf * AREA + place), bytes);
    return bytes;
  }

  /** A ring as a driver sets it up, in service and empty. */
  ring(vf: number, transmit: boolean): void {
    const block = transmit ? 0x3800 : 0x2800;
    const registers = this.vf(vf);
    registers.write(block + 0x28, 4, 0);
    registers.write(block, 4, transmit ? TX_RING : RX_RING);
    registers.write(block + 4, 4, 0);
    registers.write(block + 8, 4, RING_ENTRIES * 16);
    registers.write(block + 0x10, 4, 0);
    if (!transmit) registers.write(block + 0x0c, 4, 0x8200_0002);
    registers.write(block + 0x18, 4, 0);
    registers.write(block + 0x28, 4, ENABLE);
  }

  /** The rings of VF 1 and VF 2, and the descriptors of VF 2. */
  honestRings(): void {
    this.ring(1, true);
    this.ring(2, false);
    this.#sent = 0;
    this.#received = 0;
    for (let at = 0; at < RING_ENTRIES; at++) this.#arm(at);
    this.vf(2).write(0x2818, 4, RING_ENTRIES - 1);
  }

  /** VF 1 sends a frame; what VF 2 finds of it, after the card had its time. */
  exchange(): { sent: Uint8Array; got: Uint8Array | undefined } {
    const sent = Uint8Array.from({ length: LENGTH }, (_, at) => (at * 3 + this.#sent * 17) & 0xff);
    sent.set([...macOf(2), ...macOf(1), 0x88, 0xb5]);
    const at = this.#sent % RING_ENTRIES;
    this.pokeBytes(1, TX_BUFFER, sent);
    this.poke(1, TX_RING + at * 16, [TX_BUFFER, 0, DATA | LENGTH, LENGTH << 14]);
    this.#sent++;
    this.vf(1).write(0x3818, 4, this.#sent % RING_ENTRIES);
    for (let turn = 0; turn < 4; turn++) this.card.service(64);
    return { sent, got: this.#take() };
  }

  get stops(): TraceEvent[] {
    return this.events.filter(({ kind }) => kind === "queue-stopped");
  }

  #take(): Uint8Array | undefined {
    const at = this.#received % RING_ENTRIES;
    const written = new DataView(this.peek(2, RX_RING + at * 16, 16).buffer);
    if ((written.getUint32(8, true) & 1) === 0) return undefined;
    const got = this.peek(2, RX_BUFFERS + at * 2048, written.getUint16(12, true));
    this.#arm(at);
    this.vf(2).write(0x2818, 4, at);
    this.#received++;
    return got;
  }

  #arm(at: number): void {
    this.poke(2, RX_RING + at * 16, [RX_BUFFERS + at * 2048, 0, 0, 0]);
  }

  #setUpPf(switchControl: number): void {
    const { pf } = this;
    const writes: [number, number][] = [
      [0x0100, 0x0000_8002],
      [0x0400, 0x0000_000a],
      [0x5818, 3],
      // No default pool: what is nobody's stays out.
      [0x581c, 0x6000_0000],
      [switchControl, 0x8000_0000],
      [0x0c8c, 0xff],
      [0x0c90, 0xff],
      [0x0018, 0x4000],
    ];
    for (const [offset, value] of writes) pf.write(offset, 4, value);
    for (let vf = 0; vf < VFS; vf++) {
      pf.write(0x5ad0 + 4 * vf, 4, 0x8101_2600);
      pf.write(0x5408 + 8 * vf, 4, 0x2211_5a02);
      pf.write(0x540c + 8 * vf, 4, (0x8000_0033 | (vf << 8) | (1 << (18 + vf))) >>> 0);
    }
  }
}
