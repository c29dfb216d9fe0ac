import { describe, expect, test } from "vitest";
import { Board, parseCommandLine, QemuError, QtestServer } from "../../../host/embed/qtest/index.ts";

async function server(text: string): Promise<QtestServer> {
  return new QtestServer(await Board.create(parseCommandLine(text.split(" "))));
}

/** Writes a dword of the configuration space of 00:slot.0. */
function configure(qtest: QtestServer, slot: number, offset: number, value: number): void {
  qtest.command(`outl 0xcf8 0x${(0x8000_0000 + slot * 0x800 + offset).toString(16)}`);
  expect(qtest.command(`outl 0xcfc 0x${value.toString(16)}`)).toBe("OK");
}

const DEVICES = "-m 64 -device intel-iommu -device iommu-testdev,addr=4 -device edu,addr=5,dma_mask=0xffffffffffff";

async function bench(machine: string): Promise<QtestServer> {
  const qtest = await server(`-machine ${machine} ${DEVICES}`);
  configure(qtest, 4, 0x10, 0xe000_0000);
  configure(qtest, 4, 0x04, 0x6);
  configure(qtest, 5, 0x10, 0xe010_0000);
  configure(qtest, 5, 0x04, 0x6);
  return qtest;
}

describe.each(["pc", "q35"])("%s", (machine) => {
  test("iommu-testdev writes its pattern by DMA, reads it back and says so", async () => {
    const qtest = await bench(machine);
    for (const [offset, value] of Object.entries({ 4: 0x10_0000, 28: 0x10_0000, 12: 6, 20: 1 })) {
      qtest.command(`writel 0x${(0xe000_0000 + Number(offset)).toString(16)} ${value}`);
    }
    expect(qtest.command("readl 0xe0000010")).toBe("OK 0x00000000fffffffe");
    qtest.command("readl 0xe0000000");
    expect(qtest.command("readl 0xe0000010")).toBe("OK 0x0000000000000000");
    expect(qtest.command("read 0x100000 8")).toBe("OK 0x7856341278560000");
  });

  test("edu copies out of memory and into it, 100 ms after the command", async () => {
    const qtest = await bench(machine);
    qtest.command("write 0x200000 4 0xdeadbeef");
    const start = (source: number, destination: number, command: number): void => {
      for (const [place, value] of [source, destination, 4, command].entries()) {
        qtest.command(`writeq 0x${(0xe010_0080 + 8 * place).toString(16)} 0x${value.toString(16)}`);
      }
    };
    start(0x20_0000, 0x4_0010, 1);
    qtest.command("clock_step 99999999");
    expect(qtest.command("readq 0xe0100098")).toBe("OK 0x0000000000000001");
    expect(qtest.command("clock_step")).toBe("OK 100000000");
    expect(qtest.command("readq 0xe0100098")).toBe("OK 0x0000000000000000");
    start(0x4_0011, 0x30_0000, 3);
    qtest.command("clock_step 200000000");
    expect(qtest.command("read 0x300000 4")).toBe("OK 0xadbeef00");
  });

  test("the RAM's size is fw_cfg's item 3, little-endian", async () => {
    const qtest = await server(`-M ${machine} -m 5G`);
    qtest.command("outw 0x510 3");
    const bytes = Array.from({ length: 9 }, () => qtest.command("inb 0x511"));
    expect(bytes).toEqual([0, 0, 0, 0x40, 1, 0, 0, 0, 0].map((byte) => `OK 0x${byte.toString(16).padStart(4, "0")}`));
  });

  test("RAM beyond what lies below the hole is found above 4 GiB", async () => {
    const qtest = await server(`-M ${machine} -m 4G`);
    const low = machine === "pc" ? 3 : 2;
    const last = 2 ** 32 + (4 - low) * 2 ** 30 - 4;
    expect(qtest.command(`writel 0x${last.toString(16)} 0x12345678`)).toBe("OK");
    expect(qtest.command(`readw 0x${(last + 2).toString(16)}`)).toBe("OK 0x0000000000001234");
    expect(qtest.command(`readb 0x${(last + 4).toString(16)}`)).toBe("OK 0x00000000000000ff");
    expect(qtest.command(`readl 0x${(low * 2 ** 30).toString(16)}`)).toBe("OK 0x00000000ffffffff");
  });
});

test("Q35 §5.1.16 PCIEXBAR: configuration space lies in memory once it is enabled, where it says", async () => {
  const qtest = await server("-M q35 -m 64 -device edu,addr=5.1");
  expect(qtest.command("readl 0xb0029000")).toBe("OK 0x00000000ffffffff");
  configure(qtest, 0, 0x60, 0xb000_0001);
  expect(qtest.command("readl 0xb0029000")).toBe("OK 0x0000000011e81234");
  configure(qtest, 0, 0x60, 0xd000_0003);
  expect(qtest.command("readl 0xb0029000")).toBe("OK 0x00000000ffffffff");
  expect(qtest.command("readl 0xd0029000")).toBe("OK 0x0000000011e81234");
  expect(qtest.command("readl 0xd0029100")).toBe("OK 0x00000000ffffffff");
});

test("fw_cfg answers with its signature and its version, and with zeros past an item's end and for unknown items", async () => {
  const qtest = await server("-m 64");
  const item = (key: number): number[] => {
    qtest.command(`outw 0x510 ${key}`);
    return Array.from({ length: 5 }, () => Number(qtest.command("inb 0x511").slice(3)));
  };
  expect(String.fromCharCode(...item(0))).toBe("QEMU\0");
  expect(item(1)).toEqual([1, 0, 0, 0, 0]);
  expect(item(0x4000)).toEqual([0, 0, 0, 0, 0]);
});

test("fw_cfg has what firmware is told: UUID, boot menu, and files by a directory", async () => {
  const qtest = await server(
    "-m 64 -uuid 4600cb32-38ec-4b2f-8acb-81c6ea54f2d8 -boot menu=on,reboot-timeout=-1,splash-time=12",
  );
  const item = (key: number, length: number): Uint8Array => {
    qtest.command(`outw 0x510 ${key}`);
    return Uint8Array.from({ length }, () => Number(qtest.command("inb 0x511").slice(3)));
  };
  expect(Buffer.from(item(2, 16)).toString("hex")).toBe("4600cb3238ec4b2f8acb81c6ea54f2d8");
  expect([...item(0x0e, 2)]).toEqual([1, 0]);
  const directory = Buffer.from(item(0x19, 132));
  const entries = [4, 68].map((at) => [
    directory.readUInt32BE(at),
    directory.readUInt16BE(at + 4),
    directory.toString("latin1", at + 8, directory.indexOf(0, at + 8)),
  ]);
  expect([directory.readUInt32BE(0), entries]).toEqual([
    2,
    [
      [4, 0x20, "etc/boot-fail-wait"],
      [2, 0x21, "etc/boot-menu-wait"],
    ],
  ]);
  expect([...item(0x20, 4), ...item(0x21, 3)]).toEqual([255, 255, 255, 255, 12, 0, 0]);
});

test("ports CF8h and CFCh as QEMU's chipsets have them: the address's low bits count like the data port's", async () => {
  const qtest = await server("-m 64 -device edu,addr=5");
  qtest.command("outl 0xcf8 0x80002802");
  expect([qtest.command("inw 0xcfc"), qtest.command("inl 0xcf8")]).toEqual(["OK 0x11e8", "OK 0x80002802"]);
  qtest.command("outl 0xcf8 0x80002800");
  expect([qtest.command("inb 0xcff"), qtest.command("inw 0xcfe")]).toEqual(["OK 0x0011", "OK 0x11e8"]);
  qtest.command("outl 0xcf8 0x2800");
  expect(qtest.command("inl 0xcfc")).toBe("OK 0xffffffff");
});

test("PCIe 6.0 §9.3.3: igb's VFs answer once they are enabled, with their MSI-X BAR where the PF says", async () => {
  const qtest = await server("-M q35 -m 64 -device igb,addr=3");
  configure(qtest, 0, 0x60, 0xb000_0001);
  const config = (requesterId: number, offset: number): string =>
    `0x${(0xb000_0000 + requesterId * 4096 + offset).toString(16)}`;
  const pf = 3 * 8;
  expect(qtest.command(`readl ${config(pf, 0x160)}`)).toBe("OK 0x0000000000010010");
  // VF offset 384, stride 2.
  expect(qtest.command(`readl ${config(pf, 0x174)}`)).toBe("OK 0x0000000000020180");
  const second = pf + 384 + 2;
  expect(qtest.command(`readl ${config(second, 0x70)}`)).toBe("OK 0x00000000ffffffff");
  qtest.command(`writew ${config(pf, 0x170)} 2`);
  qtest.command(`writel ${config(pf, 0x190)} 0xe0000000`);
  qtest.command(`writew ${config(pf, 0x168)} 9`);
  expect(qtest.command(`readl ${config(second, 0x00)}`)).toBe("OK 0x00000000ffffffff");
  expect(qtest.command(`readb ${config(second, 0x70)}`)).toBe("OK 0x0000000000000011");
  expect(qtest.command("readl 0xe0004000")).toBe("OK 0x0000000000000000");
  // Vector 0 of the second VF is masked after the reset.
  expect(qtest.command("readl 0xe000400c")).toBe("OK 0x0000000000000001");
  qtest.command(`writew ${config(pf, 0x168)} 0`);
  expect(qtest.command("readl 0xe000400c")).toBe("OK 0x00000000ffffffff");
});

test("without intel-iommu nothing answers where its registers would be", async () => {
  expect((await server("-M q35 -m 64")).command("readl 0xfed90000")).toBe("OK 0x00000000ffffffff");
  expect((await server("-M q35 -m 64 -device intel-iommu")).command("readl 0xfed90000")).toBe("OK 0x0000000000000010");
});

test.each([
  ["nothing", "FAIL Unknown command 'nothing'"],
  ["", "FAIL Unknown command ''"],
  ["readl", "FAIL an argument is missing"],
  ["readl 12x", "FAIL malformed argument '12x'"],
  ["readl 0x10000000000000000", "FAIL malformed argument '0x10000000000000000'"],
  ["read 0 0", "FAIL length 0 is less than 1"],
  ["read 0 0xffffffffffffffff", "FAIL length 0xffffffffffffffff is more than 67108864"],
  ["write 0 1 0xg0", "FAIL malformed data"],
  ["b64write 0 1 ?", "FAIL malformed data"],
  ["inb 0x10000", "FAIL port 0x10000 is above 65535"],
  ["clock_step 0xffffffffffffffff", "FAIL malformed argument '0xffffffffffffffff'"],
  ["irq_intercept_in nowhere", "FAIL Unknown device"],
])("the line %j is answered with %j", async (line, answer) => {
  expect((await server("-m 64")).command(line)).toBe(answer);
});

test.each([
  ["write 0x1000 4 0x0102", "read 0x1000 4", "OK 0x01020000"],
  ["write 0x1000 1 0x010203", "read 0x1000 2", "OK 0x0100"],
  ["memset 0x1000 3 0x1ff", "read 0x1000 4", "OK 0xffffff00"],
  ["b64write 0x1000 3 AQID", "b64read 0x1000 4", "OK AQIDAA=="],
  ["writeq 010000 -2", "readq 4096", "OK 0xfffffffffffffffe"],
  ["writew 0x1001 0x12345", "readl 0x1000", "OK 0x0000000000234500"],
])("%s, then %s: %s", async (first, second, answer) => {
  const qtest = await server("-m 64");
  expect(qtest.command(first)).toBe("OK");
  expect(qtest.command(second)).toBe(answer);
});

test.each([
  ["-foo", "-foo: invalid option"],
  ["-m", "-m: requires an argument"],
  ["-m x", "-m x: Parameter 'size' expects a size"],
  ["-uuid 4600cb32", "-uuid 4600cb32: failed to parse UUID string: wrong format"],
  ["-boot splash-time=x", "-boot splash-time=x: Parameter 'splash-time' is invalid"],
  ["-M foo", 'unsupported machine type: "foo"'],
  ["-device foo", "-device foo: 'foo' is not a valid device model name"],
  ["-device igbvf", "-device igbvf: Parameter 'driver' expects a pluggable device type"],
  ["-device edu,x=1", "-device edu,x=1: Property 'edu.x' not found"],
  ["-device edu,addr=20", "-device edu,addr=20: Property 'edu.addr' doesn't take value '20'"],
  ["-device edu,bus=rp", "-device edu,bus=rp: Bus 'rp' not found"],
  ["-device igb,netdev=n", "-device igb,netdev=n: Property 'igb.netdev' can't find value 'n'"],
  ["-m 1000G", "cannot set up guest memory 'pc.ram': Cannot allocate memory"],
])("the command line %j is refused: %s", async (text, message) => {
  await expect(server(text)).rejects.toThrow(new QemuError(message));
});
