// An account of its own of where interrupts may go, kept beside the remapping tables and compared with what happens.
import type { Trace, TraceEvent } from "../core/trace.ts";
import { ACTIVE_VECTOR, WAKE_UP_VECTOR } from "../hypervisor/virtual-processor.ts";
import type { Cast } from "./cast.ts";

/** Where a function's interrupts may go. */
interface Allowed {
  apicId: number;
  /** Its VM's posted-interrupt descriptor. */
  descriptor: number | undefined;
  vectors: ReadonlySet<number>;
}

export class Routes {
  /** Interrupts that reached a processor or a vector that their function has no business with. */
  misrouted = 0;
  readonly #cast: () => Cast | undefined;
  readonly #allowed = new Map<number, Allowed>();

  /** Listens to the machine's trace. @param cast who there is, once everybody is there. */
  constructor(trace: Trace, cast: () => Cast | undefined) {
    this.#cast = cast;
    trace.listener = (event) => this.#observe(event);
  }

  /** Interrupt-remapping handles in use by VMs and the administrator, and the requester that each belongs to. */
  *handles(): Generator<[handle: number, requesterId: number]> {
    const cast = this.#cast();
    for (const player of cast?.players ?? []) {
      for (const handle of player.assigned.interruptHandles) yield [handle, player.assigned.requesterId];
    }
    if (cast !== undefined) yield* cast.hypervisor.administrator.interruptHandles();
  }

  #observe(event: TraceEvent): void {
    if (event.kind !== "interrupt" && event.kind !== "interrupt-posted") return;
    const allowed = this.#allowed.get(event.requesterId) ?? this.#learn(event.requesterId);
    if (allowed === undefined || !allowed.vectors.has(event.vector) || !reaches(allowed, event)) this.misrouted++;
  }

  #learn(requesterId: number): Allowed | undefined {
    const cast = this.#cast();
    const player = cast?.players.find((one) => one.assigned.requesterId === requesterId);
    const driver = player?.driver ?? cast?.drivers.find((one) => one.device.requesterId === requesterId);
    const domain = player?.vm.domain ?? cast?.hypervisor.administrator.domain;
    if (driver === undefined || domain === undefined) return undefined;
    const descriptor = domain.vcpu.descriptor?.address;
    const allowed = { apicId: domain.apicId, descriptor, vectors: new Set(driver.vectors) };
    this.#allowed.set(requesterId, allowed);
    return allowed;
  }
}

/** An interrupt goes to the processor; a posted one to the descriptor, and its notification to the processor. */
function reaches(
  { apicId, descriptor }: Allowed,
  event: Extract<TraceEvent, { kind: "interrupt" | "interrupt-posted" }>,
): boolean {
  if (event.kind === "interrupt") return event.destination === apicId && descriptor === undefined;
  if (event.descriptor !== descriptor) return false;
  const { notified } = event;
  if (notified === undefined) return true;
  return notified.destination === apicId && [ACTIVE_VECTOR, WAKE_UP_VECTOR].includes(notified.vector);
}
