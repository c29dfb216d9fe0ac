import { beforeEach, describe, expect, test } from "vitest";
import { GCMD_IRE_LO, GCMD_QIE_LO, GCMD_SIRTP_LO } from "../../assembly/spec/vtd/global.ts";
import { IRTA_REG } from "../../assembly/spec/vtd/interrupt-table-address.ts";
import { IQA_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { hpa, type RequesterId } from "../../host/core/address.ts";
import type { IommuCapabilities } from "../../host/machine/iommu-capabilities.ts";
import type { RemapResult } from "../../host/machine/iommu-unit.ts";
import { Harness, NOWHERE } from "../iommu/harness.ts";

const RID = 0x0215;
const P = 1n;
const FPD = 2n;
const URG = 1n << 14n;
const IM = 1n << 15n;
const ON = 1n;
const SN = 2n;
/** Notification vector 0xf2 to APIC 0x13 in xAPIC mode. */
const CONTROL = (0xf2n << 16n) | (0x13n << 40n);
const EIME = 1n << 11n;
let h: Harness;
let table: number;
let pid: number;

async function start(capabilities: Partial<IommuCapabilities> = {}, flags = 7n): Promise<void> {
  h = await Harness.create({ postedInterrupts: true, ...capabilities });
  table = h.page();
  pid = h.page() + 0x5c0;
  h.set64(IRTA_REG, BigInt(table) | flags);
  h.command(GCMD_SIRTP_LO);
  h.command(GCMD_IRE_LO);
  control(CONTROL);
}

beforeEach(() => start());

/** Writes an entry: `where` is the descriptor's address. */
function entry(index: number, vector: number, extra = 0n, where: number | bigint = pid, high = 0n): void {
  const address = BigInt(where);
  h.write64(table + index * 16 + 8, ((address >> 32n) << 32n) | high);
  h.write64(table + index * 16, P | IM | (BigInt(vector) << 16n) | (((address >> 6n) & 0x3ff_ffffn) << 38n) | extra);
}

function control(value: bigint): void {
  h.write64(pid + 32, value);
}

function request(handle: number, requesterId = RID): RemapResult {
  return h.unit.remap(requesterId as RequesterId, 0xfee0_0010 | (handle << 5), 0, 0);
}

function reason(result: RemapResult): number {
  if (result.kind !== "refused") throw new Error(`was not refused: ${JSON.stringify(result)}`);
  return result.reason;
}

/** The vectors in PIR, and the 64 bits behind it. */
function descriptor(at = pid): { pir: number[]; control: bigint; rest: bigint[] } {
  const words = [0, 8, 16, 24].map((offset) => h.read64(at + offset));
  const pir = [...Array(256).keys()].filter((bit) => ((words[bit >> 6] as bigint) >> BigInt(bit & 63)) & 1n);
  return { pir, control: h.read64(at + 32), rest: [40, 48, 56].map((offset) => h.read64(at + offset)) };
}

const outcome = (result: RemapResult): string => (result.kind === "posted" ? result.posted.outcome : result.kind);

describe("VT-d §5.2.3 interrupt posting", () => {
  test("sets the vector's bit and ON, and notifies NDST with NV: physical, fixed, edge", () => {
    entry(0x23, 0x9b);
    expect(request(0x23)).toEqual({
      kind: "posted",
      posted: {
        descriptor: pid,
        vector: 0x9b,
        outcome: "sent",
        notification: {
          destination: 0x13,
          vector: 0xf2,
          deliveryMode: 0,
          level: false,
          logical: false,
          redirectionHint: false,
          wide: false,
        },
      },
    });
    expect(descriptor()).toEqual({ pir: [0x9b], control: CONTROL | ON, rest: [0n, 0n, 0n] });
  });

  test("every one of the 256 vectors has its own bit", () => {
    for (let vector = 0; vector < 256; vector++) {
      entry(0x40, vector);
      h.unit.reset();
      h.set64(IRTA_REG, BigInt(table) | 7n);
      h.command(GCMD_SIRTP_LO);
      h.command(GCMD_IRE_LO);
      h.map.writeBytes(hpa(pid), new Uint8Array(32));
      request(0x40);
      expect(descriptor().pir).toEqual([vector]);
    }
  });

  test.each([
    { on: 0n, sn: 0n, urg: 0n, outcome: "sent", after: ON },
    { on: 0n, sn: 0n, urg: URG, outcome: "sent", after: ON },
    { on: 0n, sn: SN, urg: 0n, outcome: "suppressed", after: SN },
    { on: 0n, sn: SN, urg: URG, outcome: "sent", after: SN | ON },
    { on: ON, sn: 0n, urg: 0n, outcome: "outstanding", after: ON },
    { on: ON, sn: 0n, urg: URG, outcome: "outstanding", after: ON },
    { on: ON, sn: SN, urg: 0n, outcome: "outstanding", after: ON | SN },
    { on: ON, sn: SN, urg: URG, outcome: "outstanding", after: ON | SN },
  ])("X = ON==0 and (URG or SN==0): ON=$on SN=$sn URG=$urg is $outcome", ({ on, sn, urg, outcome: wanted, after }) => {
    control(CONTROL | on | sn);
    entry(0x23, 0x31, urg);
    expect(outcome(request(0x23))).toBe(wanted);
    expect(descriptor()).toEqual({ pir: [0x31], control: CONTROL | after, rest: [0n, 0n, 0n] });
  });

  test("requests coalesce while ON is set, and notify again once software cleared it", () => {
    entry(0x23, 0x31);
    entry(0x24, 0xfe);
    expect([0x23, 0x24, 0x23].map((handle) => outcome(request(handle)))).toEqual([
      "sent",
      "outstanding",
      "outstanding",
    ]);
    expect(descriptor().pir).toEqual([0x31, 0xfe]);
    control(CONTROL);
    expect(outcome(request(0x24))).toBe("sent");
  });

  test("§9.11 x2APIC mode: NDST has 32 bits; xAPIC mode: bits 303:296 are the destination, the others reserved", async () => {
    await start({}, 7n | EIME);
    control((0xe7n << 16n) | (0x8765_4321n << 32n));
    entry(0x23, 0x31);
    expect(request(0x23)).toMatchObject({
      posted: { notification: { destination: 0x8765_4321, vector: 0xe7, wide: true } },
    });
    await start();
    control((0xe7n << 16n) | (0x8765_4321n << 32n));
    entry(0x23, 0x31);
    expect(reason(request(0x23))).toBe(0x28);
    expect(descriptor().pir).toEqual([]);
  });

  test("§9.10 the descriptor's address has its upper half in PDAH", async () => {
    await start({}, 7n);
    const far = 0x12_3456_7000;
    const region = h.map.addRam({ base: hpa(far), size: 0x1000 });
    h.write64(far + 0x9c0 + 32, CONTROL);
    entry(0x23, 0x77, 0n, far + 0x9c0);
    expect(request(0x23)).toMatchObject({ posted: { descriptor: far + 0x9c0, outcome: "sent" } });
    expect(descriptor(far + 0x9c0).pir).toEqual([0x77]);
    h.map.remove(region);
    expect(reason(request(0x23))).toBe(0x27);
  });

  test("a descriptor in an embedder's RAM is posted to in place, and only the words that change are written", () => {
    const bytes = new Uint8Array(0x1000);
    const writes: [number, number][] = [];
    h.map.addExternalRam({
      base: hpa(0x4000_0000),
      size: 0x1000,
      read: (offset: number, target: Uint8Array) => target.set(bytes.subarray(offset, offset + target.length)),
      write: (offset: number, source: Uint8Array) => {
        writes.push([offset, source.length]);
        bytes.set(source, offset);
      },
    });
    new DataView(bytes.buffer).setBigUint64(0x440 + 32, CONTROL, true);
    entry(0x23, 0xa5, 0n, 0x4000_0440);
    expect([outcome(request(0x23)), outcome(request(0x23))]).toEqual(["sent", "outstanding"]);
    expect(descriptor(0x4000_0440)).toEqual({ pir: [0xa5], control: CONTROL | ON, rest: [0n, 0n, 0n] });
    expect(writes).toEqual([
      [0x440 + 20, 4],
      [0x440 + 32, 4],
    ]);
  });
});

describe("VT-d §5.1.4.1 Table 15 faults of posting", () => {
  test("27h: the descriptor cannot be read: nothing is there, registers are, or the embedder's RAM fails", () => {
    entry(0x23, 0x31, 0n, NOWHERE);
    expect(reason(request(0x23))).toBe(0x27);
    let reads = 0;
    const handler = { read: () => reads++, write: () => reads++ };
    h.map.addMmio({ base: hpa(0x5000_0000), size: 0x1000, handler });
    entry(0x24, 0x31, 0n, 0x5000_0040);
    expect(reason(request(0x24))).toBe(0x27);
    expect(reads).toBe(0);
    const fail = (): void => {
      throw new Error("gone");
    };
    h.map.addExternalRam({ base: hpa(0x6000_0000), size: 0x1000, read: fail, write: fail });
    entry(0x25, 0x31, 0n, 0x6000_0040);
    expect(reason(request(0x25))).toBe(0x27);
    expect(h.unit.faults()).toMatchObject([{ reason: 0x27, requesterId: RID, interrupt: true, interruptIndex: 0x23 }]);
  });

  test("27h: the descriptor cannot be written", () => {
    const bytes = new Uint8Array(0x1000);
    h.map.addExternalRam({
      base: hpa(0x4000_0000),
      size: 0x1000,
      read: (offset: number, target: Uint8Array) => target.set(bytes.subarray(offset, offset + target.length)),
      write: () => {
        throw new Error("read-only");
      },
    });
    entry(0x23, 0x31, 0n, 0x4000_0000);
    expect(reason(request(0x23))).toBe(0x27);
  });

  test.each([258, 259, 271, 280, 287, 288, 295, 304, 319, 320, 383, 384, 448, 511])(
    "28h: bit %i of the descriptor is reserved, and the descriptor stays as it was",
    (bit) => {
      const word = pid + (bit >> 6) * 8;
      h.write64(word, h.read64(word) | (1n << BigInt(bit & 63)));
      const before = descriptor();
      entry(0x23, 0x31);
      expect(reason(request(0x23))).toBe(0x28);
      expect(descriptor()).toEqual(before);
      expect(h.unit.faults()).toMatchObject([{ reason: 0x28, interruptIndex: 0x23, requesterId: RID }]);
    },
  );

  test.each([2, 3, 7, 12, 13, 24, 25, 31, 32, 37, 84, 95])(
    "24h: bit %i of a present entry in posted format is reserved",
    (bit) => {
      entry(0x23, 0x31, bit < 64 ? 1n << BigInt(bit) : 0n, pid, bit < 64 ? 0n : 1n << BigInt(bit - 64));
      expect(reason(request(0x23))).toBe(0x24);
      expect(descriptor().pir).toEqual([]);
    },
  );

  test("24h: bits of PDAH beyond the host address width", async () => {
    await start({ hostAddressWidth: 39, guestAddressWidth: 48, addressWidths: [39, 48] });
    entry(0x23, 0x31, 0n, BigInt(pid) | (1n << 39n));
    expect(reason(request(0x23))).toBe(0x24);
    entry(0x24, 0x31, 0n, BigInt(pid) | (1n << 38n));
    expect(reason(request(0x24))).toBe(0x27);
  });

  test("24h: URG, and IM, are reserved without CAP_REG.PI; URG also with it while IM is clear", async () => {
    h.write64(table + 0x23 * 16, P | URG | (0x31n << 16n));
    expect(reason(request(0x23))).toBe(0x24);
    await start({ postedInterrupts: false });
    h.write64(table + 0x23 * 16, P | URG | (0x31n << 16n));
    expect(reason(request(0x23))).toBe(0x24);
    entry(0x24, 0x31);
    expect(reason(request(0x24))).toBe(0x24);
    expect(descriptor().pir).toEqual([]);
  });

  test("26h comes before what is wrong with the format or the descriptor", () => {
    const other = BigInt(RID ^ 1) | (1n << 18n);
    entry(0x23, 0x31, 1n << 12n, NOWHERE, other);
    expect(reason(request(0x23))).toBe(0x26);
    entry(0x24, 0x31, 0n, pid, BigInt(RID) | (1n << 18n));
    expect(outcome(request(0x24))).toBe("sent");
    expect(reason(request(0x24, RID ^ 4))).toBe(0x26);
    entry(0x25, 0x31, 0n, pid, 3n << 18n);
    expect(reason(request(0x25))).toBe(0x24);
  });

  test("22h: an entry that is not present is in no format", () => {
    entry(0x23, 0x31);
    h.write64(table + 0x23 * 16, h.read64(table + 0x23 * 16) & ~P);
    expect(reason(request(0x23))).toBe(0x22);
  });

  test("27h and 28h are qualified: FPD hides them", () => {
    entry(0x23, 0x31, FPD, NOWHERE);
    expect(reason(request(0x23))).toBe(0x27);
    control(CONTROL | (1n << 2n));
    entry(0x24, 0x31, FPD);
    expect(reason(request(0x24))).toBe(0x28);
    expect(h.unit.faults()).toEqual([]);
    expect(h.unit.statistics()).toMatchObject({ interrupts: 2, interruptsBlocked: 2 });
  });
});

describe("VT-d §6.4 posted entries in the interrupt entry cache", () => {
  test("an entry is kept with its descriptor's address and vector until it is invalidated; the descriptor never is", () => {
    const second = h.page() + 0x40;
    h.write64(second + 32, CONTROL);
    entry(0x42, 0x31);
    request(0x42);
    entry(0x42, 0x99, 0n, second);
    control(CONTROL | SN);
    expect(request(0x42)).toMatchObject({ posted: { descriptor: pid, vector: 0x31, outcome: "suppressed" } });
    const queue = h.page();
    h.set64(IQA_REG, BigInt(queue));
    h.command(GCMD_QIE_LO);
    h.write64(queue, 4n | (1n << 4n) | (0x42n << 32n));
    h.set32(IQT_REG, 16);
    expect(request(0x42)).toMatchObject({ posted: { descriptor: second, vector: 0x99, outcome: "sent" } });
  });

  test("an entry changes from posted to remapped only with an invalidation", () => {
    entry(0x42, 0x31);
    expect(outcome(request(0x42))).toBe("sent");
    h.write64(table + 0x42 * 16 + 8, 0n);
    h.write64(table + 0x42 * 16, P | (0x66n << 16n) | (0x7n << 40n));
    expect(outcome(request(0x42))).toBe("outstanding");
    const queue = h.page();
    h.set64(IQA_REG, BigInt(queue));
    h.command(GCMD_QIE_LO);
    h.write64(queue, 4n);
    h.set32(IQT_REG, 16);
    expect(request(0x42)).toMatchObject({ kind: "deliver", interrupt: { vector: 0x66, destination: 7 } });
  });
});
