// A test double: RAM, and a memory of the registers written. It moves no frames; the test plays the card by writing the
// descriptors back itself, so that the rings' bookkeeping is judged against bytes in RAM.
import { RDT, RX_QUEUE_ALIAS_BASE } from "../../../assembly/spec/igb/receive.ts";
import { TDT, TX_QUEUE_ALIAS_BASE } from "../../../assembly/spec/igb/transmit.ts";
import { type Gpa, gpa } from "../../../host/core/address.ts";
import type { GuestPlatform, GuestRam } from "../../../host/core/ports.ts";
import { Guest, Registers } from "../../../host/embed/in-process/guest.ts";

class PlainRam implements GuestRam {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  constructor(readonlySize: number) {
    this.bytes = new Uint8Array(readonlySize);
    this.view = new DataView(this.bytes.buffer);
  }
  get size(): number {
    return this.bytes.length;
  }
  read32(address: Gpa): number {
    return this.view.getUint32(address, true);
  }
  write32(address: Gpa, value: number): void {
    this.view.setUint32(address, value, true);
  }
  readBytes(address: Gpa, target: Uint8Array): void {
    if (address + target.length > this.size) throw new RangeError(`${address}`);
    target.set(this.bytes.subarray(address, address + target.length));
  }
  writeBytes(address: Gpa, source: Uint8Array): void {
    this.bytes.set(source, address);
  }
}

/** Ring registers that remember, and every write of a register in order. */
export function ringCard(ramSize = 0x40_0000) {
  const ram = new PlainRam(ramSize);
  const values = new Map<number, number>();
  const writes: { offset: number; value: number }[] = [];
  const platform: GuestPlatform = {
    ram,
    configRead: () => 0xffff_ffff,
    configWrite: () => {},
    mmioRead: (address) => values.get(address) ?? 0,
    mmioWrite: (address, _width, value) => {
      values.set(address, value);
      writes.push({ offset: address, value });
    },
    messageFor: (vector) => ({ addressLo: 0xfee0_0000, addressHi: 0, data: vector }),
    onInterrupt: () => {},
    wait: () => {},
  };
  const guest = new Guest(platform);
  const registers = new Registers(platform, gpa(0));
  const tails = (offset: number): number[] => writes.filter((one) => one.offset === offset).map((one) => one.value);
  return {
    ram,
    guest,
    registers,
    writes,
    txTails: () => tails(TX_QUEUE_ALIAS_BASE + TDT),
    rxTails: () => tails(RX_QUEUE_ALIAS_BASE + RDT),
  };
}
