// Reads and builds register values by the field names of a table of assembly/spec/pci.
import { ArgumentError } from "../../core/errors.ts";

/** The names F of a table's fields that are given as `F_HI` and `F_LO`. */
export type FieldOf<Table> = {
  [Name in keyof Table]: Name extends `${infer Field}_HI` ? (`${Field}_LO` extends keyof Table ? Field : never) : never;
}[keyof Table];

function bounds<Table extends object>(table: Table, field: FieldOf<Table>): { hi: number; lo: number } {
  const numbers = table as Record<string, number>;
  return { hi: numbers[`${field}_HI`] as number, lo: numbers[`${field}_LO`] as number };
}

function ones(hi: number, lo: number): number {
  return ((2 ** (hi - lo + 1) - 1) * 2 ** lo) >>> 0;
}

/** A u32 with all bits of the named fields set. */
export function mask<Table extends object>(table: Table, ...fields: FieldOf<Table>[]): number {
  let result = 0;
  for (const field of fields) {
    const { hi, lo } = bounds(table, field);
    result |= ones(hi, lo);
  }
  return result >>> 0;
}

/** A u32 with these fields and zeros elsewhere. Throws ArgumentError for a value that its field cannot hold. */
export function pack<Table extends object>(
  table: Table,
  values: { readonly [Field in FieldOf<Table>]?: number | boolean | undefined },
): number {
  let result = 0;
  for (const field of Object.keys(values) as FieldOf<Table>[]) {
    const value = Number(values[field] ?? 0);
    const { hi, lo } = bounds(table, field);
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (hi - lo + 1)) {
      throw new ArgumentError(field, value, `does not fit in bits ${hi}:${lo}`);
    }
    result |= value << lo;
  }
  return result >>> 0;
}

/** One field of a register's value, shifted down. */
export function extract<Table extends object>(table: Table, field: FieldOf<Table>, register: number): number {
  const { hi, lo } = bounds(table, field);
  return (register & ones(hi, lo)) >>> lo;
}
