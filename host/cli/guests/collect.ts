// From the unpacked packages to the few files that a guest needs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Unpacked } from "./apt.ts";
import { isElf32, moduleInfo, neededLibraries } from "./elf.ts";
import { GuestError } from "./failure.ts";
import { FIRMWARE, LIBRARY_FOLDERS, MODULES, PCI_IDS, PROGRAM_FOLDERS, PROGRAMS } from "./recipe.ts";

/** Folder of the files that go into the guest's root, within the guest files. */
export const TREE = "tree";
export const KERNEL = "vmlinuz";

/** The guest files by name. Throws GuestError, naming what the packages lack. */
export function collect({ root, kernelRelease }: Unpacked): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const take = (name: string, path: string): Uint8Array => {
    if (!existsSync(join(root, path))) throw new GuestError(`the packages hold no ${path}`);
    const bytes = readFileSync(join(root, path));
    files.set(name, bytes);
    return bytes;
  };
  take(KERNEL, `boot/vmlinuz-${kernelRelease}`);
  for (const [path, name] of Object.entries(FIRMWARE)) take(name, path);
  take(`${TREE}/${PCI_IDS}`, PCI_IDS);
  for (const program of PROGRAMS) {
    const folder = PROGRAM_FOLDERS.find((candidate) => existsSync(join(root, candidate, program)));
    if (folder === undefined) throw new GuestError(`the packages hold no program ${program}`);
    const bytes = take(`${TREE}/${folder}/${program}`, `${folder}/${program}`);
    takeLibraries(root, bytes, program, files);
  }
  for (const [name, bytes] of collectModules(root, kernelRelease)) files.set(`${TREE}/${name}`, bytes);
  return files;
}

/** Puts every library that `program` needs, and those need, into lib/ under the name by which it is asked for. */
function takeLibraries(root: string, program: Uint8Array, user: string, files: Map<string, Uint8Array>): void {
  if (!isElf32(program)) throw new GuestError(`${user} is no 32-bit program`);
  for (const library of neededLibraries(program)) {
    const name = `${TREE}/lib/${library}`;
    if (files.has(name)) continue;
    const folder = LIBRARY_FOLDERS.find((candidate) => existsSync(join(root, candidate, library)));
    if (folder === undefined) throw new GuestError(`the packages hold no ${library}, which ${user} needs`);
    const bytes = readFileSync(join(root, folder, library));
    files.set(name, bytes);
    takeLibraries(root, bytes, library, files);
  }
}

/** The modules, and the tables by which modprobe finds them: Debian's packages leave those to depmod. */
function collectModules(root: string, kernelRelease: string): Map<string, Uint8Array | Buffer> {
  const folder = `lib/modules/${kernelRelease}`;
  const paths = new Map(
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ko"))
      .map((path) => [moduleName(path), path]),
  );
  const found = new Map<string, Module>();
  for (const name of MODULES) findModule(moduleName(name));
  function findModule(name: string): Module {
    const known = found.get(name);
    if (known !== undefined) return known;
    const path = paths.get(name);
    if (path === undefined) throw new GuestError(`the kernel's package holds no module ${name}`);
    const bytes = readFileSync(join(root, folder, path));
    const info = moduleInfo(bytes);
    const direct = (info.get("depends") ?? []).flatMap((list) => list.split(",")).filter((other) => other !== "");
    const needs = new Set(
      direct.map(moduleName).flatMap((other) => [findModule(other).path, ...findModule(other).needs]),
    );
    const module: Module = { path, bytes, needs: [...needs], aliases: info.get("alias") ?? [] };
    found.set(name, module);
    return module;
  }
  const files = new Map<string, Uint8Array>();
  const dependencies: string[] = [];
  const aliases: string[] = [];
  for (const [name, module] of [...found].sort()) {
    files.set(`${folder}/${module.path}`, module.bytes);
    dependencies.push(`${module.path}:${module.needs.map((path) => ` ${path}`).join("")}\n`);
    aliases.push(...module.aliases.map((alias) => `alias ${alias} ${name}\n`));
  }
  files.set(`${folder}/modules.dep`, Buffer.from(dependencies.join("")));
  files.set(`${folder}/modules.alias`, Buffer.from(aliases.join("")));
  return files;
}

interface Module {
  path: string;
  bytes: Uint8Array;
  /** Paths of all the modules that must be there before. */
  needs: string[];
  aliases: string[];
}

/** As the kernel calls the module of this file. */
function moduleName(path: string): string {
  return basename(path, ".ko").replaceAll("-", "_");
}
