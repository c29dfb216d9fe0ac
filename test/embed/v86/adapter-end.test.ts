import { afterEach, expect, test } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import { AdapterEnd } from "../../../host/embed/v86/adapter-end.ts";
import { FunctionEnd } from "../../../host/machine/cable/function-end.ts";
import { Machine } from "../../../host/machine/machine.ts";
import { type TestEmulator, testEmulator } from "./emulator.ts";

const open: TestEmulator[] = [];
const emulated = async (): Promise<TestEmulator> => {
  const made = await testEmulator({ network: "ne2k" });
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const one of open.splice(0)) await one.destroy();
});

/** The NE2000 of v86, driven as DP8390 drivers do: ports, pages of 256 bytes, remote DMA. */
class Ne2k {
  static readonly #COMMAND = 0x300;
  static readonly #DATA = 0x310;
  readonly #io: TestEmulator["cpu"]["io"];

  constructor({ cpu }: TestEmulator) {
    this.#io = cpu.io;
    this.#write({ 0: 0x21, 14: 0x48, 12: 0x04, 1: 0x46, 2: 0x80, 3: 0x46 });
    this.#io.port_write8(Ne2k.#COMMAND, 0x61);
    this.#io.port_write8(Ne2k.#COMMAND + 7, 0x47);
    this.#write({ 0: 0x22 });
  }

  send(frame: Uint8Array): void {
    this.#write({ 8: 0, 9: 0x40, 10: frame.length & 0xff, 11: frame.length >>> 8, 0: 0x12 });
    for (const byte of frame) this.#io.port_write8(Ne2k.#DATA, byte);
    this.#write({ 4: 0x40, 5: frame.length & 0xff, 6: frame.length >>> 8, 0: 0x26 });
  }

  /** The page that the adapter writes next. */
  get current(): number {
    this.#write({ 0: 0x62 });
    const page = this.#io.port_read8(Ne2k.#COMMAND + 7);
    this.#write({ 0: 0x22 });
    return page;
  }

  /** What lies at a page: status, next page, length with its header, the frame. */
  read(page: number, length: number): number[] {
    this.#write({ 8: 0, 9: page, 10: length & 0xff, 11: length >>> 8, 0: 0x0a });
    return Array.from({ length }, () => this.#io.port_read8(Ne2k.#DATA));
  }

  #write(registers: Record<number, number>): void {
    const command = registers[0];
    for (const [register, value] of Object.entries(registers)) {
      if (register !== "0") this.#io.port_write8(Ne2k.#COMMAND + Number(register), value);
    }
    if (command !== undefined) this.#io.port_write8(Ne2k.#COMMAND, command);
  }
}

test("what the guest's driver sends arrives padded, what is sent arrives in the adapter's pages, until the cable is pulled", async () => {
  const emulator = await emulated();
  const machine = await Machine.create({ ram: 2 ** 20 });
  const got: Uint8Array[] = [];
  const station = new FunctionEnd((frame) => got.push(frame));
  const cable = machine.cables.plug(new AdapterEnd(emulator.emulator), station);
  const adapter = new Ne2k(emulator);
  adapter.send(new Uint8Array(42).fill(7));
  adapter.send(new Uint8Array(300).fill(9));
  machine.run(0);
  expect(got.map((frame) => [frame.length, frame[0], frame.at(-1)])).toEqual([
    [60, 7, 0],
    [300, 9, 9],
  ]);
  const page = adapter.current;
  const frame = new Uint8Array(70).fill(0xff, 0, 6).fill(5, 6);
  station.send(frame);
  machine.run(0);
  expect(adapter.current).toBe(page + 1);
  expect(adapter.read(page, 74).slice(4)).toEqual([...frame]);
  cable.pull();
  adapter.send(new Uint8Array(60));
  machine.run(0);
  expect(got).toHaveLength(2);
  machine.dispose();
});

test("two emulators' adapters and one cable: a frame of one guest is in the other's adapter", async () => {
  const [one, other] = [await emulated(), await emulated()];
  const machine = await Machine.create({ ram: 2 ** 20 });
  machine.cables.plug(new AdapterEnd(one.emulator, { name: "one" }), new AdapterEnd(other.emulator));
  const [near, far] = [new Ne2k(one), new Ne2k(other)];
  const page = far.current;
  const frame = new Uint8Array(64).fill(0xff, 0, 6).fill(0x21, 6);
  near.send(frame);
  machine.run(0);
  expect(far.read(page, 68).slice(4)).toEqual([...frame]);
  machine.dispose();
});

test("an adapter that a loaded emulator does not have is refused, and a name that is none", async () => {
  const { emulator } = await emulated();
  for (const [options, message] of [
    [{ adapter: 1 }, /^adapter 1 is none that the emulator has/],
    [{ name: 5 }, /^name 5 is no text/],
  ] as const) {
    expect(() => new AdapterEnd(emulator, options as never)).toThrow(ArgumentError);
    expect(() => new AdapterEnd(emulator, options as never)).toThrow(message);
  }
  const bare = await testEmulator({ network: "none" });
  open.push(bare);
  expect(() => new AdapterEnd(bare.emulator)).toThrow(/^adapter 0 is none that the emulator has/);
});

test.each([
  ["emulator", undefined, {}],
  ["emulator", { add_listener: () => {} }, {}],
  ["adapter", { add_listener: () => {}, remove_listener: () => {}, bus: { send: () => {} } }, { adapter: -1 }],
  ["options", { add_listener: () => {}, remove_listener: () => {}, bus: { send: () => {} } }, { mac: 1 }],
])("what is no %s is refused by name", (name, emulator, options) => {
  expect(() => new AdapterEnd(emulator as never, options as never)).toThrow(ArgumentError);
  expect(() => new AdapterEnd(emulator as never, options as never)).toThrow(new RegExp(`^${name} `));
});
