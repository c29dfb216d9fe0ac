// What the PF's driver imposes on the pools: mirror rules, what becomes of misbehaviour, rate limits. Part of a port's
// state (spec/abi/port).

export const PORT_POLICY: u32 = 17024;
/** Mirror rules: VMRCTL, VMRVLAN, VMRVM. */
export const PORT_MIRRORS: u32 = 17024;
export const MIRROR_SIZE: u32 = 16;
export const MIRROR_CONTROL: u32 = 0;
export const MIRROR_VLANS: u32 = 4;
export const MIRROR_POOLS: u32 = 8;
export const PORT_DTXCTL: u32 = 17088;
/** LVMMC: the last misbehaviour, and its queue. */
export const PORT_LVMMC: u32 = 17092;
/** MDFB: pools whose transmit queues are blocked for misbehaviour. */
export const PORT_MDFB: u32 = 17096;
// Derived by portUpdate(): pools that take every unicast, every VLAN, that hide tags; rules in use; limited queues.
export const PORT_UNICAST: u32 = 17100;
export const PORT_ANY_VLAN: u32 = 17104;
export const PORT_HIDDEN: u32 = 17108;
export const PORT_MIRRORING: u32 = 17112;
export const PORT_LIMITED: u32 = 17116;
/** The machine's time in nanoseconds, 64 bits, as the host set it last. */
export const PORT_NOW: u32 = 17120;
/** RTTBCNRM. */
export const PORT_WINDOW: u32 = 17128;
/** Pools that neither send nor receive because their link is down. */
export const PORT_LINKLESS: u32 = 17132;
/** Transmit queues that sent forged frames since the host took them. */
export const PORT_FORGED: u32 = 17136;
/** Of each transmit queue: when it may send again, 64 bits of nanoseconds, and RTTBCNRC. */
export const PORT_RATES: u32 = 17152;
export const RATE_SIZE: u32 = 16;
export const RATE_NEXT: u32 = 0;
export const RATE_CONFIG: u32 = 8;
