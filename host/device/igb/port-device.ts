// What a reset gives back to a port from the NVM (I350 §8.10.13).
import { RA, RAH_AV } from "../../../assembly/spec/igb/virtualization.ts";
import type { RegisterFile } from "./register-file.ts";

/** Puts the port's address into receive address 0. */
export function setAddress(registers: RegisterFile, mac: Uint8Array): void {
  const view = new DataView(mac.buffer, mac.byteOffset, mac.length);
  registers.set(RA, view.getUint32(0, true));
  registers.set(RA + 4, (view.getUint16(4, true) | RAH_AV) >>> 0);
}
