// The rooms of the code and what each may import: the table that test/architecture.test.ts holds the files against.

/** One room: the files under `path` (a folder, or one file) and the rooms that they may import besides their own. */
export interface Room {
  path: string;
  imports: readonly string[];
  /** Node's own modules are allowed. */
  node?: true;
}

const BELOW_DEVICE = ["assembly/spec", "host/core", "host/pci"];
const BELOW_EMBED = [...BELOW_DEVICE, "host/device", "host/machine", "host/hypervisor"];
const BELOW_DEMO = [...BELOW_EMBED, "host/embed"];

/** Longest path first within a folder: the first match is a file's room. */
export const ROOMS: readonly Room[] = [
  { path: "assembly/spec", imports: [] },
  { path: "assembly/core", imports: ["assembly/spec"] },
  { path: "assembly/iommu", imports: ["assembly/spec", "assembly/core"] },
  { path: "assembly/interrupt", imports: ["assembly/spec", "assembly/core", "assembly/iommu"] },
  { path: "assembly/sriov", imports: ["assembly/spec", "assembly/core", "assembly/iommu"] },
  { path: "assembly/index.ts", imports: ["assembly/core", "assembly/iommu", "assembly/interrupt", "assembly/sriov"] },
  { path: "host/core", imports: ["assembly/spec"] },
  { path: "host/pci", imports: ["assembly/spec", "host/core"] },
  { path: "host/device", imports: BELOW_DEVICE },
  { path: "host/machine", imports: [...BELOW_DEVICE, "host/device"] },
  { path: "host/hypervisor", imports: [...BELOW_DEVICE, "host/device", "host/machine"] },
  // A guest and a capture know nothing of the machine: the one could cheat, the other could grow together with it.
  { path: "host/embed/in-process", imports: BELOW_DEVICE },
  { path: "host/embed/pcap", imports: ["host/core"] },
  { path: "host/embed", imports: [...BELOW_EMBED, "host/embed/pcap"] },
  { path: "host/demo", imports: BELOW_DEMO },
  {
    path: "host/cli",
    imports: [...BELOW_DEMO, "host/demo", "host/web/serve.ts", "host/web/linux-files.ts"],
    node: true,
  },
  { path: "host/web/serve.ts", imports: [], node: true },
  { path: "host/web/linux-files.ts", imports: [] },
  { path: "host/web", imports: [...BELOW_DEMO, "host/demo", "host/web/linux-files.ts"] },
  { path: "host/index.ts", imports: BELOW_DEMO },
];

/** A file's room, or undefined when it lies in none. */
export function roomOf(file: string): Room | undefined {
  return ROOMS.find(({ path }) => file === path || file.startsWith(`${path}/`));
}

/** The module specifiers of `source`: static, re-exported, side-effect and dynamic imports of string literals. */
export function importsOf(source: string): string[] {
  const code = withoutComments(source);
  const statement = /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm;
  const bare = /^\s*import\s*["']([^"']+)["']/gm;
  const dynamic = /\bimport\s*\(\s*["'`]([^"'`]+)["'`]/g;
  return [statement, bare, dynamic].flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => match[1] as string),
  );
}

/** `source` with its comments blanked; strings and template literals stay. */
export function withoutComments(source: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  return source.replace(token, (text) => (text.startsWith("/") ? text.replace(/[^\n]/g, " ") : text));
}

/** What is wrong with the imports of `file`: one line each. */
export function importViolations(file: string, source: string): string[] {
  const room = roomOf(file);
  if (room === undefined) return [`${file}: lies in no room of the table`];
  const wrong: string[] = [];
  for (const specifier of importsOf(source)) {
    if (specifier.startsWith("node:")) {
      if (room.node !== true) wrong.push(`${file}: imports ${specifier}`);
      continue;
    }
    if (!specifier.startsWith(".")) {
      if (!(file === "host/core/loader.ts" && specifier === "@assemblyscript/loader")) {
        wrong.push(`${file}: imports the package ${specifier}`);
      }
      continue;
    }
    const target = resolve(file, specifier);
    const targetRoom = roomOf(target);
    if (targetRoom === room && room.path !== "assembly/spec") continue;
    const allowed = room.imports.some((path) => target === path || target.startsWith(`${path}/`));
    if (!allowed) wrong.push(`${file}: imports ${target}`);
  }
  return wrong;
}

function resolve(file: string, specifier: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
