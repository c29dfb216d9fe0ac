// Counters: free-running in the port's state; PF registers count from their last read, VF registers run on.
import * as abi from "../../../assembly/spec/abi/port.ts";
import * as offload from "../../../assembly/spec/abi/port-offload.ts";
import * as spec from "../../../assembly/spec/igb/statistics.ts";
import * as vf from "../../../assembly/spec/igb/vf.ts";
import { hi32, join32 } from "../../core/address.ts";
import type { PortState } from "./port-state.ts";
import type { RegisterFile } from "./register-file.ts";

/** What a port has done, over its whole life. */
export interface PortStatistics {
  /** Frames received, once for each pool that had them, and sent; and their bytes with the CRC. */
  rxFrames: number;
  txFrames: number;
  rxOctets: number;
  txOctets: number;
  /** Frames put into receive queues, once for each queue. */
  delivered: number;
  /** Frames that found no receive descriptor when they came, those that waited for one among them. */
  noBuffer: number;
  /** Frames from the wire for which the packet buffer had no room. */
  missed: number;
  /** Frames that no filter let in. */
  filtered: number;
  /** Frames longer than any addressee takes, and frames from the wire shorter than 64 bytes with the CRC. */
  oversize: number;
  undersize: number;
  /** Frames dropped as forged. */
  spoofed: number;
  /** Frames that left by the uplink, and those lost there: its ring had no room, or there was no link. */
  egress: number;
  egressLost: number;
  /** Frames that came by the uplink. */
  ingress: number;
  /** Queues that were stopped for what is in their rings. */
  stops: number;
}

/** The counters of one direction by length. */
function lengths(register: number, place: number): [register: number, place: number][] {
  return Array.from({ length: spec.LENGTH_CLASSES }, (_, at) => [register + 4 * at, place + 4 * at]);
}

/** 32-bit counters: register and place. */
const SMALL: readonly (readonly [register: number, place: number])[] = [
  [spec.MPC, abi.COUNT_MISSED],
  [spec.RNBC, abi.COUNT_NO_BUFFER],
  [spec.GPRC, abi.COUNT_RX_FRAMES],
  [spec.TPR, abi.COUNT_RX_FRAMES],
  [spec.BPRC, abi.COUNT_RX_BROADCAST],
  [spec.MPRC, abi.COUNT_RX_MULTICAST],
  [spec.GPTC, abi.COUNT_TX_FRAMES],
  [spec.TPT, abi.COUNT_TX_FRAMES],
  [spec.BPTC, abi.COUNT_TX_BROADCAST],
  [spec.MPTC, abi.COUNT_TX_MULTICAST],
  [spec.ROC, abi.COUNT_OVERSIZE],
  [spec.RUC, abi.COUNT_UNDERSIZE],
  [spec.SSVPC, abi.COUNT_SPOOFED],
  [spec.RPTHC, abi.COUNT_DELIVERED],
  [spec.HGPTC, abi.COUNT_TX_FRAMES],
  [spec.XONRXC, offload.COUNT_XON_RX],
  [spec.XONTXC, offload.COUNT_XON_TX],
  [spec.XOFFRXC, offload.COUNT_XOFF_RX],
  [spec.XOFFTXC, offload.COUNT_XOFF_TX],
  [spec.TSCTC, offload.COUNT_SEGMENTED],
  [spec.TSCTFC, offload.COUNT_SEGMENTED_FAILED],
  ...lengths(spec.PRC64, abi.COUNT_RX_LENGTHS),
  ...lengths(spec.PTC64, abi.COUNT_TX_LENGTHS),
];

/** 64-bit counters: the low register, and place; the high one follows. */
const LARGE: readonly (readonly [register: number, place: number])[] = [
  [spec.GORCL, abi.COUNT_RX_OCTETS],
  [spec.TORL, abi.COUNT_RX_OCTETS],
  [spec.GOTCL, abi.COUNT_TX_OCTETS],
  [spec.TOTL, abi.COUNT_TX_OCTETS],
  [spec.HGORCL, abi.COUNT_RX_OCTETS],
  [spec.HGOTCL, abi.COUNT_TX_OCTETS],
];

/** VF counters: register, its place in the PF's mirror, and the pool's counters that make it up. */
const POOL: readonly (readonly [register: number, mirror: number, places: readonly number[]])[] = [
  [vf.VFGPRC, vf.PVFGPRC, [abi.POOL_RX_FRAMES, abi.POOL_LOOP_RX_FRAMES]],
  [vf.VFGORC, vf.PVFGORC, [abi.POOL_RX_OCTETS, abi.POOL_LOOP_RX_OCTETS]],
  [vf.VFGPTC, vf.PVFGPTC, [abi.POOL_TX_FRAMES]],
  [vf.VFGOTC, vf.PVFGOTC, [abi.POOL_TX_OCTETS]],
  [vf.VFMPRC, vf.PVFMPRC, [abi.POOL_RX_MULTICAST]],
  [vf.VFGPRLBC, vf.PVFGPRLBC, [abi.POOL_LOOP_RX_FRAMES]],
  [vf.VFGORLBC, vf.PVFGORLBC, [abi.POOL_LOOP_RX_OCTETS]],
  [vf.VFGPTLBC, vf.PVFGPTLBC, [abi.POOL_LOOP_TX_FRAMES]],
  [vf.VFGOTLBC, vf.PVFGOTLBC, [abi.POOL_LOOP_TX_OCTETS]],
];

export class Statistics {
  readonly #state: PortState;
  /** What each clear-on-read register counts from. */
  readonly #since = new Map<number, number>();
  #interrupts = (): number => 0;

  constructor(state: PortState) {
    this.#state = state;
  }

  /** Answers the PF's statistics registers (I350 §8.18), which reading clears. `interrupts` counts those signalled. */
  hookPf(file: RegisterFile, interrupts: () => number): void {
    const ignore = (): void => {};
    this.#interrupts = interrupts;
    const small = (register: number, count: () => number): void => {
      file.hook(register, {
        read: () => {
          const now = count();
          const value = (now - (this.#since.get(register) ?? 0)) >>> 0;
          this.#since.set(register, now);
          return value;
        },
        write: ignore,
      });
    };
    for (const [register, place] of SMALL) small(register, () => this.#state.get(place));
    small(spec.IAC, interrupts);
    for (const [register, place] of LARGE) {
      const value = (): number => this.#large(place) - (this.#since.get(register) ?? 0);
      file.hook(register, { read: () => value() % 2 ** 32, write: ignore });
      file.hook(register + 4, {
        read: () => {
          const high = hi32(value());
          this.#since.set(register, this.#large(place));
          return high;
        },
        write: ignore,
      });
    }
  }

  /** Answers the statistics registers of VF `index` (I350 §8.26.30), in its own BAR and in the PF's mirror. */
  hookVf(index: number, file: RegisterFile, pfFile: RegisterFile): void {
    for (const [register, mirror, places] of POOL) {
      const hook = { read: () => this.#pool(index, places), write: () => {} };
      file.hook(register, hook);
      pfFile.hook(vf.PF_VF_MIRROR + index * vf.PF_VF_MIRROR_STRIDE + mirror, hook);
    }
  }

  /** The PF's registers count from 0 again; `totals` goes on. */
  reset(): void {
    for (const [register, place] of SMALL) this.#since.set(register, this.#state.get(place));
    for (const [register, place] of LARGE) this.#since.set(register, this.#large(place));
    this.#since.set(spec.IAC, this.#interrupts());
  }

  totals(): PortStatistics {
    const get = (place: number): number => this.#state.get(place);
    return {
      rxFrames: get(abi.COUNT_RX_FRAMES),
      txFrames: get(abi.COUNT_TX_FRAMES),
      rxOctets: this.#large(abi.COUNT_RX_OCTETS),
      txOctets: this.#large(abi.COUNT_TX_OCTETS),
      delivered: get(abi.COUNT_DELIVERED),
      noBuffer: get(abi.COUNT_NO_BUFFER),
      missed: get(abi.COUNT_MISSED),
      filtered: get(abi.COUNT_FILTERED),
      oversize: get(abi.COUNT_OVERSIZE),
      undersize: get(abi.COUNT_UNDERSIZE),
      spoofed: get(abi.COUNT_SPOOFED),
      egress: get(abi.COUNT_EGRESS),
      egressLost: get(abi.COUNT_EGRESS_LOST),
      ingress: get(abi.COUNT_INGRESS),
      stops: get(abi.COUNT_STOPS),
    };
  }

  save(): [number, number][] {
    return [...this.#since];
  }

  restore(state: [number, number][]): void {
    this.#since.clear();
    for (const [register, value] of state) this.#since.set(register, value);
  }

  #large(place: number): number {
    return join32(this.#state.get(place), this.#state.get(place + 4));
  }

  #pool(index: number, places: readonly number[]): number {
    const row = abi.PORT_POOLS + index * abi.POOL_SIZE;
    let sum = 0;
    for (const place of places) sum += this.#state.get(row + place);
    return sum >>> 0;
  }
}
