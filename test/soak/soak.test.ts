import { expect, test } from "vitest";
import { soak } from "./soak.ts";

const OPERATIONS = 500_000;

test("500,000 random operations: no trap, no DMA that the tables do not allow", async () => {
  // A new seed each time; a failure names it in its replay line.
  const tally = await soak(OPERATIONS, Math.floor(Date.now() / 1000));
  expect(tally.operations).toBe(OPERATIONS);
  expect(tally.allowed).toBeGreaterThan(OPERATIONS / 50);
  expect(tally.written).toBeGreaterThan(0);
});
