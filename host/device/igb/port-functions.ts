// The PCI functions of a port: configuration space, BARs and MSI-X.
import { PF_BAR0_SIZE } from "../../../assembly/spec/igb/vf.ts";
import type { MmioHandler } from "../../core/ports.ts";
import { MsixTable, PciFunction } from "../../pci/index.ts";
import { type FunctionProfile, profileConfig } from "../../pci/profile.ts";
import * as common from "./config-common.ts";
import { FlashWindow, flashWritable, NO_WINDOW, registersAndFlash } from "./flash.ts";
import { IoWindow } from "./io-window.ts";
import type { IgbPortOptions } from "./port-options.ts";
import type { RegisterFile } from "./register-file.ts";

function table(fn: PciFunction, vectors: number): MsixTable {
  return new MsixTable(fn, {
    capabilityOffset: common.MSIX_OFFSET,
    vectors,
    tableOffset: common.MSIX_TABLE_OFFSET,
    pbaOffset: common.MSIX_PBA_OFFSET,
  });
}

/** The PF, with `registers` behind its BAR 0, and the flash behind them or in a BAR of its own. */
export function createPf(options: IgbPortOptions, registers: RegisterFile): { pf: PciFunction; msix: MsixTable } {
  const profile = options.profile.pfConfig({
    functionNumber: options.number,
    ports: options.ports,
    mac: options.cardMac,
    serial: options.serial,
    flash: options.flash,
  });
  const pf = new PciFunction(options.name, profileConfig(profile));
  const msix = table(pf, common.PF_VECTORS);
  const flash = new FlashWindow(options.shared.flash, options.profile.flash.window, () => flashWritable(registers));
  const apart = profile.bars.some(({ index }) => index === common.FLASH_BAR);
  const handlers = new Map<number, MmioHandler>([
    [0, options.flash && !apart ? registersAndFlash(registers, PF_BAR0_SIZE, flash) : registers],
    [common.FLASH_BAR, flash],
    [common.MSIX_BAR, msix.handler],
  ]);
  const io = new IoWindow(pf, registers, flash);
  for (const bar of profile.bars) {
    pf.addBar({ ...bar, handler: bar.kind === "io" ? io : (handlers.get(bar.index) ?? NO_WINDOW) });
  }
  if (profile.romSize > 0) pf.addRom(profile.romSize, { read: (...at) => flash.read(...at), write: () => {} });
  return { pf, msix };
}

/** A VF, whose BARs answer once it is connected to its registers. */
export function createVf(
  profile: FunctionProfile,
  name: string,
): { fn: PciFunction; msix: MsixTable; connect(registers: MmioHandler): void } {
  const fn = new PciFunction(name, profileConfig(profile), { virtual: true });
  const msix = table(fn, common.VF_VECTORS);
  return {
    fn,
    msix,
    connect: (registers) => {
      const handlers = new Map<number, MmioHandler>([
        [0, registers],
        [common.MSIX_BAR, msix.handler],
      ]);
      for (const bar of profile.bars) fn.addBar({ ...bar, handler: handlers.get(bar.index) ?? NO_WINDOW });
    },
  };
}
