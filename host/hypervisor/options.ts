// What whoever drives the hypervisor may ask for.
import { checkOptions } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";
import type { VmRam } from "./domains.ts";
import type { Levels } from "./unit-capabilities.ts";

export interface HypervisorOptions {
  /** Bytes of RAM for the administrator's software; default 2 MiB, and 2 more for each port of the cards. */
  administratorRam?: number;
  /** Levels of the second-stage tables; default the best that the IOMMU walks: 4, 5 or 3. */
  levels?: Levels;
  /** Let firmware use ARI where port and card can: VFs then lie closer to their PF. Default false. */
  ari?: boolean;
}

export interface VmOptions {
  /** Default "vm1", "vm2", …: the first that no VM has. */
  name?: string;
  /** Bytes of RAM inside the WebAssembly memory, or RAM that the embedder keeps. */
  ram: VmRam;
  /** Whether the VM has a host bridge at 00:00.0; false where an emulator has one already. Default true. */
  hostBridge?: boolean;
}

export interface AssignOptions {
  /** Its interrupts end a preemption of the VM, where the IOMMU posts interrupts. Default false. */
  urgent?: boolean;
  /** Device number on the VM's bus, 1 to 31. Default: the first that is free. */
  device?: number;
}

/** Whether `urgent` was asked for. Throws ArgumentError for options that are none. */
export function checkAssign(options: AssignOptions): boolean {
  checkOptions("options", options, ["urgent", "device"]);
  const { urgent = false } = options;
  if (typeof urgent !== "boolean") throw new ArgumentError("urgent", urgent, "is neither true nor false");
  return urgent;
}
