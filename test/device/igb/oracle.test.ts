// The numbers of assembly/spec/igb against those of another project: name and value as in the headers of Linux's igb and
// igbvf.
// Device and drivers of this project share assembly/spec/igb, so that a wrong number would go unnoticed between them.
import { expect, test } from "vitest";
import { BITS, MAILBOX } from "./linux-bits.ts";
import { REGISTERS, VF_REGISTERS } from "./linux-registers.ts";

test.each([
  ["registers of the PF", REGISTERS],
  ["registers of a VF", VF_REGISTERS],
  ["bits and fields", BITS],
  ["the mailbox", MAILBOX],
])("%s have the numbers that Linux's drivers use", (_what, rows) => {
  const differing = rows.filter(([, theirs, ours]) => theirs !== ours);
  expect(differing).toEqual([]);
  expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length);
});
