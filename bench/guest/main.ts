// `npm run bench:guest`: one Linux guest with our card and the emulator's own two adapters, which take turns.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { GuestError } from "../../host/cli/guests/failure.ts";
import { guestsFolder, openGuests } from "../../host/cli/guests/store.ts";
import { LinuxPc } from "../../host/cli/linux-pc.ts";
import { Snapshots } from "../../host/cli/linux-snapshots.ts";
import { addVirtioNet, ne2kWire, virtioWire } from "./adapters.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { ADAPTERS, type AdapterName, DIRECTIONS, type Row, slower, toJson, toTable } from "./report.ts";
import { type Adapter, findInterface, type Interface, receive, transmit } from "./traffic.ts";
import { CableWire } from "./wire.ts";

const MEMORY = 128;
const SIZES = [60, 1500] as const;
/** Frames of the first measurement of an adapter, which warms it up. */
const FIRST_FRAMES = 2000;

interface Subject {
  adapter: Adapter;
  inside: Interface;
}

async function start(): Promise<{ pc: LinuxPc; subjects: Record<AdapterName, Subject> }> {
  const ours = new CableWire();
  const pc = await LinuxPc.resume(
    openGuests(),
    {
      memory: MEMORY,
      cards: [{ ports: 1 }],
      devices: { name: "virtio-net beside ne2k", add: addVirtioNet },
      wire: ({ cables, ports: [port] }) => {
        if (port !== undefined) cables.plug(port, ours);
      },
    },
    new Snapshots(join(guestsFolder(), "snapshots")),
  );
  ours.connect(pc);
  const { guest } = pc;
  const adapters: Record<AdapterName, Adapter> = {
    igb: { name: "igb", driver: "igb", wire: ours, counters: () => pc.attachment.counters },
    virtio: { name: "virtio-net", driver: "virtio_net", wire: virtioWire(guest.emulator) },
    ne2k: { name: "ne2k", driver: "ne2k-pci", wire: ne2kWire(guest.emulator) },
  };
  await guest.collect("modprobe -a virtio_pci virtio_net ne2k-pci pktgen");
  const subjects = {} as Record<AdapterName, Subject>;
  for (const name of ADAPTERS) {
    const adapter = adapters[name];
    subjects[name] = { adapter, inside: await findInterface(guest, adapter.driver) };
  }
  return { pc, subjects };
}

async function measure({ guest }: LinuxPc, subjects: Record<AdapterName, Subject>, options: Options): Promise<Row[]> {
  const rows: Row[] = DIRECTIONS.flatMap((direction) =>
    SIZES.map((size) => ({ direction, size, figures: { igb: [], virtio: [], ne2k: [] } })),
  );
  for (const { direction, size, figures } of rows) {
    const counts = { igb: FIRST_FRAMES, virtio: FIRST_FRAMES, ne2k: FIRST_FRAMES };
    // The first round only warms up, and says how many frames a measurement needs.
    for (let round = -1; round < options.rounds; round++) {
      for (let turn = 0; turn < ADAPTERS.length; turn++) {
        const name = ADAPTERS[(turn + round + 1) % ADAPTERS.length] as AdapterName;
        const { adapter, inside } = subjects[name];
        const move = direction === "transmit" ? transmit : receive;
        const figure = await move(guest, adapter, inside, size, counts[name]);
        counts[name] = Math.max(FIRST_FRAMES, Math.round(figure.framesPerSecond * options.seconds));
        if (round >= 0) figures[name].push(figure);
      }
    }
    process.stderr.write(`${direction}, ${size} bytes: done\n`);
  }
  return rows;
}

async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "string") {
    process.stderr.write(`bench:guest: ${options}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    const { pc, subjects } = await start();
    try {
      const rows = await measure(pc, subjects, options);
      process.stdout.write(`\nMedians of ${options.rounds} interleaved rounds in one guest.\n\n${toTable(rows)}`);
      if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(toJson(rows), null, 2)}\n`);
      const slow = slower(rows, options.least);
      for (const line of slow) process.stderr.write(`bench:guest: ${line}\n`);
      return slow.length === 0 ? 0 : 1;
    } finally {
      await pc.stop();
    }
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    process.stderr.write(`bench:guest: ${error.message}\n`);
    return 1;
  }
}

process.exit(await run(process.argv.slice(2)));
