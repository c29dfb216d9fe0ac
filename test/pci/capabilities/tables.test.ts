// Every register of every table of assembly/spec/pci: its fields tile its width.
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

const folder = new URL("../../../assembly/spec/pci/", import.meta.url);

interface Field {
  name: string;
  hi: number;
  lo: number;
}

/** The fields whose name starts with the register's and with no longer register's name. */
function fieldsOf(table: Record<string, number>, register: string, registers: string[]): Field[] {
  const fields: Field[] = [];
  for (const key of Object.keys(table)) {
    if (!key.endsWith("_HI")) continue;
    const owner = registers.filter((name) => key.startsWith(`${name}_`)).sort((a, b) => b.length - a.length)[0];
    if (owner !== register) continue;
    const name = key.slice(0, -3);
    fields.push({ name, hi: table[key] as number, lo: table[`${name}_LO`] as number });
  }
  return fields.sort((a, b) => a.lo - b.lo);
}

for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts"))) {
  const table = (await import(new URL(file, folder).href)) as Record<string, number>;
  const registers = Object.keys(table)
    .filter((name) => name.endsWith("_WIDTH"))
    .map((name) => name.slice(0, -"_WIDTH".length))
    .filter((name) => Object.keys(table).some((key) => key.startsWith(`${name}_`) && key.endsWith("_HI")));
  describe(`assembly/spec/pci/${file}`, () => {
    it("consists of unsigned 32-bit numbers", () => {
      for (const [name, value] of Object.entries(table)) {
        expect(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, `${name} = ${value}`).toBe(true);
      }
    });
    it.each(registers)("%s: fields tile the register, no hole, no overlap", (register) => {
      let next = 0;
      for (const field of fieldsOf(table, register, registers)) {
        expect(field.lo, `${field.name}_LO`).toBe(next);
        expect(field.hi, `${field.name}_HI`).toBeGreaterThanOrEqual(field.lo);
        next = field.hi + 1;
      }
      expect(next).toBe(table[`${register}_WIDTH`]);
    });
    it("has a register for every field", () => {
      const lost = Object.keys(table)
        .filter((name) => /_(HI|LO)$/.test(name))
        .filter((name) => !registers.some((register) => name.startsWith(`${register}_`)));
      expect(lost).toEqual([]);
    });
  });
}
