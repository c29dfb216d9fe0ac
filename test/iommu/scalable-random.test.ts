import fc from "fast-check";
import { expect, test } from "vitest";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED } from "../../assembly/spec/abi/iommu.ts";
import { GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { Harness, MIB, READ, WRITE } from "./harness.ts";
import { isPossible, outcomeOf, verdictsOf } from "./possible.ts";
import { generator, pick, type Random } from "./random.ts";
import { PASIDS, REQUESTERS, ScalableTables, scalableCapabilities } from "./scalable-tables.ts";

const FRCD = 0x400;

interface Request {
  requesterId: number;
  pasid: number | undefined;
  iova: bigint;
  access: number;
}

function request(random: Random, tables: ScalableTables): Request {
  const pasid = random(3) === 0 ? undefined : pick(random, PASIDS);
  let access = pick(random, [READ, WRITE, READ | WRITE]);
  if (pasid !== undefined && random(4) === 0) access |= ACCESS_PRIVILEGED;
  if (pasid !== undefined && random(20) === 0) access |= ACCESS_EXECUTE;
  return { requesterId: pick(random, REQUESTERS), pasid, iova: tables.iova(), access };
}

async function scene(random: Random): Promise<{ h: Harness; tables: ScalableTables }> {
  const h = await Harness.create({ ...scalableCapabilities(random), faultRecords: 1 }, 16 * MIB);
  const tables = new ScalableTables(h, random);
  tables.invalidate();
  h.command(GCMD_TE_LO);
  return { h, tables };
}

const halves = (iova: bigint) => ({ lo: Number(iova & 0xffff_ffffn), hi: Number(iova >> 32n) });

function translate(h: Harness, { requesterId, pasid, iova, access }: Request): string {
  const { lo, hi } = halves(iova);
  const result = h.unit.translate(requesterId as never, lo, hi, access, pasid);
  return "hpa" in result ? `hpa ${result.hpa.toString(16)}` : `fault ${result.reason.toString(16)}`;
}

const shown = ({ requesterId, pasid, iova, access }: Request): string =>
  `${requesterId.toString(16)} pasid ${pasid?.toString(16)} iova ${iova.toString(16)} access ${access}`;

test("VT-d §3.4.3 scalable mode: with nothing stale, each request as the explanation has it, record included", async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = generator(seed);
      const { h, tables } = await scene(random);
      for (let round = 0; round < 200; round++) {
        for (let n = random(4); n >= 0; n--) tables.change();
        for (let n = 0; n < 8; n++) {
          // Every time: an accessed flag may have been set in what is a PASID-table entry too.
          tables.invalidate();
          const asked = request(random, tables);
          const { verdict } = h.unit.explain({ ...asked, iova: halves(asked.iova) });
          const wanted = outcomeOf(verdict, asked.iova);
          const got = translate(h, asked);
          if (got !== wanted) throw new Error(`${shown(asked)}: ${got}, explained as ${JSON.stringify(verdict)}`);
          const records = h.unit.faults();
          const recorded = verdict.kind === "refused" && !verdict.suppressed && verdict.unrecorded === undefined;
          if (records.length !== Number(recorded)) {
            throw new Error(`${shown(asked)}: ${records.length} records, explained as ${JSON.stringify(verdict)}`);
          }
          const key = verdict.kind === "refused" ? verdict.condition : verdict.kind;
          seen.set(key, (seen.get(key) ?? 0) + 1);
          const [record] = records;
          if (record === undefined) continue;
          expect(record).toMatchObject({
            requesterId: asked.requesterId,
            reason: (verdict as { reason: number }).reason,
          });
          const page = (BigInt(record.addressHi) << 32n) | BigInt(record.addressLo);
          const widest = BigInt(Math.max(...h.unit.capabilities.addressWidths));
          expect(page).toBe(asked.iova & ~0xfffn & ((1n << widest) - 1n));
          h.set32(FRCD + 12, 0x8000_0000);
        }
      }
    }),
    { numRuns: 20 },
  );
  // Every way to end must really have been met.
  const reached = [...seen.keys()];
  for (const condition of "allowed SCT.3 SCT.6 SPD.3 SPT.3 SPT.4.2 SFS.2 SGN.1 SGN.5 SGN.6 SSS.1 SSS.2 SSS.3".split(
    " ",
  )) {
    expect(reached).toContain(condition);
  }
});

test("VT-d §6.2 scalable mode: with stale entries, each outcome is one that some past state allows", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = generator(seed);
      const { h, tables } = await scene(random);
      const used: Request[] = [];
      for (let n = 0; n < 1500; n++) {
        const kind = random(40);
        if (kind < 6) tables.change();
        else if (kind === 6) tables.invalidate();
        const asked = used.length === 12 && random(4) > 0 ? pick(random, used) : request(random, tables);
        used[used.length < 12 ? used.length : random(12)] = asked;
        const got = translate(h, asked);
        tables.observe();
        const verdicts = verdictsOf(h.unit.view, tables.words(false), { ...asked, iova: halves(asked.iova) });
        const possible = isPossible(verdicts, asked.iova, got);
        if (possible !== true) throw new Error(`${shown(asked)}: ${got}, possible ${[...possible].join(" | ")}`);
      }
    }),
    { numRuns: 20 },
  );
});
