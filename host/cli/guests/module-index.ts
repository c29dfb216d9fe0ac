// The tables of modules as kmod reads them (libkmod in lspci): a tree of characters, big-endian, in one file each.

const MAGIC = 0xb007f457;
const VERSION = 0x0002_0001;
const HAS_PREFIX = 0x8000_0000;
const HAS_VALUES = 0x4000_0000;
const HAS_CHILDREN = 0x2000_0000;
const NO_CHILD = 0;
const HEADER_LENGTH = 12;

interface Node {
  values: string[];
  children: Map<number, Node>;
}

/** A table file that finds `value` for each pair's `key`; both are ASCII. A key may have several values, in this order. */
export function moduleIndex(pairs: Iterable<readonly [key: string, value: string]>): Uint8Array {
  const root: Node = { values: [], children: new Map() };
  for (const [key, value] of pairs) {
    let node = root;
    for (const character of Buffer.from(key, "latin1")) {
      const next: Node = node.children.get(character) ?? { values: [], children: new Map() };
      node.children.set(character, next);
      node = next;
    }
    node.values.push(value);
  }
  const parts: Uint8Array[] = [];
  let length = HEADER_LENGTH;
  // Children come before their parent, whose offsets tell where they are.
  const place = (top: Node): number => {
    const { prefix, node } = withoutForks(top);
    const characters = [...node.children.keys()];
    const first = Math.min(...characters);
    const offsets = Array.from(
      { length: characters.length === 0 ? 0 : Math.max(...characters) - first + 1 },
      (_, at) => {
        const child = node.children.get(first + at);
        return child === undefined ? NO_CHILD : place(child);
      },
    );
    const at = length;
    const part = Buffer.concat([
      prefix.length === 0 ? prefix : Buffer.concat([prefix, Buffer.of(0)]),
      ...(offsets.length === 0 ? [] : [Buffer.of(first, first + offsets.length - 1), ...offsets.map(word)]),
      ...(node.values.length === 0 ? [] : [word(node.values.length)]),
      ...node.values.flatMap((value, priority) => [word(priority), Buffer.from(`${value}\0`, "latin1")]),
    ]);
    parts.push(part);
    length += part.length;
    const flags =
      (prefix.length === 0 ? 0 : HAS_PREFIX) +
      (node.values.length === 0 ? 0 : HAS_VALUES) +
      (offsets.length === 0 ? 0 : HAS_CHILDREN);
    return at + flags;
  };
  const rootOffset = place(root);
  return Buffer.concat([word(MAGIC), word(VERSION), word(rootOffset), ...parts]);
}

/** The characters that are alone below `top` are its prefix. */
function withoutForks(top: Node): { prefix: Buffer; node: Node } {
  const prefix: number[] = [];
  let node = top;
  while (node.values.length === 0 && node.children.size === 1) {
    const [[character, child]] = node.children as unknown as [[number, Node]];
    prefix.push(character);
    node = child;
  }
  return { prefix: Buffer.from(prefix), node };
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** What `modules.dep` says, for `moduleIndex`: each module's name and its line. */
export function dependencyPairs(text: string): [string, string][] {
  return linesOf(text).map((line) => {
    const path = line.slice(0, line.indexOf(":"));
    const file = path.slice(path.lastIndexOf("/") + 1);
    return [file.slice(0, file.indexOf(".")).replaceAll("-", "_"), line];
  });
}

/** What `modules.alias` says, for `moduleIndex`: each alias, as kmod normalizes it, and its module's name. */
export function aliasPairs(text: string): [string, string][] {
  return linesOf(text).map((line) => {
    const [, alias = "", name = ""] = line.split(" ");
    return [alias.replace(/\[[^\]]*\]|-/g, (part) => (part === "-" ? "_" : part)), name];
  });
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
