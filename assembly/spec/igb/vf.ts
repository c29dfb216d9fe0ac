// Registers of a VF's BAR0, 16 KiB (I350 §8.26; 82576 §8.26). Its rings lie at 3800h and 2800h.

export const VTCTRL: u32 = 0x0000;
/** Resets the VF; clears itself. */
export const VTCTRL_RST: u32 = 0x0400_0000;
export const VTSTATUS: u32 = 0x0008;
export const VTFRTIMER: u32 = 0x1048;

export const VF_VMBMEM: u32 = 0x0800;
export const V2PMAILBOX: u32 = 0x0c40;

export const VFGPRC: u32 = 0x0f10;
export const VFGPTC: u32 = 0x0f14;
export const VFGORC: u32 = 0x0f18;
export const VFGOTC: u32 = 0x0f34;
export const VFMPRC: u32 = 0x0f3c;
export const VFGPRLBC: u32 = 0x0f40;
export const VFGPTLBC: u32 = 0x0f44;
export const VFGORLBC: u32 = 0x0f48;
export const VFGOTLBC: u32 = 0x0f50;

export const VTEICS: u32 = 0x1520;
export const VTEIMS: u32 = 0x1524;
export const VTEIMC: u32 = 0x1528;
export const VTEIAC: u32 = 0x152c;
export const VTEIAM: u32 = 0x1530;
export const VTEICR: u32 = 0x1580;
/** One bit for each of a VF's vectors. */
export const VTEICR_MASK: u32 = 0x0000_0007;
export const VTEITR: u32 = 0x1680;
/** Entries for Rx 0, Tx 0, Rx 1, Tx 1. */
export const VTIVAR: u32 = 0x1700;
export const VTIVAR_MASK: u32 = 0x8383_8383;
/** The mailbox's vector. */
export const VTIVAR_MISC: u32 = 0x1740;
export const VTIVAR_MISC_MASK: u32 = 0x0000_0083;
export const VTIVAR_INT_ALLOC_HI: u32 = 1;
export const VTIVAR_INT_ALLOC_LO: u32 = 0;
/** MSI-X vectors of one VF. */
export const VF_VECTORS: u32 = 3;
/** Bits of the PF's EICR that there are. From here down they are VF 0's, VF 1's, … in IOV mode. */
export const PF_VF_VECTORS_TOP: u32 = 25;

/** The PF's mirror of VF n's registers: 10000h + 100h × n. */
export const PF_VF_MIRROR: u32 = 0x1_0000;
export const PF_VF_MIRROR_STRIDE: u32 = 0x100;
export const PVTCTRL: u32 = 0x00;
export const PVFGPRC: u32 = 0x10;
export const PVFGPTC: u32 = 0x14;
export const PVFGORC: u32 = 0x18;
export const PVTEICS: u32 = 0x20;
export const PVTEIMS: u32 = 0x24;
export const PVTEIMC: u32 = 0x28;
export const PVTEIAC: u32 = 0x2c;
export const PVTEIAM: u32 = 0x30;
export const PVFGOTC: u32 = 0x34;
export const PVFMPRC: u32 = 0x38;
export const PVFGPRLBC: u32 = 0x40;
export const PVFGPTLBC: u32 = 0x44;
export const PVFGORLBC: u32 = 0x48;
export const PVFGOTLBC: u32 = 0x50;
export const PVTEICR: u32 = 0x80;

export const PF_BAR0_SIZE: u32 = 0x2_0000;
export const VF_BAR0_SIZE: u32 = 0x4000;
