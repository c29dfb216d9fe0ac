// A card with VFs as their drivers set them up, in RAM without an IOMMU.
import { hpa } from "../../../host/core/address.ts";
import type { MmioHandler } from "../../../host/core/ports.ts";
import type { Bench } from "./bench.ts";

/** The first five bytes of the VFs' addresses; the sixth is the VF's number. */
const VF_MAC: readonly number[] = [0x02, 0x99, 0x88, 0x77, 0x66];

/** What a PF driver sets up for `count` VFs: VT mode, replication, loopback, a MAC address and broadcasts each. */
export function setUpPf(bench: Bench, count: number, switchControl = 0x5acc): void {
  const { pf } = bench;
  pf.write(0x0100, 4, 0x8002);
  pf.write(0x0400, 4, 0x000a);
  pf.write(0x5818, 4, 3);
  pf.write(0x581c, 4, 0x4000_0000 | (7 << 7));
  pf.write(switchControl, 4, 0x8000_0000);
  for (let vf = 0; vf < count; vf++) {
    const [a, b, c, d, e] = VF_MAC as [number, number, number, number, number];
    pf.write(0x5408 + 8 * vf, 4, (a | (b << 8) | (c << 16) | (d << 24)) >>> 0);
    pf.write(0x540c + 8 * vf, 4, (0x8000_0000 | (1 << (18 + vf)) | (vf << 8) | e) >>> 0);
    pf.write(0x5ad0 + 4 * vf, 4, 0x8900_2600);
  }
  pf.write(0x0c8c, 4, 0xff);
  pf.write(0x0c90, 4, 0xff);
  pf.write(0x0018, 4, 0x4000);
}

/** Descriptors of each ring. */
export const RING = 8;
export const TX_RING = 0x1000;
export const RX_RING = 0x2000;
export const RX_BUFFER = 0x8000;
export const TX_BUFFER = 0x6000;

export function setUpRings(bench: Bench, vf: MmioHandler, base: number): void {
  vf.write(0x3800, 4, base + TX_RING);
  vf.write(0x3808, 4, 128);
  vf.write(0x3828, 4, 0x0200_0000);
  vf.write(0x2800, 4, base + RX_RING);
  vf.write(0x2808, 4, 128);
  vf.write(0x280c, 4, 0x8200_0002);
  vf.write(0x2828, 4, 0x0200_0000);
  for (let at = 0; at < 8; at++) {
    bench.map.write(hpa(base + RX_RING + at * 16), 4, base + RX_BUFFER + at * 2048);
    bench.map.write(hpa(base + RX_RING + at * 16 + 8), 4, 0);
  }
  vf.write(0x2818, 4, 7);
}

export function sendFrame(
  bench: Bench,
  vf: MmioHandler,
  base: number,
  at: number,
  to: number,
  from = 0xee,
  length = 99,
): Uint8Array {
  const frame = Uint8Array.from({ length }, (_, byte) => byte ^ 0x5a);
  frame.set([...VF_MAC, to, ...VF_MAC, from, 0x88, 0xb5]);
  bench.map.writeBytes(hpa(base + TX_BUFFER), frame);
  const place = base + TX_RING + at * 16;
  bench.map.write(hpa(place), 4, base + TX_BUFFER);
  bench.map.write(hpa(place + 4), 4, 0);
  bench.map.write(hpa(place + 8), 4, 0x2b30_0000 | frame.length);
  bench.map.write(hpa(place + 12), 4, (frame.length << 14) >>> 0);
  vf.write(0x3818, 4, (at + 1) % RING);
  return frame;
}
