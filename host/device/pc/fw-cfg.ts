// QEMU's firmware configuration device, the interface by ports: firmware and test programs read the RAM's size in it.
import * as spec from "../../../assembly/spec/pc/fw-cfg.ts";

export interface FwCfgOptions {
  /** Bytes of RAM. */
  ram: number;
  processors: number;
}

export class FwCfg {
  readonly #items: ReadonlyMap<number, Uint8Array>;
  #key = 0;
  #place = 0;

  constructor({ ram, processors }: FwCfgOptions) {
    this.#items = new Map([
      [spec.FW_CFG_KEY_SIGNATURE, littleEndian(spec.FW_CFG_SIGNATURE, 4)],
      [spec.FW_CFG_KEY_ID, littleEndian(spec.FW_CFG_ID_TRADITIONAL, 4)],
      [spec.FW_CFG_KEY_RAM_SIZE, littleEndian(ram, 8)],
      [spec.FW_CFG_KEY_PROCESSORS, littleEndian(processors, 2)],
      [spec.FW_CFG_KEY_MAX_PROCESSORS, littleEndian(processors, 2)],
      // An empty directory: the number of files.
      [spec.FW_CFG_KEY_FILES, new Uint8Array(4)],
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

function littleEndian(value: number, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  for (let rest = value, index = 0; index < width; index++, rest = Math.floor(rest / 256)) bytes[index] = rest % 256;
  return bytes;
}
