// The frames of one burst that come from or go to memory outside, as the host moves them; see outside.ts.

import { hostDeliver, hostHeaders } from "../core/env";
import {
  DELIVERY_HEADER,
  DELIVERY_LENGTH,
  DELIVERY_REFUSED_FRAME,
  DELIVERY_REFUSED_LO,
  DELIVERY_REFUSED_REPORT,
  DELIVERY_REFUSED_SOURCE,
  DELIVERY_REGIONS,
  DELIVERY_REPORT,
  DELIVERY_REPORT_REGION_LO,
  DELIVERY_RING,
  DELIVERY_RING_REGION_LO,
  DELIVERY_RING_REGIONS,
  DELIVERY_SIMPLE_LO,
  DELIVERY_SIZE,
  DELIVERY_SOURCE_REGION_LO,
  DELIVERY_STATUS,
  DELIVERY_TARGET,
  DELIVERY_TARGET_REGION_LO,
} from "../spec/abi/delivery";
import { CAUSE_TX, SCRATCH_DELIVERIES, STOP_BUFFER, STOP_RING } from "../spec/abi/port";
import { RXD_STAT_DD, RXD_STAT_EOP, RXD_STAT_LB } from "../spec/igb/rx-descriptor";
import { Receive } from "./receive";
import { Port } from "./state";

/** One frame: spec/abi/delivery. */
@unmanaged
class Delivery {
  source: u64;
  target: u64;
  header: u64;
  headerRest: u64;
  length: u16;
  simple: u8;
  refused: u8;
  status: u32;
  sourceRegion: u16;
  targetRegion: u16;
  ringRegion: u16;
  reportRegion: u16;
  ring: u64;
  report: u64;

  /** The frame's first bytes. */
  @inline get bytes(): usize {
    return changetype<usize>(this) + DELIVERY_HEADER;
  }

  /** The next one in the list. */
  @inline get next(): Delivery {
    return changetype<Delivery>(changetype<usize>(this) + DELIVERY_SIZE);
  }

  /** The regions of source and target. */
  @inline get regions(): u32 {
    return load<u32>(changetype<usize>(this), DELIVERY_REGIONS);
  }

  /** Whether everything that decides where the frame goes is as in the other one. */
  @inline sameHeader(other: Delivery): bool {
    return ((this.header ^ other.header) | (this.headerRest ^ other.headerRest)) == 0;
  }

  /** The frame goes nowhere; what is reported is reported at `report` in `region`. */
  @inline drop(report: u64, region: u32): void {
    this.targetRegion = 0;
    this.report = report;
    this.reportRegion = <u16>region;
    this.simple = 0;
  }
}

export class Deliveries {
  @inline static of(port: Port, index: u32): Delivery {
    return changetype<Delivery>(Deliveries.list(port) + <usize>(index * DELIVERY_SIZE));
  }

  @inline private static list(port: Port): usize {
    return port.scratch + SCRATCH_DELIVERIES;
  }

  /** Fetches the headers of the first `count` frames. Returns how many came. */
  @inline static headers(port: Port, count: u32): u32 {
    return count == 0 ? 0 : hostHeaders(port.map.mapId, Deliveries.list(port), count);
  }

  /**
   * Delivers the first `count` frames of transmit queue `index`. `pools` says of each, a byte, whose it is: receive
   * queues stop whose memory refuses, and the transmit queue when its own does.
   */
  static deliver(port: Port, index: u32, count: u32, pools: usize): void {
    const written = <u32>Receive.writeback(RXD_STAT_DD | RXD_STAT_EOP | RXD_STAT_LB, 0, 0);
    if (count == 0 || hostDeliver(port.map.mapId, Deliveries.list(port), count, written) == count) return;
    for (let at: u32 = 0; at < count; at++) {
      const refused = <u32>Deliveries.of(port, at).refused;
      if (refused & DELIVERY_REFUSED_FRAME) {
        const pool = <u32>load<u8>(pools + at);
        const receiver = port.rx(pool);
        if (!receiver.stopped) port.stop(receiver, pool, STOP_BUFFER);
      }
      const sender = port.tx(index);
      if ((refused & DELIVERY_REFUSED_SOURCE) != 0 && !sender.stopped) port.stop(sender, CAUSE_TX + index, STOP_BUFFER);
      if ((refused & DELIVERY_REFUSED_REPORT) != 0 && !sender.stopped) port.stop(sender, CAUSE_TX + index, STOP_RING);
    }
  }
}

if (offsetof<Delivery>() != DELIVERY_SIZE) ERROR("DELIVERY_SIZE");
if (offsetof<Delivery>("target") != DELIVERY_TARGET) ERROR("DELIVERY_TARGET");
if (offsetof<Delivery>("header") != DELIVERY_HEADER) ERROR("DELIVERY_HEADER");
if (offsetof<Delivery>("length") != DELIVERY_LENGTH) ERROR("DELIVERY_LENGTH");
if (offsetof<Delivery>("simple") != DELIVERY_LENGTH + (DELIVERY_SIMPLE_LO >> 3)) ERROR("DELIVERY_SIMPLE_LO");
if (offsetof<Delivery>("refused") != DELIVERY_LENGTH + (DELIVERY_REFUSED_LO >> 3)) ERROR("DELIVERY_REFUSED_LO");
if (offsetof<Delivery>("status") != DELIVERY_STATUS) ERROR("DELIVERY_STATUS");
if (offsetof<Delivery>("sourceRegion") != DELIVERY_REGIONS + (DELIVERY_SOURCE_REGION_LO >> 3))
  ERROR("DELIVERY_REGIONS");
if (offsetof<Delivery>("targetRegion") != DELIVERY_REGIONS + (DELIVERY_TARGET_REGION_LO >> 3)) {
  ERROR("DELIVERY_TARGET_REGION_LO");
}
if (offsetof<Delivery>("ringRegion") != DELIVERY_RING_REGIONS + (DELIVERY_RING_REGION_LO >> 3)) {
  ERROR("DELIVERY_RING_REGIONS");
}
if (offsetof<Delivery>("reportRegion") != DELIVERY_RING_REGIONS + (DELIVERY_REPORT_REGION_LO >> 3)) {
  ERROR("DELIVERY_REPORT_REGION_LO");
}
if (offsetof<Delivery>("ring") != DELIVERY_RING) ERROR("DELIVERY_RING");
if (offsetof<Delivery>("report") != DELIVERY_REPORT) ERROR("DELIVERY_REPORT");
