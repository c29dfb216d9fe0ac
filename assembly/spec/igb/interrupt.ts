// Interrupt registers of the PF's BAR0 (I350 §7.3 and §8.8; 82576 §7.3 and §8.8).

export const ICR: u32 = 0x00c0;
export const ICR_TXDW: u32 = 0x0000_0001;
/** Link status change. */
export const ICR_LSC: u32 = 0x0000_0004;
export const ICR_RXDMT0: u32 = 0x0000_0010;
/** Receiver overrun: a frame was missed. */
export const ICR_RX_MISS: u32 = 0x0000_0040;
export const ICR_RXDW: u32 = 0x0000_0080;
/** A VF wrote to its mailbox or was reset. */
export const ICR_VMMB: u32 = 0x0000_0100;
/** An access through MDIC is done. */
export const ICR_MDAC: u32 = 0x0000_0200;
/** TSICR has a cause that TSIM enables. */
export const ICR_TIME_SYNC: u32 = 0x0008_0000;
/** Device reset asserted. */
export const ICR_DRSTA: u32 = 0x4000_0000;
/** DMA out of synchronization: a malformed or malicious request was stopped. */
export const ICR_DOUTSYNC: u32 = 0x1000_0000;
/** An enabled cause is set. */
export const ICR_INTA: u32 = 0x8000_0000;
export const ICS: u32 = 0x00c8;
export const IMS: u32 = 0x00d0;
export const IMC: u32 = 0x00d8;
export const IAM: u32 = 0x00e0;

export const TCPTIMER: u32 = 0x104c;
/** Milliseconds. */
export const TCPTIMER_DURATION_HI: u32 = 7;
export const TCPTIMER_DURATION_LO: u32 = 0;
/** Starts the timer; clears itself. */
export const TCPTIMER_KICK_START: u32 = 0x0000_0100;
export const TCPTIMER_COUNT_ENABLE: u32 = 0x0000_0200;
/** Stops the timer; clears itself. */
export const TCPTIMER_COUNT_FINISH: u32 = 0x0000_0400;
/** Begins anew when it is over. */
export const TCPTIMER_LOOP: u32 = 0x0000_0800;
export const TCPTIMER_MASK: u32 = 0x0000_0aff;
export const GPIE: u32 = 0x1514;
/** Reading ICR always clears it. */
export const GPIE_NSICR: u32 = 0x0000_0001;
export const GPIE_MULTIPLE_MSIX: u32 = 0x0000_0010;
/** In units of 4 µs: how long a credit for an immediate interrupt takes to come back. */
export const GPIE_LL_INTERVAL_HI: u32 = 11;
export const GPIE_LL_INTERVAL_LO: u32 = 7;
export const LL_INTERVAL_UNIT: u32 = 4;
/** Sending a message masks what EIAM names. */
export const GPIE_EIAME: u32 = 0x4000_0000;
export const GPIE_PBA_SUPPORT: u32 = 0x8000_0000;
export const GPIE_MASK: u32 = 0xc000_0f91;

export const EICS: u32 = 0x1520;
export const EIMS: u32 = 0x1524;
export const EIMC: u32 = 0x1528;
export const EIAC: u32 = 0x152c;
export const EIAM: u32 = 0x1530;
export const EICR: u32 = 0x1580;
/** One bit a vector with MSI-X. Without: causes of queues from bit 0 on, as IVAR has it; the TCP timer; some cause that ICR and IMS have. */
export const EICR_TCP_TIMER: u32 = 0x4000_0000;
export const EICR_OTHER: u32 = 0x8000_0000;

/** EITR n at 1680h + 4n, n = 0 to 24. */
export const EITR: u32 = 0x1680;
export const EITR_COUNT: u32 = 25;
/** Minimum time between two messages of the vector, in microseconds. */
export const EITR_INTERVAL_HI: u32 = 14;
export const EITR_INTERVAL_LO: u32 = 2;
/** Immediate interrupts take credits. */
export const EITR_LLI_EN: u32 = 0x0000_8000;
/** Credits for immediate interrupts, 31 at most. */
export const EITR_LL_COUNTER_HI: u32 = 20;
export const EITR_LL_COUNTER_LO: u32 = 16;
/** What is left of the interval: the ten upper bits of a counter of twelve, in microseconds. */
export const EITR_COUNTER_HI: u32 = 30;
export const EITR_COUNTER_LO: u32 = 21;
export const EITR_COUNTER_UNIT: u32 = 4;
/** Set by the writer: leaves both counters alone. */
export const EITR_CNT_INGR: u32 = 0x8000_0000;

/** IVAR n at 1700h + 4n, n = 0 to 7 (82576), 0 to 3 (I350): four entries of 8 bits. */
export const IVAR: u32 = 0x1700;
export const IVAR_COUNT: u32 = 8;
/** Of the I350: row n holds queues 2n and 2n + 1; of the 82576: row n holds queues n and n + 8. */
export const IVAR_QUEUES_PER_ROW: u32 = 2;
/** Bytes of a row. */
export const IVAR_SIZE: u32 = 4;
/** Of each queue: receive, then transmit. */
export const IVAR_ENTRIES_PER_QUEUE: u32 = 2;
export const IVAR_ENTRY_BITS: u32 = 8;
/** In an entry: the vector, and whether the entry counts. */
export const IVAR_INT_ALLOC_HI: u32 = 4;
export const IVAR_INT_ALLOC_LO: u32 = 0;
export const IVAR_VALID: u32 = 0x0000_0080;
export const IVAR_MASK: u32 = 0x9f9f_9f9f;
export const IVAR_MISC: u32 = 0x1740;
/** Entry 0 is the TCP timer's, entry 1 that of all other causes. */
export const IVAR_MISC_MASK: u32 = 0x0000_9f9f;
export const IVAR_MISC_TCP_TIMER_LO: u32 = 0;
export const IVAR_MISC_OTHER_LO: u32 = 8;
/** MSI-X PBA clear. */
export const PBACL: u32 = 0x5b68;
