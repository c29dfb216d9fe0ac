// The model behind the test protocol, in this process: what `iovirt qtest` does with the same command line, without
// the pipes.
import { UNIT_RESET_VALUES } from "../../assembly/spec/abi/iommu.ts";
import * as ecap from "../../assembly/spec/vtd/extended-capability.ts";
import { insert } from "../../host/core/bits.ts";
import { Board, parseCommandLine, QtestServer } from "../../host/embed/qtest/index.ts";
import { COHERENT, machineArguments } from "./machine.ts";
import { interrupt, type Passed, type Transport } from "./transport.ts";

export class IovirtTransport implements Transport {
  readonly name = "iovirt";
  readonly board: Board;
  readonly #server: QtestServer;
  readonly #passed: Passed = { messages: [], events: [] };

  private constructor(board: Board) {
    this.board = board;
    this.#server = new QtestServer(board);
    this.#listen();
  }

  /** @param prepare what is done to the machine first. */
  static async create(platform: string, prepare: (board: Board) => void = () => {}): Promise<IovirtTransport> {
    const board = await Board.create(parseCommandLine(machineArguments(platform)));
    if (COHERENT.has(platform)) makeCoherent(board);
    prepare(board);
    return new IovirtTransport(board);
  }

  exchange(lines: readonly string[]): Promise<string[]> {
    const answers: string[] = [];
    for (const line of lines) {
      const answer = this.#server.command(line);
      if (!answer.startsWith("OK")) return Promise.reject(new Error(`${this.name}: ${line.slice(0, 80)}: ${answer}`));
      answers.push(answer.slice(3));
    }
    return Promise.resolve(answers);
  }

  passed(): Promise<Passed> {
    const { messages, events } = this.#passed;
    return Promise.resolve({ messages: messages.splice(0), events: events.splice(0) });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Keeps every decision about an interrupt request, and every message of the unit itself. */
  #listen(): void {
    const { iommu, interrupts } = this.board.machine;
    const { messages, events } = this.#passed;
    const remap = iommu.remap.bind(iommu);
    iommu.remap = (requesterId, addressLo, addressHi, data) => {
      const result = remap(requesterId, addressLo, addressHi, data);
      if (result.kind === "unchanged") messages.push(interrupt(BigInt(addressLo >>> 0), data));
      else if (result.kind === "deliver") {
        const { destination, logical, redirectionHint, vector, deliveryMode, level } = result.interrupt;
        messages.push({ destination, logical, redirectionHint, vector, deliveryMode, level });
      } else messages.push(null);
      return result;
    };
    const unitMessage = interrupts.unitMessage.bind(interrupts);
    interrupts.unitMessage = (message) => {
      events.push(interrupt(BigInt(message.addressLo >>> 0), message.data));
      unitMessage(message);
    };
  }
}

/** Adds ECAP_REG.SMPWCS and SSTS to the unit, as if it had been built with them. */
function makeCoherent(board: Board): void {
  const { engine, map, iommu } = board.machine;
  const at = (iommu.pointer + UNIT_RESET_VALUES + ecap.ECAP_REG) >>> 2;
  const registers = engine.u32.subarray(at, at + 2);
  insert(registers, 1, ecap.ECAP_SMPWCS_HI, ecap.ECAP_SMPWCS_LO);
  insert(registers, 1, ecap.ECAP_SSTS_HI, ecap.ECAP_SSTS_LO);
  engine.wasm.iommuInit(iommu.pointer, map.pointer, iommu.capabilities.hostAddressWidth);
}
