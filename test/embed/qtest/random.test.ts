// Whatever a test program sends: an answer of one line for each line, nothing thrown, nothing that does not end.
import fc from "fast-check";
import { expect, test } from "vitest";
import { Board, parseCommandLine, QemuError, QmpServer, QtestServer } from "../../../host/embed/qtest/index.ts";

const ARGS =
  "-M q35 -m 16 -device intel-iommu,scalable-mode=on,caching-mode=on -device iommu-testdev,addr=4 " +
  "-device edu,addr=5,dma_mask=0xffffffffffffffff -device igb,addr=6 -device pcie-root-port,id=rp,addr=7";

const number = fc.oneof(
  fc.nat(0xffff),
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0xcf8, 0xcfc, 0x510, 0x511, 0xae00, 0xae08, 0x8000_2004, 0x8000_2010, 0x8000_2804, 0x8000_2810),
  fc.nat(0xffff).map((offset) => 0xe000_0000 + offset),
  fc.nat(0xfff).map((offset) => 0xfed9_0000 + offset),
  fc.nat(2 ** 24).map((address) => 2 ** 24 - address),
);
const word = fc.oneof(
  { weight: 12, arbitrary: number.map((value) => `0x${value.toString(16)}`) },
  fc.constantFrom("", "-1", "0xffffffffffffffff", "08", "x", "0x", "1e3", "\u0000", "AAAA", "0x00ff", "6 "),
);
const command = fc.constantFrom(
  ...["inb", "inw", "inl", "outb", "outw", "outl", "readb", "readw", "readl", "readq", "writeb", "writew", "writel"],
  ...["writeq", "read", "write", "b64read", "b64write", "clock_step", "clock_set", "endianness", "irq_intercept_in"],
  ...["set_irq_in", "memset", "module_load", ""],
);
/** Lengths stay small, so that a run does too: that long ones are bounded is shown elsewhere. */
const small = fc.nat(300).map(String);
const line = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(command, word, word, word).map((words) => words.join(" ")) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("read", "b64read"), word, small).map((words) => words.join(" ")) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("memset"), word, small, word).map((words) => words.join(" ")) },
  fc.string({ maxLength: 40 }).map((text) => text.replaceAll("\n", " ")),
);

test("some 20,000 random lines are answered with a line each, and nothing is thrown", async () => {
  const board = await Board.create(parseCommandLine(ARGS.split(" ")));
  const server = new QtestServer(board);
  fc.assert(
    fc.property(fc.array(line, { minLength: 100, maxLength: 200 }), (lines) => {
      for (const text of lines) {
        if (/^(read|memset|write|b64read) \S+ 0x\w{5,7}\b/.test(text)) continue;
        expect(server.command(text)).toMatch(/^(OK|FAIL)( [^\n]*)?$/);
      }
    }),
    { numRuns: 130 },
  );
  expect(server.command("endianness")).toBe("OK little");
});

test("random monitor input is answered with objects, and nothing is thrown", async () => {
  const board = await Board.create(parseCommandLine(ARGS.split(" ")));
  const sent: object[] = [];
  const qmp = new QmpServer({ board, send: (message) => sent.push(message), quit: () => {}, now: () => 0 });
  qmp.receive('{"execute":"qmp_capabilities"}');
  const value = fc.oneof(
    fc.constantFrom("edu", "igb", "iommu-testdev", "rp", "pcie.0", "0", "1f", "x"),
    fc.jsonValue(),
  );
  const given = fc.dictionary(fc.constantFrom("driver", "id", "bus", "addr", "netdev", "mac", "implements"), value);
  const execute = fc.constantFrom("device_add", "device_del", "system_reset", "qom-list-types", "quit", "nothing");
  fc.assert(
    fc.property(execute, given, fc.string({ maxLength: 5 }), (name, argument, noise) => {
      sent.length = 0;
      qmp.receive(`${JSON.stringify({ execute: name, arguments: argument })}\n`);
      expect(sent.length).toBeGreaterThan(0);
      qmp.receive(`"${noise.replaceAll(/["\\{}[\]]/g, "")}\n`);
      qmp.receive('"\n');
    }),
    { numRuns: 1000 },
  );
});

test("a random command line is refused with a sentence, or a machine", async () => {
  const option = fc.tuple(
    fc.constantFrom("-m", "-M", "-device", "-netdev", "-chardev", "-mon", "-smp", "-qmp", "-qtest", "-net", "-x"),
    fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom("edu,addr=1f", "igb,mac=1", "edu,,=,", "{", "{}", "pc", "q35", "1e9G", "16", "socket,fd=x,id=,"),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(option, { maxLength: 4 }), async (options) => {
      try {
        const config = parseCommandLine(options.flat());
        if (config.machine !== "none" && config.ram <= 2 ** 28) await Board.create(config);
      } catch (error) {
        expect(error).toBeInstanceOf(QemuError);
        expect((error as Error).message).not.toBe("");
      }
    }),
    { numRuns: 300 },
  );
});
