// TEMPORARY in-process stand-in
import type { Hpa, RequesterId } from "../../host/core/address.ts";
import { Machine } from "../../host/machine/machine.ts";
import { hex, type InterruptOutcome } from "./case.ts";
import { EDU_BAR, EDU_BAR_SIZE, EDU_FUNCTIONS, PROBE_BAR, PROBE_DEVICE, requesterId, UNIT_BASE } from "./machine.ts";
import { interrupt, type Transport } from "./transport.ts";

export class ModelTransport implements Transport {
  readonly name = "iovirt";
  #machine!: Machine;
  #cf8 = 0;
  #msi = new Map<number, Uint32Array>();
  #edu = new Map<number, Float64Array>();
  #edu64 = new Map<string, bigint>();
  #buffers = new Map<number, Uint8Array>();
  #probe = new Uint32Array(16);
  #messages: InterruptOutcome[] = [];

  static async create(iommu: object): Promise<ModelTransport> {
    const self = new ModelTransport();
    self.#machine = await Machine.create({ ram: 64 * 2 ** 20, cards: [], iommu });
    return self;
  }
  async exchange(lines: readonly string[]): Promise<string[]> {
    return lines.map((line) => this.#command(line));
  }
  async messages(): Promise<InterruptOutcome[]> {
    return this.#messages.splice(0);
  }
  async close(): Promise<void> {}
  #command(line: string): string {
    const [op, a = "0", b = "0", c = ""] = line.split(" ");
    const at = Number(a);
    const map = this.#machine.map;
    switch (op) {
      case "outl": {
        if (at === 0xcf8) this.#cf8 = Number(b);
        else {
          const rid = (this.#cf8 >>> 8) & 0xffff;
          const msi = this.#msi.get(rid) ?? new Uint32Array(4);
          const off = (this.#cf8 & 0xff) - 0x40;
          if (off >= 0 && off < 16) msi[off / 4] = Number(b);
          this.#msi.set(rid, msi);
        }
        return "";
      }
      case "inl": {
        const off = this.#cf8 & 0xff;
        return hex(off === 0x34 ? 0x40 : off === 0x40 ? 5 : 0);
      }
      case "readl":
        if (at >= PROBE_BAR && at < PROBE_BAR + 64) return hex(this.#probeRead(at - PROBE_BAR));
        return hex(map.read(at as Hpa, 4));
      case "readq":
        return hex((BigInt(map.read((at + 4) as Hpa, 4)) << 32n) | BigInt(map.read(at as Hpa, 4)));
      case "writel":
        if (at >= PROBE_BAR && at < PROBE_BAR + 64) this.#probe[(at - PROBE_BAR) / 4] = Number(b);
        else if (at >= EDU_BAR && at < PROBE_BAR) {
          const edu = Math.floor((at - EDU_BAR) / EDU_BAR_SIZE);
          if ((at & 0xff) === 0x60) {
            const rid = requesterId(EDU_FUNCTIONS[edu as 0]);
            const [, lo = 0, hi = 0, data = 0] = this.#msi.get(rid) ?? [];
            this.#message(rid, lo, hi, data);
          }
        } else map.write(at as Hpa, 4, Number(b));
        return "";
      case "writeq":
        if (at >= EDU_BAR && at < PROBE_BAR) {
          const edu = Math.floor((at - EDU_BAR) / EDU_BAR_SIZE);
          this.#edu64.set(`${edu}.${at & 0xff}`, BigInt(b));
          if ((at & 0xff) === 0x98) this.#eduRun(edu);
        } else {
          const v = BigInt(b);
          map.write(at as Hpa, 4, Number(v & 0xffffffffn));
          map.write((at + 4) as Hpa, 4, Number((v >> 32n) & 0xffffffffn));
        }
        return "";
      case "read": {
        const bytes = new Uint8Array(Number(b));
        map.readBytes(at as Hpa, bytes);
        return `0x${Buffer.from(bytes).toString("hex")}`;
      }
      case "b64read": {
        const bytes = new Uint8Array(Number(b));
        map.readBytes(at as Hpa, bytes);
        return Buffer.from(bytes).toString("base64");
      }
      case "write":
        map.writeBytes(at as Hpa, Buffer.from(c.slice(2), "hex"));
        return "";
      case "b64write":
        map.writeBytes(at as Hpa, Buffer.from(c, "base64"));
        return "";
      case "memset":
        map.writeBytes(at as Hpa, new Uint8Array(Number(b)).fill(Number(c)));
        return "";
      case "clock_step":
        return "0";
    }
    throw new Error(line.slice(0, 80));
  }
  #eduRun(edu: number): void {
    const get = (r: number) => this.#edu64.get(`${edu}.${r}`) ?? 0n;
    const rid = requesterId(EDU_FUNCTIONS[edu as 0]) as RequesterId;
    let buffer = this.#buffers.get(edu);
    if (!buffer) this.#buffers.set(edu, (buffer = new Uint8Array(4096)));
    const write = (get(0x98) & 2n) !== 0n;
    const iova = write ? get(0x88) : get(0x80);
    const off = Number((write ? get(0x80) : get(0x88)) - 0x40000n);
    const lo = Number(iova & 0xffffffffn);
    const hi = Number((iova >> 32n) & 0xffffffffn);
    const part = buffer.subarray(off, off + Number(get(0x90)));
    if (write) this.#machine.iommu.dma.write(rid, lo, hi, part);
    else this.#machine.iommu.dma.read(rid, lo, hi, part);
  }
  #probeRead(off: number): number {
    if (off !== 0) return this.#probe[off / 4] as number;
    const [, lo = 0, hi = 0, length = 0, , , , glo = 0] = this.#probe;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = (0x12345678 >>> ((i % 4) * 8)) & 0xff;
    const rid = requesterId({ device: PROBE_DEVICE, fn: 0 }) as RequesterId;
    const ok = this.#machine.iommu.dma.write(rid, lo, hi, bytes);
    let result = 0;
    if (!ok) result = 0xdead0002;
    else {
      const back = new Uint8Array(length);
      this.#machine.map.readBytes(glo as Hpa, back);
      if (Buffer.compare(back, bytes) !== 0) result = 0xdead0004;
    }
    this.#probe[4] = result;
    return 0;
  }
  #message(rid: number, lo: number, hi: number, data: number): void {
    if (hi !== 0 || (lo >>> 20) !== 0xfee) {
      this.#machine.interrupts.message(rid as RequesterId, lo, hi, data);
      return;
    }
    const r = this.#machine.iommu.remap(rid as RequesterId, lo, hi, data);
    if (r.kind === "unchanged") this.#messages.push(interrupt(BigInt(lo), data));
    else if (r.kind === "deliver") {
      const i = r.interrupt;
      this.#messages.push({ destination: i.destination, logical: i.logical, redirectionHint: i.redirectionHint, vector: i.vector, deliveryMode: i.deliveryMode, level: i.level });
    }
  }
}
export { UNIT_BASE };
