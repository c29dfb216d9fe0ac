// What a caller of the program or of its monitor did wrong, worded as QEMU words it.

/** A mistake on the command line or in a monitor command: one line, and nothing was changed. */
export class QemuError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "QemuError";
  }
}
