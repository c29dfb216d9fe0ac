// Bytes of a file that are held against a sum when they are read.
//
//   the bytes │ SHA-256 of them, 32 bytes
import { createHash } from "node:crypto";

const DIGEST_SIZE = 32;

/** `bytes` with their sum. */
export function seal(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, sha256(bytes)]);
}

/** What `seal` was given; undefined for what it did not make, whole. */
export function unseal(sealed: Uint8Array): Uint8Array | undefined {
  const end = Math.max(0, sealed.length - DIGEST_SIZE);
  const bytes = sealed.subarray(0, end);
  return sha256(bytes).equals(sealed.subarray(end)) ? bytes : undefined;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
