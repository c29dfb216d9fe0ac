// MDIC: a read or write of a PHY register, done at once (I350 §8.2.4, 82576 §8.2.4).
import * as device from "../../../assembly/spec/igb/device.ts";
import { PHY_ADDRESS } from "../../../assembly/spec/igb/phy.ts";
import { bits, mask, place } from "../../core/bits.ts";
import type { Phy } from "./phy/phy.ts";

const DATA = mask(device.MDIC_DATA_HI, device.MDIC_DATA_LO);

/** What MDIC reads after `value` was written to it. The I350's MDICNFG may lead to a PHY outside, which is not there. */
export function accessPhy(phy: Phy, value: number, configuration: number): number {
  const kept = value & ~(device.MDIC_READY | device.MDIC_ERROR);
  const failed = (kept | device.MDIC_READY | device.MDIC_ERROR) >>> 0;
  const outside = (value & device.MDIC_DESTINATION) !== 0 || (configuration & device.MDICNFG_EXTERNAL) !== 0;
  // The I350 takes the PHY's address from MDICNFG, so that drivers may leave PHYADD at 0.
  if (outside || bits(value, device.MDIC_PHYADD_HI, device.MDIC_PHYADD_LO) > PHY_ADDRESS) return failed;
  const register = bits(value, device.MDIC_REGADD_HI, device.MDIC_REGADD_LO);
  switch (bits(value, device.MDIC_OP_HI, device.MDIC_OP_LO)) {
    case device.MDIC_OP_READ: {
      const data = place(phy.read(register), device.MDIC_DATA_HI, device.MDIC_DATA_LO);
      return ((kept & ~DATA) | data | device.MDIC_READY) >>> 0;
    }
    case device.MDIC_OP_WRITE:
      phy.write(register, bits(value, device.MDIC_DATA_HI, device.MDIC_DATA_LO));
      return (kept | device.MDIC_READY) >>> 0;
    default:
      return failed;
  }
}
