// PCIe 6.0 §7.9.3 Device Serial Number as data.
import * as dsn from "../../../assembly/spec/pci/device-serial-number.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Capability } from "../capability.ts";
import { row } from "./fields.ts";

/** The two halves of an EUI-64. */
export interface SerialNumber {
  upper: number;
  lower: number;
}

/** The EUI-64 that a MAC address stands for, with FF FF between its halves. Throws ArgumentError unless it has 6 bytes. */
export function serialNumberOfMac(mac: Uint8Array): SerialNumber {
  if (mac.length !== 6) throw new ArgumentError("mac", mac.length, "bytes are not a MAC address");
  const view = new DataView(Uint8Array.of(...mac.subarray(0, 3), 0xff, 0xff, ...mac.subarray(3)).buffer);
  return { upper: view.getUint32(0), lower: view.getUint32(4) };
}

/** An EUI-64 as it is printed, 8 bytes. Throws ArgumentError for another length. */
export function serialNumberOfBytes(serial: Uint8Array): SerialNumber {
  if (serial.length !== 8) throw new ArgumentError("serial", serial.length, "bytes are not a serial number");
  const view = new DataView(serial.buffer, serial.byteOffset, serial.length);
  return { upper: view.getUint32(0), lower: view.getUint32(4) };
}

export function deviceSerialNumberCapability(serial: SerialNumber): Capability {
  return {
    id: ids.EXT_CAP_DEVICE_SERIAL_NUMBER,
    version: 1,
    extended: true,
    length: dsn.DSN_LENGTH,
    rows: [
      row(dsn, "DSN_LOWER", { DSN_LOWER_VALUE: serial.lower }),
      row(dsn, "DSN_UPPER", { DSN_UPPER_VALUE: serial.upper }),
    ],
  };
}
