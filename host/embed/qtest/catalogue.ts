// The machines and device models that there are, as a monitor lists them.

export interface MachineModel {
  name: string;
  alias?: string;
  chipset?: "i440fx" | "q35";
  summary: string;
}

export const MACHINES: readonly MachineModel[] = [
  { name: "none", summary: "empty machine" },
  { name: "pc-i440fx-11.1", alias: "pc", chipset: "i440fx", summary: "Standard PC (i440FX + PIIX, 1996)" },
  { name: "pc-q35-11.1", alias: "q35", chipset: "q35", summary: "Standard PC (Q35 + ICH9, 2009)" },
];

/** The machine of this name or alias. */
export function findMachine(name: string): MachineModel | undefined {
  return MACHINES.find((machine) => machine.name === name || machine.alias === name);
}

export interface DeviceType {
  name: string;
  parent: string;
  /** No device can be made of it. */
  abstract?: true;
  /** It comes with another device or with the machine. */
  builtIn?: true;
}

const DEVICE_TYPES: readonly DeviceType[] = [
  { name: "device", parent: "object", abstract: true },
  { name: "sys-bus-device", parent: "device", abstract: true },
  { name: "x86-iommu", parent: "sys-bus-device", abstract: true },
  { name: "intel-iommu", parent: "x86-iommu" },
  { name: "i440FX-pcihost", parent: "sys-bus-device", builtIn: true },
  { name: "q35-pcihost", parent: "sys-bus-device", builtIn: true },
  { name: "fw_cfg_io", parent: "sys-bus-device", builtIn: true },
  { name: "pci-device", parent: "device", abstract: true },
  { name: "i440FX", parent: "pci-device", builtIn: true },
  { name: "mch", parent: "pci-device", builtIn: true },
  { name: "pci-bridge", parent: "pci-device", abstract: true },
  { name: "pcie-root-port-base", parent: "pci-bridge", abstract: true },
  { name: "pcie-root-port", parent: "pcie-root-port-base" },
  { name: "igb", parent: "pci-device" },
  { name: "igbvf", parent: "pci-device", builtIn: true },
  { name: "edu", parent: "pci-device" },
  { name: "iommu-testdev", parent: "pci-device" },
];

/** The types that descend from `ancestor`; abstract ones too when `abstract`. */
export function typesBelow(ancestor: string | undefined, abstract: boolean): DeviceType[] {
  const descends = (type: DeviceType | undefined): boolean =>
    type !== undefined && (type.name === ancestor || type.parent === ancestor || descends(typeNamed(type.parent)));
  return DEVICE_TYPES.filter(
    (type) => (abstract || type.abstract !== true) && (ancestor === undefined || descends(type)),
  );
}

/** What `-machine help` prints. */
export function machineHelp(): string {
  const names = MACHINES.flatMap(({ name, alias, summary }) => [
    ...(alias === undefined ? [] : [[alias, `${summary} (alias of ${name})`]]),
    [name, summary],
  ]);
  const lines = names.map(([name, summary]) => `${name?.padEnd(20)} ${summary}\n`);
  return `Supported machines are:\n${lines.join("")}`;
}

/** What `-device help` prints: the devices that can be asked for. */
export function deviceHelp(): string {
  const pluggable = DEVICE_TYPES.filter(({ abstract, builtIn }) => abstract !== true && builtIn !== true);
  return pluggable.map(({ name }) => `name "${name}"\n`).join("");
}

export function typeNamed(name: string): DeviceType | undefined {
  return DEVICE_TYPES.find((type) => type.name === name);
}
