// The PF's registers of device control, link, power and interrupts as data (I350 §8.2 to §8.9, §8.20 to §8.23; 82576 alike).
import { PORT_CTRL } from "../../../assembly/spec/abi/port.ts";
import * as offload from "../../../assembly/spec/abi/port-offload.ts";
import * as device from "../../../assembly/spec/igb/device.ts";
import * as coalescing from "../../../assembly/spec/igb/dma-coalescing.ts";
import * as flash from "../../../assembly/spec/igb/flash.ts";
import * as interrupt from "../../../assembly/spec/igb/interrupt.ts";
import * as led from "../../../assembly/spec/igb/led.ts";
import * as power from "../../../assembly/spec/igb/power.ts";
import * as rx from "../../../assembly/spec/igb/receive.ts";
import * as thermal from "../../../assembly/spec/igb/thermal.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import { mask, place } from "../../core/bits.ts";
import type { IgbRow } from "./register-file.ts";
import { I350_TIME_ROWS, I82576_TIME_ROWS } from "./registers-time.ts";

const ALL = 0xffff_ffff;
const HALF = 0xffff;

const EECD_PINS = device.EECD_SK | device.EECD_CS | device.EECD_DI | device.EECD_EE_REQ;
const FLASH_WRITES = mask(device.EECD_FWE_HI, device.EECD_FWE_LO);
const EECD_FWE_RESET = place(device.EECD_FWE_DISABLED, device.EECD_FWE_HI, device.EECD_FWE_LO);
const FLA_PINS = flash.FLA_SCK | flash.FLA_CE | flash.FLA_SI | flash.FLA_REQ;

/** Registers that keep what the driver writes, and do nothing in this model beyond that. */
const KEPT: readonly IgbRow[] = [
  device.SCTL,
  device.CONNSW,
  device.PBS,
  device.PCIEMISC,
  device.PCS_CFG0,
  device.PCS_LCTL,
  device.PCS_ANADV,
  device.PCS_NPTX,
  device.MANC,
  device.GIOCTL,
  device.CCMCTL,
  device.SCCTL,
  device.DCA_CTRL,
  tx.TCTL_EXT,
  interrupt.PBACL,
].map((offset) => ({ offset, rw: ALL }));

const GENERAL: readonly IgbRow[] = [
  ...KEPT,
  {
    offset: device.CTRL,
    rw: ALL & ~(device.CTRL_RST | device.CTRL_DEV_RST | device.CTRL_PHY_RST),
    reset: device.CTRL_FD | device.CTRL_SLU,
    port: PORT_CTRL,
  },
  { offset: device.STATUS },
  { offset: device.EECD, rw: EECD_PINS | FLASH_WRITES, reset: EECD_FWE_RESET },
  { offset: device.EERD },
  { offset: flash.FLA, rw: FLA_PINS | flash.FLA_ER },
  { offset: flash.FLASHOP },
  { offset: device.MDIC },
  { offset: device.MDICNFG, rw: device.MDICNFG_MASK },
  { offset: led.LEDCTL, rw: ALL, reset: led.LEDCTL_RESET },
  { offset: device.EEMNGCTL },
  { offset: device.I2CCMD },
  { offset: device.FACTPS },
  { offset: device.SWSM },
  { offset: device.SW_FW_SYNC },
  { offset: device.FWSM },
  { offset: device.GCR, rw: device.GCR_MASK, reset: device.GCR_CAP_VER2 },
  { offset: device.PCS_LSTAT },
  { offset: device.PCS_LPAB },
  { offset: device.PCS_LPABNP },
  { offset: tx.TIPG, rw: tx.TIPG_MASK, reset: tx.TIPG_RESET },
];

const FLOW_CONTROL: readonly IgbRow[] = [
  { offset: device.FCAL, rw: ALL, port: offload.PORT_FCAL },
  { offset: device.FCAH, rw: HALF, port: offload.PORT_FCAH },
  { offset: device.FCT, rw: HALF, port: offload.PORT_FCT },
  { offset: device.FCTTV, rw: HALF, port: offload.PORT_FCTTV },
  { offset: device.FCRTL, rw: device.FCRTL_MASK, port: offload.PORT_FCRTL },
  { offset: device.FCRTH, rw: device.FCRTH_MASK, port: offload.PORT_FCRTH },
  { offset: device.FCRTV, rw: HALF },
];

/** Of four flexible filters. */
const FLEXIBLE_WORDS = (power.FHFT_COUNT * power.FHFT_STRIDE) / 4;

const WAKE: readonly IgbRow[] = [
  { offset: power.WUC, rw: power.WUC_MASK },
  { offset: power.WUS, w1c: ALL },
  { offset: power.IPAV, rw: power.IPAV_MASK },
  { offset: power.IP4AT, count: power.IP4AT_COUNT, stride: power.IP4AT_STRIDE, rw: ALL },
  { offset: power.IP6AT, count: power.IP6AT_COUNT, rw: ALL },
  { offset: power.WUPL },
  { offset: power.WUPM, count: power.WUPM_WORDS },
  { offset: power.FHFT, count: FLEXIBLE_WORDS, rw: ALL, port: offload.PORT_FLEXIBLE },
  { offset: power.FHFT_EXT, count: FLEXIBLE_WORDS, rw: ALL, port: offload.PORT_FLEXIBLE + 4 * FLEXIBLE_WORDS },
];

const INTERRUPTS: readonly IgbRow[] = [
  { offset: interrupt.ICR },
  { offset: interrupt.ICS },
  { offset: interrupt.IMS },
  { offset: interrupt.IMC },
  { offset: interrupt.IAM, rw: ALL },
  { offset: interrupt.GPIE, rw: interrupt.GPIE_MASK },
  { offset: interrupt.TCPTIMER, rw: interrupt.TCPTIMER_MASK },
  { offset: interrupt.IVAR_MISC, rw: interrupt.IVAR_MISC_MASK },
];

/** Registers that both cards have. */
const DEVICE: readonly IgbRow[] = [...GENERAL, ...FLOW_CONTROL, ...WAKE, ...INTERRUPTS];

const DMA_COALESCING: readonly IgbRow[] = [
  { offset: coalescing.DMACR, rw: coalescing.DMACR_MASK },
  { offset: coalescing.DMCTXTH, rw: coalescing.DMCTXTH_MASK, reset: coalescing.DMCTXTH_RESET },
  { offset: coalescing.DMCTLX, rw: coalescing.DMCTLX_MASK, reset: coalescing.DMCTLX_RESET },
  { offset: coalescing.DMCRTRH, rw: coalescing.DMCRTRH_MASK },
  { offset: coalescing.DMCCNT },
  { offset: coalescing.FCRTC, rw: coalescing.FCRTC_MASK },
];

export const I350_DEVICE: readonly IgbRow[] = [
  ...DEVICE,
  { offset: power.WUFC, rw: power.WUFC_MASK_I350, port: offload.PORT_WUFC, filter: true },
  ...DMA_COALESCING,
  ...I350_TIME_ROWS,
  { offset: device.PBA, rw: ALL },
  { offset: rx.RXPBS, rw: ALL },
  { offset: tx.TXPBS, rw: ALL },
  { offset: device.I2CPARAMS, rw: device.I2CPARAMS_MASK },
  { offset: power.PHPM, rw: power.PHPM_MASK, reset: power.PHPM_RESET },
  { offset: power.EEER, rw: power.EEER_MASK },
  { offset: power.EEE_SU, rw: ALL },
  { offset: power.IPCNFG, rw: ALL, reset: power.IPCNFG_RESET },
  { offset: thermal.THMJT },
  { offset: thermal.THLOWTC, rw: thermal.THTC_MASK, reset: thermal.THLOWTC_RESET },
  { offset: thermal.THMIDTC, rw: thermal.THTC_MASK, reset: thermal.THMIDTC_RESET },
  { offset: thermal.THHIGHTC, rw: thermal.THTC_MASK, reset: thermal.THHIGHTC_RESET },
  { offset: thermal.THSTAT, w1c: thermal.THSTAT_PWR_DOWN | thermal.THSTAT_LINK_THROTTLE },
];

export const I82576_DEVICE: readonly IgbRow[] = [
  ...DEVICE,
  { offset: power.WUFC, rw: power.WUFC_MASK },
  ...I82576_TIME_ROWS,
  { offset: device.PBA, rw: ALL },
  { offset: rx.RXPBS, rw: ALL, reset: rx.RXPBS_RESET_82576 },
  { offset: tx.TXPBS, rw: ALL, reset: tx.TXPBS_RESET_82576 },
  { offset: device.EEWR },
];
