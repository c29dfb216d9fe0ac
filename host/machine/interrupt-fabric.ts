// Where interrupt messages end: the processors' local APICs, found by APIC ID (VT-d 5.10 §5.1.5, Intel SDM 3A §11.6).
import * as format from "../../assembly/spec/vtd/compatibility-format.ts";
import { bits } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import type { EventMessage } from "./iommu-unit.ts";

/** An interrupt request after remapping, or one in compatibility format. */
export interface DeliveredInterrupt {
  /** Whether the destination is one of 32 bits (x2APIC), otherwise of 8. */
  wide: boolean;
  /** APIC ID, or a logical destination when `logical`. */
  destination: number;
  /** 16–254 for fixed delivery. */
  vector: number;
  /** Delivery mode as in the message: 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT. */
  deliveryMode: number;
  logical: boolean;
  level: boolean;
  /** One of the processors that a logical destination names takes it (RH). */
  redirectionHint: boolean;
}

/** What a message in compatibility format asks for: it names a destination of 8 bits. */
export function compatibilityInterrupt(address: number, data: number): DeliveredInterrupt {
  const logical = bits(
    address,
    format.COMPATIBILITY_ADDRESS_DESTINATION_MODE_HI,
    format.COMPATIBILITY_ADDRESS_DESTINATION_MODE_LO,
  );
  const hint = bits(
    address,
    format.COMPATIBILITY_ADDRESS_REDIRECTION_HINT_HI,
    format.COMPATIBILITY_ADDRESS_REDIRECTION_HINT_LO,
  );
  const level = bits(data, format.COMPATIBILITY_DATA_TRIGGER_MODE_HI, format.COMPATIBILITY_DATA_TRIGGER_MODE_LO);
  return {
    wide: false,
    destination: bits(
      address,
      format.COMPATIBILITY_ADDRESS_DESTINATION_HI,
      format.COMPATIBILITY_ADDRESS_DESTINATION_LO,
    ),
    vector: bits(data, format.COMPATIBILITY_DATA_VECTOR_HI, format.COMPATIBILITY_DATA_VECTOR_LO),
    deliveryMode: bits(data, format.COMPATIBILITY_DATA_DELIVERY_MODE_HI, format.COMPATIBILITY_DATA_DELIVERY_MODE_LO),
    logical: logical === 1,
    level: level === 1,
    redirectionHint: hint === 1,
  };
}

/**
 * What a unit's own message asks for: the upper half of its address extends the destination to an x2APIC ID
 * (VT-d 5.10 §11.4.7.5). `extended` says that all destinations are such (IRTA_REG.EIME).
 */
export function unitInterrupt(message: EventMessage, extended: boolean): DeliveredInterrupt {
  const interrupt = compatibilityInterrupt(message.addressLo, message.data);
  const { COMPATIBILITY_UPPER_DESTINATION_HI: hi, COMPATIBILITY_UPPER_DESTINATION_LO: lo } = format;
  const upper = bits(message.addressHi, hi, lo);
  const destination = upper * 2 ** lo + interrupt.destination;
  return { ...interrupt, destination, wide: extended || upper !== 0 };
}

/** One processor's interrupt input. Called while devices work: it records, and acts later. */
export type InterruptSink = (interrupt: DeliveredInterrupt) => void;

/** Destination that means every processor, for 8-bit and for 32-bit APIC IDs. */
const BROADCAST = 0xff;
const WIDE_BROADCAST = 0xffff_ffff;
/** An x2APIC logical ID: the cluster, and one bit for the processor in it (Intel SDM 3A §12.12.10.2). */
const CLUSTER_SHIFT = 16;
const CLUSTER_WIDTH = 4;
const MAX_APIC_ID = 0xffff_fffe;

export class InterruptFabric {
  readonly #sinks = new Map<number, InterruptSink>();

  /** Connects the processor with `apicId`. Throws ArgumentError when the ID is no ID or taken. */
  connect(apicId: number, sink: InterruptSink): void {
    if (!Number.isInteger(apicId) || apicId < 0 || apicId > MAX_APIC_ID) {
      throw new ArgumentError("apicId", apicId, "is not an APIC ID");
    }
    if (this.#sinks.has(apicId)) throw new ArgumentError("apicId", apicId, "is taken");
    this.#sinks.set(apicId, sink);
  }

  disconnect(apicId: number): void {
    this.#sinks.delete(apicId);
  }

  /** Hands an interrupt to its destination. Returns how many processors took it; a message to none is lost. */
  deliver(interrupt: DeliveredInterrupt): number {
    let taken = 0;
    if (interrupt.logical) {
      for (const [apicId, sink] of this.#sinks) {
        if (!addressed(interrupt, apicId)) continue;
        sink(interrupt);
        taken++;
        if (interrupt.deliveryMode === 1 || interrupt.redirectionHint) break;
      }
      return taken;
    }
    if (interrupt.destination === (interrupt.wide ? WIDE_BROADCAST : BROADCAST)) {
      for (const sink of this.#sinks.values()) sink(interrupt);
      return this.#sinks.size;
    }
    const sink = this.#sinks.get(interrupt.destination);
    sink?.(interrupt);
    return sink === undefined ? 0 : 1;
  }
}

/**
 * Whether a logical destination names a processor: its bit in its x2APIC cluster, or, of 8 bits, in the flat model,
 * where processor n of the first eight answers to bit n.
 */
function addressed({ wide, destination }: DeliveredInterrupt, apicId: number): boolean {
  if (!wide) return apicId < 8 && ((destination >>> apicId) & 1) === 1;
  if (destination === WIDE_BROADCAST) return true;
  const bit = (destination >>> (apicId % 2 ** CLUSTER_WIDTH)) & 1;
  return bit === 1 && destination >>> CLUSTER_SHIFT === (apicId >>> CLUSTER_WIDTH) % 2 ** CLUSTER_SHIFT;
}
