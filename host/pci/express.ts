// The PCI Express capability: what a write to its control registers does.
import * as spec from "../../assembly/spec/pci/express.ts";
import * as link from "../../assembly/spec/pci/express-link.ts";
import * as slot from "../../assembly/spec/pci/express-slot.ts";
import type { RequesterId } from "../core/address.ts";
import { bits, replace } from "../core/bits.ts";
import { bit, flag } from "./bits.ts";
import type { ConfigSpace } from "./config-space.ts";
import type { PciFunction } from "./function.ts";

/** Bytes of the capability at `offset` that every version and port type has, or of version 2 all of it. */
export function expressLength(config: ConfigSpace, offset: number): number {
  return isVersion2(config, offset) ? spec.EXPRESS_LENGTH : link.LNKSTA + link.LNKSTA_WIDTH / 8;
}

/** Version 1 has no Device Control 2 and what follows it. */
function isVersion2(config: ConfigSpace, offset: number): boolean {
  const capability = config.get(offset + spec.EXPRESS_CAP, 2);
  return bits(capability, spec.EXPRESS_CAP_VERSION_HI, spec.EXPRESS_CAP_VERSION_LO) >= 2;
}

export class Express {
  readonly #fn: PciFunction;
  readonly #offset: number;

  /** @param offset of the capability. */
  constructor(fn: PciFunction, offset: number) {
    this.#fn = fn;
    this.#offset = offset;
    const { config } = fn;
    const control = offset + spec.DEVCTL;
    config.onWrite(control, 2, () => {
      if (!bit(config.get(control, 2), spec.DEVCTL_INITIATE_FLR_LO)) return;
      config.clearBits(control, 2, flag(spec.DEVCTL_INITIATE_FLR_LO));
      if (bit(config.get(offset + spec.DEVCAP, 4), spec.DEVCAP_FLR_LO)) fn.reset("flr");
    });
    if (!this.isDownstreamPort) return;
    if (isVersion2(config, offset)) config.onWrite(offset + spec.DEVCTL2, 2, () => fn.enablesChanged());
    config.onWrite(offset + link.LNKCTL, 2, () => {
      config.clearBits(offset + link.LNKCTL, 2, flag(link.LNKCTL_RETRAIN_LO));
      fn.enablesChanged();
    });
  }

  get portType(): number {
    return bits(this.#get(spec.EXPRESS_CAP), spec.EXPRESS_CAP_PORT_TYPE_HI, spec.EXPRESS_CAP_PORT_TYPE_LO);
  }

  /** A root port or a switch downstream port: its secondary bus is a link. */
  get isDownstreamPort(): boolean {
    return this.portType === spec.PORT_TYPE_ROOT_PORT || this.portType === spec.PORT_TYPE_SWITCH_DOWNSTREAM;
  }

  /** PCIe 6.0 §6.13: the port passes configuration requests for functions above 7. */
  get ariForwarding(): boolean {
    return isVersion2(this.#fn.config, this.#offset) && bit(this.#get(spec.DEVCTL2), spec.DEVCTL2_ARI_FORWARDING_LO);
  }

  get linkDisabled(): boolean {
    return bit(this.#get(link.LNKCTL), link.LNKCTL_LINK_DISABLE_LO);
  }

  /** Bits 3:0 of Device Control: which errors are reported. */
  reports(bitNumber: number): boolean {
    return bit(this.#get(spec.DEVCTL), bitNumber);
  }

  get roleBasedErrors(): boolean {
    return bit(this.#fn.config.get(this.#offset + spec.DEVCAP, 4), spec.DEVCAP_ROLE_BASED_ERRORS_LO);
  }

  /** Sets a bit of Device Status. */
  setStatus(bitNumber: number): void {
    this.#fn.config.setBits(this.#offset + spec.DEVSTA, 2, flag(bitNumber));
  }

  /** Shows in the link and slot status of a port that its link went down, or came up again. */
  showLink(up: boolean): void {
    const { config } = this.#fn;
    const change = (offset: number, bitNumber: number): void =>
      up ? config.setBits(offset, 2, flag(bitNumber)) : config.clearBits(offset, 2, flag(bitNumber));
    const reporting = config.get(this.#offset + link.LNKCAP, 4);
    const active = bit(reporting, link.LNKCAP_DLL_ACTIVE_REPORTING_LO);
    if (active) change(this.#offset + link.LNKSTA, link.LNKSTA_DLL_ACTIVE_LO);
    if (!bit(this.#get(spec.EXPRESS_CAP), spec.EXPRESS_CAP_SLOT_IMPLEMENTED_LO)) return;
    const status = this.#offset + slot.SLTSTA;
    change(status, slot.SLTSTA_PRESENCE_LO);
    config.setBits(status, 2, flag(slot.SLTSTA_PRESENCE_CHANGED_LO));
    if (active) config.setBits(status, 2, flag(slot.SLTSTA_DLL_CHANGED_LO));
  }

  /** Of a root port: PM_PME arrived (PCIe 6.0 §6.1.6, §7.5.3.14). A second one waits until software took the first. */
  receivePowerEvent(requesterId: RequesterId): void {
    const { config } = this.#fn;
    const at = this.#offset + slot.ROOTSTA;
    if (bit(config.get(at, 4), slot.ROOTSTA_PME_STATUS_LO)) {
      config.setBits(at, 4, flag(slot.ROOTSTA_PME_PENDING_LO));
      return;
    }
    const { ROOTSTA_PME_REQUESTER_HI: hi, ROOTSTA_PME_REQUESTER_LO: lo } = slot;
    config.set(at, 4, replace(config.get(at, 4), requesterId, hi, lo) | flag(slot.ROOTSTA_PME_STATUS_LO));
    this.#signalPowerEvent();
  }

  /** Of a root port: what a write of its root registers does. `next` finds a function whose event still waits. */
  watchPowerEvents(next: (except: number) => RequesterId | undefined): void {
    if (this.portType !== spec.PORT_TYPE_ROOT_PORT) return;
    const { config } = this.#fn;
    const at = this.#offset + slot.ROOTSTA;
    config.onWrite(at, 4, (previous) => {
      const status = config.get(at, 4);
      const taken = bit(previous, slot.ROOTSTA_PME_STATUS_LO) && !bit(status, slot.ROOTSTA_PME_STATUS_LO);
      if (taken && bit(status, slot.ROOTSTA_PME_PENDING_LO)) {
        config.clearBits(at, 4, flag(slot.ROOTSTA_PME_PENDING_LO));
        const waiting = next(bits(previous, slot.ROOTSTA_PME_REQUESTER_HI, slot.ROOTSTA_PME_REQUESTER_LO));
        if (waiting !== undefined) this.receivePowerEvent(waiting);
      }
      this.#showPowerPin();
    });
    config.onWrite(this.#offset + slot.ROOTCTL, 2, (previous) => {
      const enabled = bit(this.#get(slot.ROOTCTL), slot.ROOTCTL_PME_INTERRUPT_LO);
      if (enabled && !bit(previous, slot.ROOTCTL_PME_INTERRUPT_LO)) this.#signalPowerEvent();
      else this.#showPowerPin();
    });
  }

  #signalPowerEvent(): void {
    this.#showPowerPin();
    if (!this.#powerEventSignalled) return;
    const { EXPRESS_CAP_INTERRUPT_MESSAGE_HI: hi, EXPRESS_CAP_INTERRUPT_MESSAGE_LO: lo } = spec;
    this.#fn.raiseInterrupt(bits(this.#get(spec.EXPRESS_CAP), hi, lo));
  }

  get #powerEventSignalled(): boolean {
    const status = this.#fn.config.get(this.#offset + slot.ROOTSTA, 4);
    return bit(status, slot.ROOTSTA_PME_STATUS_LO) && bit(this.#get(slot.ROOTCTL), slot.ROOTCTL_PME_INTERRUPT_LO);
  }

  #showPowerPin(): void {
    this.#fn.setInterruptPending(this.#powerEventSignalled);
  }

  #get(register: number): number {
    return this.#fn.config.get(this.#offset + register, 2);
  }
}
