// Filtering, virtualization and mailbox registers of the PF's BAR0 (I350 §8.10.17 to §8.10.24, §8.14; 82576 §8.10, §8.14).

/** Multicast table array: 128 words. */
export const MTA: u32 = 0x5200;
export const MTA_WORDS: u32 = 128;
/** Which word and bit a hash of 12 bits means, in MTA, UTA and VFTA. */
export const TABLE_WORD_HI: u32 = 11;
export const TABLE_WORD_LO: u32 = 5;
export const TABLE_BIT_HI: u32 = 4;
export const TABLE_BIT_LO: u32 = 0;

/** Receive addresses 0 to 15: RAL and RAH, 8 bytes apart. */
export const RA: u32 = 0x5400;
export const RA_ENTRIES: u32 = 16;
/** Receive addresses 16 to 31 (82576: to 23). */
export const RA2: u32 = 0x54e0;
export const RAR_ENTRIES_I350: u32 = 32;
export const RAR_ENTRIES_82576: u32 = 24;
export const RAH_RAH_HI: u32 = 15;
export const RAH_RAH_LO: u32 = 0;
/** Pools that get the address's frames, one bit a pool. */
export const RAH_POOLSEL_HI: u32 = 25;
export const RAH_POOLSEL_LO: u32 = 18;
export const RAH_AV: u32 = 0x8000_0000;
export const RAH_MASK: u32 = 0x83ff_ffff;
/** Frames for the address count as multicasts (I350). */
export const RAH_TRMCST: u32 = 0x4000_0000;
export const RAH_MASK_I350: u32 = 0xc3ff_ffff;

/** VLAN filter table array: 128 words. */
export const VFTA: u32 = 0x5600;
export const VFTA_WORDS: u32 = 128;
/** Unicast table array: 128 words, write-only. */
export const UTA: u32 = 0xa000;
export const UTA_WORDS: u32 = 128;

export const MRQC: u32 = 0x5818;
export const MRQC_ENABLE_HI: u32 = 2;
export const MRQC_ENABLE_LO: u32 = 0;
/** MRQC.ENABLE: pools by MAC and VLAN (VMDq). */
export const MRQC_ENABLE_VMDQ: u32 = 3;
/** MRQC.ENABLE: pools, and two RSS queues in each (82576). */
export const MRQC_ENABLE_VMDQ_RSS: u32 = 5;

export const VT_CTL: u32 = 0x581c;
export const VT_CTL_DEF_PL_HI: u32 = 9;
export const VT_CTL_DEF_PL_LO: u32 = 7;
/** MAC addresses do not count: VLAN alone chooses the pools. */
export const VT_CTL_IGNORE_MAC: u32 = 0x1000_0000;
/** Frames that match no pool are dropped instead of going to the default pool. */
export const VT_CTL_DIS_DEF_POOL: u32 = 0x2000_0000;
/** Replication: one frame may go to several pools. */
export const VT_CTL_REP_EN: u32 = 0x4000_0000;

/** VMOLR of pool n at 5AD0h + 4n. */
export const VMOLR: u32 = 0x5ad0;
export const VMOLR_RLPML_HI: u32 = 13;
export const VMOLR_RLPML_LO: u32 = 0;
export const VMOLR_LPE: u32 = 0x0001_0000;
export const VMOLR_RSSE: u32 = 0x0002_0000;
/** VLAN promiscuous: accepts every VLAN that VFTA lets in (I350). */
export const VMOLR_VPE: u32 = 0x0080_0000;
/** Accepts untagged frames (while RCTL.VFE is set). */
export const VMOLR_AUPE: u32 = 0x0100_0000;
/** Accepts multicasts that match MTA. */
export const VMOLR_ROMPE: u32 = 0x0200_0000;
/** Accepts unicasts that match UTA. */
export const VMOLR_ROPE: u32 = 0x0400_0000;
export const VMOLR_BAM: u32 = 0x0800_0000;
/** Multicast promiscuous. */
export const VMOLR_MPE: u32 = 0x1000_0000;
/** Unicast promiscuous (I350). */
export const VMOLR_UPE: u32 = 0x2000_0000;
/** Strip the VLAN tag (82576). */
export const VMOLR_STRVLAN: u32 = 0x4000_0000;
export const VMOLR_STRCRC: u32 = 0x8000_0000;
export const VMOLR_MASK_I350: u32 = 0xff83_3fff;
export const VMOLR_MASK_82576: u32 = 0xdf03_3fff;
/** RLPML 2600h, CRC stripping. */
export const VMOLR_RESET: u32 = 0x8000_2600;
export const RPLOLR: u32 = 0x5af0;
export const RPLOLR_STRVLAN: u32 = 0x4000_0000;
export const RPLOLR_STRCRC: u32 = 0x8000_0000;

/** DVMOLR of pool n at C038h + 40h × n (I350). */
export const DVMOLR: u32 = 0xc038;
export const DVMOLR_STRIDE: u32 = 0x40;
/** Strip the VLAN tag and do not report it. */
export const DVMOLR_HIDEVLAN: u32 = 0x2000_0000;
export const DVMOLR_STRVLAN: u32 = 0x4000_0000;
export const DVMOLR_STRCRC: u32 = 0x8000_0000;
export const DVMOLR_MASK: u32 = 0xe000_0000;

/** VLVF n at 5D00h + 4n, n = 0 to 31. */
export const VLVF: u32 = 0x5d00;
export const VLVF_ENTRIES: u32 = 32;
export const VLVF_VLANID_HI: u32 = 11;
export const VLVF_VLANID_LO: u32 = 0;
export const VLVF_POOLSEL_HI: u32 = 19;
export const VLVF_POOLSEL_LO: u32 = 12;
/** The VLAN exists between the pools only: its frames never leave by the uplink. */
export const VLVF_LVLAN: u32 = 0x0010_0000;
export const VLVF_VI_EN: u32 = 0x8000_0000;
export const VLVF_MASK: u32 = 0x801f_ffff;

/** VMVIR of pool n at 3700h + 4n. */
export const VMVIR: u32 = 0x3700;
/** The tag (priority, CFI, VLAN ID) that is inserted. */
export const VMVIR_PORT_VLAN_HI: u32 = 15;
export const VMVIR_PORT_VLAN_LO: u32 = 0;
export const VMVIR_VLANA_HI: u32 = 31;
export const VMVIR_VLANA_LO: u32 = 30;
export const VMVIR_VLANA_DESCRIPTOR: u32 = 0;
export const VMVIR_VLANA_ALWAYS: u32 = 1;
export const VMVIR_VLANA_NEVER: u32 = 2;

/** Transmit switch control: TXSWC on the I350, DTXSWC on the 82576, the same fields. */
export const TXSWC: u32 = 0x5acc;
export const DTXSWC: u32 = 0x3500;
export const TXSWC_MACAS_HI: u32 = 7;
export const TXSWC_MACAS_LO: u32 = 0;
export const TXSWC_VLANAS_HI: u32 = 15;
export const TXSWC_VLANAS_LO: u32 = 8;
/** Local loopback: a pool may send to itself. */
export const TXSWC_LLE_HI: u32 = 23;
export const TXSWC_LLE_LO: u32 = 16;
/** Loopback between the pools. */
export const TXSWC_LOOPBACK_EN: u32 = 0x8000_0000;
export const TXSWC_MASK: u32 = 0x80ff_ffff;
/** VM wrong behaviour: the transmit queues that sent forged frames. Cleared by reading. */
export const WVBR: u32 = 0x3554;
export const WVBR_FORGED_HI: u32 = 15;
export const WVBR_FORGED_LO: u32 = 0;
/** Queues that were blocked (82576; the I350 has MDFB for them). */
export const WVBR_BLOCKED_HI: u32 = 31;
export const WVBR_BLOCKED_LO: u32 = 16;
export const IOVCTL: u32 = 0x5bbc;

/** Mailbox memory of VF n at 800h + 40h × n. */
export const VMBMEM: u32 = 0x0800;
export const VMBMEM_STRIDE: u32 = 0x40;
export const P2VMAILBOX: u32 = 0x0c00;
export const MBVFICR: u32 = 0x0c80;
export const MBVFIMR: u32 = 0x0c84;
export const VFLRE: u32 = 0x0c88;
export const VFRE: u32 = 0x0c8c;
export const VFTE: u32 = 0x0c90;

export const POOLS: u32 = 8;
/** All pools. */
export const POOL_MASK: u32 = 0x0000_00ff;
