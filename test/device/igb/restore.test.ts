// States that a port must not take: of another card, of another shape, or made up.
import { describe, expect, it } from "vitest";
import {
  PORT_LINK,
  PORT_MACS,
  PORT_NEXT,
  PORT_PENDING,
  PORT_PROFILE,
  PORT_STATE,
  PORT_TX_QUEUES,
  QUEUE_FLAG_DMA,
  QUEUE_FLAGS,
  QUEUE_HEAD,
  QUEUE_SIZE,
  QUEUE_TAIL,
} from "../../../assembly/spec/abi/port.ts";
import { FormatError } from "../../../host/core/errors.ts";
import { encodeSnapshot } from "../../../host/core/snapshot.ts";
import type { IgbCardName, IgbCardState } from "../../../host/device/igb/card.ts";
import { Machine } from "../../../host/machine/machine.ts";

const MIB = 2 ** 20;
const FRAME = new Uint8Array(64).fill(0xff);

async function scene(profile: IgbCardName) {
  const machine = await Machine.create({ ram: MIB, cards: [{ profile }] });
  const card = machine.cards[0];
  const port = card?.ports[0];
  if (card === undefined || port === undefined) throw new Error("no port");
  port.uplink.inject(FRAME);
  return { machine, card, port };
}

type Port = IgbCardState["ports"][number];

function put(state: Port, offset: number, value: number): void {
  const { buffer, byteOffset } = state.port.state;
  new DataView(buffer, byteOffset).setUint32(offset - PORT_STATE, value, true);
}

const MADE_UP: { title: string; change(state: Port): unknown }[] = [
  { title: "all ones", change: (state) => state.port.state.fill(0xff) },
  { title: "too short", change: (state) => Object.assign(state.port, { state: new Uint8Array(3) }) },
  { title: "nothing", change: (state) => Object.assign(state, { port: undefined }) },
  { title: "null for a part", change: (state) => Object.assign(state, { mailboxes: null }) },
  { title: "no VFs", change: (state) => state.vfs.splice(0) },
  { title: "a link of text", change: (state) => Object.assign(state.peripherals.link, { plugged: "up" }) },
  { title: "a counter that is no number", change: (state) => Object.assign(state, { missed: Number.NaN }) },
  { title: "another profile", change: (state) => put(state, PORT_PROFILE, 7) },
  { title: "a doorbell of a queue beyond", change: (state) => put(state, PORT_PENDING, 1 << 16) },
  { title: "a turn of queue 32", change: (state) => put(state, PORT_NEXT, 32) },
  { title: "a link that is neither up nor down", change: (state) => put(state, PORT_LINK, 2) },
  { title: "a frame of 5 bytes", change: (state) => Object.assign(state.port.ingress, { lengths: [5, 59] }) },
  { title: "frames without their bytes", change: (state) => Object.assign(state.port.ingress, { lengths: [64, 64] }) },
  { title: "a ring that begins before itself", change: (state) => Object.assign(state.port.egress, { head: -8 }) },
];

describe.each(["i350", "82576"] as const)("%s", (profile) => {
  it.each(MADE_UP)("a port refuses $title, and is as it was", async ({ change }) => {
    const { card, port } = await scene(profile);
    const before = encodeSnapshot(card.save());
    const state = structuredClone(card.save());
    change(state.ports[0] as Port);
    expect(() => card.restore(state)).toThrow(FormatError);
    expect(Buffer.compare(encodeSnapshot(card.save()), before)).toBe(0);
    expect(port.service(64)).toBe(1);
  });

  it("a port refuses the state of the other card", async () => {
    const { card } = await scene(profile);
    const other = await scene(profile === "i350" ? "82576" : "i350");
    const before = encodeSnapshot(card.save());
    expect(() => card.restore(other.card.save())).toThrow(FormatError);
    expect(Buffer.compare(encodeSnapshot(card.save()), before)).toBe(0);
  });

  it("heads, tails, owners and tables that are made up do no harm: they are checked or worked out when they are used", async () => {
    const { machine, card, port } = await scene(profile);
    const state = structuredClone(card.save());
    const forged = state.ports[0] as Port;
    for (let queue = 0; queue < 8; queue++) {
      for (let offset = 0; offset < QUEUE_SIZE; offset += 4) {
        put(forged, PORT_TX_QUEUES + queue * QUEUE_SIZE + offset, 0xffff_ffff);
      }
      put(forged, PORT_TX_QUEUES + queue * QUEUE_SIZE + QUEUE_FLAGS, QUEUE_FLAG_DMA);
      put(forged, PORT_TX_QUEUES + queue * QUEUE_SIZE + QUEUE_HEAD, 0x8000_0000 + queue);
      put(forged, PORT_TX_QUEUES + queue * QUEUE_SIZE + QUEUE_TAIL, 0x7fff_ffff);
    }
    put(forged, PORT_PENDING, 0xff);
    forged.port.state.fill(0xee, PORT_MACS - PORT_STATE);
    card.restore(state);
    const ram = encodeSnapshot({ ram: machine.save().ram });
    machine.run(1000);
    expect(port.uplink.inject(FRAME)).toBe(true);
    machine.run(1000);
    expect(Buffer.compare(encodeSnapshot({ ram: machine.save().ram }), ram)).toBe(0);
  });
});
