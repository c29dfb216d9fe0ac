// Deviations in interrupt remapping: QEMU and the specification judge a message by different rules
// (../interrupt-rules.ts).
import type { InterruptOutcome, Outcome, Step } from "../case.ts";
import type { Pair } from "../compare.ts";
import { decide } from "../interrupt-rules.ts";
import { afterAccess, type Deviation, judgedAs } from "./deviation.ts";

/** A rule about interrupt requests: it shows in the fault after a message, and in what became of the message. */
function interruptRule(rule: string): (pair: Pair) => Outcome | undefined {
  return (pair) => {
    const { test, qemu, ours } = pair;
    if (qemu?.kind === "interrupts" && ours?.kind === "interrupts") {
      if (qemu.messages.length !== ours.messages.length) return undefined;
      const steps = [...test.steps.entries()].filter(([, { op }]) => op === "message");
      const messages = qemu.messages.map((message, place) => {
        const [index, step] = steps[place] as [number, Step & { op: "message" }];
        const decision = decide(test, index, step);
        const right = ours.messages[place] as InterruptOutcome | null;
        if (decision?.rule !== rule || (decision.qemu === undefined) !== (message !== null)) return message;
        return (decision.specification === undefined) === (right !== null) ? right : message;
      });
      return { ...qemu, messages };
    }
    return afterAccess((look) => {
      if (look.access.op !== "message") return undefined;
      const decision = decide(test, look.accessIndex, look.access);
      if (decision?.rule !== rule) return undefined;
      const shown = (reason: number | undefined): number | undefined => (decision.suppressed ? undefined : reason);
      if (look.qemu.record?.reason !== shown(decision.qemu)) return undefined;
      return look.ours.record?.reason === shown(decision.specification) ? judgedAs(look) : undefined;
    })(pair);
  };
}

export const INTERRUPT_DEVIATIONS: readonly Deviation[] = [
  {
    name: "compatibility format",
    clause: "VT-d 5.10 §5.1.4 (25h)",
    qemu: "delivers a message in compatibility format although remapping is on and GSTS_REG.CFIS is clear",
    without: interruptRule("compatibility"),
  },
  {
    name: "bus range",
    clause: "VT-d 5.10 §9.9 IRTE.SVT (10b)",
    qemu: "takes the first and the last bus of SID in exchanged places",
    without: interruptRule("bus range"),
  },
  {
    name: "reserved before requester",
    clause: "VT-d 5.10 §5.1.4",
    qemu: "reports reserved bits of an entry (24h) before it checks the requester (26h)",
    without: interruptRule("order"),
  },
  {
    name: "reserved encodings of an entry",
    clause: "VT-d 5.10 §9.9 IRTE.DST, DLM, IM, SVT (24h)",
    qemu: "ignores DST bits reserved without EIME, DLM 3 and 6 and IM=1 without posting; calls SVT=11b a wrong requester",
    without: interruptRule("reserved fields"),
  },
];
