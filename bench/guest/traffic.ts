// What is measured: how many frames a second a guest sends by an adapter, and how many it gets.
import type { LinuxGuest } from "../../host/cli/linux-guest.ts";
import type { AttachmentCounters } from "../../host/embed/v86/index.ts";
import type { Wire } from "./wire.ts";

/** An adapter of the guest. */
export interface Adapter {
  readonly name: string;
  /** Its driver in the guest. */
  readonly driver: string;
  readonly wire: Wire;
  /** What the attachment counts; absent for the emulator's own. */
  readonly counters?: () => AttachmentCounters;
}

/** The guest's name for an adapter, and its address. */
export interface Interface {
  name: string;
  mac: Uint8Array;
}

export interface Figure {
  framesPerSecond: number;
  frames: number;
  seconds: number;
  /** Seconds during which the counters grew by `counters`. */
  elapsed: number;
  /** Seconds of processor that this process used meanwhile. */
  processor: number;
  counters?: AttachmentCounters;
}

/** To whom pktgen sends: an address of nobody. */
const SINK = Uint8Array.of(0x02, 0x9a, 0x31, 0x5c, 0x77, 0x08);
/** A type that no protocol of the guest's has (IEEE 802 local experimental). */
const EXPERIMENTAL = [0x88, 0xb5];
const HEADER = 14;
const MS_PER_S = 1000;
const US_PER_S = 1e6;
/** A measurement that takes longer has failed. */
const PATIENCE = 600;

/** Brings the interface of a driver up. Throws when the guest has none. */
export async function findInterface(guest: LinuxGuest, driver: string): Promise<Interface> {
  const script = `for path in /sys/class/net/*; do
  case "$(readlink -f $path/device/driver)" in
    */${driver}) name=\${path##*/}; ip link set $name up; echo $name $(cat $path/address); exit;;
  esac
done
exit 1`;
  const { status, stdout } = await guest.collect(script, PATIENCE);
  const [name, address] = stdout.trim().split(" ");
  if (status !== 0 || name === undefined || address === undefined) {
    throw new Error(`the guest has no interface of the driver ${driver}`);
  }
  return { name, mac: Uint8Array.from(address.split(":"), (digits) => Number.parseInt(digits, 16)) };
}

/** Lets pktgen send `count` frames of `size` bytes without CRC; all of them arrive at the wire's other end. */
export async function transmit(
  guest: LinuxGuest,
  { wire, counters }: Adapter,
  { name }: Interface,
  size: number,
  count: number,
): Promise<Figure> {
  let arrived = 0;
  let first = 0;
  let last = 0;
  const stop = wire.listen((frame) => {
    if (frame.length < size || SINK.some((byte, at) => frame[at] !== byte)) return;
    last = performance.now();
    if (arrived++ === 0) first = last;
  });
  const settings = [`count ${count}`, `pkt_size ${size}`, `dst_mac ${hexMac(SINK)}`, "dst 198.18.0.2", "delay 0"];
  const script = `cd /proc/net/pktgen
echo rem_device_all >kpktgend_0
echo add_device ${name} >kpktgend_0
${settings.map((setting) => `echo ${setting} >${name}`).join("\n")}
echo start >pgctrl
grep -q "Result: OK" ${name}`;
  const span = spanOf(counters);
  const { status, stderr } = await guest.collect(script, PATIENCE);
  const grown = span();
  stop();
  if (status !== 0) throw new Error(`pktgen fails on ${name}: ${stderr}`);
  if (arrived !== count) throw new Error(`${arrived} of ${count} frames left ${name}`);
  return figure(arrived, (last - first) / MS_PER_S, grown);
}

/**
 * Sends the guest frames as fast as its adapter takes them, until its driver has counted `frames`: as much work however
 * slowly it goes.
 */
export async function receive(
  guest: LinuxGuest,
  { wire, counters }: Adapter,
  { name, mac }: Interface,
  size: number,
  frames: number,
): Promise<Figure> {
  const frame = new Uint8Array(size);
  frame.set(mac);
  frame.set(SINK, mac.length);
  frame.set(EXPERIMENTAL, HEADER - EXPERIMENTAL.length);
  for (let at = HEADER; at < size; at++) frame[at] = at;
  const stop = wire.flood(frame);
  const count = `read frames </sys/class/net/${name}/statistics/rx_packets`;
  const look = `${count}; read now idle </proc/uptime; echo $frames $now`;
  const some = `enough=$((frames + ${frames})); while ${count}; [ $frames -lt $enough ]; do sleep 0.05; done`;
  const span = spanOf(counters);
  const { stdout } = await guest.collect(`sleep 0.2; ${look}; ${some}; ${look}`, PATIENCE);
  const grown = span();
  stop();
  const [from, to] = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const [framesBefore = Number.NaN, start = Number.NaN] = from ?? [];
  const [framesAfter = Number.NaN, end = Number.NaN] = to ?? [];
  return figure(framesAfter - framesBefore, end - start, grown);
}

interface Span {
  elapsed: number;
  processor: number;
  counters?: AttachmentCounters;
}

function figure(frames: number, seconds: number, span: Span): Figure {
  return { framesPerSecond: frames / seconds, frames, seconds, ...span };
}

/** Begins to count. What it returns tells what came to that. */
function spanOf(counters: (() => AttachmentCounters) | undefined): () => Span {
  const begin = performance.now();
  const used = process.cpuUsage();
  const before = counters?.();
  return () => {
    const elapsed = (performance.now() - begin) / MS_PER_S;
    const { user, system } = process.cpuUsage(used);
    const processor = (user + system) / US_PER_S;
    const after = counters?.();
    if (before === undefined || after === undefined) return { elapsed, processor };
    const names = Object.keys(after) as (keyof AttachmentCounters)[];
    const grown = Object.fromEntries(names.map((name) => [name, after[name] - before[name]]));
    return { elapsed, processor, counters: grown as unknown as AttachmentCounters };
  };
}

function hexMac(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
