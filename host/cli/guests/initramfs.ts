// The guest's root: Debian's files and our own few, in one archive.
import { TREE } from "./collect.ts";
import { CpioArchive } from "./cpio.ts";
import { OWN_FILES, OWN_LINKS } from "./init.ts";
import type { GuestFiles } from "./store.ts";

const FOLDERS = ["dev", "proc", "sys", "mnt", "tmp", "root", "run"] as const;

/** The same bytes for the same files. */
export function buildInitramfs(files: GuestFiles): Uint8Array {
  const archive = new CpioArchive();
  for (const folder of FOLDERS) archive.folder(folder);
  archive.device("dev/console", 5, 1).device("dev/null", 1, 3);
  for (const name of files.names) {
    if (!name.startsWith(`${TREE}/`)) continue;
    const path = name.slice(TREE.length + 1);
    archive.file(path, files.read(name), /(^|\/)s?bin\/|^lib\/[^/]*$/.test(path) ? 0o755 : 0o644);
  }
  for (const [path, { content, mode }] of OWN_FILES) archive.file(path, content, mode);
  for (const [path, target] of OWN_LINKS) archive.link(path, target);
  return archive.bytes();
}
