import { describe, expect, test } from "vitest";
import { Board, parseCommandLine, QmpServer, QtestServer } from "../../../host/embed/qtest/index.ts";

interface Answer {
  return?: unknown;
  error?: { class: string; desc: string };
  event?: string;
  [key: string]: unknown;
}

class Bench {
  readonly sent: Answer[] = [];
  readonly board: Board | undefined;
  readonly qtest: QtestServer;
  readonly qmp: QmpServer;
  quits = 0;

  private constructor(board: Board | undefined) {
    this.board = board;
    this.qtest = new QtestServer(board);
    this.qmp = new QmpServer({
      board,
      send: (message) => this.sent.push(message as Answer),
      quit: () => this.quits++,
      now: () => 1_700_000_000_123_456,
    });
    if (board !== undefined) board.onDeleted = ({ id }) => this.qmp.event("DEVICE_DELETED", { device: id });
  }

  static async create(text: string): Promise<Bench> {
    const config = parseCommandLine(text.split(" "));
    return new Bench(config.machine === "none" ? undefined : await Board.create(config));
  }

  /** Sends one command and returns what came back. */
  execute(name: string, given?: object): Answer[] {
    this.sent.length = 0;
    this.qmp.receive(JSON.stringify({ execute: name, ...(given === undefined ? {} : { arguments: given }) }));
    return this.sent.slice();
  }

  /** Reads the ID of a function on bus 0, or behind a port whose secondary bus is 1. */
  id(bus: number, slot: number): string {
    this.qtest.command(`outl 0xcf8 0x${(0x8000_0000 + bus * 0x1_0000 + slot * 0x800).toString(16)}`);
    return this.qtest.command("inl 0xcfc");
  }
}

async function ready(text: string): Promise<Bench> {
  const bench = await Bench.create(text);
  expect(bench.execute("qmp_capabilities")).toEqual([{ return: {} }]);
  return bench;
}

const EDU = "OK 0x11e81234";
const NOBODY = "OK 0xffffffff";

describe("the monitor", () => {
  test("greets, and does nothing before capabilities are negotiated", async () => {
    const bench = await Bench.create("-machine none");
    expect(bench.sent).toMatchObject([{ QMP: { version: { qemu: { major: 11 } }, capabilities: [] } }]);
    expect(bench.execute("query-status")).toMatchObject([{ error: { class: "CommandNotFound" } }]);
    expect(bench.execute("qmp_capabilities")).toEqual([{ return: {} }]);
    expect(bench.execute("query-status")).toEqual([{ return: { status: "running", running: true } }]);
  });

  test("lists machines by name and alias", async () => {
    const [answer] = (await ready("-machine none")).execute("query-machines");
    const machines = answer?.return as { name: string; alias?: string; "cpu-max": number }[];
    expect(machines.map(({ name, alias }) => [name, alias])).toEqual([
      ["none", undefined],
      ["pc-i440fx-11.1", "pc"],
      ["pc-q35-11.1", "q35"],
    ]);
    for (const machine of machines) expect(machine).toMatchObject({ deprecated: false, "numa-mem-supported": false });
  });

  test("lists the types below one, abstract ones when asked", async () => {
    const bench = await ready("-machine none");
    const names = (abstract: boolean): string[] => {
      const [answer] = bench.execute("qom-list-types", { implements: "pci-device", abstract }) as [Answer];
      return (answer.return as { name: string }[]).map(({ name }) => name);
    };
    expect(names(false)).toEqual(["i440FX", "mch", "pcie-root-port", "igb", "igbvf", "edu", "iommu-testdev"]);
    expect(names(true)).toContain("pci-bridge");
  });

  test("takes commands in pieces, several at once, and gives their ids back", async () => {
    const bench = await ready("-machine none");
    bench.sent.length = 0;
    for (const piece of ['{"execute":"query-', 'version","id":"}{\\""}{"execute"', ':"query-status"}\n[1]']) {
      bench.qmp.receive(piece);
    }
    expect(bench.sent).toMatchObject([
      { return: { package: "iovirt" }, id: '}{"' },
      { return: { running: true } },
      { error: { class: "GenericError", desc: "QMP input must be a JSON object" } },
    ]);
  });

  test.each([
    ...["nonsense\n", "}", '{"execute":1}', '{"execute":"no-such"}', '{"execute":"device_del"}', '{"a":[}]', "{]\n"],
    ...["{\ufffd", "{\u0001", '{"bad \ufffd', '{"execute":"no-such","id":"\n', "%p", "null\n", "{}"],
    ...['{"execute":"query-name","arguments":[]}', '{"execute":"query-name","extra":true}'],
    '{"execute":"human-monitor-command"}',
  ])("answers %j with one error and goes on", async (text) => {
    const bench = await ready("-machine none");
    bench.sent.length = 0;
    bench.qmp.receive(text);
    expect(bench.sent).toMatchObject([{ error: { desc: expect.any(String) } }]);
    expect(bench.execute("query-status")).toMatchObject([{ return: { running: true } }]);
  });

  test("quit ends the program after its answer and an event", async () => {
    const bench = await ready("-machine none");
    expect(bench.execute("quit")).toMatchObject([{ return: {} }, { event: "SHUTDOWN" }]);
    expect(bench.quits).toBe(1);
  });
});

describe("system_reset", () => {
  test("is told, and leaves registers at their reset values and RAM as it is", async () => {
    const bench = await ready("-M q35 -m 64 -device intel-iommu -device edu,addr=5");
    const block = bench.qtest.command("read 0xfed90000 0x230");
    for (const line of ["writel 0xfed90038 0", "writeq 0xfed90020 0x1000", "writel 0xfed90018 0x40000000"]) {
      expect(bench.qtest.command(line)).toBe("OK");
    }
    bench.qtest.command("outl 0xcf8 0x80002810");
    bench.qtest.command("outl 0xcfc 0xe0000000");
    bench.qtest.command("writel 0x1000 0x12345678");
    bench.qtest.command("clock_step 5");
    expect(bench.qtest.command("read 0xfed90000 0x230")).not.toBe(block);
    expect(bench.execute("system_reset")).toEqual([
      { return: {} },
      {
        timestamp: { seconds: 1_700_000_000, microseconds: 123_456 },
        event: "RESET",
        data: { guest: false, reason: "host-qmp-system-reset" },
      },
    ]);
    expect(bench.qtest.command("read 0xfed90000 0x230")).toBe(block);
    expect(bench.qtest.command("inl 0xcfc")).toBe(NOBODY);
    bench.qtest.command("outl 0xcf8 0x80002810");
    expect(bench.qtest.command("inl 0xcfc")).toBe("OK 0x0000");
    expect(bench.qtest.command("readl 0x1000")).toBe("OK 0x0000000012345678");
    expect(bench.qtest.command("clock_step 0")).toBe("OK 5");
  });

  test("stops a transfer on its way", async () => {
    const bench = await ready("-m 64 -device edu,addr=5");
    const enable = (): void => {
      for (const [port, value] of [
        ["0xcf8", "0x80002810"],
        ["0xcfc", "0xe0000000"],
        ["0xcf8", "0x80002804"],
        ["0xcfc", "6"],
      ]) {
        bench.qtest.command(`outl ${port} ${value}`);
      }
    };
    enable();
    bench.qtest.command("writel 0x2000 0xcafe0001");
    for (const [place, value] of [0x2000, 0x4_0000, 4, 1].entries()) {
      bench.qtest.command(`writeq 0x${(0xe000_0080 + 8 * place).toString(16)} ${value}`);
    }
    bench.execute("system_reset");
    enable();
    expect(bench.qtest.command("clock_step 200000000")).toBe("OK 200000000");
    expect(bench.qtest.command("readq 0xe0000098")).toBe("OK 0x0000000000000000");
  });
});

describe("hotplug", () => {
  test("on a PC's root bus: software ejects what the monitor asked for, and only then it is gone", async () => {
    const bench = await ready("-M pc -m 64");
    expect(bench.execute("device_add", { driver: "edu", id: "e", addr: "0x06" })).toEqual([{ return: {} }]);
    expect(bench.id(0, 6)).toBe(EDU);
    expect(bench.qtest.command("inl 0xae00")).toBe("OK 0x0040");
    expect(bench.qtest.command("inl 0xae00")).toBe("OK 0x0000");
    expect(bench.execute("device_del", { id: "e" })).toEqual([{ return: {} }]);
    expect(bench.qtest.command("inl 0xae04")).toBe("OK 0x0040");
    expect(bench.id(0, 6)).toBe(EDU);
    bench.sent.length = 0;
    bench.qtest.command("outl 0xae08 0x40");
    expect(bench.sent).toMatchObject([{ event: "DEVICE_DELETED", data: { device: "e" } }]);
    expect(bench.id(0, 6)).toBe(NOBODY);
    expect(bench.execute("device_add", { driver: "edu", id: "e", addr: "6" })).toEqual([{ return: {} }]);
  });

  test("below a root port: the function comes with the link and goes with it", async () => {
    const bench = await ready("-M q35 -m 64 -device pcie-root-port,id=rp,addr=3");
    expect(bench.id(0, 3)).toBe("OK 0xc1b36");
    bench.qtest.command("outl 0xcf8 0x80001818");
    bench.qtest.command("outl 0xcfc 0x00010100");
    expect(bench.id(1, 0)).toBe(NOBODY);
    expect(bench.execute("device_add", { driver: "igb", id: "n", bus: "rp" })).toEqual([{ return: {} }]);
    expect(bench.id(1, 0)).toBe("OK 0x10c98086");
    expect(bench.execute("device_del", { id: "n" })).toMatchObject([{ return: {} }, { event: "DEVICE_DELETED" }]);
    expect(bench.id(1, 0)).toBe(NOBODY);
    expect(bench.execute("device_add", { driver: "edu", id: "n", bus: "rp" })).toEqual([{ return: {} }]);
    expect(bench.id(1, 0)).toBe(EDU);
    expect(bench.execute("system_reset")).toHaveLength(2);
    bench.qtest.command("outl 0xcf8 0x80001818");
    bench.qtest.command("outl 0xcfc 0x00010100");
    expect(bench.id(1, 0)).toBe(EDU);
  });

  test.each([
    [{ driver: "foo" }, "'foo' is not a valid device model name"],
    [{ driver: "edu", nothing: 1 }, "Property 'edu.nothing' not found"],
    [{ driver: "edu", id: "first" }, "Duplicate device ID 'first'"],
    [{ driver: "intel-iommu" }, "Parameter 'driver' expects a pluggable device type"],
    [{}, "Parameter 'driver' is missing"],
    [{ driver: "edu", addr: [] }, "Invalid parameter type for 'addr', expected: string"],
  ])("device_add %j is refused: %s", async (given, desc) => {
    const bench = await ready("-m 64 -device edu,id=first");
    expect(bench.execute("device_add", given)).toEqual([{ error: { class: "GenericError", desc } }]);
  });

  test("a card that comes and goes, or is refused, leaves no memory behind", async () => {
    const bench = await ready("-M q35 -m 64 -device pcie-root-port,id=rp,addr=3 -device edu,bus=rp,id=e");
    const bytes = (): number => bench.board?.machine.engine.memory.buffer.byteLength as number;
    expect(bench.execute("device_add", { driver: "igb", bus: "rp" })).toMatchObject([{ error: {} }]);
    bench.execute("device_del", { id: "e" });
    const sizes = Array.from({ length: 50 }, () => {
      expect(bench.execute("device_add", { driver: "igb", id: "n", bus: "rp" })).toEqual([{ return: {} }]);
      expect(bench.execute("device_del", { id: "n" })).toHaveLength(2);
      return bytes();
    });
    expect(new Set(sizes).size).toBe(1);
  });

  test("a slot that is taken is refused and keeps its device", async () => {
    const bench = await ready("-m 64 -device edu,addr=4");
    expect(bench.execute("device_add", { driver: "iommu-testdev", addr: "4" })).toMatchObject([
      { error: { desc: expect.stringContaining("PCI: slot 4 function 0 not available for iommu-testdev") } },
    ]);
    expect(bench.id(0, 4)).toBe(EDU);
  });
});
