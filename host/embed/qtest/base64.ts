// Base64 (RFC 4648 §4), which the language itself has only in some of its environments.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SYNTAX = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let place = 0; place < bytes.length; place += 3) {
    const left = bytes.length - place;
    const [one = 0, two = 0, three = 0] = bytes.subarray(place, place + 3);
    const group = (one << 16) | (two << 8) | three;
    text += ALPHABET.charAt(group >>> 18) + ALPHABET.charAt((group >>> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((group >>> 6) & 63) : "=";
    text += left > 2 ? ALPHABET.charAt(group & 63) : "=";
  }
  return text;
}

/** The bytes that `text` stands for; undefined when it is no Base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!SYNTAX.test(text)) return undefined;
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 6) / 8));
  let group = 0;
  let held = 0;
  let place = 0;
  for (const digit of digits) {
    group = ((group << 6) | ALPHABET.indexOf(digit)) & 0xfff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[place++] = group >>> held;
  }
  return bytes;
}
