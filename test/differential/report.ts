// The report of a campaign as text.
import { faultText } from "../../host/machine/fault.ts";
import type { CampaignResult } from "./campaign.ts";
import { DEVIATIONS } from "./deviations.ts";

export function printReport(result: CampaignResult): string {
  const lines: string[] = [];
  const total = [...result.cases.values()].reduce((sum, count) => sum + count, 0);
  lines.push(
    `${total} cases in ${result.seconds.toFixed(0)} s, seed ${result.seed}: ${result.accesses} DMA, ${result.messages} MSI`,
  );
  for (const [label, count] of result.cases) lines.push(`  ${String(count).padStart(8)}  ${label}`);
  lines.push("", "fault reasons recorded    QEMU   iovirt");
  for (const [reason, { qemu, ours }] of [...result.reasons].sort(([a], [b]) => a - b)) {
    lines.push(
      `  ${reason.toString(16).padStart(2, "0")}h ${String(qemu).padStart(22)} ${String(ours).padStart(8)}  ${faultText(reason)}`,
    );
  }
  lines.push("", "cases that a deviation of QEMU explains");
  for (const { name, clause, qemu } of DEVIATIONS) {
    lines.push(`  ${String(result.explained.get(name) ?? 0).padStart(8)}  ${name}: ${clause}: ${qemu}`);
  }
  lines.push("", `${result.unexplainedCases} cases unexplained`);
  for (const { signature, count, text, test } of result.unexplained) {
    lines.push(`  ${count} × ${signature}`, `  ${text}`, `  ${JSON.stringify(test)}`);
  }
  return lines.join("\n");
}
