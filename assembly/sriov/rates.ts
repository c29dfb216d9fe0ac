// Rate limits of transmit queues (82576 RTTDQSEL, RTTBCNRC, RTTBCNRM). A frame of n bytes with its CRC keeps its queue
// silent for n byte times times the rate factor. Deviation: the segments of one frame count together, when they are sent.

import { Bits } from "../core/bits";
import { QUEUES_MAX } from "../spec/abi/port";
import {
  NS_PER_BYTE,
  RTTBCNRC_RF_DEC_LO,
  RTTBCNRC_RF_INT_HI,
  RTTBCNRC_RF_INT_LO,
  RTTBCNRC_RS_ENA,
  RTTBCNRM_MMW_SIZE_HI,
  RTTBCNRM_MMW_SIZE_LO,
} from "../spec/igb/rate";
import { Policy } from "./policy";

const KIB: u32 = 1024;

export class Rates {
  /** The queues that have a limit. */
  static limited(policy: Policy): u32 {
    let limited: u32 = 0;
    for (let queue: u32 = 0; queue < QUEUES_MAX; queue++) {
      if (policy.rate(queue).config & RTTBCNRC_RS_ENA) limited |= 1 << queue;
    }
    return limited;
  }

  /** How long `bytes` take at the queue's rate, in nanoseconds. */
  private static time(config: u32, bytes: u64): u64 {
    return (bytes * NS_PER_BYTE * <u64>Bits.of32(config, RTTBCNRC_RF_INT_HI, RTTBCNRC_RF_DEC_LO)) >> RTTBCNRC_RF_INT_LO;
  }

  /** Whether a queue that has a limit may send now. What it left unused before the memory window is lost. */
  static allows(policy: Policy, queue: u32): bool {
    const rate = policy.rate(queue);
    const now = policy.now;
    if (rate.next > now) return false;
    const payload = <u64>Bits.of32(policy.window, RTTBCNRM_MMW_SIZE_HI, RTTBCNRM_MMW_SIZE_LO) * KIB;
    const window = Rates.time(rate.config, payload);
    if (now - rate.next > window) rate.next = now - window;
    return true;
  }

  /** A queue that has a limit sent `octets`. */
  static charge(policy: Policy, queue: u32, octets: u64): void {
    const rate = policy.rate(queue);
    rate.next += Rates.time(rate.config, octets);
  }
}
