// INTx: which of the chipset's four lines our pins pull, and to which IRQ the guest routed each. A line is shared with the
// emulator's own devices, which let go of it without asking: while one of ours holds it, it is pulled again at every turn.
import * as spec from "../../../assembly/spec/pc/isa-bridge.ts";
import { deviceOf, requesterId } from "../../core/address.ts";
import { bits } from "../../core/bits.ts";
import type { RootComplex } from "../../pci/root-complex.ts";
import type { EmulatorConfig } from "./config.ts";
import type { V86Cpu } from "./cpu.ts";
import type { Takeover } from "./takeover.ts";

export class InterruptLines {
  readonly #root: RootComplex;
  readonly #config: EmulatorConfig;
  readonly #cpu: V86Cpu;
  /** The IRQs that are pulled for us. */
  #pulled = new Set<number>();
  #changed = true;
  /** Interrupts that began. */
  raised = 0;

  constructor(root: RootComplex, config: EmulatorConfig, cpu: V86Cpu) {
    this.#root = root;
    this.#config = config;
    this.#cpu = cpu;
  }

  /** Watches the pins. `hurry` is called when a line may have to be pulled. */
  take(takeover: Takeover, hurry: () => void): void {
    takeover.onRelease(
      this.#root.onInterruptPins(() => {
        this.#changed = true;
        const wanted = this.#wanted();
        // Letting go interrupts nobody: it may be done while the guest runs, before it looks again.
        this.#letGo(wanted);
        if (wanted.size > 0) hurry();
      }),
    );
    takeover.onRelease(() => this.#letGo(new Set()));
  }

  /** Pulls the lines that are asserted. Never from inside the guest's execution. */
  flush(): void {
    if (!this.#changed && this.#pulled.size === 0) return;
    this.#changed = false;
    const wanted = this.#wanted();
    this.#letGo(wanted);
    for (const irq of wanted) {
      if (!this.#pulled.has(irq)) this.raised++;
      this.#cpu.device_raise_irq(irq);
    }
    this.#pulled = wanted;
  }

  /** The pins are other ones than a moment ago, after a reset or in another state. */
  refresh(): void {
    this.#changed = true;
  }

  #letGo(wanted: ReadonlySet<number>): void {
    for (const irq of [...this.#pulled]) {
      if (wanted.has(irq)) continue;
      this.#pulled.delete(irq);
      this.#cpu.device_lower_irq(irq);
    }
  }

  #wanted(): Set<number> {
    const irqs = new Set<number>();
    const devices = new Set<number>();
    for (const number of this.#root.bus.functions.keys()) devices.add(deviceOf(number));
    for (const device of devices) {
      const pins = this.#root.interruptPins(device);
      for (let pin = 0; pin < spec.PIRQ_LINES; pin++) {
        if (bits(pins, pin, pin) === 0) continue;
        const irq = this.#irqOf((device + pin + spec.PIRQ_LINES - 1) % spec.PIRQ_LINES);
        if (irq !== undefined) irqs.add(irq);
      }
    }
    return irqs;
  }

  /** The IRQ of one of the four lines; undefined while it goes nowhere. */
  #irqOf(line: number): number | undefined {
    const bridge = requesterId(0, spec.ISA_BRIDGE_DEVICE, 0);
    const route = this.#config.configRead(bridge, spec.PIRQ_ROUTE + line, 1);
    if (bits(route, spec.PIRQ_ROUTE_DISABLE_HI, spec.PIRQ_ROUTE_DISABLE_LO) === 1) return undefined;
    return bits(route, spec.PIRQ_ROUTE_IRQ_HI, spec.PIRQ_ROUTE_IRQ_LO);
  }
}
