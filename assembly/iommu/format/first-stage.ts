// First-stage paging entries (VT-d 5.10 §9.7). Two formats of one layout: of tables at host-physical addresses, and of
// tables whose addresses a second stage translates. The context is a line of the PASID cache.

import { Bits } from "../../core/bits";
import { ACCESS_READ, ACCESS_WRITE } from "../../spec/abi/iommu";
import {
  FAULT_FS_NOT_PRESENT,
  FAULT_FS_NOT_SNOOPED,
  FAULT_FS_RESERVED,
  FAULT_FS_TABLE_ACCESS,
  FAULT_FS_TOP_ACCESS,
  FAULT_FS_UPDATE,
  FAULT_SM_USER_DENIED,
  FAULT_SM_WRITE_DENIED,
} from "../../spec/vtd/fault-reason";
import {
  FS_ADDR_1G_LO,
  FS_ADDR_2M_LO,
  FS_ADDR_HI,
  FS_ADDR_LO,
  FS_D_HI,
  FS_D_LO,
  FS_P_HI,
  FS_P_LO,
  FS_PAT_LARGE_HI,
  FS_PS_HI,
  FS_PS_LO,
  FS_RW_LO,
  FS_US_HI,
  FS_US_LO,
} from "../../spec/vtd/first-stage";
import { Context } from "../context";
import { Nested } from "../nested";
import { PasidLine } from "../pasid-line";
import { WALK_REFUSED } from "../result";
import { Unit } from "../unit";
import { PageTableFormat } from "./page-table-format";

@unmanaged
export abstract class FirstStageMasks extends PageTableFormat {
  tableReserved: u64;
  reserved4K: u64;
  reserved2M: u64;
  reserved1G: u64;
  /** PS where CAP_REG.FS1GP is set, else 0. */
  large1G: u64;

  /** Composes the masks. `reservedAddress` are the bits 63:HAW. */
  configure(reservedAddress: u64, has1G: bool): void {
    const size = Bits.mask64(FS_PS_HI, FS_PS_LO);
    const always = reservedAddress & Bits.mask64(FS_ADDR_HI, FS_ADDR_LO);
    this.tableReserved = always | size;
    this.reserved4K = always;
    this.reserved2M = always | Bits.mask64(FS_ADDR_2M_LO - 1, FS_PAT_LARGE_HI + 1);
    this.reserved1G = always | Bits.mask64(FS_ADDR_1G_LO - 1, FS_PAT_LARGE_HI + 1);
    this.large1G = has1G ? size : 0;
  }

  @inline force(context: Context): u64 {
    return changetype<PasidLine>(context).force;
  }

  @inline required(access: u64): u64 {
    return Bits.mask64(FS_P_HI, FS_P_LO) | Bits.mask64(FS_US_HI, FS_US_LO) | (access & <u64>ACCESS_WRITE);
  }

  @inline accessed(context: Context): u64 {
    return changetype<PasidLine>(context).accessed;
  }

  @inline get dirty(): u64 {
    return Bits.mask64(FS_D_HI, FS_D_LO);
  }

  /** U/S lets read, and together with R/W lets write. */
  @inline permissions(entry: u64): u64 {
    const user = entry >> <u64>(FS_US_LO - FS_P_LO);
    return (user & <u64>ACCESS_READ) | (entry & (entry >> <u64>(FS_US_LO - FS_RW_LO)) & <u64>ACCESS_WRITE);
  }

  @inline cacheable(entry: u64, granted: u64): u64 {
    return granted & ~((~entry >> <u64>(FS_D_LO - FS_RW_LO)) & <u64>ACCESS_WRITE);
  }

  @inline wrong(entry: u64, required: u64, mask: u64): u64 {
    return (entry ^ required) & mask;
  }

  @inline maps2M(entry: u64): bool {
    return Bits.of64(entry, FS_PS_HI, FS_PS_LO) != 0;
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

  @inline get deep(): bool {
    return true;
  }

  @inline snooped(context: Context): bool {
    return changetype<PasidLine>(context).snooped;
  }

  @inline get notSnooped(): u32 {
    return FAULT_FS_NOT_SNOOPED;
  }

  @inline get notUpdated(): u32 {
    return FAULT_FS_UPDATE;
  }

  /** VT-d 5.10 §7.1.3 SFS.4, SFS.1. */
  unreadable(_context: Context, top: bool): u32 {
    return top ? FAULT_FS_TOP_ACCESS : FAULT_FS_TABLE_ACCESS;
  }

  /** VT-d 5.10 §7.1.3 SFS.2, SGN.2, SGN.6, SFS.3. */
  refuse(_context: Context, entry: u64, granted: u64, access: u64): u64 {
    let reason = FAULT_FS_RESERVED;
    if (!Bits.of64(entry, FS_P_HI, FS_P_LO)) reason = FAULT_FS_NOT_PRESENT;
    else if (!(granted & <u64>ACCESS_READ)) reason = FAULT_SM_USER_DENIED;
    else if (access & ~granted) reason = FAULT_SM_WRITE_DENIED;
    return WALK_REFUSED | <u64>reason;
  }
}

@final
@unmanaged
export class FirstStage extends FirstStageMasks {
  @inline static of(unit: Unit): FirstStage {
    return changetype<FirstStage>(unit.base + offsetof<Unit>("firstStage"));
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
}

@final
@unmanaged
export class NestedFirstStage extends FirstStageMasks {
  @inline static of(unit: Unit): NestedFirstStage {
    return changetype<NestedFirstStage>(unit.base + offsetof<Unit>("firstStage"));
  }

  @inline get nested(): bool {
    return true;
  }

  @inline tableAt(unit: Unit, context: Context, address: u64): u64 {
    return Nested.fastTable(unit, context, address);
  }

  @inline carefulTableAt(unit: Unit, context: Context, address: u64, top: bool): u64 {
    return Nested.table(unit, context, address, top);
  }

  @inline refuseUpdate(unit: Unit, context: Context, address: u64): u64 {
    return Nested.refuseUpdate(unit, context, address);
  }
}

if (FS_RW_LO != 1) ERROR("R/W is not where ACCESS_WRITE is");
