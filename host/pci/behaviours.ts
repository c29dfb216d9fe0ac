// Which of a function's capabilities do something: found by walking its lists, as software finds them.
import { AER_LENGTH } from "../../assembly/spec/pci/aer.ts";
import * as spec from "../../assembly/spec/pci/header.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import { MSI_CONTROL } from "../../assembly/spec/pci/msi.ts";
import { MSIX_CONTROL, MSIX_LENGTH } from "../../assembly/spec/pci/msix.ts";
import { PM_LENGTH } from "../../assembly/spec/pci/power-management.ts";
import { findCapability, findExtendedCapability } from "./capability.ts";
import type { ConfigSpace } from "./config-space.ts";
import { ErrorReporting } from "./errors.ts";
import { Express, expressLength } from "./express.ts";
import type { PciFunction } from "./function.ts";
import { InterruptPin } from "./interrupt-pin.ts";
import { Msi, msiLength } from "./msi.ts";
import { PowerManagement } from "./power.ts";

export interface Behaviours {
  power: PowerManagement | undefined;
  express: Express | undefined;
  msi: Msi | undefined;
  errors: ErrorReporting;
  pin: InterruptPin;
}

/** A capability whose registers would leave their region, as a damaged list may have it, does nothing. */
export function behavioursOf(fn: PciFunction): Behaviours {
  const { config } = fn;
  const find = (id: number, lengthAt: (config: ConfigSpace, offset: number) => number): number | undefined => {
    const offset = findCapability(config, id);
    if (offset === undefined) return undefined;
    return offset + lengthAt(config, offset) <= spec.CONFIG_SPACE_COMPATIBLE_SIZE ? offset : undefined;
  };
  const power = find(ids.CAP_POWER_MANAGEMENT, () => PM_LENGTH);
  const express = find(ids.CAP_EXPRESS, expressLength);
  const msi = find(ids.CAP_MSI, msiLength);
  const msix = find(ids.CAP_MSIX, () => MSIX_LENGTH);
  const errors = findExtendedCapability(config, ids.EXT_CAP_AER);
  return {
    power: power === undefined ? undefined : new PowerManagement(fn, power),
    express: express === undefined ? undefined : new Express(fn, express),
    msi: msi === undefined ? undefined : new Msi(fn, msi),
    errors: new ErrorReporting(fn, errors === undefined || errors + AER_LENGTH > config.size ? undefined : errors),
    pin: new InterruptPin(fn, {
      msi: msi === undefined ? undefined : msi + MSI_CONTROL,
      msix: msix === undefined ? undefined : msix + MSIX_CONTROL,
    }),
  };
}
