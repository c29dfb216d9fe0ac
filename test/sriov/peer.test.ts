// Registers where a ring or a buffer should be: nothing that a burst relies on changes under it.
import { describe, expect, it } from "vitest";
import { QUEUE_FLAGS, QUEUE_REASON_HI, QUEUE_REASON_LO, STOP_BUFFER, STOP_RING } from "../../assembly/spec/abi/port.ts";
import { GCMD_REG, GCMD_SRTP_HI, GCMD_SRTP_LO, GCMD_TE_HI, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { hpa, requesterId } from "../../host/core/address.ts";
import { bits, mask } from "../../host/core/bits.ts";
import { Machine } from "../../host/machine/machine.ts";
import { frameOf, macOf, RING_ENTRIES, TestPort } from "./ports.ts";

const REGISTERS = 0x2000_0000;
const PAGE = 4096;
const MIB = 2 ** 20;
const DATA = 0x2b30_0000;

function reason(port: TestPort, direction: "tx" | "rx", pool: number): number {
  return bits(port.queueWord(direction, pool, QUEUE_FLAGS), QUEUE_REASON_HI, QUEUE_REASON_LO);
}

async function scene(external: boolean) {
  const port = await TestPort.create({ pools: 2, external });
  const touched: number[] = [];
  const handler = {
    read: (offset: number) => {
      touched.push(offset);
      return 0;
    },
    write: (offset: number) => void touched.push(offset),
  };
  port.map.addMmio({ base: hpa(REGISTERS), size: PAGE, handler });
  return { port, touched };
}

describe.each([{ external: false }, { external: true }])(
  "PCIe 6.0 §1.3.1, RAM outside the wasm: $external",
  ({ external }) => {
    it.each([[64], [20, 44]])(
      "a receive buffer of registers stops the queue (frame in pieces %i %i)",
      async (...pieces) => {
        const { port, touched } = await scene(external);
        port.arm(1, 0, REGISTERS);
        port.send(0, frameOf(macOf(1), macOf(0), 64), { pieces: pieces.filter((piece) => piece !== undefined) });
        port.run();
        expect([reason(port, "rx", 1), touched]).toEqual([STOP_BUFFER, []]);
      },
    );

    it("a transmit buffer of registers stops the queue", async () => {
      const { port, touched } = await scene(external);
      port.post(0, [REGISTERS, 0, DATA | 64, 64 << 14]);
      port.run();
      expect([reason(port, "tx", 0), touched]).toEqual([STOP_BUFFER, []]);
    });

    it("rings of registers stop their queues", async () => {
      const { port, touched } = await scene(external);
      port.ring("rx", 1, { base: REGISTERS, entries: RING_ENTRIES });
      port.send(0, frameOf(macOf(1), macOf(0), 64));
      port.run();
      port.ring("tx", 1, { base: REGISTERS, entries: RING_ENTRIES });
      port.post(1, [0, 0, 0, 0]);
      port.run();
      expect([reason(port, "rx", 1), reason(port, "tx", 1), touched]).toEqual([STOP_RING, STOP_RING, []]);
    });
  },
);

describe("a request over several pages", () => {
  it("VT-d 5.10 §3.4 is decided anew after registers among them enabled translation", async () => {
    const { map, iommu } = await Machine.create({ ram: MIB });
    iommu.mmio.write(GCMD_REG, 4, mask(GCMD_SRTP_HI, GCMD_SRTP_LO));
    const enable = {
      read: () => 0,
      write: () => iommu.mmio.write(GCMD_REG, 4, mask(GCMD_TE_HI, GCMD_TE_LO) >>> 0),
    };
    map.addMmio({ base: hpa(REGISTERS), size: PAGE, handler: enable });
    map.addRam({ base: hpa(REGISTERS + PAGE), size: PAGE });
    const whole = iommu.dma.write(requesterId(1, 0x10, 0), REGISTERS + PAGE - 4, 0, new Uint8Array(8).fill(0x77));
    expect([whole, map.read(hpa(REGISTERS + PAGE), 4)]).toEqual([false, 0]);
  });
});
