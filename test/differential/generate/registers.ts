// Programs of register writes in any order, and invalidation queues with anything in them.
import * as inv from "../../../assembly/spec/vtd/descriptors.ts";
import {
  PAGE_RESPONSE_PP_LO,
  TYPE_DEVICE_TLB,
  TYPE_PAGE_GROUP_RESPONSE,
} from "../../../assembly/spec/vtd/device-tlb-descriptors.ts";
import {
  GCMD_CFI_LO,
  GCMD_IRE_LO,
  GCMD_QIE_LO,
  GCMD_SIRTP_LO,
  GCMD_SRTP_LO,
  GCMD_TE_LO,
  GCMD_WBF_LO,
} from "../../../assembly/spec/vtd/global.ts";
import type { Case, RegisterName } from "../case.ts";
import { TARGETS_BASE } from "../machine.ts";
import { LAST_REGISTERS } from "../run.ts";
import { type Choice, field } from "./choice.ts";
import { Script } from "./script.ts";

const COMMANDS = [GCMD_TE_LO, GCMD_SRTP_LO, GCMD_WBF_LO, GCMD_QIE_LO, GCMD_IRE_LO, GCMD_SIRTP_LO, GCMD_CFI_LO];
const PLAIN: readonly RegisterName[] = [
  "FECTL",
  "FEDATA",
  "FEADDR",
  "FEUADDR",
  "IECTL",
  "IEDATA",
  "IEADDR",
  "IEUADDR",
  "RTADDR",
  "IRTA",
  "IVA",
];

export function registerCase(choice: Choice, platform: string): Case {
  const script = new Script(choice, "registers", platform);
  for (let count = choice.between(3, 12); count > 0; count--) {
    const kind = choice.weighted([6, "plain"], [3, "command"], [2, "invalidate"], [1, "status"], [2, "read"]);
    if (kind === "plain") {
      const name = choice.one(PLAIN);
      script.register(name, choice.often(50) ? choice.bits(sizeOf(name)) : 1n << BigInt(choice.below(sizeOf(name))));
    } else if (kind === "command") {
      const bits = COMMANDS.filter(() => choice.often(30)).reduce((sum, bit) => sum + 2 ** bit, 0);
      script.register("GCMD", choice.often(90) ? bits : choice.bits(32));
    } else if (kind === "invalidate") script.register(choice.one(["CCMD", "IOTLB"] as const), choice.bits(64));
    else if (kind === "status")
      script.register(choice.one(["FSTS", "ICS", "GSTS", "IQH", "CAP", "ECAP"] as const), choice.bits(32));
    else script.steps.push({ op: "read", names: [...LAST_REGISTERS] });
  }
  return script.case;
}

function sizeOf(name: RegisterName): number {
  return name === "RTADDR" || name === "IRTA" || name === "IVA" ? 64 : 32;
}

/** Descriptors of 128 bits, most of them well formed. */
function descriptor(choice: Choice): [bigint, bigint] {
  const type = choice.weighted<number>(
    [3, inv.TYPE_CONTEXT],
    [3, inv.TYPE_IOTLB],
    [3, inv.TYPE_INTERRUPT_ENTRY],
    [6, inv.TYPE_WAIT],
    [1, choice.below(16)],
  );
  let low = field(inv.DESCRIPTOR_TYPE_LOW_HI, inv.DESCRIPTOR_TYPE_LOW_LO, type);
  let high = 0n;
  if (type === inv.TYPE_CONTEXT) {
    low |= field(inv.CONTEXT_INV_G_HI, inv.CONTEXT_INV_G_LO, choice.often(95) ? choice.between(1, 3) : 0);
    low |= field(inv.CONTEXT_INV_DID_HI, inv.CONTEXT_INV_DID_LO, choice.bits(16));
    low |= field(inv.CONTEXT_INV_SID_HI, inv.CONTEXT_INV_SID_LO, choice.bits(16));
    low |= field(inv.CONTEXT_INV_FM_HI, inv.CONTEXT_INV_FM_LO, choice.bits(2));
  } else if (type === inv.TYPE_IOTLB) {
    low |= field(inv.IOTLB_INV_G_HI, inv.IOTLB_INV_G_LO, choice.often(95) ? choice.between(1, 3) : 0);
    low |= field(inv.IOTLB_INV_DID_HI, inv.IOTLB_INV_DID_LO, choice.bits(16));
    low |= field(inv.IOTLB_INV_DR_HI, inv.IOTLB_INV_DW_LO, choice.bits(2));
    high |= field(inv.IOTLB_INV_ADDR_HI - 64, inv.IOTLB_INV_ADDR_LO - 64, choice.bits(52));
    high |= field(
      inv.IOTLB_INV_AM_HI - 64,
      inv.IOTLB_INV_AM_LO - 64,
      choice.often(90) ? choice.below(19) : choice.below(64),
    );
    high |= field(inv.IOTLB_INV_IH_HI - 64, inv.IOTLB_INV_IH_LO - 64, choice.bits(1));
  } else if (type === inv.TYPE_INTERRUPT_ENTRY) {
    low |= field(inv.IEC_INV_G_HI, inv.IEC_INV_G_LO, choice.bits(1));
    low |= field(inv.IEC_INV_IM_HI, inv.IEC_INV_IM_LO, choice.below(16));
    low |= field(inv.IEC_INV_IIDX_HI, inv.IEC_INV_IIDX_LO, choice.bits(16));
  } else if (type === inv.TYPE_WAIT) {
    const [status, fence] = choice.weighted([8, [1, 0]], [2, [1, 1]], [1, [0, 1]]) as [number, number];
    low |= field(inv.WAIT_IF_HI, inv.WAIT_IF_LO, choice.weighted([3, 0], [1, 1]));
    low |= field(inv.WAIT_SW_HI, inv.WAIT_SW_LO, status);
    low |= field(inv.WAIT_FN_HI, inv.WAIT_FN_LO, fence);
    low |= field(inv.WAIT_DATA_HI, inv.WAIT_DATA_LO, choice.bits(32));
    high = BigInt(TARGETS_BASE + choice.below(0x1000) * 4);
  }
  if (choice.often(4)) low ^= 1n << BigInt(choice.below(64));
  // A status address stays in memory.
  if (choice.often(2)) high ^= 1n << BigInt(choice.below(type === inv.TYPE_WAIT ? 2 : 64));
  // What QEMU judges otherwise comes last in a queue only, below.
  if (isEmptyWait(low)) low |= field(inv.WAIT_FN_HI, inv.WAIT_FN_LO, 1);
  if (typeOf(low) === inv.TYPE_INTERRUPT_ENTRY) low &= ~field(inv.IEC_INV_IM_HI, inv.IEC_INV_IM_HI, 1);
  if (typeOf(low) === TYPE_PAGE_GROUP_RESPONSE || typeOf(low) === TYPE_DEVICE_TLB)
    low = BigInt(inv.TYPE_CONTEXT | 0x10);
  return [low, high];
}

/** A descriptor's type, its upper part above the lower. */
export function typeOf(low: bigint): number {
  const upper =
    (low >> BigInt(inv.DESCRIPTOR_TYPE_HIGH_LO)) &
    field(inv.DESCRIPTOR_TYPE_HIGH_HI - inv.DESCRIPTOR_TYPE_HIGH_LO, 0, -1);
  const lower = low & field(inv.DESCRIPTOR_TYPE_LOW_HI, inv.DESCRIPTOR_TYPE_LOW_LO, -1);
  return Number((upper << 4n) | lower);
}

/** A wait descriptor that asks for nothing. */
export function isEmptyWait(low: bigint): boolean {
  return typeOf(low) === inv.TYPE_WAIT && (low & field(inv.WAIT_FN_HI, inv.WAIT_IF_LO, -1)) === 0n;
}

export function queueCase(choice: Choice, platform: string): Case {
  const script = new Script(choice, "queue", platform);
  const size = choice.weighted([6, 0], [2, 1], [1, 2]);
  const base = script.pages(2 ** size);
  const bytes = 4096 << size;
  let tail = 0;
  script.register("IQT", 0);
  script.register("IQA", base | BigInt(size));
  if (choice.often(30)) script.register("IECTL", 0);
  script.register("IEDATA", choice.bits(8) | 0x20n);
  script.register("IEADDR", 0xfee0_0000n | (choice.bits(8) << 12n));
  script.command({ QIE: true });
  for (let batch = choice.between(1, 5); batch > 0; batch--) {
    for (let count = choice.between(1, 4); count > 0; count--) {
      script.put(base + BigInt(tail), ...descriptor(choice));
      tail = (tail + inv.DESCRIPTOR_SIZE) % bytes;
    }
    script.register("IQT", choice.often(98) ? tail : choice.bits(32));
    script.steps.push({ op: "read", names: ["IQH", "IQT", "FSTS", "ICS", "IECTL", "FECTL"] });
    if (choice.often(30)) {
      script.register("IQT", tail);
      script.register("FSTS", 0x7f);
      if (choice.often(10)) script.steps.push({ op: "read", names: ["IQH", "FSTS", "FECTL"] });
      // QEMU goes on only now.
      script.register("IQT", tail);
      script.steps.push({ op: "read", names: ["IQH", "FSTS", "FECTL"] });
    }
    if (choice.often(30)) script.register("ICS", 1);
    if (choice.often(20)) script.register("IECTL", choice.one([0, 0x8000_0000]));
  }
  if (choice.often(3)) {
    script.put(
      base + BigInt(tail),
      BigInt(choice.one([inv.TYPE_WAIT, TYPE_DEVICE_TLB, TYPE_PAGE_GROUP_RESPONSE | (1 << PAGE_RESPONSE_PP_LO)])),
      0n,
    );
    script.register("IQT", (tail + inv.DESCRIPTOR_SIZE) % bytes);
    script.steps.push({ op: "read", names: ["IQH", "FSTS", "FECTL"] });
  }
  return script.case;
}
