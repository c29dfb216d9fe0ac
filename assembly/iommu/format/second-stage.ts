// Second-stage paging entries of legacy mode (VT-d 5.10 §9.8): R and W are bits 0 and 1, the ACCESS_ bits.

import { Bits } from "../../core/bits";
import {
  SS_ADDR_1G_LO,
  SS_ADDR_2M_LO,
  SS_ADDR_HI,
  SS_ADDR_LO,
  SS_IW_HI,
  SS_IW_LO,
  SS_PS_HI,
  SS_PS_LO,
  SS_R_LO,
  SS_SNP_HI,
  SS_SNP_LO,
  SS_W_LO,
} from "../../spec/vtd/second-stage";
import { Unit } from "../unit";
import { PageTableFormat } from "./page-table-format";

@final
@unmanaged
export class SecondStage extends PageTableFormat {
  tableReserved: u64;
  reserved4K: u64;
  reserved2M: u64;
  reserved1G: u64;
  /** PS where CAP_REG.SSLPS has the page size, else 0. */
  large2M: u64;
  large1G: u64;

  @inline static of(unit: Unit): SecondStage {
    return changetype<SecondStage>(unit.base + offsetof<Unit>("secondStage"));
  }

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

  @inline permissions(entry: u64): u64 {
    return entry;
  }

  @inline wrong(entry: u64, access: u64, mask: u64): u64 {
    return (entry ^ access) & mask;
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
}

if (SS_R_LO != 0 || SS_W_LO != 1) ERROR("R and W are not where ACCESS_READ and ACCESS_WRITE are");
