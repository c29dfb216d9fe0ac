import { describe, expect, it } from "vitest";
import { runCli } from "../../host/cli/command.ts";
import { listFunctions, lspciCommand } from "../../host/cli/lspci.ts";
import { requesterId } from "../../host/core/address.ts";
import { ArgumentError, FormatError } from "../../host/core/errors.ts";
import { formatDump, parseDump } from "../../host/pci/dump.ts";
import { rootPortProfile } from "../../host/pci/port-profiles.ts";
import { ReplicaTopology } from "../../host/pci/replica-topology.ts";
import { lspci, needDumps, needLspci } from "../pciutils.ts";
import { buses, listed, machine, output } from "./lspci-machine.ts";

/** Slots and rows of a dump, without what stands behind a slot. */
function hexOnly(dump: string): string[] {
  const lines = dump.split(/\r?\n/).map((line) => {
    const slot = /^(?:0000:)?((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?: |$)/.exec(line);
    return slot === null ? line : (slot[1] as string);
  });
  return lines.filter((line) => /^[0-9a-f]{2,3}: |^[0-9a-f:]+\.[0-7]$/.test(line));
}

describe("iovirt lspci --from: real servers", () => {
  it("every dump of pciutils' source comes out of --dump with the same functions, order and bytes", async (context) => {
    const dumps = needDumps(context);
    expect(dumps.size).toBeGreaterThanOrEqual(38);
    let functions = 0;
    for (const [name, text] of dumps) {
      const ours = await output(["--from", name, "--dump"], [], { [name]: text });
      expect(hexOnly(ours), name).toEqual(hexOnly(text));
      functions += hexOnly(ours).filter((line) => line.includes(".")).length;
    }
    expect(functions).toBeGreaterThanOrEqual(168);
  });

  it("-t draws the tree that lspci -t draws", async (context) => {
    needLspci(context);
    let compared = 0;
    for (const [name, text] of needDumps(context)) {
      const { out } = lspci(text, "-t");
      // lspci adds an empty bus 00 to servers that have none.
      if (/\[0000:00\]-$/m.test(out)) continue;
      expect(await output(["--from", name, "-t"], [], { [name]: text }), name).toBe(out);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(15);
  });

  it("-v and -x say something of every function, whatever its capabilities point to", async (context) => {
    for (const [name, text] of needDumps(context)) {
      const out = await output(["--from", name, "-v", "-x"], [], { [name]: text });
      const count = parseDump(text, name).length;
      expect(out.match(/^\tIDs: /gm), name).toHaveLength(count);
      expect(out.match(/^30: /gm), name).toHaveLength(count);
    }
  });
});

describe("iovirt lspci -x", () => {
  const options = ["-x", "-xx", "-xxx", "-xxxx"];

  it("shows the bytes that lspci shows of real servers, whose dumps have 64, 256 or 4096 of each function", async (context) => {
    needLspci(context);
    for (const [name, text] of needDumps(context)) {
      for (const option of options) {
        const ours = await output(["--from", name, option], [], { [name]: text });
        expect(hexOnly(ours), `${name} ${option}`).toEqual(hexOnly(lspci(text, option).out));
      }
    }
  });

  it("shows the bytes that lspci shows of the demonstration's kinds of functions", async (context) => {
    needLspci(context);
    const dump = await output(["--dump"], machine());
    for (const option of options) {
      expect(hexOnly(await output([option], machine())), option).toEqual(hexOnly(lspci(dump, option).out));
    }
  });

  it.each([
    ["-x", 0x30],
    ["-xxx", 0xf0],
    ["-xxxx", 0xff0],
  ])("%s ends at 0x%s", async (option, last) => {
    const rows = (await output([option as string], machine())).split("\n").filter((line) => /^[0-9a-f]+: /.test(line));
    expect(rows.at(-1)?.split(":")[0]).toBe(last.toString(16));
  });

  it("refuses to print a tree and a dump at once", async () => {
    await expect(output(["-t", "--dump"], machine())).rejects.toThrow(/--tree and --dump/);
  });
});

describe("iovirt lspci without judges", () => {
  it("--dump writes every byte, segment and order back after --from", async () => {
    const functions = machine().map((entry, index) => ({ ...entry, segment: index % 3 }));
    const dump = await output(["--dump"], functions);
    const again = await output(["--from", "a", "--dump"], [], { a: dump });
    expect(again).toBe(dump);
    const read = parseDump(dump, "a");
    expect(read.map(({ segment, requesterId }) => [segment, requesterId])).toEqual(
      functions.map(({ segment, requesterId }) => [segment, requesterId]),
    );
    expect(read.map(({ bytes }) => bytes)).toEqual(functions.map(({ config }) => config.bytes()));
  });

  it("functions of 64 and 256 bytes stay that long", async () => {
    const row = (offset: string): string => `${offset}: 34 12${" a5".repeat(14)}\n`;
    const offsets = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => (16 * i).toString(16).padStart(2, "0"));
    const dump = `00:01.0 Old thing\n${offsets(4).map(row).join("")}\n00:02.0 Thing\n${offsets(16).map(row).join("")}\n`;
    expect(await output(["--from", "a", "--dump"], [], { a: dump })).toBe(dump);
  });

  it("lists one line a function, with -v what its registers mean, with -x its first 64 bytes", async () => {
    const lines = (await output([], machine())).split("\n");
    expect(lines).toHaveLength(machine().length + 1);
    expect(lines[3]).toBe("01:00.0 Ethernet controller: 8086:1521 (rev 01)");
    const verbose = await output(["-vx"], machine());
    expect(verbose).toContain("\tRegion 3: Memory at 00000000 (32-bit, non-prefetchable) [size=16K]\n");
    expect(verbose).toContain("\tBus: primary=00, secondary=03, subordinate=06\n");
    expect(verbose).toContain(
      "\tCapabilities: [160 v1] Single Root I/O Virtualization: Enable- MSE-, VFs 0 of 8, offset 384, stride 4, VF device 1520, pages 001 of 553\n",
    );
    expect(verbose).toContain("\tCapabilities: [1a0 v1] TPH Requester: 8 steering tags here\n");
    expect(verbose.match(/^00: 86 80 21 15 /gm)).toHaveLength(4);
    expect(verbose).not.toMatch(/^40: /m);
  });

  it("prints a size only where it is known: of a live machine, or from the dump's own text", async () => {
    // A network card of 2004: 32 bytes of I/O ports, 16 KiB and 128 KiB of registers, all aligned to more than that.
    const bytes = new Uint8Array(64);
    const view = new DataView(bytes.buffer);
    view.setUint32(0x00, 0x1026_8086, true);
    for (const [offset, value] of [0xfe00_0000, 0xfd00_0000, 0xdc01, 0, 0, 0].entries()) {
      view.setUint32(0x10 + 4 * offset, value, true);
    }
    view.setUint32(0x30, 0xfc00_0001, true);
    const plain = formatDump([{ segment: 0, requesterId: requesterId(5, 3, 0), description: "Card", bytes }]);
    const silent = await output(["--from", "a", "-v"], [], { a: plain });
    expect(silent).not.toContain("size=");
    expect(silent).toContain("\tRegion 2: I/O ports at dc00\n");
    const said = plain.replace(
      "Card\n",
      "Card\n\tRegion 0: Memory at fe000000 (32-bit, non-prefetchable) [size=16K]\n" +
        "\tRegion 2: I/O ports at dc00 [size=32]\n\tExpansion ROM at fc000000 [size=64K]\n",
    );
    const out = await output(["--from", "a", "-v"], [], { a: said });
    expect(out.match(/(Region|Expansion).*/g)).toEqual([
      "Region 0: Memory at fe000000 (32-bit, non-prefetchable) [size=16K]",
      "Region 1: Memory at fd000000 (32-bit, non-prefetchable)",
      "Region 2: I/O ports at dc00 [size=32]",
      "Expansion ROM at fc000000 [size=64K]",
    ]);
  });

  it("a server with Intel VMD: Linux gives its domains numbers from 0x10000 on", async () => {
    const [bridge, card] = [machine()[1], machine()[3]];
    const functions = [bridge, card].flatMap((one) =>
      one === undefined ? [] : [0, 0x1_0000, 0xffff_ffff].map((segment) => ({ ...one, segment })),
    );
    const dump = await output(["--dump"], functions);
    expect(dump).toMatch(/^10000:00:01\.0 PCI bridge/m);
    expect(await output(["--from", "a", "--dump"], [], { a: dump })).toBe(dump);
    expect(await output(["--from", "a", "-t"], [], { a: dump })).toContain("[10000:00]-");
  });

  it("-t: two buses below the port of a card with VFs", async () => {
    const tree = await output(["-t"], machine());
    expect(tree.split("\n").slice(0, 5)).toEqual([
      "-[0000:00]-+-00.0",
      "           +-01.0-[01-02]--+-[0000:01]-+-00.0",
      "           |               |           +-00.1",
      "           |               |           +-00.2",
      "           |               |           \\-00.3",
    ]);
  });

  it("listFunctions takes what a root complex has, VFs that exist included, in the order of slots", async () => {
    const text = await output(["--dump"], machine());
    const { complexes } = new ReplicaTopology(parseDump(text, "a"), { message: () => {} }, "a");
    const slots = listFunctions(complexes).map(({ requesterId }) => requesterId);
    // No PF of the machine has enabled its VFs: theirs are functions of buses of their own.
    expect(slots).toEqual(machine().map(({ requesterId }) => requesterId));
    expect(await output(["--dump"], listFunctions(complexes))).toBe(text);
  });

  it("registers that tie bridges into a loop still make a tree", async () => {
    const at = requesterId;
    const loop = [
      listed(at(1, 0, 0), rootPortProfile(), buses(1, 2, 9)),
      listed(at(2, 0, 0), rootPortProfile(), buses(2, 1, 9)),
      listed(at(2, 1, 0), rootPortProfile(), buses(2, 2, 2)),
    ];
    const tree = await output(["-t"], loop);
    expect(tree.match(/\d\d\.\d/g)).toEqual(["00.0", "00.0", "01.0"]);
  });
});

describe("bad input is one line that names the value, exit status 2", () => {
  const row = `00: ${"00 ".repeat(16).trim()}\n`;
  it.each([
    [["--bogus"], {}, /^iovirt: unknown option "--bogus"\n$/],
    [["-z"], {}, /^iovirt: unknown option "-z"\n$/],
    [["extra"], {}, /^iovirt: unexpected argument "extra"\n$/],
    [["--from"], {}, /^iovirt: --from needs a value\n$/],
    [["--from", "cut"], { cut: `00:01.0 X\n${row}` }, /^iovirt: cut: line 1: function 00:01\.0 has 0x10 bytes.*\n$/],
    [["--from", "short"], { short: "00:01.0 X\n00: 12 34\n" }, /^iovirt: short: line 2: 2 bytes instead of 16\n$/],
    [["--from", "bad"], { bad: "00:01.0 X\n00: 1x\n" }, /^iovirt: bad: line 2: "1x" is not a byte\n$/],
    [["--from", "text"], { text: "no dump\n" }, /^iovirt: text: no function found.*\n$/],
  ] as [string[], Record<string, string>, RegExp][])("%j", async (args, files, message) => {
    let [out, err] = ["", ""];
    const io = {
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
      interactive: false,
      columns: 0,
      colour: false,
      readFile: async (path: string) => new TextEncoder().encode(files[path]),
    };
    expect(await runCli({ lspci: lspciCommand(async () => []) }, "1", ["lspci", ...args], io)).toBe(2);
    expect(err).toMatch(message);
    expect(out).toBe("");
  });

  it("an impossible slot number or an unreadable dump is a typed error", () => {
    expect(() => rootPortProfile({ slot: 8192 })).toThrow(ArgumentError);
    expect(() => parseDump("", "x")).toThrow(FormatError);
  });
});
