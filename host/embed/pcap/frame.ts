// One frame of a capture, and the checks that both kinds of files share.
import type { CaptureBytes } from "./bytes.ts";
import { LINKTYPE_ETHERNET, MAX_PACKET } from "./format.ts";
import type { CaptureTime } from "./time.ts";

/** One Ethernet frame of a capture, without its check sequence. */
export interface CapturedFrame {
  /** The frame, a view into the file's bytes. */
  bytes: Uint8Array;
  /** True when the capture kept only the frame's beginning. */
  cut: boolean;
  /** When it was captured; undefined where the file says nothing (pcapng's simple packet block). */
  time: CaptureTime | undefined;
}

/** Makes a frame of what was captured: drops as much of the check sequence as the capture kept. */
export function frame(
  captured: Uint8Array,
  original: number,
  fcsLength: number,
  time: CaptureTime | undefined,
): CapturedFrame {
  const length = Math.max(0, original - fcsLength);
  const cut = captured.length < length;
  return { bytes: fcsLength > 0 && captured.length > length ? captured.subarray(0, length) : captured, cut, time };
}

export function requireEthernet(bytes: CaptureBytes, offset: number, linkType: number): void {
  if (linkType !== LINKTYPE_ETHERNET) throw bytes.error(offset, `link type ${linkType} is not Ethernet (1)`);
}

export function requireLength(bytes: CaptureBytes, offset: number, length: number): void {
  if (length > MAX_PACKET) throw bytes.error(offset, `a packet of ${length} bytes is longer than ${MAX_PACKET}`);
}
