// What software must know of a VT-d unit before it builds tables for it (VT-d 5.10 §11.4.2, §11.4.3).
import * as cap from "../../assembly/spec/vtd/capability.ts";
import * as ecap from "../../assembly/spec/vtd/extended-capability.ts";
import { GSTS_REG, GSTS_TES_HI, GSTS_TES_LO } from "../../assembly/spec/vtd/global.ts";
import type { Hpa } from "../core/address.ts";
import { bits, extract } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AddressMap } from "../machine/address-map.ts";

export type Levels = 3 | 4 | 5;

const LEVELS: readonly Levels[] = [4, 5, 3];
/** The bit of SAGAW for three levels; one more level, one bit further. */
const SAGAW_THREE_LEVELS = 1;
const LEAST_DOMAIN_ID_WIDTH = 4;

export class UnitCapabilities {
  /** Domain-ids that tables may name, 0 included. */
  readonly domainIds: number;
  /** Not-present entries may be cached, with domain-id 0. */
  readonly cachingMode: boolean;
  /** Second-stage leaves at level 1 (2 MiB) and at level 2 (1 GiB). */
  readonly largestLeaf: 0 | 1 | 2;
  /** Interrupts may be posted to descriptors. */
  readonly postedInterrupts: boolean;
  /** Interrupt destinations may have 32 bits. */
  readonly extendedInterrupts: boolean;
  readonly #widths: number;

  /** Throws ArgumentError for a unit that is in use, or cannot keep VMs apart without queues or interrupt remapping. */
  constructor(map: AddressMap, unit: Hpa) {
    const read = (register: number): Uint32Array =>
      Uint32Array.of(map.read((unit + register) as Hpa, 4), map.read((unit + register + 4) as Hpa, 4));
    const capability = read(cap.CAP_REG);
    const extended = read(ecap.ECAP_REG);
    if (extract(extended, ecap.ECAP_QI_HI, ecap.ECAP_QI_LO) === 0) {
      throw new ArgumentError("iommu", "queuedInvalidation: false", "gives VMs no way to be kept apart");
    }
    if (extract(extended, ecap.ECAP_IR_HI, ecap.ECAP_IR_LO) === 0) {
      throw new ArgumentError("iommu", "interruptRemapping: false", "gives VMs no way to be kept apart");
    }
    const status = map.read((unit + GSTS_REG) as Hpa, 4);
    if (bits(status, GSTS_TES_HI, GSTS_TES_LO) === 1) {
      throw new ArgumentError("machine", "its IOMMU", "is in use: it has a hypervisor already");
    }
    this.#widths = extract(capability, cap.CAP_SAGAW_HI, cap.CAP_SAGAW_LO);
    this.domainIds = 2 ** (LEAST_DOMAIN_ID_WIDTH + 2 * extract(capability, cap.CAP_ND_HI, cap.CAP_ND_LO));
    this.cachingMode = extract(capability, cap.CAP_CM_HI, cap.CAP_CM_LO) === 1;
    this.postedInterrupts = extract(capability, cap.CAP_PI_HI, cap.CAP_PI_LO) === 1;
    this.extendedInterrupts = extract(extended, ecap.ECAP_EIM_HI, ecap.ECAP_EIM_LO) === 1;
    const large = extract(capability, cap.CAP_SSLPS_HI, cap.CAP_SSLPS_LO);
    this.largestLeaf = (large & 2) !== 0 ? 2 : (large & 1) !== 0 ? 1 : 0;
  }

  /** The levels of second-stage tables: those that are wished for, or the best that the unit walks. */
  levels(wish: Levels | undefined): Levels {
    const walks = (levels: Levels): boolean => (this.#widths & (1 << (levels - 3 + SAGAW_THREE_LEVELS))) !== 0;
    const found = wish ?? LEVELS.find(walks);
    if (found === undefined || !LEVELS.includes(found) || !walks(found)) {
      throw new ArgumentError("levels", wish, "is no number of levels that the IOMMU walks");
    }
    return found;
  }
}
