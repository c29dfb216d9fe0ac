// One side of a comparison: performs the steps of a case through the test protocol and says what they showed.
import * as edu from "../../assembly/spec/edu/edu.ts";
import * as testdev from "../../assembly/spec/testdev/iommu-testdev.ts";
import * as cap from "../../assembly/spec/vtd/capability.ts";
import * as ecap from "../../assembly/spec/vtd/extended-capability.ts";
import * as frcd from "../../assembly/spec/vtd/fault-recording.ts";
import { extract } from "../../host/core/bits.ts";
import {
  type EduNumber,
  type FaultOutcome,
  type Hex,
  hex,
  type Outcome,
  REGISTERS,
  type RegisterName,
  type Step,
} from "./case.ts";
import {
  DRAIN_BASE,
  EDU_BAR,
  EDU_BAR_SIZE,
  EDU_FUNCTIONS,
  PATTERN_BASE,
  PROBE_BAR,
  PROBE_DEVICE,
  patternBytes,
  requesterId,
  SLOT_SIZE,
  UNIT_BASE,
} from "./machine.ts";
import type { Transport } from "./transport.ts";

/** A transfer of edu takes 100 ms. */
const EDU_TIME_NS = 100_000_000;
const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const CONFIG_ENABLE = 0x8000_0000;
const COMMAND = 0x04;
const MEMORY_AND_MASTER = 0x6;
const BAR_0 = 0x10;
const CAPABILITIES = 0x34;
const MSI = 0x05;

export class Partner {
  readonly transport: Transport;
  #faults = 0;
  #iotlb = 0;
  readonly #msi = new Map<EduNumber, number>();

  constructor(transport: Transport) {
    this.transport = transport;
  }

  get name(): string {
    return this.transport.name;
  }

  /** Gives the functions their BARs and switches bus mastering and MSI on; finds the unit's registers. */
  async start(): Promise<void> {
    const lines: string[] = [];
    const place = (at: number, bar: number): void => {
      lines.push(...this.#config(at, BAR_0, bar), ...this.#config(at, COMMAND, MEMORY_AND_MASTER));
    };
    for (const [number, where] of this.#functions()) place(requesterId(where), EDU_BAR + number * EDU_BAR_SIZE);
    place(requesterId({ device: PROBE_DEVICE, fn: 0 }), PROBE_BAR);
    await this.transport.exchange(lines);
    for (const [number, where] of this.#functions()) {
      const at = await this.#capability(requesterId(where), MSI);
      this.#msi.set(number, at);
      const [control] = await this.#readConfig(requesterId(where), at);
      await this.transport.exchange(this.#config(requesterId(where), at, ((control as number) | 0x1_0000) >>> 0));
      const pattern = Buffer.from(patternBytes(edu.EDU_BUFFER_SIZE / 8, number + 1)).toString("hex");
      await this.transport.exchange([
        `write ${hex(PATTERN_BASE + number * edu.EDU_BUFFER_SIZE)} ${edu.EDU_BUFFER_SIZE} 0x${pattern}`,
      ]);
    }
    const [low, high, extendedLow, extendedHigh] = await this.#registers([
      cap.CAP_REG,
      cap.CAP_REG + 4,
      ecap.ECAP_REG,
      ecap.ECAP_REG + 4,
    ]);
    this.#faults = extract([low, high] as number[], cap.CAP_FRO_HI, cap.CAP_FRO_LO) * 16;
    this.#iotlb = extract([extendedLow, extendedHigh] as number[], ecap.ECAP_IRO_HI, ecap.ECAP_IRO_LO) * 16;
  }

  /** Performs steps one after the other without waiting in between. */
  async run(steps: readonly Step[]): Promise<Outcome[]> {
    const lines: string[] = [];
    const ends: number[] = [];
    for (const step of steps) {
      this.#lower(step, lines);
      ends.push(lines.length);
    }
    const answers = await this.transport.exchange(lines);
    return steps.map((step, index) => this.#raise(step, answers.slice(ends[index - 1] ?? 0, ends[index])));
  }

  /** Lines that fill the device's whole buffer, or empty it to `DRAIN_BASE`; translation is off meanwhile. */
  fill(device: EduNumber): string[] {
    return this.#transfer(device, "read", BigInt(PATTERN_BASE + device * edu.EDU_BUFFER_SIZE), edu.EDU_BUFFER_SIZE, 0);
  }

  async drain(device: EduNumber, slots: readonly { slot: number; length: number }[]): Promise<Outcome> {
    const lines = this.#transfer(device, "write", BigInt(DRAIN_BASE), edu.EDU_BUFFER_SIZE, 0);
    const reads = slots.map(({ slot, length }) => `read ${hex(DRAIN_BASE + slot * SLOT_SIZE)} ${length}`);
    const answers = (await this.transport.exchange([...lines, ...reads])).slice(lines.length);
    return {
      kind: "buffer",
      device,
      slots: Object.fromEntries(slots.map(({ slot }, at) => [slot, (answers[at] as string).slice(2)])),
    };
  }

  register(name: RegisterName): number {
    const base = UNIT_BASE + (name === "IVA" || name === "IOTLB" ? this.#iotlb : 0);
    return base + REGISTERS[name][0];
  }

  /** The first fault recording register. */
  get faultRecord(): number {
    return UNIT_BASE + this.#faults;
  }

  #lower(step: Step, lines: string[]): void {
    if (step.op === "words") {
      const view = Buffer.alloc(step.words.length * 8);
      for (const [index, word] of step.words.entries()) view.writeBigUInt64LE(BigInt(word), index * 8);
      lines.push(`write ${step.at} ${view.length} 0x${view.toString("hex")}`);
    } else if (step.op === "register") {
      lines.push(`write${REGISTERS[step.name][1] === 8 ? "q" : "l"} ${hex(this.register(step.name))} ${step.value}`);
    } else if (step.op === "dma") {
      lines.push(...this.#transfer(step.device, step.direction, BigInt(step.iova), step.length, step.slot));
    } else if (step.op === "probe") this.#probe(step, lines);
    else if (step.op === "message") this.#message(step, lines);
    else if (step.op === "faults") {
      lines.push(`readl ${hex(this.register("FSTS"))}`);
      for (let dword = 0; dword < 4; dword++) lines.push(`readl ${hex(this.faultRecord + dword * 4)}`);
      if (step.clear) lines.push(...this.clearFaults());
    } else if (step.op === "read") {
      for (const name of step.names)
        lines.push(`read${REGISTERS[name][1] === 8 ? "q" : "l"} ${hex(this.register(name))}`);
    } else lines.push(`read ${step.at} ${step.length}`);
  }

  #raise(step: Step, answers: readonly string[]): Outcome {
    if (step.op === "faults") {
      const [status, ...words] = answers.map(Number) as [number, ...number[]];
      return { kind: "faults", status, record: decode(words) };
    }
    if (step.op === "read") {
      return {
        kind: "registers",
        values: Object.fromEntries(step.names.map((name, index) => [name, hex(BigInt(answers[index] as string))])),
      };
    }
    if (step.op === "memory") return { kind: "memory", hex: (answers[0] as string).slice(2) };
    if (step.op === "probe") return { kind: "probe", result: Number(answers.at(-1)) };
    return undefined;
  }

  /** Clears the record's F, then what FSTS_REG lets clear. */
  clearFaults(): string[] {
    return [`writel ${hex(this.faultRecord + 12)} 0x80000000`, `writel ${hex(this.register("FSTS"))} 0x7f`];
  }

  #transfer(device: EduNumber, direction: "read" | "write", iova: bigint, length: number, slot: number): string[] {
    const bar = EDU_BAR + device * EDU_BAR_SIZE;
    const buffer = hex(edu.EDU_BUFFER + slot * SLOT_SIZE);
    const [source, destination] = direction === "read" ? [hex(iova), buffer] : [buffer, hex(iova)];
    return [
      `writeq ${hex(bar + edu.EDU_DMA_SOURCE)} ${source}`,
      `writeq ${hex(bar + edu.EDU_DMA_DESTINATION)} ${destination}`,
      `writeq ${hex(bar + edu.EDU_DMA_COUNT)} ${hex(length)}`,
      `writeq ${hex(bar + edu.EDU_DMA_COMMAND)} ${hex(edu.EDU_DMA_COMMAND_RUN | (direction === "write" ? edu.EDU_DMA_COMMAND_TO_MEMORY : 0))}`,
      `clock_step ${EDU_TIME_NS}`,
    ];
  }

  #probe({ iova, hpa, length }: Step & { op: "probe" }, lines: string[]): void {
    const write = (register: number, value: bigint): void => {
      lines.push(`writel ${hex(PROBE_BAR + register)} ${hex(value & 0xffff_ffffn)}`);
    };
    write(testdev.TESTDEV_IOVA_LO, BigInt(iova));
    write(testdev.TESTDEV_IOVA_HI, BigInt(iova) >> 32n);
    write(testdev.TESTDEV_GPA_LO, BigInt(hpa));
    write(testdev.TESTDEV_GPA_HI, BigInt(hpa) >> 32n);
    write(testdev.TESTDEV_LENGTH, BigInt(length));
    write(testdev.TESTDEV_DOORBELL, BigInt(testdev.TESTDEV_DOORBELL_ARM));
    lines.push(`readl ${hex(PROBE_BAR + testdev.TESTDEV_TRIGGER)}`, `readl ${hex(PROBE_BAR + testdev.TESTDEV_RESULT)}`);
  }

  #message({ device, address, data }: Step & { op: "message" }, lines: string[]): void {
    const at = this.#msi.get(device) as number;
    const rid = requesterId(EDU_FUNCTIONS[device]);
    lines.push(...this.#config(rid, at + 4, Number(BigInt(address) & 0xffff_ffffn)));
    lines.push(...this.#config(rid, at + 8, Number(BigInt(address) >> 32n)));
    lines.push(...this.#config(rid, at + 12, data));
    const bar = EDU_BAR + device * EDU_BAR_SIZE;
    lines.push(
      `writel ${hex(bar + edu.EDU_INTERRUPT_RAISE)} 0x1`,
      `writel ${hex(bar + edu.EDU_INTERRUPT_ACKNOWLEDGE)} 0x1`,
    );
  }

  #functions(): [EduNumber, { device: number; fn: number }][] {
    return Object.entries(EDU_FUNCTIONS).map(([number, where]) => [Number(number) as EduNumber, where]);
  }

  #config(rid: number, offset: number, value: number): string[] {
    const address = CONFIG_ENABLE + rid * 256 + (offset & ~3);
    return [`outl ${hex(CONFIG_ADDRESS)} ${hex(address)}`, `outl ${hex(CONFIG_DATA)} ${hex(value >>> 0)}`];
  }

  async #readConfig(rid: number, offset: number): Promise<number[]> {
    const address = CONFIG_ENABLE + rid * 256 + (offset & ~3);
    const answers = await this.transport.exchange([
      `outl ${hex(CONFIG_ADDRESS)} ${hex(address)}`,
      `inl ${hex(CONFIG_DATA)}`,
    ]);
    return [Number(answers[1])];
  }

  async #capability(rid: number, id: number): Promise<number> {
    let [at = 0] = await this.#readConfig(rid, CAPABILITIES);
    for (at &= 0xfc; at !== 0; ) {
      const [header = 0] = await this.#readConfig(rid, at);
      if ((header & 0xff) === id) return at;
      at = (header >>> 8) & 0xfc;
    }
    throw new Error(`${this.name}: ${rid.toString(16)} has no capability ${id}`);
  }

  async #registers(offsets: readonly number[]): Promise<number[]> {
    return (await this.transport.exchange(offsets.map((offset) => `readl ${hex(UNIT_BASE + offset)}`))).map(Number);
  }
}

function decode(words: readonly number[]): FaultOutcome | undefined {
  if (extract(words, frcd.FRCD_F_HI, frcd.FRCD_F_LO) === 0) return undefined;
  const information: Hex = hex((BigInt(words[1] as number) << 32n) | BigInt(words[0] as number));
  const t1 = extract(words, frcd.FRCD_T1_HI, frcd.FRCD_T1_LO);
  const t2 = extract(words, frcd.FRCD_T2_HI, frcd.FRCD_T2_LO);
  return {
    reason: extract(words, frcd.FRCD_FR_HI, frcd.FRCD_FR_LO),
    sourceId: extract(words, frcd.FRCD_SID_HI, frcd.FRCD_SID_LO),
    information,
    type: t1 * 2 + t2,
    pasidPresent: extract(words, frcd.FRCD_PP_HI, frcd.FRCD_PP_LO) === 1,
    pasid: extract(words, frcd.FRCD_PV_HI, frcd.FRCD_PV_LO),
  };
}
