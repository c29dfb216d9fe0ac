// The guest's root: Debian's files and our own few, in one archive.
import { TREE } from "./collect.ts";
import { CpioArchive } from "./cpio.ts";
import { OWN_FILES, OWN_LINKS } from "./init.ts";
import { aliasPairs, dependencyPairs, moduleIndex } from "./module-index.ts";
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
  for (const [path, bytes] of moduleIndexes(files)) archive.file(path, bytes);
  for (const [path, { content, mode }] of OWN_FILES) archive.file(path, content, mode);
  for (const [path, target] of OWN_LINKS) archive.link(path, target);
  return archive.bytes();
}

/** What libkmod opens before it answers anything; busybox reads the texts. What is built in, and symbols, nobody asks for. */
function moduleIndexes(files: GuestFiles): [path: string, bytes: Uint8Array][] {
  const folder = `lib/modules/${files.kernelRelease}`;
  const pairs = {
    dep: dependencyPairs(textOf(files, `${folder}/modules.dep`)),
    alias: aliasPairs(textOf(files, `${folder}/modules.alias`)),
    symbols: [],
    builtin: [],
    "builtin.alias": [],
  };
  return Object.entries(pairs).map(([name, entries]) => [`${folder}/modules.${name}.bin`, moduleIndex(entries)]);
}

function textOf(files: GuestFiles, path: string): string {
  const name = `${TREE}/${path}`;
  return files.names.includes(name) ? Buffer.from(files.read(name)).toString("latin1") : "";
}
