// Frames counted by their length with the CRC, as the statistics registers have it (I350 §8.18.22, §8.18.44).

import { COUNT_RX_LENGTHS, COUNT_TX_LENGTHS } from "../spec/abi/port";
import { FRAME_CRC, RX_FRAME_MIN } from "../spec/igb/receive";
import { LENGTH_CLASSES } from "../spec/igb/statistics";
import { Port } from "./state";

/** Each class but the first and the last has the lengths of one power of two, from 64 on. */
const FIRST_POWER: u32 = 6;

export class Lengths {
  /** A frame of `length` bytes, without CRC, was received. */
  @inline static received(port: Port, length: u32): void {
    Lengths.add(port, COUNT_RX_LENGTHS + Lengths.place(length), 1);
  }

  @inline static sent(port: Port, length: u32): void {
    Lengths.add(port, COUNT_TX_LENGTHS + Lengths.place(length), 1);
  }

  /** `frames` of one length went from one pool to another. */
  @inline static looped(port: Port, length: u32, frames: u32): void {
    const place = Lengths.place(length);
    Lengths.add(port, COUNT_RX_LENGTHS + place, frames);
    Lengths.add(port, COUNT_TX_LENGTHS + place, frames);
  }

  /** The offset of a length's counter. */
  @inline private static place(length: u32): u32 {
    const octets = length + FRAME_CRC;
    const power = min(31 - clz(octets), FIRST_POWER + LENGTH_CLASSES - 2);
    return octets <= RX_FRAME_MIN ? 0 : (power - FIRST_POWER + 1) << 2;
  }

  @inline private static add(port: Port, offset: u32, frames: u32): void {
    const at = changetype<usize>(port) + offset;
    store<u32>(at, load<u32>(at) + frames);
  }
}
