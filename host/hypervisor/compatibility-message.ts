// The messages that a guest's software knows: an APIC ID in the address, a vector in the data.
import * as format from "../../assembly/spec/vtd/compatibility-format.ts";
import { bits, place } from "../core/bits.ts";
import type { InterruptMessage } from "./remapping-driver.ts";

/** The APIC ID that a VM's one processor has in the VM's own eyes. */
export const GUEST_APIC_ID = 0;

/** Physical destination that means every processor. */
const BROADCAST = 0xff;
const FIRST_VECTOR = 16;
const LOWEST_PRIORITY = 1;

/** The message that interrupts the processor with `apicId` (0–254) at `vector`, fixed, edge-triggered. */
export function compatibilityMessage(apicId: number, vector: number): InterruptMessage {
  const identifier = place(
    format.COMPATIBILITY_IDENTIFIER,
    format.COMPATIBILITY_ADDRESS_IDENTIFIER_HI,
    format.COMPATIBILITY_ADDRESS_IDENTIFIER_LO,
  );
  const destination = place(
    apicId,
    format.COMPATIBILITY_ADDRESS_DESTINATION_HI,
    format.COMPATIBILITY_ADDRESS_DESTINATION_LO,
  );
  return { addressLo: (identifier | destination) >>> 0, addressHi: 0, data: vector };
}

/**
 * The vector by which a guest's message interrupts its own processor `apicId`, or undefined when it would not:
 * outside the interrupt range, for another processor, or not an ordinary interrupt.
 */
export function guestMessageVector(apicId: number, message: InterruptMessage): number | undefined {
  const { addressLo, addressHi, data } = message;
  const identifier = bits(
    addressLo,
    format.COMPATIBILITY_ADDRESS_IDENTIFIER_HI,
    format.COMPATIBILITY_ADDRESS_IDENTIFIER_LO,
  );
  if (addressHi !== 0 || identifier !== format.COMPATIBILITY_IDENTIFIER) return undefined;
  if (bits(addressLo, format.COMPATIBILITY_ADDRESS_FORMAT_HI, format.COMPATIBILITY_ADDRESS_FORMAT_LO) !== 0) {
    return undefined;
  }
  const destination = bits(
    addressLo,
    format.COMPATIBILITY_ADDRESS_DESTINATION_HI,
    format.COMPATIBILITY_ADDRESS_DESTINATION_LO,
  );
  const logical = bits(
    addressLo,
    format.COMPATIBILITY_ADDRESS_DESTINATION_MODE_HI,
    format.COMPATIBILITY_ADDRESS_DESTINATION_MODE_LO,
  );
  const meant =
    logical === 1 ? (destination & (1 << apicId)) !== 0 : destination === apicId || destination === BROADCAST;
  const mode = bits(data, format.COMPATIBILITY_DATA_DELIVERY_MODE_HI, format.COMPATIBILITY_DATA_DELIVERY_MODE_LO);
  const vector = bits(data, format.COMPATIBILITY_DATA_VECTOR_HI, format.COMPATIBILITY_DATA_VECTOR_LO);
  return meant && mode <= LOWEST_PRIORITY && vector >= FIRST_VECTOR ? vector : undefined;
}
