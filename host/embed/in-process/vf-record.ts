// What a PF's driver remembers of each VF.
import { MAC_LENGTH } from "./mac.ts";

/** What the PF knows of one VF. */
export class VfRecord {
  readonly mac: Uint8Array = new Uint8Array(MAC_LENGTH);
  /** The administrator gave the address: the VF may not change it. */
  fixedMac = false;
  /** The VF has been through VF_RESET. */
  clearToSend = false;
  /** It was told that it has not: its acknowledgement of that is not answered again. */
  told = false;
  /** VLAN ID and priority that the administrator put the VF into; 0 for none. */
  portVlan = 0;
  /** Receive address entries of additional unicast addresses. */
  extra: number[] = [];
  hashes: number[] = [];
  promiscuous = false;
}

/** A copy that shares nothing. */
export function copyRecord(record: VfRecord): VfRecord {
  return { ...record, mac: record.mac.slice(), extra: [...record.extra], hashes: [...record.hashes] };
}
