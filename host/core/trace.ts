// The one port through which a machine's events can be watched. Costs one comparison while nobody listens.

export type TraceEvent =
  | { kind: "interrupt"; requesterId: number; destination: number; vector: number }
  | {
      kind: "interrupt-refused";
      requesterId: number;
      addressLo: number;
      addressHi: number;
      data: number;
      reason: number;
    }
  | { kind: "config"; vm: string; requesterId: number; offset: number; width: number; write: boolean; value: number }
  | { kind: "mmio"; vm: string; address: number; width: number; write: boolean; value: number }
  | { kind: "assign" | "revoke"; vm: string; requesterId: number };

export class Trace {
  /** Called with every event as it happens; undefined when nobody listens. Must not call into the machine. */
  listener: ((event: TraceEvent) => void) | undefined;
}
