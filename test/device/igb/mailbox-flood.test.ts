// Eight VFs that write to their mailboxes without end: none is kept from being heard, and the PF keeps its time.
import { describe, expect, it } from "vitest";
import type { MmioHandler } from "../../../host/core/ports.ts";
import { Bench } from "./bench.ts";
import { setUpPf } from "./vfs.ts";

const V2PMAILBOX = 0x0c40;
const VMBMEM = 0x0800;
const REQ = 0x1;
const ACK = 0x2;
const VFU = 0x4;
const MBVFICR = 0x0c80;
const MBVFIMR = 0x0c84;
const VFLRE = 0x0c88;
const ICR = 0x00c0;
const VMMB = 0x100;
const OTHER = 0x66;

async function flooded(): Promise<{ bench: Bench; vfs: MmioHandler[] }> {
  const bench = await Bench.create("i350");
  const vfs = bench.enableVfs(8);
  setUpPf(bench, 8);
  bench.unmask(bench.port.pf, 0, OTHER);
  bench.pf.write(0x1514, 4, 0x10);
  bench.pf.write(0x1740, 4, 0x8000);
  bench.pf.write(0x1524, 4, 1);
  bench.pf.write(0x00d0, 4, VMMB);
  return { bench, vfs };
}

describe("I350 §7.8.2.9 mailbox floods", () => {
  it("every VF's request stands in MBVFICR until the PF clears it, and each buffer is its own", async () => {
    const { bench, vfs } = await flooded();
    for (let round = 0; round < 500; round++) {
      for (const [vf, registers] of vfs.entries()) {
        registers.write(V2PMAILBOX, 4, VFU);
        for (let word = 0; word < 16; word++) registers.write(VMBMEM + 4 * word, 4, (vf << 24) | (round << 8) | word);
        registers.write(V2PMAILBOX, 4, REQ | ACK);
      }
    }
    expect(bench.pf.read(MBVFICR, 4)).toBe(0x00ff_00ff);
    for (let vf = 0; vf < 8; vf++) {
      expect(bench.pf.read(VMBMEM + 0x40 * vf + 4 * 15, 4)).toBe((vf << 24) | (499 << 8) | 15);
    }
    // Seven are served: the eighth is still there.
    bench.pf.write(MBVFICR, 4, 0x007f_007f);
    expect(bench.pf.read(MBVFICR, 4)).toBe(0x0080_0080);
  });

  it("EITR holds the PF's interrupts to its interval, whoever writes how often; the one that waits is not lost", async () => {
    const { bench, vfs } = await flooded();
    // 200 µs.
    bench.pf.write(0x1680, 4, 200 << 2);
    let messages = 0;
    for (let us = 0; us < 1000; us++) {
      for (const registers of vfs) registers.write(V2PMAILBOX, 4, REQ);
      bench.card.service(64);
      const sent = bench.takeMessages().length;
      messages += sent;
      if (sent !== 0) {
        bench.pf.read(ICR, 4);
        bench.pf.write(0x1580, 4, 0xffff_ffff);
        bench.pf.write(MBVFICR, 4, 0xff);
      }
      bench.clock.advance(1000);
    }
    expect(messages).toBe(5);
  });

  it("MBVFIMR: a VF that is masked cannot interrupt the PF, and the others can", async () => {
    const { bench, vfs } = await flooded();
    bench.pf.write(MBVFIMR, 4, 0xff & ~(1 << 3));
    for (let n = 0; n < 100; n++) vfs[3]?.write(V2PMAILBOX, 4, REQ);
    expect(bench.takeMessages()).toEqual([]);
    expect(bench.pf.read(MBVFICR, 4)).toBe(1 << 3);
    vfs[6]?.write(V2PMAILBOX, 4, REQ);
    expect(bench.takeMessages()).toHaveLength(1);
    expect(bench.pf.read(ICR, 4) & VMMB).toBe(VMMB);
  });

  it("resets without end: VFLRE names each, and a VF's mailbox is its own again after each", async () => {
    const { bench, vfs } = await flooded();
    for (let n = 0; n < 300; n++) {
      for (const registers of vfs) {
        registers.write(V2PMAILBOX, 4, VFU);
        registers.write(0x0000, 4, 0x0400_0000);
      }
    }
    expect(bench.pf.read(VFLRE, 4)).toBe(0xff);
    expect(vfs.map((registers) => registers.read(V2PMAILBOX, 4) & VFU)).toEqual(new Array(8).fill(0));
    bench.pf.write(VFLRE, 4, 0xdf);
    expect(bench.pf.read(VFLRE, 4)).toBe(0x20);
  });

  it("a VF that never gives its buffer up keeps no other's, and RVFU takes it away", async () => {
    const { bench, vfs } = await flooded();
    for (let n = 0; n < 1000; n++) vfs[2]?.write(V2PMAILBOX, 4, VFU);
    for (let vf = 0; vf < 8; vf++) bench.pf.write(0x0c00 + 4 * vf, 4, 0x8);
    const held = Array.from({ length: 8 }, (_, vf) => bench.pf.read(0x0c00 + 4 * vf, 4));
    expect(held).toEqual([8, 8, 4, 8, 8, 8, 8, 8]);
    bench.pf.write(0x0c08, 4, 0x18);
    expect(bench.pf.read(0x0c08, 4)).toBe(8);
  });
});
