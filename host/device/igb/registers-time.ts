// The PF's registers of time synchronization as data; what they do is in time-sync.ts.
import {
  PORT_RXSATR,
  PORT_RXSTMP,
  PORT_TSYNCRXCFG,
  PORT_TSYNCRXCTL,
  PORT_TSYNCTXCTL,
  PORT_TXSTMP,
} from "../../../assembly/spec/abi/port-offload.ts";
import * as spec from "../../../assembly/spec/igb/time-sync.ts";
import type { IgbRow } from "./register-file.ts";

const ALL = 0xffff_ffff;
const SELF_CLEARING = spec.TSAUXC_SAMP_AUT0 | spec.TSAUXC_SAMP_AUT1 | spec.TSAUXC_AUTT0 | spec.TSAUXC_AUTT1;

const COMMON: readonly IgbRow[] = [
  { offset: spec.TSYNCRXCTL, rw: spec.TSYNCRXCTL_MASK, port: PORT_TSYNCRXCTL },
  { offset: spec.TSYNCRXCFG, rw: ALL, port: PORT_TSYNCRXCFG },
  { offset: spec.TSYNCTXCTL, rw: spec.TSYNCTXCTL_MASK, port: PORT_TSYNCTXCTL },
  { offset: spec.RXSTMPL, count: 2, port: PORT_RXSTMP },
  { offset: spec.RXSATRL, count: 2, port: PORT_RXSATR },
  { offset: spec.TXSTMPL, count: 2, port: PORT_TXSTMP },
  { offset: spec.SYSTIML, count: 2 },
  { offset: spec.TIMINCA, rw: ALL },
  { offset: spec.TIMADJL, count: 2, rw: ALL },
  { offset: spec.TRGTTIML0, count: 4, rw: ALL },
  { offset: spec.FREQOUT0, count: 2, rw: ALL },
  { offset: spec.AUXSTMPL0, count: 4 },
  { offset: spec.TSSDP, rw: ALL },
];

export const I350_TIME_ROWS: readonly IgbRow[] = [
  ...COMMON,
  { offset: spec.TSAUXC, rw: ALL & ~SELF_CLEARING, reset: spec.TSAUXC_DISABLE },
  { offset: spec.SYSTIMR },
  { offset: spec.TSICR, w1c: spec.TSICR_MASK, rc: true },
  { offset: spec.TSIM, rw: spec.TSICR_MASK },
];

export const I82576_TIME_ROWS: readonly IgbRow[] = [
  ...COMMON,
  { offset: spec.TSAUXC, rw: ALL & ~SELF_CLEARING & ~spec.TSAUXC_DISABLE },
];
