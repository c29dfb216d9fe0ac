// Mirroring of the port's traffic to a pool (I350 §7.8.3, 82576 §7.10.3: VMRCTL, VMRVLAN, VMRVM).

export const MIRROR_RULES: u32 = 4;

/** VMRCTL of rule n at 5D80h + 4n. */
export const VMRCTL: u32 = 0x5d80;
/** Frames that the pools of VMRVM receive. */
export const VMRCTL_VPME: u32 = 0x0000_0001;
/** Frames from the uplink that some pool receives. */
export const VMRCTL_UPME: u32 = 0x0000_0002;
/** Frames that leave by the uplink. */
export const VMRCTL_DPME: u32 = 0x0000_0004;
/** Frames in the VLANs of VMRVLAN. */
export const VMRCTL_VLME: u32 = 0x0000_0008;
/** The pool that gets them too. */
export const VMRCTL_MP_HI: u32 = 10;
export const VMRCTL_MP_LO: u32 = 8;
export const VMRCTL_MASK: u32 = 0x0000_070f;
/** VMRVLAN of rule n at 5D90h + 4n: entries of VLVF, one bit each. */
export const VMRVLAN: u32 = 0x5d90;
/** VMRVM of rule n at 5DA0h + 4n: pools, one bit each. */
export const VMRVM: u32 = 0x5da0;
