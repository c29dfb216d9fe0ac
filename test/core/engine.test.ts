import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Engine, type EngineOptions } from "../../host/core/engine.ts";
import { ArgumentError } from "../../host/core/errors.ts";

const bytes = readFileSync(new URL("../../dist/build/iovirt.wasm", import.meta.url));
/** A module with nothing in it. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

describe("an engine", () => {
  it("is made of the package's module, its bytes, or what was compiled of them", async () => {
    const compiled = new WebAssembly.Module(bytes);
    for (const options of [{}, { module: bytes }, { module: compiled }, { module: new Uint8Array(bytes).buffer }]) {
      expect((await Engine.create(options)).wasm.iommuSize()).toBeGreaterThan(0);
    }
  });

  it.each<[string, unknown, string]>([
    ["a module in place of the options", new WebAssembly.Module(EMPTY), "is not an object of options"],
    ["a place", new URL("file:///iovirt.wasm"), "is not an object of options"],
    ["a promise", Promise.resolve({}), "is not an object of options"],
    ["a module that is a number", { module: 5 }, "is neither a WebAssembly.Module nor its bytes"],
    ["nothing as a module", { module: null }, "is neither"],
    ["a promise of a module", { module: Promise.resolve(bytes) }, "is neither"],
    ["bytes of no module", { module: Uint8Array.of(1, 2, 3) }, "is none"],
    ["another program's module", { module: EMPTY }, "is another program's"],
    ["no place in the memory", { arenaBase: null }, "arenaBase null is not an aligned place"],
    ["a shared memory", { memory: new WebAssembly.Memory({ initial: 1, maximum: 8, shared: true }) }, "is shared"],
  ])("is not made of %s", async (_, options, message) => {
    const refused = Engine.create(options as EngineOptions);
    await expect(refused).rejects.toThrow(ArgumentError);
    await expect(refused).rejects.toThrow(message);
  });
});
