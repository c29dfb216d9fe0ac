// What the filter registers mean, worked out once for each change of them: the MAC table, VLAN pools, masks of
// pools. The switch then needs one lookup a frame.

import { Bits, HASH_MULTIPLIER } from "../core/bits";
import {
  MAC_SLOT_POOLS,
  MAC_SLOT_SIZE,
  MAC_SLOT_USED,
  MAC_SLOTS,
  PORT_MACS,
  PORT_RAR,
  PORT_RARS,
  PORT_VFTA,
  PORT_VLANS,
  PORT_VLVF,
  PROFILE_I350,
  VLAN_LISTED,
  VLAN_LOCAL,
} from "../spec/abi/port";
import { RCTL_RXEN, RCTL_VFE, RX_FRAME_MAX } from "../spec/igb/receive";
import {
  DVMOLR_HIDEVLAN,
  DVMOLR_STRVLAN,
  MRQC_ENABLE_HI,
  MRQC_ENABLE_LO,
  MRQC_ENABLE_VMDQ,
  MRQC_ENABLE_VMDQ_RSS,
  POOL_MASK,
  POOLS,
  RAH_AV,
  RAH_POOLSEL_HI,
  RAH_POOLSEL_LO,
  RAH_RAH_HI,
  RAH_RAH_LO,
  TABLE_BIT_HI,
  TABLE_BIT_LO,
  TABLE_WORD_HI,
  TABLE_WORD_LO,
  TXSWC_LOOPBACK_EN,
  TXSWC_MACAS_HI,
  TXSWC_MACAS_LO,
  TXSWC_VLANAS_HI,
  TXSWC_VLANAS_LO,
  VLVF_ENTRIES,
  VLVF_LVLAN,
  VLVF_POOLSEL_HI,
  VLVF_POOLSEL_LO,
  VLVF_VI_EN,
  VLVF_VLANID_HI,
  VLVF_VLANID_LO,
  VMOLR_AUPE,
  VMOLR_BAM,
  VMOLR_LPE,
  VMOLR_MPE,
  VMOLR_RLPML_HI,
  VMOLR_RLPML_LO,
  VMOLR_ROMPE,
  VMOLR_ROPE,
  VMOLR_STRVLAN,
  VMOLR_UPE,
  VMOLR_VPE,
  VMVIR_VLANA_ALWAYS,
  VMVIR_VLANA_HI,
  VMVIR_VLANA_LO,
  VT_CTL_IGNORE_MAC,
} from "../spec/igb/virtualization";
import { Mirror } from "./mirror";
import { Rates } from "./rates";
import { Control, Port } from "./state";
import { Steering } from "./steering";
import { Tags } from "./tags";

/** 64 less the 7 bits that number the slots. */
const MIX_SHIFT: u64 = 57;
const VLANS: u32 = 4096;

export class Filter {
  /** Works out everything that depends on the port's filter registers. */
  static update(port: Port): void {
    const state = port.state;
    Steering.update(port);
    const mode = Bits.of32(state.mrqc, MRQC_ENABLE_HI, MRQC_ENABLE_LO);
    state.virtual = u32(mode == MRQC_ENABLE_VMDQ || mode == MRQC_ENABLE_VMDQ_RSS);
    Filter.pools(port, state);
    Filter.macs(port);
    Filter.vlans(port);
  }

  private static pools(port: Port, state: Control): void {
    const i350 = state.profile == PROFILE_I350;
    let broadcast: u32 = 0;
    let multicast: u32 = 0;
    let overflowMulticast: u32 = 0;
    let overflowUnicast: u32 = 0;
    let untagged: u32 = 0;
    let strip: u32 = 0;
    let tagging: u32 = 0;
    let short: u32 = 0;
    let unicast: u32 = 0;
    let anyVlan: u32 = 0;
    let hidden: u32 = 0;
    for (let index: u32 = 0; index < POOLS; index++) {
      const pool = port.pool(index);
      const bit: u32 = 1 << index;
      if (pool.vmolr & VMOLR_BAM) broadcast |= bit;
      if (pool.vmolr & VMOLR_MPE) multicast |= bit;
      if (pool.vmolr & VMOLR_ROMPE) overflowMulticast |= bit;
      if (pool.vmolr & VMOLR_ROPE) overflowUnicast |= bit;
      if (pool.vmolr & VMOLR_AUPE) untagged |= bit;
      if (i350 ? pool.dvmolr & (DVMOLR_STRVLAN | DVMOLR_HIDEVLAN) : pool.vmolr & VMOLR_STRVLAN) strip |= bit;
      if (pool.vmolr & VMOLR_UPE) unicast |= bit;
      if (pool.vmolr & VMOLR_VPE) anyVlan |= bit;
      if (pool.dvmolr & DVMOLR_HIDEVLAN) hidden |= bit;
      const limit = Bits.of32(pool.vmolr, VMOLR_RLPML_HI, VMOLR_RLPML_LO);
      if (pool.vmolr & VMOLR_LPE && limit < RX_FRAME_MAX) short |= bit;
      if (Filter.tagAction(port, index) == VMVIR_VLANA_ALWAYS) tagging |= bit;
    }
    state.broadcast = broadcast;
    state.multicast = multicast;
    state.overflowMulticast = overflowMulticast;
    state.overflowUnicast = overflowUnicast;
    state.untagged = state.rctl & RCTL_VFE ? untagged : POOL_MASK;
    state.strip = strip;
    const policy = port.policy;
    policy.unicast = unicast;
    policy.anyVlan = anyVlan;
    policy.hidden = hidden;
    policy.mirroring = Mirror.used(policy);
    policy.limited = Rates.limited(policy);
    const vlanSpoof = Bits.of32(state.txswc, TXSWC_VLANAS_HI, TXSWC_VLANAS_LO);
    const copies = unicast | policy.mirroring;
    const simple = state.virtual != 0 && !Tags.double(port) && (state.vtCtl & VT_CTL_IGNORE_MAC) == 0 && copies == 0;
    // An untagged frame is no forgery of a pool that may have untagged ones.
    state.plain = simple ? POOL_MASK & ~tagging & ~(vlanSpoof & ~state.untagged) : 0;
    const open = simple && (state.rctl & RCTL_RXEN) != 0 && (state.txswc & TXSWC_LOOPBACK_EN) != 0;
    state.direct = open && Steering.simple(port) ? state.vfre & state.untagged & ~short & ~policy.linkless : 0;
  }

  private static macs(port: Port): void {
    memory.fill(changetype<usize>(port) + PORT_MACS, 0, MAC_SLOTS * MAC_SLOT_SIZE);
    for (let index: u32 = 0; index < PORT_RARS; index++) {
      const high = port.word(PORT_RAR, 2 * index + 1);
      if ((high & RAH_AV) == 0) continue;
      const mac = ((<u64>Bits.of32(high, RAH_RAH_HI, RAH_RAH_LO)) << 32) | <u64>port.word(PORT_RAR, 2 * index);
      if (mac == 0) continue;
      let number = Filter.slot(mac);
      let slot = port.macSlot(number);
      while (load<u64>(slot) != 0 && load<u64>(slot) != mac) {
        number = (number + 1) & (MAC_SLOTS - 1);
        slot = port.macSlot(number);
      }
      store<u64>(slot, mac);
      const pools = load<u32>(slot, MAC_SLOT_POOLS) | Bits.of32(high, RAH_POOLSEL_HI, RAH_POOLSEL_LO);
      store<u32>(slot, pools, MAC_SLOT_POOLS);
      store<u32>(slot, 1, MAC_SLOT_USED);
    }
  }

  private static vlans(port: Port): void {
    const base = changetype<usize>(port) + PORT_VLANS;
    memory.fill(base, 0, VLANS << 1);
    for (let index: u32 = 0; index < VLVF_ENTRIES; index++) {
      const entry = port.word(PORT_VLVF, index);
      if ((entry & VLVF_VI_EN) == 0) continue;
      const place = base + ((<usize>Bits.of32(entry, VLVF_VLANID_HI, VLVF_VLANID_LO)) << 1);
      const local: u32 = entry & VLVF_LVLAN ? VLAN_LOCAL | VLAN_LISTED : VLAN_LISTED;
      store<u16>(place, <u16>(<u32>load<u16>(place) | Bits.of32(entry, VLVF_POOLSEL_HI, VLVF_POOLSEL_LO) | local));
    }
  }

  @inline static slot(mac: u64): u32 {
    return <u32>((mac * HASH_MULTIPLIER) >> MIX_SHIFT);
  }

  /** The slot of `mac`, 0 when no receive address has it. `mac` is as it lies in memory, first byte lowest. */
  @inline static find(port: Port, mac: u64): usize {
    let number = Filter.slot(mac);
    let slot = port.macSlot(number);
    let found = load<u64>(slot);
    while (found != mac) {
      if (found == 0) {
        slot = 0;
        break;
      }
      number = (number + 1) & (MAC_SLOTS - 1);
      slot = port.macSlot(number);
      found = load<u64>(slot);
    }
    return slot;
  }

  /** The pools that receive address registers give `mac` to. */
  @inline static poolsOf(port: Port, mac: u64): u32 {
    const slot = Filter.find(port, mac);
    return slot == 0 ? 0 : load<u32>(slot, MAC_SLOT_POOLS);
  }

  /** Whether bit `hash` (12 bits) of the table at `offset` is set (I350 §8.10.16 MTA, §8.10.22 VFTA). */
  @inline static inTable(port: Port, offset: u32, hash: u32): bool {
    const word = port.word(offset, Bits.of32(hash, TABLE_WORD_HI, TABLE_WORD_LO));
    return ((word >> Bits.of32(hash, TABLE_BIT_HI, TABLE_BIT_LO)) & 1) != 0;
  }

  /** Whether VFTA lets the VLAN ID in. */
  @inline static vlanAllowed(port: Port, vid: u32): bool {
    return Filter.inTable(port, PORT_VFTA, vid);
  }

  /** What becomes of a pool's tags: VMVIR.VLANA. */
  @inline static tagAction(port: Port, pool: u32): u32 {
    return Bits.of32(port.pool(pool).vmvir, VMVIR_VLANA_HI, VMVIR_VLANA_LO);
  }

  /** Whether a pool may not send from addresses that are not its own. */
  @inline static checksMac(state: Control, pool: u32): bool {
    return ((Bits.of32(state.txswc, TXSWC_MACAS_HI, TXSWC_MACAS_LO) >> pool) & 1) != 0;
  }

  @inline static checksVlan(state: Control, pool: u32): bool {
    return ((Bits.of32(state.txswc, TXSWC_VLANAS_HI, TXSWC_VLANAS_LO) >> pool) & 1) != 0;
  }
}
