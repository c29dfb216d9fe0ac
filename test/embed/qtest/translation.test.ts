// What a test program does with QEMU's VT-d and iommu-testdev, each translation mode once, through the protocol alone.
import { describe, expect, test } from "vitest";
import { Board, parseCommandLine, QtestServer } from "../../../host/embed/qtest/index.ts";

const UNIT = 0xfed9_0000;
const BAR = 0xe000_0000;
const ROOT = 0x10_0000;
const CONTEXT = 0x10_1000;
const DIRECTORY = 0x10_2000;
const PASIDS = 0x10_3000;
const TABLES = 0x11_0000;
const QUEUE = 0x12_0000;
const PAGE = 0x20_0000;
/** Indices 1, 2, 3 and 4 from the top table down, and an offset. */
const IOVA = 0x80_8060_4678;

class Program {
  readonly #qtest: QtestServer;

  private constructor(qtest: QtestServer) {
    this.#qtest = qtest;
  }

  /** A Q35 with the unit, and the device in slot 1, set up as firmware would. */
  static async start(properties: string): Promise<Program> {
    const args = `-machine q35 -smp 1 -m 16 -net none -device intel-iommu${properties} -device iommu-testdev`;
    const program = new Program(new QtestServer(await Board.create(parseCommandLine(args.split(" ")))));
    for (const [offset, value] of [
      [0x10, BAR],
      [0x04, 0x6],
    ] as const) {
      program.send(`outl 0xcf8 0x${(0x8000_0800 + offset).toString(16)}`);
      program.send(`outl 0xcfc 0x${value.toString(16)}`);
    }
    return program;
  }

  send(line: string): string {
    const answer = this.#qtest.command(line);
    expect(answer).toMatch(/^OK/);
    return answer.slice(3);
  }

  /** Qwords from `address` on: a low half, or low and high. */
  store(address: number, ...values: number[]): void {
    for (const [place, value] of values.entries()) {
      this.send(`writeq 0x${(address + 8 * place).toString(16)} 0x${value.toString(16)}`);
    }
  }

  load(address: number): number {
    return Number(this.send(`readl 0x${address.toString(16)}`));
  }

  /** Four levels that lead IOVA to PAGE, with `rights` in every entry and `leaf` in the last one too. */
  tables(rights: number, leaf = 0): void {
    for (const [place, index] of [1, 2, 3].entries()) {
      this.store(TABLES + 0x1000 * place + 8 * index, (TABLES + 0x1000 * (place + 1)) | rights);
    }
    this.store(TABLES + 0x3000 + 8 * 4, PAGE | rights | leaf);
  }

  /** Names the root table, enables the invalidation queue and translation: each command repeats those before it. */
  enable(mode: number): void {
    const command = (value: number, status: number): void => {
      this.send(`writel 0x${(UNIT + 0x18).toString(16)} 0x${value.toString(16)}`);
      expect(this.load(UNIT + 0x1c)).toBe(status);
    };
    this.store(UNIT + 0x20, ROOT | mode);
    command(0x4000_0000, 0x4000_0000);
    this.store(UNIT + 0x90, QUEUE);
    this.store(UNIT + 0x80, 0, 0);
    command(0x4400_0000, 0x4400_0000);
    this.send(`writel 0x${(UNIT + 0x38).toString(16)} 0`);
    this.send(`writel 0x${(UNIT + 0x3c).toString(16)} 0`);
    this.send(`writel 0x${(UNIT + 0x40).toString(16)} 0xfee00000`);
    command(0xc400_0000, 0xc400_0000);
  }

  /** A transfer of 4 bytes to `iova`, which are read back at `gpa`. Returns the result register. */
  transfer(iova: number, gpa: number): number {
    const halves = (value: number): [number, number] => [value % 2 ** 32, Math.floor(value / 2 ** 32)];
    const [iovaLo, iovaHi] = halves(iova);
    for (const [offset, value] of [
      [0x04, iovaLo],
      [0x08, iovaHi],
      [0x1c, gpa],
      [0x20, 0],
      [0x0c, 4],
      [0x14, 1],
    ] as const) {
      this.send(`writel 0x${(BAR + offset).toString(16)} 0x${value.toString(16)}`);
    }
    this.load(BAR);
    return this.load(BAR + 0x10);
  }
}

/** The device is 00:01.0. */
const LEGACY_CONTEXT = CONTEXT + 8 * 16;
const SCALABLE_CONTEXT = CONTEXT + 8 * 32;

/** Context, PASID directory and PASID table, whose entry 0 has these qwords. */
function scalable(program: Program, ...entry: number[]): void {
  program.store(ROOT, CONTEXT | 1);
  program.store(SCALABLE_CONTEXT, DIRECTORY | 1, 0);
  program.store(DIRECTORY, PASIDS | 1);
  program.store(PASIDS, ...entry);
  program.enable(0x400);
}

describe("a transfer lands where the tables say", () => {
  test("legacy mode, second stage", async () => {
    const program = await Program.start("");
    program.tables(3);
    program.store(ROOT, CONTEXT | 1);
    program.store(LEGACY_CONTEXT, TABLES | 1, 0x0002);
    program.enable(0);
    expect(program.transfer(IOVA, PAGE + 0x678)).toBe(0);
    expect(program.transfer(IOVA + 0x1000, PAGE)).toBe(0xdead_0002);
    // One record: source 0008h, second-stage entry not permitting a write.
    expect(program.load(UNIT + 0x34)).toBe(0x2);
    expect(program.load(UNIT + 0x220 + 8)).toBe(0x0008);
  });

  test("legacy mode, pass-through", async () => {
    const program = await Program.start(",intremap=off");
    program.store(ROOT, CONTEXT | 1);
    program.store(LEGACY_CONTEXT, 0x9, 0x0002);
    program.enable(0);
    expect(program.transfer(0x30_0004, 0x30_0004)).toBe(0);
  });

  test("scalable mode, second stage", async () => {
    const program = await Program.start(",scalable-mode=on");
    program.tables(3);
    scalable(program, TABLES | 0x89, 0, 0);
    expect(program.transfer(IOVA, PAGE + 0x678)).toBe(0);
  });

  test("scalable mode, pass-through", async () => {
    const program = await Program.start(",x-scalable-mode=on");
    scalable(program, 0x101, 0, 0);
    expect(program.transfer(0x30_0004, 0x30_0004)).toBe(0);
  });

  test.each(["fsts", "flts", "x-flts"])("scalable mode, first stage by %s=on", async (name) => {
    const program = await Program.start(`,scalable-mode=on,${name}=on`);
    program.tables(0x27, 0x40);
    scalable(program, 0x41, 0, TABLES);
    expect(program.transfer(IOVA, PAGE + 0x678)).toBe(0);
  });

  test("VT-d §7.1.3 90h: tables that are not snooped get no accessed and dirty bits, though QEMU sets them", async () => {
    const program = await Program.start(",scalable-mode=on,fsts=on");
    program.tables(0x7);
    scalable(program, 0x41, 0, TABLES);
    expect(program.transfer(IOVA, PAGE + 0x678)).toBe(0xdead_0002);
    expect(program.load(UNIT + 0x220 + 12) & 0xff).toBe(0x90);
    expect(program.load(TABLES + 8)).toBe((TABLES + 0x1000) | 0x7);
  });
});

test.each([
  [",scalable-mode=on,aw-bits=39,fsts=on", "awBits"],
  [",fsts=on", "fsts"],
  [",intremap=off,eim=on", "eim"],
  [",aw-bits=40", "Supported values for aw-bits"],
])("intel-iommu%s is refused", async (properties, name) => {
  await expect(Program.start(properties)).rejects.toThrow(new RegExp(`^-device intel-iommu: ${name}`));
});
