// Intel 82371SB (PIIX3) ISA bridge: where the four PCI interrupt lines go (data sheet §2.2.7 PIRQRC).

/** Four bytes, one for each of PIRQA# to PIRQD#. */
export const PIRQ_ROUTE: u32 = 0x60;
export const PIRQ_LINES: u32 = 4;
export const PIRQ_ROUTE_WIDTH: u32 = 8;
export const PIRQ_ROUTE_IRQ_HI: u32 = 3;
export const PIRQ_ROUTE_IRQ_LO: u32 = 0;
export const PIRQ_ROUTE_RESERVED_HI: u32 = 6;
export const PIRQ_ROUTE_RESERVED_LO: u32 = 4;
/** 1: the line goes nowhere. */
export const PIRQ_ROUTE_DISABLE_HI: u32 = 7;
export const PIRQ_ROUTE_DISABLE_LO: u32 = 7;
/** Its device on bus 0. */
export const ISA_BRIDGE_DEVICE: u32 = 1;
