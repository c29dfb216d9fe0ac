// iovirt/v86: our cards in a guest of v86.
export { AdapterEnd, type AdapterEndOptions } from "./adapter-end.ts";
export { Attachment, type AttachmentCounters, type AttachmentState, type AttachOptions, attach } from "./attach.ts";
export type { Board, BoardLayout, BoardWindow } from "./board.ts";
export { V86_VERSION, type V86Emulator } from "./cpu.ts";
export { createMachine, type GuestMachineOptions } from "./create-machine.ts";
export { createVm, GuestVm, type GuestVmOptions, restoreVms } from "./guest-vm.ts";
