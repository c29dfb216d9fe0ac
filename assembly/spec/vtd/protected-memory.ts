// VT-d 5.10 §11.4.8 Protected Memory Range registers: PMEN_REG and the low range 32 bits each, the high range 64.

export const PMEN_REG: u32 = 0x64;
/** Enable protected memory. */
export const PMEN_EPM_HI: u32 = 31;
export const PMEN_EPM_LO: u32 = 31;
export const PMEN_RESERVED_HI: u32 = 30;
export const PMEN_RESERVED_LO: u32 = 1;
/** Protected region status, read-only. */
export const PMEN_PRS_HI: u32 = 0;
export const PMEN_PRS_LO: u32 = 0;

/** How far down the base and limit fields reach is the implementation's choice: here the ranges are of 2 MiB. */
export const PLMBASE_REG: u32 = 0x68;
export const PLMBASE_PLMB_HI: u32 = 31;
export const PLMBASE_PLMB_LO: u32 = 21;
export const PLMBASE_RESERVED_HI: u32 = 20;
export const PLMBASE_RESERVED_LO: u32 = 0;

export const PLMLIMIT_REG: u32 = 0x6c;
export const PLMLIMIT_PLML_HI: u32 = 31;
export const PLMLIMIT_PLML_LO: u32 = 21;
export const PLMLIMIT_RESERVED_HI: u32 = 20;
export const PLMLIMIT_RESERVED_LO: u32 = 0;

export const PHMBASE_REG: u32 = 0x70;
export const PHMBASE_PHMB_HI: u32 = 63;
export const PHMBASE_PHMB_LO: u32 = 21;
export const PHMBASE_RESERVED_HI: u32 = 20;
export const PHMBASE_RESERVED_LO: u32 = 0;

export const PHMLIMIT_REG: u32 = 0x78;
export const PHMLIMIT_PHML_HI: u32 = 63;
export const PHMLIMIT_PHML_LO: u32 = 21;
export const PHMLIMIT_RESERVED_HI: u32 = 20;
export const PHMLIMIT_RESERVED_LO: u32 = 0;
