// The model behind QEMU's command line, test protocol and monitor.
export { Board, type BoardDevice } from "./board.ts";
export { helpAsked, parseChardevAddress, parseCommandLine, type QtestConfig } from "./command-line.ts";
export { QemuError } from "./errors.ts";
export { QmpServer } from "./qmp.ts";
export { QtestServer } from "./server.ts";
