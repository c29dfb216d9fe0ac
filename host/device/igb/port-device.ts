// The PF's general registers that do something: resets, NVM and PHY access, semaphores (I350 §8.2 to §8.5, §8.7).
import * as device from "../../../assembly/spec/igb/device.ts";
import { RA, RAH_AV } from "../../../assembly/spec/igb/virtualization.ts";
import { bits, mask, place } from "../../core/bits.ts";
import type { Phy } from "./phy.ts";
import type { RegisterFile } from "./register-file.ts";

export interface PfDevice {
  phy: Phy;
  nvm: Uint16Array;
  /** Which port of the card. */
  number: number;
  status(): number;
  timer(): number;
  /** CTRL.RST. */
  reset(): void;
  /** CTRL_EXT.PFRSTD. */
  resetDone(): void;
}

/** What of STATUS a VF sees: duplex, link, speed. */
export const VF_STATUS: number =
  device.STATUS_FD | device.STATUS_LU | mask(device.STATUS_SPEED_HI, device.STATUS_SPEED_LO);

/** Puts the port's address into receive address 0, as a reset loads it from the NVM (I350 §8.10.13). */
export function setAddress(registers: RegisterFile, mac: Uint8Array): void {
  const view = new DataView(mac.buffer, mac.byteOffset, mac.length);
  registers.set(RA, view.getUint32(0, true));
  registers.set(RA + 4, (view.getUint16(4, true) | RAH_AV) >>> 0);
}

/** STATUS (I350 §8.2.2). */
export function portStatus(port: {
  /** CTRL. */
  control: number;
  linkUp: boolean;
  number: number;
  vfs: number;
  /** VF Enable. */
  virtual: boolean;
}): number {
  const master = (port.control & device.CTRL_GIO_MASTER_DISABLE) === 0;
  return (
    (device.STATUS_FD |
      (port.linkUp ? device.STATUS_LU : 0) |
      place(device.STATUS_SPEED_1000, device.STATUS_SPEED_HI, device.STATUS_SPEED_LO) |
      place(port.number, device.STATUS_LAN_ID_HI, device.STATUS_LAN_ID_LO) |
      place(port.vfs, device.STATUS_NUM_VFS_HI, device.STATUS_NUM_VFS_LO) |
      (port.virtual ? device.STATUS_IOV_MODE : 0) |
      (master ? device.STATUS_GIO_MASTER_ENABLE : 0)) >>>
    0
  );
}

/** EECD.SIZE_EX: 2^(n + 6) words. */
const NVM_SIZE = 3;

export function hookPfDevice(registers: RegisterFile, pf: PfDevice): void {
  registers.hook(device.CTRL, {
    write: (value) => {
      if ((value & (device.CTRL_RST | device.CTRL_DEV_RST)) !== 0) pf.reset();
      else registers.store(device.CTRL, value & ~device.CTRL_PHY_RST);
      if ((value & device.CTRL_PHY_RST) !== 0) pf.phy.reset();
    },
  });
  registers.hook(device.STATUS, { read: () => pf.status(), write: () => {} });
  registers.hook(device.CTRL_EXT, {
    write: (value) => {
      registers.store(device.CTRL_EXT, value);
      if ((value & device.CTRL_EXT_PFRSTD) !== 0) pf.resetDone();
    },
  });
  registers.hook(device.EECD, {
    read: () => {
      const asked = registers.get(device.EECD) & device.EECD_EE_REQ;
      const size = place(NVM_SIZE, device.EECD_SIZE_EX_HI, device.EECD_SIZE_EX_LO);
      return asked | (asked !== 0 ? device.EECD_EE_GNT : 0) | device.EECD_EE_PRES | device.EECD_AUTO_RD | size;
    },
  });
  registers.hook(device.EERD, {
    write: (value) => {
      const address = bits(value, device.EERD_ADDR_HI, device.EERD_ADDR_LO);
      const data = place(pf.nvm[address] ?? 0xffff, device.EERD_DATA_HI, device.EERD_DATA_LO);
      const kept = place(address, device.EERD_ADDR_HI, device.EERD_ADDR_LO);
      const done = (value & device.EERD_START) !== 0 ? data | device.EERD_DONE : 0;
      registers.set(device.EERD, (kept | done) >>> 0);
    },
  });
  registers.hook(device.MDIC, { write: (value) => registers.set(device.MDIC, pf.phy.access(value)) });
  registers.hook(device.FRTIMER, { read: () => pf.timer(), write: () => {} });
  registers.hook(device.EEMNGCTL, { read: () => device.EEMNGCTL_CFG_DONE_0 << pf.number, write: () => {} });
  registers.hook(device.SWSM, {
    read: () => {
      const value = registers.get(device.SWSM);
      registers.set(device.SWSM, value | device.SWSM_SMBI);
      return value;
    },
    write: (value) => registers.set(device.SWSM, value & (device.SWSM_SMBI | device.SWSM_SWESMBI)),
  });
}
