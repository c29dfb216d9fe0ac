// Anti-spoofing: which frames a pool may not send, and what becomes of a pool that tries (I350 §7.8.3.8, §8.14.10;
// 82576 §7.10.3).

import { CAUSE_TX, PROFILE_I350, STOP_FORGED } from "../spec/abi/port";
import {
  LVMMC_82576_MAC_SPOOF,
  LVMMC_82576_VLAN_SPOOF,
  LVMMC_MAC_VLAN_SPOOF,
  LVMMC_VLAN_IERR,
} from "../spec/igb/misbehaviour";
import { DTXCTL_ENABLE_SPOOF_QUEUE, DTXCTL_MDP_EN } from "../spec/igb/transmit";
import { VMVIR_VLANA_ALWAYS } from "../spec/igb/virtualization";
import { Ethernet, NO_TAG } from "./ethernet";
import { Filter } from "./filter";
import { Control, Port } from "./state";
import { Tags } from "./tags";

/** What is wrong with a frame. */
const HONEST: u32 = 0;
const FOREIGN_MAC: u32 = 1;
const FOREIGN_VLAN: u32 = 2;
const SECOND_TAG: u32 = 3;

export class Guard {
  /**
   * Whether the pool whose burst it is may send the frame of `length` bytes at `frame`, `tagged` when it brought a tag of
   * its own. If not it is counted and told of.
   */
  static passes(port: Port, pool: u32, frame: usize, length: u32, tagged: bool): bool {
    const state = port.state;
    if (state.virtual == 0) return true;
    const wrong = Guard.judge(port, state, pool, frame, length, tagged);
    if (wrong == HONEST) return true;
    const index = port.sender;
    const policy = port.policy;
    const i350 = state.profile == PROFILE_I350;
    state.spoofed++;
    port.pool(pool).spoofed++;
    state.wvbr |= 1 << index;
    policy.forged |= 1 << index;
    if (i350) {
      policy.note(index, wrong == SECOND_TAG ? LVMMC_VLAN_IERR : LVMMC_MAC_VLAN_SPOOF, true);
      const protects = policy.dtxctl & (DTXCTL_MDP_EN | DTXCTL_ENABLE_SPOOF_QUEUE);
      if (protects == DTXCTL_MDP_EN) port.stop(port.tx(index), CAUSE_TX + index, STOP_FORGED);
    } else policy.note(index, wrong == FOREIGN_MAC ? LVMMC_82576_MAC_SPOOF : LVMMC_82576_VLAN_SPOOF, false);
    return false;
  }

  private static judge(port: Port, state: Control, pool: u32, frame: usize, length: u32, tagged: bool): u32 {
    const own: u32 = 1 << pool;
    if (Filter.checksMac(state, pool) && (Filter.poolsOf(port, Ethernet.source(frame)) & own) == 0) return FOREIGN_MAC;
    if (!Filter.checksVlan(state, pool)) return HONEST;
    // The pool's own tag is inserted: a frame may not bring one that hides behind it.
    if (tagged && Filter.tagAction(port, pool) == VMVIR_VLANA_ALWAYS) return SECOND_TAG;
    const tag = Tags.of(port, frame, length);
    if (tag == NO_TAG) return (state.untagged & own) == 0 ? FOREIGN_VLAN : HONEST;
    return (port.vlan(Ethernet.vid(tag)) & own) == 0 ? FOREIGN_VLAN : HONEST;
  }
}
