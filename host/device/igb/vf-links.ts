// The link of each VF as the owner of the machine sets it, apart from the port's. No register does that: what hypervisors
// call a VF's link state is between them and the card's firmware.
import { PORT_QUEUES } from "../../../assembly/spec/abi/port.ts";
import { PORT_LINKLESS } from "../../../assembly/spec/abi/port-policy.ts";
import { STATUS_LU } from "../../../assembly/spec/igb/device.ts";
import { POOLS } from "../../../assembly/spec/igb/virtualization.ts";
import { mask } from "../../core/bits.ts";
import { ArgumentError, FormatError } from "../../core/errors.ts";
import type { PortState } from "./port-state.ts";
import { ringDoorbells } from "./queues.ts";

/** "auto": as the port's; "up" whatever the port's is; "down": the VF neither sends nor receives. */
export type VfLink = "auto" | "up" | "down";

const LINKS: readonly VfLink[] = ["auto", "up", "down"];

export class VfLinks {
  readonly #state: PortState;
  readonly #notify: (vf: number) => void;
  readonly #links: VfLink[] = new Array<VfLink>(POOLS).fill("auto");

  /** @param notify tells a VF's driver to look at its link. */
  constructor(state: PortState, notify: (vf: number) => void) {
    this.#state = state;
    this.#notify = notify;
  }

  get(vf: number): VfLink {
    this.#check(vf);
    return this.#links[vf] as VfLink;
  }

  /** Sets the link of VF 0 to 7 and tells its driver. Throws ArgumentError, with nothing changed, for any other. */
  set(vf: number, link: VfLink): void {
    this.#check(vf);
    if (!LINKS.includes(link)) throw new ArgumentError("link", link, "is not auto, up or down");
    if (this.#links[vf] === link) return;
    this.#links[vf] = link;
    this.apply();
    ringDoorbells(this.#state, mask(this.#state.get(PORT_QUEUES) - 1, 0));
    this.#notify(vf);
  }

  /** What VF `vf` sees of the port's STATUS. */
  show(vf: number, status: number): number {
    const link = this.#links[vf];
    if (link === "auto") return status;
    return link === "up" ? status | STATUS_LU : status & ~STATUS_LU;
  }

  /** Tells the data path. */
  apply(): void {
    const down = this.#links.reduce((pools, link, vf) => pools | (link === "down" ? 1 << vf : 0), 0);
    this.#state.set(PORT_LINKLESS, down);
    this.#state.update();
  }

  save(): VfLink[] {
    return [...this.#links];
  }

  /** Throws FormatError for what is no list of links. `apply` is due. */
  restore(links: readonly VfLink[]): void {
    for (const [vf, link] of links.entries()) {
      if (!LINKS.includes(link)) throw new FormatError("port state", `VF ${vf} has the link ${String(link)}`);
      this.#links[vf] = link;
    }
  }

  #check(vf: number): void {
    if (!Number.isInteger(vf) || vf < 0 || vf >= POOLS) throw new ArgumentError("vf", vf, `is not in 0–${POOLS - 1}`);
  }
}
