// The exports of sriov/.

import { Filter } from "./filter";
import { Service } from "./service";
import { Port } from "./state";
import { Turn } from "./turn";

/** Works out what the port's filter and switch registers mean; due after every change of one. */
export function portUpdate(port: usize): void {
  Filter.update(changetype<Port>(port));
}

/**
 * Moves at most `budget` frames from the port's rings, and all segments of the last (TX_SEGMENTS_MAX). Returns how many;
 * fewer than the budget means that nothing is left to do.
 */
export function portService(port: usize, budget: u32): u32 {
  return Service.run(changetype<Port>(port), budget);
}

/** When a transmit queue that waits for its rate limit may send, in nanoseconds; infinity when none waits. */
export function portDeadline(port: usize): f64 {
  return Turn.deadline(changetype<Port>(port));
}
