// Why the files of a guest, or the guest itself, cannot be had: told in one line, exit status 1.

export class GuestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "GuestError";
  }
}
