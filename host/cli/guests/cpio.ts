// The archive that the kernel unpacks as its first root: cpio, "newc" (ASCII numbers, no checksums).

const MAGIC = "070701";
const TRAILER = "TRAILER!!!";
const ALIGNMENT = 4;
const KIND = { folder: 0o040000, file: 0o100000, link: 0o120000, device: 0o020000 } as const;

/** Collects entries; folders come by themselves. Every path is relative to the root, without a leading slash. */
export class CpioArchive {
  readonly #parts: Uint8Array[] = [];
  readonly #folders = new Set<string>();
  #entries = 0;

  folder(path: string, mode = 0o755): this {
    if (path === "" || this.#folders.has(path)) return this;
    this.#parents(path);
    this.#folders.add(path);
    return this.#entry(path, KIND.folder | mode);
  }

  file(path: string, content: Uint8Array | string, mode = 0o644): this {
    this.#parents(path);
    return this.#entry(path, KIND.file | mode, content);
  }

  /** A symbolic link. */
  link(path: string, target: string): this {
    this.#parents(path);
    return this.#entry(path, KIND.link | 0o777, target);
  }

  /** A character device. */
  device(path: string, major: number, minor: number): this {
    this.#parents(path);
    return this.#entry(path, KIND.device | 0o600, "", [major, minor]);
  }

  /** The whole archive. */
  bytes(): Uint8Array {
    return Buffer.concat([...this.#parts, ...entry(0, TRAILER, 0, new Uint8Array(), [0, 0])]);
  }

  #parents(path: string): void {
    const end = path.lastIndexOf("/");
    if (end > 0) this.folder(path.slice(0, end));
  }

  #entry(path: string, mode: number, content: Uint8Array | string = "", device: [number, number] = [0, 0]): this {
    this.#entries += 1;
    this.#parts.push(...entry(this.#entries, path, mode, Buffer.from(content), device));
    return this;
  }
}

function entry(inode: number, path: string, mode: number, content: Uint8Array, [major, minor]: [number, number]) {
  const name = Buffer.from(`${path}\0`);
  // Inode, mode, user, group, links, time, size, device of the file, device that it is, length of the name, checksum.
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, name.length, 0];
  const head = Buffer.from(MAGIC + fields.map((field) => field.toString(16).padStart(8, "0")).join(""));
  return [head, name, padding(head.length + name.length), content, padding(content.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}
