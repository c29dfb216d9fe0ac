// How a port's driver reaches the card's NVM: word by word, or at the EEPROM's pins (I350 §8.4, 82576 §8.4).
import * as device from "../../../assembly/spec/igb/device.ts";
import * as nvm from "../../../assembly/spec/igb/nvm.ts";
import { bits, place } from "../../core/bits.ts";
import type { Eeprom } from "./eeprom.ts";
import type { RegisterFile } from "./register-file.ts";

const PINS = device.EECD_SK | device.EECD_CS | device.EECD_DI;
/** What EECD shows of an NVM that is there, and read after every reset in no time. */
const PRESENT =
  device.EECD_EE_PRES |
  device.EECD_AUTO_RD |
  device.EECD_ADDR_SIZE |
  place(nvm.NVM_SIZE_EX, device.EECD_SIZE_EX_HI, device.EECD_SIZE_EX_LO);

/** @param flashControl FWE may have changed, which is the flash's.
 *  @param writable EEWR is there (82576), and EECD does not show that an EEPROM was detected. */
export function hookNvm(registers: RegisterFile, eeprom: Eeprom, writable: boolean, flashControl: () => void): void {
  registers.hook(device.EECD, {
    read: () => {
      const own = registers.get(device.EECD);
      const granted = (own & device.EECD_EE_REQ) !== 0 ? device.EECD_EE_GNT : 0;
      const detected = writable ? 0 : device.EECD_EE_DET;
      return (own | granted | PRESENT | detected | eeprom.out) >>> 0;
    },
    write: (value) => {
      registers.store(device.EECD, value);
      const own = registers.get(device.EECD);
      // Pins move while access is granted; giving it up deselects the EEPROM.
      eeprom.pins((own & device.EECD_EE_REQ) === 0 ? device.EECD_CS : own & PINS);
      flashControl();
    },
  });
  registers.hook(device.EERD, {
    write: (value) => {
      const address = bits(value, device.EERD_ADDR_HI, device.EERD_ADDR_LO);
      const data = place(eeprom.read(address), device.EERD_DATA_HI, device.EERD_DATA_LO);
      const kept = place(address, device.EERD_ADDR_HI, device.EERD_ADDR_LO);
      const done = (value & device.EERD_START) !== 0 ? data | device.EERD_DONE : 0;
      registers.set(device.EERD, (kept | done) >>> 0);
    },
  });
  if (!writable) return;
  registers.hook(device.EEWR, {
    write: (value) => {
      const start = (value & device.EERD_START) !== 0;
      const address = bits(value, device.EERD_ADDR_HI, device.EERD_ADDR_LO);
      if (start) eeprom.write(address, bits(value, device.EERD_DATA_HI, device.EERD_DATA_LO));
      registers.set(device.EEWR, ((value & ~device.EERD_START) | (start ? device.EERD_DONE : 0)) >>> 0);
    },
  });
}
