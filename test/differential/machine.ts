// The machine that a case runs on, the same for both partners: QEMU's q35 with a few devices, and how its RAM is used.
import type { EduNumber } from "./case.ts";

/** Properties of `-device intel-iommu`, by the name under which cases know them. */
export const PLATFORMS: Record<string, Record<string, string>> = {
  legacy: {},
  "legacy-39": { "aw-bits": "39" },
  "legacy-caching": { "caching-mode": "on" },
  "legacy-snoop": { "snoop-control": "on", "device-iotlb": "on" },
  eim: { eim: "on" },
  "second-stage": { "scalable-mode": "on" },
  "second-stage-39": { "scalable-mode": "on", "aw-bits": "39", "pasid-bits": "16" },
  "first-stage": { "scalable-mode": "on", fsts: "on" },
  "first-stage-coherent": { "scalable-mode": "on", fsts: "on" },
  "first-stage-2m": { "scalable-mode": "on", fsts: "on", fs1gp: "off", "pasid-bits": "20" },
};

/**
 * Platforms on which our unit has ECAP_REG.SMPWCS and SSTS too. QEMU reports neither with `fsts`, and yet sets accessed
 * and dirty bits and reads AW: without the two, ours refuses both, and nothing would be compared.
 */
export const COHERENT: ReadonlySet<string> = new Set(["first-stage-coherent", "first-stage-2m"]);

/** The four edu functions: two of one device, and two devices of their own. */
export const EDU_FUNCTIONS: Record<EduNumber, { device: number; fn: number }> = {
  0: { device: 5, fn: 0 },
  1: { device: 5, fn: 1 },
  2: { device: 5, fn: 4 },
  3: { device: 0x13, fn: 0 },
};
export const PROBE_DEVICE = 4;

/** Arguments of the command line, QEMU's and `iovirt qtest`'s alike. */
export function machineArguments(platform: string): string[] {
  const properties = PLATFORMS[platform];
  if (properties === undefined) throw new Error(`no platform ${platform}`);
  const unit = Object.entries(properties).map(([name, value]) => `,${name}=${value}`);
  const edu = Object.values(EDU_FUNCTIONS).map(({ device, fn }) => {
    const multifunction = device === 5 && fn === 0 ? ",multifunction=on" : "";
    return `edu,addr=${device.toString(16)}.${fn},dma_mask=0xffffffffffffffff${multifunction}`;
  });
  return [
    ...["-machine", "q35", "-m", "64M", "-device", `intel-iommu${unit.join("")}`],
    ...["-device", `iommu-testdev,addr=${PROBE_DEVICE}`],
    ...edu.flatMap((device) => ["-device", device]),
  ];
}

export function requesterId({ device, fn }: { device: number; fn: number }): number {
  return (device << 3) | fn;
}

export const UNIT_BASE = 0xfed9_0000;
/** BARs of the functions: edu n at EDU_BAR + n MiB. */
export const EDU_BAR = 0xe000_0000;
export const EDU_BAR_SIZE = 0x10_0000;
export const PROBE_BAR = 0xe080_0000;

/** A device's buffer in slots; an operation uses one. */
export const SLOT_SIZE = 64;
export const SLOTS = 64;

/** Bytes of RAM, from address 0. */
export const RAM: bigint = 64n * 2n ** 20n;
/** In it: what fills the buffers, a page per device; where the buffers are emptied; the queue between cases. */
export const PATTERN_BASE = 0x10_0000;
export const DRAIN_BASE = 0x11_0000;
export const QUEUE_BASE = 0x12_0000;
/** Tables of a case; all zero before it. */
export const TABLES_BASE = 0x20_0000;
export const TABLES_SIZE = 0x4_0000;
/** Where DMA is to lead: every word holds a number of its own before the case. */
export const TARGETS_BASE = 0x28_0000;
export const TARGETS_SIZE = 0x1_0000;
/** No RAM: reads and writes are lost. */
export const HOLE_BASE = 0x8000_0000;

/** What word `index` of the target window (or, with a device's number + 1, of its buffer) holds before the case. */
export function patternWord(index: number, owner = 0): bigint {
  const low = Math.imul(index * 8 + owner + 1, 0x9e37_79b1) >>> 0;
  return (BigInt(0xa000_0000 + owner * 0x100_0000 + index) << 32n) | BigInt((low | 1) >>> 0);
}

export function patternBytes(words: number, owner = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(words * 8));
  for (let index = 0; index < words; index++) view.setBigUint64(index * 8, patternWord(index, owner), true);
  return new Uint8Array(view.buffer);
}
