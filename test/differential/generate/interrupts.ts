// Interrupt remapping: a table of random entries, messages in both formats, entries changed and invalidated.
import * as compatibility from "../../../assembly/spec/vtd/compatibility-format.ts";
import * as request from "../../../assembly/spec/vtd/interrupt-request.ts";
import * as table from "../../../assembly/spec/vtd/interrupt-table-address.ts";
import * as irte from "../../../assembly/spec/vtd/irte.ts";
import type { Case, EduNumber } from "../case.ts";
import { EDU_FUNCTIONS, HOLE_BASE, PLATFORMS, requesterId } from "../machine.ts";
import { type Choice, field, whole } from "./choice.ts";
import { Invalidator } from "./invalidate.ts";
import { Script } from "./script.ts";

const UPPER = 64;
const DEVICES: readonly EduNumber[] = [0, 1, 2, 3];
const VALID_MODES = [
  irte.DLM_FIXED,
  irte.DLM_FIXED,
  irte.DLM_LOWEST_PRIORITY,
  irte.DLM_SMI,
  irte.DLM_NMI,
  irte.DLM_INIT,
  irte.DLM_EXTINT,
];

/** The two words of an entry; `device` is whom it is meant for. */
function entry(choice: Choice, device: EduNumber, extended: boolean): [bigint, bigint] {
  const rid = requesterId(EDU_FUNCTIONS[device]);
  const destination = extended ? choice.bits(32) : choice.bits(8) << 8n;
  const mode = choice.often(95) ? choice.one(VALID_MODES) : choice.below(8);
  let low =
    field(irte.IRTE_P_HI, irte.IRTE_P_LO, Number(choice.often(92))) |
    field(irte.IRTE_FPD_HI, irte.IRTE_FPD_LO, Number(choice.often(10))) |
    field(irte.IRTE_DM_HI, irte.IRTE_DM_LO, choice.below(2)) |
    field(irte.IRTE_RH_HI, irte.IRTE_RH_LO, choice.below(2)) |
    field(irte.IRTE_TM_HI, irte.IRTE_TM_LO, choice.below(2)) |
    field(irte.IRTE_DLM_HI, irte.IRTE_DLM_LO, mode) |
    field(irte.IRTE_AVAIL_HI, irte.IRTE_AVAIL_LO, choice.often(20) ? choice.below(16) : 0) |
    field(irte.IRTE_V_HI, irte.IRTE_V_LO, choice.between(16, 254)) |
    field(irte.IRTE_DST_HI, irte.IRTE_DST_LO, destination);
  const sid = choice.weighted(
    [5, rid],
    [2, rid ^ choice.below(8)],
    [2, choice.below(0x1_0000)],
    [1, choice.below(4) << 8],
  );
  const svt = choice.weighted(
    [2, irte.SVT_NONE],
    [6, irte.SVT_REQUESTER],
    [2, irte.SVT_BUS_RANGE],
    [0, irte.SVT_RESERVED],
  );
  let high =
    field(irte.IRTE_SID_HI - UPPER, irte.IRTE_SID_LO - UPPER, sid) |
    field(irte.IRTE_SQ_HI - UPPER, irte.IRTE_SQ_LO - UPPER, choice.below(4)) |
    field(irte.IRTE_SVT_HI - UPPER, irte.IRTE_SVT_LO - UPPER, choice.often(98) ? svt : irte.SVT_RESERVED);
  if (choice.often(3)) low |= 1n << BigInt(choice.one([12, 13, 14, choice.between(24, 31)]));
  if (choice.often(3)) high |= 1n << BigInt(choice.between(20, 63));
  if (!extended && choice.often(2)) low |= 1n << BigInt(choice.between(48, 63));
  if (choice.often(1)) low |= whole(irte.IRTE_IM_HI, irte.IRTE_IM_LO);
  return [low, high];
}

export function interruptCase(choice: Choice, platform: string): Case {
  const script = new Script(choice, "interrupts", platform);
  const extended = PLATFORMS[platform]?.eim === "on" && choice.often(70);
  const size = choice.between(0, 8);
  const entries = 2 ** (size + 1);
  const base = choice.often(97) ? script.pages(Math.max(1, (entries * irte.IRTE_SIZE) / 4096)) : BigInt(HOLE_BASE);
  const used = Array.from({ length: Math.min(entries, choice.between(2, 6)) }, () => choice.below(entries));
  const put = (index: number): void => {
    if (base === BigInt(HOLE_BASE)) return;
    script.put(base + BigInt(index * irte.IRTE_SIZE), ...entry(choice, choice.one(DEVICES), extended));
  };
  for (const index of new Set(used)) put(index);
  const invalidator = new Invalidator(script, true);
  script.register(
    "IRTA",
    base |
      field(table.IRTA_EIME_HI, table.IRTA_EIME_LO, Number(extended)) |
      field(table.IRTA_S_HI, table.IRTA_S_LO, size),
  );
  script.command({}, "SIRTP");
  if (choice.often(95)) script.command({ IRE: true });
  for (let count = choice.between(2, 6); count > 0; count--) message(choice, script, used, entries);
  for (let round = choice.below(3); round > 0; round--) {
    const index = choice.one(used);
    put(index);
    const mask = choice.below(3);
    invalidator.interruptEntries(choice.one(["all" as const, { index: (index >> mask) << mask, mask }]));
    for (let count = choice.between(1, 4); count > 0; count--) message(choice, script, [...used, index], entries);
  }
  return script.case;
}

function message(choice: Choice, script: Script, used: readonly number[], entries: number): void {
  const device = choice.one(DEVICES);
  if (choice.often(12)) {
    const address =
      field(
        compatibility.COMPATIBILITY_ADDRESS_IDENTIFIER_HI,
        compatibility.COMPATIBILITY_ADDRESS_IDENTIFIER_LO,
        compatibility.COMPATIBILITY_IDENTIFIER,
      ) |
      field(
        compatibility.COMPATIBILITY_ADDRESS_DESTINATION_HI,
        compatibility.COMPATIBILITY_ADDRESS_DESTINATION_LO,
        choice.below(256),
      ) |
      field(
        compatibility.COMPATIBILITY_ADDRESS_REDIRECTION_HINT_HI,
        compatibility.COMPATIBILITY_ADDRESS_REDIRECTION_HINT_LO,
        choice.below(2),
      ) |
      field(
        compatibility.COMPATIBILITY_ADDRESS_DESTINATION_MODE_HI,
        compatibility.COMPATIBILITY_ADDRESS_DESTINATION_MODE_LO,
        choice.below(2),
      );
    script.message(device, address, choice.between(16, 254) | (choice.one([0, 1, 4]) << 8));
    return;
  }
  const index = choice.weighted(
    [17, choice.one(used)],
    [2, choice.below(entries)],
    [1, choice.one([entries, entries + 1, 0xffff, choice.below(0x1_0000)])],
  );
  const subhandle = choice.often(40);
  const handle = subhandle ? Math.max(0, index - choice.below(4)) : index;
  const address =
    field(
      request.REQUEST_ADDRESS_IDENTIFIER_HI,
      request.REQUEST_ADDRESS_IDENTIFIER_LO,
      compatibility.COMPATIBILITY_IDENTIFIER,
    ) |
    field(request.REQUEST_ADDRESS_HANDLE_LOW_HI, request.REQUEST_ADDRESS_HANDLE_LOW_LO, handle) |
    field(
      request.REQUEST_ADDRESS_HANDLE_HIGH_HI,
      request.REQUEST_ADDRESS_HANDLE_HIGH_LO,
      handle >> request.REQUEST_HANDLE_LOW_WIDTH,
    ) |
    field(request.REQUEST_ADDRESS_FORMAT_HI, request.REQUEST_ADDRESS_FORMAT_LO, 1) |
    field(request.REQUEST_ADDRESS_SHV_HI, request.REQUEST_ADDRESS_SHV_LO, Number(subhandle));
  script.message(device, address, subhandle ? index - handle : choice.below(0x1_0000));
}
