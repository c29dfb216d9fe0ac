// What an embedder can get wrong with a guest and its drivers: a typed error that names the value, and nothing half done.
import { beforeEach, describe, expect, test } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import type { GuestPlatform } from "../../../host/core/ports.ts";
import { Guest } from "../../../host/embed/in-process/guest.ts";
import { HostileVf } from "../../../host/embed/in-process/misbehave.ts";
import { IgbPfDriver, isIgbPf } from "../../../host/embed/in-process/pf-driver.ts";
import { IgbVfDriver, type IgbVfOptions, isIgbVf } from "../../../host/embed/in-process/vf-driver.ts";
import { Hypervisor } from "../../../host/hypervisor/hypervisor.ts";
import { Machine } from "../../../host/machine/machine.ts";

const MAC = Uint8Array.of(0x02, 0x55, 0x44, 0x33, 0x22, 0x17);
/** Whatever a script without types hands over. */
const untyped = (value: unknown): never => value as never;

async function build() {
  const hypervisor = new Hypervisor(await Machine.create(), { administratorRam: 2 ** 21 });
  const administrator = new Guest(hypervisor.administrator.platform);
  const found = administrator.probe().find(isIgbPf);
  if (found === undefined) throw new Error("no PF");
  const pf = new IgbPfDriver(administrator, found, { vfs: 1, descriptors: 64 });
  expect(pf.up()).toBe(true);
  const vm = hypervisor.createVm({ ram: 2 ** 20 });
  const vf = pf.vfs[0];
  if (vf !== undefined) hypervisor.assign(vm, vf.requesterId);
  const guest = new Guest(vm.platform);
  const driver = (options: IgbVfOptions = {}): IgbVfDriver => {
    const device = guest.probe().find(isIgbVf);
    if (device === undefined) throw new Error("no VF");
    return new IgbVfDriver(guest, device, { descriptors: 16, ...options });
  };
  return { hypervisor, administrator, pf, vm, guest, driver };
}

let it: Awaited<ReturnType<typeof build>>;
beforeEach(async () => {
  it = await build();
});

describe("frames that a driver sends", () => {
  const left = (): Uint8Array[] => {
    const frames: Uint8Array[] = [];
    it.hypervisor.run(100_000);
    it.hypervisor.machine.ports[0]?.uplink.drain((frame) => frames.push(frame.slice()));
    return frames;
  };
  const frame = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length).fill(0xa5);
    bytes.set([0x02, 1, 2, 3, 4, 5, ...MAC].slice(0, length));
    return bytes;
  };

  test("I350 §7.2.1: a frame of 14–16 bytes leaves with zeros up to 17, whatever was in its buffer, and the next follow", () => {
    const driver = it.driver({ mac: MAC });
    expect(driver.up()).toBe(true);
    driver.watchdog();
    for (let round = 0; round < 20; round++) {
      expect(driver.send([frame(60)])).toBe(1);
      left();
    }
    expect(driver.send([14, 15, 16, 17, 60].map(frame))).toBe(5);
    const seen = left();
    expect(seen).toHaveLength(5);
    for (const [index, length] of [14, 15, 16].entries()) {
      expect(seen[index]?.subarray(0, 17)).toEqual(Uint8Array.from([...frame(length), 0, 0, 0]).subarray(0, 17));
    }
    expect(seen[4]?.subarray(0, 60)).toEqual(frame(60));
    expect(driver.tx.idle).toBe(true);
  });

  test.each([
    ["no array", "abc", /^frames "abc" /],
    ["numbers", [1, 2, 3], /^frames\[0\] 1 /],
    ["nothing", [frame(60), undefined], /^frames\[1\] undefined /],
    ["a buffer", [new ArrayBuffer(60)], /^frames\[0\] ArrayBuffer /],
    ["13 bytes", [frame(60), frame(60), frame(13)], /^frames\[2\]\.length 0xd \(13\) /],
    ["9729 bytes", [frame(9729)], /^frames\[0\]\.length 0x2601 \(9729\) /],
  ])("%s: ArgumentError, and none of them is queued, with a link or without", (_what, frames, message) => {
    const driver = it.driver({ mac: MAC });
    expect(() => driver.send(untyped(frames))).toThrow(message);
    expect(driver.up()).toBe(true);
    driver.watchdog();
    expect(driver.linkUp).toBe(true);
    expect(() => driver.send(untyped(frames))).toThrow(ArgumentError);
    expect(() => driver.send(untyped(frames))).toThrow(message);
    expect(() => it.pf.send(untyped(frames))).toThrow(message);
    expect([driver.tx.idle, left()]).toEqual([true, []]);
    expect(driver.send([frame(9728), frame(60)])).toBe(2);
    expect(left().map(({ length }) => length)).toEqual([9728, 60]);
  });

  test.each([-1, 0.5, 3])("a range to %d of two frames, and a tag that is none", (to) => {
    const driver = it.driver({ mac: MAC });
    expect(driver.up()).toBe(true);
    driver.watchdog();
    if (to !== -1) expect(() => driver.send([frame(60), frame(60)], 0, to)).toThrow(/^to /);
    expect(() => driver.send([frame(60)], -1)).toThrow(/^from /);
    expect(() => driver.send([frame(60)], 0, 1, 0x1_0000)).toThrow(/^vlan /);
    expect(driver.tx.idle).toBe(true);
  });
});

describe("a VF's address", () => {
  test("neither the PF's administrator nor the options give one: up says so, and is quiet afterwards", () => {
    const driver = it.driver();
    expect(() => driver.up()).toThrow(/^mac undefined is no address, and the PF's administrator gave none/);
    expect([driver.linkUp, driver.attention]).toEqual([false, false]);
    it.pf.server?.setMac(0, MAC);
    expect(driver.up()).toBe(true);
    expect(driver.mac).toEqual(MAC);
  });

  test.each([
    ["5 bytes", MAC.subarray(1)],
    ["a group's", Uint8Array.of(0x03, 0x55, 0x44, 0x33, 0x22, 0x17)],
    ["all zero", new Uint8Array(6)],
    ["text", "02:55:44:33:22:17"],
  ])("%s is refused when the driver is made", (_what, mac) => {
    expect(() => it.driver({ mac: untyped(mac) })).toThrow(/^mac .* is not the 6 bytes of one station's address$/);
  });
});

describe("what drivers and guests are made of", () => {
  test("a function that was not found, or is another card's", () => {
    for (const device of [undefined, null, {}, 7, it.pf.device]) {
      expect(() => new IgbVfDriver(it.guest, untyped(device))).toThrow(/^device .* is no I350 or 82576 VF/);
    }
    for (const device of [undefined, null, {}, it.pf.vfs[0]]) {
      expect(() => new IgbPfDriver(it.administrator, untyped(device))).toThrow(/^device .* is no I350 or 82576 PF/);
    }
  });

  test("a platform in place of the guest", () => {
    expect(() => new IgbPfDriver(untyped(it.administrator.platform), it.pf.device)).toThrow(
      /^guest Object is no Guest/,
    );
    expect(() => new HostileVf(untyped(undefined), it.driver())).toThrow(/^guest undefined is no Guest/);
    expect(() => new HostileVf(it.guest, untyped(undefined))).toThrow(/^driver undefined is no IgbVfDriver/);
  });

  test("no platform", () => {
    for (const platform of [undefined, null, {}, { ...it.vm.platform, ram: undefined }]) {
      expect(() => new Guest(untyped(platform))).toThrow(ArgumentError);
    }
    const { wait: _missing, ...rest } = it.vm.platform;
    expect(() => new Guest(rest as GuestPlatform)).toThrow(/^platform Object has no wait/);
  });

  test.each([
    ["ramBase", Number.NaN],
    ["ramBase", -1],
    ["ramBase", 2 ** 20 + 1],
    ["ramBase", "4096"],
    ["ramEnd", Number.NaN],
    ["ramEnd", 2 ** 20 + 1],
    ["ramEnd", 4096.5],
  ])("%s %s", (name, value) => {
    expect(() => new Guest(it.vm.platform, untyped({ [name]: value }))).toThrow(new RegExp(`^${name} .*outside`));
  });

  test.each([0, 15, 255, 300, -1, 1.5, Number.NaN])("vector %d, of a VM and of the administrator", (vector) => {
    const { requesterId } = it.pf.device;
    for (const platform of [it.vm.platform, it.administrator.platform]) {
      expect(() => platform.messageFor(vector, requesterId)).toThrow(/^vector .* is not in 16–254$/);
      expect(() => platform.onInterrupt(vector, () => {})).toThrow(/^vector .* is not in 16–254$/);
    }
    expect(() => it.vm.platform.onInterrupt(0x30, untyped(undefined))).toThrow(/^handler /);
  });

  test.each([-1, 2 ** 60, 1.5, Number.NaN, "0x3000"])("the toolbox of attacks: address %s", (address) => {
    const driver = it.driver({ mac: MAC });
    expect(driver.up()).toBe(true);
    const hostile = new HostileVf(it.guest, driver);
    const attacks = [
      () => hostile.readFrom(untyped(address)),
      () => hostile.writeTo(untyped(address)),
      () => hostile.transmitRingAt(untyped(address)),
      () => hostile.receiveRingAt(untyped(address)),
      () => hostile.writeDword(untyped(address), 1),
    ];
    for (const attack of attacks) expect(attack).toThrow(/^address .* is no whole number from 0 to 2\^53-1$/);
    expect(() => hostile.readFrom(0, 2 ** 16)).toThrow(/^length /);
  });
});
