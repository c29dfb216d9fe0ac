// A unit that translates for one device, in legacy mode: one page of domain 7 is mapped.
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, RAM_BASE } from "./harness.ts";

export const RID = 0x0215;
export const IOVA = 0x12_3456_7890;
/** Where IOVA's page begins; it leads to RAM_BASE + 0x5000. */
export const PAGE = 0x12_3456_7000;

export interface OneDevice {
  h: Harness;
  root: number;
  /** The top of the device's second stage, of 4 levels. */
  table: number;
}

export async function oneDevice(capabilities: IommuOptions = {}): Promise<OneDevice> {
  const h = await Harness.create(capabilities);
  const [root, table] = [h.page(), h.page()];
  h.context(root, RID, { table, domainId: 7 });
  h.mapPage(table, 4, PAGE, RAM_BASE + 0x5000);
  h.enable(root);
  return { h, root, table };
}
