import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { importsOf, importViolations, ROOMS, roomOf, withoutComments } from "./architecture/rooms.ts";
import { forbiddenInAssembly, notConstants } from "./architecture/style.ts";
import {
  mutableGlobals,
  SECTION_DATA,
  SECTION_DATA_COUNT,
  SECTION_GLOBAL,
  SECTION_START,
  sectionsOf,
} from "./architecture/wasm.ts";

const root = new URL("..", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), "utf8");
const files = ["assembly", "host", "bench", "test"].flatMap((folder) =>
  existsSync(new URL(folder, root))
    ? readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`)
    : [],
);
const sources = files.filter((file) => /^(assembly|host)\/.*\.ts$/.test(file) && !file.endsWith(".d.ts"));
const portable = sources.filter((file) => file.startsWith("host/") && !/^host\/(cli|web)\//.test(file));

describe("dependencies point one way", () => {
  test("every import is one that its room may make", () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.flatMap((file) => importViolations(file, read(file)))).toEqual([]);
  });

  test.each([
    ["assembly/spec/pci/x.ts", 'import { A } from "./y";'],
    ["assembly/core/x.ts", 'import { A } from "../iommu/unit";'],
    ["assembly/iommu/x.ts", 'import {\n  A,\n  B,\n} from "../sriov/port";'],
    ["host/core/x.ts", 'export * from "../../assembly/core/bits.ts";'],
    ["host/pci/x.ts", 'import type { Machine } from "../machine/machine.ts";'],
    ["host/machine/x.ts", 'import "../hypervisor/vm.ts";'],
    ["host/embed/in-process/x.ts", 'const { Card } = await import("../../device/igb/card.ts");'],
    ["host/device/igb/x.ts", 'import { readFile } from "node:fs";'],
    ["host/cli/x.ts", 'import chalk from "chalk";'],
    ["host/elsewhere/x.ts", ""],
  ])("the check refuses a wrong import in %s", (file, source) => {
    expect(importViolations(file, source)).toHaveLength(1);
  });

  test("a comment is no import", () => {
    expect(importsOf('// import { A } from "x";\n/* import "y"; */\nimport { B } from "./z.ts";\n')).toEqual([
      "./z.ts",
    ]);
  });

  test("each room's imports are rooms", () => {
    for (const room of ROOMS) {
      for (const path of room.imports)
        expect(
          ROOMS.some((other) => other.path === path),
          path,
        ).toBe(true);
    }
    expect(roomOf("host/embed/in-process/driver.ts")?.path).toBe("host/embed/in-process");
    expect(roomOf("host/embed/v86/device.ts")?.path).toBe("host/embed");
  });
});

describe("host/ below cli/ and web/ runs anywhere", () => {
  test("it compiles with neither the DOM's nor Node's names", () => {
    const tsc = new URL("node_modules/typescript/bin/tsc", root).pathname;
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", "test/portable"], { cwd: root, encoding: "utf8" });
    expect(stdout).toBe("");
  });

  const forbidden: [string, RegExp, readonly string[]][] = [
    [
      "reads no clock but the machine's and no random source",
      /\bDate\b|\bperformance\b|\bMath\.random\b/,
      ["host/demo/"],
    ],
    ["waits for no timer", /\bsetTimeout\b|\bsetInterval\b|\bqueueMicrotask\b/, ["host/demo/"]],
    ["uses no BigInt", /\bBigInt|\bBig(?:Ui|I)nt64|\b\d[\d_]*n\b|\b0x[\da-fA-F_]+n\b/, ["host/demo/"]],
    ["has no mutable state at module level", /^(?:export )?(?:let|var) (?!packaged\b)/m, []],
  ];
  test.each(forbidden)("it %s", (_title, pattern, except) => {
    const held = portable.filter((file) => !except.some((path) => file.startsWith(path)));
    expect(held.filter((file) => pattern.test(withoutComments(read(file))))).toEqual([]);
  });
});

describe("one source of truth for numbers", () => {
  const spec = sources.filter((file) => file.startsWith("assembly/spec/"));
  const code = sources.filter((file) => file.startsWith("assembly/") && !file.startsWith("assembly/spec/"));
  const held = (group: readonly string[], check: (source: string) => string[]): string[] =>
    group.flatMap((file) => check(read(file)).map((text) => `${file}: ${text}`));

  test("the specification's tables are constants of 32 bits and nothing else", () => {
    expect(spec.length).toBeGreaterThan(50);
    expect(held(spec, notConstants)).toEqual([]);
  });

  test.each([
    "export const A_LO = 4;",
    "export const A: u64 = 4;",
    "export const A: u32 = 1 << 31;",
    "const A: u32 = 4;",
    "export function a(): u32 {",
    'import { B } from "./b";',
  ])("the check refuses %s", (line) => {
    expect(notConstants(`/** A. */\nexport const B: u32 = 0x8000_0000;\n${line}\n`)).toEqual([line]);
  });

  test("the code of the module has no bare bit fields, allocations, globals, or inlined free functions", () => {
    expect(code.length).toBeGreaterThan(50);
    expect(held(code, forbiddenInAssembly)).toEqual([]);
  });

  test.each(["x = (word >>> 18) & 3;", "x = new Row();", "let count: u32 = 0;", "@inline\nfunction f(): u32 {"])(
    "the check refuses %j",
    (line) => {
      expect(forbiddenInAssembly(`// ${line.replace("\n", " ")}\n${line}\n`)).toHaveLength(1);
    },
  );
});

test("files are named in lower case, words joined by hyphens", () => {
  const modules = files.filter((file) => file.endsWith(".ts"));
  expect(modules.filter((file) => !/^[a-z0-9./-]+$/.test(file))).toEqual([]);
});

describe("the wasm module", () => {
  const bytes = readFileSync(new URL("build/iovirt.wasm", root));
  const module = new WebAssembly.Module(bytes);
  const sections = sectionsOf(bytes);

  test("keeps no state of its own: no data segment, no start function, no mutable global", () => {
    const ids = sections.map(({ id }) => id);
    expect(ids).not.toContain(SECTION_DATA);
    expect(ids).not.toContain(SECTION_DATA_COUNT);
    expect(ids).not.toContain(SECTION_START);
    for (const { id, payload } of sections) if (id === SECTION_GLOBAL) expect(mutableGlobals(payload)).toBe(0);
  });

  test("the reader of sections sees a data segment, a start function and a mutable global", () => {
    const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    // (func) (memory 1) (global (mut i32) (i32.const 300)) (global i64 (i64.const 1)) (start 0) (data (i32.const 0) "x")
    const types = [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1];
    const globals = [6, 12, 2, 0x7f, 1, 0x41, 0xac, 0x02, 0x0b, 0x7e, 0, 0x42, 1, 0x0b];
    const rest = [8, 1, 0, 10, 4, 1, 2, 0, 0x0b, 11, 7, 1, 0, 0x41, 0, 0x0b, 1, 0x78];
    const sample = Uint8Array.from([...header, ...types, ...globals, ...rest]);
    expect(WebAssembly.validate(sample)).toBe(true);
    const seen = sectionsOf(sample);
    expect(seen.map(({ id }) => id)).toEqual([1, 3, 5, SECTION_GLOBAL, SECTION_START, 10, SECTION_DATA]);
    expect(mutableGlobals(seen[3]?.payload as Uint8Array)).toBe(1);
  });

  test("imports only what assembly/core/env.ts declares, and its memory", () => {
    const declared = [...read("assembly/core/env.ts").matchAll(/export declare function (\w+)/g)].map(
      (match) => match[1],
    );
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      expect(from).toBe("env");
      expect([...declared, "memory"]).toContain(name);
    }
  });

  test("exports exactly the methods of WasmExports, with as many parameters", async () => {
    const text = withoutComments(read("host/core/exports.ts"));
    const declared = [...text.matchAll(/^ {2}(\w+)\(([^)]*)\)/gm)].map((match): [string, number] => [
      match[1] as string,
      (match[2] as string).split(",").filter((parameter) => parameter.trim() !== "").length,
    ]);
    const nothing = (): number => 0;
    const env = Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, nothing]));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const instance = await WebAssembly.instantiate(module, { env: { ...env, memory } });
    const exported = Object.entries(instance.exports).flatMap(([name, value]): [string, number][] =>
      typeof value === "function" ? [[name, value.length]] : [],
    );
    expect(exported.sort()).toEqual(declared.sort());
  });
});

test("no file is two rooms: at most 500 lines", () => {
  const modules = files.filter((file) => file.endsWith(".ts"));
  expect(modules.filter((file) => read(file).split("\n").length > 501)).toEqual([]);
});
