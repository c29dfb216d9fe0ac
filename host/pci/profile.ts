// A function's configuration space as data: who it is, where its capabilities lie, which BARs it has.
import type { BarKind } from "./bar.ts";
import { addCapability, type Capability } from "./capability.ts";
import { ConfigSpace, type RegisterRow } from "./config-space.ts";
import { type Identity, type0Header, type1Header, virtualFunctionHeader } from "./header.ts";

/** A BAR without what is behind it. */
export interface BarProfile {
  index: number;
  kind: BarKind;
  prefetchable: boolean;
  /** Bytes. */
  size: number;
}

export interface PlacedCapability {
  offset: number;
  capability: Capability;
}

export interface FunctionProfile {
  layout: "type0" | "type1" | "virtual";
  identity: Identity;
  /** In the order in which they are linked. */
  capabilities: readonly PlacedCapability[];
  /** To be added with their handlers: `profileConfig` leaves them out. */
  bars: readonly BarProfile[];
  /** Bytes of the expansion ROM, 0 for none. */
  romSize: number;
  /** Registers in no capability, offsets from the start of the space. */
  rows: readonly RegisterRow[];
}

/** The configuration space that `profile` describes, at power-up, without BARs and ROM. */
export function profileConfig(profile: FunctionProfile): ConfigSpace {
  const config = new ConfigSpace();
  const headers = { type0: type0Header, type1: type1Header, virtual: virtualFunctionHeader };
  config.define(headers[profile.layout](profile.identity));
  for (const { offset, capability } of profile.capabilities) addCapability(config, offset, capability);
  config.define(profile.rows);
  return config;
}
