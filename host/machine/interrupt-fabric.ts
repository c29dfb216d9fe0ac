// Where interrupt messages end: the processors' local APICs, found by APIC ID (VT-d 5.10 §5.1.5, Intel SDM 3A §11.6).
import * as format from "../../assembly/spec/vtd/compatibility-format.ts";
import { bits } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";

/** An interrupt request after remapping, or one in compatibility format. */
export interface DeliveredInterrupt {
  /** APIC ID, or a logical destination when `logical`. */
  destination: number;
  /** 16–254 for fixed delivery. */
  vector: number;
  /** Delivery mode as in the message: 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT. */
  deliveryMode: number;
  logical: boolean;
  level: boolean;
}

/** What a message in compatibility format asks for. */
export function compatibilityInterrupt(address: number, data: number): DeliveredInterrupt {
  const logical = bits(
    address,
    format.COMPATIBILITY_ADDRESS_DESTINATION_MODE_HI,
    format.COMPATIBILITY_ADDRESS_DESTINATION_MODE_LO,
  );
  const level = bits(data, format.COMPATIBILITY_DATA_TRIGGER_MODE_HI, format.COMPATIBILITY_DATA_TRIGGER_MODE_LO);
  return {
    destination: bits(
      address,
      format.COMPATIBILITY_ADDRESS_DESTINATION_HI,
      format.COMPATIBILITY_ADDRESS_DESTINATION_LO,
    ),
    vector: bits(data, format.COMPATIBILITY_DATA_VECTOR_HI, format.COMPATIBILITY_DATA_VECTOR_LO),
    deliveryMode: bits(data, format.COMPATIBILITY_DATA_DELIVERY_MODE_HI, format.COMPATIBILITY_DATA_DELIVERY_MODE_LO),
    logical: logical === 1,
    level: level === 1,
  };
}

/** One processor's interrupt input. Called while devices work: it records, and acts later. */
export type InterruptSink = (interrupt: DeliveredInterrupt) => void;

/** Physical destination that means every processor, for 8-bit and for 32-bit APIC IDs. */
const BROADCAST = [0xff, 0xffff_ffff];
const MAX_APIC_ID = 0xffff_fffe;

export class InterruptFabric {
  readonly #sinks = new Map<number, InterruptSink>();

  /** Connects the processor with `apicId`. Throws ArgumentError when the ID is no ID or taken. */
  connect(apicId: number, sink: InterruptSink): void {
    if (!Number.isInteger(apicId) || apicId < 0 || apicId > MAX_APIC_ID || BROADCAST.includes(apicId)) {
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
      // Flat model: processor n of the first eight answers to bit n.
      for (const [apicId, sink] of this.#sinks) {
        if (apicId >= 8 || (interrupt.destination & (1 << apicId)) === 0) continue;
        sink(interrupt);
        taken++;
        if (interrupt.deliveryMode === 1) break;
      }
      return taken;
    }
    if (BROADCAST.includes(interrupt.destination)) {
      for (const sink of this.#sinks.values()) sink(interrupt);
      return this.#sinks.size;
    }
    const sink = this.#sinks.get(interrupt.destination);
    sink?.(interrupt);
    return sink === undefined ? 0 : 1;
  }
}
