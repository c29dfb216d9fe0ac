// The command line of a QEMU system emulator, as far as test programs use it.
import { littleEndian } from "../../device/pc/fw-cfg.ts";
import { deviceHelp, machineHelp } from "./catalogue.ts";
import { QemuError } from "./errors.ts";
import { type KeyValues, parseKeyValues, parseSize } from "./options.ts";

export interface QtestConfig {
  /** A machine's name or alias: pc, q35, none. */
  machine: string;
  /** Bytes of RAM. */
  ram: number;
  processors: number;
  /** 16 bytes; undefined when none is given. */
  uuid: Uint8Array | undefined;
  bootMenu: boolean;
  /** What firmware finds in files, by name. */
  files: Map<string, Uint8Array>;
  /** Devices in their order, `driver` among the keys. */
  devices: KeyValues[];
  /** Network backends by id, `type` among the keys. */
  netdevs: Map<string, KeyValues>;
  /** Character devices by id, `backend` among the keys. */
  chardevs: Map<string, KeyValues>;
  /** Of each machine monitor the id of its character device. */
  monitors: string[];
  /** Where the test protocol is spoken: `stdio`, `unix:PATH`, `chardev:ID`. */
  qtest: string | undefined;
}

const DEFAULT_RAM = 128 * 2 ** 20;
const PAGE = 8192;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** What -boot says to firmware: milliseconds, -1 for never. */
const BOOT_FILES = [
  { option: "reboot-timeout", file: "etc/boot-fail-wait", width: 4 },
  { option: "splash-time", file: "etc/boot-menu-wait", width: 2 },
] as const;

/** Options with an argument that changes nothing here. */
const IGNORED = new Set([
  ...["qtest-log", "display", "audio", "audiodev", "accel", "L", "name", "run-with", "trace", "cpu", "vga", "net"],
  ...["serial", "parallel", "monitor", "D", "d", "rtc", "overcommit", "pidfile", "sandbox"],
]);
/** Flags that change nothing here. */
const FLAGS = new Set([
  ...["nodefaults", "no-user-config", "nographic", "S", "no-reboot", "no-shutdown", "enable-kvm", "no-fd-bootchk"],
]);

/** The text that `-machine help` or `-device help` asks for; undefined where neither is among the arguments. */
export function helpAsked(args: readonly string[]): string | undefined {
  for (const [place, value] of args.entries()) {
    const option = (args[place - 1] ?? "").replace(/^--?/, "");
    if (value !== "help" && value !== "?") continue;
    if (option === "M" || option === "machine") return machineHelp();
    if (option === "device") return deviceHelp();
  }
  return undefined;
}

/** Reads the arguments. Throws QemuError for what QEMU would refuse or the model cannot honour. */
export function parseCommandLine(args: readonly string[]): QtestConfig {
  const config: QtestConfig = {
    machine: "pc",
    ram: DEFAULT_RAM,
    processors: 1,
    uuid: undefined,
    bootMenu: false,
    files: new Map(),
    devices: [],
    netdevs: new Map(),
    chardevs: new Map(),
    monitors: [],
    qtest: undefined,
  };
  for (let place = 0; place < args.length; place++) {
    const given = args[place] as string;
    const name = given.replace(/^--?/, "");
    if (!given.startsWith("-") || name === "") throw new QemuError(`${given}: invalid option`);
    if (FLAGS.has(name)) continue;
    const handler = HANDLERS[name];
    if (handler === undefined && !IGNORED.has(name)) throw new QemuError(`${given}: invalid option`);
    const value = args[++place];
    if (value === undefined) throw new QemuError(`${given}: requires an argument`);
    try {
      handler?.(config, value);
    } catch (error) {
      if (error instanceof QemuError) throw new QemuError(`${given} ${value}: ${error.message}`);
      throw error;
    }
  }
  return config;
}

const HANDLERS: Readonly<Record<string, (config: QtestConfig, value: string) => void>> = {
  M: machine,
  machine,
  m: (config, value) => {
    const size = parseKeyValues(value, "size").get("size");
    if (size === undefined) return;
    const bytes = parseSize(size, "M");
    if (bytes === undefined || bytes === 0) throw new QemuError(`Parameter 'size' expects a size`);
    config.ram = Math.ceil(bytes / PAGE) * PAGE;
  },
  smp: (config, value) => {
    const processors = Number(parseKeyValues(value, "cpus").get("cpus") ?? 1);
    if (!Number.isInteger(processors) || processors < 1 || processors > 255) {
      throw new QemuError(`Parameter 'cpus' expects a number`);
    }
    config.processors = processors;
  },
  uuid: (config, value) => {
    const digits = value.replaceAll("-", "");
    if (!UUID.test(value)) throw new QemuError("failed to parse UUID string: wrong format");
    config.uuid = Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  },
  boot: (config, value) => {
    const values = parseKeyValues(value, "order");
    config.bootMenu = values.get("menu") === "on";
    for (const { option, file, width } of BOOT_FILES) {
      const text = values.get(option);
      if (text === undefined) continue;
      const number = Number(text);
      const top = 2 ** (8 * width) - 1;
      if (!/^-?\d+$/.test(text) || number < -1 || number > top) throw new QemuError(`Parameter '${option}' is invalid`);
      config.files.set(file, littleEndian(number < 0 ? top : number, width));
    }
  },
  device: (config, value) => {
    config.devices.push(parseKeyValues(value, "driver"));
  },
  netdev: (config, value) => {
    const values = parseKeyValues(value, "type");
    config.netdevs.set(identity(values, config.netdevs), values);
  },
  chardev: (config, value) => {
    const values = parseKeyValues(value, "backend");
    config.chardevs.set(identity(values, config.chardevs), values);
  },
  mon: (config, value) => {
    const values = parseKeyValues(value, "chardev");
    const mode = values.get("mode") ?? "readline";
    if (mode !== "control") throw new QemuError(`Monitor mode '${mode}' is not supported`);
    config.monitors.push(monitored(config, values.get("chardev")));
  },
  qmp: (config, value) => {
    const id = `compat_monitor${config.monitors.length}`;
    config.chardevs.set(id, parseChardevAddress(value));
    config.monitors.push(id);
  },
  qtest: (config, value) => {
    config.qtest = value;
  },
};

/** `stdio` or `unix:PATH` as a character device. */
export function parseChardevAddress(text: string): KeyValues {
  const [first = "", ...rest] = text.split(",");
  const values: KeyValues = new Map();
  if (first === "stdio") return values.set("backend", "stdio");
  if (!first.startsWith("unix:")) throw new QemuError(`'${text}' is not a valid char driver`);
  values.set("backend", "socket").set("path", first.slice("unix:".length));
  for (const option of rest) {
    const [key = "", value = "on"] = option.split("=");
    values.set(key, value);
  }
  return values;
}

function machine(config: QtestConfig, value: string): void {
  const values = parseKeyValues(value, "type");
  config.machine = values.get("type") ?? config.machine;
}

function identity(values: KeyValues, others: ReadonlyMap<string, unknown>): string {
  const id = values.get("id");
  if (id === undefined) throw new QemuError("Parameter 'id' is missing");
  if (others.has(id)) throw new QemuError(`Duplicate ID '${id}'`);
  return id;
}

function monitored(config: QtestConfig, id: string | undefined): string {
  if (id === undefined) throw new QemuError("Parameter 'chardev' is missing");
  if (!config.chardevs.has(id)) throw new QemuError(`chardev "${id}" not found`);
  return id;
}
