// The model behind the test protocol, in this process: what `iovirt qtest` does with the same command line, without
// the pipes.
import { Board, parseCommandLine, QtestServer } from "../../host/embed/qtest/index.ts";
import { machineArguments } from "./machine.ts";
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

  static async create(platform: string): Promise<IovirtTransport> {
    return new IovirtTransport(await Board.create(parseCommandLine(machineArguments(platform))));
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

  /** Every decision about an interrupt request, and every message of the unit itself. */
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
