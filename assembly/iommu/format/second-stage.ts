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
  SS_W_HI,
} from "../../spec/vtd/second-stage";
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
    return Bits.of64(entry, SS_W_HI, SS_R_LO);
  }

  @inline maps2M(entry: u64): bool {
    return (entry & this.large2M) != 0;
  }

  @inline maps1G(entry: u64): bool {
    return (entry & this.large1G) != 0;
  }

  @inline reservedInTable(entry: u64): u64 {
    return entry & this.tableReserved;
  }

  @inline reservedIn4K(entry: u64): u64 {
    return entry & this.reserved4K;
  }

  @inline reservedIn2M(entry: u64): u64 {
    return entry & this.reserved2M;
  }

  @inline reservedIn1G(entry: u64): u64 {
    return entry & this.reserved1G;
  }
}
