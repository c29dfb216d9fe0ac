// Which receive queue of a pool, or of the port outside VT mode, a frame goes to (I350 §7.1.2; 82576 §7.1.1).

import { Bits } from "../core/bits";
import { PROFILE_82576 } from "../spec/abi/port";
import { PORT_ETQF, PORT_TTQF } from "../spec/abi/port-offload";
import { CTRL_EXT_EXT_VLAN, VET_INNER_HI, VET_INNER_LO } from "../spec/igb/device";
import { ETQF_COUNT, ETQF_FILTER_ENABLE, TTQF_COUNT, TTQF_RESET } from "../spec/igb/receive-filter";
import { RXCSUM_PCSD } from "../spec/igb/receive-offload";
import { MRQC_ENABLE_HI, MRQC_ENABLE_LO, MRQC_ENABLE_VMDQ_RSS } from "../spec/igb/virtualization";
import { ReceiveState } from "./receive-state";
import { Control, Port } from "./state";

export class Steering {
  /** Works out which filters are on; due after every change of one. */
  static update(port: Port): void {
    const receive = ReceiveState.of(port);
    port.state.vet = Bits.of32(receive.vetBoth, VET_INNER_HI, VET_INNER_LO);
    receive.etypes = 0;
    for (let index: u32 = 0; index < ETQF_COUNT; index++) {
      if (port.word(PORT_ETQF, index) & ETQF_FILTER_ENABLE) receive.etypes |= 1 << index;
    }
    receive.tuples = 0;
    for (let index: u32 = 0; index < TTQF_COUNT; index++) {
      if ((port.word(PORT_TTQF, index) & TTQF_RESET) != TTQF_RESET) receive.tuples |= 1 << index;
    }
  }

  /** Whether a frame that is no IP packet needs no look at it: its descriptor says nothing but its length. */
  static simple(port: Port): bool {
    const receive = ReceiveState.of(port);
    const plain = (receive.rxcsum & RXCSUM_PCSD) != 0 && (receive.ctrlExt & CTRL_EXT_EXT_VLAN) == 0;
    return plain && receive.etypes == 0 && !Steering.poolQueues(port.state);
  }

  /** Whether RSS chooses between two queues of each pool. */
  @inline static poolQueues(state: Control): bool {
    return (
      state.profile == PROFILE_82576 && Bits.of32(state.mrqc, MRQC_ENABLE_HI, MRQC_ENABLE_LO) == MRQC_ENABLE_VMDQ_RSS
    );
  }
}
