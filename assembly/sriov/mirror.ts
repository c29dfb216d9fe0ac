// Which pools get copies of a frame for the mirror rules' sake (I350 §7.8.3, 82576 §7.10.3).

import { Bits } from "../core/bits";
import { PORT_VLVF } from "../spec/abi/port";
import {
  MIRROR_RULES,
  VMRCTL_DPME,
  VMRCTL_MP_HI,
  VMRCTL_MP_LO,
  VMRCTL_UPME,
  VMRCTL_VLME,
  VMRCTL_VPME,
} from "../spec/igb/mirror";
import { VLVF_ENTRIES, VLVF_VI_EN, VLVF_VLANID_HI, VLVF_VLANID_LO } from "../spec/igb/virtualization";
import { Policy } from "./policy";
import { Port } from "./state";

/** In place of a VLAN ID: the frame has none. */
export const NO_VLAN: u32 = 0xffff;

export class Mirror {
  /** The pools of rules that are in use. */
  static used(policy: Policy): u32 {
    let used: u32 = 0;
    for (let rule: u32 = 0; rule < MIRROR_RULES; rule++) {
      const control = policy.mirror(rule).control;
      if (control & (VMRCTL_VPME | VMRCTL_UPME | VMRCTL_DPME | VMRCTL_VLME)) used |= 1 << rule;
    }
    return used;
  }

  /**
   * The pools that mirror a frame which `pools` receive: from the wire (`up`) or sent to it (`down`), in VLAN `vid`.
   * A frame that nobody receives and that does not leave is not mirrored.
   */
  static pools(port: Port, policy: Policy, pools: u32, up: bool, down: bool, vid: u32): u32 {
    let copies: u32 = 0;
    for (let left = policy.mirroring; left != 0; left &= left - 1) {
      const rule = policy.mirror(ctz(left));
      const control = rule.control;
      const matches =
        ((control & VMRCTL_VPME) != 0 && (pools & rule.pools) != 0) ||
        ((control & VMRCTL_UPME) != 0 && up && pools != 0) ||
        ((control & VMRCTL_DPME) != 0 && down) ||
        ((control & VMRCTL_VLME) != 0 && (pools != 0 || down) && Mirror.inVlans(port, rule.vlans, vid));
      if (matches) copies |= 1 << Bits.of32(control, VMRCTL_MP_HI, VMRCTL_MP_LO);
    }
    return copies;
  }

  /** Whether one of the VLVF entries in `entries` is of the VLAN. */
  private static inVlans(port: Port, entries: u32, vid: u32): bool {
    for (let index: u32 = 0; index < VLVF_ENTRIES; index++) {
      if (((entries >> index) & 1) == 0) continue;
      const entry = port.word(PORT_VLVF, index);
      if ((entry & VLVF_VI_EN) != 0 && Bits.of32(entry, VLVF_VLANID_HI, VLVF_VLANID_LO) == vid) return true;
    }
    return false;
  }
}
