// What becomes of an interrupt request, as the module leaves it (assembly/spec/abi/iommu.ts).
import * as abi from "../../assembly/spec/abi/iommu.ts";
import { type Hpa, join32 } from "../core/address.ts";

/** An interrupt as the remapping table wants it delivered (VT-d 5.10 §9.9). */
export interface RemappedInterrupt {
  /** Whether the destination is one of 32 bits (x2APIC mode), otherwise of 8. */
  wide: boolean;
  /** APIC ID or logical destination: 8 bits, or 32 in x2APIC mode. */
  destination: number;
  vector: number;
  /** DLM: 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT. */
  deliveryMode: number;
  level: boolean;
  logical: boolean;
  redirectionHint: boolean;
}

/** An interrupt that was recorded in a posted-interrupt descriptor (VT-d 5.10 §5.2.3). */
export interface PostedInterrupt {
  /** The descriptor. */
  descriptor: Hpa;
  /** The bit of PIR that was set. */
  vector: number;
  /** "sent" with the notification to deliver; none while one is outstanding (ON) or they are suppressed (SN). */
  outcome: "sent" | "outstanding" | "suppressed";
  notification?: RemappedInterrupt;
}

export type RemapResult =
  | { kind: "deliver"; interrupt: RemappedInterrupt }
  | { kind: "posted"; posted: PostedInterrupt }
  /** Remapping is disabled or lets the format pass: deliver the message as it is. */
  | { kind: "unchanged" }
  /** The reason is a FAULT_ number; 0 when the message is no interrupt request. */
  | { kind: "refused"; reason: number };

/** The interrupt, or the notification, in the words that the module left. */
export function remappedInterrupt(words: Uint32Array): RemappedInterrupt {
  const at = (offset: number): number => words[offset >>> 2] as number;
  return {
    wide: at(abi.REMAP_WIDE) !== 0,
    destination: at(abi.REMAP_DESTINATION),
    vector: at(abi.REMAP_VECTOR),
    deliveryMode: at(abi.REMAP_DELIVERY_MODE),
    level: at(abi.REMAP_TRIGGER_MODE) !== 0,
    logical: at(abi.REMAP_DESTINATION_MODE) !== 0,
    redirectionHint: at(abi.REMAP_REDIRECTION_HINT) !== 0,
  };
}

/** What was posted. */
export function postedInterrupt(words: Uint32Array): PostedInterrupt {
  const at = (offset: number): number => words[offset >>> 2] as number;
  const descriptor = join32(at(abi.REMAP_DESCRIPTOR), at(abi.REMAP_DESCRIPTOR + 4)) as Hpa;
  const vector = at(abi.REMAP_POSTED_VECTOR);
  const outcome = at(abi.REMAP_NOTIFICATION);
  if (outcome === abi.NOTIFICATION_SENT) {
    return { descriptor, vector, outcome: "sent", notification: remappedInterrupt(words) };
  }
  return { descriptor, vector, outcome: outcome === abi.NOTIFICATION_OUTSTANDING ? "outstanding" : "suppressed" };
}
