// The machine of the interrupt case: one remapping table, each entry for one requester.

import {
  REQUEST_ADDRESS_FORMAT_LO,
  REQUEST_ADDRESS_HANDLE_LOW_LO,
  REQUEST_ADDRESS_IDENTIFIER_LO,
  REQUEST_ADDRESS_SHV_LO,
} from "../../assembly/spec/vtd/interrupt-request.ts";
import { IRTA_EIME_LO, IRTA_S_LO } from "../../assembly/spec/vtd/interrupt-table-address.ts";
import {
  IRTE_P_LO,
  IRTE_RH_LO,
  IRTE_SID_LO,
  IRTE_SIZE,
  IRTE_SVT_LO,
  IRTE_TM_LO,
  IRTE_V_LO,
  SVT_REQUESTER,
} from "../../assembly/spec/vtd/irte.ts";
import type { MachineImage } from "./machine.ts";
import { TableBuilder } from "./tables.ts";

const RAM = 0x10_0000;
const TABLE = 0x1_0000;
/** The field of IRTA_REG for ENTRIES: 2^(S+1). */
const TABLE_SIZE = 7;
const IDENTIFIER = 0xfee;
const UPPER = 64;

export const INTERRUPTS = 256;

/** Requests: requester, address, data of each. */
export interface InterruptScene {
  readonly image: MachineImage;
  readonly requests: Uint32Array;
}

/** Entry `index` is for this requester. */
function requesterOf(index: number): number {
  return 0x0310 + (index & 7);
}

/** An entry's first vector is 32; they are all different from their neighbours' in every field that a request sees. */
export function interruptScene(): InterruptScene {
  const ram = new ArrayBuffer(RAM);
  const tables = new TableBuilder(ram, 0x1000, TABLE);
  const words = tables.words;
  const requests = new Uint32Array(INTERRUPTS * 3);
  for (let index = 0; index < INTERRUPTS; index++) {
    const at = (TABLE + index * IRTE_SIZE) >>> 2;
    const vector = 0x20 + (index % 200);
    const flags = ((index & 1) << IRTE_TM_LO) | (((index >>> 1) & 1) << IRTE_RH_LO) | (1 << IRTE_P_LO);
    words[at] = (vector << IRTE_V_LO) | flags;
    words[at + 1] = 0x1000 + index * 3;
    words[at + 2] = (SVT_REQUESTER << (IRTE_SVT_LO - UPPER)) | (requesterOf(index) << (IRTE_SID_LO - UPPER));
    words[at + 3] = 0;
  }
  for (let number = 0; number < INTERRUPTS; number++) {
    const index = (number * 37) & (INTERRUPTS - 1);
    // A multi-message function adds its message number to the handle.
    const message = index & 3;
    const address =
      (IDENTIFIER << REQUEST_ADDRESS_IDENTIFIER_LO) |
      ((index - message) << REQUEST_ADDRESS_HANDLE_LOW_LO) |
      (1 << REQUEST_ADDRESS_FORMAT_LO) |
      (1 << REQUEST_ADDRESS_SHV_LO);
    requests.set([requesterOf(index), address >>> 0, message], number * 3);
  }
  const interruptTable = TABLE | (1 << IRTA_EIME_LO) | (TABLE_SIZE << IRTA_S_LO);
  const external = { base: 64 * 2 ** 30, size: 4096 };
  return { image: { ram, external, rootTable: tables.rootTable, interruptTable }, requests };
}
