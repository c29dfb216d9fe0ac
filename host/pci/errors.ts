// Error logging and signalling: Device Status, Advanced Error Reporting, and the root port that collects the messages
// (PCIe 6.0 §6.2). A new error never overwrites the first one's header log.
import * as aer from "../../assembly/spec/pci/aer.ts";
import * as express from "../../assembly/spec/pci/express.ts";
import * as header from "../../assembly/spec/pci/header.ts";
import type { RequesterId } from "../core/address.ts";
import { bits } from "../core/bits.ts";
import { bit, flag } from "./bits.ts";
import type { PciFunction } from "./function.ts";
import { HeaderLog } from "./header-log.ts";
import type { TlpHeader } from "./tlp.ts";
import type { ErrorSeverity } from "./upstream.ts";

export interface ErrorDetails {
  /** Header of the TLP that the error is about. */
  header?: TlpHeader;
  /**
   * The requester learns of the error from its completion, so that this function signals a non-fatal one as advisory
   * (§6.2.3.2.4).
   */
  nonPosted?: boolean;
}

/** Fatal unless a Severity register says otherwise (§7.8.4.4). */
const FATAL_BY_DEFAULT: readonly number[] = [
  aer.UE_DATA_LINK_PROTOCOL_LO,
  aer.UE_SURPRISE_DOWN_LO,
  aer.UE_FLOW_CONTROL_LO,
  aer.UE_RECEIVER_OVERFLOW_LO,
  aer.UE_MALFORMED_TLP_LO,
  aer.UE_INTERNAL_LO,
];

/** The errors of one function, and of the hierarchy below it when it is a root port. */
export class ErrorReporting {
  readonly #fn: PciFunction;
  readonly #aer: number | undefined;
  readonly #headers: HeaderLog | undefined;

  /** @param aerOffset of the AER capability, if there is one. */
  constructor(fn: PciFunction, aerOffset: number | undefined) {
    this.#fn = fn;
    this.#aer = aerOffset;
    this.#headers = aerOffset === undefined ? undefined : new HeaderLog(fn, aerOffset);
  }

  /** Detects the uncorrectable error whose bit in the AER registers is `error`. */
  uncorrectable(error: number, details: ErrorDetails = {}): void {
    const { express: capability } = this.#fn;
    const controls = this.#controls;
    if (capability === undefined || controls === undefined) return;
    const fatal = this.#fatal(error);
    const unsupported = error === aer.UE_UNSUPPORTED_REQUEST_LO;
    if (unsupported) capability.setStatus(express.DEVSTA_UNSUPPORTED_LO);
    const advisory = !fatal && details.nonPosted === true && capability.roleBasedErrors;
    if (advisory) {
      capability.setStatus(express.DEVSTA_CORRECTABLE_LO);
      const silent = this.#correctableMasked(aer.CE_ADVISORY_NON_FATAL_LO);
      this.#setCorrectable(aer.CE_ADVISORY_NON_FATAL_LO);
      if (silent) {
        this.#setBits(aer.UE_STATUS, flag(error));
        return;
      }
      const masked = this.#log(error, details.header);
      const wanted = !unsupported || controls.reports(express.DEVCTL_UNSUPPORTED_LO);
      if (!masked && wanted && controls.reports(express.DEVCTL_CORRECTABLE_LO)) this.#send("correctable");
      return;
    }
    capability.setStatus(fatal ? express.DEVSTA_FATAL_LO : express.DEVSTA_NON_FATAL_LO);
    if (this.#log(error, details.header)) return;
    const severity = fatal ? "fatal" : "non-fatal";
    const serr = bit(this.#owner.config.get(header.COMMAND, 2), header.COMMAND_SERR_ENABLE_LO);
    const enabled = controls.reports(fatal ? express.DEVCTL_FATAL_LO : express.DEVCTL_NON_FATAL_LO);
    const wanted = enabled && (!unsupported || controls.reports(express.DEVCTL_UNSUPPORTED_LO));
    if (!serr && !wanted) return;
    if (serr) this.#fn.config.setBits(header.STATUS, 2, flag(header.STATUS_SIGNALED_SYSTEM_ERROR_LO));
    this.#send(severity);
  }

  /** Detects the correctable error whose bit in the AER registers is `error`. */
  correctable(error: number): void {
    const { express: capability } = this.#fn;
    const controls = this.#controls;
    if (capability === undefined || controls === undefined) return;
    capability.setStatus(express.DEVSTA_CORRECTABLE_LO);
    const masked = this.#correctableMasked(error);
    this.#setCorrectable(error);
    if (!masked && controls.reports(express.DEVCTL_CORRECTABLE_LO)) this.#send("correctable");
  }

  /** Of a root port: an error message arrived from `requesterId` (§6.2.4.1). */
  receive(requesterId: RequesterId, severity: ErrorSeverity): void {
    if (this.#aer === undefined) return;
    const { config } = this.#fn;
    const at = this.#aer + aer.ROOT_ERROR_STATUS;
    const before = this.#rootCauses();
    const status = config.get(at, 4);
    if (severity === "correctable") {
      if (bit(status, aer.ROOT_ERROR_STATUS_CORRECTABLE_LO)) {
        config.setBits(at, 4, flag(aer.ROOT_ERROR_STATUS_MULTIPLE_CORRECTABLE_LO));
      } else {
        config.setBits(at, 4, flag(aer.ROOT_ERROR_STATUS_CORRECTABLE_LO));
        config.set(this.#aer + aer.ERROR_SOURCE + aer.ERROR_SOURCE_CORRECTABLE_LO / 8, 2, requesterId);
      }
    } else {
      const fatal = severity === "fatal";
      config.setBits(at, 4, flag(fatal ? aer.ROOT_ERROR_STATUS_FATAL_LO : aer.ROOT_ERROR_STATUS_NON_FATAL_LO));
      if (bit(status, aer.ROOT_ERROR_STATUS_UNCORRECTABLE_LO)) {
        config.setBits(at, 4, flag(aer.ROOT_ERROR_STATUS_MULTIPLE_UNCORRECTABLE_LO));
      } else {
        config.setBits(at, 4, flag(aer.ROOT_ERROR_STATUS_UNCORRECTABLE_LO));
        if (fatal) config.setBits(at, 4, flag(aer.ROOT_ERROR_STATUS_FIRST_FATAL_LO));
        config.set(this.#aer + aer.ERROR_SOURCE + aer.ERROR_SOURCE_UNCORRECTABLE_LO / 8, 2, requesterId);
      }
    }
    // §6.2.4.1.2: one interrupt when the AND of causes and enables becomes true.
    if (!before && this.#rootCauses()) {
      const { ROOT_ERROR_STATUS_INTERRUPT_MESSAGE_HI, ROOT_ERROR_STATUS_INTERRUPT_MESSAGE_LO } = aer;
      this.#fn.raiseInterrupt(
        bits(config.get(at, 4), ROOT_ERROR_STATUS_INTERRUPT_MESSAGE_HI, ROOT_ERROR_STATUS_INTERRUPT_MESSAGE_LO),
      );
    }
  }

  #rootCauses(): boolean {
    const offset = this.#aer as number;
    const status = this.#fn.config.get(offset + aer.ROOT_ERROR_STATUS, 4);
    const command = this.#fn.config.get(offset + aer.ROOT_ERROR_COMMAND, 4);
    return (
      (bit(status, aer.ROOT_ERROR_STATUS_CORRECTABLE_LO) && bit(command, aer.ROOT_ERROR_COMMAND_CORRECTABLE_LO)) ||
      (bit(status, aer.ROOT_ERROR_STATUS_NON_FATAL_LO) && bit(command, aer.ROOT_ERROR_COMMAND_NON_FATAL_LO)) ||
      (bit(status, aer.ROOT_ERROR_STATUS_FATAL_LO) && bit(command, aer.ROOT_ERROR_COMMAND_FATAL_LO))
    );
  }

  /** Whose masks, severities and enables hold: of a VF, its PF's (§9.3.5.4, §9.4.2). */
  get #owner(): PciFunction {
    return this.#fn.decoder?.pf ?? this.#fn;
  }

  get #controls(): PciFunction["express"] {
    return this.#owner.express;
  }

  /** Bit `error` of a mask or severity register, undefined without AER. */
  #setting(register: number, error: number): boolean | undefined {
    const offset = this.#owner.errors.#aer;
    return offset === undefined ? undefined : bit(this.#owner.config.get(offset + register, 4), error);
  }

  #fatal(error: number): boolean {
    return this.#setting(aer.UE_SEVERITY, error) ?? FATAL_BY_DEFAULT.includes(error);
  }

  /** Sets the status bit and, for the first unmasked error, its pointer and header. True when the error is masked. */
  #log(error: number, tlp: TlpHeader | undefined): boolean {
    if (this.#aer === undefined) return false;
    const { config } = this.#fn;
    const status = this.#aer + aer.UE_STATUS;
    const before = config.get(status, 4);
    const masked = this.#setting(aer.UE_MASK, error) === true;
    config.setBits(status, 4, flag(error));
    if (masked) return true;
    if (this.#headers?.record(error, tlp, before) === false) this.correctable(aer.CE_HEADER_LOG_OVERFLOW_LO);
    return false;
  }

  #correctableMasked(error: number): boolean {
    return this.#setting(aer.CE_MASK, error) === true;
  }

  #setCorrectable(error: number): void {
    this.#setBits(aer.CE_STATUS, flag(error));
  }

  #setBits(register: number, value: number): void {
    if (this.#aer !== undefined) this.#fn.config.setBits(this.#aer + register, 4, value);
  }

  #send(severity: ErrorSeverity): void {
    const fn = this.#fn;
    if (fn.express?.portType === express.PORT_TYPE_ROOT_PORT) this.receive(fn.requesterId, severity);
    else fn.upstream?.errorMessage(fn.requesterId, severity);
  }
}
