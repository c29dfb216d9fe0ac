// Second-stage paging entries (VT-d 5.10 §9.8): R and W are bits 0 and 1, the ACCESS_ bits. Two formats of one layout:
// without accessed and dirty bits, and with them (SSADE in a PASID-table entry).

import { Bits } from "../../core/bits";
import { ACCESS_WRITE } from "../../spec/abi/iommu";
import {
  FAULT_CONTEXT_INVALID,
  FAULT_ENTRY_RESERVED,
  FAULT_READ_DENIED,
  FAULT_SM_READ_DENIED,
  FAULT_SM_WRITE_DENIED,
  FAULT_SS_NOT_PRESENT,
  FAULT_SS_NOT_SNOOPED,
  FAULT_SS_RESERVED,
  FAULT_SS_TABLE_ACCESS,
  FAULT_SS_TOP_ACCESS,
  FAULT_SS_UPDATE,
  FAULT_TABLE_ACCESS,
  FAULT_WRITE_DENIED,
} from "../../spec/vtd/fault-reason";
import {
  SS_A_HI,
  SS_A_LO,
  SS_ADDR_1G_LO,
  SS_ADDR_2M_LO,
  SS_ADDR_HI,
  SS_ADDR_LO,
  SS_D_HI,
  SS_D_LO,
  SS_IW_HI,
  SS_IW_LO,
  SS_PS_HI,
  SS_PS_LO,
  SS_R_LO,
  SS_SNP_HI,
  SS_SNP_LO,
  SS_W_LO,
} from "../../spec/vtd/second-stage";
import { Context } from "../context";
import { PasidLine } from "../pasid-line";
import { WALK_NOTHING, WALK_REFUSED } from "../result";
import { Unit } from "../unit";
import { PageTableFormat } from "./page-table-format";

@unmanaged
export abstract class SecondStageMasks extends PageTableFormat {
  tableReserved: u64;
  reserved4K: u64;
  reserved2M: u64;
  reserved1G: u64;
  /** PS where CAP_REG.SSLPS has the page size, else 0. */
  large2M: u64;
  large1G: u64;

  /** Composes the masks. `reservedAddress` are the bits 63:HAW. */
  configure(reservedAddress: u64, has2M: bool, has1G: bool, snoopControl: bool): void {
    const size = Bits.mask64(SS_PS_HI, SS_PS_LO);
    const always = (reservedAddress & Bits.mask64(SS_ADDR_HI, SS_ADDR_LO)) | Bits.mask64(SS_IW_HI, SS_IW_LO);
    const snoop = Bits.mask64(SS_SNP_HI, SS_SNP_LO);
    const leaf = snoopControl ? always : always | snoop;
    this.tableReserved = always | snoop | size;
    this.reserved4K = leaf;
    this.reserved2M = leaf | Bits.mask64(SS_ADDR_2M_LO - 1, SS_ADDR_LO);
    this.reserved1G = leaf | Bits.mask64(SS_ADDR_1G_LO - 1, SS_ADDR_LO);
    this.large2M = has2M ? size : 0;
    this.large1G = has1G ? size : 0;
  }

  @inline force(_context: Context): u64 {
    return 0;
  }

  @inline required(access: u64): u64 {
    return access;
  }

  /** SNP in a leaf, where ECAP_REG.SC has it. */
  @inline get snoop(): u64 {
    return Bits.mask64(SS_SNP_HI, SS_SNP_LO) & ~this.reserved4K;
  }

  @inline permissions(entry: u64): u64 {
    return entry;
  }

  @inline wrong(entry: u64, required: u64, mask: u64): u64 {
    return (entry ^ required) & mask;
  }

  @inline maps2M(entry: u64): bool {
    return (entry & this.large2M) != 0;
  }

  @inline maps1G(entry: u64): bool {
    return (entry & this.large1G) != 0;
  }

  @inline get reservedInTable(): u64 {
    return this.tableReserved;
  }

  @inline get reservedIn4K(): u64 {
    return this.reserved4K;
  }

  @inline get reservedIn2M(): u64 {
    return this.reserved2M;
  }

  @inline get reservedIn1G(): u64 {
    return this.reserved1G;
  }

  @inline get nested(): bool {
    return false;
  }

  @inline tableAt(_unit: Unit, _context: Context, address: u64): u64 {
    return address;
  }

  @inline carefulTableAt(_unit: Unit, _context: Context, address: u64, _top: bool): u64 {
    return address;
  }

  @inline refuseUpdate(_unit: Unit, _context: Context, _address: u64): u64 {
    return 0;
  }

  @inline get deep(): bool {
    return false;
  }

  @inline get notSnooped(): u32 {
    return FAULT_SS_NOT_SNOOPED;
  }

  @inline get notUpdated(): u32 {
    return FAULT_SS_UPDATE;
  }

  /** VT-d 5.10 §7.1.3 LCT.4.3, LSS.1; SSS.4, SSS.1. */
  unreadable(context: Context, top: bool): u32 {
    if (context.scalable) return top ? FAULT_SS_TOP_ACCESS : FAULT_SS_TABLE_ACCESS;
    return top ? FAULT_CONTEXT_INVALID : FAULT_TABLE_ACCESS;
  }

  /** VT-d 5.10 §7.1.3 LGN.2, LGN.3, LSS.2; SSS.2, SGN.6, SGN.7, SSS.3. */
  refuse(context: Context, _entry: u64, granted: u64, access: u64): u64 {
    const scalable = context.scalable;
    if ((access & ~granted) == 0) {
      return WALK_REFUSED | WALK_NOTHING | <u64>(scalable ? FAULT_SS_RESERVED : FAULT_ENTRY_RESERVED);
    }
    if (scalable && granted == 0) return WALK_REFUSED | WALK_NOTHING | <u64>FAULT_SS_NOT_PRESENT;
    const write = (access & ~granted & <u64>ACCESS_WRITE) != 0;
    const written = scalable ? FAULT_SM_WRITE_DENIED : FAULT_WRITE_DENIED;
    const read = scalable ? FAULT_SM_READ_DENIED : FAULT_READ_DENIED;
    return WALK_REFUSED | <u64>(write ? written : read) | (granted == 0 ? WALK_NOTHING : 0);
  }
}

@final
@unmanaged
export class SecondStage extends SecondStageMasks {
  @inline static of(unit: Unit): SecondStage {
    return changetype<SecondStage>(unit.base + offsetof<Unit>("secondStage"));
  }

  @inline accessed(_context: Context): u64 {
    return 0;
  }

  @inline get dirty(): u64 {
    return 0;
  }

  @inline cacheable(_entry: u64, granted: u64): u64 {
    return granted;
  }

  @inline snooped(_context: Context): bool {
    return false;
  }
}

/** With accessed and dirty bits; the context is the second stage of a line of the PASID cache. */
@final
@unmanaged
export class FlaggedSecondStage extends SecondStageMasks {
  @inline static of(unit: Unit): FlaggedSecondStage {
    return changetype<FlaggedSecondStage>(unit.base + offsetof<Unit>("secondStage"));
  }

  @inline accessed(_context: Context): u64 {
    return Bits.mask64(SS_A_HI, SS_A_LO);
  }

  @inline get dirty(): u64 {
    return Bits.mask64(SS_D_HI, SS_D_LO);
  }

  @inline cacheable(entry: u64, granted: u64): u64 {
    return granted & ~((~entry >> <u64>(SS_D_LO - SS_W_LO)) & <u64>ACCESS_WRITE);
  }

  @inline snooped(context: Context): bool {
    return PasidLine.ofSecond(context).snooped;
  }
}

if (SS_R_LO != 0 || SS_W_LO != 1) ERROR("R and W are not where ACCESS_READ and ACCESS_WRITE are");
