// One turn of a port: the uplink's frames, then every transmit queue whose doorbell rang, in bursts, in turn.

import { QUEUES_MAX } from "../spec/abi/port";
import { BURST, Port } from "./state";
import { Switch } from "./switch";
import { Turn } from "./turn";

export class Service {
  /**
   * Moves at most `budget` frames, a segment being one too, and of the last one all segments: TX_SEGMENTS_MAX - 1 more
   * at most. Returns how many; fewer than the budget means that nothing is left to do.
   */
  static run(port: Port, budget: u32): u32 {
    const state = port.state;
    let done: u32 = 0;
    while (done < budget) {
      port.burst++;
      let moved = Switch.receive(port, min(budget - done, BURST));
      let waiting = state.pending;
      let index = state.next;
      while (waiting != 0 && done + moved < budget) {
        // The next queue in turn: the lowest doorbell at or above `index`, else the lowest.
        const above = waiting & (0xffff_ffff << index);
        index = ctz(above != 0 ? above : waiting);
        waiting &= ~(1 << index);
        moved += Turn.burst(port, index, budget - done - moved);
        index = (index + 1) & (QUEUES_MAX - 1);
      }
      state.next = index;
      done += moved;
      if (moved == 0) break;
    }
    return done;
  }
}
