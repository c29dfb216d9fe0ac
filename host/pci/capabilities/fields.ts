// Registers as data, from the field names of a table of assembly/spec/pci: values to build, masks to write, bits to read.
import { bits, mask } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { AccessWidth } from "../../core/ports.ts";
import type { RegisterRow } from "../config-space.ts";

/** The names F of a table's fields that are given as `F_HI` and `F_LO`. */
export type FieldOf<Table> = {
  [Name in keyof Table]: Name extends `${infer Field}_HI` ? (`${Field}_LO` extends keyof Table ? Field : never) : never;
}[keyof Table];

/** Values by field name; what is not named is 0. */
export type Fields<Table> = { readonly [Field in FieldOf<Table>]?: number | boolean | undefined };

/** What software and resets do to a register's fields; a field that is not named is read-only. */
export interface Access<Field> {
  rw?: readonly Field[];
  w1c?: readonly Field[];
  sticky?: readonly Field[];
  linkOwned?: readonly Field[];
}

function bounds(table: object, field: string): { hi: number; lo: number } {
  const numbers = table as Record<string, number>;
  const hi = numbers[`${field}_HI`];
  const lo = numbers[`${field}_LO`];
  if (hi === undefined || lo === undefined) throw new ArgumentError("field", field, "is not in the table");
  return { hi, lo };
}

/** Throws ArgumentError unless `fields` is an object of fields of `table`. */
export function checkFields(table: object, fields: unknown): void {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new ArgumentError("fields", fields, "is not an object of fields");
  }
  for (const field of Object.keys(fields)) bounds(table, field);
}

/** A u32 with all bits of the named fields set. */
export function maskOf<Table extends object>(table: Table, ...fields: FieldOf<Table>[]): number {
  let result = 0;
  for (const field of fields) {
    const { hi, lo } = bounds(table, field);
    result |= mask(hi, lo);
  }
  return result >>> 0;
}

/** A u32 with these fields and zeros elsewhere. Throws ArgumentError for a value that its field cannot hold. */
export function pack<Table extends object>(table: Table, values: Fields<Table>): number {
  let result = 0;
  for (const [field, given] of Object.entries(values)) {
    const value = Number(given ?? 0);
    const { hi, lo } = bounds(table, field);
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (hi - lo + 1)) {
      throw new ArgumentError(field, value, `does not fit in bits ${hi}:${lo}`);
    }
    result |= value << lo;
  }
  return result >>> 0;
}

/** One field of a register's value, shifted down. */
export function fieldOf<Table extends object>(table: Table, field: FieldOf<Table>, register: number): number {
  const { hi, lo } = bounds(table, field);
  return bits(register, hi, lo);
}

/** Every named field of a register's value; reserved ones are left out. */
export function unpack<Table extends object>(table: Table, register: string, value: number): Fields<Table> {
  const result: Record<string, number> = {};
  for (const name of Object.keys(table)) {
    if (!name.startsWith(`${register}_`) || !name.endsWith("_HI") || name.includes("_RESERVED")) continue;
    const field = name.slice(0, -"_HI".length);
    const { hi, lo } = bounds(table, field);
    result[field] = bits(value, hi, lo);
  }
  return result as Fields<Table>;
}

/** The values of `fields` that belong to `register`. */
export function fieldsOf<Table extends object>(fields: Fields<Table>, register: string): Fields<Table> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name]) => name.startsWith(`${register}_`)),
  ) as Fields<Table>;
}

/** The row of `register` of `table`: its place and width from the table, its reset value from `fields`. */
export function row<Table extends object>(
  table: Table,
  register: string,
  fields: Fields<Table>,
  access: Access<FieldOf<Table>> = {},
  offset: number = (table as Record<string, number>)[register] as number,
): RegisterRow {
  return {
    offset,
    width: (((table as Record<string, number>)[`${register}_WIDTH`] as number) / 8) as AccessWidth,
    reset: pack(table, fieldsOf(fields, register)),
    rw: maskOf(table, ...(access.rw ?? [])),
    w1c: maskOf(table, ...(access.w1c ?? [])),
    sticky: maskOf(table, ...(access.sticky ?? [])),
    linkOwned: maskOf(table, ...(access.linkOwned ?? [])),
  };
}

/** The fields that are wanted, out of pairs of a field and whether it is. */
export function only<Field>(...choices: (Field | false)[]): Field[] {
  return choices.filter((choice): choice is Field => choice !== false);
}
