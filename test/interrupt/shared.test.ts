// A descriptor in shared memory, whose owner is another thread that takes requests while they are posted.
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { GCMD_IRE_LO, GCMD_SIRTP_LO } from "../../assembly/spec/vtd/global.ts";
import { IRTA_REG } from "../../assembly/spec/vtd/interrupt-table-address.ts";
import { hpa, type RequesterId } from "../../host/core/address.ts";
import { Harness } from "../iommu/harness.ts";

const BASE = 0x4000_0000;
const VECTORS = 256;
const ROUNDS = 400;
/** Words of the shared memory: the descriptor, the wire of the notification, the number of each vector's takes. */
const CONTROL = 8;
const WIRE = 16;
const STOP = 17;
const TAKEN = 1024;

/**
 * The owner: waits for a notification, clears ON, takes the requests; as a processor does. In between it changes SN, as a
 * scheduler does, and looks at the requests afterwards. Or it takes them without end, whatever it is told.
 */
const OWNER = `
  const { workerData } = require("node:worker_threads");
  const words = new Int32Array(workerData.buffer);
  const take = () => {
    for (let word = 0; word < 8; word++) {
      const requests = Atomics.exchange(words, word, 0);
      for (let bit = 0; bit < 32; bit++) if ((requests >>> bit) & 1) Atomics.add(words, ${TAKEN} + word * 32 + bit, 1);
    }
  };
  while (workerData.restless && Atomics.load(words, ${STOP}) === 0) take();
  for (let turn = 0; Atomics.load(words, ${STOP}) === 0; turn++) {
    if (turn % 16 === 0) {
      Atomics.or(words, ${CONTROL}, 2);
      Atomics.and(words, ${CONTROL}, ~2);
      take();
    }
    if (Atomics.exchange(words, ${WIRE}, 0) === 0) continue;
    Atomics.and(words, ${CONTROL}, ~1);
    take();
  }
`;

test.each([
  { owner: "is notified", restless: false },
  { owner: "takes without end", restless: true },
])(
  "VT-d §5.2.3 coherent atomic update: nothing is lost or doubled when another thread $owner",
  async ({ restless }) => {
    const h = await Harness.create();
    const table = h.page();
    const buffer = new SharedArrayBuffer(0x4000);
    const words = new Int32Array(buffer);
    h.map.addExternalRam({ base: hpa(BASE), size: 0x4000, buffer });
    h.set64(IRTA_REG, BigInt(table) | 7n);
    h.command(GCMD_SIRTP_LO);
    h.command(GCMD_IRE_LO);
    for (let vector = 0; vector < VECTORS; vector++) {
      h.write64(table + vector * 16, 0x8001n | (BigInt(vector) << 16n) | (BigInt(BASE >>> 6) << 38n));
    }
    const owner = new Worker(OWNER, { eval: true, workerData: { buffer, restless } });
    const outcomes = { sent: 0, outstanding: 0, suppressed: 0 };
    try {
      await new Promise((resolve) => owner.once("online", resolve));
      for (let round = 1; round <= ROUNDS; round++) {
        for (let n = 0; n < VECTORS; n++) {
          const vector = (n * 37 + round) % VECTORS;
          const result = h.unit.remap(0x0208 as RequesterId, 0xfee0_0010 | (vector << 5), 0, 0);
          if (result.kind !== "posted") throw new Error(JSON.stringify(result));
          outcomes[result.posted.outcome]++;
          if (result.posted.outcome === "sent") Atomics.store(words, WIRE, 1);
        }
        // Each vector was posted once since it was taken last: it is taken once more, or it is lost.
        const missing = (): number => words.subarray(TAKEN, TAKEN + VECTORS).findIndex((taken) => taken !== round);
        for (let turn = 0; turn < 200_000 && missing() >= 0; turn++)
          await new Promise((resolve) => setTimeout(resolve, 1));
        expect(missing(), `a vector that was not taken once in round ${round}`).toBe(-1);
      }
    } finally {
      Atomics.store(words, STOP, 1);
      await owner.terminate();
    }
    expect(outcomes.sent).toBeGreaterThan(0);
    expect(outcomes.sent + outcomes.outstanding + outcomes.suppressed).toBe(ROUNDS * VECTORS);
  },
);

test("a dword of shared memory is exchanged in one step: two threads that count in it lose nothing", async () => {
  const h = await Harness.create();
  const buffer = new SharedArrayBuffer(0x1000);
  const words = new Int32Array(buffer);
  const region = h.map.addExternalRam({ base: hpa(BASE), size: 0x1000, buffer });
  const counter = `
    const words = new Int32Array(require("node:worker_threads").workerData);
    Atomics.store(words, 1, 1);
    let count = 0;
    while (Atomics.load(words, 2) === 0) { Atomics.add(words, 0, 1); count++; }
    Atomics.store(words, 3, count);
    Atomics.store(words, 1, 2);
  `;
  const other = new Worker(counter, { eval: true, workerData: buffer });
  try {
    while (Atomics.load(words, 1) !== 1) await new Promise((resolve) => setTimeout(resolve, 1));
    let own = 0;
    let seen = 0;
    for (let attempt = 0; attempt < 3_000_000; attempt++) {
      const found = h.map.module.hostExchange(region.index, 0, seen, (seen + 1) >>> 0);
      if (found === seen) own++;
      seen = found === seen ? (seen + 1) >>> 0 : found;
    }
    Atomics.store(words, 2, 1);
    while (Atomics.load(words, 1) !== 2) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(own).toBeGreaterThan(0);
    expect(words[0]).toBe((own + (words[3] as number)) | 0);
  } finally {
    await other.terminate();
  }
});
