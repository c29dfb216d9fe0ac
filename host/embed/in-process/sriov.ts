// How software turns on VFs and learns where they are: the PF's SR-IOV capability (PCIe 6.0 §9.3.3).

import { CLASS_CODE } from "../../../assembly/spec/pci/header.ts";
import { EXT_CAP_SRIOV } from "../../../assembly/spec/pci/ids.ts";
import {
  SRIOV_CTL,
  SRIOV_CTL_VF_ENABLE_LO,
  SRIOV_CTL_VF_MSE_LO,
  SRIOV_NUM_VFS,
  SRIOV_SYSTEM_PAGE,
  SRIOV_TOTAL_VFS,
  SRIOV_VF_BAR_COUNT,
  SRIOV_VF_BAR0,
  SRIOV_VF_DEVICE_ID,
  SRIOV_VF_OFFSET,
  SRIOV_VF_STRIDE,
} from "../../../assembly/spec/pci/sriov.ts";
import type { Gpa, RequesterId } from "../../core/address.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Guest } from "./guest.ts";
import { type FoundFunction, probeCapabilities, sizeBars } from "./probe.ts";

const ENABLES = (1 << SRIOV_CTL_VF_ENABLE_LO) | (1 << SRIOV_CTL_VF_MSE_LO);
const SYSTEM_PAGE_4_KIB = 1;
/** PCIe 6.0 §9.3.3.3.1: a VF may take this long before it answers config cycles. */
const VF_READY_MICROSECONDS = 100_000;

/** The VFs of one PF. Their addresses are those that firmware put into the VF BARs. */
export class VirtualFunctions {
  /** TotalVFs of the capability. */
  readonly total: number;
  readonly #guest: Guest;
  readonly #pf: FoundFunction;
  readonly #capability: number;

  /** Throws ArgumentError when the function has no SR-IOV capability. */
  constructor(guest: Guest, pf: FoundFunction) {
    const capability = pf.capabilities.find((one) => one.extended && one.id === EXT_CAP_SRIOV);
    if (capability === undefined) throw new ArgumentError("device", pf.deviceId, "has no SR-IOV capability");
    this.#guest = guest;
    this.#pf = pf;
    this.#capability = capability.offset;
    this.total = this.#read(SRIOV_TOTAL_VFS);
  }

  /** Enables `count` VFs. Throws ArgumentError when the card has fewer or the hardware refuses. */
  enable(count: number): FoundFunction[] {
    if (!Number.isInteger(count) || count < 1 || count > this.total) {
      throw new ArgumentError("vfs", count, `is not in 1–${this.total}`);
    }
    const { platform } = this.#guest;
    const id = this.#pf.requesterId;
    this.disable();
    platform.configWrite(id, this.#capability + SRIOV_SYSTEM_PAGE, 4, SYSTEM_PAGE_4_KIB);
    const bars = sizeBars(platform, id, this.#capability + SRIOV_VF_BAR0, SRIOV_VF_BAR_COUNT);
    this.#write(SRIOV_NUM_VFS, count);
    this.#write(SRIOV_CTL, this.#read(SRIOV_CTL) | ENABLES);
    this.#guest.delay(VF_READY_MICROSECONDS);
    if ((this.#read(SRIOV_CTL) & ENABLES) !== ENABLES) {
      throw new ArgumentError("vfs", count, "was refused by the hardware");
    }
    const offset = this.#read(SRIOV_VF_OFFSET);
    const stride = this.#read(SRIOV_VF_STRIDE);
    const deviceId = this.#read(SRIOV_VF_DEVICE_ID);
    return Array.from({ length: count }, (_, index) => {
      const requesterId = (id + offset + stride * index) as RequesterId;
      const classCode =
        platform.configRead(requesterId, CLASS_CODE, 1) | (platform.configRead(requesterId, CLASS_CODE + 1, 2) << 8);
      return {
        requesterId,
        vendorId: this.#pf.vendorId,
        deviceId,
        classCode,
        bridge: false,
        bars: bars.map((bar) => ({ ...bar, address: (bar.address + bar.size * index) as Gpa })),
        capabilities: probeCapabilities(platform, requesterId),
      };
    });
  }

  /** Takes all VFs away. */
  disable(): void {
    this.#write(SRIOV_CTL, this.#read(SRIOV_CTL) & ~ENABLES);
    this.#write(SRIOV_NUM_VFS, 0);
  }

  #read(register: number): number {
    return this.#guest.platform.configRead(this.#pf.requesterId, this.#capability + register, 2);
  }

  #write(register: number, value: number): void {
    this.#guest.platform.configWrite(this.#pf.requesterId, this.#capability + register, 2, value);
  }
}
