// The copy engine's ATS as software sees it go wrong: late, missing, split and doubled completions, response failures,
// credits, capability bits that are off, a port that blocks translations.
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { STATUS_INVALID, STATUS_PAGE_FAULT, STATUS_SUCCESS } from "../../../assembly/spec/copy-engine/descriptor.ts";
import * as spec from "../../../assembly/spec/copy-engine/registers.ts";
import { ACS_CTL, ACS_CTL_TRANSLATION_BLOCKING_LO } from "../../../assembly/spec/pci/acs.ts";
import { RESPONSE_FAILURE } from "../../../assembly/spec/pci/ats-messages.ts";
import { EXT_CAP_ACS, EXT_CAP_ATS, EXT_CAP_PASID, EXT_CAP_PRI } from "../../../assembly/spec/pci/ids.ts";
import { FSTS_REG } from "../../../assembly/spec/vtd/fault-status.ts";
import type { Gpa } from "../../../host/core/address.ts";
import type { SharedAddressing } from "../../../host/embed/in-process/shared-addressing.ts";
import type { IommuUnit } from "../../../host/machine/iommu-unit.ts";
import { findExtendedCapability } from "../../../host/pci/capability.ts";
import { type Bare, bare, bytes, page, shared } from "./bare.ts";

const PASID = 0x234;
const RING = 0x7000_0000;
const SOURCE = 0x5000;
const TARGET = 0x9000;
const ICE = 0x20;
const ITE = 0x40;

let scene: Bare;
let sharing: SharedAddressing;
let ring: Gpa;
let target: Gpa;
let unit: IommuUnit;

beforeEach(async () => {
  scene = await bare({ deviceTlbTimeoutNs: 500_000 });
  unit = scene.machine.iommu;
  sharing = shared(scene, () => undefined);
  sharing.bind(PASID);
  [ring, target] = [page(scene), page(scene)];
  sharing.map(PASID, RING, ring, true);
  sharing.map(PASID, SOURCE, page(scene, 0x3c), false);
  sharing.map(PASID, TARGET, target, true);
});

/** Copies 16 bytes; the status that the engine reports. */
function copy(): number {
  const queue = scene.driver.start(0, PASID, RING, ring);
  const index = scene.driver.copy(queue, { source: SOURCE, destination: TARGET, length: 16 });
  scene.machine.run();
  return scene.driver.status(queue, index);
}

const capability = (id: number): number => findExtendedCapability(scene.engine.fn.config, id) as number;
const copied = (): number => bytes(scene, target, 1)[0] as number;
const control = (value: number): void => scene.driver.registers.write(spec.CONTROL, value);

describe("VT-d §6.5.2.11, §4.3", () => {
  test("ITE: an engine that holds its completions times out on the machine's clock; a late one is ICE", () => {
    copy();
    control(1 << spec.CONTROL_HOLD_LO);
    expect(() => sharing.unmap(PASID, SOURCE)).toThrow(/did not finish/);
    expect(unit.mmio.read(FSTS_REG, 4)).toBe(ITE);
    expect(scene.machine.clock.nowNs).toBeGreaterThanOrEqual(500_000);
    control(0);
    expect(unit.mmio.read(FSTS_REG, 4)).toBe(ITE | ICE);
  });

  test("a delay within the limit only takes time", () => {
    copy();
    scene.driver.registers.write(spec.DELAY, 30_000);
    const before = scene.machine.clock.nowNs;
    sharing.unmap(PASID, SOURCE);
    expect(scene.machine.clock.nowNs - before).toBeGreaterThanOrEqual(30_000);
    expect(unit.mmio.read(FSTS_REG, 4)).toBe(0);
  });

  test("eight completions of one request count as one; each sent twice is ICE", () => {
    copy();
    control(7 << spec.CONTROL_COMPLETIONS_LO);
    sharing.unmap(PASID, SOURCE);
    expect(unit.mmio.read(FSTS_REG, 4)).toBe(0);
    control(1 << spec.CONTROL_REPEAT_LO);
    sharing.unmap(PASID, TARGET);
    expect(unit.mmio.read(FSTS_REG, 4)).toBe(ICE);
  });
});

describe("PCIe 6.0 §10.5.1, §7.8.9, §10.5.2: enables", () => {
  const clear = (offset: number): void => scene.engine.fn.configWrite(offset, 2, 0);

  test("ATS disabled: untranslated requests with PASID, and an empty ATC", () => {
    expect(copy()).toBe(STATUS_SUCCESS);
    expect(scene.driver.registers.read(spec.ATC_USED)).toBe(3);
    clear(capability(EXT_CAP_ATS) + 6);
    expect(scene.driver.registers.read(spec.ATC_USED)).toBe(0);
    expect(copy()).toBe(STATUS_SUCCESS);
    expect(scene.driver.registers.read(spec.ATC_USED)).toBe(0);
    expect(copied()).toBe(0x3c);
  });

  test("PASID disabled: a queue with a PASID halts", () => {
    clear(capability(EXT_CAP_PASID) + 6);
    copy();
    expect(scene.driver.read(0, spec.QUEUE_STATUS)).toBe(spec.STATE_HALTED | (STATUS_INVALID << 8));
  });

  test("PRI disabled, or without credits: a missing page ends the copy", () => {
    sharing.unmap(PASID, SOURCE);
    clear(capability(EXT_CAP_PRI) + 4);
    expect(copy()).toBe(STATUS_PAGE_FAULT);
    scene.driver.up();
    scene.engine.fn.configWrite(capability(EXT_CAP_PRI) + 12, 4, 0);
    expect(copy()).toBe(STATUS_PAGE_FAULT);
    expect(scene.driver.registers.read(spec.PAGE_REQUESTS)).toBe(0);
  });

  test("Response Failure: PRI_STA.RF, and no more page requests; an unknown group: UPRGI", () => {
    sharing.unmap(PASID, SOURCE);
    copy();
    expect(scene.driver.state(0)).toBe(spec.STATE_WAITING);
    const status = capability(EXT_CAP_PRI) + 6;
    scene.engine.respond({ group: 5, code: 0, pasid: PASID });
    expect(scene.engine.fn.config.get(status, 2) & 3).toBe(2);
    scene.engine.respond({ group: 0, code: 0, pasid: undefined });
    expect(scene.driver.state(0)).toBe(spec.STATE_WAITING);
    scene.engine.respond({ group: 0, code: RESPONSE_FAILURE, pasid: PASID });
    expect(scene.engine.fn.config.get(status, 2) & 3).toBe(3);
    expect(copy()).toBe(STATUS_PAGE_FAULT);
    expect(scene.driver.registers.read(spec.PAGE_REQUESTS)).toBe(1);
  });

  test("§10.5.2.3: STOPPED once a disabled interface has all of its answers; RESET forgets them", () => {
    sharing.unmap(PASID, SOURCE);
    copy();
    const pri = capability(EXT_CAP_PRI);
    clear(pri + 4);
    expect(scene.engine.fn.config.get(pri + 6, 2) & 0x100).toBe(0);
    scene.engine.fn.configWrite(pri + 4, 2, 2);
    expect(scene.engine.fn.config.get(pri + 6, 2) & 0x100).toBe(0x100);
    expect(scene.engine.fn.config.get(pri + 4, 2)).toBe(0);
  });

  test("FLR: queues, ATC and page requests are gone", () => {
    copy();
    scene.engine.fn.reset("flr");
    expect(scene.engine.save().cache.entries).toEqual([]);
    expect(scene.engine.save().queues[0]).toMatchObject({ control: 0, ringLow: 0 });
  });
});

test("PCIe 6.0 §6.12.1.1: a port that blocks translations stops requests of either type, not others", () => {
  const port = scene.machine.root.functions().find((fn) => fn.name === "device-port-0");
  const acs = findExtendedCapability(port!.config, EXT_CAP_ACS) as number;
  port!.configWrite(acs + ACS_CTL, 2, 1 << ACS_CTL_TRANSLATION_BLOCKING_LO);
  copy();
  expect(scene.driver.state(0)).toBe(spec.STATE_HALTED);
  scene.engine.fn.configWrite(capability(EXT_CAP_ATS) + 6, 2, 0);
  expect(copy()).toBe(STATUS_SUCCESS);
});

test("VT-d §7.4.1.1, PCIe 6.0 §10.4.1.2: a queue that stops sends a Stop Marker", () => {
  copy();
  scene.driver.write(0, spec.QUEUE_CONTROL, 3);
  scene.machine.run();
  expect(scene.driver.state(0)).toBe(spec.STATE_DISABLED);
  expect(scene.driver.registers.read(spec.PAGE_REQUESTS)).toBe(1);
  expect(sharing.serve()).toBe(0);
});

test("whatever is written to its registers and lies in its rings, nothing is thrown, and it is the same after a restore", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ offset: fc.nat(0x320), width: fc.constantFrom(1, 2, 4), value: fc.nat(0xffff_ffff) }), {
        maxLength: 60,
      }),
      fc.uint8Array({ minLength: 512, maxLength: 512 }),
      (writes, content) => {
        scene.guest.platform.ram.writeBytes(ring, content);
        const base = scene.driver.registers.base;
        for (const [at, { offset, width, value }] of writes.entries()) {
          scene.guest.platform.mmioWrite((base + offset) as Gpa, width as 1 | 2 | 4, value);
          // Queues that can do something lie where the ring is.
          if (at % 4 === 0) scene.driver.start(at % 8, PASID, RING, ring);
          if (at % 4 === 0) scene.guest.platform.ram.writeBytes(ring, content);
          if (at % 4 === 0) scene.driver.write(at % 8, spec.QUEUE_TAIL, value);
          scene.machine.run(1000);
        }
        sharing.serve();
        const state = scene.machine.save();
        scene.machine.restore(state);
        expect(scene.machine.save()).toEqual(state);
      },
    ),
    { numRuns: 15 },
  );
});
