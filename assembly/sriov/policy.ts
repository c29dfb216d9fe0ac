// What the PF's driver imposes on the pools: mirror rules, what becomes of misbehaviour, rate limits (spec/abi/port
// from PORT_POLICY on).

import {
  STOP_BUFFER,
  STOP_DESCRIPTOR,
  STOP_FORGED,
  STOP_OFFLOAD,
  STOP_RING,
  STOP_SIZE,
  STOP_UNENDED,
} from "../spec/abi/port";
import {
  MIRROR_SIZE,
  PORT_DTXCTL,
  PORT_FORGED,
  PORT_LINKLESS,
  PORT_LVMMC,
  PORT_MIRRORS,
  PORT_NOW,
  PORT_POLICY,
  PORT_RATES,
  PORT_UNICAST,
  PORT_WINDOW,
  RATE_CONFIG,
  RATE_NEXT,
  RATE_SIZE,
} from "../spec/abi/port-policy";
import { MIRROR_RULES } from "../spec/igb/mirror";
import {
  LVMMC_82576_BLOCK_LO,
  LVMMC_82576_LAST_Q_LO,
  LVMMC_DESC_TYPE,
  LVMMC_INV_MACC,
  LVMMC_LAST_Q_LO,
  LVMMC_NO_EOP,
  LVMMC_OFF_ILL,
  LVMMC_OOS_SSO,
  LVMMC_SIZE,
} from "../spec/igb/misbehaviour";
import { DTXCTL_MDP_EN } from "../spec/igb/transmit";
import { POOLS, WVBR_BLOCKED_LO } from "../spec/igb/virtualization";

/** A mirror rule. */
@unmanaged
class MirrorRule {
  control: u32;
  vlans: u32;
  pools: u32;
  reserved: u32;
}

/** A transmit queue's rate limit. */
@unmanaged
class Rate {
  next: u64;
  config: u32;
  reserved: u32;
}

@unmanaged
export class Policy {
  mirror0: u64;
  mirror1: u64;
  mirror2: u64;
  mirror3: u64;
  mirror4: u64;
  mirror5: u64;
  mirror6: u64;
  mirror7: u64;
  dtxctl: u32;
  lvmmc: u32;
  mdfb: u32;
  unicast: u32;
  anyVlan: u32;
  hidden: u32;
  mirroring: u32;
  limited: u32;
  now: u64;
  window: u32;
  linkless: u32;
  forged: u32;
  reserved0: u32;
  reserved1: u64;

  @inline mirror(rule: u32): MirrorRule {
    return changetype<MirrorRule>(changetype<usize>(this) + <usize>rule * MIRROR_SIZE);
  }

  @inline rate(queue: u32): Rate {
    return changetype<Rate>(changetype<usize>(this) + (PORT_RATES - PORT_POLICY) + <usize>queue * RATE_SIZE);
  }

  /** Notes that transmit queue `index` misbehaved. `cause` is what LVMMC says of it. */
  note(index: u32, cause: u32, i350: bool): void {
    const place = i350 ? (index & (POOLS - 1)) << LVMMC_LAST_Q_LO : index << LVMMC_82576_LAST_Q_LO;
    this.lvmmc = cause | place;
  }

  /**
   * Transmit queue `index` was stopped: notes why, and with malicious driver protection blocks it. Returns what WVBR
   * says of it.
   */
  block(index: u32, reason: u32, i350: bool): u32 {
    if (reason != STOP_FORGED) this.note(index, i350 ? Policy.cause(reason) : 1 << LVMMC_82576_BLOCK_LO, i350);
    if ((this.dtxctl & DTXCTL_MDP_EN) == 0) return 0;
    if (!i350) return 1 << (WVBR_BLOCKED_LO + index);
    this.mdfb |= 1 << (index & (POOLS - 1));
    return 0;
  }

  private static cause(reason: u32): u32 {
    if (reason == STOP_RING || reason == STOP_BUFFER) return LVMMC_INV_MACC;
    if (reason == STOP_SIZE) return LVMMC_SIZE;
    if (reason == STOP_UNENDED) return LVMMC_NO_EOP;
    if (reason == STOP_OFFLOAD) return LVMMC_OFF_ILL;
    return reason == STOP_DESCRIPTOR ? LVMMC_DESC_TYPE : LVMMC_OOS_SSO;
  }
}

if (offsetof<MirrorRule>() != MIRROR_SIZE) ERROR("MIRROR_SIZE");
if (offsetof<Rate>() != RATE_SIZE) ERROR("RATE_SIZE");
if (offsetof<Rate>("next") != RATE_NEXT) ERROR("RATE_NEXT");
if (offsetof<Rate>("config") != RATE_CONFIG) ERROR("RATE_CONFIG");
if (PORT_MIRRORS != PORT_POLICY || MIRROR_RULES * MIRROR_SIZE != PORT_DTXCTL - PORT_MIRRORS) ERROR("PORT_MIRRORS");
if (offsetof<Policy>("dtxctl") + PORT_POLICY != PORT_DTXCTL) ERROR("PORT_DTXCTL");
if (offsetof<Policy>("lvmmc") + PORT_POLICY != PORT_LVMMC) ERROR("PORT_LVMMC");
if (offsetof<Policy>("unicast") + PORT_POLICY != PORT_UNICAST) ERROR("PORT_UNICAST");
if (offsetof<Policy>("now") + PORT_POLICY != PORT_NOW) ERROR("PORT_NOW");
if (offsetof<Policy>("window") + PORT_POLICY != PORT_WINDOW) ERROR("PORT_WINDOW");
if (offsetof<Policy>("linkless") + PORT_POLICY != PORT_LINKLESS) ERROR("PORT_LINKLESS");
if (offsetof<Policy>("forged") + PORT_POLICY != PORT_FORGED) ERROR("PORT_FORGED");
if (offsetof<Policy>() + PORT_POLICY != PORT_RATES) ERROR("PORT_RATES");
