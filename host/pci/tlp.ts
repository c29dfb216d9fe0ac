// Headers of requests, for the header log of whoever refused them.
import * as spec from "../../assembly/spec/pci/tlp.ts";
import { hi32, lo32, TWO_32 } from "../core/address.ts";
import { place } from "../core/bits.ts";
import type { AccessWidth } from "../core/ports.ts";
import { flag } from "./bits.ts";

/** A request of at most a dword that software made through the root complex (requester ID 0). */
export interface RootRequest {
  readonly space: "memory" | "io";
  readonly address: number;
  readonly width: AccessWidth;
  readonly write: boolean;
}

/** Four dwords; a three-dword header ends with 0. */
export type TlpHeader = readonly [number, number, number, number];

/** The header of `request`, as the link carries it. */
export function tlpHeader(request: RootRequest): TlpHeader {
  const wide = request.address >= TWO_32;
  const type = request.space === "io" ? spec.TLP_TYPE_IO : spec.TLP_TYPE_MEMORY;
  const dw0 =
    place(1, spec.TLP_DW0_LENGTH_HI, spec.TLP_DW0_LENGTH_LO) |
    place(type, spec.TLP_DW0_TYPE_HI, spec.TLP_DW0_TYPE_LO) |
    (wide ? flag(spec.TLP_DW0_FOUR_DWORDS_LO) : 0) |
    (request.write ? flag(spec.TLP_DW0_WITH_DATA_LO) : 0);
  const low = lo32(request.address);
  const enables = (2 ** request.width - 1) << (low % 4);
  const dw1 = place(enables, spec.TLP_DW1_FIRST_BYTE_ENABLES_HI, spec.TLP_DW1_FIRST_BYTE_ENABLES_LO);
  const dword = low - (low % 4);
  return wide ? [dw0 >>> 0, dw1, hi32(request.address), dword] : [dw0 >>> 0, dw1, dword, 0];
}
