import { expect, test } from "vitest";
import { textOfKey } from "../../host/web/keys.ts";

const plain = { ctrlKey: false, shiftKey: false, altKey: false, metaKey: false };

test.each([
  ["a", {}, "a"],
  ["Ä", { shiftKey: true }, "Ä"],
  ["Enter", {}, "\r"],
  ["Backspace", {}, "\x7f"],
  ["ArrowUp", {}, "\x1b[A"],
  ["c", { ctrlKey: true }, "\x03"],
  ["]", { ctrlKey: true }, "\x1d"],
  ["b", { altKey: true }, "\x1bb"],
  // AltGr.
  ["|", { ctrlKey: true, altKey: true }, "|"],
  ["V", { ctrlKey: true, shiftKey: true }, undefined],
  ["r", { metaKey: true }, undefined],
  ["5", { ctrlKey: true }, undefined],
  ["F5", {}, undefined],
  ["Shift", { shiftKey: true }, undefined],
])("%s with %j sends %j", (key, held, text) => {
  expect(textOfKey({ ...plain, ...held, key })).toBe(text);
});
