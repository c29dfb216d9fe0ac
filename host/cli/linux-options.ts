// What `iovirt linux` can be asked for, and what does not go together.
import { MAX_PORTS as I82576_PORTS } from "../device/igb/config-82576.ts";
import { MAX_PORTS as I350_PORTS } from "../device/igb/config-i350.ts";
import { UsageError } from "./io.ts";
import { forWhom } from "./linux-exec.ts";
import { joinNeighbours, type PcOptions } from "./linux-pc.ts";
import { VFS_PER_PORT, type VmsOptions } from "./linux-vms.ts";
import { describeOptions, parseOptions, quote } from "./options.ts";

const DEFAULT_MEMORY = 128;
const DEFAULT_PORTS = 2;
const DEFAULT_PORTS_OF_VMS = 1;
const MAX_VMS = 16;
/** The cards and how many ports they have at most. */
const PROFILES = { i350: I350_PORTS, "82576": I82576_PORTS } as const;
const ROWS = [
  {
    name: "exec",
    short: "e",
    kind: "texts",
    form: "COMMANDS",
    help:
      "run these in a shell of the guest and leave with their status; several --exec run in a shell each, one after the " +
      "other, until one fails. They read this program's standard input, unless that is a terminal",
  },
  {
    name: "vms",
    kind: "number",
    min: 1,
    max: MAX_VMS,
    help:
      "guests on one machine, each with a VF that a hypervisor gives it; the host drives the PFs. --exec COMMANDS runs " +
      "in all of them at once ($VM is the guest's number), --exec N:COMMANDS in one; the status is the first that is " +
      "not 0. The standard input is the first one's that runs something, without --exec the console the first one's",
  },
  {
    name: "memory",
    short: "m",
    kind: "number",
    min: 64,
    max: 1024,
    help: `MiB of RAM, a power of two (${DEFAULT_MEMORY})`,
  },
  { name: "profile", kind: "text", form: "i350|82576", help: "the card (i350)" },
  {
    name: "ports",
    short: "p",
    kind: "number",
    min: 1,
    max: PROFILES.i350,
    help:
      `the card's ports, 1 to 4, of an 82576 1 or 2 (${DEFAULT_PORTS}, with --vms ${DEFAULT_PORTS_OF_VMS}); ` +
      "cables join 0 and 1, 2 and 3",
  },
  {
    name: "snapshot",
    short: "s",
    kind: "flag",
    help: "start from a snapshot; the first time it is made, with a boot",
  },
  {
    name: "suspend",
    kind: "file",
    help: "in the end, write the guest, or all of --vms, whatever they are in the middle of, to this file",
  },
  {
    name: "resume",
    kind: "file",
    help: "go on with what --suspend wrote; that has its guests, card and memory",
  },
] as const;

/** What was asked for, by the options' names. */
export interface LinuxOptions {
  exec?: readonly string[];
  vms?: number;
  memory?: number;
  profile?: string;
  ports?: number;
  snapshot?: true;
  suspend?: string;
  resume?: string;
}

/** The lines of --help for the options. */
export const LINUX_OPTIONS: string = describeOptions(ROWS);

/** What guests are to be made of. */
export type Wanted = ({ kind: "linux" } & PcOptions) | ({ kind: "linux-vms" } & VmsOptions);

/** Throws UsageError for anything that cannot be, alone or together. */
export function parseLinuxOptions(args: readonly string[]): LinuxOptions {
  const options: LinuxOptions = parseOptions(ROWS, args);
  const other = (["memory", "profile", "ports", "snapshot", "vms"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (options.resume !== undefined && other !== undefined) {
    throw new UsageError(`--resume does not go with --${other}`);
  }
  return options;
}

/** Throws UsageError for a guest that there cannot be. */
export function checkWanted(options: LinuxOptions): Wanted {
  const { memory = DEFAULT_MEMORY, profile = "i350", vms } = options;
  const { ports = vms === undefined ? DEFAULT_PORTS : DEFAULT_PORTS_OF_VMS } = options;
  if ((memory & (memory - 1)) !== 0) throw new UsageError(`--memory ${memory} is not a power of two`);
  if (!isProfile(profile)) throw new UsageError(`--profile ${quote(profile)} is neither i350 nor 82576`);
  const most = PROFILES[profile];
  if (ports > most) {
    throw new UsageError(`--ports ${ports} is not in 1–${most}, which a card of --profile ${profile} has`);
  }
  const card = { profile, ports };
  const wire = joinNeighbours;
  if (vms === undefined) return { kind: "linux", memory, cards: [card], wire };
  if (vms > VFS_PER_PORT * ports) throw new UsageError(`--vms ${vms} are more than --ports ${ports} have VFs`);
  return { kind: "linux-vms", memory, card, vms, wire };
}

/** Throws UsageError when --exec is for a guest that is not among `guests`; undefined for one that is alone. */
export function checkExec({ exec }: LinuxOptions, guests: number | undefined): void {
  if (guests !== undefined) for (const commands of exec ?? []) forWhom(commands, guests);
}

function isProfile(name: string): name is keyof typeof PROFILES {
  return Object.hasOwn(PROFILES, name);
}
