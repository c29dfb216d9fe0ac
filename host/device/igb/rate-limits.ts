// The registers of transmit rate limits (82576): RTTBCNRC is of the queue that RTTDQSEL names.
import { PORT_NOW, PORT_RATES, RATE_CONFIG, RATE_SIZE } from "../../../assembly/spec/abi/port-policy.ts";
import * as spec from "../../../assembly/spec/igb/rate.ts";
import { hi32, lo32 } from "../../core/address.ts";
import { bits } from "../../core/bits.ts";
import type { PortState } from "./port-state.ts";
import { ringDoorbells } from "./queues.ts";
import type { RegisterFile } from "./register-file.ts";

export function hookRateLimits(registers: RegisterFile, state: PortState): void {
  const queue = (): number => bits(registers.get(spec.RTTDQSEL), spec.RTTDQSEL_TXDQ_IDX_HI, spec.RTTDQSEL_TXDQ_IDX_LO);
  const place = (): number => PORT_RATES + queue() * RATE_SIZE + RATE_CONFIG;
  registers.hook(spec.RTTBCNRC, {
    read: () => state.get(place()),
    write: (value) => {
      state.set(place(), (value & spec.RTTBCNRC_MASK) >>> 0);
      state.update();
      ringDoorbells(state, 1 << queue());
    },
  });
}

/** Tells the data path what time it is. */
export function setTime(state: PortState, nowNs: number): void {
  state.set(PORT_NOW, lo32(nowNs));
  state.set(PORT_NOW + 4, hi32(nowNs));
}
