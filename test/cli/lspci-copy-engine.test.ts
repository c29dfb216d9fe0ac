// The copy engine's configuration space as lspci decodes it.
import { expect, it } from "vitest";
import { requesterId } from "../../host/core/address.ts";
import { copyEngineConfig } from "../../host/device/copy-engine/config.ts";
import { lspci, needLspci } from "../pciutils.ts";
import { listed, output } from "./lspci-machine.ts";

it("PASID, ATS and Page Request capabilities are decoded without a complaint", async (context) => {
  needLspci(context);
  const dump = await output(["--dump"], [listed(requesterId(1, 0, 0), copyEngineConfig())]);
  const { out, complaints } = lspci(dump, "-vvv", "-n");
  expect(complaints).toEqual([]);
  const lines = out.split("\n").map((line) => line.trim());
  expect(lines).toEqual(
    expect.arrayContaining([
      "01:00.0 0880: 1234:c0e1 (rev 01)",
      "Capabilities: [50] MSI-X: Enable- Count=8 Masked-",
      "Capabilities: [60] Express (v2) Endpoint, MSI 00",
      "Capabilities: [100 v2] Advanced Error Reporting",
      "Capabilities: [150 v1] Address Translation Service (ATS)",
      "ATSCap:\tInvalidate Queue Depth: 00",
      "ATSCtl:\tEnable-, Smallest Translation Unit: 00",
      "Capabilities: [160 v1] Process Address Space ID (PASID)",
      "PASIDCap: Exec- Priv+, Max PASID Width: 14",
      "PASIDCtl: Enable- Exec- Priv-",
      "Capabilities: [170 v1] Page Request Interface (PRI)",
      "PRICtl: Enable- Reset-",
      "PRISta: RF- UPRGI- Stopped+",
      "Page Request Capacity: 00000010, Page Request Allocation: 00000000",
    ]),
  );
});
