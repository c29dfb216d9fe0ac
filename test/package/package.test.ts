// The package as its users get it: packed, installed into an empty folder with no network, and used.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import { build as viteBuild } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importsOf } from "../architecture/rooms.ts";
import { run } from "../support/judge.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

let folder: string;
let consumer: string;
let packed: string[];
let installed: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-package-"));
  consumer = join(folder, "consumer");
  mkdirSync(consumer);
  const npm = (...args: string[]): string =>
    run("npm", [...args, "--ignore-scripts", "--offline", "--cache", join(folder, "cache"), "--prefix", consumer]);
  const report = run("npm", ["pack", root, "--json", "--ignore-scripts", "--pack-destination", folder]);
  const [pack] = Object.values(JSON.parse(report)) as { filename: string; files: { path: string }[] }[];
  packed = pack!.files.map(({ path }) => path).sort();
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  npm("install", join(folder, pack!.filename), "--no-audit", "--no-fund");
  installed = join(consumer, "node_modules/iovirt");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(consumer, name), text);
  return join(consumer, name);
};

describe("what is packed", () => {
  test("is the built package and its papers, nothing of the workshop", () => {
    const expected =
      /^(?:dist\/host\/.+\.(?:js|js\.map|d\.ts|html|css|LICENSE)|dist\/assembly\/spec\/.+\.(?:js|js\.map|d\.ts)|dist\/build\/iovirt\.wasm|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(packed.filter((file) => !expected.test(file))).toEqual([]);
    expect(packed).toEqual(expect.arrayContaining(["dist/build/iovirt.wasm", "README.md", "LICENSE", "CHANGELOG.md"]));
  });

  test("every module has its types and its source map, with the source inside", () => {
    const modules = packed.filter((file) => file.endsWith(".js"));
    expect(modules.length).toBeGreaterThan(20);
    for (const file of modules) {
      expect(packed).toContain(file.replace(/\.js$/, ".d.ts"));
      const map = JSON.parse(readFileSync(join(installed, `${file}.map`), "utf8"));
      expect(
        map.sourcesContent?.every((source: unknown) => typeof source === "string"),
        file,
      ).toBe(true);
    }
  });

  test("a plain <script type=module> resolves every import: relative, packed, and Node's only in cli/ and the server", () => {
    for (const file of packed.filter((name) => name.endsWith(".js"))) {
      for (const specifier of importsOf(readFileSync(join(installed, file), "utf8"))) {
        if (specifier.startsWith("node:")) expect(file).toMatch(/^dist\/host\/(?:cli\/|web\/serve\.js)/);
        else {
          expect(specifier, file).toMatch(/^\.\.?\/.*\.js$/);
          expect(packed).toContain(posix.join(dirname(file), specifier));
        }
      }
    }
  });

  test("every path of the manifest is packed, and nothing is needed at run time", () => {
    const paths = (value: unknown): string[] =>
      typeof value === "string" ? [value] : Object.values(value as object).flatMap(paths);
    const named = paths([manifest.exports, manifest.bin, manifest.sideEffects]).map((path) => path.replace("./", ""));
    expect(named.filter((path) => !packed.includes(path))).toEqual([]);
    for (const kind of ["dependencies", "optionalDependencies"]) expect(manifest[kind]).toBeUndefined();
    // A peer is the user's choice: none is needed, and none comes by itself.
    for (const name of Object.keys(manifest.peerDependencies)) {
      expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
    }
    const visible = readdirSync(join(consumer, "node_modules")).filter((name) => !name.startsWith("."));
    expect(visible).toEqual(["iovirt"]);
  });
});

describe("what is installed", () => {
  const program = `
import { Engine, hex } from "iovirt";
import { formatMac } from "iovirt/in-process";
export async function pointer(options?: Parameters<typeof Engine.create>[0]): Promise<string> {
  const engine = await Engine.create(options);
  const mac = formatMac(Uint8Array.of(2, 0, 0, 0, 0, 7));
  return [mac, hex(engine.allocate(64, 4096))].join(" ");
}
`;
  const script = program.replace(/\?: [^)]*\)/, ")").replace(/\): Promise<string> \{/, ") {");

  test("runs in Node as ESM", () => {
    const file = write("main.mjs", `${script}console.log(await pointer());`);
    expect(run(process.execPath, [file])).toBe("02:00:00:00:00:07 0x10000\n");
  });

  test("gives the wasm's and the manifest's places", () => {
    const text = 'console.log(import.meta.resolve("iovirt/iovirt.wasm"), import.meta.resolve("iovirt/package.json"));';
    expect(run(process.execPath, [write("places.mjs", text)])).toMatch(
      /\/iovirt\/dist\/build\/iovirt\.wasm file:.*\/iovirt\/package\.json\n$/,
    );
  });

  test.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])(
    "type-checks in a strict consumer: module %s, moduleResolution %s, declarations included",
    (module, moduleResolution) => {
      write("consumer.ts", `${program}const text: Promise<string> = pointer();\nvoid text;\n`);
      write(
        "wrong.ts",
        'import { Engine } from "iovirt";\nconst engine: number = await Engine.create();\nvoid engine;\n',
      );
      const compilerOptions = {
        module,
        moduleResolution,
        target: "es2022",
        lib: ["es2023", "dom"],
        types: [],
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        exactOptionalPropertyTypes: true,
        rootDir: consumer,
      };
      const project = (file: string): string =>
        write("tsconfig.json", JSON.stringify({ compilerOptions, files: [file] }));
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      expect(run(process.execPath, [tsc, "-p", project("consumer.ts")])).toBe("");
      expect(() => run(process.execPath, [tsc, "-p", project("wrong.ts")])).toThrow(/ended with/);
    },
  );

  test("every packed declaration stands on its own, beside the DOM's types", () => {
    const files = packed.filter((file) => file.endsWith(".d.ts")).map((file) => join(installed, file));
    const compilerOptions = {
      module: "nodenext",
      lib: ["es2023", "dom"],
      types: [],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    };
    const project = write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
    expect(run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project])).toBe("");
  });

  test("is bundled by esbuild for a browser that brings the module itself", async () => {
    const entry = write("bundle.js", `${script}`);
    const outfile = join(consumer, "bundled.mjs");
    const result = await esbuild({
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      platform: "browser",
      outfile,
      logLevel: "silent",
    });
    expect(result.warnings).toEqual([]);
    const bytes = JSON.stringify(join(installed, "dist/build/iovirt.wasm"));
    const text = `import { readFileSync } from "node:fs";\nimport { pointer } from "./bundled.mjs";\nconsole.log(await pointer({ module: readFileSync(${bytes}) }));`;
    expect(run(process.execPath, [write("use-bundle.mjs", text)])).toBe("02:00:00:00:00:07 0x10000\n");
  });

  test("is bundled by Vite, which emits the wasm as an asset", async () => {
    write("index.html", '<script type="module" src="/vite-main.js"></script>');
    write("vite-main.js", `${script}document.title = await pointer();`);
    await viteBuild({
      root: consumer,
      logLevel: "silent",
      configFile: false,
      build: { assetsInlineLimit: 0, target: "es2022" },
    });
    const assets = readdirSync(join(consumer, "dist/assets"));
    const wasm = assets.find((name) => name.endsWith(".wasm"));
    expect(assets.join(" ")).toMatch(/^(?:iovirt-\S+\.wasm )?index-\S+\.js(?: iovirt-\S+\.wasm)?$/);
    expect(readFileSync(join(consumer, "dist/assets", wasm!))).toEqual(
      readFileSync(join(installed, "dist/build/iovirt.wasm")),
    );
  });
});

describe("the program that is installed", () => {
  const program = (args: string[], stdoutLimit = Number.POSITIVE_INFINITY) =>
    new Promise<{ status: number | null; signal: string | null; stdout: string; stderr: string }>((resolve, reject) => {
      const child = spawn(join(consumer, "node_modules/.bin/iovirt"), args, { stdio: ["ignore", "pipe", "pipe"] });
      let stdout = "";
      let stderr = "";
      if (stdoutLimit === 0) child.stdout.destroy();
      child.stdout.on("data", (data) => {
        stdout += data;
      });
      child.stderr.on("data", (data) => {
        stderr += data;
      });
      child.on("error", reject);
      child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
    });

  test("answers by its name on the path", async () => {
    expect(await program(["--version"])).toEqual({
      status: 0,
      signal: null,
      stdout: `iovirt ${manifest.version}\n`,
      stderr: "",
    });
  });

  test("a wrong call is one line and status 2", async () => {
    const { status, stdout, stderr } = await program(["--verbose"]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^iovirt: unknown command "--verbose"[^\n]*\n$/);
  });

  test("a reader that closed the pipe is no error", async () => {
    const { status, signal, stderr } = await program(["help"], 0);
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
  });
});
