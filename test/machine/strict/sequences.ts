// What drivers do to live tables, and what they invalidate for it.
import { expect } from "vitest";
import { RAM_BASE, READ, WRITE } from "../../iommu/harness.ts";
import { FIRST, NESTED, SECOND } from "../../iommu/scalable.ts";
import type { Driver } from "./driver.ts";

export const DEVICE = 0x0208;
const OTHER = 0x0311;
export const OLD = RAM_BASE + 0x30_0000;
export const NEW = RAM_BASE + 0x50_0000;
export const PAGE = 0x7654_3000;
const PASID = 0x123;

/** A sequence of a driver's actions with DMA in between; each of its invalidations is needed. */
export type Sequence = (driver: Driver) => void;

/** Legacy mode, one device in domain 5, one page mapped and used. */
export function legacy(driver: Driver, use: number = READ): number {
  const { h } = driver;
  const table = h.page();
  h.context(driver.root, DEVICE, { table, domainId: 5 });
  h.mapPage(table, 4, PAGE, OLD);
  driver.enableLegacy();
  expect(h.translate(DEVICE, PAGE, use)).toBe(OLD);
  return table;
}

/** Scalable mode, PASID 0x123 in domain 9, translated by `type`. */
function scalable(driver: Driver, type: number): { directory: number; first: number; second: number } {
  const { h, scalable: s } = driver;
  const [directory, first, second] = [h.page(), h.page(), h.page()];
  s.context(DEVICE, { directory });
  const tables = { ...(type === SECOND ? {} : { first }), ...(type === FIRST ? {} : { second }) };
  s.pasid(directory, PASID, { type, domainId: 9, ...tables });
  // The second stage leaves addresses as they are, and has the first stage's tables too.
  for (let at = RAM_BASE; at < RAM_BASE + 0x100_0000; at += 0x1000) {
    if (type === NESTED) h.mapPage(second, 4, at, at);
  }
  if (type === SECOND) h.mapPage(second, 4, PAGE, OLD);
  else s.mapFirst(first, 4, PAGE, OLD);
  s.enable();
  expect(s.translate(DEVICE, PAGE, READ, PASID)).toBe(OLD);
  return { directory, first, second };
}

export const SEQUENCES: Record<string, Sequence> = {
  "§6.5.2.3 a page is unmapped": (driver) => {
    const table = legacy(driver);
    driver.h.mapPage(table, 4, PAGE, 0, 0);
    driver.pages(5, PAGE, 0, true);
    driver.h.translate(DEVICE, PAGE);
  },
  "§6.5.2.3 a page is mapped elsewhere": (driver) => {
    const table = legacy(driver, WRITE);
    driver.h.mapPage(table, 4, PAGE, NEW);
    driver.pages(5, PAGE, 0, true);
    driver.h.translate(DEVICE, PAGE, WRITE);
  },
  "§6.5.2.3 a page is write-protected": (driver) => {
    const table = legacy(driver, WRITE);
    driver.h.mapPage(table, 4, PAGE, OLD, READ);
    driver.pages(5, PAGE, 0, true);
    driver.h.translate(DEVICE, PAGE, WRITE);
  },
  "§6.5.2.3 a page of 2 MiB is mapped elsewhere": (driver) => {
    const { h } = driver;
    const table = legacy(driver);
    h.mapPage(table, 4, 0x4000_0000, 0x20_0000, READ | WRITE, 1);
    expect(h.translate(DEVICE, 0x4012_3456)).toBe(0x32_3456);
    h.mapPage(table, 4, 0x4000_0000, 0x80_0000, READ | WRITE, 1);
    driver.pages(5, 0x4000_0000, 9, true);
    h.translate(DEVICE, 0x4012_3456);
  },
  "§6.5.2.3 a page table is replaced": (driver) => {
    const { h } = driver;
    const table = legacy(driver);
    const fresh = h.page();
    h.write64(fresh + 0x143 * 8, BigInt(NEW) | 3n);
    h.write64(h.entryAt(table, 4, BigInt(PAGE), 1), BigInt(fresh) | 3n);
    driver.pages(5, 0x7640_0000, 9, false);
    h.translate(DEVICE, PAGE);
  },
  "§6.2.5 a table that only the paging-structure cache knows is replaced": (driver) => {
    const { h } = driver;
    const table = legacy(driver);
    const fresh = h.page();
    h.write64(h.entryAt(table, 4, BigInt(PAGE), 1), BigInt(fresh) | 3n);
    driver.pages(5, 0x7640_0000, 9, false);
    h.write64(fresh + 0x144 * 8, BigInt(NEW) | 3n);
    h.translate(DEVICE, PAGE + 0x1000);
  },
  "§6.5.2.3 a table of 512 GiB is replaced: more than MAMV allows": (driver) => {
    const { h } = driver;
    const table = legacy(driver);
    const fresh = h.page();
    h.write64(h.entryAt(table, 4, BigInt(PAGE), 3), BigInt(fresh) | 3n);
    h.mapPage(table, 4, PAGE, NEW);
    driver.domain(5);
    h.translate(DEVICE, PAGE);
  },
  "§6.5.2.1 a device moves to another domain": (driver) => {
    const { h } = driver;
    legacy(driver);
    const other = h.page();
    h.mapPage(other, 4, PAGE, NEW);
    h.context(driver.root, DEVICE, { table: other, domainId: 6 });
    driver.contextOfDevice(5, DEVICE);
    h.translate(DEVICE, PAGE);
  },
  "§6.5.2.1 a device moves to another domain with the same tables": (driver) => {
    const { h } = driver;
    const table = legacy(driver);
    h.context(driver.root, DEVICE, { table, domainId: 6 });
    driver.contextOfDevice(5, DEVICE);
    h.translate(DEVICE, PAGE);
  },
  "§6.5.2.1 a device is taken away": (driver) => {
    const { h } = driver;
    legacy(driver);
    h.write64(h.contextAt(driver.root, DEVICE), 0n);
    driver.contextOfDevice(5, DEVICE);
    h.translate(DEVICE, PAGE);
  },
  "§6.5.2.1 a device's requests pass through": (driver) => {
    const { h } = driver;
    legacy(driver);
    h.context(driver.root, DEVICE, { domainId: 5, type: 2 });
    driver.contextOfDevice(5, DEVICE);
    h.translate(DEVICE, PAGE);
  },
  "§6.5.2.1, §6.5.2.3 a domain gets other tables": (driver) => {
    const { h } = driver;
    legacy(driver);
    const other = h.page();
    h.mapPage(other, 4, PAGE, NEW);
    h.context(driver.root, DEVICE, { table: other, domainId: 5 });
    driver.contextOfDevice(5, DEVICE);
    driver.domain(5);
    h.translate(DEVICE, PAGE);
  },
  "§6.5.2.2, §6.5.2.4 a PASID gets other tables": (driver) => {
    const { scalable: s, h } = driver;
    const { directory } = scalable(driver, FIRST);
    const other = h.page();
    s.mapFirst(other, 4, PAGE, NEW);
    s.pasid(directory, PASID, { type: FIRST, domainId: 9, first: other });
    driver.pasidEntry(9, PASID);
    driver.pasid(9, PASID);
    s.translate(DEVICE, PAGE, READ, PASID);
  },
  "§6.5.2.1, §6.5.2.2, §6.5.2.4 a device gets another PASID directory": (driver) => {
    const { scalable: s, h } = driver;
    scalable(driver, FIRST);
    const [directory, other] = [h.page(), h.page()];
    s.mapFirst(other, 4, PAGE, NEW);
    s.pasid(directory, PASID, { type: FIRST, domainId: 9, first: other });
    s.context(DEVICE, { directory });
    driver.contextOfDevice(undefined, DEVICE);
    driver.pasidEntry(9, PASID);
    driver.pasid(9, PASID);
    s.translate(DEVICE, PAGE, READ, PASID);
  },
  "§6.5.2.2 a PASID is taken away": (driver) => {
    const { scalable: s, h } = driver;
    const { directory } = scalable(driver, SECOND);
    h.write64(s.pasidAt(directory, PASID), 0n);
    driver.pasidEntry(9, PASID);
    s.translate(DEVICE, PAGE, READ, PASID);
  },
  "§6.5.2.2 a PASID moves to another domain": (driver) => {
    const { scalable: s } = driver;
    const { directory, second } = scalable(driver, SECOND);
    s.pasid(directory, PASID, { type: SECOND, domainId: 10, second });
    driver.pasidEntry(9, PASID);
    s.translate(DEVICE, PAGE, READ, PASID);
  },
  "§6.5.2.4 a first-stage page is unmapped": (driver) => {
    const { scalable: s, h } = driver;
    const { first } = scalable(driver, FIRST);
    h.write64(s.firstAt(first, 4, BigInt(PAGE)), 0n);
    driver.pasidPages(9, PASID, PAGE, 0, true);
    s.translate(DEVICE, PAGE, READ, PASID);
  },
  "§6.5.2.4 a first-stage table is replaced": (driver) => {
    const { scalable: s, h } = driver;
    const { first } = scalable(driver, FIRST);
    const fresh = h.page();
    h.write64(s.firstAt(first, 4, BigInt(PAGE), 1), BigInt(fresh) | 7n);
    h.write64(fresh + 0x143 * 8, BigInt(NEW) | 7n);
    driver.pasidPages(9, PASID, 0x7640_0000, 9, false);
    s.translate(DEVICE, PAGE, READ, PASID);
  },
  "§6.5.2.3 a second-stage page under a first stage is mapped elsewhere": (driver) => {
    const { scalable: s, h } = driver;
    const { second } = scalable(driver, NESTED);
    h.mapPage(second, 4, OLD, NEW);
    driver.domain(9);
    s.translate(DEVICE, PAGE, READ, PASID);
  },
  "§6.5.2.3 a page of a PASID's second stage is mapped elsewhere": (driver) => {
    const { scalable: s, h } = driver;
    const { second } = scalable(driver, SECOND);
    h.mapPage(second, 4, PAGE, NEW);
    driver.pages(9, PAGE, 0, true);
    s.translate(DEVICE, PAGE, READ, PASID);
  },
  "§6.5.2.8 an interrupt gets another vector": (driver) => {
    driver.enableInterrupts();
    driver.entry(0x23, 0x1300_0045_0001n);
    expect(driver.interrupt(DEVICE, 0x23)).toBe("deliver");
    driver.entry(0x23, 0x1300_0046_0001n);
    driver.interruptEntry(0x23);
    driver.interrupt(DEVICE, 0x23);
  },
  "§6.5.2.8 an interrupt is given to another device": (driver) => {
    driver.enableInterrupts();
    driver.entry(0x24, 0x1300_0045_0001n, 0x4_0000n | BigInt(DEVICE));
    expect(driver.interrupt(DEVICE, 0x24)).toBe("deliver");
    driver.entry(0x24, 0x1300_0045_0001n, 0x4_0000n | BigInt(OTHER));
    driver.interruptEntry(0x24);
    driver.interrupt(DEVICE, 0x24);
  },
  "§6.5.2.8 an interrupt is taken away": (driver) => {
    driver.enableInterrupts();
    driver.entry(0x25, 0x1300_0045_0001n);
    expect(driver.interrupt(OTHER, 0x25)).toBe("deliver");
    driver.entry(0x25, 0n);
    driver.interruptEntry(0x25);
    driver.interrupt(OTHER, 0x25);
  },
};
