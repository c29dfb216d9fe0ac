// The register sequences with which igb resets a port and sets it up, in igb's order (I350 §4.3, §4.6; 82576 alike).
import {
  CTRL,
  CTRL_EXT,
  CTRL_EXT_DRV_LOAD,
  CTRL_GIO_MASTER_DISABLE,
  CTRL_RST,
  CTRL_SLU,
  EECD,
  EECD_AUTO_RD,
  STATUS,
  STATUS_GIO_MASTER_ENABLE,
  VET,
  VET_RESET,
} from "../../../assembly/spec/igb/device.ts";
import {
  EIAC,
  EIAM,
  EIMS,
  EITR,
  EITR_CNT_INGR,
  EITR_INTERVAL_LO,
  GPIE,
  GPIE_EIAME,
  GPIE_MULTIPLE_MSIX,
  GPIE_NSICR,
  GPIE_PBA_SUPPORT,
  ICR,
  ICR_DOUTSYNC,
  ICR_DRSTA,
  ICR_LSC,
  ICR_VMMB,
  IMC,
  IMS,
  IVAR,
  IVAR_COUNT,
  IVAR_ENTRY_BITS,
  IVAR_MISC,
  IVAR_MISC_OTHER_LO,
  IVAR_QUEUES_PER_ROW,
  IVAR_VALID,
} from "../../../assembly/spec/igb/interrupt.ts";
import {
  QDE,
  RCTL,
  RCTL_BAM,
  RCTL_LPE,
  RCTL_RXEN,
  RCTL_SECRC,
  RCTL_VFE,
  RLPML,
} from "../../../assembly/spec/igb/receive.ts";
import { RXCSUM, RXCSUM_CRCOFL, RXCSUM_PCSD } from "../../../assembly/spec/igb/receive-offload.ts";
import { DTXCTL, DTXCTL_SPOOF_INT, TCTL, TCTL_EN, TCTL_PSP } from "../../../assembly/spec/igb/transmit.ts";
import {
  MBVFIMR,
  MRQC,
  MRQC_ENABLE_LO,
  MRQC_ENABLE_VMDQ,
  POOL_MASK,
  RPLOLR,
  RPLOLR_STRCRC,
  VT_CTL,
  VT_CTL_DEF_PL_LO,
  VT_CTL_DIS_DEF_POOL,
  VT_CTL_REP_EN,
} from "../../../assembly/spec/igb/virtualization.ts";
import type { Guest, Registers } from "./guest.ts";
import type { CardKind } from "./pf-filters.ts";

const ALL_ONES = 0xffff_ffff;
const ALL_QUEUES = 0xffff;
/** Longest frame of the PF with the CRC and a VLAN tag. */
export const MAX_FRAME = 1522;
/** MSI-X entries: one for mailbox, link and errors, one for the PF's queue pair. */
export const OTHER_VECTOR = 0;
const QUEUE_VECTOR = 1;
export const OTHER_BIT: number = 1 << OTHER_VECTOR;
export const QUEUE_BIT: number = 1 << QUEUE_VECTOR;

export interface PortSetup {
  readonly kind: CardKind;
  /** The PF's pool, which is also its queue; undefined when all pools are the VFs'. */
  readonly pool: number | undefined;
  /** VFs are on. */
  readonly virtual: boolean;
}

/** Stops DMA, resets the port and waits until its NVM is read again. False when the port does not obey. */
export function resetPort(guest: Guest, registers: Registers): boolean {
  registers.set(CTRL, CTRL_GIO_MASTER_DISABLE);
  const quiet = guest.poll(() => (registers.read(STATUS) & STATUS_GIO_MASTER_ENABLE) === 0, 800, 100);
  registers.write(IMC, ALL_ONES);
  registers.write(RCTL, 0);
  registers.write(TCTL, TCTL_PSP);
  registers.read(STATUS);
  guest.delay(10_000);
  registers.set(CTRL, CTRL_RST);
  guest.delay(5000);
  const ready = guest.poll(() => (registers.read(EECD) & EECD_AUTO_RD) !== 0, 10, 1000);
  registers.write(IMC, ALL_ONES);
  registers.read(ICR);
  return quiet && ready && (registers.read(CTRL) & CTRL_RST) === 0;
}

/** Link, pools and receive filtering in general. */
export function configurePort(registers: Registers, { pool, virtual }: PortSetup): void {
  registers.set(CTRL_EXT, CTRL_EXT_DRV_LOAD);
  registers.set(CTRL, CTRL_SLU);
  registers.write(VET, VET_RESET);
  registers.write(TCTL, TCTL_EN | TCTL_PSP);
  registers.write(RLPML, MAX_FRAME);
  registers.set(RXCSUM, RXCSUM_PCSD | RXCSUM_CRCOFL);
  if (virtual) {
    registers.set(DTXCTL, DTXCTL_SPOOF_INT);
    const defaultPool = pool === undefined ? VT_CTL_DIS_DEF_POOL : pool << VT_CTL_DEF_PL_LO;
    registers.write(VT_CTL, VT_CTL_REP_EN | defaultPool);
    registers.set(RPLOLR, RPLOLR_STRCRC);
    registers.write(QDE, ALL_QUEUES);
  }
  registers.write(MRQC, virtual ? MRQC_ENABLE_VMDQ << MRQC_ENABLE_LO : 0);
  registers.write(RCTL, RCTL_RXEN | RCTL_BAM | RCTL_SECRC | RCTL_LPE | (virtual ? RCTL_VFE : 0));
}

/**
 * Which cause sets which vector: GPIE before IVAR, whose meaning depends on it. A queue's entries stand in row
 * `queue & 7` on the 82576 and in row `queue >> 1` on the I350.
 * @param interval least time between two interrupts of the queue, in microseconds.
 */
export function configureInterrupts(registers: Registers, { kind, pool }: PortSetup, interval: number): void {
  registers.write(GPIE, GPIE_MULTIPLE_MSIX | GPIE_PBA_SUPPORT | GPIE_EIAME | GPIE_NSICR);
  registers.write(IVAR_MISC, (OTHER_VECTOR | IVAR_VALID) << IVAR_MISC_OTHER_LO);
  if (pool === undefined) return;
  const byColumn = kind === "82576";
  const row = byColumn ? pool % IVAR_COUNT : Math.floor(pool / IVAR_QUEUES_PER_ROW);
  const column = byColumn ? Math.floor(pool / IVAR_COUNT) : pool % IVAR_QUEUES_PER_ROW;
  const entry = QUEUE_VECTOR | IVAR_VALID;
  registers.write(IVAR + row * 4, (entry | (entry << IVAR_ENTRY_BITS)) << (column * 2 * IVAR_ENTRY_BITS));
  registers.write(EITR + QUEUE_VECTOR * 4, (interval << EITR_INTERVAL_LO) | EITR_CNT_INGR);
}

/** Clears what is pending and lets the vectors and the other causes interrupt. */
export function enableInterrupts(registers: Registers, { pool, virtual }: PortSetup): void {
  registers.read(ICR);
  const causes = OTHER_BIT | (pool === undefined ? 0 : QUEUE_BIT);
  registers.write(EIAC, causes);
  registers.write(EIAM, causes);
  registers.write(EIMS, causes);
  if (virtual) registers.write(MBVFIMR, POOL_MASK);
  registers.write(IMS, ICR_LSC | ICR_DOUTSYNC | ICR_DRSTA | (virtual ? ICR_VMMB : 0));
}
