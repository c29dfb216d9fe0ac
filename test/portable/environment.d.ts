// Every global beyond the language that host/ below cli/ and web/ may name: what Node, browsers and workers share.

declare namespace WebAssembly {
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: BufferSource);
  }
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  type Imports = Record<string, Record<string, unknown>>;
  function compile(bytes: BufferSource): Promise<Module>;
  function compileStreaming(source: Promise<Response>): Promise<Module>;
}

type BufferSource = ArrayBuffer | ArrayBufferView;

interface Response {
  readonly ok: boolean;
}

declare function fetch(url: URL): Promise<Response>;

declare class URL {
  constructor(url: string, base?: string);
  readonly protocol: string;
  readonly href: string;
}

interface ImportMeta {
  readonly url: string;
}

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}

/** Wall-clock time, for the demonstration's measurements only. */
declare const performance: { now(): number };
