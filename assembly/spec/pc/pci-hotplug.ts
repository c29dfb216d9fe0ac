// QEMU's ACPI interface of PCI hotplug (docs/specs/acpi_pci_hotplug): dword ports from AE00h on, one bit a slot.

export const HOTPLUG_BASE: u32 = 0xae00;
export const HOTPLUG_SIZE: u32 = 0x18;
/** Slots of the selected bus where a device came; reading clears. */
export const HOTPLUG_UP: u32 = 0x00;
/** Slots whose device is asked to go; reading clears. */
export const HOTPLUG_DOWN: u32 = 0x04;
/** Reads 0; a bit written as 1 ejects the device of that slot. */
export const HOTPLUG_EJECT: u32 = 0x08;
/** Slots whose device may be ejected. */
export const HOTPLUG_REMOVABLE: u32 = 0x0c;
/** The bus that the other ports speak of; only 0 exists. */
export const HOTPLUG_BUS: u32 = 0x10;
