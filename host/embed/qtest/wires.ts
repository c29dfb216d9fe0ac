// Between the network devices and the streams that stand for their wires.

import type { Endpoint } from "../../device/endpoint.ts";
import { IgbCard } from "../../device/igb/card.ts";
import type { NetStream } from "./net-stream.ts";

/** A device that may be on a wire. */
interface Wired {
  endpoint: Endpoint;
  /** The id of its network. */
  netdev: string | undefined;
}

/** Frames that are taken from a wire at a time. */
const BURST = 64;

export class Wires {
  readonly #nets: ReadonlyMap<string, NetStream>;
  /** By device a frame that its port had no room for. */
  #waiting = new WeakMap<Endpoint, Uint8Array>();

  constructor(nets: ReadonlyMap<string, NetStream>) {
    this.#nets = nets;
  }

  /** Brings what has arrived to the ports, as far as they have room. */
  receive(devices: readonly Wired[]): void {
    for (const { endpoint, netdev } of devices) {
      const net = netdev === undefined ? undefined : this.#nets.get(netdev);
      if (net === undefined || !(endpoint instanceof IgbCard)) continue;
      const uplink = endpoint.ports[0]?.uplink;
      for (let count = 0; count < BURST; count++) {
        const frame = this.#waiting.get(endpoint) ?? net.receive();
        if (frame === undefined) break;
        this.#waiting.delete(endpoint);
        if (uplink?.inject(frame) === true) continue;
        this.#waiting.set(endpoint, frame);
        break;
      }
    }
  }

  /** Lets what left the ports go; without a network it is lost. */
  send(devices: readonly Wired[]): void {
    for (const { endpoint, netdev } of devices) {
      if (!(endpoint instanceof IgbCard)) continue;
      const net = this.#nets.get(netdev ?? "");
      for (const port of endpoint.ports) port.uplink.drain((frame) => net?.send(frame));
    }
  }

  /** Forgets the frames that wait. */
  clear(): void {
    this.#waiting = new WeakMap();
  }
}
