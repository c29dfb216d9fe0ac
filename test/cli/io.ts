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
    colour: terminal,
    out(text) {
      io.stdout += text;
    },
    err(text) {
      io.stderr += text;
    },
    readFile: readInput,
  };
  return io;
}
