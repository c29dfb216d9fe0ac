// The exports of core/.
import { MemoryMap } from "./memory-map";

/** The number of the region that answers at an HPA, 0 for none. */
export function mapFind(map: usize, hpaLo: u32, hpaHi: u32): u32 {
  return changetype<MemoryMap>(map).find(((<u64>hpaHi) << 32) | <u64>hpaLo);
}
