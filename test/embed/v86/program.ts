// Guest code for a test emulator: flat 32-bit protected mode from the BIOS's first instruction on.

const BIOS = 0xf_0000;
const GDT = 0x30;
const CODE = 0x60;

/** Where the interrupt table lies, and what its handlers count: a dword for each vector. */
const IDT = 0x1000;
export const COUNTS = 0x2000;
const STACK = 0x7000;
const HANDLERS = 0x3000;
const HANDLER_SIZE = 0x20;
const EOI = 0xfee0_00b0;

const dword = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** MOV dword [address], value. */
export const store = (address: number, value: number): number[] => [0xc7, 0x05, ...dword(address), ...dword(value)];

/** STI; HLT; JMP back to HLT. */
export const WAIT = [0xfb, 0xf4, 0xeb, 0xfd];

/** JMP to `address`. */
export const jump = (address: number): number[] => [0xb8, ...dword(address), 0xff, 0xe0];

/** A BIOS that enters protected mode and runs `code`. */
export function program(code: readonly number[]): number[] {
  const bios: number[] = [
    ...[0xfa, 0x2e, 0x0f, 0x01, 0x16, GDT, 0x00], // CLI; LGDT cs:[GDT]
    ...[0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0], // CR0.PE
    ...[0x66, 0xea, ...dword(BIOS + CODE), 0x08, 0x00], // JMP 08:CODE
  ];
  place(bios, GDT, [0x17, 0x00, ...dword(BIOS + GDT + 8), 0, 0]);
  place(bios, GDT + 8, [0, 0, 0, 0, 0, 0, 0, 0]);
  place(bios, GDT + 16, [0xff, 0xff, 0, 0, 0, 0x9a, 0xcf, 0]);
  place(bios, GDT + 24, [0xff, 0xff, 0, 0, 0, 0x92, 0xcf, 0]);
  place(bios, CODE, [
    ...[0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0], // data segments
    ...[0xbc, ...dword(STACK)],
    ...[0x0f, 0x01, 0x1d, ...dword(IDT - 8)], // LIDT
    ...code,
  ]);
  return bios;
}

/** What lies in RAM before the guest starts: a gate and a handler for each vector, which counts and ends it. */
export function handlers(): { address: number; bytes: Uint8Array }[] {
  const gates: number[] = [];
  const code: number[] = [];
  for (let vector = 0; vector < 256; vector++) {
    const handler = HANDLERS + vector * HANDLER_SIZE;
    gates.push(handler & 0xff, (handler >>> 8) & 0xff, 0x08, 0x00, 0x00, 0x8e, (handler >>> 16) & 0xff, 0x00);
    place(code, vector * HANDLER_SIZE, [0xff, 0x05, ...dword(COUNTS + 4 * vector), ...store(EOI, 0), 0xcf]);
  }
  return [
    { address: IDT - 8, bytes: Uint8Array.from([0xff, 0x07, ...dword(IDT)]) },
    { address: IDT, bytes: Uint8Array.from(gates) },
    { address: HANDLERS, bytes: Uint8Array.from(code) },
  ];
}

function place(bytes: number[], at: number, piece: readonly number[]): void {
  while (bytes.length < at) bytes.push(0);
  bytes.push(...piece);
}
