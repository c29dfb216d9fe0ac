// Reads of a WebAssembly binary what the JavaScript API does not show: its sections and its mutable globals.

/** Section ids (WebAssembly 2.0 §5.5.2). */
export const SECTION_GLOBAL = 6;
export const SECTION_START = 8;
export const SECTION_DATA = 11;
export const SECTION_DATA_COUNT = 12;

/** The ids of the module's sections with their payloads, in order. */
export function sectionsOf(module: Uint8Array): { id: number; payload: Uint8Array }[] {
  const sections: { id: number; payload: Uint8Array }[] = [];
  let at = 8;
  while (at < module.length) {
    const id = module[at] as number;
    const size = leb(module, at + 1);
    sections.push({ id, payload: module.subarray(size.next, size.next + size.value) });
    at = size.next + size.value;
  }
  return sections;
}

/** How many mutable globals the module defines. Knows constant initialisers of one instruction, and throws for others. */
export function mutableGlobals(payload: Uint8Array): number {
  const count = leb(payload, 0);
  let at = count.next;
  let mutable = 0;
  for (let index = 0; index < count.value; index++) {
    mutable += payload[at + 1] as number;
    const opcode = payload[at + 2] as number;
    at += 3;
    if (opcode === 0x41 || opcode === 0x42 || opcode === 0x23) at = leb(payload, at).next;
    else if (opcode === 0x43) at += 4;
    else if (opcode === 0x44) at += 8;
    else throw new Error(`global ${index}: initialiser ${opcode}`);
    if (payload[at++] !== 0x0b) throw new Error(`global ${index}: initialiser of several instructions`);
  }
  return mutable;
}

function leb(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  while (true) {
    const byte = bytes[at++] as number;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next: at };
    factor *= 128;
  }
}
