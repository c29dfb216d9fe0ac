// The PF's registers of receive offloads and queue filters as data; what they do is in assembly/sriov.
import * as abi from "../../../assembly/spec/abi/port-offload.ts";
import * as device from "../../../assembly/spec/igb/device.ts";
import * as filter from "../../../assembly/spec/igb/receive-filter.ts";
import * as offload from "../../../assembly/spec/igb/receive-offload.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import { POOLS } from "../../../assembly/spec/igb/virtualization.ts";
import type { IgbRow } from "./register-file.ts";

const ALL = 0xffff_ffff;

const OFFLOADS: readonly IgbRow[] = [
  { offset: device.CTRL_EXT, rw: ALL & ~device.CTRL_EXT_EE_RST, port: abi.PORT_CTRL_EXT, filter: true },
  { offset: device.VET, rw: ALL, reset: device.VET_RESET, port: abi.PORT_VET_BOTH, filter: true },
  {
    offset: offload.RXCSUM,
    rw: offload.RXCSUM_MASK,
    reset: offload.RXCSUM_RESET,
    port: abi.PORT_RXCSUM,
    filter: true,
  },
  { offset: offload.RFCTL, rw: ALL, port: abi.PORT_RFCTL },
  {
    offset: offload.PSRTYPE,
    count: POOLS,
    rw: offload.PSRTYPE_MASK,
    reset: offload.PSRTYPE_RESET,
    port: abi.PORT_PSRTYPE,
  },
  { offset: offload.RSSRK, count: offload.RSSRK_WORDS, rw: ALL, port: abi.PORT_RSSRK },
  { offset: tx.DTXTCPFLGL, rw: tx.DTXTCPFLGL_MASK, reset: tx.DTXTCPFLGL_RESET, port: abi.PORT_DTXTCPFLGL },
  { offset: tx.DTXTCPFLGH, rw: tx.DTXTCPFLGH_MASK, reset: tx.DTXTCPFLGH_RESET, port: abi.PORT_DTXTCPFLGH },
  { offset: offload.RETA, count: offload.RETA_WORDS, rw: ALL, port: abi.PORT_RETA },
];

const FILTERS: readonly IgbRow[] = [
  { offset: filter.ETQF, count: filter.ETQF_COUNT, rw: filter.ETQF_MASK, port: abi.PORT_ETQF, filter: true },
  {
    offset: filter.TTQF,
    count: filter.TTQF_COUNT,
    rw: ALL,
    reset: filter.TTQF_RESET,
    port: abi.PORT_TTQF,
    filter: true,
  },
  { offset: filter.IMIR, count: filter.TTQF_COUNT, rw: filter.IMIR_MASK, port: abi.PORT_IMIR, filter: true },
  { offset: filter.IMIREXT, count: filter.TTQF_COUNT, rw: filter.IMIREXT_MASK, port: abi.PORT_IMIREXT },
  { offset: filter.IMIRVP, rw: filter.IMIRVP_MASK, port: abi.PORT_IMIRVP, filter: true },
  { offset: filter.SYNQF, rw: filter.SYNQF_MASK, port: abi.PORT_SYNQF },
  { offset: filter.VLAPQF, rw: ALL, port: abi.PORT_VLAPQF },
];

const FIVE_TUPLES: readonly IgbRow[] = [
  { offset: filter.SAQF, count: filter.TTQF_COUNT, rw: ALL, port: abi.PORT_SAQF },
  { offset: filter.DAQF, count: filter.TTQF_COUNT, rw: ALL, port: abi.PORT_DAQF },
  { offset: filter.SPQF, count: filter.TTQF_COUNT, rw: filter.SPQF_MASK, port: abi.PORT_SPQF },
];

/** Rows for a card whose tuple filters compare `tuples` fields. */
export function offloadRows(tuples: 2 | 5): IgbRow[] {
  return [...OFFLOADS, ...FILTERS, ...(tuples === 5 ? FIVE_TUPLES : [])];
}
