// Rings and buffers of one VM that lie over each other: what the card checked is what it uses.
import { describe, expect, it } from "vitest";
import * as rx from "../../assembly/spec/igb/receive.ts";
import { RX_DESCRIPTOR_SIZE } from "../../assembly/spec/igb/rx-descriptor.ts";
import * as tx from "../../assembly/spec/igb/transmit.ts";
import {
  TX_DESCRIPTOR_SIZE,
  TXD_DCMD_DEXT,
  TXD_DCMD_EOP,
  TXD_DCMD_IFCS,
  TXD_DCMD_RS,
  TXD_DTYP_DATA,
  TXD_PAYLEN_LO,
} from "../../assembly/spec/igb/tx-descriptor.ts";
import { type Gpa, gpa } from "../../host/core/address.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbVfDriver, isIgbVf } from "../../host/embed/in-process/vf-driver.ts";
import { boot, build, MIB, macOf } from "./fixture.ts";

const RAM = 2 * MIB;
const PLAIN = (TXD_DCMD_DEXT | TXD_DTYP_DATA | TXD_DCMD_EOP | TXD_DCMD_IFCS | TXD_DCMD_RS) >>> 0;
const RING = 64;
const TX_RING = 0x10_0000;
const RX_RING = 0x10_1000;
const BUFFERS = 0x10_2000;
const STORE = 0x10_8000;
const PAGE = 4096;
const LARGEST = 1500;
const SECRET = new Uint8Array(PAGE).fill(0xd7);

const ramOf = (outside: boolean) => (outside ? { size: RAM, buffer: new ArrayBuffer(RAM) } : RAM);

/** EtherTypes whose frames the card looks into, and does not. */
const IPV6 = 0x86dd;
const EXPERIMENTAL = 0x88b5;

function frameOf(type: number, to: Uint8Array, from: Uint8Array, length: number, fill: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  bytes.set(to);
  bytes.set(from, 6);
  bytes.set([type >>> 8, type & 0xff], 12);
  return bytes;
}

/** A VM with two VFs whose rings it lays where it likes, its neighbour in memory, and a VM with RAM outside. */
async function scene(outside: boolean) {
  const { hypervisor, vfs } = await build(3);
  const attacker = hypervisor.createVm({ name: "attacker", ram: ramOf(outside) });
  const victim = hypervisor.createVm({ name: "victim", ram: RAM });
  const receiver = hypervisor.createVm({ name: "receiver", ram: ramOf(true) });
  for (const [index, vm] of [attacker, attacker, receiver].entries()) {
    hypervisor.assign(vm, vfs[index] as (typeof vfs)[number]);
  }
  victim.platform.ram.writeBytes(gpa(0), SECRET);
  const received: Uint8Array[] = [];
  boot(receiver, (bytes) => received.push(bytes.slice()));
  const guest = new Guest(attacker.platform);
  const [sender, taker] = guest
    .probe()
    .filter(isIgbVf)
    .map((found) => {
      const driver = new IgbVfDriver(guest, found, { descriptors: RING });
      if (!driver.up()) throw new Error("a VF does not come up");
      driver.watchdog();
      return driver;
    });
  if (sender === undefined || taker === undefined) throw new Error("two VFs are missing");
  const { platform } = attacker;
  const write = (driver: IgbVfDriver, offset: number, value: number): void =>
    platform.mmioWrite(((driver.device.bars[0]?.address ?? 0) + offset) as Gpa, 4, value >>> 0);
  const words = (at: number, row: number[]): void =>
    platform.ram.writeBytes(gpa(at), new Uint8Array(Uint32Array.from(row).buffer));
  const ring = (driver: IgbVfDriver, block: number, base: number, size: number): void => {
    write(driver, block + tx.TXDCTL, 0);
    write(driver, block + tx.TDBAL, base);
    write(driver, block + tx.TDBAH, 0);
    write(driver, block + tx.TDLEN, RING * size);
    write(driver, block + tx.TDH, 0);
    write(driver, block + tx.TDT, 0);
    write(driver, block + tx.TXDCTL, tx.TXDCTL_ENABLE);
  };
  ring(sender, tx.TX_QUEUE_ALIAS_BASE, TX_RING, TX_DESCRIPTOR_SIZE);
  ring(taker, rx.RX_QUEUE_ALIAS_BASE, RX_RING, RX_DESCRIPTOR_SIZE);
  return {
    received,
    addresses: { sender: macOf(0), taker: macOf(1), receiver: macOf(2) },
    read: (at: number, length: number) => {
      const bytes = new Uint8Array(length);
      platform.ram.readBytes(gpa(at), bytes);
      return bytes;
    },
    words,
    /** Gives the taker its buffers: one that lies wherever, then ordinary ones. */
    take: (first: number) => {
      for (let at = 0; at < RING; at++) {
        words(RX_RING + at * RX_DESCRIPTOR_SIZE, [at === 0 ? first : STORE + at * PAGE, 0, 0, 0]);
      }
      write(taker, rx.RX_QUEUE_ALIAS_BASE + rx.RDT, RING - 1);
    },
    /** Sends frames from where they are put. */
    send: (frames: readonly { at: number; bytes: Uint8Array }[]) => {
      for (const [index, { at, bytes }] of frames.entries()) {
        platform.ram.writeBytes(gpa(at), bytes);
        const { length } = bytes;
        words(TX_RING + index * TX_DESCRIPTOR_SIZE, [at, 0, (PLAIN | length) >>> 0, (length << TXD_PAYLEN_LO) >>> 0]);
      }
      write(sender, tx.TX_QUEUE_ALIAS_BASE + tx.TDT, frames.length);
      hypervisor.run(1_000_000);
    },
  };
}

describe.each([false, true].flatMap((outside) => [EXPERIMENTAL, IPV6].map((type) => ({ outside, type }))))(
  "an attacker whose RAM is outside the wasm: $outside, with frames of type $type",
  (where) => {
    const frame = (to: Uint8Array, from: Uint8Array, length: number, fill: number): Uint8Array =>
      frameOf(where.type, to, from, length, fill);
    // Of the RAM inside, frames that the card looks into are fetched one after the other: the last one is what it became,
    // and judged as that.
    const ahead = where.outside || where.type === EXPERIMENTAL;
    it("I350 §7.2 a descriptor that a received frame rewrites in the same burst is sent as what was checked", async () => {
      const { addresses, send, take, read } = await scene(where.outside);
      const { sender, taker, receiver } = addresses;
      // The last frame lies at the end of the attacker's RAM; its descriptor says 60 bytes when it is checked.
      const end = RAM - 64;
      const rewrite = frame(taker, sender, 64, 0);
      const view = new DataView(rewrite.buffer);
      view.setUint32(16, end, true);
      view.setUint32(24, (PLAIN | LARGEST) >>> 0, true);
      view.setUint32(28, (LARGEST << TXD_PAYLEN_LO) >>> 0, true);
      take(TX_RING + TX_DESCRIPTOR_SIZE);
      send([
        { at: BUFFERS, bytes: frame(receiver, sender, 60, 1) },
        { at: BUFFERS + PAGE, bytes: rewrite },
        { at: end, bytes: frame(taker, sender, 60, 2) },
      ]);
      expect(Buffer.from(read(0, RAM)).indexOf(SECRET.subarray(0, 32))).toBe(-1);
      expect(read(STORE + PAGE + 14, 46)).toEqual(new Uint8Array(46).fill(ahead ? 2 : 0));
    });

    it.each([60, 127, 400, 1514])(
      "I350 §7.8.3.8 a header that a received frame rewrites in the same burst arrives as it was checked, or not (%i bytes)",
      async (length) => {
        const { addresses, send, take, received } = await scene(where.outside);
        const { sender, taker, receiver } = addresses;
        const target = BUFFERS + 2 * PAGE + 64;
        const forged = frame(receiver, Uint8Array.of(2, 0, 0, 0, 0, 0x66), 60, 3);
        const rewrite = frame(taker, sender, 80, 0);
        rewrite.set(forged, 16);
        take(target - 16);
        const honest = frame(receiver, sender, length, 2);
        send([
          { at: BUFFERS, bytes: frame(receiver, sender, 60, 1) },
          { at: BUFFERS + PAGE, bytes: rewrite },
          { at: target, bytes: honest },
        ]);
        expect(received.map((bytes) => bytes.subarray(6, 12))).toEqual(ahead ? [sender, sender] : [sender]);
        if (ahead) expect(received[1]).toHaveLength(length);
      },
    );
  },
);
