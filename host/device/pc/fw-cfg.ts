// QEMU's firmware configuration device, the interface by ports: firmware and test programs read the RAM's size in it.
import * as spec from "../../../assembly/spec/pc/fw-cfg.ts";

export interface FwCfgOptions {
  /** Bytes of RAM. */
  ram: number;
  processors: number;
  /** 16 bytes; default zeros. */
  uuid?: Uint8Array;
  bootMenu?: boolean;
  /** Contents by name, of at most 55 characters. */
  files?: ReadonlyMap<string, Uint8Array>;
}

export class FwCfg {
  readonly #items: ReadonlyMap<number, Uint8Array>;
  #key = 0;
  #place = 0;

  constructor({ ram, processors, uuid = new Uint8Array(16), bootMenu = false, files = new Map() }: FwCfgOptions) {
    this.#items = new Map([
      [spec.FW_CFG_KEY_SIGNATURE, littleEndian(spec.FW_CFG_SIGNATURE, 4)],
      [spec.FW_CFG_KEY_ID, littleEndian(spec.FW_CFG_ID_TRADITIONAL, 4)],
      [spec.FW_CFG_KEY_RAM_SIZE, littleEndian(ram, 8)],
      [spec.FW_CFG_KEY_PROCESSORS, littleEndian(processors, 2)],
      [spec.FW_CFG_KEY_MAX_PROCESSORS, littleEndian(processors, 2)],
      [spec.FW_CFG_KEY_UUID, uuid],
      [spec.FW_CFG_KEY_BOOT_MENU, littleEndian(Number(bootMenu), 2)],
      [spec.FW_CFG_KEY_FILES, directory(files)],
      ...[...files.values()].map((content, place): [number, Uint8Array] => [spec.FW_CFG_FIRST_FILE + place, content]),
    ]);
  }

  /** A port read, or undefined when the port is another's. Past an item's end every byte is 0. */
  read(port: number, width: number): number | undefined {
    if (port !== spec.FW_CFG_DATA || width !== 1) return undefined;
    return this.#items.get(this.#key)?.[this.#place++] ?? 0;
  }

  /** A port write; false when the port is another's. */
  write(port: number, width: number, value: number): boolean {
    if (port !== spec.FW_CFG_SELECTOR || width !== 2) return false;
    this.#key = value;
    this.#place = 0;
    return true;
  }

  reset(): void {
    this.#key = 0;
    this.#place = 0;
  }
}

/** The list of files, whose keys are one after the other. */
function directory(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const bytes = new Uint8Array(spec.FW_CFG_COUNT_SIZE + files.size * spec.FW_CFG_ENTRY_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, files.size);
  for (const [place, [name, content]] of [...files].entries()) {
    const entry = spec.FW_CFG_COUNT_SIZE + place * spec.FW_CFG_ENTRY_SIZE;
    view.setUint32(entry + spec.FW_CFG_ENTRY_LENGTH, content.length);
    view.setUint16(entry + spec.FW_CFG_ENTRY_KEY, spec.FW_CFG_FIRST_FILE + place);
    bytes.set(new TextEncoder().encode(name), entry + spec.FW_CFG_ENTRY_NAME);
  }
  return bytes;
}

/** `value` in `width` bytes, the lowest first. */
export function littleEndian(value: number, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  for (let rest = value, index = 0; index < width; index++, rest = Math.floor(rest / 256)) bytes[index] = rest % 256;
  return bytes;
}
