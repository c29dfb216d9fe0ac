import { describe, expect, it } from "vitest";
import { runDemo } from "../../host/demo/index.ts";
import { jsonOf } from "../../host/demo/report.ts";

const NAMES = ["probe", "delivery", "interrupt-posting", "isolation", "interrupt-remapping", "revocation", "snapshot"];

describe("the demonstration", () => {
  it.each([1, 3, 8, 9, 33])("every claim holds with %i VMs", async (vms) => {
    const result = await runDemo({ vms, frames: 3000, seed: 7 });
    for (const check of result.checks) expect(check, check.name).toMatchObject({ ok: true });
    expect(result.checks.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
    expect(result.frames.sent).toBe(3000);
    expect(result.frames.delivered).toBeGreaterThanOrEqual(3000);
    expect(result.interrupts).toMatchObject({ misrouted: 0 });
    expect(result.interrupts.blocked).toBeGreaterThan(0);
    const remapping = result.checks.find(({ name }) => name === "interrupt-remapping")?.figures;
    expect(remapping?.foreign, "handles of others, the administrator's at least").toBeGreaterThanOrEqual(2);
    expect(remapping?.refused).toBe(remapping?.foreign);
    // Besides them: the forged one, and the late one of the function that was taken away.
    expect(result.interrupts.blocked).toBe((remapping?.foreign as number) + 2);
    const { posted, coalesced, wakeUps } = result.interrupts;
    expect(posted).toBeGreaterThan(coalesced);
    expect([coalesced > 0, wakeUps > 0]).toEqual([true, true]);
    const posting = result.checks.find(({ name }) => name === "interrupt-posting")?.figures;
    expect(posting).toMatchObject({ exitsWhileRunning: 0, wakeUpsWhileSleeping: 1, noticesWhilePreempted: 0 });
    expect(result.dma.faults.length).toBeGreaterThanOrEqual(5);
    expect(result.topology.match(/RAM at/g)).toHaveLength(vms + Math.ceil(vms / 8));
  });

  it("uses nothing stale: in strict mode every claim holds, and nothing is reported", async () => {
    const stale: unknown[] = [];
    const result = await runDemo({ vms: 9, frames: 3000, seed: 11 }, { stale: (use) => stale.push(use) });
    for (const check of result.checks) expect(check, check.name).toMatchObject({ ok: true });
    expect(result.dma.iotlbHitRate).toBeGreaterThan(0.5);
    expect(stale).toEqual([]);
  });

  it("gives the same traffic for the same seed, and other traffic for another", async () => {
    const [one, same, other] = await Promise.all(
      [5, 5, 6].map((seed) => runDemo({ vms: 2, frames: 500, seed }).then((result) => jsonOf(result))),
    );
    const timeless = (result: typeof one) =>
      JSON.stringify({ ...result, frames: { ...result?.frames, perSecond: 0, nsPerFrame: 0 } });
    expect(timeless(same)).toBe(timeless(one));
    expect(other?.frames.bytes).not.toBe(one?.frames.bytes);
  });

  it("delivers a replayed frame to its addressee, and hands what leaves by the uplink to the capture", async () => {
    const replayed = new Uint8Array(60);
    replayed.fill(0xff, 0, 6);
    replayed.set([2, 4, 6, 8, 10, 12], 6);
    let captured = 0;
    let last = 0;
    const result = await runDemo({
      vms: 2,
      frames: 300,
      replay: [replayed],
      capture: (_frame, timeNs) => {
        captured++;
        expect(timeNs).toBeGreaterThanOrEqual(last);
        last = timeNs;
      },
    });
    expect(captured).toBeGreaterThan(0);
    expect(result.checks.every(({ ok }) => ok)).toBe(true);
  });

  it.each([
    ["vms", { vms: 0 }],
    ["vms", { vms: 129 }],
    ["frames", { frames: 1.5 }],
    ["seed", { seed: -1 }],
  ])("refuses %s out of range and names the value", async (name, options) => {
    await expect(runDemo(options)).rejects.toThrow(
      new RegExp(`^${name} .*${Object.values(options)[0]}.*is not a whole`),
    );
  });
});
