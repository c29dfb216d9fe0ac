// A process for commands to run in, whose streams are kept.
import { type Io, readInput } from "../../host/cli/io.ts";

export interface TestIo extends Io {
  stdout: string;
  stderr: string;
}

export function testIo(terminal = false): TestIo {
  const io: TestIo = {
    stdout: "",
    stderr: "",
    interactive: terminal,
    columns: terminal ? 80 : 0,
    colour: terminal,
    out(text) {
      io.stdout += typeof text === "string" ? text : Buffer.from(text).toString();
    },
    err(text) {
      io.stderr += typeof text === "string" ? text : Buffer.from(text).toString();
    },
    readFile: readInput,
  };
  return io;
}
