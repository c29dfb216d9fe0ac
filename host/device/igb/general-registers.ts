// The PF's general registers that do something: resets, status, PHY access, semaphores, I2C (I350 §8.2, §8.3, §8.5 to §8.7).
import * as device from "../../../assembly/spec/igb/device.ts";
import * as power from "../../../assembly/spec/igb/power.ts";
import { mask, place } from "../../core/bits.ts";
import type { CardShared } from "./card-shared.ts";
import { accessPhy } from "./mdio.ts";
import type { PortLink } from "./port-link.ts";
import type { RegisterFile } from "./register-file.ts";

export interface GeneralRegisters {
  shared: CardShared;
  link: PortLink;
  /** Which port of the card. */
  number: number;
  /** The card resets all its ports together (CTRL.DEV_RST). */
  deviceReset: boolean;
  status(): number;
  timer(): number;
  /** CTRL.RST. */
  reset(): void;
  /** CTRL_EXT.PFRSTD. */
  resetDone(): void;
  /** An access through MDIC is done, and software wants to hear of it. */
  accessDone(): void;
}

/** What of STATUS a VF sees: duplex, link, speed. */
export const VF_STATUS: number =
  device.STATUS_FD | device.STATUS_LU | mask(device.STATUS_SPEED_HI, device.STATUS_SPEED_LO);

/** STATUS (I350 §8.2.2) but for the bits that software clears. */
export function portStatus(port: {
  /** CTRL. */
  control: number;
  /** Link, speed and duplex mode, in their places. */
  link: number;
  number: number;
  vfs: number;
  /** VF Enable. */
  virtual: boolean;
}): number {
  const master = (port.control & device.CTRL_GIO_MASTER_DISABLE) === 0;
  return (
    (port.link |
      place(port.number, device.STATUS_LAN_ID_HI, device.STATUS_LAN_ID_LO) |
      place(port.vfs, device.STATUS_NUM_VFS_HI, device.STATUS_NUM_VFS_LO) |
      (port.virtual ? device.STATUS_IOV_MODE : 0) |
      (master ? device.STATUS_GIO_MASTER_ENABLE : 0)) >>>
    0
  );
}

export function hookGeneral(registers: RegisterFile, pf: GeneralRegisters): void {
  const { link, shared } = pf;
  const nothing = (): void => {};
  registers.hook(device.CTRL, {
    write: (value) => {
      if (pf.deviceReset && (value & device.CTRL_DEV_RST) !== 0) shared.resetAll();
      else if ((value & device.CTRL_RST) !== 0) pf.reset();
      else {
        registers.store(device.CTRL, value);
        link.refresh(false);
      }
      if ((value & device.CTRL_PHY_RST) !== 0) {
        registers.set(device.STATUS, registers.get(device.STATUS) | device.STATUS_PHYRA);
        link.phy.reset();
      }
    },
  });
  registers.hook(device.STATUS, {
    read: () => pf.status() | registers.get(device.STATUS),
    write: (value) => {
      const clear = (value & device.STATUS_DEV_RST_SET) | (~value & device.STATUS_PHYRA);
      registers.set(device.STATUS, (registers.get(device.STATUS) & ~clear) >>> 0);
    },
  });
  registers.hook(device.CTRL_EXT, {
    write: (value) => {
      registers.store(device.CTRL_EXT, value);
      if ((value & device.CTRL_EXT_PFRSTD) !== 0) pf.resetDone();
    },
  });
  registers.hook(device.MDIC, {
    write: (value) => {
      registers.set(device.MDIC, accessPhy(link.phy, value, registers.get(device.MDICNFG)));
      if ((value & device.MDIC_INT_EN) !== 0) pf.accessDone();
    },
  });
  for (const offset of [power.PHPM, power.IPCNFG]) {
    registers.hook(offset, {
      write: (value) => {
        registers.store(offset, value);
        link.refresh(false);
      },
    });
  }
  registers.hook(power.EEER, {
    read: () => (registers.get(power.EEER) | (link.phy.eeeNegotiated ? power.EEER_EEE_NEG : 0)) >>> 0,
  });
  registers.hook(device.FRTIMER, { read: () => pf.timer(), write: nothing });
  registers.hook(device.EEMNGCTL, { read: () => device.EEMNGCTL_CFG_DONE_0 << pf.number, write: nothing });
  registers.hook(device.FACTPS, { read: () => shared.powerStates, write: nothing });
  registers.hook(device.SWSM, {
    read: () => shared.readSemaphore(),
    write: (value) => shared.writeSemaphore(value),
  });
  registers.hook(device.SW_FW_SYNC, { read: () => shared.sync, write: (value) => shared.setSync(value) });
  // No module and no PHY answers on the I2C bus.
  registers.hook(device.I2CCMD, {
    write: (value) => {
      const done = device.I2CCMD_READY | device.I2CCMD_ERROR;
      registers.set(device.I2CCMD, ((value & device.I2CCMD_MASK) | done) >>> 0);
    },
  });
}

/** The pins of the I350's I2C bus: pulled up, and low while software drives them low. */
export function hookI2cPins(registers: RegisterFile): void {
  registers.hook(device.I2CPARAMS, {
    read: () => {
      const value = registers.get(device.I2CPARAMS);
      const pin = (enableN: number, out: number, shown: number): number => {
        const low = (value & device.I2CPARAMS_BB_EN) !== 0 && (value & enableN) === 0 && (value & out) === 0;
        return low ? 0 : shown;
      };
      const clock = pin(device.I2CPARAMS_CLK_OE_N, device.I2CPARAMS_CLK_OUT, device.I2CPARAMS_CLK_IN);
      const data = pin(device.I2CPARAMS_DATA_OE_N, device.I2CPARAMS_DATA_OUT, device.I2CPARAMS_DATA_IN);
      return (value | clock | data) >>> 0;
    },
  });
}
