// Files that are there whole or not at all.
import { renameSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { withCleanup } from "./signals.ts";

/** Writes `bytes` to `path`, by way of the file `part` beside it, which does not stay. Throws the system's error. */
export async function writeWhole(path: string, part: string, bytes: Uint8Array): Promise<void> {
  await withCleanup(
    () => rmSync(part, { force: true }),
    async () => {
      await writeFile(part, bytes);
      renameSync(part, path);
    },
  );
}
