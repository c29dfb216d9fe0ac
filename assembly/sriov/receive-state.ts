// A port's receive offloads, time stamps and flow control as a struct at the offsets of spec/abi/port-offload.

import {
  COUNT_SEGMENTED_FAILED,
  PORT_DTXTCPFLGH,
  PORT_FLEXES,
  PORT_HELD,
  PORT_IMMEDIATES,
  PORT_OFFLOAD,
  PORT_OVERRUN,
  PORT_RXSTMP,
  PORT_SYSTIM,
  PORT_VET_BOTH,
} from "../spec/abi/port-offload";
import { Port } from "./state";

@unmanaged
export class ReceiveState {
  rxcsum: u32;
  rfctl: u32;
  ctrlExt: u32;
  vlapqf: u32;
  synqf: u32;
  tsyncrxctl: u32;
  tsyncrxcfg: u32;
  tsynctxctl: u32;
  systim: u64;
  rxstmp: u64;
  rxsatr: u64;
  txstmp: u64;
  stamped: u32;
  fcrtl: u32;
  fcrth: u32;
  fcttv: u32;
  fcal: u32;
  fcah: u32;
  fct: u32;
  pause: u32;
  held: u32;
  xoff: u32;
  xonRx: u32;
  xoffRx: u32;
  xonTx: u32;
  xoffTx: u32;
  segmented: u32;
  segmentedFailed: u32;
  etypes: u32;
  tuples: u32;
  vetBoth: u32;
  dtxtcpflgl: u32;
  dtxtcpflgh: u32;
  unbuffered: u32;
  overrun: u32;
  imirvp: u32;
  immediate: u32;
  immediates: u32;
  wufc: u32;
  flexes: u32;

  @inline static of(port: Port): ReceiveState {
    return changetype<ReceiveState>(changetype<usize>(port) + PORT_OFFLOAD);
  }
}

if (offsetof<ReceiveState>("systim") + PORT_OFFLOAD != PORT_SYSTIM) ERROR("PORT_SYSTIM");
if (offsetof<ReceiveState>("rxstmp") + PORT_OFFLOAD != PORT_RXSTMP) ERROR("PORT_RXSTMP");
if (offsetof<ReceiveState>("held") + PORT_OFFLOAD != PORT_HELD) ERROR("PORT_HELD");
if (offsetof<ReceiveState>("segmentedFailed") + PORT_OFFLOAD != COUNT_SEGMENTED_FAILED) {
  ERROR("COUNT_SEGMENTED_FAILED");
}
if (offsetof<ReceiveState>("dtxtcpflgh") + PORT_OFFLOAD != PORT_DTXTCPFLGH) ERROR("PORT_DTXTCPFLGH");
if (offsetof<ReceiveState>("overrun") + PORT_OFFLOAD != PORT_OVERRUN) ERROR("PORT_OVERRUN");
if (offsetof<ReceiveState>("immediates") + PORT_OFFLOAD != PORT_IMMEDIATES) ERROR("PORT_IMMEDIATES");
if (offsetof<ReceiveState>("flexes") + PORT_OFFLOAD != PORT_FLEXES) ERROR("PORT_FLEXES");
if (offsetof<ReceiveState>("vetBoth") + PORT_OFFLOAD != PORT_VET_BOTH) ERROR("PORT_VET_BOTH");
