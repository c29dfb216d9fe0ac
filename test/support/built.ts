// Before any test: the package must have been built, to its last step.
import { existsSync } from "node:fs";

export function setup(): void {
  // The build begins by removing dist/ and ends by copying the module there.
  if (!existsSync(new URL("../../dist/build/iovirt.wasm", import.meta.url))) {
    throw new Error("dist/ is missing or its build failed: npm run build");
  }
}
