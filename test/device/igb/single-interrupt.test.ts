import { describe, expect, it } from "vitest";
import { PORT_CAUSES } from "../../../assembly/spec/abi/port.ts";
import { Bench } from "./bench.ts";

const ICR = 0x00c0;
const ICS = 0x00c8;
const IMS = 0x00d0;
const IMC = 0x00d8;
const GPIE = 0x1514;
const EICS = 0x1520;
const EIMS = 0x1524;
const EIMC = 0x1528;
const EIAM = 0x1530;
const EICR = 0x1580;
const EITR0 = 0x1680;
const IVAR = 0x1700;
const OTHER = 0x8000_0000;
const TCP_TIMER = 0x4000_0000;
const LSC = 0x4;
const RXDW = 0x80;
const ALL = 0xffff_ffff;

/** A PF whose one interrupt is the MSI message 4321h. */
async function withMsi(model: "i350" | "82576"): Promise<Bench> {
  const bench = await Bench.create(model);
  const { pf } = bench.port;
  pf.configWrite(0x54, 4, 0xfee0_1000);
  pf.configWrite(0x5c, 2, 0x4321);
  pf.configWrite(0x52, 2, 0x0001);
  return bench;
}

/** How many messages came, all the one. */
function messages(bench: Bench): number {
  const taken = bench.takeMessages();
  for (const { data } of taken) expect(data).toBe(0x4321);
  return taken.length;
}

/** Sets queue causes as the data path does, and lets a doorbell's turn make interrupts of them. */
function cause(bench: Bench, direction: "tx" | "rx", queue: number): void {
  bench.port.state.set(PORT_CAUSES, (1 << (queue + (direction === "tx" ? 16 : 0))) >>> 0);
  bench.pf.write(0xe018, 4, 0);
  bench.card.service(1);
}

describe.each([
  { model: "i350", queue: 5, row: 2, rx: 16, tx: 24, causes: 0xc000_00ff },
  { model: "82576", queue: 13, row: 5, rx: 16, tx: 24, causes: 0xc000_ffff },
] as const)("$model without GPIE.Multiple_MSIX", ({ model, queue, row, rx, tx, causes }) => {
  it("§8.8.13 IVAR makes causes of queues bits of EICR, each with one message; §8.8.4 they are these", async () => {
    const bench = await withMsi(model);
    const { pf } = bench;
    pf.write(EIMC, 4, ALL);
    expect(pf.read(EIMS, 4)).toBe(0);
    pf.write(EIMS, 4, ALL);
    expect(pf.read(EIMS, 4)).toBe(causes);
    pf.write(IVAR + 4 * row, 4, ((0x83 << rx) | (0x86 << tx)) >>> 0);
    cause(bench, "rx", queue);
    expect([messages(bench), pf.read(EICR, 4), pf.read(EICR, 4)]).toEqual([1, 0x08, 0]);
    cause(bench, "tx", queue);
    expect([messages(bench), pf.read(EICR, 4)]).toEqual([1, 0x40]);
    // Without the entry's valid bit, and masked.
    pf.write(IVAR + 4 * row, 4, (0x86 << tx) >>> 0);
    cause(bench, "rx", queue);
    expect([messages(bench), pf.read(EICR, 4)]).toEqual([0, 0]);
    pf.write(EIMC, 4, 0x40);
    cause(bench, "tx", queue);
    expect([messages(bench), pf.read(EICS, 4)]).toEqual([0, 0x40]);
    pf.write(EIMS, 4, 0x40);
    expect(messages(bench)).toBe(1);
  });

  it("§8.8.3 EICR.31: a cause that ICR and IMS have, enabled after a reset; it goes with the last of them", async () => {
    const bench = await withMsi(model);
    const { pf } = bench;
    expect(pf.read(EIMS, 4)).toBe(OTHER);
    pf.write(ICS, 4, LSC);
    expect([messages(bench), pf.read(EICS, 4)]).toEqual([0, 0]);
    pf.write(IMS, 4, LSC | RXDW);
    expect([messages(bench), pf.read(EICS, 4)]).toEqual([1, OTHER]);
    // A second cause is news, the same one is none.
    pf.write(ICS, 4, LSC);
    expect(messages(bench)).toBe(0);
    cause(bench, "rx", 0);
    expect(messages(bench)).toBe(1);
    pf.write(IMC, 4, LSC);
    expect(pf.read(EICS, 4)).toBe(OTHER);
    expect([pf.read(ICR, 4), pf.read(EICS, 4)]).toEqual([OTHER + LSC + RXDW, 0]);
    // ICS and IMS make it, EICS does not; masked in EIMS it makes no interrupt.
    pf.write(EICS, 4, ALL);
    expect(pf.read(EICS, 4)).toBe((causes & ~OTHER) >>> 0);
    pf.write(EICR, 4, ALL);
    pf.write(EIMC, 4, OTHER);
    pf.write(ICS, 4, RXDW);
    expect([messages(bench), pf.read(EICR, 4), pf.read(ICR, 4)]).toEqual([0, OTHER, OTHER + RXDW]);
  });

  it("§8.8.3 EICR.30 is the TCP timer's, without IVAR_MISC", async () => {
    const bench = await withMsi(model);
    bench.pf.write(EIMS, 4, TCP_TIMER);
    bench.pf.write(0x104c, 4, 0x0307);
    bench.clock.advance(7_000_000);
    bench.card.service(1);
    expect([messages(bench), bench.pf.read(EICR, 4)]).toEqual([1, TCP_TIMER]);
  });

  it("§8.8.8 EIAM: reading or clearing EICR masks, EICS enables; with GPIE.EIAME the message masks instead", async () => {
    const bench = await withMsi(model);
    const { pf } = bench;
    pf.write(EIMS, 4, 0x07);
    pf.write(EIAM, 4, 0x05);
    pf.write(EICS, 4, 0x02);
    expect([messages(bench), pf.read(EIMS, 4)]).toEqual([1, OTHER + 0x07]);
    expect([pf.read(EICR, 4), pf.read(EIMS, 4)]).toEqual([0x02, OTHER + 0x02]);
    pf.write(EICS, 4, 0x04);
    expect([messages(bench), pf.read(EIMS, 4)]).toEqual([1, OTHER + 0x06]);
    pf.write(EICR, 4, 0x04);
    expect([pf.read(EICS, 4), pf.read(EIMS, 4)]).toEqual([0, OTHER + 0x02]);
    pf.write(EIMS, 4, 0x05);
    pf.write(GPIE, 4, 0x4000_0000);
    pf.write(EICS, 4, 0x02);
    expect([messages(bench), pf.read(EIMS, 4)]).toEqual([1, OTHER + 0x02]);
  });

  it("§7.3.2 EITR 0 throttles the one interrupt, whatever its cause", async () => {
    const bench = await withMsi(model);
    const { pf } = bench;
    pf.write(EITR0, 4, 90 << 2);
    pf.write(EIMS, 4, 0x0f);
    pf.write(EICS, 4, 0x08);
    pf.write(EICS, 4, 0x04);
    expect([messages(bench), bench.card.nextDeadlineNs]).toEqual([1, 90_000]);
    bench.clock.advance(90_000);
    bench.card.service(1);
    expect([messages(bench), pf.read(EICR, 4)]).toEqual([1, 0x0c]);
    // What was read before its time makes no message.
    pf.write(EICS, 4, 0x02);
    expect(pf.read(EICR, 4)).toBe(0x02);
    bench.clock.advance(90_000);
    bench.card.service(1);
    expect(messages(bench)).toBe(0);
  });

  it("§7.3.1 the pin is asserted while EICR and EIMS have a cause, and let go when it is read, masked or reset", async () => {
    const bench = await Bench.create(model);
    const { pf } = bench;
    const fn = bench.port.pf;
    pf.write(EIMS, 4, 0x30);
    pf.write(EICS, 4, 0x10);
    expect(fn.interruptPins).toBe(1);
    pf.write(EIMC, 4, 0x10);
    expect(fn.interruptPins).toBe(0);
    pf.write(EIMS, 4, 0x10);
    expect([fn.interruptPins, pf.read(EICR, 4), fn.interruptPins]).toEqual([1, 0x10, 0]);
    pf.write(EICS, 4, 0x20);
    pf.write(GPIE, 4, 0x10);
    expect(fn.interruptPins).toBe(0);
    pf.write(GPIE, 4, 0);
    pf.write(EICS, 4, 0x10);
    expect(fn.interruptPins).toBe(1);
    pf.write(0, 4, 0x0400_0000);
    expect([fn.interruptPins, pf.read(EIMS, 4)]).toEqual([0, OTHER]);
  });

  it("with MSI-X and one vector every cause sends vector 0's message", async () => {
    const bench = await Bench.create(model);
    bench.unmask(bench.port.pf, 0, 0x90);
    bench.unmask(bench.port.pf, 3, 0x93);
    bench.pf.write(EIMS, 4, 0x0f);
    bench.pf.write(IVAR, 4, 0x83);
    cause(bench, "rx", 0);
    bench.pf.write(IMS, 4, LSC);
    bench.pf.write(ICS, 4, LSC);
    expect(bench.takeMessages().map(({ data }) => data)).toEqual([0x90, 0x90]);
  });

  it("a restored card has its causes, its masks and its pin", async () => {
    const bench = await Bench.create(model);
    bench.pf.write(EIMS, 4, 0x30);
    bench.pf.write(EICS, 4, 0x10);
    const other = await Bench.create(model);
    other.port.restore(bench.port.save());
    expect([other.pf.read(EIMS, 4), other.pf.read(EICS, 4)]).toEqual([OTHER + 0x30, 0x10]);
    other.pf.read(EICR, 4);
    expect(other.port.pf.interruptPins).toBe(0);
  });
});
