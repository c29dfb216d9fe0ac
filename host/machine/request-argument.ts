// Who makes a request, and at which address, as an embedder says it.
import { checkWord } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";

const REQUESTER_MAX = 0xffff;

/** Throws ArgumentError unless a requester ID has 16 bits and the halves of an address 32 each. */
export function checkRequest(requesterId: number, lo: number, hi: number): void {
  if (typeof requesterId !== "number" || (requesterId & REQUESTER_MAX) !== requesterId) {
    throw new ArgumentError("requesterId", requesterId, "is not a number of 16 bits");
  }
  checkWord("address", lo);
  checkWord("address", hi);
}
