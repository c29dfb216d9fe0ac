// General registers of the PF's BAR0 (I350 §8.2 and §8.4 to §8.7; 82576 §8.2): device control and status, NVM, PHY access.

export const CTRL: u32 = 0x0000;
/** Full duplex. */
export const CTRL_FD: u32 = 0x0000_0001;
/** Stops the function's DMA requests; STATUS.GIO_MASTER_ENABLE says when none is left. */
export const CTRL_GIO_MASTER_DISABLE: u32 = 0x0000_0004;
/** Set link up. */
export const CTRL_SLU: u32 = 0x0000_0040;
/** PAUSE frames are honoured, and sent. */
export const CTRL_RFCE: u32 = 0x0800_0000;
export const CTRL_TFCE: u32 = 0x1000_0000;
/** Port software reset; clears itself. */
export const CTRL_RST: u32 = 0x0400_0000;
/** VLAN mode: tags are stripped from received frames (while VT mode is off). */
export const CTRL_VME: u32 = 0x4000_0000;
export const CTRL_PHY_RST: u32 = 0x8000_0000;
/** Device reset of all ports (I350); clears itself. */
export const CTRL_DEV_RST: u32 = 0x2000_0000;

export const STATUS: u32 = 0x0008;
export const STATUS_FD: u32 = 0x0000_0001;
/** Link up. */
export const STATUS_LU: u32 = 0x0000_0002;
export const STATUS_LAN_ID_HI: u32 = 3;
export const STATUS_LAN_ID_LO: u32 = 2;
export const STATUS_SPEED_HI: u32 = 7;
export const STATUS_SPEED_LO: u32 = 6;
/** STATUS.SPEED of 1000 Mb/s. */
export const STATUS_SPEED_1000: u32 = 2;
/** PHY reset asserted; software clears it by writing 0. */
export const STATUS_PHYRA: u32 = 0x0000_0400;
export const STATUS_NUM_VFS_HI: u32 = 17;
export const STATUS_NUM_VFS_LO: u32 = 14;
/** VF Enable of the SR-IOV capability. */
export const STATUS_IOV_MODE: u32 = 0x0004_0000;
export const STATUS_GIO_MASTER_ENABLE: u32 = 0x0008_0000;

export const EECD: u32 = 0x0010;
export const EECD_EE_PRES: u32 = 0x0000_0100;
/** The automatic read of the NVM after a reset is done. */
export const EECD_AUTO_RD: u32 = 0x0000_0200;
export const EECD_SIZE_EX_HI: u32 = 14;
export const EECD_SIZE_EX_LO: u32 = 11;
/** Software asks for direct NVM access, the device grants it. */
export const EECD_EE_REQ: u32 = 0x0000_0040;
export const EECD_EE_GNT: u32 = 0x0000_0080;

export const EERD: u32 = 0x0014;
export const EERD_START: u32 = 0x0000_0001;
export const EERD_DONE: u32 = 0x0000_0002;
export const EERD_ADDR_HI: u32 = 15;
export const EERD_ADDR_LO: u32 = 2;
export const EERD_DATA_HI: u32 = 31;
export const EERD_DATA_LO: u32 = 16;

export const CTRL_EXT: u32 = 0x0018;
/** Reads the NVM again; clears itself. */
export const CTRL_EXT_EE_RST: u32 = 0x0000_2000;
/** The PF's reset is done: ends RSTI of every VF and sets RSTD. */
export const CTRL_EXT_PFRSTD: u32 = 0x0000_4000;
export const CTRL_EXT_LINK_MODE_HI: u32 = 23;
export const CTRL_EXT_LINK_MODE_LO: u32 = 22;
/** Reading EICR masks what EIAM names. */
/** Frames have two VLAN tags: VET's upper half is the outer one's type. */
export const CTRL_EXT_EXT_VLAN: u32 = 0x0400_0000;
export const CTRL_EXT_EIAME: u32 = 0x0100_0000;
/** A driver is loaded. */
export const CTRL_EXT_DRV_LOAD: u32 = 0x1000_0000;

export const MDIC: u32 = 0x0020;
export const MDIC_DATA_HI: u32 = 15;
export const MDIC_DATA_LO: u32 = 0;
export const MDIC_REGADD_HI: u32 = 20;
export const MDIC_REGADD_LO: u32 = 16;
export const MDIC_PHYADD_HI: u32 = 25;
export const MDIC_PHYADD_LO: u32 = 21;
export const MDIC_OP_HI: u32 = 27;
export const MDIC_OP_LO: u32 = 26;
export const MDIC_OP_WRITE: u32 = 1;
export const MDIC_OP_READ: u32 = 2;
export const MDIC_READY: u32 = 0x1000_0000;
export const MDIC_ERROR: u32 = 0x4000_0000;

export const FCAL: u32 = 0x0028;
export const FCAH: u32 = 0x002c;
export const FCT: u32 = 0x0030;
/** VLAN Ether types: of the tag in 15:0, of the outer one of two in 31:16. */
export const VET: u32 = 0x0038;
export const VET_INNER_HI: u32 = 15;
export const VET_INNER_LO: u32 = 0;
export const VET_OUTER_HI: u32 = 31;
export const VET_OUTER_LO: u32 = 16;
export const VET_RESET: u32 = 0x8100_8100;
export const FCTTV: u32 = 0x0170;
export const PBA: u32 = 0x1000;
export const LEDCTL: u32 = 0x0e00;
export const MDICNFG: u32 = 0x0e04;
export const PHPM: u32 = 0x0e14;
export const EEER: u32 = 0x0e30;
export const EEE_SU: u32 = 0x0e34;
export const IPCNFG: u32 = 0x0e38;
export const EEMNGCTL: u32 = 0x1010;
/** Configuration of port 0 done; port n is bit 18 + n. */
export const EEMNGCTL_CFG_DONE_0: u32 = 0x0004_0000;
export const FRTIMER: u32 = 0x1048;
export const FCRTL: u32 = 0x2160;
export const FCRTH: u32 = 0x2168;
export const FCRTV: u32 = 0x2460;
export const WUC: u32 = 0x5800;
export const WUFC: u32 = 0x5808;
export const WUS: u32 = 0x5810;
export const MANC: u32 = 0x5820;
export const IPAV: u32 = 0x5838;
export const GCR: u32 = 0x5b00;
export const FACTPS: u32 = 0x5b30;

export const SWSM: u32 = 0x5b50;
/** Semaphore between the drivers: reading sets it. */
export const SWSM_SMBI: u32 = 0x0000_0001;
/** Semaphore between driver and firmware. */
export const SWSM_SWESMBI: u32 = 0x0000_0002;
export const FWSM: u32 = 0x5b54;
export const SW_FW_SYNC: u32 = 0x5b5c;
