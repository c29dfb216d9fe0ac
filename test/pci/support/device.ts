// Functions with capabilities at places of the tests' choice, as bare as a clause needs them.
import type { RequesterId } from "../../../host/core/address.ts";
import type { AccessWidth, MmioHandler } from "../../../host/core/ports.ts";
import {
  addCapability,
  ConfigSpace,
  PciFunction,
  type0Header,
  virtualFunctionHeader,
} from "../../../host/pci/index.ts";
import type { ErrorSeverity, Upstream } from "../../../host/pci/upstream.ts";

export const PM = 0x40;
export const MSI = 0x50;
export const MSIX = 0x70;
export const EXPRESS = 0xa0;
export const AER = 0x100;
export const ARI = 0x150;
export const SRIOV = 0x160;

/** A memory behind a BAR that remembers its accesses. */
export class Memory implements MmioHandler {
  readonly bytes: Uint8Array;
  readonly log: string[] = [];
  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }
  read(offset: number, width: AccessWidth): number {
    this.log.push(`r${width}@${offset.toString(16)}`);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = (value << 8) | (this.bytes[offset + i] as number);
    return value >>> 0;
  }
  write(offset: number, width: AccessWidth, value: number): void {
    this.log.push(`w${width}@${offset.toString(16)}`);
    for (let i = 0; i < width; i++) this.bytes[offset + i] = value >>> (8 * i);
  }
  save(): Uint8Array {
    return this.bytes.slice();
  }
  restore(state: Uint8Array): void {
    this.bytes.set(state);
  }
}

/** A bus of one, which notes what comes up. */
export class Above implements Upstream {
  readonly messages: { requesterId: RequesterId; addressLo: number; addressHi: number; data: number }[] = [];
  readonly errors: { requesterId: RequesterId; severity: ErrorSeverity }[] = [];
  open = true;
  passesRequests(): boolean {
    return this.open;
  }
  message(requesterId: RequesterId, addressLo: number, addressHi: number, data: number): void {
    this.messages.push({ requesterId, addressLo, addressHi, data });
  }
  errorMessage(requesterId: RequesterId, severity: ErrorSeverity): void {
    this.errors.push({ requesterId, severity });
  }
  routesChanged(): void {}
}

export interface DeviceOptions {
  name?: string;
  /** 0x0 endpoint, 0x4 root port, … */
  portType?: number;
  noSoftReset?: boolean;
  vectors?: number;
  totalVfs?: number;
  /** With an ARI capability that names this next function. */
  ariNext?: number;
  multiFunction?: boolean;
  virtual?: boolean;
}

/** PM, MSI (64-bit, maskable), MSI-X, Express and AER of an endpoint, written out from the specification. */
function addCapabilities(config: ConfigSpace, options: DeviceOptions): void {
  addCapability(config, PM, {
    id: 0x01,
    extended: false,
    length: 8,
    rows: [
      { offset: 2, width: 2, reset: 0x0003 },
      { offset: 4, width: 2, reset: options.noSoftReset === true ? 8 : 0, rw: 0x0103, w1c: 0x8000 },
    ],
  });
  addCapability(config, MSI, {
    id: 0x05,
    extended: false,
    length: 24,
    rows: [
      { offset: 2, width: 2, reset: 0x0186, rw: 0x0071 },
      { offset: 4, width: 4, rw: 0xffff_fffc },
      { offset: 8, width: 4, rw: 0xffff_ffff },
      { offset: 12, width: 2, rw: 0xffff },
      { offset: 16, width: 4, rw: 0xff },
      { offset: 20, width: 4 },
    ],
  });
  if (options.vectors !== undefined) {
    addCapability(config, MSIX, {
      id: 0x11,
      extended: false,
      length: 12,
      rows: [
        { offset: 2, width: 2, reset: options.vectors - 1, rw: 0xc000 },
        { offset: 4, width: 4, reset: 3 },
        { offset: 8, width: 4, reset: 0x2003 },
      ],
    });
  }
  addCapability(config, EXPRESS, {
    id: 0x10,
    extended: false,
    length: 60,
    rows: [
      { offset: 2, width: 2, reset: 0x0002 | ((options.portType ?? 0) << 4) },
      { offset: 4, width: 4, reset: 0x1000_8000 },
      { offset: 8, width: 2, reset: 0x2810, rw: 0xffff },
      { offset: 10, width: 2, w1c: 0xf },
      { offset: 12, width: 4, reset: 0x0010_0042 },
      { offset: 16, width: 2, rw: 0x00f3 },
      { offset: 18, width: 2 },
      { offset: 0x1c, width: 2, rw: 0x1f },
      { offset: 0x24, width: 4, reset: 0x20 },
      { offset: 0x28, width: 2, rw: 0x3f },
    ],
  });
  addCapability(config, AER, {
    id: 0x0001,
    version: 2,
    extended: true,
    length: 0x38,
    rows: [
      { offset: 4, width: 4, w1c: 0x07ff_f010, sticky: 0x07ff_f010 },
      { offset: 8, width: 4, rw: 0x07ff_f010, sticky: 0x07ff_f010 },
      { offset: 12, width: 4, reset: 0x0046_2030, rw: 0x07ff_f010, sticky: 0x07ff_f010 },
      { offset: 16, width: 4, w1c: 0xf1c1, sticky: 0xf1c1 },
      { offset: 20, width: 4, reset: 0x2000, rw: 0xf1c1, sticky: 0xf1c1 },
      { offset: 24, width: 4, reset: 0x2a0, rw: 0x540, sticky: 0x55f },
      ...[28, 32, 36, 40].map((offset) => ({ offset, width: 4 as const, sticky: 0xffff_ffff })),
      { offset: 0x2c, width: 4, rw: 7 },
      { offset: 0x30, width: 4, w1c: 0x7f, sticky: 0x7f },
      { offset: 0x34, width: 4, sticky: 0xffff_ffff },
    ],
  });
}

export function device(options: DeviceOptions = {}): PciFunction {
  const config = new ConfigSpace(4096);
  const identity = { vendorId: 0x8086, deviceId: 0x1521, classCode: 0x020000, revision: 1 };
  if (options.virtual === true) config.define(virtualFunctionHeader(identity));
  else config.define(type0Header({ ...identity, multiFunction: options.multiFunction === true }));
  addCapabilities(config, options);
  if (options.ariNext !== undefined) {
    const rows = [{ offset: 4, width: 2 as const, reset: options.ariNext << 8 }];
    addCapability(config, ARI, { id: 0x0e, extended: true, length: 8, rows });
  }
  if (options.totalVfs !== undefined) {
    addCapability(config, SRIOV, {
      id: 0x10,
      extended: true,
      length: 0x40,
      rows: [
        { offset: 8, width: 2, rw: 0x19 },
        { offset: 0x0c, width: 2, reset: options.totalVfs },
        { offset: 0x0e, width: 2, reset: options.totalVfs },
        { offset: 0x10, width: 2, rw: 0xffff },
        { offset: 0x14, width: 2, reset: 384 },
        { offset: 0x16, width: 2, reset: 4 },
        { offset: 0x1a, width: 2, reset: 0x1520 },
        { offset: 0x1c, width: 4, reset: 0x553 },
        { offset: 0x20, width: 4, reset: 1, rw: 0xffff_ffff },
      ],
    });
  }
  return new PciFunction(options.name ?? "card", config, { virtual: options.virtual === true });
}
