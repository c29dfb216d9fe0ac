// Two partners for one platform, and a case on both.
import type { Case } from "./case.ts";
import { type Comparison, compare } from "./compare.ts";
import { IovirtTransport } from "./iovirt.ts";
import { Partner } from "./partner.ts";
import { Runner, type Seen } from "./run.ts";
import { QemuTransport, type Transport } from "./transport.ts";

export class PairOfPartners {
  readonly #program: string;
  readonly #platform: string;
  readonly #make: (platform: string) => Promise<Transport>;
  #qemu: Runner | undefined;
  #ours: Runner | undefined;

  /** @param ours how our side is reached; another than the model itself for proofs that the comparison can fail. */
  constructor(
    program: string,
    platform: string,
    ours: (platform: string) => Promise<Transport> = (name) => IovirtTransport.create(name),
  ) {
    this.#program = program;
    this.#platform = platform;
    this.#make = ours;
  }

  async run(test: Case): Promise<Comparison & { qemu: Seen; ours: Seen }> {
    this.#qemu ??= await this.#started(new Runner(new Partner(new QemuTransport(this.#program, this.#platform))));
    this.#ours ??= await this.#started(new Runner(new Partner(await this.#make(this.#platform))));
    try {
      const [qemu, ours] = await Promise.all([this.#qemu.run(test), this.#ours.run(test)]);
      if (qemu.stuck || ours.stuck) await this.close();
      return { ...compare(test, qemu.seen, ours.seen), qemu: qemu.seen, ours: ours.seen };
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#qemu?.partner.transport.close();
    await this.#ours?.partner.transport.close();
    this.#qemu = undefined;
    this.#ours = undefined;
  }

  async #started(runner: Runner): Promise<Runner> {
    await runner.start();
    return runner;
  }
}
