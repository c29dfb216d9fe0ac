// Deviations in scalable mode: QEMU and the specification judge a request by different rules (../scalable-rules.ts).
import * as reason from "../../../assembly/spec/vtd/fault-reason.ts";
import { type Case, type Hex, hex, type Outcome, type Step } from "../case.ts";
import { tablesAfter } from "../iotlb.ts";
import { TARGETS_BASE, TARGETS_SIZE } from "../machine.ts";
import { isWrite, MemoryBefore, requesterOf } from "../memory.ts";
import { writtenTables } from "../run.ts";
import { type Dialect, ScalableRules, type Verdict } from "../scalable-rules.ts";
import { cachedForTheOther } from "./cached.ts";
import { type Access, afterAccess, type Deviation, judgedAs } from "./deviation.ts";

/** How both sides judge an access of a case in scalable mode; undefined for one that is none. */
function scalableVerdicts(test: Case, memory: MemoryBefore, access: Access): Record<Dialect, Verdict> | undefined {
  if (test.kind !== "scalable" || access.op === "message") return undefined;
  const request = { requester: requesterOf(access), iova: BigInt(access.iova), write: isWrite(access) };
  const decide = (dialect: Dialect): Verdict => new ScalableRules(memory, test.platform, dialect).decide(request);
  return { qemu: decide("qemu"), specification: decide("specification") };
}

/** No word of a case's. */
const MISSING: Hex = "0x0";

interface Judged {
  index: number;
  access: Step & { op: "dma" | "probe" };
  /** Where the one that lets the request pass sends it. */
  hpa: bigint;
  /** Whether that is ours. */
  passes: boolean;
}

/** The accesses of a case that one side lets pass and the other refuses. */
function judgedOtherwise(test: Case): Judged[] {
  const found: Judged[] = [];
  for (const [index, access] of test.steps.entries()) {
    if (access.op !== "dma" && access.op !== "probe") continue;
    const verdicts = scalableVerdicts(test, new MemoryBefore(test, index), access);
    if (verdicts === undefined || (verdicts.qemu.place === undefined) === (verdicts.specification.place === undefined))
      continue;
    const hpa = (verdicts.qemu.place ?? verdicts.specification.place)?.hpa as bigint;
    found.push({ index, access, hpa, passes: verdicts.specification.place !== undefined });
  }
  return found;
}

function otherBuffer(test: Case, qemu: Outcome & { kind: "buffer" }, ours: Outcome & { kind: "buffer" }): Outcome {
  const slots = { ...qemu.slots };
  for (const { access } of judgedOtherwise(test)) {
    const mine = access.op === "dma" && access.direction === "read" && access.device === qemu.device;
    if (mine) slots[access.slot] = ours.slots[access.slot] as string;
  }
  return { ...qemu, slots };
}

function otherLandings(test: Case, qemu: Outcome & { kind: "landed" }, ours: Outcome & { kind: "landed" }): Outcome {
  const words = { ...qemu.words };
  for (const { access, hpa, passes } of judgedOtherwise(test)) {
    if (!isWrite(access)) continue;
    const end = hpa + BigInt(access.length);
    for (let at = hpa & ~7n; at < end; at += 8n) {
      const right = ours.words[hex(at)];
      const target = at >= BigInt(TARGETS_BASE) && at < BigInt(TARGETS_BASE + TARGETS_SIZE);
      // A word that ours had to write, and that is as it was: nothing explains that.
      if (right === undefined && passes && target && at >= hpa && at + 8n <= end) words[hex(at)] = MISSING;
      else if (right === undefined) delete words[hex(at)];
      else words[hex(at)] = right;
    }
  }
  const sorted = Object.keys(words).sort((left, right) => Number(left) - Number(right)) as Hex[];
  return { ...qemu, words: Object.fromEntries(sorted.map((at) => [at, words[at] as Hex])) };
}

export const SCALABLE_DEVIATIONS: readonly Deviation[] = [
  {
    name: "scalable mode",
    clause: "VT-d 5.10 §7.1.3 SRT, SCT, SPD, SPT, SFS, SSS, SGN",
    qemu: "has legacy mode's reasons for scalable structures, checks fewer bits of them and their FPD less",
    without: afterAccess((look) => {
      const { pair, access, qemu, ours, memory } = look;
      const verdicts = scalableVerdicts(pair.test, memory, access);
      if (verdicts === undefined) return undefined;
      const said = ({ reason, suppressed }: Verdict): number | undefined => (suppressed ? undefined : reason);
      // What the IOTLB does not allow is dropped without a fault.
      const denied = [reason.FAULT_WRITE_DENIED, reason.FAULT_READ_DENIED, reason.FAULT_SM_WRITE_DENIED];
      const silent = denied.includes(verdicts.qemu.reason ?? 0) && cachedForTheOther(look);
      const left = silent ? undefined : said(verdicts.qemu);
      const told = qemu.record?.reason === left && ours.record?.reason === said(verdicts.specification);
      return told ? judgedAs(look) : undefined;
    }),
  },
  {
    name: "scalable mode's data",
    clause: "the same",
    qemu: "moves data, or moves none, for requests that it judges as the line above says",
    without: ({ test, part, index, qemu, ours }) => {
      if (qemu?.kind === "probe" && ours?.kind === "probe" && part === "step") {
        return judgedOtherwise(test).some((one) => one.index === index) ? ours : undefined;
      }
      if (qemu?.kind === "buffer" && ours?.kind === "buffer") return otherBuffer(test, qemu, ours);
      return qemu?.kind === "landed" && ours?.kind === "landed" ? otherLandings(test, qemu, ours) : undefined;
    },
  },
  {
    name: "flags of a cached translation",
    clause: "VT-d 5.10 §3.6.2 accessed and dirty flags",
    qemu: "sets no dirty flag in an entry that has the accessed flag, none from its IOTLB; sets flags for requests judged otherwise",
    without: ({ test, part, index, qemu, ours }) => {
      if (part !== "table" || test.kind !== "scalable" || qemu?.kind !== "memory" || ours?.kind !== "memory")
        return undefined;
      const { at } = writtenTables(test.steps)[index] as { at: Hex };
      const [left, right] = [tablesAfter(test, "qemu"), tablesAfter(test, "specification")];
      const bytes = Buffer.from(qemu.hex, "hex");
      const others = Buffer.from(ours.hex, "hex");
      for (let offset = 0; offset < bytes.length; offset += 8) {
        const word = BigInt(at) + BigInt(offset);
        const told =
          bytes.readBigUInt64LE(offset) === left.get(word) && others.readBigUInt64LE(offset) === right.get(word);
        if (told) others.copy(bytes, offset, offset, offset + 8);
      }
      return { kind: "memory", hex: bytes.toString("hex") };
    },
  },
];
