// What a terminal's keys send.

const NAMED: Readonly<Record<string, string>> = {
  Enter: "\r",
  Backspace: "\x7f",
  Tab: "\t",
  Escape: "\x1b",
  ArrowUp: "\x1b[A",
  ArrowDown: "\x1b[B",
  ArrowRight: "\x1b[C",
  ArrowLeft: "\x1b[D",
  Home: "\x1b[H",
  End: "\x1b[F",
  Delete: "\x1b[3~",
  PageUp: "\x1b[5~",
  PageDown: "\x1b[6~",
};

type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">;

/** The text of a key; undefined for those that are the browser's. */
export function textOfKey({ key, ctrlKey, shiftKey, altKey, metaKey }: Key): string | undefined {
  if (metaKey) return undefined;
  if (ctrlKey && !altKey) {
    return !shiftKey && /^[a-z[\]\\]$/i.test(key)
      ? String.fromCharCode(key.toUpperCase().charCodeAt(0) & 0x1f)
      : undefined;
  }
  const text = [...key].length === 1 ? key : NAMED[key];
  return text !== undefined && altKey && !ctrlKey ? `\x1b${text}` : text;
}
