// A VF's BAR0 as data (I350 §8.26, 82576 §8.26).
import { POOL_RX_MULTICAST, POOL_SIZE, PORT_POOLS } from "../../../assembly/spec/abi/port.ts";
import * as rx from "../../../assembly/spec/igb/receive.ts";
import * as tx from "../../../assembly/spec/igb/transmit.ts";
import * as vf from "../../../assembly/spec/igb/vf.ts";
import { POOLS } from "../../../assembly/spec/igb/virtualization.ts";
import type { IgbRow } from "./register-file.ts";
import { rxQueueRows, txQueueRows } from "./registers-queue.ts";

/** The plain registers of VF `index` of a port that has `queues` queues: a VF has queue n and, of 16, n + 8. */
export function vfRows(index: number, queues: number): IgbRow[] {
  const blocks = { count: queues / POOLS, first: index, step: POOLS, virtual: true };
  return [
    { offset: vf.VTCTRL },
    { offset: vf.VTIVAR, rw: vf.VTIVAR_MASK },
    { offset: vf.VTIVAR_MISC, rw: vf.VTIVAR_MISC_MASK },
    { offset: vf.VFMPRC, port: PORT_POOLS + index * POOL_SIZE + POOL_RX_MULTICAST },
    ...txQueueRows({ ...blocks, offset: tx.TX_QUEUE_ALIAS_BASE, stride: tx.TX_QUEUE_ALIAS_STRIDE }),
    ...rxQueueRows({ ...blocks, offset: rx.RX_QUEUE_ALIAS_BASE, stride: rx.RX_QUEUE_ALIAS_STRIDE }),
  ];
}
