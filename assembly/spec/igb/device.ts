// General registers of the PF's BAR0 (I350 §8.2 and §8.4 to §8.7; 82576 §8.2): device control and status, NVM, PHY access.

export const CTRL: u32 = 0x0000;
/** Full duplex. */
export const CTRL_FD: u32 = 0x0000_0001;
/** Stops the function's DMA requests; STATUS.GIO_MASTER_ENABLE says when none is left. */
export const CTRL_GIO_MASTER_DISABLE: u32 = 0x0000_0004;
/** Set link up: the MAC heeds the PHY's link. */
export const CTRL_SLU: u32 = 0x0000_0040;
export const CTRL_ILOS: u32 = 0x0000_0080;
/** Speed and duplex mode of the MAC while they are forced; fields as in STATUS. */
export const CTRL_SPEED_HI: u32 = 9;
export const CTRL_SPEED_LO: u32 = 8;
export const CTRL_FRCSPD: u32 = 0x0000_0800;
export const CTRL_FRCDPX: u32 = 0x0000_1000;
/** Levels of software-defined pins 0 and 1. */
export const CTRL_SDP0_DATA: u32 = 0x0004_0000;
export const CTRL_SDP1_DATA: u32 = 0x0008_0000;
/** Wake-up from D3cold is advertised. */
export const CTRL_ADVD3WUC: u32 = 0x0010_0000;
/** Port software reset; clears itself. */
export const CTRL_RST: u32 = 0x0400_0000;
/** PAUSE frames that are received stop the transmitter. */
export const CTRL_RFCE: u32 = 0x0800_0000;
/** PAUSE frames are sent. */
export const CTRL_TFCE: u32 = 0x1000_0000;
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
/** STATUS.SPEED of 1000 and of 100 Mb/s. */
export const STATUS_SPEED_1000: u32 = 2;
export const STATUS_SPEED_100: u32 = 1;
/** A PAUSE frame stopped the transmitter. */
export const STATUS_TXOFF: u32 = 0x0000_0010;
/** The port is initialized. */
export const STATUS_LAN_INIT_DONE: u32 = 0x0000_0200;
/** PHY reset asserted; software clears it by writing 0. */
export const STATUS_PHYRA: u32 = 0x0000_0400;
export const STATUS_NUM_VFS_HI: u32 = 17;
export const STATUS_NUM_VFS_LO: u32 = 14;
/** VF Enable of the SR-IOV capability. */
export const STATUS_IOV_MODE: u32 = 0x0004_0000;
export const STATUS_GIO_MASTER_ENABLE: u32 = 0x0008_0000;
/** CTRL.DEV_RST was set by some port; software clears it by writing 1 (I350). */
export const STATUS_DEV_RST_SET: u32 = 0x0010_0000;
/** CTRL_EXT.PFRSTD was set. */
export const STATUS_PF_RST_DONE: u32 = 0x0020_0000;

export const EECD: u32 = 0x0010;
/** The NVM's pins: clock, chip select (it selects while 0), data to it and from it. */
export const EECD_SK: u32 = 0x0000_0001;
export const EECD_CS: u32 = 0x0000_0002;
export const EECD_DI: u32 = 0x0000_0004;
export const EECD_DO: u32 = 0x0000_0008;
/** Flash writes. */
export const EECD_FWE_HI: u32 = 5;
export const EECD_FWE_LO: u32 = 4;
/** EECD.FWE: FLA's erase is let through, no writes, writes; 3 is reserved. */
export const EECD_FWE_ERASE: u32 = 0;
export const EECD_FWE_DISABLED: u32 = 1;
export const EECD_FWE_ENABLED: u32 = 2;
/** The NVM takes addresses of 16 bits. */
export const EECD_ADDR_SIZE: u32 = 0x0000_0400;
export const EECD_EE_PRES: u32 = 0x0000_0100;
/** The automatic read of the NVM after a reset is done. */
export const EECD_AUTO_RD: u32 = 0x0000_0200;
export const EECD_SIZE_EX_HI: u32 = 14;
export const EECD_SIZE_EX_LO: u32 = 11;
/** An EEPROM was detected (I350). */
export const EECD_EE_DET: u32 = 0x0008_0000;
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
/** Levels of software-defined pins 2 and 3. */
export const CTRL_EXT_SDP2_DATA: u32 = 0x0000_0040;
export const CTRL_EXT_SDP3_DATA: u32 = 0x0000_0080;
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

export const MDIC_INT_EN: u32 = 0x2000_0000;
/** The PHY is outside (82576). */
export const MDIC_DESTINATION: u32 = 0x8000_0000;

export const SCTL: u32 = 0x0024;
export const CONNSW: u32 = 0x0034;

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
export const PBS: u32 = 0x1008;
export const MDICNFG: u32 = 0x0e04;
/** The PHY is outside. */
export const MDICNFG_EXTERNAL: u32 = 0x8000_0000;
export const MDICNFG_MASK: u32 = 0xc3e0_0000;
/** Writes a word of the NVM (82576); fields as in EERD. */
export const EEWR: u32 = 0x102c;
export const EEMNGCTL: u32 = 0x1010;
/** Configuration of port 0 done; port n is bit 18 + n. */
export const EEMNGCTL_CFG_DONE_0: u32 = 0x0004_0000;
export const I2CCMD: u32 = 0x1028;
export const I2CCMD_MASK: u32 = 0x1fff_ffff;
export const I2CCMD_READY: u32 = 0x2000_0000;
export const I2CCMD_ERROR: u32 = 0x8000_0000;
/** The I2C pins (I350): software drives them, a pin that nobody pulls low reads 1. */
export const I2CPARAMS: u32 = 0x102c;
export const I2CPARAMS_MASK: u32 = 0x0000_2fff;
export const I2CPARAMS_BB_EN: u32 = 0x0000_0100;
export const I2CPARAMS_CLK_OUT: u32 = 0x0000_0200;
export const I2CPARAMS_DATA_OUT: u32 = 0x0000_0400;
export const I2CPARAMS_DATA_OE_N: u32 = 0x0000_0800;
export const I2CPARAMS_DATA_IN: u32 = 0x0000_1000;
export const I2CPARAMS_CLK_OE_N: u32 = 0x0000_2000;
export const I2CPARAMS_CLK_IN: u32 = 0x0000_4000;
export const FRTIMER: u32 = 0x1048;
export const FCRTL: u32 = 0x2160;
/** Sends XON frames. */
export const FCRTL_XONE: u32 = 0x8000_0000;
export const FCRTL_MASK: u32 = 0x8001_fff0;
export const FCRTH: u32 = 0x2168;
export const FCRTH_MASK: u32 = 0x0003_fff0;
export const FCRTV: u32 = 0x2460;
export const PCIEMISC: u32 = 0x5bb8;
/** SerDes: what it is set to, and that it has no link on a copper port. */
export const PCS_CFG0: u32 = 0x4200;
export const PCS_LCTL: u32 = 0x4208;
export const PCS_LSTAT: u32 = 0x420c;
export const PCS_ANADV: u32 = 0x4218;
export const PCS_LPAB: u32 = 0x421c;
export const PCS_NPTX: u32 = 0x4220;
export const PCS_LPABNP: u32 = 0x4224;
export const MANC: u32 = 0x5820;
export const GCR: u32 = 0x5b00;
export const GCR_MASK: u32 = 0x0001_f000;
/** The PCI Express capability is of version 2. */
export const GCR_CAP_VER2: u32 = 0x0004_0000;
export const FACTPS: u32 = 0x5b30;
/** Of function 0, 1, 2, 3: power state, at bit. */
export const FACTPS_FUNCTION0_LO: u32 = 0;
export const FACTPS_FUNCTION1_LO: u32 = 6;
export const FACTPS_FUNCTION2_LO: u32 = 12;
export const FACTPS_FUNCTION3_LO: u32 = 18;
/** Power state: D0 uninitialized, D0 active, D3. */
export const FACTPS_D0U: u32 = 1;
export const FACTPS_D0A: u32 = 2;
export const FACTPS_D3: u32 = 3;
/** Beside the power state: the port is there, and its auxiliary power is on. */
export const FACTPS_VALID: u32 = 0x0000_0004;
export const FACTPS_AUX: u32 = 0x0000_0008;
export const GIOCTL: u32 = 0x5b44;
export const CCMCTL: u32 = 0x5b48;
export const SCCTL: u32 = 0x5b4c;

export const SWSM: u32 = 0x5b50;
/** Semaphore between the drivers: reading sets it. */
export const SWSM_SMBI: u32 = 0x0000_0001;
/** Semaphore between driver and firmware. */
export const SWSM_SWESMBI: u32 = 0x0000_0002;
export const FWSM: u32 = 0x5b54;
export const SW_FW_SYNC: u32 = 0x5b5c;
/** Who uses what: software's bits, and firmware's 16 bits further up. Shared by the ports. */
export const SW_FW_SYNC_MASK: u32 = 0x0000_ffff;
export const DCA_CTRL: u32 = 0x5b74;
