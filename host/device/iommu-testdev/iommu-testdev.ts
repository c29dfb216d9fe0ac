// QEMU's iommu-testdev: it writes a pattern through the IOMMU, reads it back untranslated and tells what it found.
// Deviation: a transfer longer than 1 MiB is refused as one of a bad length, so that a register access stays bounded.
import * as header from "../../../assembly/spec/pci/header.ts";
import * as spec from "../../../assembly/spec/testdev/iommu-testdev.ts";
import { type Hpa, join32 } from "../../core/address.ts";
import { bits } from "../../core/bits.ts";
import type { AccessWidth, MmioHandler } from "../../core/ports.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import { allOnes } from "../../pci/bits.ts";
import type { PciFunctionState } from "../../pci/function.ts";
import { ConfigSpace, PciFunction, type0Header } from "../../pci/index.ts";
import type { Endpoint, EndpointPorts } from "../endpoint.ts";

const MAX_LENGTH = 2 ** 20;
const MAX_ADDRESS_HI = 2 ** 20;

export interface IommuTestdevState {
  fn: PciFunctionState;
  registers: Record<keyof Registers, number>;
}

interface Registers {
  iovaLo: number;
  iovaHi: number;
  gpaLo: number;
  gpaHi: number;
  length: number;
  result: number;
  attributes: number;
  armed: number;
}

const RESET: Readonly<Registers> = {
  iovaLo: 0,
  iovaHi: 0,
  gpaLo: 0,
  gpaHi: 0,
  length: 0,
  result: spec.TESTDEV_RESULT_IDLE,
  attributes: spec.TESTDEV_SPACE_NONSECURE << spec.TESTDEV_ATTRIBUTES_SPACE_LO,
  armed: 0,
};

/** Registers that hold what was written. */
const PLAIN: ReadonlyMap<number, keyof Registers> = new Map([
  [spec.TESTDEV_IOVA_LO, "iovaLo"],
  [spec.TESTDEV_IOVA_HI, "iovaHi"],
  [spec.TESTDEV_GPA_LO, "gpaLo"],
  [spec.TESTDEV_GPA_HI, "gpaHi"],
  [spec.TESTDEV_LENGTH, "length"],
  [spec.TESTDEV_RESULT, "result"],
  [spec.TESTDEV_ATTRIBUTES, "attributes"],
]);

export class IommuTestdev implements Endpoint {
  readonly fn: PciFunction;
  readonly functions: readonly PciFunction[];
  readonly nextDeadlineNs: number = Number.POSITIVE_INFINITY;
  readonly #ports: EndpointPorts;
  #registers: Registers = { ...RESET };

  /** @param name names the function in snapshots; unique in its machine. */
  constructor(name: string, ports: EndpointPorts) {
    this.#ports = ports;
    const config = new ConfigSpace(header.CONFIG_SPACE_COMPATIBLE_SIZE);
    config.define(
      type0Header({
        vendorId: spec.TESTDEV_VENDOR,
        deviceId: spec.TESTDEV_DEVICE,
        classCode: spec.TESTDEV_CLASS,
        subsystemVendorId: spec.TESTDEV_SUBSYSTEM_VENDOR,
        subsystemId: spec.TESTDEV_SUBSYSTEM,
      }),
    );
    this.fn = new PciFunction(name, config);
    this.functions = [this.fn];
    const handler: MmioHandler = {
      read: (offset, width) => this.#read(offset, width),
      write: (offset, width, value) => this.#write(offset, width, value),
    };
    this.fn.addBar({ index: 0, kind: "memory32", size: spec.TESTDEV_BAR0_SIZE, handler });
    this.fn.onReset(() => {
      this.#registers = { ...RESET };
    });
  }

  service(): number {
    return 0;
  }

  save(): IommuTestdevState {
    return { fn: this.fn.save(), registers: { ...this.#registers } };
  }

  restore(state: IommuTestdevState): void {
    const registers = { ...RESET };
    for (const name of Object.keys(RESET) as (keyof Registers)[]) {
      checkStateNumber(name, state.registers[name]);
      registers[name] = state.registers[name];
    }
    this.fn.restore(state.fn);
    this.#registers = registers;
  }

  /** Dword accesses only: others read all-ones and are lost. */
  #read(offset: number, width: AccessWidth): number {
    if (width !== 4) return allOnes(width);
    if (offset === spec.TESTDEV_TRIGGER) {
      const registers = this.#registers;
      registers.result = this.#transfer();
      registers.armed = 0;
      return 0;
    }
    const name = PLAIN.get(offset);
    return name === undefined ? 0 : this.#registers[name];
  }

  #write(offset: number, width: AccessWidth, value: number): void {
    if (width !== 4) return;
    const registers = this.#registers;
    const name = PLAIN.get(offset);
    if (name !== undefined) registers[name] = value;
    if (offset !== spec.TESTDEV_DOORBELL) return;
    registers.armed = value & spec.TESTDEV_DOORBELL_ARM;
    registers.result = registers.armed !== 0 ? spec.TESTDEV_RESULT_BUSY : spec.TESTDEV_RESULT_IDLE;
  }

  #transfer(): number {
    const { armed, length, attributes, iovaLo, iovaHi, gpaLo, gpaHi } = this.#registers;
    if (armed === 0) return spec.TESTDEV_RESULT_NOT_ARMED;
    if (length === 0 || length > MAX_LENGTH) return spec.TESTDEV_RESULT_BAD_LENGTH;
    if (contradicts(attributes)) return spec.TESTDEV_RESULT_BAD_ATTRIBUTES;
    const pattern = new Uint8Array(length);
    for (let place = 0; place < length; place++) pattern[place] = spec.TESTDEV_PATTERN >>> ((place % 4) * 8);
    if (!this.fn.requestsReachRoot()) return spec.TESTDEV_RESULT_WRITE_FAILED;
    if (!this.#ports.dma.write(this.fn.requesterId, iovaLo, iovaHi, pattern)) return spec.TESTDEV_RESULT_WRITE_FAILED;
    const found = new Uint8Array(length);
    const reachable = gpaHi < MAX_ADDRESS_HI && this.#ports.readMemory(join32(gpaLo, gpaHi) as Hpa, found);
    if (!reachable) return spec.TESTDEV_RESULT_READ_FAILED;
    return found.every((byte, place) => byte === pattern[place])
      ? spec.TESTDEV_RESULT_OK
      : spec.TESTDEV_RESULT_MISMATCH;
  }
}

/** Whether the attributes name a security space and its opposite. */
function contradicts(attributes: number): boolean {
  if (bits(attributes, spec.TESTDEV_ATTRIBUTES_VALID_HI, spec.TESTDEV_ATTRIBUTES_VALID_LO) === 0) return false;
  const space = bits(attributes, spec.TESTDEV_ATTRIBUTES_SPACE_HI, spec.TESTDEV_ATTRIBUTES_SPACE_LO);
  const secure = bits(attributes, spec.TESTDEV_ATTRIBUTES_SECURE_HI, spec.TESTDEV_ATTRIBUTES_SECURE_LO);
  if (space !== spec.TESTDEV_SPACE_SECURE && space !== spec.TESTDEV_SPACE_NONSECURE) return false;
  return (secure === 1) !== (space === spec.TESTDEV_SPACE_SECURE);
}
