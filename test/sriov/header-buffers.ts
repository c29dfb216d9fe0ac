// A queue with header buffers: what a frame from the wire leaves in descriptors and buffers.
import { expect } from "vitest";
import { PORT_MRQC } from "../../assembly/spec/abi/port.ts";
import { PORT_PSRTYPE } from "../../assembly/spec/abi/port-offload.ts";
import { hpa } from "../../host/core/address.ts";
import { RX_BUFFERS, RX_RING, TestPort } from "./ports.ts";

const HEADERS = 0x6_0000;
export const SRRCTL = 32;

export interface Descriptor {
  info: number;
  status: number;
  length: number;
  packet: Uint8Array;
  header: Uint8Array;
}

/** Receives one frame from the wire into queue 0 with header buffers; what each descriptor says and has. */
export function split(port: TestPort, frame: Uint8Array, srrctl: number, buffer: number): Descriptor[] {
  port.setQueueWord("rx", 0, SRRCTL, srrctl);
  const filled = new Uint8Array(0x2_0000).fill(0xee);
  port.map.writeBytes(hpa(HEADERS), filled);
  port.map.writeBytes(hpa(RX_BUFFERS), filled);
  for (let at = 0; at < 12; at++) {
    port.map.write(hpa(RX_RING + at * 16 + 8), 4, HEADERS + at * 2048);
    port.map.write(hpa(RX_RING + at * 16 + 12), 4, 0);
  }
  expect(port.state.ingress.push(frame)).toBe(true);
  port.run();
  return Array.from({ length: port.head("rx", 0) }, (_, at) => {
    const [info, , status, last] = [0, 4, 8, 12].map((word) => port.map.read(hpa(RX_RING + at * 16 + word), 4));
    const packet = new Uint8Array(buffer);
    const header = new Uint8Array(2048);
    port.map.readBytes(hpa(RX_BUFFERS + at * 2048), packet);
    port.map.readBytes(hpa(HEADERS + at * 2048), header);
    return { info: info as number, status: status as number, length: (last as number) & 0xffff, packet, header };
  });
}

/** SRRCTL: type, header buffer in 64 bytes, packet buffer in KiB, drop enable. */
export const srrctl = (type: number, header: number, packet: number): number =>
  (0x8000_0000 | (type << 25) | (header << 8) | packet) >>> 0;
/** Split header, in the first word of a write-back descriptor (I350 §7.1.4.2). */
export const SPH = 0x8000_0000;
/** Header buffer overflow, in the third word. */
export const HBO = 0x0080_0000;
/** SPH and HDR_LEN. */
export const headerOf = ({ info }: Descriptor): number[] => [info >>> 31, (info >>> 21) & 0x3ff];

/** A port without pools whose frames are split behind the headers that PSRTYPE `types` names. */
export async function ready(types: number): Promise<TestPort> {
  const port = await TestPort.create();
  port.state.set(PORT_MRQC, 0);
  port.state.set(PORT_PSRTYPE, types);
  port.state.update();
  return port;
}

/** PSRTYPE: every kind of header that splits a frame. */
export const ALL = 0x0007_dbfe;
