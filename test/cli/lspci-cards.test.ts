// The machine's functions as lspci decodes them, and the profiles against the bytes of real cards.
import { describe, expect, it } from "vitest";
import type { ConfigSpace } from "../../host/pci/config-space.ts";
import { parseDump } from "../../host/pci/dump.ts";
import { rootPortProfile } from "../../host/pci/port-profiles.ts";
import { profileConfig } from "../../host/pci/profile.ts";
import { lspci, needDumps, needLspci } from "../pciutils.ts";
import { machine, output } from "./lspci-machine.ts";

describe("the machine's functions, judged by lspci", () => {
  it("all are decoded without a complaint and without anything unknown", async (context) => {
    needLspci(context);
    const dump = await output(["--dump"], machine());
    const { out, complaints } = lspci(dump, "-vvv", "-n");
    expect(complaints).toEqual([]);
    const strange = out
      .split("\n")
      .filter((line) => /<\?>|<chain|<access|[Uu]nknown|\[\.\.\.\]|Capability ID|!!!|invalid/.test(line));
    // A VF has no link status of its own: lspci says the same of real ones.
    expect(strange.filter((line) => !line.startsWith("\t\tLnkSta:\tSpeed unknown"))).toEqual([]);
    expect(strange).toHaveLength(2);
    expect(out.match(/^[0-9a-f]{2}:/gm)).toHaveLength(machine().length);
  });

  it("-t draws the tree that lspci -t draws", async (context) => {
    needLspci(context);
    const dump = await output(["--dump"], machine());
    expect(await output(["-t"], machine())).toBe(lspci(dump, "-t").out);
  });

  /** The lines that lspci -vvv prints of one function, leading white space removed. */
  async function decode(slot: string): Promise<string[]> {
    const { out } = lspci(await output(["--dump"], machine()), "-vvv", "-n", "-s", slot);
    return out.split("\n").map((line) => line.trim());
  }

  it("I350 PF: what lspci says of a real one", async (context) => {
    needLspci(context);
    expect(await decode("01:00.0")).toEqual(
      expect.arrayContaining([
        "01:00.0 0200: 8086:1521 (rev 01)",
        "Subsystem: 8086:00a1",
        "Capabilities: [40] Power Management version 3",
        "Flags: PMEClk- DSI+ D1- D2- AuxCurrent=0mA PME(D0+,D1-,D2-,D3hot+,D3cold+)",
        "Status: D0 NoSoftRst+ PME-Enable- DSel=0 DScale=1 PME-",
        "Capabilities: [50] MSI: Enable- Count=1/1 Maskable+ 64bit+",
        "Capabilities: [70] MSI-X: Enable- Count=10 Masked-",
        "Vector table: BAR=3 offset=00000000",
        "PBA: BAR=3 offset=00002000",
        "Capabilities: [a0] Express (v2) Endpoint, MSI 00",
        "DevCap:\tMaxPayload 512 bytes, PhantFunc 0, Latency L0s <512ns, L1 <64us",
        "ExtTag- AttnBtn- AttnInd- PwrInd- RBE+ FLReset+ SlotPowerLimit 0W",
        "DevSta:\tCorrErr- NonFatalErr- FatalErr- UnsupReq- AuxPwr+ TransPend-",
        "LnkCap:\tPort #0, Speed 5GT/s, Width x4, ASPM L0s L1, Exit Latency L0s <4us, L1 <32us",
        "ClockPM- Surprise- LLActRep- BwNot- ASPMOptComp+",
        "LnkSta:\tSpeed 5GT/s, Width x4",
        "TrErr- Train- SlotClk+ DLActive- BWMgmt- ABWMgmt-",
        "DevCap2: Completion Timeout: Range ABCD, TimeoutDis+ NROPrPrP- LTR+",
        "LnkCtl2: Target Link Speed: 5GT/s, EnterCompliance- SpeedDis-",
        "Capabilities: [100 v2] Advanced Error Reporting",
        "UESvrt:\tDLP+ SDES+ TLP- FCP+ CmpltTO- CmpltAbrt- UnxCmplt- RxOF+ MalfTLP+ ECRC- UnsupReq- ACSViol-",
        "CEMsk:\tRxErr- BadTLP- BadDLLP- Rollover- Timeout- AdvNonFatalErr+",
        "AERCap:\tFirst Error Pointer: 00, ECRCGenCap+ ECRCGenEn- ECRCChkCap+ ECRCChkEn-",
        "Capabilities: [140 v1] Device Serial Number 00-1b-21-ff-ff-2b-46-e0",
        "Capabilities: [150 v1] Alternative Routing-ID Interpretation (ARI)",
        "ARICap:\tMFVC- ACS-, Next Function: 1",
        "Capabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)",
        "Initial VFs: 8, Total VFs: 8, Number of VFs: 0, Function Dependency Link: 00",
        "VF offset: 384, stride: 4, Device ID: 1520",
        "Supported Page Size: 00000553, System Page Size: 00000001",
        "Region 0: Memory at 0000000000000000 (64-bit, prefetchable)",
        "Region 3: Memory at 0000000000000000 (64-bit, prefetchable)",
        "VF Migration: offset: 00000000, BIR: 0",
        "Capabilities: [1a0 v1] Transaction Processing Hints",
        "Device specific mode supported",
        "Steering table in TPH capability structure",
        "Capabilities: [1c0 v1] Latency Tolerance Reporting",
        "Max snoop latency: 0ns",
        "Max no snoop latency: 0ns",
        "Capabilities: [1d0 v1] Access Control Services",
        "ACSCap:\tSrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-",
        "ACSCtl:\tSrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-",
      ]),
    );
  });

  it("I350 VF: what lspci says of a real one", async (context) => {
    needLspci(context);
    const lines = await decode("02:10.0");
    expect(lines).toEqual(
      expect.arrayContaining([
        "Capabilities: [70] MSI-X: Enable- Count=3 Masked-",
        "DevCap:\tMaxPayload 512 bytes, PhantFunc 0, Latency L0s <512ns, L1 <64us",
        "RlxdOrd- ExtTag- PhantFunc- AuxPwr- NoSnoop- FLReset-",
        "MaxPayload 128 bytes, MaxReadReq 128 bytes",
        "LnkCap:\tPort #0, Speed 5GT/s, Width x4, ASPM L0s L1, Exit Latency L0s <4us, L1 <32us",
        "TrErr- Train- SlotClk- DLActive- BWMgmt- ABWMgmt-",
        "Capabilities: [100 v1] Advanced Error Reporting",
        "UESvrt:\tDLP- SDES- TLP- FCP- CmpltTO- CmpltAbrt- UnxCmplt- RxOF- MalfTLP- ECRC- UnsupReq- ACSViol-",
        "AERCap:\tFirst Error Pointer: 00, ECRCGenCap- ECRCGenEn- ECRCChkCap- ECRCChkEn-",
        "ARICap:\tMFVC- ACS-, Next Function: 0",
        "Capabilities: [1a0 v1] Transaction Processing Hints",
        "No steering table available",
        "Capabilities: [1d0 v1] Access Control Services",
      ]),
    );
    expect(lines.filter((line) => line.startsWith("Capabilities: "))).toHaveLength(6);
  });
});

/** Lets firmware and driver do to `config` what they had done to the real function whose bytes are `real`. */
function live(config: ConfigSpace, real: Uint8Array, statuses: readonly (readonly [number, number])[]): number[] {
  for (let at = 0; at < real.length; at++) {
    // Write-one-to-clear bits are errors that the hardware saw.
    if (!statuses.some(([offset, width]) => at >= offset && at < offset + width)) config.write(at, 1, real[at]!);
  }
  for (const [offset, width] of statuses) {
    for (let at = offset; at < offset + width; at++) config.set(at, 1, real[at]!);
  }
  const bytes = config.bytes();
  return [...bytes.keys()].filter((at) => bytes[at] !== real[at]);
}

describe("the profiles against real cards in pciutils' source", () => {
  it("82576 PF: all 4096 bytes, once firmware and driver have written theirs", async (context) => {
    const text = needDumps(context).get("cap-pcie-2") as string;
    const real = parseDump(text, "cap-pcie-2")[0]!.bytes;
    const [ours] = machine().filter(({ requesterId }) => requesterId === 0x0500);
    // DEVSTA: a corrected error and an unsupported request; AER: advisory non-fatal error.
    const statuses = [
      [0xaa, 2],
      [0x110, 4],
    ] as const;
    expect(live(ours!.config, real, statuses).map((at) => at.toString(16))).toEqual([]);
    needLspci(context);
    const decoded = (dump: string): string[] => lspci(dump, "-vvv", "-n").out.split("\n").slice(1);
    expect(decoded(await output(["--dump"], [ours!]))).toEqual(decoded(text.replace(/^\t.*\n/gm, "")));
  });

  it("5520/X58 root port: all of its capabilities but the vendor-specific one", (context) => {
    const text = needDumps(context).get("tree-asus-p6t6") as string;
    const real = parseDump(text, "tree-asus-p6t6").find(({ requesterId }) => requesterId === 0x0018)!.bytes;
    const ours = profileConfig(rootPortProfile({ slot: 2 }));
    const statuses = [
      [0x1e, 2],
      [0xa2, 2],
      [0xaa, 2],
    ] as const;
    const different = live(ours, real, statuses);
    // Ours decodes 32-bit I/O and has an interrupt pin, names Intel as subsystem, and ends its list with ACS.
    const expected = ["1c", "1d", "3d", "44", "45", "46", "47", "153"];
    expect(different.filter((at) => at < 0x155).map((at) => at.toString(16))).toEqual(expected);
  });
});
