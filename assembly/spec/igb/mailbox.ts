// The mailbox between the PF and each VF: its registers (I350 §8.14, 82576 §8.14) and the words that the
// PF and VF drivers of the field put into it (82576 SR-IOV driver companion guide; Linux igb and igbvf).

/** Words of one mailbox buffer (VMBMEM). */
export const MAILBOX_WORDS: u32 = 16;

// P2VMAILBOX[n], PF side of VF n's mailbox.

/** Start of a message to the VF: sets PFSTS there and interrupts it. Write-only. */
export const P2VMAILBOX_STS: u32 = 0x0000_0001;
/** Acknowledges the VF's message: sets PFACK there and interrupts it. Write-only. */
export const P2VMAILBOX_ACK: u32 = 0x0000_0002;
/** The VF holds the buffer. Read-only. */
export const P2VMAILBOX_VFU: u32 = 0x0000_0004;
/** The PF holds the buffer: it sticks only while VFU is clear. */
export const P2VMAILBOX_PFU: u32 = 0x0000_0008;
/** Takes the buffer away from a VF that is stuck: clears VFU. Write-only. */
export const P2VMAILBOX_RVFU: u32 = 0x0000_0010;

// V2PMAILBOX, VF side.

/** A request is in the buffer: sets the VF's MBVFICR.VFREQ bit and interrupts the PF. Write-only. */
export const V2PMAILBOX_REQ: u32 = 0x0000_0001;
/** Acknowledges the PF's message: sets the VF's MBVFICR.VFACK bit. Write-only. */
export const V2PMAILBOX_ACK: u32 = 0x0000_0002;
/** The VF holds the buffer: it sticks only while PFU is clear. */
export const V2PMAILBOX_VFU: u32 = 0x0000_0004;
/** The PF holds the buffer. Read-only. */
export const V2PMAILBOX_PFU: u32 = 0x0000_0008;
/** The PF wrote a message. Cleared by reading. */
export const V2PMAILBOX_PFSTS: u32 = 0x0000_0010;
/** The PF acknowledged the VF's message. Cleared by reading. */
export const V2PMAILBOX_PFACK: u32 = 0x0000_0020;
/** The PF is in reset: read-only, until the PF sets CTRL_EXT.PFRSTD. */
export const V2PMAILBOX_RSTI: u32 = 0x0000_0040;
/** The PF's reset is done. Cleared by reading. */
export const V2PMAILBOX_RSTD: u32 = 0x0000_0080;

// MBVFICR and VFLRE: which VF asks for what, one bit a VF, cleared by writing one.

export const MBVFICR_VFREQ_HI: u32 = 7;
export const MBVFICR_VFREQ_LO: u32 = 0;
export const MBVFICR_VFACK_HI: u32 = 23;
export const MBVFICR_VFACK_LO: u32 = 16;
export const VFLRE_VFLRE_HI: u32 = 7;
export const VFLRE_VFLRE_LO: u32 = 0;

// Word 0 of a message.

/** The answer of the PF: granted. */
export const MESSAGE_ACK: u32 = 0x8000_0000;
/** The answer of the PF: refused. */
export const MESSAGE_NACK: u32 = 0x4000_0000;
/** The VF has been through VF_RESET and may send requests. */
export const MESSAGE_CTS: u32 = 0x2000_0000;
export const MESSAGE_INFO_HI: u32 = 23;
export const MESSAGE_INFO_LO: u32 = 16;
export const MESSAGE_TYPE_HI: u32 = 15;
export const MESSAGE_TYPE_LO: u32 = 0;

// What a VF asks for (the type in word 0).

/** The VF was reset. The answer carries its MAC address in words 1 and 2, or is a NACK when it has none. */
export const VF_RESET: u32 = 0x0001;
/** Words 1 and 2: the MAC address; info 1 clears, 2 adds an additional unicast filter. */
export const VF_SET_MAC_ADDR: u32 = 0x0002;
export const VF_SET_MAC_ADDR_FILTER_CLEAR: u32 = 1;
export const VF_SET_MAC_ADDR_FILTER_ADD: u32 = 2;
/** Info: how many 16-bit multicast hashes follow in words 1 to 15, at most 30. */
export const VF_SET_MULTICAST: u32 = 0x0003;
export const VF_SET_MULTICAST_MAX: u32 = 30;
/** Word 1: the VLAN ID; info 1 adds, 0 removes. */
export const VF_SET_VLAN: u32 = 0x0004;
/** Word 1: the longest frame that the VF wants to receive, in bytes, CRC included. */
export const VF_SET_LPE: u32 = 0x0005;
/** Info 2: promiscuous for multicast; info 0: no longer promiscuous. */
export const VF_SET_PROMISC: u32 = 0x0006;
export const VF_SET_PROMISC_MULTICAST: u32 = 2;

/** What the PF says of its own accord: still there, or its link changed. CTS says whether the VF may go on. */
export const PF_CONTROL: u32 = 0x0100;
