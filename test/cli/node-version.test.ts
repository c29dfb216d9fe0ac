import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lacking } from "../../host/cli/node-version.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test.each([
  ["18.20.8", "20.19"],
  ["20.9.0", "20.19"],
  ["20.18.3", "20.19"],
])("Node.js %s is told what it lacks", (version, least) => {
  expect(lacking(version)).toBe(`this is Node.js ${version}; it needs ${least} or later`);
});

test.each(["20.19.0", "20.20.2", "22.0.0", "100.1.0"])("Node.js %s will do", (version) => {
  expect(lacking(version)).toBeUndefined();
});

test("package.json asks for the same version, and the program loads nothing before it has looked", () => {
  const { engines } = JSON.parse(read("package.json")) as { engines: { node: string } };
  const [, least] = /^>=(\d+\.\d+)$/.exec(engines.node) ?? [];
  expect(lacking("0.0.0")).toContain(`it needs ${least} `);
  expect(lacking(`${least}.0`)).toBeUndefined();
  expect(read("host/cli/main.ts").match(/^import .*/gm)).toEqual(['import { lacking } from "./node-version.ts";']);
  expect(read("host/cli/node-version.ts")).not.toContain("import ");
});
