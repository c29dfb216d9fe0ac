// Two partners for one platform, and a case on both.
import { qemuCapabilities, type QemuIommuProperties } from "../../host/machine/iommu-presets.ts";
import type { Case } from "./case.ts";
import { type Comparison, compare } from "./compare.ts";
import { PLATFORMS } from "./machine.ts";
import { ModelTransport } from "./model.ts";
import { Partner } from "./partner.ts";
import { Runner, type Seen } from "./run.ts";
import { PartnerGone, QemuTransport } from "./transport.ts";

export function properties(platform: string): QemuIommuProperties {
  const given = PLATFORMS[platform] ?? {};
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const key = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    result[key] = value === "on" ? true : value === "off" ? false : Number(value);
  }
  return result;
}

export class PairOfPartners {
  readonly #program: string;
  readonly #platform: string;
  #qemu: Runner | undefined;
  #ours: Runner | undefined;
  restarts = 0;

  constructor(program: string, platform: string) {
    this.#program = program;
    this.#platform = platform;
  }

  async run(test: Case): Promise<Comparison & { qemu: Seen; ours: Seen }> {
    this.#qemu ??= await this.#started(new Runner(new Partner(new QemuTransport(this.#program, this.#platform))));
    this.#ours ??= await this.#started(new Runner(new Partner(await ModelTransport.create(qemuCapabilities(properties(this.#platform))))));
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
    this.restarts++;
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

export { PartnerGone };
