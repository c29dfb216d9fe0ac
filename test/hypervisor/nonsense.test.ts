// A guest's nonsense: any access of any width anywhere, any ring address, any table content, rings and buffers over each
// other. Nothing throws, nothing hangs, not a byte outside the guest's own domain changes, and not a byte of the other
// domains comes to where the guest or the wire can see it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Hpa, hpa } from "../../host/core/address.ts";
import { Guest } from "../../host/embed/in-process/guest.ts";
import { IgbPfDriver, isIgbPf } from "../../host/embed/in-process/pf-driver.ts";
import { IgbVfDriver, isIgbVf } from "../../host/embed/in-process/vf-driver.ts";
import { Hypervisor } from "../../host/hypervisor/hypervisor.ts";
import type { Vm } from "../../host/hypervisor/vm.ts";
import { Machine } from "../../host/machine/machine.ts";
import { Vandal, VM_RAM, words } from "./vandal.ts";

const OPERATIONS = 1_000_000;
const RUNS = 10;
/** Operations between two times that the vandal behaves for a moment, so that its queues live again. */
const BEHAVE_EVERY = 1000;
/** What the victims' RAM is full of. The receiver's driver works in the first half of its RAM. */
const SECRET = Buffer.from([0xd7, 0x3a, 0x9e, 0x61]);
/** So much of it that wherever eight bytes of it are, this is there. */
const TRACE = Buffer.concat([SECRET, SECRET.subarray(0, 1)]);
const HALF = VM_RAM / 2;

const macOf = (vf: number): Uint8Array<ArrayBuffer> => Uint8Array.of(2, 0, 0, 0, 9, vf);
const BROADCAST = new Uint8Array(6).fill(0xff);
const STRANGER = Uint8Array.of(2, 0x71, 0x72, 0x73, 0x74, 0x75);

/** A VM with two VFs that will misbehave, two VMs that have nothing but a VF, and one that receives. */
async function build(outside: boolean) {
  const hypervisor = new Hypervisor(await Machine.create({ ram: 8 * 2 ** 20 }));
  const administrator = new Guest(hypervisor.administrator.platform);
  const device = administrator.probe().find(isIgbPf);
  if (device === undefined) throw new Error("no PF");
  const driver = new IgbPfDriver(administrator, device, { vfs: 5, descriptors: 8, vfMac: macOf });
  expect(driver.up()).toBe(true);
  // Whoever reads beyond the RAM of the first VM reads its neighbour's, in either memory.
  const buffer = new ArrayBuffer(3 * VM_RAM);
  const part = (place: number) => ({ size: VM_RAM, buffer, byteOffset: place * VM_RAM });
  const rams = [outside ? part(0) : VM_RAM, outside ? part(1) : VM_RAM, VM_RAM, part(2)];
  const vms = rams.map((ram, index) => hypervisor.createVm({ name: `vm${index}`, ram }));
  const [hostile, ...victims] = vms as [Vm, Vm, Vm, Vm];
  for (const [index, vm] of [hostile, hostile, ...victims].entries()) {
    const vf = driver.vfs[index];
    if (vf !== undefined) hypervisor.assign(vm, vf.requesterId);
  }
  const { map } = hypervisor.machine;
  const secrets = victims.map((vm, index) => {
    const from = index === 2 ? HALF : 0;
    return { vm, base: hpa(vm.domain.ram.base + from), bytes: Buffer.alloc(VM_RAM - from, SECRET) };
  });
  for (const { base, bytes } of secrets) map.writeBytes(base, bytes);
  const receiver = victims[2];
  const guest = new Guest(receiver.platform, { ramBase: 0x1000, ramEnd: HALF });
  let received = 0;
  const found = guest.probe().find(isIgbVf);
  if (found === undefined) throw new Error("no VF");
  const taker = new IgbVfDriver(guest, found, { descriptors: 16, onFrame: () => received++ });
  expect(taker.up()).toBe(true);
  return { hypervisor, hostile, idle: victims.slice(0, 2), secrets, received: () => received };
}

describe("a guest's nonsense", () => {
  it(`changes and learns nothing outside its own domain in ${OPERATIONS.toLocaleString("en")} random operations`, async () => {
    let done = 0;
    let faults = 0;
    let moved = 0;
    let behaved = 0;
    let received = 0;
    let left = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.boolean(), async (seed, outside) => {
        const scene = await build(outside);
        const { hypervisor, hostile, secrets, idle } = scene;
        const { map, ports } = hypervisor.machine;
        const bytesAt = (base: Hpa, size: number): Buffer => {
          const bytes = Buffer.alloc(size);
          map.readBytes(base, bytes);
          return bytes;
        };
        const learned = (): number => bytesAt(hostile.domain.ram.base, VM_RAM).indexOf(TRACE);
        const next = words(seed);
        const foreign = secrets.map(({ base }) => base as number).concat(0x1000, 0xfed9_0000);
        const addresses = [macOf(0), macOf(1), macOf(4), BROADCAST, STRANGER];
        const program = new Vandal(hostile.platform, next, foreign, addresses);
        for (let count = 0; count < OPERATIONS / RUNS; count++) {
          if (count % BEHAVE_EVERY === 0) {
            expect(learned(), `after ${count} operations the first byte of a secret in the guest's RAM`).toBe(-1);
            behaved += program.behave();
          }
          const trap = program.operate();
          if (trap || next() % 8 === 0) moved += hypervisor.run(next() % 2000);
          if (next() % 256 === 0) faults += hypervisor.faults().length;
          if (next() % 64 === 0) {
            ports[0]?.uplink.drain((frame) => {
              left++;
              expect(Buffer.from(frame).indexOf(TRACE), "the first byte of a secret on the wire").toBe(-1);
            });
          }
          done++;
        }
        received += scene.received();
        expect(learned(), "the first byte of a secret in the guest's RAM").toBe(-1);
        for (const { vm, base, bytes } of secrets) {
          const now = bytesAt(base, bytes.length);
          const changed = now.equals(bytes) ? -1 : now.findIndex((byte, place) => byte !== bytes[place]);
          expect(changed, `first changed byte of ${vm.name}`).toBe(-1);
        }
        for (const { domain, name } of idle) expect(domain.processor.receivedVectors(), name).toEqual([]);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(done).toBe(OPERATIONS);
    // The program reached what it is about: queues ran, were stopped, and reached the other VM and the wire.
    expect(behaved).toBeGreaterThan(RUNS);
    expect(moved).toBeGreaterThan(1000);
    expect(faults).toBeGreaterThan(1000);
    expect(received).toBeGreaterThan(100);
    expect(left).toBeGreaterThan(100);
  });
});
