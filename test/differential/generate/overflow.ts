// Faults that meet a full record: compression, overflow, the fault event and its mask (VT-d 5.10 §7.2, §7.3).
import { EVENT_CONTROL_IM_LO } from "../../../assembly/spec/vtd/event.ts";
import { FSTS_PFO_LO } from "../../../assembly/spec/vtd/fault-status.ts";
import { ROOT_P_LO } from "../../../assembly/spec/vtd/root-entry.ts";
import type { Case, EduNumber } from "../case.ts";
import type { Choice } from "./choice.ts";
import { Script } from "./script.ts";

/** Every request finds a context entry that is not present, so that every one is a fault. */
export function overflowCase(choice: Choice, platform: string): Case {
  const script = new Script(choice, "overflow", platform);
  const root = script.page();
  script.put(root, script.page() | (1n << BigInt(ROOT_P_LO)), 0n);
  script.register("FEDATA", choice.between(16, 254));
  script.register("FEADDR", 0xfee0_0000n | (choice.bits(8) << 12n));
  script.register("FECTL", choice.often(50) ? 0 : 2 ** EVENT_CONTROL_IM_LO);
  script.register("RTADDR", root);
  script.command({}, "SRTP");
  script.command({ TE: true });
  for (let count = choice.between(4, 14); count > 0; count--) {
    const kind = choice.weighted([8, "access"], [3, "clear"], [2, "status"], [2, "mask"], [1, "off"]);
    if (kind === "access") {
      const device = choice.below(4) as EduNumber;
      const iova = choice.bits(47) & ~63n;
      if (iova >> 20n !== 0xfeen) script.dma(choice.one(["read", "write"]), device, iova, 8, choice.often(25));
    } else if (kind === "clear") script.look(true);
    else if (kind === "status") script.register("FSTS", 2 ** FSTS_PFO_LO);
    else if (kind === "mask") script.register("FECTL", choice.often(50) ? 0 : 2 ** EVENT_CONTROL_IM_LO);
    else {
      script.command({ TE: false });
      script.command({ TE: true });
    }
    script.steps.push({ op: "read", names: ["FSTS", "FECTL"] });
  }
  return script.case;
}
